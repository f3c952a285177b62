//! Bookings.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Actor, BookingId, Kopecks, Price, ResourceId, ServiceId, SessionId, Status, UserId, Want, Wanted, offer::Pick,
};

/// A booking with the names that people know its parts by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booking {
    /// Its number.
    pub id: BookingId,
    /// Whose it is.
    pub user: UserId,
    /// Where it stands.
    pub status: Status,
    /// Its services one after another; at least one.
    pub lines: Vec<Line>,
    /// Beginning of the visit.
    pub starts_at: DateTime<Utc>,
    /// End of the visit.
    pub ends_at: DateTime<Utc>,
    /// The price it was made at.
    pub price: Price,
    /// How many people come.
    pub party: u16,
    /// The name given for it.
    pub customer_name: String,
    /// The phone number given for it.
    pub phone: String,
    /// What the customer wished to add.
    pub comment: Option<String>,
    /// What the customer answered.
    pub answers: Vec<Answer>,
    /// Of a hold: after this it holds nothing.
    pub held_until: Option<DateTime<Utc>>,
    /// The first booking of the repeats that it was made with.
    pub series: Option<BookingId>,
    /// The booking that it took the place of.
    pub moved_from: Option<BookingId>,
    /// Who cancelled it.
    pub cancelled_by: Option<Actor>,
    /// Why it was cancelled.
    pub cancel_reason: Option<String>,
    /// When the customer said that they come.
    pub coming_at: Option<DateTime<Utc>>,
    /// What the business has written to it.
    pub office: Office,
}

/// What the business writes to a booking; the customer is not shown it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Office {
    /// A note, 1–1000 characters.
    pub note: Option<String>,
    /// The customer's own discount, which price and lines are less already.
    pub discount_percent: u8,
    /// What was really taken; none: the price.
    pub paid: Option<Kopecks>,
    /// Who of the business made it for the customer.
    pub made_by: Option<UserId>,
    /// Whether the business has asked the customer to choose another time. Then deadlines do not bind them.
    pub asked_to_move: bool,
}

/// One service of a visit. Length, price and buffers are the booking's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What.
    pub service: ServiceId,
    /// The service's name today.
    pub service_name: String,
    /// By whom; more than one are tables put together.
    pub resources: Vec<ResourceId>,
    /// Their names today, in the same order.
    pub resource_names: Vec<String>,
    /// Beginning.
    pub starts_at: DateTime<Utc>,
    /// Length.
    pub duration: TimeDelta,
    /// Kept free before it.
    pub buffer_before: TimeDelta,
    /// Kept free after it.
    pub buffer_after: TimeDelta,
    /// Price.
    pub price: Price,
    /// The group that it is a seat in.
    pub session: Option<SessionId>,
}

/// What was asked and what was answered, both as they were said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The question.
    pub question: String,
    /// The answer, 1–500 characters.
    pub answer: String,
}

impl Booking {
    /// The names of its services: `Стрижка + Борода`.
    pub fn what(&self) -> String {
        let names: Vec<&str> = self.lines.iter().map(|l| l.service_name.as_str()).collect();
        names.join(" + ")
    }

    /// The names of who does it, each once: `Артём`, `Стол 3 + Стол 4`, `Артём, Денис`.
    pub fn who(&self) -> String {
        let mut names: Vec<String> = self.lines.iter().map(|l| l.resource_names.join(" + ")).collect();
        names.dedup();
        names.join(", ")
    }

    /// The same visit once more: its services with the same resources.
    pub fn wanted(&self) -> Wanted {
        let pick = |line: &Line| match line.resources[..] {
            [one] => Pick::One(one),
            _ => Pick::Any,
        };
        let wants = self.lines.iter().map(|l| Want { service: l.service, pick: pick(l) }).collect();
        Wanted { wants, party: self.party }
    }

    /// Whether a hold's time is over.
    pub fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        self.held_until.is_some_and(|until| until <= now)
    }
}
