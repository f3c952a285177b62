//! What a person may do, against a table of every reason why not.

#![expect(clippy::unwrap_used, reason = "a test ends with a panic wherever it goes wrong")]

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use proptest::{option, prelude::*, sample::select};
use tenant_bot::booking::{
    Booking, BookingId, Line, Office, Price, Refusal, ResourceId, Service, ServiceId, Status, UserId,
    policy::{Act, Admits, Approval, COMES_WITHIN, Limits, Permit, Person, Policy, RATED_WITHIN, may},
    roles::{Right, Role},
};

const ME: UserId = UserId(1);
/// Of whom the schedule can be seen by.
const SEES: [Role; 4] = [Role::Owner, Role::Manager, Role::Staff, Role::Viewer];
/// What can be said of a visit that stands so.
const MARKS: [(Status, Status); 11] = [
    (Status::Confirmed, Status::Arrived),
    (Status::Confirmed, Status::Completed),
    (Status::Confirmed, Status::NoShow),
    (Status::Arrived, Status::Completed),
    (Status::Arrived, Status::Confirmed),
    (Status::Arrived, Status::NoShow),
    (Status::Completed, Status::NoShow),
    (Status::Completed, Status::Arrived),
    (Status::NoShow, Status::Arrived),
    (Status::NoShow, Status::Completed),
    (Status::NoShow, Status::Confirmed),
];

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn now() -> DateTime<Utc> {
    at("2026-11-20T09:00:00Z")
}

fn minutes(n: i64) -> TimeDelta {
    TimeDelta::minutes(n)
}

/// An hour with somebody.
fn line(resource: ResourceId) -> Line {
    Line {
        service: ServiceId(1),
        service_name: "Стрижка".into(),
        resources: vec![resource],
        resource_names: vec!["Артём".into()],
        starts_at: now(),
        duration: minutes(60),
        buffer_before: minutes(0),
        buffer_after: minutes(0),
        price: Price::exactly(0),
        session: None,
    }
}

/// My booking of an hour that stands.
fn booking(starts_at: DateTime<Utc>) -> Booking {
    Booking {
        id: BookingId(1),
        user: ME,
        status: Status::Confirmed,
        lines: Vec::new(),
        starts_at,
        ends_at: starts_at + minutes(60),
        price: Price::exactly(0),
        party: 1,
        customer_name: "Анна".into(),
        phone: "+79990000000".into(),
        comment: None,
        answers: Vec::new(),
        held_until: None,
        series: None,
        moved_from: None,
        cancelled_by: None,
        cancel_reason: None,
        coming_at: None,
        office: Office::default(),
    }
}

fn ahead(n: i64) -> Booking {
    booking(now() + minutes(n))
}

/// An act that owns what it is about.
#[derive(Clone, Debug)]
enum Asked {
    Begin,
    Book(DateTime<Utc>, usize),
    Wait(DateTime<Utc>),
    See(Booking),
    Cancel(Booking),
    Move(Booking, Option<DateTime<Utc>>),
    Come(Booking),
    Rate(Booking),
    Approve(Booking),
    Decline(Booking),
    Mark(Booking, Status),
    CancelFor(Booking),
    MoveFor(Booking),
    Edit(Booking),
    SeeSchedule,
}

#[derive(Clone, Debug)]
struct Case {
    who: Person,
    asked: Asked,
    policy: Policy,
    limits: Limits,
    zone: Tz,
    now: DateTime<Utc>,
}

impl Case {
    fn answer(&self) -> Result<Permit, Refusal> {
        let limits = self.limits;
        let act = match &self.asked {
            Asked::Begin => Act::Begin,
            Asked::Book(starts_at, active) => Act::Book { starts_at: *starts_at, limits, active: *active },
            Asked::Wait(until) => Act::Wait { until: *until },
            Asked::See(b) => Act::See(b),
            Asked::Cancel(b) => Act::Cancel(b),
            Asked::Move(booking, to) => Act::Move { booking, to: to.map(|to| (to, limits)) },
            Asked::Come(b) => Act::Come(b),
            Asked::Rate(b) => Act::Rate(b),
            Asked::Approve(b) => Act::Approve(b),
            Asked::Decline(b) => Act::Decline(b),
            Asked::Mark(b, to) => Act::Mark(b, *to),
            Asked::CancelFor(b) => Act::CancelFor(b),
            Asked::MoveFor(b) => Act::MoveFor(b),
            Asked::Edit(b) => Act::Edit(b),
            Asked::SeeSchedule => Act::Use(Right::SeeDay),
        };
        may(&self.who, act, &self.policy, self.zone, self.now)
    }

