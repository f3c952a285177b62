//! The rules of booking, and the service that keeps them.
//!
//! What may be booked is computed by pure functions ([`hours`], [`availability`], [`policy`]) from rows that the
//! service has read. The same functions decide what is shown and, inside the booking's transaction, what is done:
//! a button is only a wish, and may be stale or forged. That two people never hold one slot is promised by
//! Postgres (`occupancy` in the migration), not by anything here.

pub mod availability;
mod change;
pub mod contact;
pub mod hours;
mod model;
pub mod policy;
mod service;

pub use self::{
    model::{
        Booking, BookingId, Business, Kopecks, Pick, Profile, Resource, ResourceId, ResourceKind, Service, ServiceId,
        Status, UserId,
    },
    policy::Refusal,
    service::{BookError, Bookings, Herald, Made, News, Offer, Openings, Wish},
};
