//! The small words of a button, each read in one spelling only.

use chrono::{DateTime, NaiveDate, Utc};

use crate::booking::{Pick, ResourceId};

/// Largest number that a button carries. Rows are far fewer.
pub(in crate::bot) const MOST: i64 = 1 << 53;
/// Until the year 3871, in nine digits.
pub(in crate::bot) const LAST_MINUTE: i64 = 999_999_999;

/// A number without sign, spaces or leading zeros.
pub(in crate::bot) fn number(text: &str, most: i64) -> Option<i64> {
    let plain = text == "0" || !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok().filter(|n| *n <= most) } else { None }
}

pub(in crate::bot) fn id(text: &str) -> Option<i64> {
    number(text, MOST).filter(|n| *n > 0)
}

pub(in crate::bot) fn small(text: &str, range: std::ops::RangeInclusive<u16>) -> Option<u16> {
    number(text, 9999).and_then(|n| u16::try_from(n).ok()).filter(|n| range.contains(n))
}

pub(in crate::bot) fn page(text: &str) -> Option<usize> {
    number(text, 99).and_then(|n| usize::try_from(n).ok())
}

pub(in crate::bot) fn pick(text: &str) -> Option<Pick> {
    if text == "*" { Some(Pick::Any) } else { id(text).map(|n| Pick::One(ResourceId(n))) }
}

/// Minutes since 1970, UTC.
pub(in crate::bot) fn minute(text: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(number(text, LAST_MINUTE)? * 60, 0)
}

/// `20261124`
pub(in crate::bot) fn date(text: &str) -> Option<NaiveDate> {
    let whole = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    if whole { NaiveDate::parse_from_str(text, "%Y%m%d").ok().filter(|d| *d > NaiveDate::default()) } else { None }
}

/// `202611`, as its first day.
pub(in crate::bot) fn month(text: &str) -> Option<NaiveDate> {
    if text.len() == 6 { date(&format!("{text}01")) } else { None }
}
