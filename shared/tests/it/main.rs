//! The outbox and the polling loop against real Postgres and a Telegram that can be told to fail.

mod bodies;
mod clock;
mod flood;
mod outbox;
mod polling;
mod room;
