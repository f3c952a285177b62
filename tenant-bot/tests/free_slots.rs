//! Free slots against a model so plain that it can be believed: it looks at every minute.

#![expect(clippy::unwrap_used, reason = "a test ends with a panic wherever it goes wrong")]

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;
use tenant_bot::booking::{
    Kopecks, ResourceId, Service, ServiceId,
    availability::{Calendar, Rules, Slot, free_slots, is_ever_offered},
    hours::{Hours, Span},
    policy::Policy,
};

/// Days around a change of clocks (or none), in zones with all kinds of them.
const PLACES: [(Tz, &str); 8] = [
    (Tz::Europe__Moscow, "2026-11-18"),
    (Tz::Europe__Berlin, "2027-03-26"),
    (Tz::Europe__Berlin, "2026-10-23"),
    (Tz::Australia__Lord_Howe, "2026-10-02"),
    (Tz::Australia__Lord_Howe, "2027-04-02"),
    (Tz::America__St_Johns, "2027-03-12"),
    (Tz::Asia__Kathmandu, "2026-11-18"),
    (Tz::Pacific__Apia, "2011-12-28"),
];

#[derive(Clone, Debug)]
struct Case {
    zone: Tz,
    first: NaiveDate,
    days: u16,
    now: DateTime<Utc>,
    policy: Policy,
    service: Service,
    business: Vec<Hours>,
    calendars: Vec<Calendar>,
}

/// The minutes of a week and a half around the days that are asked about.
struct Minutes {
    zero: DateTime<Utc>,
    local: Vec<NaiveDateTime>,
}

impl Minutes {
    fn around(case: &Case) -> Self {
        let zero = Utc.from_utc_datetime(&case.first.and_time(NaiveTime::MIN)) - TimeDelta::days(4);
        let count = (i64::from(case.days) + 9) * 1440;
        let local =
            (0..count).map(|m| (zero + TimeDelta::minutes(m)).with_timezone(&case.zone).naive_local()).collect();
        Self { zero, local }
    }

    fn at(&self, minute: usize) -> DateTime<Utc> {
        self.zero + TimeDelta::minutes(minute as i64)
    }

    /// The first minute at which the clock shows at least this.
    fn first(&self, local: NaiveDateTime) -> usize {
        self.local.iter().position(|l| *l >= local).unwrap()
    }

    /// All intervals of these hours, as minutes.
    fn intervals(&self, hours: &[Hours], case: &Case) -> Vec<(usize, usize)> {
        let days = case.first.pred_opt().unwrap().iter_days().take(usize::from(case.days) + 3);
        let mut found = Vec::new();
        for date in days {
            for h in hours.iter().filter(|h| date.format("%u").to_string() == h.weekday.to_string()) {
                let minute = |m: u16| self.first(date.and_time(NaiveTime::MIN) + TimeDelta::minutes(m.into()));
                if minute(h.opens) < minute(h.closes) {
                    found.push((minute(h.opens), minute(h.closes)));
                }
            }
        }
        found
    }
}

fn plain_model(case: &Case) -> Vec<Slot> {
    let minutes = Minutes::around(case);
    let business = minutes.intervals(&case.business, case);
    let today = case.now.with_timezone(&case.zone).date_naive();
    let last_allowed = today + TimeDelta::days(case.policy.horizon_days.into());
    let last_asked = case.first + TimeDelta::days(i64::from(case.days) - 1);
    let length = |d: TimeDelta| usize::try_from(d.num_minutes()).unwrap();
    let mut slots: Vec<Slot> = Vec::new();
    let mut free_at = vec![Vec::new(); minutes.local.len()];
    for calendar in &case.calendars {
        let mut work = business.clone();
        if !calendar.own_hours.is_empty() {
            let own = minutes.intervals(&calendar.own_hours, case);
            work = business
                .iter()
                .flat_map(|b| own.iter().map(|o| (b.0.max(o.0), b.1.min(o.1))))
                .filter(|(from, to)| from < to)
                .collect();
        }
        let mut worked = vec![false; minutes.local.len()];
        for (from, to) in &work {
            worked[*from..*to].fill(true);
        }
        let mut taken = vec![false; minutes.local.len()];
        for span in &calendar.taken {
            let minute = |at: DateTime<Utc>| usize::try_from((at - minutes.zero).num_minutes()).unwrap();
            taken[minute(span.start)..minute(span.end)].fill(true);
        }
        for (from, to) in work {
            for start in (from..to).step_by(length(case.policy.step)) {
                let visit = start..start + length(case.service.duration);
                let whole = start - length(case.service.buffer_before)..visit.end + length(case.service.buffer_after);
                let (at, date) = (minutes.at(start), minutes.local[start].date());
                let wanted = case.first <= date && date <= last_asked;
                let allowed = at >= case.now + case.policy.notice && date <= last_allowed;
                let free = worked[visit].iter().all(|w| *w) && !taken[whole].iter().any(|t| *t);
                if wanted && allowed && free && !free_at[start].contains(&calendar.resource) {
                    free_at[start].push(calendar.resource);
                }
            }
        }
    }
    for (minute, resources) in free_at.into_iter().enumerate() {
        if !resources.is_empty() {
            slots.push(Slot { starts_at: minutes.at(minute), resources });
        }
    }
    slots
}

