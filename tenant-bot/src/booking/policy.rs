//! May this person do this now, and if not, why: one function, asked for what is shown and for what is done.

use chrono::{DateTime, Days, TimeDelta, Utc};
use chrono_tz::Tz;

use super::{
    hours::{Span, local_date, moment},
    model::{Actor, Booking, ResourceId, Service, Status, UserId},
    roles::{Member, Right, Role},
};

/// What the business allows. Every value has a default that suits most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Visits begin at whole steps from an opening.
    pub step: TimeDelta,
    /// A booking is made at least so long before it begins.
    pub notice: TimeDelta,
    /// And at most so many days ahead, by the dates of the business.
    pub horizon_days: u16,
    /// A customer may cancel until so long before the beginning.
    pub cancel_deadline: TimeDelta,
    /// A customer may move a booking until so long before its beginning.
    pub move_deadline: TimeDelta,
    /// So many bookings of one customer may be ahead at once; repeats that were made together count as one.
    pub active_limit: u16,
    /// Whether bookings stand at once.
    pub approval: Approval,
    /// Who may book.
    pub admits: Admits,
    /// Whoever did not come so often books by request only; none: nobody does for that.
    pub no_show_limit: Option<u16>,
    /// At most so many visits begin on one date; none: as many as fit. Of the whole business, of one resource, of one
    /// customer.
    pub daily_cap: Option<u16>,
    /// See [`daily_cap`](Self::daily_cap).
    pub resource_daily_cap: Option<u16>,
    /// See [`daily_cap`](Self::daily_cap).
    pub customer_daily_cap: Option<u16>,
    /// How long a time is kept for a customer who is still typing.
    pub hold: TimeDelta,
    /// How long a freed time is kept for whoever waited for it.
    pub offer: TimeDelta,
    /// Whether one may wait for a freed time.
    pub waitlist: bool,
    /// At most so many services in one visit.
    pub visit_limit: u16,
    /// At most so many dates in one series of repeats; below 2 there are no repeats.
    pub repeat_limit: u16,
    /// Said so long before a visit, in no particular order.
    pub reminders: Vec<TimeDelta>,
    /// So long before the visit, what was asked about and not answered is cancelled; none: it stands.
    pub free_unanswered: Option<TimeDelta>,
    /// How it was is asked so long after a visit; none: it is not asked.
    pub feedback_after: Option<TimeDelta>,
}

/// Whether bookings stand at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approval {
    /// They do.
    AtOnce,
    /// Somebody of the business agrees first; a request keeps its time.
    ByRequest,
}

/// Who may book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admits {
    /// Everybody.
    Everyone,
    /// Who has been here before.
    Known,
    /// Nobody: the business takes no bookings for now.
    Nobody,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            step: TimeDelta::minutes(30),
            notice: TimeDelta::hours(1),
            horizon_days: 30,
            cancel_deadline: TimeDelta::hours(2),
            move_deadline: TimeDelta::hours(2),
            active_limit: 3,
            approval: Approval::AtOnce,
            admits: Admits::Everyone,
            no_show_limit: None,
            daily_cap: None,
            resource_daily_cap: None,
            customer_daily_cap: None,
            hold: TimeDelta::minutes(10),
            offer: TimeDelta::minutes(15),
            waitlist: true,
            visit_limit: 4,
            repeat_limit: 12,
            reminders: vec![TimeDelta::hours(24), TimeDelta::hours(2), TimeDelta::hours(1)],
            free_unanswered: None,
            feedback_after: Some(TimeDelta::hours(1)),
        }
    }
}

/// How soon and how far ahead one visit may begin: the strictest of its services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// At least so long before it begins.
    pub notice: TimeDelta,
    /// At most so many days ahead.
    pub horizon_days: u16,
}

impl Limits {
    /// When a booking that is made now may begin.
    pub fn window(self, zone: Tz, now: DateTime<Utc>) -> Span {
        let today = local_date(zone, now);
        let after = today.checked_add_days(Days::new(u64::from(self.horizon_days) + 1)).unwrap_or(today);
        Span { start: now + self.notice, end: moment(zone, after, 0) }
    }
}

