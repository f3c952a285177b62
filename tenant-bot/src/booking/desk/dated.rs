//! A visit as it goes into a person's own calendar.

use super::{BookError, Bookings};
use crate::{
    booking::{
        model::{Booking, BookingId, Business, Status, UserId},
        policy::Refusal,
    },
    store,
};

/// A visit and what is needed to know it again in a calendar after it was moved.
#[derive(Clone, Debug)]
pub struct Dated {
    /// The business, for its name and where it is.
    pub business: Business,
    /// The booking.
    pub booking: Booking,
    /// The first of those that took one another's place up to it; itself if it was never moved.
    pub first: BookingId,
    /// How often it was moved.
    pub moves: u32,
}

impl Bookings {
    /// A person's booking for their calendar.
    ///
    /// # Errors
    /// [`Refusal::NoSuchBooking`], [`Refusal::NoLonger`] if another took its place, or Postgres.
    pub async fn dated(&self, user: UserId, id: BookingId) -> Result<Dated, BookError> {
        let mut conn = self.pool.acquire().await?;
        let booking = store::bookings::find(&mut *conn, id).await?;
        let booking = booking.filter(|b| b.user == user && b.status != Status::Held).ok_or(Refusal::NoSuchBooking)?;
        if booking.status == Status::Moved {
            return Err(Refusal::NoLonger.into());
        }
        let (first, moves) = store::bookings::chain(&mut *conn, id).await?;
        let business = store::settings::business(&mut *conn).await?;
        Ok(Dated { business, booking, first, moves })
    }
}
