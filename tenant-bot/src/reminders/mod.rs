//! What falls due by itself: visits that are near or over, requests and reminders that nobody answered.
//!
//! A row of `reminders` is written in the transaction that makes the booking, so what is not written is not forgotten
//! but not meant. [`plan`] says which rows a booking has; at its time a row is read again beside the booking as it is
//! then.

pub mod plan;
mod useful;