    fn late(&self, booking: &Booking, deadline: TimeDelta) -> bool {
        booking.starts_at - self.now < deadline
    }

    /// Every reason why one may not begin a booking.
    fn unwelcome(&self) -> Vec<(bool, Refusal)> {
        let Self { who, policy, .. } = self;
        vec![
            (who.blocked, Refusal::Blocked),
            (policy.admits == Admits::Nobody, Refusal::NotNow),
            (policy.admits == Admits::Known && !who.known, Refusal::OnlyKnown),
        ]
    }

    /// Every reason why a visit may not begin then.
    fn untimely(&self, at: DateTime<Utc>) -> Vec<(bool, Refusal)> {
        let day = |at: DateTime<Utc>| at.with_timezone(&self.zone).date_naive();
        vec![
            (at < self.now, Refusal::Past),
            (at - self.now < self.limits.notice, Refusal::TooSoon(self.limits.notice)),
            (
                (day(at) - day(self.now)).num_days() > i64::from(self.limits.horizon_days),
                Refusal::TooFar(self.limits.horizon_days),
            ),
        ]
    }

    /// Every reason why not, the weightiest first.
    fn reasons(&self) -> Vec<(bool, Refusal)> {
        use Refusal::*;
        let Self { who, policy, now, .. } = self;
        let foreign = |b: &Booking| (b.user != who.id, NoSuchBooking);
        let not = |b: &Booking, statuses: &[Status]| (!statuses.contains(&b.status), NoLonger);
        let begun = |b: &Booking| (b.starts_at <= *now, Past);
        let stranger = (!SEES.contains(&who.role) || who.role == Role::Staff && who.resource.is_none(), NotAdmin);
        let not_theirs = |b: &Booking| {
            let has_part = b.lines.iter().any(|line| line.resources.iter().any(|r| Some(*r) == who.resource));
            let runs = match who.role {
                Role::Owner | Role::Manager => true,
                Role::Staff => who.resource.is_some() && has_part,
                Role::Viewer | Role::Customer => false,
            };
            (!runs, NotAdmin)
        };
        match &self.asked {
            Asked::Begin => self.unwelcome(),
            Asked::Book(at, active) => {
                let limit = (*active >= usize::from(policy.active_limit), LimitReached(policy.active_limit));
                [self.unwelcome(), self.untimely(*at), vec![limit]].concat()
            }
            Asked::Wait(until) => {
                [vec![(!policy.waitlist, NoWaiting), (until <= now, Past)], self.unwelcome()].concat()
            }
            Asked::See(b) => vec![foreign(b)],
            Asked::Cancel(b) => {
                let late = b.status == Status::Confirmed && self.late(b, policy.cancel_deadline);
                let still = not(b, &[Status::Held, Status::Requested, Status::Confirmed]);
                vec![foreign(b), still, begun(b), (late, TooLateToCancel(policy.cancel_deadline))]
            }
            Asked::Move(b, to) => {
                let late = (self.late(b, policy.move_deadline), TooLateToMove(policy.move_deadline));
                let stands = vec![not(b, &[Status::Requested, Status::Confirmed]), begun(b), late];
                [vec![foreign(b)], self.unwelcome(), stands, to.map_or(Vec::new(), |to| self.untimely(to))].concat()
            }
            Asked::Come(b) => vec![foreign(b), not(b, &[Status::Confirmed]), begun(b)],
            Asked::Rate(b) => {
                let over = b.status == Status::Completed && (b.ends_at..b.ends_at + RATED_WITHIN).contains(now);
                vec![foreign(b), (!over, NothingToRate)]
            }
            Asked::Approve(b) => vec![not_theirs(b), not(b, &[Status::Requested]), begun(b)],
            Asked::Decline(b) => vec![not_theirs(b), not(b, &[Status::Requested])],
            Asked::Mark(b, to) => {
                let (before, after) = (*now < b.starts_at, b.ends_at <= *now);
                let early = b.starts_at - *now > COMES_WITHIN;
                let mut why = vec![not_theirs(b), (!MARKS.contains(&(b.status, *to)), NoLonger)];
                why.extend(match to {
                    Status::Arrived => vec![(early, TooEarly(COMES_WITHIN)), (after, Past)],
                    Status::Confirmed => vec![(after, Past)],
                    _ => vec![(before, NotBegun)],
                });
                why
            }
            Asked::CancelFor(b) | Asked::MoveFor(b) => {
                let over = (b.ends_at <= *now, Past);
                vec![not_theirs(b), not(b, &[Status::Requested, Status::Confirmed]), over]
            }
            Asked::Edit(b) => {
                let gone = matches!(b.status, Status::Held | Status::Moved) || b.customer_name.is_empty();
                vec![not_theirs(b), (gone, NoLonger)]
            }
            Asked::SeeSchedule => vec![stranger],
        }
    }

