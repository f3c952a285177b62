//! Stretches of time that are kept free of bookings.

use super::{BookError, Bookings};
use crate::booking::{
    model::{Booking, ResourceId, UserId},
    schedule::Block,
};

/// A block to be made.
#[derive(Clone, Debug)]
pub struct NewBlock<'a> {
    /// Of whom; none: of everybody.
    pub resource: Option<ResourceId>,
    /// When.
    pub block: Block,
    /// Why, 1–200 characters.
    pub reason: Option<&'a str>,
}

/// A block that stands.
#[derive(Clone, Debug)]
pub struct BlockMade {
    /// Its number.
    pub id: i64,
    /// Bookings (holds are left out) whose time lies in it within the next year: they stand, and somebody must decide about
    /// them.
    pub hits: Vec<Booking>,
}

impl Bookings {
    /// Blocks a stretch of time. From then on nothing is booked in it; what had been booked stands and is told.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), or Postgres.
    pub async fn block(&self, user: UserId, new: &NewBlock<'_>) -> Result<BlockMade, BookError> {
        let _ = (user, new);
        todo!()
    }

    /// Takes a block away; `false` if it was gone. Whoever waits for such a time is looked for.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), or Postgres.
    pub async fn unblock(&self, user: UserId, id: i64) -> Result<bool, BookError> {
        let _ = (user, id);
        todo!()
    }
}
