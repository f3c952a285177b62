//! Many bookings changed at once: a day shifted, moved to somebody else or to another day, a service changed into another,
//! a stretch cancelled.
//!
//! What would become of every booking is one pure function ([`plan`]) of what was read. The preview shows what it says; the
//! act asks it again in its transaction, and does nothing if it says anything else than what was shown ([`MassPlan::digest`]).
//! A booking keeps its length and price (save where its service changes) and is, as with a single move, another booking from
//! then on.

mod act;
mod ground;
mod plan;

use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::booking::model::{Booking, BookingId, Business, Line, Price, ResourceId, ServiceId};

/// Which bookings are meant: those that stand, are not past or begun, and begin on these dates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MassScope {
    /// From one date to another, both included.
    pub days: (NaiveDate, NaiveDate),
    /// That begin at these minutes of the day, the second excluded; none: at any time.
    pub hours: Option<(u16, u16)>,
    /// In which this resource has a part; none: whoever's.
    pub resource: Option<ResourceId>,
}

/// What is to become of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MassChange {
    /// So many minutes later, or earlier below zero.
    Shift(i64),
    /// What the scope's resource does (none: whoever does it) is done by this one.
    To(ResourceId),
    /// The first of the scope's dates becomes this one, the others follow it; at the same time of day.
    On(NaiveDate),
    /// One service becomes another, at its length and price.
    Service {
        /// Which.
        from: ServiceId,
        /// Into which.
        to: ServiceId,
    },
    /// They are cancelled; the customers are told why, in 1–200 characters.
    Cancel(Option<String>),
}

/// A change of many bookings, as it is wished for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MassWish {
    /// Of which.
    pub scope: MassScope,
    /// Into what.
    pub change: MassChange,
}

/// What stands in the way of a booking, which stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hindrance {
    /// It would begin in the past.
    Past,
    /// It would lie outside the hours of work.
    Closed,
    /// The time is blocked.
    Blocked,
    /// Somebody who is no part of this has the time.
    Taken,
    /// This booking, which is part of this, stays or comes there.
    InTheWay(BookingId),
    /// Whoever it would be with does not do it.
    Cannot,
    /// There are too few seats for so many people.
    TooSmall,
    /// It would last longer than a day.
    TooLong,
}

/// What would become of a booking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It becomes this one.
    Becomes(After),
    /// It is cancelled.
    Cancelled,
    /// It stays as it is, and why.
    Stays(Hindrance),
}

/// What a booking would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct After {
    /// Its services; the names are today's.
    pub lines: Vec<Line>,
    /// Its beginning.
    pub starts_at: DateTime<Utc>,
    /// Its end.
    pub ends_at: DateTime<Utc>,
    /// Its price.
    pub price: Price,
}

/// One booking of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// As it is.
    pub old: Booking,
    /// What would become of it.
    pub fate: Fate,
}

/// What would become of every booking that is meant and that the wish would change, in order of time.
#[derive(Clone, Debug)]
pub struct MassPlan {
    /// The business, for its zone.
    pub business: Business,
    /// Every booking once.
    pub all: Vec<Planned>,
}

/// What came of a wish.
#[derive(Clone, Debug)]
pub enum MassDone {
    /// It is done: what was planned, and the new bookings in the plan's order.
    Done(MassPlan, Vec<Booking>),
    /// Nothing is done, because this is no longer what was shown.
    Changed(MassPlan),
}

impl After {
    fn of(lines: Vec<Line>) -> Option<Self> {
        let (first, last) = (lines.first()?, lines.last()?);
        let (starts_at, ends_at) = (first.starts_at, last.starts_at + last.duration);
        let price = lines.iter().skip(1).fold(first.price, |sum, line| sum.plus(line.price));
        Some(Self { starts_at, ends_at, price, lines })
    }

    /// How much longer it is than it was.
    pub fn longer(&self, old: &Booking) -> TimeDelta {
        (self.ends_at - self.starts_at) - (old.ends_at - old.starts_at)
    }
}

impl MassPlan {
    /// Those that something becomes of.
    pub fn goes(&self) -> impl Iterator<Item = &Planned> {
        self.all.iter().filter(|planned| !matches!(planned.fate, Fate::Stays(_)))
    }

    /// Those that stay, and why.
    pub fn stays(&self) -> impl Iterator<Item = (&Booking, Hindrance)> {
        self.all.iter().filter_map(|planned| match planned.fate {
            Fate::Stays(why) => Some((&planned.old, why)),
            _ => None,
        })
    }

    /// A number that another plan does not have: 53 bits of all that was shown.
    pub fn digest(&self) -> i64 {
        let mut hash = DefaultHasher::new();
        for Planned { old, fate } in &self.all {
            (old.id, old.starts_at, old.status.word()).hash(&mut hash);
            match fate {
                Fate::Cancelled => 0_u8.hash(&mut hash),
                Fate::Stays(why) => (1_u8, why).hash(&mut hash),
                Fate::Becomes(after) => {
                    for line in &after.lines {
                        (2_u8, line.service, &line.resources, line.starts_at, line.duration).hash(&mut hash);
                        (line.price.from, line.price.to).hash(&mut hash);
                    }
                }
            }
        }
        i64::try_from(hash.finish() >> 11).unwrap_or_default()
    }
}
