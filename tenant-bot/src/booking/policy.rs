//! May this person do this now, and if not, why: one function, asked for what is shown and for what is done.

use chrono::{DateTime, Days, TimeDelta, Utc};
use chrono_tz::Tz;

use super::{
    hours::{Span, local_date, moment},
    model::{Booking, UserId},
};

/// What the business allows.
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
    /// So many bookings of one customer may be ahead at once.
    pub active_limit: u16,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            step: TimeDelta::minutes(30),
            notice: TimeDelta::hours(1),
            horizon_days: 30,
            cancel_deadline: TimeDelta::hours(2),
            active_limit: 3,
        }
    }
}

impl Policy {
    /// When a booking that is made now may begin.
    pub fn window(&self, zone: Tz, now: DateTime<Utc>) -> Span {
        let today = local_date(zone, now);
        let after = today.checked_add_days(Days::new(u64::from(self.horizon_days) + 1)).unwrap_or(today);
        Span { start: now + self.notice, end: moment(zone, after, 0) }
    }
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Anybody.
    Customer,
    /// The business's own.
    Owner,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub enum Act<'a> {
    /// A new booking that begins then, for a person who has `active` ones already.
    Book {
        /// Beginning of the visit.
        starts_at: DateTime<Utc>,
        /// Bookings of this person that are still ahead.
        active: usize,
    },
    /// To look at a booking.
    See(&'a Booking),
    /// To cancel a booking.
    Cancel(&'a Booking),
    /// To look at the business's day.
    SeeSchedule,
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
    /// The person has this many bookings ahead, and no more are allowed.
    #[error("{0} bookings are ahead already")]
    LimitReached(u16),
    /// The service's length or price is no longer what the person was shown.
    #[error("length or price has changed")]
    OfferChanged,
    /// There is no such service, or nobody does it.
    #[error("no such service")]
    NoSuchService,
    /// There is no such resource, or it does not do this service.
    #[error("no such resource")]
    NoSuchResource,
    /// No name and phone number are known.
    #[error("no name and phone number")]
    NoContact,
    /// There is no such booking, or it is somebody else's: which of the two is nobody's business.
    #[error("no such booking")]
    NoSuchBooking,
    /// It begins in less than this.
    #[error("less than {} min are left", .0.num_minutes())]
    TooLateToCancel(TimeDelta),
    /// Only for the business's own.
    #[error("not an admin")]
    NotAdmin,
}

/// May `who` do `act` now?
///
/// # Errors
/// Why not.
pub fn may(who: (UserId, Role), act: Act<'_>, policy: &Policy, zone: Tz, now: DateTime<Utc>) -> Result<(), Refusal> {
    let (person, role) = who;
    match act {
        Act::Book { starts_at, active } => {
            let window = policy.window(zone, now);
            if starts_at < now {
                Err(Refusal::Past)
            } else if starts_at < window.start {
                Err(Refusal::TooSoon(policy.notice))
            } else if starts_at >= window.end {
                Err(Refusal::TooFar(policy.horizon_days))
            } else if active >= usize::from(policy.active_limit) {
                Err(Refusal::LimitReached(policy.active_limit))
            } else {
                Ok(())
            }
        }
        Act::See(booking) | Act::Cancel(booking) if booking.user != person => Err(Refusal::NoSuchBooking),
        Act::See(_) => Ok(()),
        Act::Cancel(booking) if booking.starts_at <= now => Err(Refusal::Past),
        Act::Cancel(booking) if booking.starts_at < now + policy.cancel_deadline => {
            Err(Refusal::TooLateToCancel(policy.cancel_deadline))
        }
        Act::Cancel(_) => Ok(()),
        Act::SeeSchedule if role == Role::Owner => Ok(()),
        Act::SeeSchedule => Err(Refusal::NotAdmin),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::booking::{BookingId, Kopecks, ResourceId, ServiceId, Status};

    const ME: (UserId, Role) = (UserId(1), Role::Customer);

    fn now() -> DateTime<Utc> {
        "2026-11-20T09:00:00Z".parse().unwrap()
    }

    fn book(minutes: i64, active: usize) -> Result<(), Refusal> {
        let act = Act::Book { starts_at: now() + TimeDelta::minutes(minutes), active };
        may(ME, act, &Policy::default(), Tz::Europe__Moscow, now())
    }

    fn booking(minutes: i64) -> Booking {
        let starts_at = now() + TimeDelta::minutes(minutes);
        Booking {
            id: BookingId(1),
            user: UserId(1),
            service: ServiceId(1),
            service_name: "Стрижка".into(),
            resource: ResourceId(1),
            resource_name: "Артём".into(),
            starts_at,
            ends_at: starts_at + TimeDelta::hours(1),
            price: Kopecks(0),
            status: Status::Confirmed,
            customer_name: "Анна".into(),
            phone: "+79990000000".into(),
        }
    }

    #[test]
    fn a_booking_begins_after_the_notice_and_before_the_horizon() {
        assert_eq!(book(-1, 0), Err(Refusal::Past));
        assert_eq!(book(59, 0), Err(Refusal::TooSoon(TimeDelta::hours(1))));
        assert_eq!(book(60, 0), Ok(()));
        // Noon in Moscow today; the thirtieth day from today ends in 30 days and 12 hours.
        assert_eq!(book((30 * 24 + 12) * 60 - 1, 0), Ok(()));
        assert_eq!(book((30 * 24 + 12) * 60, 0), Err(Refusal::TooFar(30)));
    }

    #[test]
    fn three_bookings_ahead_are_enough() {
        assert_eq!(book(120, 2), Ok(()));
        assert_eq!(book(120, 3), Err(Refusal::LimitReached(3)));
    }

    #[test]
    fn a_customer_cancels_only_their_own_and_in_time() {
        let ask = |who, minutes| may(who, Act::Cancel(&booking(minutes)), &Policy::default(), Tz::UTC, now());
        assert_eq!(ask(ME, 120), Ok(()));
        assert_eq!(ask(ME, 119), Err(Refusal::TooLateToCancel(TimeDelta::hours(2))));
        assert_eq!(ask(ME, 0), Err(Refusal::Past));
        assert_eq!(ask((UserId(2), Role::Customer), 120), Err(Refusal::NoSuchBooking));
    }

    #[test]
    fn only_the_owner_sees_the_schedule() {
        let ask = |role| may((UserId(1), role), Act::SeeSchedule, &Policy::default(), Tz::UTC, now());
        assert_eq!(ask(Role::Owner), Ok(()));
        assert_eq!(ask(Role::Customer), Err(Refusal::NotAdmin));
    }
}
