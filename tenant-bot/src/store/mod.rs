//! SQL on the tenant's tables: one file per table, functions named after the question. No rules here, and no
//! clock: the time comes in as a parameter. Every function is run by a test against a real Postgres.

pub mod admins;
pub mod booking_history;
pub mod bookings;
pub mod occupancy;
pub mod preset;
pub mod resources;
pub mod schema;
pub mod services;
pub mod settings;
pub mod users;
pub mod working_hours;
