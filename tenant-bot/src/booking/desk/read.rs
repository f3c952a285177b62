//! What the desk reads.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{BookError, Bookings};
use crate::booking::{
    availability::Slot,
    model::{Booking, BookingId, Business, Doer, Profile, Resource, ResourceId, Service, UserId, Wanted},
    policy::{Permit, Refusal, Role},
};

/// A wanted visit that is possible as such: each service with who does it.
#[derive(Clone, Debug)]
pub struct Offer {
    /// In the order of the visit; at least one.
    pub parts: Vec<OfferPart>,
    /// Every resource that occurs among the doers of any part.
    pub resources: Vec<Resource>,
    /// Whether the size of the party matters, and the largest that can be had; none: it does not matter.
    pub largest_party: Option<u16>,
    /// Whether bookings of this person stand at once.
    pub permit: Permit,
}

/// One service and who does it.
#[derive(Clone, Debug)]
pub struct OfferPart {
    /// What.
    pub service: Service,
    /// Everybody who does it at all, in the business's order: not narrowed by pick or party. Never empty.
    pub everybody: Vec<Doer>,
    /// Who would do for this pick and party, in the business's order. Never empty.
    pub doers: Vec<Doer>,
}

/// When an offer can be had.
#[derive(Clone, Debug)]
pub struct Openings {
    /// The business, for its zone.
    pub business: Business,
    /// What and by whom.
    pub offer: Offer,
    /// The first and the last date on which a visit may begin at all, by notice and horizon.
    pub within: (NaiveDate, NaiveDate),
    /// The days between the asked dates that have room, and their free times.
    pub days: BTreeMap<NaiveDate, Vec<Slot>>,
}

/// A resource, and what it does.
#[derive(Clone, Debug)]
pub struct Performer {
    /// Who.
    pub resource: Resource,
    /// The services that it does, in the business's order.
    pub services: Vec<Service>,
}

impl Offer {
    /// The resource of this number, if it occurs in the offer.
    pub fn resource(&self, id: ResourceId) -> Option<&Resource> {
        self.resources.iter().find(|r| r.id == id)
    }
}

impl Bookings {
    /// The business.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn business(&self) -> Result<Business, BookError> {
        todo!()
    }

    /// Notes that a person spoke to the bot.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn greet(&self, who: &Profile<'_>) -> Result<(), BookError> {
        let _ = who;
        todo!()
    }

    /// Everything that can be booked, in the business's order.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn services(&self) -> Result<Vec<Service>, BookError> {
        todo!()
    }

    /// A resource that takes part in what is offered, and what it does.
    ///
    /// # Errors
    /// [`Refusal::NoSuchResource`], or Postgres.
    pub async fn performer(&self, resource: ResourceId) -> Result<Performer, BookError> {
        let _ = resource;
        todo!()
    }

    /// Whether a visit is possible as such, for this person, and who does it.
    ///
    /// # Errors
    /// [`Refusal::NoSuchService`], [`Refusal::NoSuchResource`], [`Refusal::PartyTooLarge`], [`Refusal::VisitTooLong`], why
    /// this person may not book at all, or Postgres.
    pub async fn offer(&self, user: UserId, wanted: &Wanted) -> Result<(Business, Offer), BookError> {
        let _ = (user, wanted, Refusal::Taken);
        todo!()
    }

    /// Every free time of a visit on the dates from `from` to `to`, both included; at most 62 days, none past the horizon.
    /// What the person keeps on hold at the moment counts as free.
    ///
    /// # Errors
    /// As [`offer`](Self::offer).
    pub async fn openings(
        &self,
        user: UserId,
        wanted: &Wanted,
        dates: Option<(NaiveDate, NaiveDate)>,
    ) -> Result<Openings, BookError> {
        let _ = (user, wanted, dates);
        todo!()
    }

    /// The same for another time of a booking of theirs, whose own time counts as free; it keeps its length and price.
    ///
    /// # Errors
    /// Why the booking may not be moved, or Postgres.
    pub async fn openings_to_move(
        &self,
        user: UserId,
        booking: BookingId,
        dates: Option<(NaiveDate, NaiveDate)>,
    ) -> Result<(Openings, Booking), BookError> {
        let _ = (user, booking, dates);
        todo!()
    }

    /// A person's bookings that are ahead or not over, the nearest first.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn ahead(&self, user: UserId) -> Result<(Business, Vec<Booking>), BookError> {
        let _ = user;
        todo!()
    }

    /// A page of a person's bookings that are over in any way (also cancelled), the latest first, and whether more follow.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn past(
        &self,
        user: UserId,
        page: usize,
        per_page: usize,
    ) -> Result<(Business, Vec<Booking>, bool), BookError> {
        let _ = (user, page, per_page);
        todo!()
    }

    /// A person's booking, and why it may not be cancelled and not be moved now, if it may not. A hold is not shown.
    ///
    /// # Errors
    /// [`Refusal::NoSuchBooking`], or Postgres.
    pub async fn card(&self, user: UserId, id: BookingId) -> Result<Card, BookError> {
        let _ = (user, id);
        todo!()
    }

    /// What a person is to the business.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn role(&self, user: UserId) -> Result<Role, BookError> {
        let _ = user;
        todo!()
    }

    /// The bookings of the day that lies `days_ahead` after today, for those who run the business.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`], or Postgres.
    pub async fn schedule(
        &self,
        user: UserId,
        days_ahead: u8,
    ) -> Result<(Business, NaiveDate, Vec<Booking>), BookError> {
        let _ = (user, days_ahead);
        todo!()
    }
}

/// A booking of a person's own, and what may be done with it.
#[derive(Clone, Debug)]
pub struct Card {
    /// The business, for its zone and where it is.
    pub business: Business,
    /// The booking.
    pub booking: Booking,
    /// Why it may not be cancelled now.
    pub no_cancel: Option<Refusal>,
    /// Why it may not be moved now.
    pub no_move: Option<Refusal>,
    /// Whether it can be said now that one comes.
    pub may_come: bool,
    /// Whether it can be rated now: it can be, and was not.
    pub may_rate: bool,
    /// The booking that took the place of this one.
    pub moved_to: Option<BookingId>,
}
