//! The shipped programs together, on the real Postgres, Redis and Docker.

mod albums;
mod alerts;
mod attacks;
mod boot;
mod bots;
mod buyer;
mod chaos;
mod cli;
mod compose;
mod crash;
mod doctor;
mod drift;
mod keys;
mod kills;
mod letters;
mod masters;
mod network;
mod played;
mod presses;
mod replaced;
mod roles;
mod secrets;
mod staff;
mod strangers;
mod thread;
