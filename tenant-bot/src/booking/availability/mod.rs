//! Which times are free: pure functions of rules, what is taken, policy and the present moment.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::{
    hours::Span,
    model::{Doer, ResourceId, Service, SessionId},
    policy::{Limits, Policy},
    schedule::{Block, House, Rota},
};

/// The same for every resource that is asked about.
#[derive(Clone, Debug)]
pub struct Rules<'a> {
    /// The business: zone, week, holidays. A resource works within it.
    pub house: &'a House,
    /// What it allows: the step and the daily caps are read here.
    pub policy: &'a Policy,
    /// How soon and how far ahead the visit may begin.
    pub limits: Limits,
    /// How many visits begin on which date already; read where the policy has a cap.
    pub counts: &'a Counts,
}

/// Visits that begin on a date, by the business's dates. Cancelled, moved and overdue held ones are not counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Of the whole business.
    pub all: HashMap<NaiveDate, u32>,
    /// Of one resource.
    pub resource: HashMap<(ResourceId, NaiveDate), u32>,
    /// Of the customer who asks.
    pub customer: HashMap<NaiveDate, u32>,
}

/// One service of the visit, and who may do it: the customer's pick and the size of the party are taken into account.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    /// What.
    pub service: &'a Service,
    /// By whom, in the business's order.
    pub doers: Vec<Doer>,
}

/// One resource's time.
#[derive(Clone, Debug, Default)]
pub struct Calendar {
    /// Its own rules; an empty week means the business's.
    pub rota: Rota,
    /// What is kept free of bookings: of this resource and of all.
    pub blocks: Vec<Block>,
    /// What is taken, buffers included, in order of beginning; no two overlap. Groups are among it.
    pub taken: Vec<Span>,
    /// Groups that have begun to fill.
    pub sessions: Vec<Session>,
}

/// A group that somebody has a seat in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its number.
    pub id: SessionId,
    /// Of which service.
    pub service: super::model::ServiceId,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// Seats that nobody has.
    pub seats_left: u16,
}

/// A time at which the visit can begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Beginning of the visit.
    pub starts_at: DateTime<Utc>,
    /// Places of the doers of the first part (by their order there) with whom the whole visit can be had.
    pub doers: Vec<usize>,
    /// The most seats that any of them has left, if the first part is a group.
    pub seats_left: Option<u16>,
}

/// One part of a visit that has found its doer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assigned {
    /// Its place among the doers of the part.
    pub doer: usize,
    /// Beginning.
    pub starts_at: DateTime<Utc>,
    /// Length.
    pub duration: TimeDelta,
    /// The group to join; none: a stretch of its own, or a new group.
    pub session: Option<SessionId>,
}

/// A whole visit, part by part.
pub type Chain = Vec<Assigned>;

/// The calendars of all resources that are asked about.
pub type Calendars = BTreeMap<ResourceId, Calendar>;

/// Every time from the date `from` to the date `to`, both included, at which the visit can begin.
pub fn free_slots(
    rules: &Rules<'_>,
    parts: &[Part<'_>],
    calendars: &Calendars,
    party: u16,
    (from, to): (NaiveDate, NaiveDate),
    now: DateTime<Utc>,
) -> Vec<Slot> {
    let _ = (rules, parts, calendars, party, from, to, now);
    Vec::new()
}

/// The ways in which the visit can be had that begins at `starts_at`: the best first, at most `most`. Empty exactly when
/// [`free_slots`] does not show that time.
///
/// `load` says how much a resource has to do on that date already.
pub fn chains(
    rules: &Rules<'_>,
    parts: &[Part<'_>],
    calendars: &Calendars,
    party: u16,
    starts_at: DateTime<Utc>,
    now: DateTime<Utc>,
    load: &HashMap<ResourceId, i64>,
    most: usize,
) -> Vec<Chain> {
    let _ = (rules, parts, calendars, party, starts_at, now, load, most);
    Vec::new()
}

/// What a chain takes of each resource: stretches with buffers, those of one resource that follow one another or overlap
/// made one. Parts that are seats in a group are left out: see [`session_span`].
pub fn stretches(parts: &[Part<'_>], chain: &Chain) -> Vec<(ResourceId, Span)> {
    let _ = (parts, chain);
    Vec::new()
}

/// What a group takes of its resource, with buffers.
pub fn session_span(service: &Service, starts_at: DateTime<Utc>, duration: TimeDelta) -> Span {
    Span { start: starts_at - service.buffer_before, end: starts_at + duration + service.buffer_after }
}
