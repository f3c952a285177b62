//! Random rules of a business, all kinds of them at once.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use proptest::{collection::vec, option, prelude::*, sample::select};
use tenant_bot::booking::{
    Doer, Price, ResourceId, Service, ServiceId, SessionId,
    availability::{Calendar, Calendars, Chain, Counts, Part, Rules, Session, Slot, chains, free_slots, session_span},
    hours::{Hours, Span},
    policy::{Limits, Policy},
    schedule::{Block, BlockRepeats, Exception, House, Rota},
};

/// Days around a change of clocks (or none), in zones with all kinds of them.
pub(crate) const PLACES: [(Tz, &str); 8] = [
    (Tz::Europe__Moscow, "2026-11-18"),
    (Tz::Europe__Berlin, "2027-03-26"),
    (Tz::Europe__Berlin, "2026-10-23"),
    (Tz::Australia__Lord_Howe, "2026-10-02"),
    (Tz::Australia__Lord_Howe, "2027-04-02"),
    (Tz::America__St_Johns, "2027-03-12"),
    (Tz::Asia__Kathmandu, "2026-11-18"),
    (Tz::Pacific__Apia, "2011-12-28"),
];

/// A question about free times, and all that its answer follows from.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) zone: Tz,
    pub(crate) first: NaiveDate,
    pub(crate) days: u16,
    pub(crate) now: DateTime<Utc>,
    pub(crate) house: Rota,
    pub(crate) policy: Policy,
    pub(crate) limits: Limits,
    pub(crate) counts: Counts,
    pub(crate) parts: Vec<CasePart>,
    pub(crate) calendars: Calendars,
    pub(crate) party: u16,
    pub(crate) load: HashMap<ResourceId, i64>,
}

#[derive(Clone, Debug)]
pub(crate) struct CasePart {
    pub(crate) service: Service,
    pub(crate) doers: Vec<Doer>,
}

impl Case {
    pub(crate) fn last(&self) -> NaiveDate {
        self.first + TimeDelta::days(i64::from(self.days) - 1)
    }

    pub(crate) fn parts(&self) -> Vec<Part<'_>> {
        self.parts.iter().map(|p| Part { service: &p.service, doers: p.doers.clone() }).collect()
    }

    fn asked<T>(&self, ask: impl FnOnce(&Rules<'_>, &[Part<'_>]) -> T) -> T {
        let house = House { zone: self.zone, rota: self.house.clone() };
        let Self { policy, counts, limits, now, .. } = self;
        ask(&Rules { house: &house, policy, limits: *limits, counts, now: *now }, &self.parts())
    }

    pub(crate) fn free(&self) -> Vec<Slot> {
        self.free_on((self.first, self.last()))
    }

    pub(crate) fn free_on(&self, dates: (NaiveDate, NaiveDate)) -> Vec<Slot> {
        self.asked(|rules, parts| free_slots(rules, parts, &self.calendars, self.party, dates))
    }

    pub(crate) fn chains(&self, starts_at: DateTime<Utc>, most: usize) -> Vec<Chain> {
        self.asked(|rules, parts| chains(rules, parts, &self.calendars, self.party, starts_at, &self.load, most))
    }
}

fn minutes(n: i64) -> TimeDelta {
    TimeDelta::minutes(n)
}

fn midnight(date: NaiveDate) -> DateTime<Utc> {
    Utc.from_utc_datetime(&date.and_time(NaiveTime::MIN))
}

fn some_week() -> impl Strategy<Value = Vec<Hours>> {
    let one = (1..=7u8, 0..96u16, 1..=110u16).prop_map(|(weekday, opens, length)| Hours {
        weekday,
        opens: opens * 15,
        // No rule reaches further than to the end of the next day; the table refuses it.
        closes: (opens + length).min(192) * 15,
    });
    let whole_days = Just((1..=7).map(|weekday| Hours { weekday, opens: 0, closes: 1440 }).collect::<Vec<_>>());
    let with_a_break = (32..44u16, 4..16u16, 1..4u16, 8..20u16).prop_map(|(opens, morning, pause, evening)| {
        let noon = opens + morning;
        (1..=6)
            .flat_map(|weekday| {
                [(opens, noon), (noon + pause, noon + pause + evening)].map(|(o, c)| Hours {
                    weekday,
                    opens: o * 15,
                    closes: c * 15,
                })
            })
            .collect()
    });
    prop_oneof![2 => vec(one, 2..14), 3 => whole_days, 2 => with_a_break]
}

