//! Figures against a naive count: minute by minute, visit by visit.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{
    figures::{Figures, Visit, VisitLine},
    open::open_time,
    range::{Range, Unit},
    tally::{Tally, shared_out},
};
use crate::{
    booking::{
        Actor, BookingId, ResourceId, ServiceId, Status, UserId,
        hours::{Hours, Span, local_date, moment},
        schedule::{Block, BlockRepeats, Exception, Rota},
    },
    store::schedule::Rotas,
};

const RESOURCES: i64 = 3;

/// The first dates of stretches in which something happens to the clocks of one of the zones, or nothing.
const FIRST: [&str; 4] = ["2026-10-24", "2027-03-27", "2026-11-20", "2026-09-26"];
const ZONES: [Tz; 5] =
    [Tz::Europe__Moscow, Tz::Europe__Berlin, Tz::America__New_York, Tz::Asia__Kolkata, Tz::Pacific__Chatham];

#[derive(Clone, Debug)]
struct Case {
    zone: Tz,
    range: Range,
    rules: Rotas,
    visits: Vec<Visit>,
}

fn statuses() -> impl Strategy<Value = Status> {
    (0..Status::ALL.len()).prop_map(|n| Status::ALL[n])
}

/// Minutes since midnight, also past the next one.
fn hours() -> impl Strategy<Value = (u16, u16)> {
    (0..1439_u16, 30..900_u16).prop_map(|(opens, length)| (opens, (opens + length).min(2880)))
}

fn week() -> impl Strategy<Value = Vec<Hours>> {
    vec((1..=7_u8, hours()).prop_map(|(weekday, (opens, closes))| Hours { weekday, opens, closes }), 0..16)
}

fn rota(first: NaiveDate) -> impl Strategy<Value = Rota> {
    let exception = (0..6_u64, 0..3_u64, option::of(hours())).prop_map(move |(skip, length, hours)| {
        let first_day = first + Days::new(skip);
        Exception { first_day, last_day: first_day + Days::new(length), hours }
    });
    (week(), vec(exception, 0..3)).prop_map(|(week, exceptions)| Rota { week, exceptions })
}

fn block(zone: Tz, first: NaiveDate) -> impl Strategy<Value = Block> {
    (-1440..9000_i64, 15..1400_i64, option::of(vec(1..=7_u8, 1..4))).prop_map(move |(skip, length, weekdays)| {
        let start = moment(zone, first, 0) + TimeDelta::minutes(skip);
        let repeats = weekdays.map(|weekdays| BlockRepeats { zone, weekdays, every_weeks: 1, until: None });
        Block { span: Span { start, end: start + TimeDelta::minutes(length) }, repeats }
    })
}

fn visit(zone: Tz, first: NaiveDate) -> impl Strategy<Value = Visit> {
    let line = (1..4_i64, vec(1..=RESOURCES, 1..3), 5..300_u32, 0..500_000_i64);
    (
        (1..6_i64, statuses(), -1440..11_000_i64, option::of(0..900_000_i64)),
        (option::of(select(&["vk", "insta"][..])), option::of(1..=5_u8), any::<bool>()),
        (select(&[None, Some(Actor::Customer), Some(Actor::Staff), Some(Actor::System)][..]), vec(line, 1..4)),
    )
        .prop_map(move |((user, status, skip, paid), (source, rating, first_ever), (by, lines))| {
            let starts_at = moment(zone, first, 0) + TimeDelta::minutes(skip);
            let mut at = starts_at;
            let mut told = Vec::new();
            for (service, mut resources, minutes, price) in lines {
                resources.sort_unstable();
                resources.dedup();
                let resources = resources.into_iter().map(ResourceId).collect();
                told.push(VisitLine { service: ServiceId(service), resources, starts_at: at, minutes, price });
                at += TimeDelta::minutes(i64::from(minutes));
            }
            let price = told.iter().map(|line| line.price).sum();
            Visit {
                id: BookingId(1),
                user: UserId(user),
                status,
                starts_at,
                price,
                money: paid.unwrap_or(price),
                cancelled_by: by,
                source: source.unwrap_or_default().to_owned(),
                rating,
                first: first_ever && status == Status::Completed,
                lines: told,
            }
        })
}

fn case() -> impl Strategy<Value = Case> {
    (select(&ZONES[..]), select(&FIRST[..]), 1..6_u64).prop_flat_map(|(zone, first, days)| {
        let first: NaiveDate = first.parse().unwrap();
        let range = Range { unit: Unit::Any, first, last: first + Days::new(days - 1) };
        let owns = vec(option::of(rota(first)), RESOURCES as usize);
        let blocks = vec((option::of(1..=RESOURCES), block(zone, first)), 0..4);
        let visits = vec(visit(zone, first), 0..40);
        (rota(first), owns, blocks, visits).prop_map(move |(house, owns, blocks, visits)| {
            let mut rules = Rotas { house, ..Rotas::default() };
            for (id, own) in (1..).zip(owns) {
                rules.own.extend(own.map(|own| (ResourceId(id), own)));
            }
            for (whose, block) in blocks {
                match whose {
                    None => rules.blocks.push(block),
                    Some(id) => rules.own_blocks.entry(ResourceId(id)).or_default().push(block),
                }
            }
            Case { zone, range, rules, visits }
        })
    })
}

