//! What falls due by itself: visits that are near or over, requests and reminders that nobody answered.
//!
//! A row of `reminders` is written in the transaction that makes the booking; [`plan`] says which. When its time has come it
//! is read again beside the booking as it is then, and what is done about it, the letter in the outbox and the mark that it
//! is done are one transaction: it happens once, however often the program dies, and what comes too late to be of use is
//! dropped and says why. The queue for freed times ([`crate::booking`]) falls due here too.

mod digests;
pub mod plan;
mod useful;
mod worker;

pub use self::worker::Errands;