/// Holidays, short days, vacations, extra days; several may cover one date.
fn some_exceptions(first: NaiveDate) -> impl Strategy<Value = Vec<Exception>> {
    let one = (-2..5i64, prop_oneof![3 => 0..1i64, 1 => 0..9i64], option::weighted(0.7, (0..80u16, 1..110u16)));
    let one = one.prop_map(move |(day, more, hours)| Exception {
        first_day: first + TimeDelta::days(day),
        last_day: first + TimeDelta::days(day + more),
        hours: hours.map(|(opens, length)| (opens * 15, (opens + length).min(192) * 15)),
    });
    prop_oneof![3 => Just(Vec::new()), 1 => vec(one, 1..4)]
}

fn some_blocks(first: NaiveDate, zone: Tz) -> impl Strategy<Value = Vec<Block>> {
    // A business that has changed its zone since has blocks of the one before.
    let made_in = prop_oneof![4 => Just(zone), 1 => Just(Tz::Asia__Tokyo)];
    let repeats = (vec(1..=7u8, 1..5), 1..4u8, option::of(-3..8i64), made_in);
    // The first one of some lies weeks back.
    let one =
        (prop_oneof![-3..5i64, -40..0i64], 0..288i64, prop_oneof![3 => 1..60i64, 1 => 1..280i64], option::of(repeats));
    let one = one.prop_map(move |(day, start, length, repeats)| {
        let start = midnight(first) + TimeDelta::days(day) + minutes(start * 5);
        Block {
            span: Span { start, end: start + minutes(length * 5) },
            repeats: repeats.map(|(weekdays, every_weeks, until, zone)| BlockRepeats {
                zone,
                weekdays,
                every_weeks,
                until: until.map(|day| first + TimeDelta::days(day)),
            }),
        }
    });
    prop_oneof![2 => Just(Vec::new()), 2 => vec(one, 1..3)]
}

fn some_taken(first: NaiveDate, days: u16) -> impl Strategy<Value = Vec<Span>> {
    let zero = midnight(first) - TimeDelta::days(1);
    let most = (i64::from(days) + 2) * 288;
    prop::collection::btree_map(0..most, 1..30i64, 0..16).prop_map(move |found| {
        // Postgres allows no overlap, so neither does this.
        let mut taken: Vec<Span> = Vec::new();
        for (start, length) in found {
            let start = zero + minutes(start * 5);
            if taken.last().is_none_or(|last| last.end <= start) {
                taken.push(Span { start, end: start + minutes(length * 5) });
            }
        }
        taken
    })
}

#[derive(Clone, Debug)]
struct SomeResource {
    calendar: Calendar,
    seats: Option<u16>,
    load: i64,
}

fn some_resource(first: NaiveDate, days: u16, zone: Tz) -> impl Strategy<Value = SomeResource> {
    let rota = (prop_oneof![3 => Just(Vec::new()), 2 => some_week()], some_exceptions(first));
    let seats = option::of(2..7u16);
    (rota, some_blocks(first, zone), some_taken(first, days), seats, 0..3i64).prop_map(
        |((week, exceptions), blocks, taken, seats, load)| SomeResource {
            calendar: Calendar { rota: Rota { week, exceptions }, blocks, taken, sessions: Vec::new() },
            seats,
            load: load * 30,
        },
    )
}

/// Of a group: when it begins (in half hours), with which of the doers, seats left, and what of it has changed.
type SomeSession = (i64, usize, u16, u8);

