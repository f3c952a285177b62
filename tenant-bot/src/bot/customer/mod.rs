//! What a customer sees: the menu, the way to a booking, their bookings. One room to a file.

mod card;
mod menu;
mod mine;
mod person;
mod services;

use anyhow::Result;
use shared::telegram::{Button, incoming::Message};

use super::{
    Guest,
    choice::{Choice, Step},
    draft::Draft,
    talk::Talk,
    turn::Turn,
};
use crate::booking::{BookError, Bookings, Refusal, UserId};

/// A conversation with one person, while one update is answered.
pub(super) struct Chat<'a> {
    pub(super) bookings: &'a Bookings,
    pub(super) guest: Guest<'a>,
    pub(super) talk: &'a mut Talk,
}

impl<'a> Chat<'a> {
    fn user(&self) -> UserId {
        self.guest.id()
    }

    fn words(&self) -> super::words::Words<'a> {
        self.guest.words
    }

    /// Whatever was being put together is dropped, and what was kept for it is let go.
    pub(super) async fn leave(&mut self) -> Result<(), BookError> {
        self.talk.awaiting = None;
        if let Some(Draft { kept_until: Some(_), .. }) = self.talk.draft.take() {
            self.bookings.let_go(self.user()).await?;
        }
        Ok(())
    }
}

/// A command, and what stands after it.
pub(super) async fn commanded(chat: &mut Chat<'_>, name: &str, rest: &str) -> Result<Turn> {
    let turn = match name {
        "start" => menu::started(chat, rest).await,
        "book" => services::list(chat, None).await,
        "my" => mine::list(chat).await,
        "cancel" => menu::dropped(chat).await,
        "settings" => person::settings(chat).await,
        "privacy" => person::privacy(chat).await,
        "help" => person::help(chat).await,
        "stop" => person::stopped(chat).await,
        _ => menu::not_understood(chat).await,
    };
    settle(chat, turn).await
}

/// A typed message, or a shared contact.
pub(super) async fn said(chat: &mut Chat<'_>, message: &Message) -> Result<Turn> {
    let turn = match message.text.as_deref() {
        Some(text) => services::found(chat, text).await,
        None => menu::not_understood(chat).await,
    };
    settle(chat, turn).await
}

/// A press of a button.
pub(super) async fn pressed(chat: &mut Chat<'_>, choice: Choice) -> Result<Turn> {
    let turn = match choice {
        Choice::Menu => menu::again(chat).await,
        Choice::Services => services::list(chat, None).await,
        Choice::Category(n) => services::of_category(chat, n).await,
        Choice::Mine => mine::list(chat).await,
        Choice::Past(page) => mine::past(chat, page).await,
        Choice::Card(id) => card::show(chat, id).await,
        Choice::AskCancel(id) => card::ask_cancel(chat, id).await,
        Choice::Cancel(id) => card::cancel(chat, id).await,
        Choice::File(id) => card::file(chat, id).await,
        Choice::Call => person::call(chat).await,
        Choice::Consent => person::agreed(chat).await,
        Choice::Privacy => person::privacy(chat).await,
        Choice::Export => person::export(chat).await,
        Choice::AskForget => Ok(person::ask_forget(chat)),
        Choice::Forget => person::forget(chat).await,
        Choice::Settings => person::settings(chat).await,
        Choice::Speak(lang) => person::speak(chat, lang).await,
        Choice::Broadcasts(on) => person::subscribe(chat, Some(on), None).await,
        Choice::Reminders(on) => person::subscribe(chat, None, Some(on)).await,
        Choice::Help => person::help(chat).await,
        _ => Ok(Turn::stale(chat.words().plain("stale", &[]))),
    };
    settle(chat, turn).await
}

/// A refusal becomes a window that says why, and a screen from which one can go on.
async fn settle(chat: &mut Chat<'_>, turn: Result<Turn, BookError>) -> Result<Turn> {
    match turn {
        Ok(turn) => Ok(turn),
        Err(BookError::Refused(refusal)) => {
            let why = chat.words().refusal(refusal);
            let turn = match refusal {
                Refusal::NoSuchBooking
                | Refusal::NoLonger
                | Refusal::TooLateToCancel(_)
                | Refusal::TooLateToMove(_)
                | Refusal::LimitReached(_)
                | Refusal::NothingToRate
                | Refusal::OfferOver => mine::list(chat).await?,
                Refusal::NoSuchService | Refusal::NoSuchResource | Refusal::PartyTooLarge(_) => {
                    services::list(chat, Some(&why)).await?
                }
                _ => menu::saying(chat, why.clone()).await?,
            };
            Ok(turn.saying(why))
        }
        Err(error) => Err(error.into()),
    }
}

/// A text with a note on top that says why the person is here again.
fn noted(note: Option<&str>, text: &str) -> String {
    match note {
        Some(note) => format!("{note}\n\n{text}"),
        None => text.to_owned(),
    }
}

fn in_rows(buttons: Vec<Button>, width: usize) -> Vec<Vec<Button>> {
    buttons.chunks(width).map(<[Button]>::to_vec).collect()
}

/// A button of a draft.
fn step(chat: &Chat<'_>, key: &str, draft: &Draft, step: Step) -> Button {
    chat.words().button(key, Choice::Draft(draft.id, step))
}
