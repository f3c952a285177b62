//! The outbox and the polling loop against real Postgres and a Telegram that can be told to fail.

mod bodies;
mod broadcast;
mod broadcast_room;
mod broadcast_troubles;
mod clock;
mod flood;
mod outbox;
mod polling;
mod room;
