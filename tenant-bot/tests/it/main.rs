//! The tenant bot against a real Postgres and Redis, with the sandbox for Telegram. Run by `scripts/test`.

#![expect(clippy::unwrap_used, reason = "a test ends with a panic wherever it goes wrong")]

mod again;
mod albums;
mod booking;
mod changes;
mod conversation;
mod crawl;
mod dated;
mod details;
mod feedback;
mod forgetting;
mod killed;
mod meddled;
mod moving;
mod office;
mod person;
mod privacy;
mod process;
mod races;
mod races_of_rules;
mod refusals;
mod reminders;
mod repeats;
mod requests;
mod running;
mod setup;
mod shop;
mod store;
mod team;
mod texts;
mod version_before;
mod visits;
mod waiting;
mod waitlist;
