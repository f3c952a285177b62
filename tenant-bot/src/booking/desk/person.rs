//! What the business keeps of a person, by whose leave, and how they take it back.

use serde_json::Value;
use shared::texts::Lang;

use super::{BookError, Bookings};
use crate::{
    booking::{
        contact::Contact,
        model::{Actor, Profile, UserId},
        policy::Refusal,
    },
    store,
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
    /// [`Refusal::NoConsent`], or Postgres.
    pub async fn remember(&self, who: &Profile<'_>, contact: &Contact) -> Result<(), BookError> {
        let mut tx = self.pool.begin().await?;
        if !consented(store::people::choices(&mut *tx, who.id).await?.as_ref()) {
            return Err(Refusal::NoConsent.into());
        }
        store::users::save(&mut *tx, who, Some(contact), self.clock.now()).await?;
        Ok(tx.commit().await?)
    }

    /// The name and number of a person, if they have given them.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn contact(&self, user: UserId) -> Result<Option<Contact>, BookError> {
        let mut conn = self.pool.acquire().await?;
        Ok(store::users::find(&mut conn, user, self.clock.now()).await?.contact)
    }

    /// What a person has chosen; the defaults for one who is not known.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn settings(&self, user: UserId) -> Result<Settings, BookError> {
        let choices = store::people::choices(&self.pool, user).await?;
        let language = choices.as_ref().filter(|c| c.language_chosen).map(|c| Lang::from_code(Some(&c.language)));
        Ok(Settings {
            language,
            broadcasts: choices.as_ref().is_none_or(|c| c.broadcasts),
            reminders: choices.as_ref().is_none_or(|c| c.reminders),
            consented: consented(choices.as_ref()),
        })
    }

    /// Notes that a person agrees that the business keeps their data, by today's words.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn consent(&self, who: &Profile<'_>) -> Result<(), BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        store::users::save(&mut *tx, who, None, now).await?;
        store::people::agree(&mut *tx, who.id, CONSENT_VERSION, now).await?;
        Ok(tx.commit().await?)
    }

    /// The language that a person is spoken to in from now on, whatever Telegram says.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn speak(&self, who: &Profile<'_>, lang: Lang) -> Result<(), BookError> {
        let mut tx = self.pool.begin().await?;
        store::users::save(&mut *tx, who, None, self.clock.now()).await?;
        store::people::choose_language(&mut *tx, who.id, lang).await?;
        Ok(tx.commit().await?)
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
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        store::users::save(&mut *tx, who, None, now).await?;
        store::people::subscribe(&mut *tx, who.id, broadcasts, reminders, now).await?;
        Ok(tx.commit().await?)
    }

    /// Everything that the business keeps of a person, for them to have.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn export(&self, user: UserId) -> Result<Value, BookError> {
        Ok(store::people::export(&self.pool, user).await?)
    }

    /// Forgets a person, in one transaction: bookings ahead are cancelled and the owners told, and what is left of the others
    /// is a number that means nobody, for the business's figures.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn forget(&self, user: UserId) -> Result<Forgotten, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        // Whoever books for this person now waits here, and finds nobody then.
        if !store::people::lock(&mut *tx, user).await? {
            return Ok(Forgotten { cancelled: 0 });
        }
        let business = store::settings::business(&mut *tx).await?;
        let phones = store::people::phones(&mut *tx, user).await?;
        let nobody = store::people::make_nobody(&mut *tx, user, now).await?;
        store::people::hand_over(&mut tx, user, nobody).await?;
        // Cancelled after the name is gone, so that the letters to the owners do not bring it back.
        let mut cancelled = 0;
        for id in store::people::lock_ahead(&mut *tx, nobody, now).await? {
            if let Some(booking) = store::bookings::find(&mut *tx, id).await? {
                let counts = booking.status.is_ahead();
                let by = (Actor::Customer, Some(nobody));
                self.cancel_in(&mut tx, &business, booking, by, None, now).await?;
                cancelled += usize::from(counts);
            }
        }
        store::people::wipe_letters(&mut tx, (user, nobody), &phones).await?;
        store::people::delete(&mut *tx, user).await?;
        tx.commit().await?;
        self.committed();
        Ok(Forgotten { cancelled })
    }
}

fn consented(choices: Option<&store::people::Choices>) -> bool {
    choices.and_then(|c| c.consent_version.as_deref()) == Some(CONSENT_VERSION)
}