fn counted(case: &Case) -> Figures {
    let mut tally = Tally::new(case.zone, case.range);
    case.visits.iter().for_each(|visit| tally.visit(visit));
    tally.done(&open_time(case.zone, &case.rules, (1..=RESOURCES).map(ResourceId), case.range))
}

/// The hours of one date by hand: what an exception says, else the week.
fn on(rota: &Rota, date: NaiveDate) -> Option<Vec<(u16, u16)>> {
    let covering: Vec<&Exception> =
        rota.exceptions.iter().filter(|e| (e.first_day..=e.last_day).contains(&date)).collect();
    if covering.iter().any(|e| e.hours.is_none()) {
        return Some(Vec::new());
    }
    if !covering.is_empty() {
        return Some(covering.iter().filter_map(|e| e.hours).collect());
    }
    if rota.week.is_empty() {
        return None;
    }
    let weekday = u8::try_from(date.weekday().number_from_monday()).unwrap();
    Some(rota.week.iter().filter(|h| h.weekday == weekday).map(|h| (h.opens, h.closes)).collect())
}

/// Whether hours that began on this date or the one before reach to a moment.
fn at_work(case: &Case, rota: &Rota, at: DateTime<Utc>) -> bool {
    let today = local_date(case.zone, at);
    [today.pred_opt().unwrap(), today].into_iter().any(|date| {
        // Whoever has no week of their own follows the business's.
        let hours = on(rota, date).or_else(|| on(&case.rules.house, date)).unwrap_or_default();
        hours
            .iter()
            .any(|(opens, closes)| moment(case.zone, date, *opens) <= at && at < moment(case.zone, date, *closes))
    })
}

fn blocked(case: &Case, id: ResourceId, at: DateTime<Utc>) -> bool {
    let minute = Span { start: at, end: at + TimeDelta::minutes(1) };
    let of = |blocks: &[Block]| blocks.iter().any(|block| !block.spans(case.zone, minute).is_empty());
    of(&case.rules.blocks) || case.rules.own_blocks.get(&id).is_some_and(|blocks| of(blocks))
}

fn takes(visit: &Visit, id: ResourceId, at: DateTime<Utc>) -> bool {
    !matches!(visit.status, Status::Held | Status::Moved | Status::Cancelled)
        && visit.lines.iter().any(|line| {
            let end = line.starts_at + TimeDelta::minutes(i64::from(line.minutes));
            line.resources.contains(&id) && line.starts_at <= at && at < end
        })
}

