//! Rules of a business made of any bytes: whatever they are, what is shown can be had, and what can be had is free.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

use crate::booking::{
    Doer, Price, ResourceId, Service, ServiceId, SessionId,
    availability::{
        Calendar, Calendars, Chain, Counts, Part, Rules, Session, Slot, chains, free_slots, session_span, stretches,
    },
    hours::{Hours, Span, joined, local_date, moment},
    policy::{Limits, Policy},
    schedule::{Block, BlockRepeats, Exception, House, Rota},
};

/// So many ways of having one visit are looked at.
const MOST: usize = 5;

/// Free times, and the visits that can be had at them.
pub fn slots(data: &[u8]) {
    let mut bytes = Bytes(data);
    let zones = chrono_tz::TZ_VARIANTS;
    let zone = zones[bytes.below(zones.len())];
    let Some(from) = NaiveDate::from_yo_opt(1900 + i32::from(bytes.next()), u32::from(bytes.next()) + 1) else {
        return;
    };
    let to = from + Days::new(u64::from(bytes.next() % 3));
    let zero = moment(zone, from, 0);
    let house = House { zone, rota: bytes.rota(from) };
    let now = zero + bytes.minutes(600) - TimeDelta::hours(6);
    let limits = Limits { notice: bytes.minutes(12), horizon_days: u16::from(bytes.next() % 5) };
    let (policy, counts) = bytes.caps(from);
    let rules = Rules { house: &house, policy: &policy, limits, counts: &counts, now };
    let services: Vec<Service> = (0..=bytes.below(3)).map(|_| bytes.service()).collect();
    let parts: Vec<Part<'_>> = services.iter().map(|service| Part { service, doers: bytes.doers() }).collect();
    let calendars: Calendars = (0..4).map(|id| (ResourceId(id), bytes.calendar(from, zero))).collect();
    let asked = Asked { rules, parts, calendars, party: 1 + u16::from(bytes.next() % 4) };
    asked.keeps_its_promises((from, to), zero);
}

struct Asked<'a> {
    rules: Rules<'a>,
    parts: Vec<Part<'a>>,
    calendars: Calendars,
    party: u16,
}

impl Asked<'_> {
    fn chains(&self, at: DateTime<Utc>) -> Vec<Chain> {
        chains(&self.rules, &self.parts, &self.calendars, self.party, at, &HashMap::new(), MOST)
    }

    fn keeps_its_promises(&self, (from, to): (NaiveDate, NaiveDate), zero: DateTime<Utc>) {
        let zone = self.rules.house.zone;
        let found = free_slots(&self.rules, &self.parts, &self.calendars, self.party, (from, to));
        let window = self.rules.limits.window(zone, self.rules.now);
        assert!(found.windows(2).all(|pair| pair[0].starts_at < pair[1].starts_at));
        for slot in &found {
            assert!(window.start <= slot.starts_at && slot.starts_at < window.end);
            let date = local_date(zone, slot.starts_at);
            assert!(from <= date && date <= to);
            let first = &self.parts[0];
            assert!(!slot.doers.is_empty() && slot.doers.windows(2).all(|pair| pair[0] < pair[1]));
            assert!(slot.doers.iter().all(|d| *d < first.doers.len()));
            assert_eq!(slot.seats_left.is_some(), first.service.is_group());
            assert!(slot.seats_left.is_none_or(|left| left >= self.party));
        }
        for slot in found.iter().take(2).chain(found.last()) {
            self.can_be_had(slot);
        }
        let shown: BTreeSet<DateTime<Utc>> = found.iter().map(|s| s.starts_at).collect();
        let others = (0..4)
            .map(|n| zero + TimeDelta::minutes(n * 375))
            .chain(shown.first().map(|at| *at + TimeDelta::minutes(1)));
        for at in others.filter(|at| !shown.contains(at)) {
            let date = local_date(zone, at);
            assert!(date < from || to < date || self.chains(at).is_empty(), "{at} is not shown");
        }
    }

    fn can_be_had(&self, slot: &Slot) {
        let chains = self.chains(slot.starts_at);
        assert!((1..=MOST).contains(&chains.len()));
        for chain in &chains {
            assert_eq!(chain.len(), self.parts.len());
            assert!(slot.doers.contains(&chain[0].doer));
            let mut at = slot.starts_at;
            for (part, assigned) in self.parts.iter().zip(chain) {
                let doer = &part.doers[assigned.doer];
                assert_eq!((assigned.starts_at, assigned.duration), (at, doer.duration));
                at += doer.duration;
                let visit = Span { start: assigned.starts_at, end: at };
                doer.resources.iter().for_each(|r| assert!(self.works(*r, visit)));
                if part.service.is_group() && assigned.session.is_none() {
                    assert!(self.is_free(doer.resources[0], session_span(part.service, visit.start, doer.duration)));
                }
            }
            let taken = stretches(&self.parts, chain);
            assert!(taken.iter().all(|(resource, span)| self.is_free(*resource, *span)));
            assert!(taken.windows(2).all(|pair| pair[0].0 < pair[1].0 || pair[0].1.end < pair[1].1.start));
        }
    }

    fn works(&self, resource: ResourceId, visit: Span) -> bool {
        let house = self.rules.house;
        let date = local_date(house.zone, visit.start);
        // What began two dates before is over by then.
        let (from, to) = (date - Days::new(2), local_date(house.zone, visit.end) + Days::new(2));
        let work = house.work(&house.intervals(from, to), &self.calendars[&resource].rota, from, to);
        joined(&work).iter().any(|w| w.start <= visit.start && visit.end <= w.end)
    }

    fn is_free(&self, resource: ResourceId, span: Span) -> bool {
        let Calendar { taken, blocks, .. } = &self.calendars[&resource];
        let blocked = blocks.iter().any(|b| !b.spans(self.rules.house.zone, span).is_empty());
        !blocked && !taken.iter().any(|t| t.overlaps(span))
    }
}