fn some_hours() -> impl Strategy<Value = Vec<Hours>> {
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
    prop_oneof![2 => prop::collection::vec(one, 0..12), 1 => whole_days, 2 => with_a_break]
}

fn some_taken(first: NaiveDate, days: u16) -> impl Strategy<Value = Vec<Span>> {
    let zero = Utc.from_utc_datetime(&first.and_time(NaiveTime::MIN)) - TimeDelta::days(1);
    let most = (i64::from(days) + 2) * 288;
    prop::collection::btree_map(0..most, 1..36i64, 0..24).prop_map(move |found| {
        // Postgres allows no overlap, so neither does this.
        let mut taken: Vec<Span> = Vec::new();
        for (start, length) in found {
            let start = zero + TimeDelta::minutes(start * 5);
            if taken.last().is_none_or(|last| last.end <= start) {
                taken.push(Span { start, end: start + TimeDelta::minutes(length * 5) });
            }
        }
        taken
    })
}

fn some_case() -> impl Strategy<Value = Case> {
    let place = (prop::sample::select(&PLACES), 1..5u16);
    place.prop_flat_map(|((zone, first), days)| {
        let first: NaiveDate = first.parse().unwrap();
        let resource = (prop_oneof![Just(Vec::new()), some_hours()], some_taken(first, days));
        let minutes = |n: i64| TimeDelta::minutes(n);
        let service = (1..60i64, 0..5i64, 0..5i64);
        let policy = (prop::sample::select(&[5i64, 10, 15, 20, 30, 45, 50, 60, 90]), 0..30i64, 0..7u16);
        (some_hours(), prop::collection::vec(resource, 1..4), service, policy, -2880..7200i64).prop_map(
            move |(business, resources, (length, before, after), (step, notice, horizon_days), now)| Case {
                zone,
                first,
                days,
                now: Utc.from_utc_datetime(&first.and_time(NaiveTime::MIN)) + minutes(now),
                policy: Policy { step: minutes(step), notice: minutes(notice * 60), horizon_days, ..Policy::default() },
                service: Service {
                    id: ServiceId(1),
                    name: "Стрижка".into(),
                    duration: minutes(length * 5),
                    buffer_before: minutes(before * 5),
                    buffer_after: minutes(after * 5),
                    price: Kopecks(0),
                },
                business,
                calendars: (1..)
                    .zip(resources)
                    .map(|(id, (own_hours, taken))| Calendar { resource: ResourceId(id), own_hours, taken })
                    .collect(),
            },
        )
    })
}

impl Case {
    fn rules(&self) -> Rules<'_> {
        Rules { zone: self.zone, policy: &self.policy, business_hours: &self.business, service: &self.service }
    }

    fn last(&self) -> NaiveDate {
        self.first + TimeDelta::days(i64::from(self.days) - 1)
    }

    fn free(&self) -> Vec<Slot> {
        free_slots(&self.rules(), &self.calendars, self.first, self.last(), self.now)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn free_slots_are_those_of_the_plain_model(case in some_case()) {
        prop_assert_eq!(case.free(), plain_model(&case));
    }

    /// What is shown for a fortnight must be what is checked for one day when the button is pressed.
    #[test]
    fn every_slot_that_is_shown_may_be_booked(case in some_case()) {
        for slot in case.free() {
            for resource in &slot.resources {
                let calendar = case.calendars.iter().find(|c| c.resource == *resource).unwrap();
                prop_assert!(is_ever_offered(&case.rules(), &calendar.own_hours, *resource, slot.starts_at, case.now));
            }
        }
    }
}