impl Policy {
    /// The limits of a visit of these services.
    pub fn limits<'a>(&self, services: impl IntoIterator<Item = &'a Service>) -> Limits {
        let mut limits: Option<Limits> = None;
        for service in services {
            let own = Limits {
                notice: service.notice.unwrap_or(self.notice),
                horizon_days: service.horizon_days.unwrap_or(self.horizon_days),
            };
            limits = Some(limits.map_or(own, |so_far| Limits {
                notice: so_far.notice.max(own.notice),
                horizon_days: so_far.horizon_days.min(own.horizon_days),
            }));
        }
        limits.unwrap_or(Limits { notice: self.notice, horizon_days: self.horizon_days })
    }

    /// Whether any daily cap is set, so that counts must be read.
    pub fn caps_days(&self) -> bool {
        self.daily_cap.is_some() || self.resource_daily_cap.is_some() || self.customer_daily_cap.is_some()
    }
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    /// Telegram's id.
    pub id: UserId,
    /// What they are to the business.
    pub role: Role,
    /// Whose schedule is theirs, if they run the business.
    pub resource: Option<ResourceId>,
    /// Whether a visit of theirs has taken place.
    pub known: bool,
    /// Whether the business does not want them.
    pub blocked: bool,
    /// How often they did not come.
    pub no_shows: u16,
}

impl Person {
    /// A customer of whom nothing is known.
    pub fn stranger(id: UserId) -> Self {
        Self { id, role: Role::Customer, resource: None, known: false, blocked: false, no_shows: 0 }
    }

