//! Fine points of free slots, one by one.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use tenant_bot::booking::{
    Doer, Price, ResourceId, Service, ServiceId, SessionId,
    availability::{Calendar, Counts, Session, stretches},
    hours::{Hours, Span},
    policy::{Limits, Policy},
    schedule::{Block, BlockRepeats, Exception, Rota},
};

use crate::case::{Case, CasePart};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Of Friday, 20 November 2026, in UTC.
fn span(start: &str, end: &str) -> Span {
    Span { start: at(&format!("2026-11-20T{start}:00Z")), end: at(&format!("2026-11-20T{end}:00Z")) }
}

fn every_day(opens: u16, closes: u16) -> Vec<Hours> {
    (1..=7).map(|weekday| Hours { weekday, opens, closes }).collect()
}

fn except(days: (&str, &str), hours: Option<(u16, u16)>) -> Exception {
    Exception { first_day: days.0.parse().unwrap(), last_day: days.1.parse().unwrap(), hours }
}

fn doer(resources: &[i64], seats: Option<u16>, minutes: i64) -> Doer {
    let resources = resources.iter().map(|id| ResourceId(*id)).collect();
    Doer { resources, seats, duration: TimeDelta::minutes(minutes), price: Price::exactly(0) }
}

/// A service with these buffers, in minutes.
fn part(id: i64, (before, after): (i64, i64), doers: &[Doer]) -> CasePart {
    let service = Service {
        id: ServiceId(id),
        name: "Стрижка".into(),
        description: None,
        photo: None,
        category: None,
        duration: TimeDelta::minutes(60),
        buffer_before: TimeDelta::minutes(before),
        buffer_after: TimeDelta::minutes(after),
        price: Price::exactly(0),
        step: None,
        offset: TimeDelta::zero(),
        notice: None,
        horizon_days: None,
        capacity: 1,
        questions: Vec::new(),
    };
    CasePart { service, doers: doers.to_vec() }
}

fn group(mut part: CasePart, capacity: u16) -> CasePart {
    part.service.capacity = capacity;
    part
}

/// One Friday in UTC, 9 to 12, every hour, for whoever does these parts.
fn friday(parts: Vec<CasePart>) -> Case {
    let ids = parts.iter().flat_map(|p| &p.doers).flat_map(|d| d.resources.clone());
    Case {
        zone: Tz::UTC,
        first: "2026-11-20".parse().unwrap(),
        days: 1,
        now: at("2026-11-19T00:00:00Z"),
        house: Rota { week: every_day(540, 720), exceptions: Vec::new() },
        policy: Policy { step: TimeDelta::minutes(60), ..Policy::default() },
        limits: Limits { notice: TimeDelta::zero(), horizon_days: 30 },
        counts: Counts::default(),
        calendars: ids.map(|id| (id, Calendar::default())).collect(),
        parts,
        party: 1,
        load: HashMap::new(),
    }
}

fn one_hour() -> Case {
    friday(vec![part(1, (0, 0), &[doer(&[1], None, 60)])])
}

impl Case {
    fn on(mut self, zone: Tz, date: &str) -> Self {
        (self.zone, self.first) = (zone, date.parse().unwrap());
        self.now = at(&format!("{date}T00:00:00Z")) - TimeDelta::days(2);
        self
    }

    fn of(&mut self, id: i64) -> &mut Calendar {
        self.calendars.get_mut(&ResourceId(id)).unwrap()
    }

    /// When visits may begin, by the business's clock.
    fn times(&self) -> Vec<String> {
        self.free().iter().map(|s| s.starts_at.with_timezone(&self.zone).format("%H:%M").to_string()).collect()
    }

    /// Who does each part, way after way, of the visit at this time.
    fn ways(&self, time: &str) -> Vec<Vec<usize>> {
        let chains = self.chains(span(time, time).start, 100);
        chains.iter().map(|chain| chain.iter().map(|a| a.doer).collect()).collect()
    }
}

#[test]
fn the_services_own_step_and_offset_go_before_the_businesss() {
    let mut case = one_hour();
    case.parts[0].service.step = Some(TimeDelta::minutes(45));
    assert_eq!(case.times(), ["09:00", "09:45", "10:30"]);
    case.parts[0].service.offset = TimeDelta::minutes(10);
    assert_eq!(case.times(), ["09:10", "09:55", "10:40"]);
}

