//! The tenant bot against a real Postgres and Redis, with the sandbox for Telegram. Run by `scripts/test`.

#![expect(clippy::unwrap_used, reason = "a test ends with a panic wherever it goes wrong")]

mod booking;
mod changes;
// mod conversation;
mod feedback;
mod killed;
// mod process;
mod person;
mod races;
mod races_of_rules;
// mod refusals;
mod reminders;
mod running;
mod shop;
mod store;
mod visits;
mod waitlist;
