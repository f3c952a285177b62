//! The stretch of dates that figures are about, and the one before it.

use chrono::{Datelike, Days, Months, NaiveDate};
use chrono_tz::Tz;

use crate::booking::hours::{Span, moment};

/// No more than this is looked at in one go: a leap year.
pub const MOST_DAYS: u64 = 366;

/// What a stretch of dates is in the calendar; decides what comes before and after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// A date.
    Day,
    /// From a Monday to a Sunday.
    Week,
    /// A month of the calendar.
    Month,
    /// Any dates that follow one another.
    Any,
}

/// Dates of the business, from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// What it is.
    pub unit: Unit,
    /// The first date.
    pub first: NaiveDate,
    /// The last date, not before the first.
    pub last: NaiveDate,
}

impl Unit {
    /// The word in a button, and at the end of a text's key.
    pub fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Any => "any",
        }
    }

    /// Reads [`word`](Self::word).
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Day, Self::Week, Self::Month, Self::Any].into_iter().find(|unit| unit.word() == word)
    }
}

impl Range {
    /// The day, week or month that a date lies in; of any dates the one alone.
    pub fn around(unit: Unit, date: NaiveDate) -> Self {
        let (first, last) = match unit {
            Unit::Day | Unit::Any => (date, date),
            Unit::Week => {
                let first = back(date, u64::from(date.weekday().num_days_from_monday()));
                (first, on(first, 6))
            }
            Unit::Month => {
                let first = date.with_day(1).unwrap_or(date);
                (first, back(first.checked_add_months(Months::new(1)).unwrap_or(first), 1))
            }
        };
        Self { unit, first, last }
    }

    /// These dates; none if they are in the wrong order, or more than a year.
    pub fn between(first: NaiveDate, last: NaiveDate) -> Option<Self> {
        let days = (last - first).num_days();
        (0..i64::try_from(MOST_DAYS).unwrap_or(0)).contains(&days).then_some(Self { unit: Unit::Any, first, last })
    }

    /// How many dates these are.
    pub fn days(self) -> u64 {
        u64::try_from((self.last - self.first).num_days() + 1).unwrap_or(1)
    }

    /// The stretch of the same kind before this one: the day, week or month before, or as many dates.
    pub fn before(self) -> Self {
        match self.unit {
            Unit::Any => Self { first: back(self.first, self.days()), last: back(self.first, 1), ..self },
            unit => Self::around(unit, back(self.first, 1)),
        }
    }

    /// The one after it.
    pub fn after(self) -> Self {
        match self.unit {
            Unit::Any => Self { first: on(self.last, 1), last: on(self.last, self.days()), ..self },
            unit => Self::around(unit, on(self.last, 1)),
        }
    }

    /// Its dates.
    pub fn dates(self) -> impl Iterator<Item = NaiveDate> {
        self.first.iter_days().take_while(move |date| *date <= self.last)
    }

    /// Whether a date is one of them.
    pub fn has(self, date: NaiveDate) -> bool {
        self.first <= date && date <= self.last
    }

    /// From the first moment of its first date to the last of its last, by the business's clocks.
    pub fn span(self, zone: Tz) -> Span {
        Span { start: moment(zone, self.first, 0), end: moment(zone, on(self.last, 1), 0) }
    }
}

fn back(date: NaiveDate, days: u64) -> NaiveDate {
    date.checked_sub_days(Days::new(days)).unwrap_or(NaiveDate::MIN)
}

fn on(date: NaiveDate, days: u64) -> NaiveDate {
    date.checked_add_days(Days::new(days)).unwrap_or(NaiveDate::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn told(range: Range) -> (NaiveDate, NaiveDate) {
        (range.first, range.last)
    }

    #[test]
    fn a_month_is_compared_with_the_month_before_whatever_their_lengths() {
        let march = Range::around(Unit::Month, date("2028-03-15"));
        assert_eq!(told(march), (date("2028-03-01"), date("2028-03-31")));
        assert_eq!(told(march.before()), (date("2028-02-01"), date("2028-02-29")));
        assert_eq!(told(march.before().after()), told(march));
    }

    #[test]
    fn a_week_begins_on_monday_and_any_dates_have_as_many_before_them() {
        let week = Range::around(Unit::Week, date("2026-11-29"));
        assert_eq!(told(week), (date("2026-11-23"), date("2026-11-29")));
        let any = Range::between(date("2026-11-10"), date("2026-11-19")).unwrap();
        assert_eq!(told(any.before()), (date("2026-10-31"), date("2026-11-09")));
        assert_eq!(told(any.after()), (date("2026-11-20"), date("2026-11-29")));
        assert_eq!(Range::between(date("2026-11-10"), date("2026-11-09")), None);
        assert!(Range::between(date("2026-01-01"), date("2027-01-01")).is_some());
        assert_eq!(Range::between(date("2026-01-01"), date("2027-01-02")), None);
    }

    #[test]
    fn a_day_is_as_long_as_the_clocks_make_it() {
        let hours = |day| {
            let span = Range::around(Unit::Day, date(day)).span(Tz::Europe__Berlin);
            (span.end - span.start).num_hours()
        };
        assert_eq!((hours("2027-03-28"), hours("2026-10-25"), hours("2026-11-25")), (23, 25, 24));
    }
}