#[test]
fn a_day_that_differs_takes_nothing_from_the_week() {
    let mut case = one_hour();
    case.of(1).rota.exceptions = vec![except(("2026-11-20", "2026-11-20"), Some((480, 600)))];
    assert_eq!(case.times(), ["09:00"], "within the business's hours");
    case.of(1).rota.exceptions.push(except(("2026-11-20", "2026-11-20"), Some((660, 780))));
    assert_eq!(case.times(), ["09:00", "11:00"], "two rows are two intervals");
    case.of(1).rota.exceptions.push(except(("2026-11-01", "2026-11-30"), None));
    assert_eq!(case.times(), [""; 0], "a vacation closes the day whatever else is said of it");
    case.of(1).rota.exceptions = vec![except(("2026-11-21", "2026-11-25"), None)];
    assert_eq!(case.times(), ["09:00", "10:00", "11:00"], "the day before a vacation is a day like any other");
    case.house.exceptions = vec![except(("2026-11-20", "2026-11-20"), Some((600, 720)))];
    assert_eq!(case.times(), ["10:00", "11:00"], "a short day of the business is one of everybody");
}

#[test]
fn a_night_belongs_to_the_date_on_which_it_begins() {
    let mut case = one_hour();
    case.house.week = every_day(1320, 1560);
    case.house.exceptions = vec![except(("2026-11-20", "2026-11-20"), None)];
    assert_eq!(case.times(), ["00:00", "01:00"], "Friday is closed, but Thursday's night reaches into it");
    case.house.exceptions = vec![except(("2026-11-19", "2026-11-19"), None)];
    assert_eq!(case.times(), ["22:00", "23:00"]);
}

#[test]
fn a_clock_that_jumps_leaves_out_what_it_jumps_over() {
    // Berlin, 2027-03-28: 02:00 becomes 03:00.
    let mut case = one_hour().on(Tz::Europe__Berlin, "2027-03-28");
    case.house.week = every_day(30, 300);
    assert_eq!(case.times(), ["00:30", "01:30", "03:30"]);
    let moments: Vec<_> = case.free().iter().map(|s| s.starts_at).collect();
    assert_eq!(moments[2] - moments[1], TimeDelta::hours(1));
    case.house.week = every_day(150, 300);
    assert_eq!(case.times(), ["03:00", "04:00"], "an opening that never comes is at the jump");
}

#[test]
fn a_clock_that_shows_an_hour_twice_gives_both_of_them() {
    // Berlin, 2026-10-25: 03:00 becomes 02:00.
    let mut case = one_hour().on(Tz::Europe__Berlin, "2026-10-25");
    case.house.week = every_day(60, 240);
    assert_eq!(case.times(), ["01:00", "02:00", "02:00", "03:00"]);
    case.house.week = every_day(150, 300);
    assert_eq!(case.times(), ["02:30", "02:30", "03:30"], "it opens the first time that the clock shows the hour");
}

#[test]
fn a_business_that_changes_its_zone_keeps_its_hours_by_the_new_clocks() {
    let mut case = one_hour();
    let before: Vec<_> = case.free().iter().map(|s| s.starts_at).collect();
    // Booked by the old clocks at 10: that moment stays taken.
    case.of(1).taken = vec![span("10:00", "11:00")];
    case.zone = Tz::Europe__Moscow;
    assert_eq!(case.times(), ["09:00", "10:00", "11:00"]);
    let after: Vec<_> = case.free().iter().map(|s| s.starts_at + TimeDelta::hours(3)).collect();
    assert_eq!(before, after);
    case.zone = Tz::Europe__London;
    assert_eq!(case.times(), ["09:00", "11:00"]);
}

#[test]
fn a_block_comes_back_at_its_wall_clock_time() {
    let mut case = one_hour().on(Tz::Europe__Berlin, "2027-03-29");
    case.house.week = every_day(540, 720);
    // Mondays at ten, since before the clocks changed: 09:00 in UTC then, 08:00 now.
    let span = Span { start: at("2027-03-22T09:00:00Z"), end: at("2027-03-22T10:00:00Z") };
    let repeats = BlockRepeats { zone: Tz::Europe__Berlin, weekdays: vec![1], every_weeks: 1, until: None };
    case.of(1).blocks = vec![Block { span, repeats: Some(repeats.clone()) }];
    assert_eq!(case.times(), ["09:00", "11:00"]);
    case.of(1).blocks[0].repeats = Some(BlockRepeats { every_weeks: 2, ..repeats.clone() });
    assert_eq!(case.times(), ["09:00", "10:00", "11:00"], "this is the week between");
    case.of(1).blocks[0].repeats = Some(BlockRepeats { weekdays: vec![2], ..repeats.clone() });
    assert_eq!(case.times(), ["09:00", "10:00", "11:00"], "this is no Tuesday");
    let until = Some("2027-03-28".parse().unwrap());
    case.of(1).blocks[0].repeats = Some(BlockRepeats { until, ..repeats });
    assert_eq!(case.times(), ["09:00", "10:00", "11:00"], "it came for the last time a week ago");
}

