//! The words of the field.

mod business;
mod ids;
mod offer;
mod status;
mod visit;

pub use self::{
    business::{Business, Place},
    ids::{BookingId, Kopecks, Price, Profile, ResourceId, ServiceId, SessionId, UserId, WaitId},
    offer::{Combination, Doer, Pick, Question, Resource, ResourceKind, Service, Want, Wanted},
    status::{Actor, Status},
    visit::{Answer, Booking, Line, Office},
};
