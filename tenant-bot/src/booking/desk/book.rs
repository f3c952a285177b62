//! New bookings: quoted, held, made.

use chrono::{DateTime, Utc};

use super::{BookError, Bookings, Made, Wish};
use crate::booking::{
    model::{Booking, Business, Price, UserId, Wanted},
    policy::Permit,
};

/// A visit at a time, as it would be booked now.
#[derive(Clone, Debug)]
pub struct Quote {
    /// The business, for its zone.
    pub business: Business,
    /// Its parts in order.
    pub lines: Vec<QuoteLine>,
    /// Beginning.
    pub starts_at: DateTime<Utc>,
    /// End.
    pub ends_at: DateTime<Utc>,
    /// What all of it costs.
    pub price: Price,
    /// Whether it would stand at once.
    pub permit: Permit,
}

/// One part of a quote.
#[derive(Clone, Debug)]
pub struct QuoteLine {
    /// The service's name.
    pub service_name: String,
    /// The names of who would do it as things stand, put together.
    pub who: String,
    /// Whether the customer asked for this one; if not, who it will be is decided when it is booked.
    pub picked: bool,
    /// Beginning.
    pub starts_at: DateTime<Utc>,
    /// Price.
    pub price: Price,
}

/// A time that is kept for a while.
#[derive(Clone, Debug)]
pub struct Held {
    /// The hold.
    pub booking: Booking,
    /// Until when it is kept.
    pub until: DateTime<Utc>,
}

impl Bookings {
    /// What would be booked now. The person's own hold counts as free.
    ///
    /// # Errors
    /// Any refusal of a booking save for contact and consent, or Postgres.
    pub async fn quote(&self, user: UserId, wanted: &Wanted, starts_at: DateTime<Utc>) -> Result<Quote, BookError> {
        let _ = (user, wanted, starts_at);
        todo!()
    }

    /// Keeps a time while its customer types, instead of whatever was kept for them before; not what is offered to them from
    /// the waitlist.
    ///
    /// # Errors
    /// Any refusal of a booking save for contact and consent, or Postgres.
    pub async fn hold(
        &self,
        user: UserId,
        wanted: &Wanted,
        starts_at: DateTime<Utc>,
        update_id: i64,
    ) -> Result<Held, BookError> {
        let _ = (user, wanted, starts_at, update_id);
        todo!()
    }

    /// Lets go what is kept for a person who is typing.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn let_go(&self, user: UserId) -> Result<(), BookError> {
        let _ = user;
        todo!()
    }

    /// Books, in one transaction: the time, the booking, its history, its reminders and the letters to the owners.
    ///
    /// Pressing twice, or an update that Telegram repeats, finds the booking that was made the first time.
    ///
    /// # Errors
    /// Any refusal of a booking, or Postgres.
    pub async fn book(&self, user: UserId, wish: &Wish, update_id: i64) -> Result<Made, BookError> {
        let _ = (user, wish, update_id);
        todo!()
    }
}
