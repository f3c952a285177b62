//! The shipped programs together, on the real Postgres, Redis and Docker.

mod cli;
mod crash;
mod drift;
mod masters;
mod network;
mod secrets;
mod signup;
mod strangers;
mod thread;