#[derive(Clone, Debug)]
struct SomePart {
    service: Service,
    /// For each resource: whether it does it, and its own length.
    who: Vec<(bool, Option<i64>)>,
    /// Put together: which two, how many seats they have, and their own length.
    together: Option<(usize, usize, Option<u16>, i64)>,
    turn: usize,
    sessions: Vec<SomeSession>,
}

fn some_length() -> impl Strategy<Value = i64> {
    prop_oneof![3 => select(&[15i64, 30, 45, 60]), 1 => (1..60i64).prop_map(|n| n * 5)]
}

fn some_part(days: u16) -> impl Strategy<Value = SomePart> {
    let buffers = prop_oneof![2 => Just((0, 0)), 2 => (0..5i64, 0..5i64), 1 => (0..14i64, 0..14i64)];
    let steps = (
        option::of(select(&[5i64, 15, 20, 30, 45, 90])),
        prop_oneof![3 => Just(0), 1 => (0..30i64).prop_map(|n| n * 5)],
    );
    let service = (some_length(), buffers, steps, prop_oneof![3 => Just(1u16), 2 => 2..5u16]);
    let who = vec((prop::bool::weighted(0.75), option::weighted(0.3, some_length())), 4);
    let together = option::weighted(0.4, (0..4usize, 0..4usize, option::of(2..9u16), some_length()));
    let sessions = vec((0..i64::from(days) * 48, 0..4usize, 0..5u16, 0..8u8), 0..40);
    (service, who, together, 0..4usize, sessions).prop_map(
        |((length, (before, after), (step, offset), capacity), who, together, turn, sessions)| SomePart {
            service: Service {
                id: ServiceId(0),
                name: "Стрижка".into(),
                description: None,
                photo: None,
                category: None,
                duration: minutes(length),
                buffer_before: minutes(before * 5),
                buffer_after: minutes(after * 5),
                price: Price::exactly(0),
                step: step.map(minutes),
                offset: minutes(offset),
                notice: None,
                horizon_days: None,
                capacity,
                questions: Vec::new(),
            },
            who,
            together,
            turn,
            sessions,
        },
    )
}

impl SomePart {
    fn doers(&self, seats: &[Option<u16>], party: u16) -> Vec<Doer> {
        let doer =
            |resources: Vec<ResourceId>, seats, duration| Doer { resources, seats, duration, price: Price::exactly(0) };
        let nobody = self.who.iter().take(seats.len()).all(|(does, _)| !does);
        let alone =
            (1..).zip(seats).zip(&self.who).filter(|(_, (does, _))| *does || nobody).map(|((id, seats), (_, own))| {
                doer(vec![ResourceId(id)], *seats, own.map_or(self.service.duration, minutes))
            });
        let mut doers: Vec<Doer> = alone.collect();
        if let Some((a, b, seats_together, length)) = self.together {
            let (a, b) = (a % seats.len(), b % seats.len());
            if a != b {
                let ids = [a, b].map(|n| ResourceId(i64::try_from(n).unwrap() + 1));
                doers.push(doer(ids.to_vec(), seats_together, minutes(length)));
            }
        }
        // The caller has narrowed them by the size of the party.
        doers.retain(|d| self.service.is_group() || d.seats_party(party));
        if !doers.is_empty() {
            let turn = self.turn % doers.len();
            doers.rotate_left(turn);
        }
        doers
    }
}