/// What is left of the bytes; zeros when nothing is.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn next(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::from(u16::from_be_bytes([self.next(), self.next()])) % limit
    }

    /// So many times five minutes, up to `most`.
    fn minutes(&mut self, most: usize) -> TimeDelta {
        TimeDelta::minutes(i64::try_from(self.below(most + 1) * 5).unwrap_or(0))
    }

    /// At most `most` things.
    fn some<T>(&mut self, most: u8, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.next() % (most + 1)).map(|_| one(self)).collect()
    }

    fn hours(&mut self) -> (u16, u16) {
        let opens = u16::from(self.next() % 96) * 15;
        (opens, (opens + 15 + u16::from(self.next()) * 15).min(2880))
    }

    fn day(&mut self, from: NaiveDate) -> NaiveDate {
        from + Days::new(u64::from(self.next() % 6)) - Days::new(2)
    }

    fn rota(&mut self, from: NaiveDate) -> Rota {
        let week = self.some(14, |bytes| {
            let (opens, closes) = bytes.hours();
            Hours { weekday: 1 + bytes.next() % 7, opens, closes }
        });
        let exceptions = self.some(3, |bytes| {
            let first_day = bytes.day(from);
            let last_day = first_day + Days::new(u64::from(bytes.next() % 4));
            let hours = bytes.hours();
            Exception { first_day, last_day, hours: (bytes.next() % 3 > 0).then_some(hours) }
        });
        Rota { week, exceptions }
    }

    fn caps(&mut self, from: NaiveDate) -> (Policy, Counts) {
        let mut cap = || Some(u16::from(self.next() % 16)).filter(|cap| *cap > 0);
        let policy = Policy {
            daily_cap: cap(),
            resource_daily_cap: cap(),
            customer_daily_cap: cap(),
            step: TimeDelta::minutes(5) + self.minutes(20),
            ..Policy::default()
        };
        let all = HashMap::from([(from, u32::from(self.next() % 4))]);
        let resource = HashMap::from([((ResourceId(0), from), u32::from(self.next() % 4))]);
        (policy, Counts { customer: all.clone(), all, resource })
    }

    fn service(&mut self) -> Service {
        let step = TimeDelta::minutes(5) + self.minutes(287);
        Service {
            id: ServiceId(i64::from(self.next() % 3)),
            name: String::new(),
            description: None,
            photo: None,
            category: None,
            duration: TimeDelta::minutes(5),
            buffer_before: self.minutes(24),
            buffer_after: self.minutes(24),
            price: Price::exactly(0),
            step: (!self.next().is_multiple_of(2)).then_some(step),
            offset: self.minutes(40),
            notice: None,
            horizon_days: None,
            capacity: u16::from(self.next() % 4).max(1),
            questions: Vec::new(),
        }
    }

    fn doers(&mut self) -> Vec<Doer> {
        self.some(4, |bytes| {
            let mut resources = vec![ResourceId(i64::from(bytes.next() % 4))];
            let second = ResourceId(i64::from(bytes.next() % 8));
            if second.0 < 4 && second != resources[0] {
                resources.push(second);
            }
            let duration = TimeDelta::minutes(5) + bytes.minutes(95);
            Doer { resources, seats: None, duration, price: Price::exactly(0) }
        })
    }

    fn span(&mut self, zero: DateTime<Utc>) -> Span {
        let start = zero - TimeDelta::days(2) + self.minutes(1500);
        Span { start, end: start + TimeDelta::minutes(5) + self.minutes(200) }
    }

    fn calendar(&mut self, from: NaiveDate, zero: DateTime<Utc>) -> Calendar {
        let rota = self.rota(from);
        let blocks = self.some(3, |bytes| {
            let span = bytes.span(zero);
            let weekdays = bytes.some(4, |bytes| 1 + bytes.next() % 7);
            let until = Some(bytes.day(from)).filter(|_| bytes.next() % 2 > 0);
            let zones = chrono_tz::TZ_VARIANTS;
            let zone = zones[usize::from(bytes.next()) * 2 % zones.len()];
            let repeats = BlockRepeats { zone, weekdays, every_weeks: bytes.next() % 3, until };
            Block { span, repeats: (bytes.next() % 2 > 0).then_some(repeats) }
        });
        let mut taken = self.some(8, |bytes| bytes.span(zero));
        taken.sort_unstable();
        let sessions = self.some(4, |bytes| {
            let Span { start, end } = bytes.span(zero);
            let (id, service) = (SessionId(i64::from(bytes.next())), ServiceId(i64::from(bytes.next() % 3)));
            Session { id, service, starts_at: start, ends_at: end, seats_left: u16::from(bytes.next() % 4) }
        });
        Calendar { rota, blocks, taken, sessions }
    }
}
