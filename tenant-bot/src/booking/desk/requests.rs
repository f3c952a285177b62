//! Requests: agreed to or turned down by those who run the business.

use super::{BookError, Bookings, Made};
use crate::booking::model::{BookingId, UserId};

impl Bookings {
    /// Agrees to a request. The customer is told.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), [`NoSuchBooking`](crate::booking::Refusal::NoSuchBooking), or
    /// [`NoLonger`](crate::booking::Refusal::NoLonger) if it is no request any more, or Postgres.
    pub async fn approve(&self, user: UserId, id: BookingId) -> Result<Made, BookError> {
        let _ = (user, id);
        todo!()
    }

    /// Turns a request down, with a reason (1–200 characters) for the customer. Its time is free.
    ///
    /// # Errors
    /// As [`approve`](Self::approve).
    pub async fn decline(&self, user: UserId, id: BookingId, reason: Option<&str>) -> Result<Made, BookError> {
        let _ = (user, id, reason);
        todo!()
    }
}
