//! One booking bot: one process, one tenant.
//!
//! [`booking`] holds the rules and the service that keeps them, [`store`] the SQL, [`preset`] what a new business
//! begins with; the conversation in Telegram is private to the crate. [`app`] alone knows every part.

pub mod app;
pub mod booking;
mod bot;
pub mod config;
mod connections;
#[doc(hidden)]
pub mod fuzzing;
pub mod preset;
pub mod reminders;
pub mod reports;
pub mod store;
