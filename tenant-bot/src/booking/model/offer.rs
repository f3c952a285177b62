//! What can be booked, and by whom it is done.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::{Price, ResourceId, ServiceId};

/// What can be booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its number.
    pub id: ServiceId,
    /// Its name, 1–100 characters.
    pub name: String,
    /// More about it, 1–500 characters.
    pub description: Option<String>,
    /// A picture: a file id of this bot at Telegram.
    pub photo: Option<String>,
    /// The heading it stands under, 1–60 characters.
    pub category: Option<String>,
    /// Length of the visit, unless who does it has a length of their own.
    pub duration: TimeDelta,
    /// Kept free before the visit.
    pub buffer_before: TimeDelta,
    /// Kept free after the visit.
    pub buffer_after: TimeDelta,
    /// Price of the visit, unless who does it has a price of their own.
    pub price: Price,
    /// Visits begin at whole steps from an opening; none: the business's step.
    pub step: Option<TimeDelta>,
    /// Added to every opening before the first step.
    pub offset: TimeDelta,
    /// Booked at least so long before it begins; none: the business's notice.
    pub notice: Option<TimeDelta>,
    /// Booked at most so many days ahead; none: the business's horizon.
    pub horizon_days: Option<u16>,
    /// Seats of a group, at least 1. One is no group.
    pub capacity: u16,
    /// What is asked of whoever books it.
    pub questions: Vec<Question>,
}

impl Service {
    /// Whether visits that begin together share a session.
    pub fn is_group(&self) -> bool {
        self.capacity > 1
    }
}

/// A question to whoever books a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The words, 1–200 characters.
    pub text: String,
    /// Whether it must be answered.
    #[serde(default)]
    pub required: bool,
}

/// What a resource is; decides what people call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResourceKind {
    /// A master, a doctor, a coach.
    Person,
    /// A table.
    Table,
    /// A room or a hall.
    Room,
}

impl ResourceKind {
    /// The word that is stored, and that ends the keys of texts.
    pub fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Table => "table",
            Self::Room => "room",
        }
    }

    /// Reads [`word`](Self::word).
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Person, Self::Table, Self::Room].into_iter().find(|k| k.word() == word)
    }
}

/// Whoever or whatever a booking takes the time of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its number.
    pub id: ResourceId,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: ResourceKind,
    /// More about it.
    pub description: Option<String>,
    /// A picture: a file id of this bot at Telegram.
    pub photo: Option<String>,
    /// How many people it takes at once; none: as many as come.
    pub seats: Option<u16>,
}

/// Tables (or rooms) that may be put together for one party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Combination {
    /// At least two; the first is named first.
    pub resources: Vec<ResourceId>,
    /// How many people they take together; none: the sum of theirs, or as many as come if one of them has no number.
    pub seats: Option<u16>,
}

/// Who does a service: one resource, or several that are put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doer {
    /// At least one. More than one only for a combination.
    pub resources: Vec<ResourceId>,
    /// How many people it takes at once; none: as many as come.
    pub seats: Option<u16>,
    /// Length of the visit with this one.
    pub duration: TimeDelta,
    /// Price of the visit with this one.
    pub price: Price,
}

impl Doer {
    /// Whether a party of so many fits.
    pub fn seats_party(&self, party: u16) -> bool {
        self.seats.is_none_or(|seats| seats >= party)
    }
}

/// Which resource a customer wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pick {
    /// Whoever is free.
    Any,
    /// This one.
    One(ResourceId),
}

impl Pick {
    /// Whether this one would do. Of tables that are put together none was asked for by itself, so only *any* takes them.
    pub fn allows(self, doer: &[ResourceId]) -> bool {
        match self {
            Self::Any => true,
            Self::One(wanted) => doer == [wanted],
        }
    }
}

/// One service of a wanted visit, and with whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Want {
    /// What.
    pub service: ServiceId,
    /// With whom.
    pub pick: Pick,
}

/// A wanted visit: its services, one after another without a pause, for so many people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// At least one, in their order.
    pub wants: Vec<Want>,
    /// How many people come, at least 1.
    pub party: u16,
}

impl Wanted {
    /// One person for one service.
    pub fn one(service: ServiceId, pick: Pick) -> Self {
        Self { wants: vec![Want { service, pick }], party: 1 }
    }
}
