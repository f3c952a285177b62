//! Which times are free: a pure function of hours, what is taken, policy and the present moment.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

use super::{
    hours::{Hours, Span, common, intervals, joined, local_date},
    model::{ResourceId, Service},
    policy::Policy,
};

/// The same for every resource that is asked about.
#[derive(Clone, Debug)]
pub struct Rules<'a> {
    /// The business's zone.
    pub zone: Tz,
    /// The business's limits and step.
    pub policy: &'a Policy,
    /// The business's week. A resource works within it.
    pub business_hours: &'a [Hours],
    /// What is to be booked.
    pub service: &'a Service,
}

/// One resource's time.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// Whose.
    pub resource: ResourceId,
    /// Its own week; empty means the business's.
    pub own_hours: Vec<Hours>,
    /// What is taken, buffers included, in order of beginning; no two overlap.
    pub taken: Vec<Span>,
}

/// A time that can be booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Beginning of the visit.
    pub starts_at: DateTime<Utc>,
    /// Who is free then, in the order in which the calendars came.
    pub resources: Vec<ResourceId>,
}

/// Every time from the date `from` to the date `to`, both included, at which at least one of the resources is free.
///
/// Visits begin at whole steps from the beginning of an interval of work, and lie wholly within the time that is
/// worked: they may run on into an interval that follows without a break. Their buffers may stick out of the hours,
/// but not into what is taken. What is found for a date depends on that date alone, not on `from` and `to`.
pub fn free_slots(
    rules: &Rules<'_>,
    calendars: &[Calendar],
    from: NaiveDate,
    to: NaiveDate,
    now: DateTime<Utc>,
) -> Vec<Slot> {
    let window = rules.policy.window(rules.zone, now);
    let from = from.max(local_date(rules.zone, window.start));
    let to = to.min(local_date(rules.zone, window.end));
    // A visit is a day long at most, so it ends on the day after at the latest; and where a zone skips a day (Samoa
    // in 2011), on the one after that.
    let until = to.checked_add_days(Days::new(2)).unwrap_or(to);
    let business = intervals(rules.zone, rules.business_hours, from, until);
    let mut slots: BTreeMap<DateTime<Utc>, Vec<ResourceId>> = BTreeMap::new();
    for calendar in calendars {
        let work = if calendar.own_hours.is_empty() {
            &business
        } else {
            &common(&business, &intervals(rules.zone, &calendar.own_hours, from, until))
        };
        for start in free_starts(rules, work, &calendar.taken) {
            let date = local_date(rules.zone, start);
            if window.start <= start && start < window.end && from <= date && date <= to {
                slots.entry(start).or_default().push(calendar.resource);
            }
        }
    }
    slots.into_iter().map(|(starts_at, resources)| Slot { starts_at, resources }).collect()
}

/// Whether `starts_at` is a time that [`free_slots`] would show if nothing at all were taken.
pub fn is_ever_offered(
    rules: &Rules<'_>,
    own_hours: &[Hours],
    resource: ResourceId,
    starts_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> bool {
    let date = local_date(rules.zone, starts_at);
    let untouched = Calendar { resource, own_hours: own_hours.to_vec(), taken: Vec::new() };
    free_slots(rules, &[untouched], date, date, now).iter().any(|s| s.starts_at == starts_at)
}

/// What a visit that begins at `starts_at` takes of its resource.
pub fn takes(service: &Service, starts_at: DateTime<Utc>) -> Span {
    Span { start: starts_at - service.buffer_before, end: starts_at + service.duration + service.buffer_after }
}

fn free_starts(rules: &Rules<'_>, work: &[Span], taken: &[Span]) -> Vec<DateTime<Utc>> {
    // Tables and settings hold no step below five minutes.
    let step = rules.policy.step.max(TimeDelta::minutes(1));
    let worked = joined(work);
    let mut starts = Vec::new();
    for interval in work {
        // `interval` is part of one of `worked`, the last that begins no later.
        let within = worked.partition_point(|w| w.start <= interval.start).checked_sub(1).and_then(|i| worked.get(i));
        let Some(within) = within else { continue };
        let mut start = interval.start;
        while start < interval.end && start + rules.service.duration <= within.end {
            starts.push(start);
            start += step;
        }
    }
    // Intervals that overlap give some starts twice.
    starts.sort_unstable();
    starts.dedup();
    let mut next_taken = 0;
    starts.retain(|start| {
        let whole = takes(rules.service, *start);
        // Starts only grow, so what lies wholly before this one matters to none of the later ones.
        while taken.get(next_taken).is_some_and(|t| t.end <= whole.start) {
            next_taken += 1;
        }
        !taken.get(next_taken).is_some_and(|t| t.overlaps(whole))
    });
    starts
}
