//! When one works: the week, the days that differ from it, and what is blocked.

use chrono::NaiveDate;

use super::hours::{Hours, Span};

/// Days that differ from the week: a holiday, a short day, a vacation, an extra day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exception {
    /// The first of the dates.
    pub first_day: NaiveDate,
    /// The last of them, not before the first.
    pub last_day: NaiveDate,
    /// Minutes since local midnight like [`Hours`]; none: closed, whatever other exceptions of that date say.
    pub hours: Option<(u16, u16)>,
}

/// The rules of the business, or of one resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rota {
    /// The week. Of a resource: empty means that of the business.
    pub week: Vec<Hours>,
    /// Dates on which something else holds. A date that any of these covers takes nothing from the week.
    pub exceptions: Vec<Exception>,
}

/// A stretch of time that is kept free of bookings, once or again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The stretch; the first one if it comes back.
    pub span: Span,
    /// How it comes back; none: it does not.
    pub repeats: Option<BlockRepeats>,
}

/// How a block comes back: at the wall-clock time of the first one, for as long as it lasts by the wall clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockRepeats {
    /// ISO days of the week, Monday is 1.
    pub weekdays: Vec<u8>,
    /// Every so many weeks, counted from the (ISO) week of the first one; at least 1.
    pub every_weeks: u8,
    /// The last date on which one may begin; none: for ever.
    pub until: Option<NaiveDate>,
}

/// What a business keeps in common for all of its resources.
#[derive(Clone, Debug)]
pub struct House {
    /// The business's zone.
    pub zone: chrono_tz::Tz,
    /// Its week and its other days. A resource works within them.
    pub rota: Rota,
}
