//! The shipped programs together, on the real Postgres, Redis and Docker.

mod thread;
