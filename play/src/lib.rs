//! The play: the real programs against the real Postgres, Redis and Docker, with only Telegram and YooKassa stood in for.
//! Fixtures for the tests of every crate, a [`world::World`] with a running master, and the programs `demo` and `bench`.
//!
//! What the set-up scripts start is found through the environment, see [`env`].

pub mod album;
pub mod audit;
pub mod database;
pub mod docker;
pub mod env;
pub mod fuzz;
pub mod meddler;
pub mod own;
pub mod people;
pub mod proxy;
pub mod redis;
pub mod relay;
pub mod scenes;
pub mod stack;
pub mod transcript;
mod wait;
pub mod world;

pub use wait::until;
