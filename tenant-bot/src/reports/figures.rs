//! What is counted of a stretch of dates, each figure in words.
//!
//! * **A visit belongs to the date on which it begins**, by the business's clocks, however far past midnight it lasts; only
//!   its minutes lie in the hours that they really lie in.
//! * **Bookings**: visits that begin within the range and are to take place (agreed to or asked for), took place, or were
//!   missed. What was cancelled is counted by itself; what was moved is counted at its new time only; a time that was merely
//!   kept while somebody was typing is not counted at all.
//! * **Cancelled**: visits that would have begun within the range, by who cancelled them. The share is of these and bookings.
//! * **Missed**: the customer did not come. The share is of visits that are over: missed or completed.
//! * **Revenue**: of completed visits what was really taken, or else the price (of a price range its lower end). Of a visit
//!   of several services each has its share by its price, of tables that are put together each an equal one.
//! * **Expected**: the prices of visits that are still to take place.
//! * **Average bill**: revenue by completed visits.
//! * **Customers**: people with a completed visit that began within the range. **New** are those whose first completed visit
//!   ever that is; the others have **returned**.
//! * **Occupancy**: booked minutes by open minutes. *Open* is what could have been booked by today's hours, exceptions
//!   included and blocks left out, of resources that are active. *Booked* is what visits (all of them save cancelled ones)
//!   take of that, without buffers; a group takes its time once however many sit in it.
//! * **Ratings**: those of visits that began within the range.
//! * **Sources**: bookings, and what [`Opens`] tells of whom a link has brought.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::range::Range;
use crate::booking::{Actor, BookingId, ResourceId, ServiceId, Status, UserId};

/// A visit as far as it is counted.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Its number.
    pub id: BookingId,
    /// Whose it is.
    pub user: UserId,
    /// Where it stands.
    pub status: Status,
    /// Beginning.
    pub starts_at: DateTime<Utc>,
    /// Its price when it was made; of a range the lower end.
    pub price: i64,
    /// What was really taken for it, or else its price.
    pub money: i64,
    /// Who cancelled it.
    pub cancelled_by: Option<Actor>,
    /// The end of the link that it came by; empty: none.
    pub source: String,
    /// Its stars.
    pub rating: Option<u8>,
    /// Whether it is the first completed one of its customer.
    pub first: bool,
    /// Its services, at least one.
    pub lines: Vec<VisitLine>,
}

/// A service of a visit.
#[derive(Clone, Debug)]
pub struct VisitLine {
    /// What.
    pub service: ServiceId,
    /// By whom; at least one.
    pub resources: Vec<ResourceId>,
    /// Beginning.
    pub starts_at: DateTime<Utc>,
    /// Length.
    pub minutes: u32,
    /// Price.
    pub price: i64,
}

/// How many people came by a link, or without one (empty source).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opens {
    /// Opened the bot: each person once a day.
    pub opened: u32,
    /// Of them for the first time ever.
    pub new: u32,
    /// Began to book: each beginning.
    pub began: u32,
}

/// Time in minutes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Use {
    /// Taken by visits.
    pub booked: u32,
    /// Could be taken; never less than `booked`.
    pub open: u32,
}

/// A date.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// Bookings.
    pub bookings: u32,
    /// Cancelled ones.
    pub cancelled: u32,
    /// Revenue.
    pub revenue: i64,
}

/// A service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceFigures {
    /// How often it was booked.
    pub bookings: u32,
    /// How often it was done.
    pub completed: u32,
    /// Its part of the revenue.
    pub revenue: i64,
}

/// A resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceFigures {
    /// Visits in which it has a part.
    pub bookings: u32,
    /// Its part of the revenue.
    pub revenue: i64,
    /// By the hours of the clock.
    pub hours: [Use; 24],
    /// Stars of its visits, and how many were given.
    pub stars: (u32, u32),
}

/// A link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceFigures {
    /// Bookings.
    pub bookings: u32,
    /// Revenue.
    pub revenue: i64,
    /// Whom it has brought.
    pub opens: Opens,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Of which dates.
    pub range: Range,
    /// Bookings.
    pub bookings: u32,
    /// Those of them that are still to take place.
    pub ahead: u32,
    /// Those that took place.
    pub completed: u32,
    /// Those that were missed.
    pub missed: u32,
    /// Cancelled by the customer, by the business, by itself.
    pub cancelled: [u32; 3],
    /// Revenue.
    pub revenue: i64,
    /// Expected.
    pub expected: i64,
    /// Customers.
    pub customers: u32,
    /// New ones.
    pub new: u32,
    /// How often there were one, two, … five stars.
    pub stars: [u32; 5],
    /// Each date of the range.
    pub days: BTreeMap<NaiveDate, Day>,
    /// Each service that was booked.
    pub services: BTreeMap<ServiceId, ServiceFigures>,
    /// Each resource that is active, and those that had visits.
    pub resources: BTreeMap<ResourceId, ResourceFigures>,
    /// All resources together, by the day of the week (Monday first) and the hour of the clock.
    pub week: [[Use; 24]; 7],
    /// Each link, and under the empty name what came without one.
    pub sources: BTreeMap<String, SourceFigures>,
}

impl Use {
    /// Adds another.
    pub fn add(&mut self, other: Self) {
        self.booked += other.booked;
        self.open += other.open;
    }

    /// The share of the time that is taken; none: nothing was open.
    pub fn share(self) -> Option<f64> {
        share(self.booked, self.open)
    }

    /// Of several.
    pub fn sum<'a>(all: impl IntoIterator<Item = &'a Self>) -> Self {
        all.into_iter().fold(Self::default(), |mut sum, one| {
            sum.add(*one);
            sum
        })
    }
}

impl ResourceFigures {
    /// Over all hours.
    pub fn total(&self) -> Use {
        Use::sum(&self.hours)
    }
}

impl Figures {
    /// Cancelled ones, whoever did it.
    pub fn cancelled_in_all(&self) -> u32 {
        self.cancelled.iter().sum()
    }

    /// The share of cancelled ones.
    pub fn cancelled_share(&self) -> Option<f64> {
        share(self.cancelled_in_all(), self.bookings + self.cancelled_in_all())
    }

    /// The share of missed ones.
    pub fn missed_share(&self) -> Option<f64> {
        share(self.missed, self.missed + self.completed)
    }

    /// Customers who had been there before.
    pub fn returned(&self) -> u32 {
        self.customers.saturating_sub(self.new)
    }

    /// In kopecks; none: no visit was completed.
    pub fn average_bill(&self) -> Option<i64> {
        (self.completed > 0).then(|| self.revenue / i64::from(self.completed))
    }

    /// How many stars were given in how many ratings.
    pub fn ratings(&self) -> u32 {
        self.stars.iter().sum()
    }

    /// The average number of stars.
    pub fn rating(&self) -> Option<f64> {
        let sum: u32 = self.stars.iter().zip(1..).map(|(n, stars)| n * stars).sum();
        share(sum, self.ratings())
    }

    /// Of all resources.
    pub fn total(&self) -> Use {
        Use::sum(self.week.iter().flatten())
    }

    /// Over all links and without one.
    pub fn opens(&self) -> Opens {
        self.sources.values().fold(Opens::default(), |mut sum, source| {
            sum.opened += source.opens.opened;
            sum.new += source.opens.new;
            sum.began += source.opens.began;
            sum
        })
    }
}

/// One of the other; none of nothing.
pub fn share(part: u32, of: u32) -> Option<f64> {
    (of > 0).then(|| f64::from(part) / f64::from(of))
}
