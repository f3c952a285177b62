//! Which times are free: pure functions of rules, what is taken, policy and the present moment.
//!
//! A visit begins at whole steps from the beginning of an interval of work of whoever does its first part (plus the
//! service's offset), and every part lies wholly within the time that its doer works: it may run on into an interval that
//! follows without a break. Tables that are put together work when all of them do, and are free when all of them are.
//! Buffers may stick out of the hours, but not into what is taken or blocked.
//!
//! Within one visit, parts of one resource that follow one another take one stretch: no buffers between them. If it has
//! something to do again later in the visit, its own buffers may overlap: they are one stretch too. A seat in a group is
//! never part of such a stretch, because the group is there for others too: it keeps its buffers on both sides, and
//! nothing else of the visit may reach into it with the same resource.
//!
//! Who begins a group that is not there yet opens it; one that is there is joined, whatever is taken around it, unless it
//! was blocked meanwhile. A group has one resource, never several that are put together.
//!
//! What is found for a date depends on that date alone, not on which dates are asked about.

mod search;
mod stretches;
mod time;
mod ways;

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use self::{search::Search, time::Times};
use super::{
    hours::{Span, local_date},
    model::{Doer, ResourceId, Service, SessionId},
    policy::{Limits, Policy},
    schedule::{Block, House, Rota},
};

pub use self::stretches::{session_span, stretches};

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
    /// The present moment.
    pub now: DateTime<Utc>,
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

impl Rules<'_> {
    /// Whether so many visits begin on a date already that none may be added, whoever does it.
    fn is_full(&self, date: NaiveDate) -> bool {
        let Counts { all, customer, .. } = self.counts;
        reached(self.policy.daily_cap, all.get(&date)) || reached(self.policy.customer_daily_cap, customer.get(&date))
    }

    /// Whether a resource has as many visits on a date as it may have.
    fn is_full_of(&self, resource: ResourceId, date: NaiveDate) -> bool {
        reached(self.policy.resource_daily_cap, self.counts.resource.get(&(resource, date)))
    }
}

fn reached(cap: Option<u16>, count: Option<&u32>) -> bool {
    cap.is_some_and(|cap| count.copied().unwrap_or(0) >= u32::from(cap))
}

/// Every time from the date `from` to the date `to`, both included, at which the visit can begin.
pub fn free_slots(
    rules: &Rules<'_>,
    parts: &[Part<'_>],
    calendars: &Calendars,
    party: u16,
    (from, to): (NaiveDate, NaiveDate),
) -> Vec<Slot> {
    let zone = rules.house.zone;
    let window = rules.limits.window(zone, rules.now);
    let from = from.max(local_date(zone, window.start));
    let to = to.min(local_date(zone, window.end));
    if parts.is_empty() || from > to {
        return Vec::new();
    }
    let times = Times::new(rules.house, parts, calendars, (from, to));
    let mut search = Search::new(rules, parts, &times, party);
    let mut slots = Vec::new();
    for beginning in search.beginnings() {
        let date = local_date(zone, beginning.at);
        if window.start <= beginning.at && beginning.at < window.end && from <= date && date <= to {
            slots.extend(search.slot(beginning, date));
        }
    }
    slots
}

/// The ways in which the visit can be had that begins at `starts_at`: the best first, at most `most`. Empty exactly when
/// [`free_slots`] does not show that time.
///
/// Better is what leaves fewer seats empty, then what puts fewer tables together, then what falls to resources that have
/// less to do (counted whenever the visit comes to one of them), then what changes the resource less often, then what
/// comes first in the business's order. `load` says how much a resource has to do on that date already.
pub fn chains(
    rules: &Rules<'_>,
    parts: &[Part<'_>],
    calendars: &Calendars,
    party: u16,
    starts_at: DateTime<Utc>,
    load: &HashMap<ResourceId, i64>,
    most: usize,
) -> Vec<Chain> {
    let zone = rules.house.zone;
    let window = rules.limits.window(zone, rules.now);
    if parts.is_empty() || most == 0 || starts_at < window.start || window.end <= starts_at {
        return Vec::new();
    }
    let date = local_date(zone, starts_at);
    let times = Times::new(rules.house, parts, calendars, (date, date));
    let mut search = Search::new(rules, parts, &times, party);
    let beginning = search.beginnings().into_iter().find(|b| b.at == starts_at);
    beginning.map_or_else(Vec::new, |beginning| search.chains(beginning, date, load, most))
}
