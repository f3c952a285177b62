//! The shipped programs together, on the real Postgres, Redis and Docker.

mod alerts;
mod boot;
mod bots;
mod cli;
mod crash;
mod keys;
mod letters;
mod masters;
mod network;
mod roles;
mod secrets;
mod signup;
mod strangers;
mod thread;
