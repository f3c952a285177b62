//! The shipped programs together, on the real Postgres, Redis and Docker.

mod crash;
mod secrets;
mod signup;
mod strangers;
mod thread;
