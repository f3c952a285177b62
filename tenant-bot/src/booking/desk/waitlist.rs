//! The queue for a time that may become free.

use chrono::{DateTime, NaiveDate, Utc};

use super::{BookError, Bookings, Made};
use crate::booking::model::{Booking, BookingId, Business, UserId, WaitId, Wanted};

/// What somebody waits for.
#[derive(Clone, Debug)]
pub struct WaitWish {
    /// The visit.
    pub wanted: Wanted,
    /// It begins on one of these dates, both included, at most 31 days.
    pub dates: (NaiveDate, NaiveDate),
    /// And not before this minute of the day and before that one, by the business's clocks (0–1440); none: at any time.
    pub hours: Option<(u16, u16)>,
}

/// An entry of the queue.
#[derive(Clone, Debug)]
pub struct Wait {
    /// Its number.
    pub id: WaitId,
    /// The visit.
    pub wanted: Wanted,
    /// The names of the services that are still there, put together.
    pub what: String,
    /// The visit begins within it.
    pub from: DateTime<Utc>,
    /// See above; half-open.
    pub until: DateTime<Utc>,
    /// Where it stands.
    pub state: WaitState,
}

/// Where an entry stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaitState {
    /// It waits.
    Waiting,
    /// A time is kept for it until then.
    Offered(Box<Booking>, DateTime<Utc>),
}

impl Bookings {
    /// Joins the queue. If such a time is free at the moment, it is offered at once.
    ///
    /// # Errors
    /// Why one may not wait, [`NoWaiting`](crate::booking::Refusal::NoWaiting) with five entries already, or Postgres.
    pub async fn wait(&self, user: UserId, wish: &WaitWish, update_id: i64) -> Result<Wait, BookError> {
        let _ = (user, wish, update_id);
        todo!()
    }

    /// A person's entries that still wait, the oldest first.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn waits(&self, user: UserId) -> Result<(Business, Vec<Wait>), BookError> {
        let _ = user;
        todo!()
    }

    /// Leaves the queue, and lets go what was kept; `false` if the entry was gone.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn leave(&self, user: UserId, id: WaitId) -> Result<bool, BookError> {
        let _ = (user, id);
        todo!()
    }

    /// Takes what is offered: the hold becomes a booking.
    ///
    /// # Errors
    /// [`OfferOver`](crate::booking::Refusal::OfferOver), any refusal of a booking, or Postgres.
    pub async fn take_offer(&self, user: UserId, offer: BookingId, update_id: i64) -> Result<Made, BookError> {
        let _ = (user, offer, update_id);
        todo!()
    }

    /// Lets an offer pass: the time goes to the next who waits, and this one waits on, at the end of the queue.
    ///
    /// # Errors
    /// [`OfferOver`](crate::booking::Refusal::OfferOver), or Postgres.
    pub async fn pass_offer(&self, user: UserId, offer: BookingId) -> Result<(), BookError> {
        let _ = (user, offer);
        todo!()
    }
}