/// Puts groups into the calendars where their time is free.
fn open_sessions(part: &SomePart, doers: &[Doer], first: NaiveDate, calendars: &mut Calendars) {
    let alone: Vec<&Doer> = doers.iter().filter(|d| d.resources.len() == 1).collect();
    for (half_hour, who, left, changed) in part.sessions.iter().filter(|_| part.service.is_group() && !alone.is_empty())
    {
        let doer = alone[who % alone.len()];
        let starts_at = midnight(first) + minutes(half_hour * 30);
        // Some have another length than such a visit has today, some are of another service.
        let duration = if *changed == 0 { doer.duration + minutes(15) } else { doer.duration };
        let service = if *changed == 1 { ServiceId(99) } else { part.service.id };
        let span = session_span(&part.service, starts_at, duration);
        let calendar = calendars.get_mut(&doer.resources[0]).unwrap();
        if calendar.taken.iter().any(|t| t.overlaps(span)) {
            continue;
        }
        calendar.taken.push(span);
        calendar.taken.sort_unstable();
        let id = SessionId(i64::try_from(calendar.sessions.len()).unwrap() + 1 + 100 * doer.resources[0].0);
        let ends_at = starts_at + duration;
        let seats_left = (*left).min(part.service.capacity);
        calendar.sessions.push(Session { id, service, starts_at, ends_at, seats_left });
    }
}

fn some_counts(first: NaiveDate) -> impl Strategy<Value = (Counts, [Option<u16>; 3])> {
    let day = (0..3u32, 0..3u32, vec(0..3u32, 4));
    let caps = (option::weighted(0.15, 1..4u16), option::weighted(0.15, 1..4u16), option::weighted(0.15, 1..4u16));
    (vec(day, 5), caps).prop_map(move |(days, (all, resource, customer))| {
        let mut counts = Counts::default();
        for (date, (all, customer, resources)) in first.iter_days().zip(days) {
            counts.all.insert(date, all);
            counts.customer.insert(date, customer);
            counts.resource.extend((1..).zip(resources).map(|(id, n)| ((ResourceId(id), date), n)));
        }
        (counts, [all, resource, customer])
    })
}

pub(crate) fn some_case() -> impl Strategy<Value = Case> {
    (select(&PLACES), 1..5u16).prop_flat_map(|((zone, first), days)| {
        let first: NaiveDate = first.parse().unwrap();
        let house = (some_week(), some_exceptions(first));
        let resources = vec(some_resource(first, days, zone), 1..5);
        let parts =
            prop_oneof![3 => vec(some_part(days), 1), 3 => vec(some_part(days), 2), 2 => vec(some_part(days), 3)];
        let limits = (
            select(&[5i64, 10, 15, 20, 30, 45, 50, 60, 90]),
            prop_oneof![2 => 0..2i64, 1 => 0..30i64],
            0..7u16,
            -1440..2880i64,
            prop_oneof![3 => Just(1u16), 2 => 1..5u16],
        );
        // Whether the last part is the first one once more.
        (house, resources, parts, limits, some_counts(first), prop::bool::weighted(0.2)).prop_map(
            move |(
                (week, exceptions),
                resources,
                mut some,
                (step, notice, horizon_days, now, party),
                counted,
                again,
            )| {
                for (id, part) in (1..).zip(&mut some) {
                    part.service.id = ServiceId(id);
                }
                if let (true, [first, .., last]) = (again, &mut some[..]) {
                    *last = first.clone();
                }
                let seats: Vec<Option<u16>> = resources.iter().map(|r| r.seats).collect();
                let load = (1..).zip(&resources).map(|(id, r)| (ResourceId(id), r.load)).collect();
                let mut calendars: BTreeMap<_, _> =
                    (1..).zip(resources).map(|(id, r)| (ResourceId(id), r.calendar)).collect();
                let mut parts = Vec::new();
                for part in &some {
                    let doers = part.doers(&seats, party);
                    open_sessions(part, &doers, first, &mut calendars);
                    parts.push(CasePart { service: part.service.clone(), doers });
                }
                let (counts, [daily_cap, resource_daily_cap, customer_daily_cap]) = counted;
                let policy = Policy {
                    step: minutes(step),
                    daily_cap,
                    resource_daily_cap,
                    customer_daily_cap,
                    ..Policy::default()
                };
                Case {
                    zone,
                    first,
                    days,
                    now: midnight(first) + minutes(now),
                    house: Rota { week, exceptions },
                    policy,
                    limits: Limits { notice: minutes(notice * 60), horizon_days },
                    counts,
                    parts,
                    calendars,
                    party,
                    load,
                }
            },
        )
    })
}
