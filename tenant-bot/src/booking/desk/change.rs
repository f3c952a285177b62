//! Bookings that are there: cancelled, moved.

use chrono::{DateTime, Utc};

use super::{BookError, Bookings, Made};
use crate::booking::model::{BookingId, Pick, UserId};

impl Bookings {
    /// Cancels, in one transaction: the booking is marked and stays, its time is free, the owners are told, whoever waits for
    /// such a time is looked for.
    ///
    /// # Errors
    /// Why it may not be cancelled, or Postgres.
    pub async fn cancel(&self, user: UserId, id: BookingId) -> Result<Made, BookError> {
        let _ = (user, id);
        todo!()
    }

    /// Moves, in one transaction: a new booking of the same length and price at the new time, the old one marked. If the new
    /// time is not to be had, the old booking stays untouched.
    ///
    /// `pick` is with whom; of a visit with several services, `None` keeps each with whom it was where possible, else whoever
    /// does it.
    ///
    /// # Errors
    /// Why it may not be moved, or Postgres.
    pub async fn move_to(
        &self,
        user: UserId,
        id: BookingId,
        starts_at: DateTime<Utc>,
        pick: Option<Pick>,
        update_id: i64,
    ) -> Result<Made, BookError> {
        let _ = (user, id, starts_at, pick, update_id);
        todo!()
    }
}
