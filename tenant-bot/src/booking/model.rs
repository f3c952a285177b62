//! The words of the field.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use shared::texts::Lang;

use super::policy::Policy;

/// Telegram's id of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub i64);

/// A service's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceId(pub i64);

/// A resource's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId(pub i64);

/// A booking's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BookingId(pub i64);

/// A person as Telegram describes them.
#[derive(Clone, Debug)]
pub struct Profile<'a> {
    /// Telegram's id.
    pub id: UserId,
    /// Whatever they call themselves.
    pub first_name: &'a str,
    /// As above.
    pub last_name: Option<&'a str>,
    /// Without the `@`.
    pub username: Option<&'a str>,
    /// The language they are spoken to in.
    pub lang: Lang,
}

/// Money: hundredths of a rouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kopecks(pub i64);

/// The business that the bot speaks for.
#[derive(Clone, Debug)]
pub struct Business {
    /// Its name, as its customers know it.
    pub name: String,
    /// Where its clocks are.
    pub zone: Tz,
    /// What it speaks when nothing is known of a person.
    pub language: Lang,
    /// What it allows.
    pub policy: Policy,
}

/// What can be booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its number.
    pub id: ServiceId,
    /// Its name.
    pub name: String,
    /// Length of the visit.
    pub duration: TimeDelta,
    /// Kept free before the visit.
    pub buffer_before: TimeDelta,
    /// Kept free after the visit.
    pub buffer_after: TimeDelta,
    /// Price of the visit.
    pub price: Kopecks,
}

/// What a resource is; decides what people call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
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
}

/// Which resource a customer wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// Whoever is free.
    Any,
    /// This one.
    One(ResourceId),
}

impl Pick {
    /// Whether `resource` would do.
    pub fn allows(self, resource: ResourceId) -> bool {
        match self {
            Self::Any => true,
            Self::One(wanted) => wanted == resource,
        }
    }
}

/// Where a booking stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It holds its time.
    Confirmed,
    /// It holds nothing any more.
    Cancelled,
}

/// A booking with the names that people know its parts by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booking {
    /// Its number.
    pub id: BookingId,
    /// Whose it is.
    pub user: UserId,
    /// What was booked.
    pub service: ServiceId,
    /// The service's name today.
    pub service_name: String,
    /// With whom or where.
    pub resource: ResourceId,
    /// The resource's name today.
    pub resource_name: String,
    /// Beginning of the visit.
    pub starts_at: DateTime<Utc>,
    /// End of the visit.
    pub ends_at: DateTime<Utc>,
    /// The price it was made at.
    pub price: Kopecks,
    /// Where it stands.
    pub status: Status,
    /// The name given for it.
    pub customer_name: String,
    /// The phone number given for it.
    pub phone: String,
}
