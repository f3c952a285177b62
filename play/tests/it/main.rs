//! The shipped programs together, on the real Postgres, Redis and Docker.

mod alerts;
mod bots;
mod cli;
mod crash;
mod letters;
mod masters;
mod network;
mod secrets;
mod signup;
mod strangers;
mod thread;
