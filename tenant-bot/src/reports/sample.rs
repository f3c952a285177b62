//! A barbershop's visits for tests: three chairs, made by a small rule and the same at every run.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use shared::texts::Lang;

use super::{
    figures::{Opens, Visit, VisitLine},
    open::open_time,
    range::{Range, Unit},
    tally::Tally,
};
use crate::{
    booking::{
        Actor, BookingId, Business, Place, Report, ResourceId, ServiceId, Status, UserId,
        hours::{Hours, local_date, moment},
        policy::Policy,
        schedule::Rota,
    },
    store::{figures::Names, schedule::Rotas},
};

const ZONE: Tz = Tz::Europe__Moscow;

/// From Monday the 23rd of November 2026.
pub(crate) fn week() -> Range {
    Range::around(Unit::Week, "2026-11-25".parse().unwrap())
}

/// Saturday evening of that week.
pub(crate) fn now() -> DateTime<Utc> {
    "2026-11-28T17:00:00Z".parse().unwrap()
}

pub(crate) fn business() -> Business {
    Business {
        name: "Барбершоп «Борода»".into(),
        zone: ZONE,
        language: Lang::Ru,
        policy: Policy::default(),
        place: Place::default(),
    }
}

pub(crate) fn names() -> Names {
    let services = ["Мужская стрижка", "Оформление бороды", "Детская стрижка"];
    let masters = ["Артём", "Денис", "Константин"];
    Names {
        services: (1..).zip(services).map(|(id, name)| (ServiceId(id), name.to_owned())).collect(),
        resources: (1..).zip(masters).map(|(id, name)| (ResourceId(id), name.to_owned(), true)).collect(),
    }
}

fn rules() -> Rotas {
    let day = |weekday, opens, closes| Hours { weekday, opens, closes };
    let mut week: Vec<Hours> = (1..=6).map(|weekday| day(weekday, 600, 1260)).collect();
    week.push(day(7, 660, 1080));
    let mut rules = Rotas { house: Rota { week, exceptions: Vec::new() }, ..Rotas::default() };
    let third = Rota { week: (3..=7).map(|weekday| day(weekday, 720, 1260)).collect(), exceptions: Vec::new() };
    rules.own.insert(ResourceId(3), third);
    rules
}

/// The visits of a range and of the one before it.
pub(crate) fn visits(range: Range) -> Vec<Visit> {
    let mut visits = Vec::new();
    let from = range.before().first;
    for date in from.iter_days().take_while(|date| *date <= range.last) {
        for chair in 1..=3_i64 {
            visits.extend(of_a_day(date, chair));
        }
    }
    visits.sort_by_key(|visit| visit.starts_at);
    let mut met = std::collections::HashSet::new();
    for visit in visits.iter_mut().filter(|visit| visit.status == Status::Completed) {
        // Every third of them has been there before what is remembered.
        visit.first = met.insert(visit.user) && visit.user.0 % 3 > 0;
    }
    visits
}

fn of_a_day(date: NaiveDate, chair: i64) -> Vec<Visit> {
    let (from, to) = match (chair, date.weekday().number_from_monday()) {
        (3, 1 | 2) => return Vec::new(),
        (3, _) => (12, 21),
        (_, 7) => (11, 18),
        _ => (10, 21),
    };
    let today = i64::from(date.num_days_from_ce());
    let mut visits = Vec::new();
    for hour in from..to {
        // A number that looks like chance, and more of it in the evening and at the end of the week.
        let dice = (today * 31 + chair * 17 + hour * 7).rem_euclid(29)
            + hour / 5
            + i64::from(date.weekday().number_from_monday());
        if dice < 16 {
            continue;
        }
        let starts_at = moment(ZONE, date, u16::try_from(hour * 60).unwrap());
        let (status, by) = match (today * 5 + hour * 3 + chair).rem_euclid(23) {
            0 => (Status::NoShow, None),
            1 | 2 => (Status::Cancelled, Some(Actor::Customer)),
            3 => (Status::Cancelled, Some(Actor::Staff)),
            _ if starts_at > now() => (Status::Confirmed, None),
            _ => (Status::Completed, None),
        };
        let service = 1 + (hour + chair) % 3;
        let price = [180_000, 100_000, 120_000][usize::try_from(service - 1).unwrap()];
        let user = (today * 13 + hour * 11 + chair * 5).rem_euclid(90);
        visits.push(Visit {
            id: BookingId(today * 100 + hour * 3 + chair),
            user: UserId(user),
            status,
            starts_at,
            price,
            money: price,
            cancelled_by: by,
            source: ["", "", "instagram", "yandex"][usize::try_from(user % 4).unwrap()].to_owned(),
            rating: (status == Status::Completed && user % 5 == 0).then_some(if user % 3 == 0 { 4 } else { 5 }),
            first: false,
            lines: vec![VisitLine {
                service: ServiceId(service),
                resources: vec![ResourceId(chair)],
                starts_at,
                minutes: [60, 30, 45][usize::try_from(service - 1).unwrap()],
                price,
            }],
        });
    }
    visits
}

pub(crate) fn report(range: Range) -> Report {
    report_of(range, &visits(range))
}

/// The report that these visits make.
pub(crate) fn report_of(range: Range, visits: &[Visit]) -> Report {
    let count = |range: Range| {
        let mut tally = Tally::new(ZONE, range);
        for visit in visits {
            tally.visit(visit);
        }
        if !visits.is_empty() {
            tally.opens("", &Opens { opened: 140, new: 30, began: 60 });
            tally.opens("instagram", &Opens { opened: 60, new: 25, began: 20 });
        }
        let open: BTreeMap<_, _> = open_time(ZONE, &rules(), (1..=3).map(ResourceId), range);
        tally.done(&open)
    };
    Report { business: business(), names: names(), now: count(range), before: count(range.before()), at: now() }
}

#[test]
fn the_sample_is_of_the_week_before_too() {
    let visits = visits(week());
    let before = week().first - Days::new(7);
    assert!(visits.iter().any(|visit| local_date(ZONE, visit.starts_at) == before));
    assert!(visits.iter().all(|visit| visit.starts_at < now() + TimeDelta::days(3)));
}
