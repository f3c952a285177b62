//! The tenant bot against a real Postgres and Redis, with the sandbox for Telegram. Run by `scripts/test`.

mod booking;
mod conversation;
mod process;
mod races;
mod running;
mod shop;
mod store;
