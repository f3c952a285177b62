//! What the business keeps of a person, by whose leave, and how they take it back.

use serde_json::Value;
use shared::texts::Lang;

use super::{BookError, Bookings};
use crate::booking::{
    contact::Contact,
    model::{Profile, UserId},
};

/// The version of the words that people agree to; a new version is asked for anew.
pub const CONSENT_VERSION: &str = "2026-11";

/// What a person has chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The language they chose by hand; none: what Telegram says.
    pub language: Option<Lang>,
    /// Whether they are sent news of the business.
    pub broadcasts: bool,
    /// Whether they are reminded of visits.
    pub reminders: bool,
    /// Whether they have agreed to today's words.
    pub consented: bool,
}

/// What became of a wish to be forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forgotten {
    /// Bookings ahead that were cancelled by it.
    pub cancelled: usize,
}

impl Bookings {
    /// Keeps a person's name and number for this booking and the next.
    ///
    /// # Errors
    /// [`NoConsent`](crate::booking::Refusal::NoConsent), or Postgres.
    pub async fn remember(&self, who: &Profile<'_>, contact: &Contact) -> Result<(), BookError> {
        let _ = (who, contact);
        todo!()
    }

    /// The name and number of a person, if they have given them.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn contact(&self, user: UserId) -> Result<Option<Contact>, BookError> {
        let _ = user;
        todo!()
    }

    /// What a person has chosen; the defaults for one who is not known.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn settings(&self, user: UserId) -> Result<Settings, BookError> {
        let _ = user;
        todo!()
    }

    /// Notes that a person agrees that the business keeps their data, by today's words.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn consent(&self, who: &Profile<'_>) -> Result<(), BookError> {
        let _ = who;
        todo!()
    }

    /// The language that a person is spoken to in from now on, whatever Telegram says.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn speak(&self, who: &Profile<'_>, lang: Lang) -> Result<(), BookError> {
        let _ = (who, lang);
        todo!()
    }

    /// Switches news of the business and reminders on or off; `None` leaves it as it is.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn subscribe(
        &self,
        who: &Profile<'_>,
        broadcasts: Option<bool>,
        reminders: Option<bool>,
    ) -> Result<(), BookError> {
        let _ = (who, broadcasts, reminders);
        todo!()
    }

    /// Everything that the business keeps of a person, for them to have.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn export(&self, user: UserId) -> Result<Value, BookError> {
        let _ = user;
        todo!()
    }

    /// Forgets a person, in one transaction: bookings ahead are cancelled and the owners told, and what is left of the others
    /// is a number that means nobody, for the business's figures.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn forget(&self, user: UserId) -> Result<Forgotten, BookError> {
        let _ = user;
        todo!()
    }
}
