//! The SQL, one file per table, each function named after its question. No rules: what a row means is decided above.
//!
//! Every statement runs in the tests of this crate against a real Postgres.

pub mod admins;
pub mod analytics;
pub mod audit;
pub mod booking_history;
pub mod bookings;
pub mod broadcasts;
pub mod columns;
pub mod combinations;
pub mod customers;
pub mod exceptions;
pub mod export;
pub mod feedback;
pub mod figures;
pub mod invites;
pub mod occupancy;
pub mod people;
pub mod preset;
pub mod reminders;
pub mod resources;
pub mod schedule;
pub mod schema;
pub mod service_resources;
pub mod services;
pub mod settings;
pub mod text_templates;
pub mod users;
pub mod waitlist;
pub mod work_chats;