/// Per resource and hour: minutes booked and open.
fn minutes(case: &Case) -> BTreeMap<(i64, u32), (u32, u32)> {
    let mut all = BTreeMap::new();
    let none = Rota::default();
    let within = case.range.span(case.zone);
    for id in 1..=RESOURCES {
        let own = case.rules.own.get(&ResourceId(id)).unwrap_or(&none);
        let mut at = within.start;
        while at < within.end {
            let open =
                at_work(case, &case.rules.house, at) && at_work(case, own, at) && !blocked(case, ResourceId(id), at);
            if open {
                let hour = at.with_timezone(&case.zone).hour();
                let (booked, open) = all.entry((id, hour)).or_insert((0, 0));
                *open += 1;
                *booked += u32::from(case.visits.iter().any(|visit| takes(visit, ResourceId(id), at)));
            }
            at += TimeDelta::minutes(1);
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn minutes_are_those_of_a_count_minute_by_minute(case in case()) {
        let figures = counted(&case);
        let naive = minutes(&case);
        for (id, resource) in &figures.resources {
            for (hour, told) in (0..).zip(&resource.hours) {
                let counted = naive.get(&(id.0, hour)).copied().unwrap_or_default();
                prop_assert_eq!((told.booked, told.open), counted, "resource {} at {}", id.0, hour);
            }
        }
        let sum = naive.values().fold((0, 0), |sum, (booked, open)| (sum.0 + booked, sum.1 + open));
        prop_assert_eq!((figures.total().booked, figures.total().open), sum);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn visits_and_money_are_those_of_a_count_one_by_one(case in case()) {
        let figures = counted(&case);
        let mine: Vec<&Visit> =
            case.visits.iter().filter(|v| case.range.has(local_date(case.zone, v.starts_at))).collect();
        let of = |wanted: &[Status]| mine.iter().filter(|v| wanted.contains(&v.status)).count() as u32;
        use Status::{Arrived, Cancelled, Completed, Confirmed, NoShow, Requested};
        prop_assert_eq!(figures.bookings, of(&[Requested, Confirmed, Arrived, Completed, NoShow]));
        prop_assert_eq!(figures.ahead, of(&[Requested, Confirmed, Arrived]));
        prop_assert_eq!((figures.completed, figures.missed), (of(&[Completed]), of(&[NoShow])));
        prop_assert_eq!(figures.cancelled_in_all(), of(&[Cancelled]));
        let by_staff = mine.iter().filter(|v| v.status == Cancelled && v.cancelled_by == Some(Actor::Staff)).count();
        prop_assert_eq!(figures.cancelled[1] as usize, by_staff);
        let done: Vec<&&Visit> = mine.iter().filter(|v| v.status == Completed).collect();
        let revenue: i64 = done.iter().map(|v| v.money).sum();
        prop_assert_eq!(figures.revenue, revenue);
        let people: HashSet<i64> = done.iter().map(|v| v.user.0).collect();
        prop_assert_eq!(figures.customers as usize, people.len());
        // Whatever it is parted by, it adds up.
        prop_assert_eq!(figures.days.values().map(|d| d.revenue).sum::<i64>(), revenue);
        prop_assert_eq!(figures.services.values().map(|s| s.revenue).sum::<i64>(), revenue);
        prop_assert_eq!(figures.resources.values().map(|r| r.revenue).sum::<i64>(), revenue);
        prop_assert_eq!(figures.sources.values().map(|s| s.revenue).sum::<i64>(), revenue);
        prop_assert_eq!(figures.days.values().map(|d| d.bookings).sum::<u32>(), figures.bookings);
        prop_assert_eq!(figures.sources.values().map(|s| s.bookings).sum::<u32>(), figures.bookings);
        let mut stars = HashMap::new();
        for v in mine.iter().filter(|v| !matches!(v.status, Cancelled | Status::Held | Status::Moved)) {
            *stars.entry(v.rating).or_insert(0_u32) += 1;
        }
        for n in 1..=5_u8 {
            prop_assert_eq!(figures.stars[usize::from(n) - 1], stars.get(&Some(n)).copied().unwrap_or(0));
        }
    }

    #[test]
    fn a_sum_is_shared_out_to_the_last_kopeck(
        sum in 0..10_000_000_000_i64,
        weights in vec(0..1_000_000_000_i64, 1..9),
    ) {
        let parts = shared_out(sum, &weights);
        prop_assert_eq!(parts.iter().sum::<i64>(), sum);
        prop_assert!(parts.iter().all(|part| *part >= 0));
        let all: i64 = weights.iter().sum();
        for (part, weight) in parts.iter().zip(&weights) {
            if all > 0 {
                let exact = i128::from(sum) * i128::from(*weight) / i128::from(all);
                prop_assert!((i128::from(*part) - exact).abs() <= 1);
            }
        }
    }
}

#[test]
fn a_visit_past_midnight_counts_where_it_begins_and_its_minutes_where_they_lie() {
    let zone = Tz::Europe__Moscow;
    let friday: NaiveDate = "2026-11-20".parse().unwrap();
    let rules = Rotas {
        house: Rota { week: vec![Hours { weekday: 5, opens: 1080, closes: 1560 }], exceptions: Vec::new() },
        ..Rotas::default()
    };
    let starts_at = zone.with_ymd_and_hms(2026, 11, 20, 23, 30, 0).unwrap().to_utc();
    let line = VisitLine { service: ServiceId(1), resources: vec![ResourceId(1)], starts_at, minutes: 120, price: 100 };
    let visit = Visit {
        id: BookingId(1),
        user: UserId(1),
        status: Status::Completed,
        starts_at,
        price: 100,
        money: 100,
        cancelled_by: None,
        source: String::new(),
        rating: None,
        first: true,
        lines: vec![line],
    };
    let count = |date| {
        let range = Range::around(Unit::Day, date);
        let case = Case { zone, range, rules: rules.clone(), visits: vec![visit.clone()] };
        let figures = counted(&case);
        let hours: Vec<u32> = figures.resources[&ResourceId(1)].hours.iter().map(|h| h.booked).collect();
        (figures.completed, figures.revenue, hours)
    };
    let (completed, revenue, hours) = count(friday);
    assert_eq!((completed, revenue, hours[23], hours[0]), (1, 100, 30, 0));
    let (completed, revenue, hours) = count(friday.succ_opt().unwrap());
    assert_eq!((completed, revenue, hours[23], hours[0], hours[1]), (0, 0, 0, 60, 30));
}
