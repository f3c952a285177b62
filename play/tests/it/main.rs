//! The shipped programs together, on the real Postgres, Redis and Docker.

mod alerts;
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
mod roles;
mod secrets;
mod signup;
mod strangers;
mod thread;
