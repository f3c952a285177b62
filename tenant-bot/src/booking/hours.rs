//! From wall-clock rules of a week to moments.
//!
//! People open when their clock first shows the hour and close when it first shows the other one. So a clock that
//! jumps over the hour opens the business at the jump, and one that shows it twice opens it the first time and
//! closes it the first time: every interval stays one interval.

use chrono::{DateTime, Datelike, Days, Duration, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// One interval of work on one day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// ISO: Monday is 1, Sunday is 7.
    pub weekday: u8,
    /// Minutes since local midnight, 0..1440.
    pub opens: u16,
    /// Minutes since local midnight, after `opens`, at most 2880: work may run past midnight.
    pub closes: u16,
}

/// A stretch of time, half-open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The first moment in it.
    pub start: DateTime<Utc>,
    /// The first moment after it.
    pub end: DateTime<Utc>,
}

impl Span {
    /// Whether the two share a moment.
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// The first moment at which the clocks of `zone` show `local` or later.
pub fn first_moment(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    if let Some(at) = zone.from_local_datetime(&local).earliest() {
        return at.to_utc();
    }
    // The clock jumps over it. No zone lies a whole day from UTC, and the widest jump ever was a day (Samoa, 2011),
    // so the moment is between these two; the clock shows less at the one and more at the other.
    let guess = Utc.from_utc_datetime(&local);
    let (mut before, mut after) = (guess - TimeDelta::hours(48), guess + TimeDelta::hours(48));
    while after - before > Duration::seconds(1) {
        let middle = before + (after - before) / 2;
        if middle.with_timezone(&zone).naive_local() >= local {
            after = middle;
        } else {
            before = middle;
        }
    }
    // Changes happen at whole seconds, and the bisection may end within one.
    let whole = after.timestamp();
    let floor = DateTime::from_timestamp(whole, 0).unwrap_or(after);
    if floor.with_timezone(&zone).naive_local() >= local { floor } else { floor + Duration::seconds(1) }
}

/// `minute` minutes after midnight of `date` by the clocks of `zone`; more than a day's leads into the next date.
pub fn moment(zone: Tz, date: NaiveDate, minute: u16) -> DateTime<Utc> {
    first_moment(zone, date.and_time(chrono::NaiveTime::MIN) + TimeDelta::minutes(i64::from(minute)))
}

/// The date that the clocks of `zone` show at `at`.
pub fn local_date(zone: Tz, at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&zone).date_naive()
}

/// The intervals of work of the days `from` to `to`, both included, with what of the night before reaches into them;
/// each as its rule says, in order of beginning.
pub fn intervals(zone: Tz, hours: &[Hours], from: NaiveDate, to: NaiveDate) -> Vec<Span> {
    intervals_on(zone, from, to, |date| hours_of_week(hours, date))
}

/// What a week says of one date, as minutes since its midnight.
pub fn hours_of_week(hours: &[Hours], date: NaiveDate) -> Vec<(u16, u16)> {
    let weekday = date.weekday().number_from_monday();
    hours.iter().filter(|h| u32::from(h.weekday) == weekday).map(|h| (h.opens, h.closes)).collect()
}

/// The same for hours that `on` tells of each date.
pub fn intervals_on(zone: Tz, from: NaiveDate, to: NaiveDate, on: impl Fn(NaiveDate) -> Vec<(u16, u16)>) -> Vec<Span> {
    let mut spans = Vec::new();
    let first = from.checked_sub_days(Days::new(1)).unwrap_or(from);
    for date in first.iter_days().take_while(|d| *d <= to) {
        for (opens, closes) in on(date) {
            let span = Span { start: moment(zone, date, opens), end: moment(zone, date, closes) };
            // A clock that jumps over the whole interval leaves nothing of it.
            if span.start < span.end {
                spans.push(span);
            }
        }
    }
    spans.sort_unstable();
    spans
}

