//! When one works: the week, the days that differ from it, and what is blocked.

use chrono::{Datelike, Days, NaiveDate};
use chrono_tz::Tz;

use super::hours::{Hours, Span, common, first_moment, hours_of_week, intervals_on, local_date};

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
    /// Whose clocks showed the time of the first one when it was made: a business that changes its zone keeps the hour.
    pub zone: Tz,
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
    pub zone: Tz,
    /// Its week and its other days. A resource works within them.
    pub rota: Rota,
}

impl Rota {
    /// Whether other hours than the week's hold on a date.
    fn excepts(&self, date: NaiveDate) -> bool {
        self.exceptions.iter().any(|e| e.covers(date))
    }

    /// The hours of a date, as minutes since its midnight.
    fn hours_on(&self, date: NaiveDate) -> Vec<(u16, u16)> {
        if !self.excepts(date) {
            return hours_of_week(&self.week, date);
        }
        // One that closes has no hours, and so the whole has none.
        let hours: Option<Vec<_>> = self.exceptions.iter().filter(|e| e.covers(date)).map(|e| e.hours).collect();
        hours.unwrap_or_default()
    }
}

impl Exception {
    fn covers(&self, date: NaiveDate) -> bool {
        self.first_day <= date && date <= self.last_day
    }
}

impl House {
    /// The business's intervals of the dates `from` to `to`, both included, with what of the night before reaches into
    /// them; in order of beginning.
    pub fn intervals(&self, from: NaiveDate, to: NaiveDate) -> Vec<Span> {
        intervals_on(self.zone, from, to, |date| self.rota.hours_on(date))
    }

    /// When a resource works: its own intervals as far as they lie within the business's, which [`intervals`] has told
    /// for the same dates. On dates of which its own rules say nothing it works whenever the business does.
    ///
    /// [`intervals`]: Self::intervals
    pub fn work(&self, business: &[Span], own: &Rota, from: NaiveDate, to: NaiveDate) -> Vec<Span> {
        let follows = own.week.is_empty();
        if follows && !own.exceptions.iter().any(|e| e.first_day <= to && from <= e.last_day.succ_opt().unwrap_or(from))
        {
            return business.to_vec();
        }
        let own = intervals_on(self.zone, from, to, |date| {
            if follows && !own.excepts(date) { self.rota.hours_on(date) } else { own.hours_on(date) }
        });
        common(business, &own)
    }
}

impl Block {
    /// Its stretches that share a moment with `range`, in order of beginning.
    ///
    /// One that comes back does so on its days of the week, from the date of the first one on: the first one itself is
    /// one of them only if its date is such a day.
    pub fn spans(&self, zone: Tz, range: Span) -> Vec<Span> {
        let Some(repeats) = &self.repeats else {
            return if self.span.overlaps(range) { vec![self.span] } else { Vec::new() };
        };
        let local = |at: chrono::DateTime<chrono::Utc>| at.with_timezone(&repeats.zone).naive_local();
        let (begins, length) = (local(self.span.start), local(self.span.end) - local(self.span.start));
        let first = begins.date();
        // A clock that jumps makes a day's length up to two days of wall clock.
        let back = Days::new(u64::try_from(length.num_days()).unwrap_or(0) + 2);
        let from = local_date(zone, range.start).checked_sub_days(back).map_or(first, |d| d.max(first));
        let last = local_date(zone, range.end);
        let last = repeats.until.map_or(last, |until| until.min(last));
        let every = i32::from(repeats.every_weeks.max(1));
        let comes = |date: &NaiveDate| {
            let weekday = date.weekday().number_from_monday();
            (week_of(*date) - week_of(first)) % every == 0 && repeats.weekdays.iter().any(|d| u32::from(*d) == weekday)
        };
        let on = |date: NaiveDate| {
            // Of an hour that the clock shows twice, the first one may be either.
            if date == first && zone == repeats.zone {
                return self.span;
            }
            let begins = date.and_time(begins.time());
            Span { start: first_moment(zone, begins), end: first_moment(zone, begins + length) }
        };
        let mut spans: Vec<Span> = from
            .iter_days()
            .take_while(|date| *date <= last)
            .filter(comes)
            .map(on)
            .filter(|span| span.start < span.end && span.overlaps(range))
            .collect();
        spans.sort_unstable();
        spans
    }
}

/// Counts ISO weeks: the first of January of the year 1 was a Monday.
fn week_of(date: NaiveDate) -> i32 {
    (date.num_days_from_ce() - 1).div_euclid(7)
}