    /// Whether a yes is only one to ask the business.
    fn by_request(&self) -> bool {
        let unreliable = self.policy.no_show_limit.is_some_and(|limit| limit <= self.who.no_shows);
        let asks = unreliable || self.policy.approval == Approval::ByRequest;
        match &self.asked {
            Asked::Begin | Asked::Book(..) | Asked::Wait(_) => asks,
            Asked::Move(b, _) => asks || b.status == Status::Requested,
            _ => false,
        }
    }
}

fn some_person() -> impl Strategy<Value = Person> {
    let role = prop_oneof![5 => Just(Role::Customer), 1 => select(&Role::TEAM)];
    let resource = option::of((1..3i64).prop_map(ResourceId));
    (role, resource, any::<bool>(), prop::bool::weighted(0.15), 0..4u16).prop_map(
        |(role, resource, known, blocked, no_shows)| Person { id: ME, role, resource, known, blocked, no_shows },
    )
}

fn some_policy() -> impl Strategy<Value = Policy> {
    let admits = prop_oneof![4 => Just(Admits::Everyone), 1 => Just(Admits::Known), 1 => Just(Admits::Nobody)];
    let approval = prop_oneof![Just(Approval::AtOnce), Just(Approval::ByRequest)];
    let deadlines = (0..4i64, 0..4i64);
    (admits, approval, deadlines, option::of(0..4u16), 0..4u16, any::<bool>()).prop_map(
        |(admits, approval, (cancel, moved), no_show_limit, active_limit, waitlist)| Policy {
            admits,
            approval,
            cancel_deadline: minutes(cancel * 60),
            move_deadline: minutes(moved * 60),
            no_show_limit,
            active_limit,
            waitlist,
            ..Policy::default()
        },
    )
}

/// A moment on the edge of what anything says, or somewhere.
fn some_distance() -> impl Strategy<Value = TimeDelta> {
    let edge = (-4..5i64, -1..2i64).prop_map(|(hours, seconds)| minutes(hours * 60) + TimeDelta::seconds(seconds));
    prop_oneof![4 => edge, 2 => (-1500..6000i64).prop_map(minutes)]
}

fn some_booking(now: DateTime<Utc>) -> impl Strategy<Value = Booking> {
    let long_ago = (-1..2i64).prop_map(|seconds| -RATED_WITHIN - minutes(60) + TimeDelta::seconds(seconds));
    let distance = prop_oneof![6 => some_distance(), 1 => long_ago];
    let name = prop::bool::weighted(0.9);
    let with = (1..3i64).prop_map(|n| line(ResourceId(n)));
    (prop::bool::weighted(0.9), select(&Status::ALL), distance, name, with).prop_map(
        move |(mine, status, distance, named, line)| Booking {
            user: if mine { ME } else { UserId(2) },
            status,
            customer_name: if named { "Анна".into() } else { String::new() },
            lines: vec![line],
            ..booking(now + distance)
        },
    )
}