/// What every two of `a` and `b` have in common. Both in order of beginning; so is the result.
pub fn common(a: &[Span], b: &[Span]) -> Vec<Span> {
    let mut out = Vec::new();
    for x in a {
        for y in b.iter().take_while(|y| y.start < x.end).filter(|y| x.start < y.end) {
            out.push(Span { start: x.start.max(y.start), end: x.end.min(y.end) });
        }
    }
    out.sort_unstable();
    out
}

/// The same time with touching and overlapping intervals made one.
pub fn joined(spans: &[Span]) -> Vec<Span> {
    let mut out: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match out.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => out.push(*span),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn spans(zone: Tz, day: &str, opens: u16, closes: u16) -> Vec<Span> {
        let weekday = u8::try_from(date(day).weekday().number_from_monday()).unwrap();
        intervals(zone, &[Hours { weekday, opens, closes }], date(day), date(day))
    }

    #[test]
    fn a_plain_day_is_the_zones_offset_away() {
        let got = spans(Tz::Asia__Yekaterinburg, "2026-11-20", 600, 1200);
        assert_eq!(got, [Span { start: at("2026-11-20T05:00:00Z"), end: at("2026-11-20T15:00:00Z") }]);
    }

    #[test]
    fn a_clock_that_jumps_over_the_opening_opens_at_the_jump() {
        // Berlin, 2027-03-28: 02:00 becomes 03:00, at 01:00 UTC.
        let got = spans(Tz::Europe__Berlin, "2027-03-28", 150, 300);
        assert_eq!(got, [Span { start: at("2027-03-28T01:00:00Z"), end: at("2027-03-28T03:00:00Z") }]);
        assert_eq!(spans(Tz::Europe__Berlin, "2027-03-28", 125, 175), [], "all of it was jumped over");
    }

    #[test]
    fn a_clock_that_shows_an_hour_twice_opens_and_closes_the_first_time() {
        // Berlin, 2026-10-25: 03:00 becomes 02:00, at 01:00 UTC.
        let got = spans(Tz::Europe__Berlin, "2026-10-25", 150, 300);
        assert_eq!(got, [Span { start: at("2026-10-25T00:30:00Z"), end: at("2026-10-25T04:00:00Z") }]);
        let got = spans(Tz::Europe__Berlin, "2026-10-25", 60, 150);
        assert_eq!(got, [Span { start: at("2026-10-24T23:00:00Z"), end: at("2026-10-25T00:30:00Z") }]);
    }

    #[test]
    fn a_day_that_never_was_has_no_hours() {
        // Samoa went from 29 to 31 December 2011.
        assert_eq!(spans(Tz::Pacific__Apia, "2011-12-30", 600, 1200), []);
    }

    #[test]
    fn work_past_midnight_belongs_to_the_day_it_began_and_reaches_into_the_next() {
        let friday = [Hours { weekday: 5, opens: 1080, closes: 1560 }];
        let got = intervals(Tz::UTC, &friday, date("2026-11-21"), date("2026-11-21"));
        assert_eq!(got, [Span { start: at("2026-11-20T18:00:00Z"), end: at("2026-11-21T02:00:00Z") }]);
    }

    #[test]
    fn touching_intervals_are_one_time_and_common_time_is_what_both_have() {
        let friday = |opens, closes| Hours { weekday: 5, opens, closes };
        let on = |hours: &[Hours]| intervals(Tz::UTC, hours, date("2026-11-20"), date("2026-11-20"));
        let span = |start: &str, end: &str| Span {
            start: at(&format!("2026-11-20T{start}:00Z")),
            end: at(&format!("2026-11-20T{end}:00Z")),
        };
        let business = on(&[friday(540, 780), friday(780, 1080)]);
        assert_eq!(business, [span("09:00", "13:00"), span("13:00", "18:00")]);
        assert_eq!(joined(&business), [span("09:00", "18:00")]);
        let own = on(&[friday(480, 600), friday(1020, 1200)]);
        assert_eq!(common(&business, &own), [span("09:00", "10:00"), span("17:00", "18:00")]);
    }
}