#[test]
fn a_buffer_may_stick_out_of_the_hours_but_not_into_a_block() {
    let mut case = friday(vec![part(1, (30, 30), &[doer(&[1], None, 60)])]);
    assert_eq!(case.times(), ["09:00", "10:00", "11:00"]);
    case.of(1).blocks = vec![Block { span: span("08:00", "08:45"), repeats: None }];
    assert_eq!(case.times(), ["10:00", "11:00"]);
}

#[test]
fn a_visit_goes_on_where_its_parts_meet() {
    // Haircut with 1 or 2, then colour with 2 alone.
    let mut case = friday(vec![
        part(1, (0, 0), &[doer(&[1], None, 60), doer(&[2], None, 60)]),
        part(2, (0, 0), &[doer(&[2], None, 60)]),
    ]);
    assert_eq!(case.times(), ["09:00", "10:00"]);
    case.of(2).taken = vec![span("09:00", "10:00")];
    assert_eq!(case.times(), ["09:00", "10:00"], "2 is free when 1 is done");
    assert_eq!(case.free()[0].doers, [0]);
    case.of(1).taken = vec![span("09:00", "10:00")];
    assert_eq!(case.times(), ["10:00"]);
    assert_eq!(case.ways("10:00"), [[1, 0], [0, 0]], "one who does both goes before two");
}

#[test]
fn parts_of_one_resource_need_no_buffers_between_them() {
    let mut case = friday(vec![part(1, (15, 15), &[doer(&[1], None, 60)]), part(2, (15, 45), &[doer(&[1], None, 60)])]);
    case.of(1).taken = vec![span("08:30", "08:45"), span("11:45", "12:00")];
    assert_eq!(case.times(), ["09:00"]);
    let chain = case.chains(span("09:00", "09:00").start, 1).pop().unwrap();
    assert_eq!(stretches(&case.parts(), &chain), [(ResourceId(1), span("08:45", "11:45"))]);
    case.parts.insert(1, part(3, (0, 0), &[doer(&[2], None, 20)]));
    case.of(1).taken.clear();
    case.calendars.insert(ResourceId(2), Calendar::default());
    let chain = case.chains(span("09:00", "09:00").start, 1).pop().unwrap();
    let apart = [(ResourceId(1), span("08:45", "12:05")), (ResourceId(2), span("10:00", "10:20"))];
    assert_eq!(stretches(&case.parts(), &chain), apart, "a visit's own buffers may overlap");
}

#[test]
fn a_party_gets_the_table_that_leaves_the_fewest_seats_empty() {
    let tables = [
        doer(&[3], Some(6), 60),
        doer(&[1, 2], Some(4), 60),
        doer(&[4], Some(4), 60),
        doer(&[5], Some(4), 60),
        doer(&[1], Some(2), 60),
    ];
    let mut case = friday(vec![part(1, (0, 0), &tables)]);
    case.party = 2;
    case.load = HashMap::from([(ResourceId(4), 2), (ResourceId(5), 1)]);
    assert_eq!(case.ways("09:00"), [[4], [3], [2], [1], [0]]);
    case.of(2).taken = vec![span("09:30", "10:00")];
    assert_eq!(case.ways("09:00"), [[4], [3], [2], [0]], "of two tables put together both must be free");
}

#[test]
fn a_group_is_joined_while_it_has_seats() {
    let mut case = friday(vec![group(part(1, (10, 10), &[doer(&[1], None, 60)]), 5)]);
    assert_eq!(case.free().iter().map(|s| s.seats_left).collect::<Vec<_>>(), [Some(5); 3]);
    let span = span("09:00", "10:00");
    let session =
        Session { id: SessionId(7), service: ServiceId(1), starts_at: span.start, ends_at: span.end, seats_left: 2 };
    case.of(1).sessions = vec![session];
    case.of(1).taken = vec![Span { start: at("2026-11-20T08:50:00Z"), end: at("2026-11-20T10:10:00Z") }];
    case.party = 2;
    assert_eq!(case.times(), ["09:00", "11:00"], "nobody opens another group within the first one's buffer");
    assert_eq!(case.free()[0].seats_left, Some(2));
    assert_eq!(case.chains(span.start, 1)[0][0].session, Some(SessionId(7)));
    case.party = 3;
    assert_eq!(case.times(), ["11:00"]);
    case.party = 2;
    case.parts[0].doers[0].duration = TimeDelta::minutes(50);
    assert_eq!(case.times(), ["11:00"], "a visit of another length is no seat in it");
    case.parts[0].doers[0].duration = TimeDelta::minutes(60);
    case.parts[0].service.id = ServiceId(2);
    assert_eq!(case.times(), ["11:00"], "nor one of another service");
    case.parts[0].service.id = ServiceId(1);
    case.of(1).blocks = vec![Block { span: Span { start: span.start, end: span.end }, repeats: None }];
    assert_eq!(case.times(), ["11:00"], "nor when it was blocked meanwhile");
}

