//! The shipped programs together, on the real Postgres, Redis and Docker.

mod albums;
mod alerts;
mod attacks;
mod boot;
mod bots;
mod chaos;
mod cli;
mod crash;
mod doctor;
mod drift;
mod keys;
mod kills;
mod letters;
mod masters;
mod network;
mod presses;
mod replaced;
mod roles;
mod secrets;
mod signup;
mod staff;
mod strangers;
mod thread;
