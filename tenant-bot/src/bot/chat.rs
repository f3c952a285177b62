//! A conversation with one person, while one update is answered: what every screen is given.

use chrono::{DateTime, Utc};
use shared::telegram::Telegram;

use super::{Guest, talk::Talk, words::Words};
use crate::booking::{BookError, Bookings, UserId};

/// See the module.
pub(super) struct Chat<'a> {
    pub(super) bookings: &'a Bookings,
    pub(super) telegram: &'a Telegram,
    pub(super) guest: Guest<'a>,
    pub(super) talk: &'a mut Talk,
    /// The bot's username.
    pub(super) bot: &'a str,
    pub(super) now: DateTime<Utc>,
}

impl<'a> Chat<'a> {
    pub(super) fn user(&self) -> UserId {
        self.guest.id()
    }

    pub(super) fn words(&self) -> Words<'a> {
        self.guest.words
    }

    /// Nothing that is typed next is taken for an answer.
    pub(super) fn listen_no_more(&mut self) {
        self.talk.awaiting = None;
        self.talk.form = None;
    }

    /// Whatever was being put together is dropped, and what was kept for it is let go.
    pub(super) async fn leave(&mut self) -> Result<(), BookError> {
        self.listen_no_more();
        if self.talk.draft.take().is_some_and(|draft| draft.kept) {
            self.bookings.let_go(self.user()).await?;
        }
        Ok(())
    }
}