#[test]
fn a_visit_does_not_reach_into_its_own_group() {
    let lesson = |buffers| part(1, buffers, &[doer(&[1], None, 60)]);
    let class = |buffers| group(part(2, buffers, &[doer(&[1], None, 60)]), 5);
    assert_eq!(friday(vec![lesson((0, 0)), class((0, 0))]).times(), ["09:00", "10:00"]);
    assert_eq!(friday(vec![lesson((0, 10)), class((0, 0))]).times(), [""; 0]);
    assert_eq!(friday(vec![class((0, 0)), lesson((10, 0))]).times(), [""; 0]);
    // A bath in between: the lesson's buffer is as long as that.
    let bath = part(3, (0, 0), &[doer(&[2], None, 20)]);
    assert_eq!(friday(vec![lesson((0, 20)), bath.clone(), class((0, 0))]).times(), ["09:00"]);
    assert_eq!(friday(vec![lesson((0, 25)), bath.clone(), class((0, 0))]).times(), [""; 0]);
    assert_eq!(friday(vec![lesson((0, 25)), bath, lesson((25, 0))]).times(), ["09:00"], "no group, one stretch");
}

#[test]
fn a_full_day_has_no_times() {
    let mut case = friday(vec![part(1, (0, 0), &[doer(&[1], None, 60), doer(&[2], None, 60)])]);
    let date = case.first;
    case.policy.resource_daily_cap = Some(2);
    case.counts.resource = HashMap::from([((ResourceId(1), date), 2)]);
    assert!(case.free().iter().all(|s| s.doers == [1]));
    case.counts.resource.insert((ResourceId(2), date), 3);
    assert_eq!(case.times(), [""; 0]);
    case.policy.resource_daily_cap = None;
    assert_eq!(case.times(), ["09:00", "10:00", "11:00"], "what is counted without a cap does not matter");
    case.policy.customer_daily_cap = Some(1);
    case.counts.customer = HashMap::from([(date, 1)]);
    assert_eq!(case.times(), [""; 0]);
    case.counts.customer.clear();
    case.policy.daily_cap = Some(1);
    assert_eq!(case.times(), ["09:00", "10:00", "11:00"]);
    case.counts.all = HashMap::from([(date, 1)]);
    assert_eq!(case.times(), [""; 0]);
}

/// Eight parts, sixty doers each, all of different lengths, and a wall at the end: the ways are beyond counting, and the
/// search is done nevertheless.
#[test]
fn a_search_among_endlessly_many_ways_ends() {
    let doers: Vec<Doer> = (1..=60).map(|id| doer(&[id], None, 5 + id)).collect();
    let mut case = friday((1..=8).map(|id| part(id, (5, 5), &doers)).collect());
    case.house.week = every_day(0, 540);
    assert_eq!(case.free().len(), 9);
    assert_eq!(case.chains(case.free()[0].starts_at, 20).len(), 20);
    // Nobody has time for the last part.
    case.parts[7].doers = vec![doer(&[61], None, 60)];
    case.calendars.insert(
        ResourceId(61),
        Calendar { taken: vec![Span { start: case.now, end: at("2027-01-01T00:00:00Z") }], ..Calendar::default() },
    );
    assert_eq!(case.times(), [""; 0]);
    // Groups that the visit itself reaches into, whoever does what.
    for part in &mut case.parts {
        part.service.buffer_after = TimeDelta::hours(12);
    }
    case.parts[7] = group(part(8, (720, 0), &doers[..1]), 9);
    for part in &mut case.parts[..7] {
        part.doers.retain(|d| d.resources[0].0 <= 12);
    }
    let free = case.free();
    assert_eq!(free.len(), 9);
    assert!(free.iter().all(|s| !s.doers.contains(&0)), "who gives the group has no time before it");
    assert_eq!(case.chains(free[0].starts_at, 3).len(), 3);
}