fn some_case() -> impl Strategy<Value = Case> {
    let place = (select(&[Tz::UTC, Tz::Asia__Kamchatka, Tz::America__St_Johns, Tz::Europe__Berlin]), 0..2880i64);
    place.prop_flat_map(|(zone, now)| {
        // Two days around a change of Berlin's clocks.
        let now = at("2027-03-27T00:00:00Z") + minutes(now);
        let b = move || some_booking(now);
        let asked = prop_oneof![
            1 => Just(Asked::Begin),
            3 => (some_distance(), 0..4usize).prop_map(move |(d, active)| Asked::Book(now + d, active)),
            1 => some_distance().prop_map(move |d| Asked::Wait(now + d)),
            1 => b().prop_map(Asked::See),
            3 => b().prop_map(Asked::Cancel),
            3 => (b(), option::of(some_distance())).prop_map(move |(b, to)| Asked::Move(b, to.map(|to| now + to))),
            2 => b().prop_map(Asked::Come),
            2 => b().prop_map(Asked::Rate),
            2 => b().prop_map(Asked::Approve),
            2 => b().prop_map(Asked::Decline),
            4 => (b(), select(&Status::ALL)).prop_map(|(b, to)| Asked::Mark(b, to)),
            2 => b().prop_map(Asked::CancelFor),
            2 => b().prop_map(Asked::MoveFor),
            1 => b().prop_map(Asked::Edit),
            1 => Just(Asked::SeeSchedule),
        ];
        let limits =
            (0..4i64, 0..5u16).prop_map(|(notice, horizon_days)| Limits { notice: minutes(notice * 60), horizon_days });
        (some_person(), asked, some_policy(), limits).prop_map(move |(who, asked, policy, limits)| Case {
            who,
            asked,
            policy,
            limits,
            zone,
            now,
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_answer_is_the_weightiest_reason_of_the_table(case in some_case()) {
        let permit = if case.by_request() { Permit::ByRequest } else { Permit::Yes };
        let expected = case.reasons().into_iter().find(|(holds, _)| *holds).map_or(Ok(permit), |(_, why)| Err(why));
        prop_assert_eq!(case.answer(), expected);
    }

    /// What was shown as possible and is pressed later may be refused, but what was too late never becomes possible again.
    #[test]
    fn what_is_too_late_stays_too_late(case in some_case(), wait in 0..3000i64) {
        let moves = matches!(case.asked, Asked::Cancel(_) | Asked::Move(_, None) | Asked::Come(_) | Asked::Approve(_));
        if moves && case.answer().is_err() {
            let later = Case { now: case.now + minutes(wait), ..case };
            prop_assert!(later.answer().is_err());
        }
    }

    /// Nobody books who could not have begun to.
    #[test]
    fn whoever_may_book_may_begin(case in some_case()) {
        if let (Asked::Book(..) | Asked::Move(..), Ok(permit)) = (&case.asked, case.answer()) {
            let begun = Case { asked: Asked::Begin, ..case.clone() }.answer();
            let stricter = permit == Permit::ByRequest && begun == Ok(Permit::Yes);
            prop_assert!(begun == Ok(permit) || stricter && matches!(case.asked, Asked::Move(..)));
        }
    }
}

fn book(n: i64, active: usize) -> Result<Permit, Refusal> {
    let policy = Policy::default();
    let act = Act::Book { starts_at: now() + minutes(n), limits: policy.limits([]), active };
    may(&Person::stranger(ME), act, &policy, Tz::Europe__Moscow, now())
}

#[test]
fn a_booking_begins_after_the_notice_and_before_the_horizon() {
    assert_eq!(book(-1, 0), Err(Refusal::Past));
    assert_eq!(book(59, 0), Err(Refusal::TooSoon(minutes(60))));
    assert_eq!(book(60, 0), Ok(Permit::Yes));
    // Noon in Moscow today; the thirtieth day from today ends in 30 days and 12 hours.
    assert_eq!(book((30 * 24 + 12) * 60 - 1, 0), Ok(Permit::Yes));
    assert_eq!(book((30 * 24 + 12) * 60, 0), Err(Refusal::TooFar(30)));
}

#[test]
fn three_bookings_ahead_are_enough() {
    assert_eq!(book(120, 2), Ok(Permit::Yes));
    assert_eq!(book(120, 3), Err(Refusal::LimitReached(3)));
}

#[test]
fn a_visit_has_the_strictest_limits_of_its_services() {
    let service = |notice: Option<i64>, horizon_days| Service {
        id: ServiceId(1),
        name: "Стрижка".into(),
        description: None,
        photo: None,
        category: None,
        duration: minutes(60),
        buffer_before: minutes(0),
        buffer_after: minutes(0),
        price: Price::exactly(0),
        step: None,
        offset: minutes(0),
        notice: notice.map(minutes),
        horizon_days,
        capacity: 1,
        questions: Vec::new(),
    };
    let policy = Policy::default();
    let limits = |notice, horizon_days| Limits { notice: minutes(notice), horizon_days };
    assert_eq!(policy.limits([]), limits(60, 30));
    assert_eq!(policy.limits([&service(Some(10), None)]), limits(10, 30), "its own goes before the business's");
    assert_eq!(policy.limits([&service(Some(10), Some(90)), &service(None, Some(60))]), limits(60, 60));
    assert_eq!(policy.limits([&service(Some(1440), Some(90)), &service(Some(10), None)]), limits(1440, 30));
}

#[test]
fn a_customer_cancels_only_their_own_and_in_time() {
    let ask =
        |who: i64, n| may(&Person::stranger(UserId(who)), Act::Cancel(&ahead(n)), &Policy::default(), Tz::UTC, now());
    assert_eq!(ask(1, 120), Ok(Permit::Yes));
    assert_eq!(ask(1, 119), Err(Refusal::TooLateToCancel(minutes(120))));
    assert_eq!(ask(1, 0), Err(Refusal::Past));
    assert_eq!(ask(2, 120), Err(Refusal::NoSuchBooking));
}

#[test]
fn a_request_may_be_dropped_and_moved_but_moving_is_no_agreement() {
    let request = Booking { status: Status::Requested, ..ahead(150) };
    let ask = |act| may(&Person::stranger(ME), act, &Policy::default(), Tz::UTC, now());
    assert_eq!(ask(Act::Move { booking: &request, to: None }), Ok(Permit::ByRequest));
    let soon = Booking { status: Status::Requested, ..ahead(5) };
    assert_eq!(ask(Act::Cancel(&soon)), Ok(Permit::Yes));
}

#[test]
fn whoever_did_not_come_too_often_books_by_request_only() {
    let policy = Policy { no_show_limit: Some(2), ..Policy::default() };
    let ask = |no_shows| {
        let who = Person { no_shows, ..Person::stranger(ME) };
        may(&who, Act::Begin, &policy, Tz::UTC, now())
    };
    assert_eq!(ask(1), Ok(Permit::Yes));
    assert_eq!(ask(2), Ok(Permit::ByRequest));
}

#[test]
fn a_visit_is_rated_once_it_is_over_and_for_a_fortnight() {
    let ask = |starts_at, status| {
        let visit = Booking { status, ..booking(starts_at) };
        may(&Person::stranger(ME), Act::Rate(&visit), &Policy::default(), Tz::UTC, now())
    };
    let over = now() - minutes(60);
    assert_eq!(ask(over, Status::Completed), Ok(Permit::Yes));
    assert_eq!(ask(over + minutes(1), Status::Completed), Err(Refusal::NothingToRate));
    assert_eq!(ask(over - RATED_WITHIN, Status::Completed), Err(Refusal::NothingToRate));
    assert_eq!(ask(over, Status::NoShow), Err(Refusal::NothingToRate));
}

#[test]
fn only_the_owner_sees_the_schedule_and_answers_requests() {
    let request = Booking { user: UserId(2), status: Status::Requested, ..ahead(120) };
    for act in [Act::Use(Right::SeeDay), Act::Approve(&request), Act::Decline(&request)] {
        let ask = |role| {
            let who = Person { role, ..Person::stranger(ME) };
            may(&who, act, &Policy::default(), Tz::UTC, now())
        };
        assert_eq!(ask(Role::Owner), Ok(Permit::Yes));
        assert_eq!(ask(Role::Customer), Err(Refusal::NotAdmin));
    }
}
