//! The outbox and the polling loop against real Postgres and a Telegram that can be told to fail.

mod clock;
mod flood;
mod outbox;
mod polling;
mod room;