    /// As one of those who run the business; a customer is one who may nothing.
    pub fn member(&self) -> Member {
        Member { id: self.id, role: self.role, resource: self.resource }
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub enum Act<'a> {
    /// To begin a booking at all, before a time is chosen.
    Begin,
    /// A new booking.
    Book {
        /// Beginning of the visit; of repeats the first.
        starts_at: DateTime<Utc>,
        /// The visit's limits.
        limits: Limits,
        /// Bookings of this person that are ahead already; repeats that were made together are one.
        active: usize,
    },
    /// To wait for a freed time that begins before this.
    Wait {
        /// End of the window.
        until: DateTime<Utc>,
    },
    /// To look at a booking.
    See(&'a Booking),
    /// To cancel a booking.
    Cancel(&'a Booking),
    /// To choose another time for a booking; with `to`, this one, within these limits.
    Move {
        /// Which.
        booking: &'a Booking,
        /// The new beginning, and the visit's limits.
        to: Option<(DateTime<Utc>, Limits)>,
    },
    /// To say that one comes.
    Come(&'a Booking),
    /// To say how a visit was.
    Rate(&'a Booking),
    /// To agree to a request.
    Approve(&'a Booking),
    /// To turn a request down.
    Decline(&'a Booking),
    /// To note where a visit stands: the customer is here, was here, did not come; or that a tap before was wrong.
    Mark(&'a Booking, Status),
    /// To cancel a booking for the business.
    CancelFor(&'a Booking),
    /// To give a booking another time, service or resource for the business.
    MoveFor(&'a Booking),
    /// To change what stands in a booking: name, number, note, what was paid.
    Edit(&'a Booking),
    /// To use a right of those who run the business, to whatever it may reach.
    Use(Right),
}

/// A yes, and how much of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// It is done at once.
    Yes,
    /// The business is asked first.
    ByRequest,
}

/// Why not. A person is told each of these in words of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Somebody else holds the time.
    #[error("the time is taken")]
    Taken,
    /// The time has passed.
    #[error("the time has passed")]
    Past,
    /// It begins too soon to be booked.
    #[error("it begins in less than {} min", .0.num_minutes())]
    TooSoon(TimeDelta),
    /// It lies too far ahead.
    #[error("it is more than {0} days ahead")]
    TooFar(u16),
    /// Nobody works then, or visits do not begin then.
    #[error("no visit begins then")]
    Closed,
    /// Enough visits begin on that date already.
    #[error("the day is full")]
    DayFull,
    /// The person has this many bookings ahead, and no more are allowed.
    #[error("{0} bookings are ahead already")]
    LimitReached(u16),
    /// The visit's length or price is no longer what the person was shown.
    #[error("length or price has changed")]
    OfferChanged,
    /// There is no such service, or nobody does it.
    #[error("no such service")]
    NoSuchService,
    /// There is no such resource, or it does not do this service.
    #[error("no such resource")]
    NoSuchResource,
    /// Nobody takes so many people at once: at most so many.
    #[error("at most {0} people at once")]
    PartyTooLarge(u16),
    /// So many services do not go into one visit, or they last longer than a day together.
    #[error("at most {0} services in one visit")]
    VisitTooLong(u16),
    /// No name and phone number are known.
    #[error("no name and phone number")]
    NoContact,
    /// The person has not agreed that the business keeps their data.
    #[error("no consent to personal data")]
    NoConsent,
    /// The business does not want this person.
    #[error("blocked")]
    Blocked,
    /// Only people who have been here before may book.
    #[error("only known customers")]
    OnlyKnown,
    /// The business takes no bookings for now.
    #[error("no bookings for now")]
    NotNow,
    /// There is no such booking, or it is somebody else's: which of the two is nobody's business.
    #[error("no such booking")]
    NoSuchBooking,
    /// There is no such customer, or they are none of this one's business.
    #[error("no such customer")]
    NoSuchCustomer,
    /// What was typed is no name, number or sum.
    #[error("not understood")]
    NotUnderstood,
    /// It no longer stands as it did when the button was made.
    #[error("the booking is no longer so")]
    NoLonger,
    /// It begins in less than this.
    #[error("less than {} min are left to cancel", .0.num_minutes())]
    TooLateToCancel(TimeDelta),
    /// It begins in less than this.
    #[error("less than {} min are left to move", .0.num_minutes())]
    TooLateToMove(TimeDelta),
    /// A dozen dates, or whatever the business allows, are enough.
    #[error("at most {0} repeats")]
    TooManyRepeats(u16),
    /// It has not been yet, or was too long ago, or was said already.
    #[error("there is nothing to rate")]
    NothingToRate,
    /// The kept time was let go, or the entry is no more.
    #[error("the offer is over")]
    OfferOver,
    /// The business keeps no queue, or the person waits in it often enough.
    #[error("no waiting")]
    NoWaiting,
    /// It is so long before the visit that nobody can be here for it yet.
    #[error("more than {} min are left", .0.num_minutes())]
    TooEarly(TimeDelta),
    /// What is said of the visit can be said once it has begun.
    #[error("the visit has not begun")]
    NotBegun,
    /// Only for the business's own.
    #[error("not an admin")]
    NotAdmin,
}

/// Nobody comes longer before their visit than this.
pub const COMES_WITHIN: TimeDelta = TimeDelta::hours(2);

/// For so long after its end a visit can be spoken of.
pub const RATED_WITHIN: TimeDelta = TimeDelta::days(14);

/// May `who` do `act` now?
///
/// # Errors
/// Why not.
pub fn may(who: &Person, act: Act<'_>, policy: &Policy, zone: Tz, now: DateTime<Utc>) -> Result<Permit, Refusal> {
    match act {
        Act::Begin => may_begin(who, policy),
        Act::Book { starts_at, limits, active } => {
            let permit = may_begin(who, policy)?;
            may_start(starts_at, limits, zone, now)?;
            if active >= usize::from(policy.active_limit) {
                return Err(Refusal::LimitReached(policy.active_limit));
            }
            Ok(permit)
        }
        Act::Wait { .. } if !policy.waitlist => Err(Refusal::NoWaiting),
        Act::Wait { until } if until <= now => Err(Refusal::Past),
        Act::Wait { .. } => may_begin(who, policy),
        Act::See(booking)
        | Act::Cancel(booking)
        | Act::Move { booking, .. }
        | Act::Come(booking)
        | Act::Rate(booking)
            if booking.user != who.id =>
        {
            Err(Refusal::NoSuchBooking)
        }
        Act::See(_) => Ok(Permit::Yes),
        Act::Cancel(booking) => {
            if !booking.status.may_become(Status::Cancelled, Actor::Customer) {
                Err(Refusal::NoLonger)
            } else if booking.starts_at <= now {
                Err(Refusal::Past)
            // A request is only a wish, and a hold only a thought: both may always be dropped.
            // Whom the business has asked to choose another time, it does not hold to its deadlines.
            } else if booking.status == Status::Confirmed
                && !booking.office.asked_to_move
                && booking.starts_at < now + policy.cancel_deadline
            {
                Err(Refusal::TooLateToCancel(policy.cancel_deadline))
            } else {
                Ok(Permit::Yes)
            }
        }
        Act::Move { booking, to } => {
            let permit = may_begin(who, policy)?;
            if !booking.status.may_become(Status::Moved, Actor::Customer) {
                Err(Refusal::NoLonger)
            } else if booking.starts_at <= now {
                Err(Refusal::Past)
            } else if !booking.office.asked_to_move && booking.starts_at < now + policy.move_deadline {
                Err(Refusal::TooLateToMove(policy.move_deadline))
            } else {
                if let Some((starts_at, limits)) = to {
                    may_start(starts_at, limits, zone, now)?;
                }
                // What was never agreed to is not agreed to by moving it.
                Ok(if booking.status == Status::Requested { Permit::ByRequest } else { permit })
            }
        }
        Act::Come(booking) if booking.status != Status::Confirmed => Err(Refusal::NoLonger),
        Act::Come(booking) if booking.starts_at <= now => Err(Refusal::Past),
        Act::Come(_) => Ok(Permit::Yes),
        Act::Rate(booking) => {
            let took_place = booking.status == Status::Completed && booking.ends_at <= now;
            if took_place && now < booking.ends_at + RATED_WITHIN {
                Ok(Permit::Yes)
            } else {
                Err(Refusal::NothingToRate)
            }
        }
        Act::Mark(booking, _) | Act::CancelFor(booking) | Act::MoveFor(booking) | Act::Edit(booking)
            if !who.member().may_with(Right::RunDay, booking) =>
        {
            Err(Refusal::NotAdmin)
        }
        Act::Mark(booking, to) => may_mark(booking, to, now),
        Act::CancelFor(booking) | Act::MoveFor(booking) => {
            let to = if matches!(act, Act::CancelFor(_)) { Status::Cancelled } else { Status::Moved };
            // What somebody keeps while they type is nobody's business yet.
            if booking.status == Status::Held || !booking.status.may_become(to, Actor::Staff) {
                Err(Refusal::NoLonger)
            } else if booking.ends_at <= now {
                Err(Refusal::Past)
            } else {
                Ok(Permit::Yes)
            }
        }
        // Of somebody who asked to be forgotten nothing is written down again.
        Act::Edit(booking)
            if matches!(booking.status, Status::Held | Status::Moved) || booking.customer_name.is_empty() =>
        {
            Err(Refusal::NoLonger)
        }
        Act::Edit(_) => Ok(Permit::Yes),
        Act::Use(right) if !who.member().may(right) => Err(Refusal::NotAdmin),
        Act::Use(_) => Ok(Permit::Yes),
        Act::Approve(booking) | Act::Decline(booking) if !who.member().may_with(Right::RunDay, booking) => {
            Err(Refusal::NotAdmin)
        }
        Act::Approve(booking) | Act::Decline(booking) if booking.status != Status::Requested => Err(Refusal::NoLonger),
        Act::Approve(booking) if booking.starts_at <= now => Err(Refusal::Past),
        Act::Approve(_) | Act::Decline(_) => Ok(Permit::Yes),
    }
}

/// When what can be said of a visit: that somebody is here, from two hours before it until it is over (then it took place);
/// that it took place or nobody came, once it has begun.
fn may_mark(booking: &Booking, to: Status, now: DateTime<Utc>) -> Result<Permit, Refusal> {
    let is_mark = matches!(to, Status::Confirmed | Status::Arrived | Status::Completed | Status::NoShow);
    if !is_mark || booking.status == Status::Requested || !booking.status.may_become(to, Actor::Staff) {
        return Err(Refusal::NoLonger);
    }
    match to {
        Status::Arrived if now < booking.starts_at - COMES_WITHIN => Err(Refusal::TooEarly(COMES_WITHIN)),
        Status::Arrived | Status::Confirmed if booking.ends_at <= now => Err(Refusal::Past),
        Status::Completed | Status::NoShow if now < booking.starts_at => Err(Refusal::NotBegun),
        _ => Ok(Permit::Yes),
    }
}

fn may_begin(who: &Person, policy: &Policy) -> Result<Permit, Refusal> {
    if who.blocked {
        return Err(Refusal::Blocked);
    }
    match policy.admits {
        Admits::Nobody => return Err(Refusal::NotNow),
        Admits::Known if !who.known => return Err(Refusal::OnlyKnown),
        Admits::Known | Admits::Everyone => {}
    }
    let unreliable = policy.no_show_limit.is_some_and(|limit| who.no_shows >= limit);
    Ok(if unreliable || policy.approval == Approval::ByRequest { Permit::ByRequest } else { Permit::Yes })
}

fn may_start(starts_at: DateTime<Utc>, limits: Limits, zone: Tz, now: DateTime<Utc>) -> Result<(), Refusal> {
    let window = limits.window(zone, now);
    if starts_at < now {
        Err(Refusal::Past)
    } else if starts_at < window.start {
        Err(Refusal::TooSoon(limits.notice))
    } else if starts_at >= window.end {
        Err(Refusal::TooFar(limits.horizon_days))
    } else {
        Ok(())
    }
}
