//! The shipped programs together, on the real Postgres, Redis and Docker.

mod attacks;
mod boot;
mod chaos;
mod cli;
mod crash;
mod doctor;
mod keys;
mod kills;
mod masters;
mod network;
<<<<<<< HEAD
mod roles;
=======
mod replaced;
>>>>>>> bd23052 (Do to our programs what broke the product that they replace)
mod secrets;
mod signup;
mod strangers;
mod thread;
