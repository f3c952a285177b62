//! What a customer says about a visit before and after it.

use super::{BookError, Bookings, Made};
use crate::booking::model::{Booking, BookingId, Business, UserId};

/// A rating that stands.
#[derive(Clone, Debug)]
pub struct Rated {
    /// The business.
    pub business: Business,
    /// The visit.
    pub booking: Booking,
    /// The stars that stand, 1–5: the first ones that were given.
    pub stars: u8,
    /// Whether it had been rated before this call.
    pub repeated: bool,
}

impl Bookings {
    /// Notes that the customer says they come.
    ///
    /// # Errors
    /// Why it cannot be said, or Postgres.
    pub async fn come(&self, user: UserId, id: BookingId) -> Result<Made, BookError> {
        let _ = (user, id);
        todo!()
    }

    /// Rates a visit, once, with 1–5 stars. The owners are told.
    ///
    /// # Errors
    /// [`NothingToRate`](crate::booking::Refusal::NothingToRate), [`NoSuchBooking`](crate::booking::Refusal::NoSuchBooking),
    /// or Postgres.
    pub async fn rate(&self, user: UserId, id: BookingId, stars: u8) -> Result<Rated, BookError> {
        let _ = (user, id, stars);
        todo!()
    }

    /// Adds words (1–1000 characters) to a rating, once. `false`: there is none, or it has words already.
    ///
    /// # Errors
    /// [`NoSuchBooking`](crate::booking::Refusal::NoSuchBooking), or Postgres.
    pub async fn comment(&self, user: UserId, id: BookingId, words: &str) -> Result<bool, BookError> {
        let _ = (user, id, words);
        todo!()
    }
}
