//! A stretch of time as people type it: «завтра 14-16», «15.03», «1-14 июля», «24.11 18:00 - 26.11 10:00»; and said back.

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;

use crate::{
    booking::{
        hours::{Span, local_date, moment},
        schedule::Block,
    },
    bot::{
        typed::{self, Lean},
        words::Words,
    },
};

/// A day's minutes.
const DAY: u16 = 1440;

/// Reads it; whole days where no hours are said. Or the key of a hint.
pub(super) fn read(text: &str, today: NaiveDate, zone: Tz) -> Result<Span, &'static str> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    from_to(&text, today, zone)
        .or_else(|| hours_of_a_day(&text, today, zone))
        .or_else(|| {
            let (first, last) = typed::dates(&text, today, Lean::Ahead).ok()?;
            let end = last.checked_add_days(Days::new(1))?;
            Some(Span { start: moment(zone, first, 0), end: moment(zone, end, 0) })
        })
        .filter(|span| span.start < span.end)
        .ok_or("typed.stretch")
}

/// «24.11 18:00 - 26.11 10:00»
fn from_to(text: &str, today: NaiveDate, zone: Tz) -> Option<Span> {
    let at = |text: &str| {
        let (date, time) = text.rsplit_once(' ')?;
        let date = typed::date(date, today, Lean::Ahead).ok()?;
        time.contains(':').then(|| typed::clock_time(time).ok().map(|minute| moment(zone, date, minute)))?
    };
    let (from, to) = text.split_once(" - ").or_else(|| text.split_once(" — ")).or_else(|| text.split_once(" – "))?;
    Some(Span { start: at(from)?, end: at(to)? })
}

/// «завтра 14-16», «15.03 с 9 до 12»: a date, and after any of the spaces its hours.
fn hours_of_a_day(text: &str, today: NaiveDate, zone: Tz) -> Option<Span> {
    text.match_indices(' ').find_map(|(at, _)| {
        let (date, hours) = (&text[..at], &text[at + 1..]);
        let date = typed::date(date.trim_end_matches(','), today, Lean::Ahead).ok()?;
        let (from, to) = typed::span(hours).ok()?;
        Some(Span { start: moment(zone, date, from), end: moment(zone, date, to) })
    })
}

/// Says a block: «вт 24.11, 14:00–16:00», «24.11 – 26.11», and how it comes back.
pub(super) fn say(words: Words<'_>, zone: Tz, block: &Block) -> String {
    let Span { start, end } = block.span;
    let (first, last) = (local_date(zone, start), local_date(zone, end - chrono::TimeDelta::seconds(1)));
    let whole = start == moment(zone, first, 0) && end == moment(zone, last, DAY);
    let stretch = match (first == last, whole) {
        (true, true) => words.say("blocks.whole_day", &[("date", &words.short_date(first))]),
        (false, true) => format!("{} – {}", words.short_date(first), words.short_date(last)),
        (true, false) => {
            format!("{}, {}–{}", words.short_date(first), words.time(zone, start), words.time(zone, end))
        }
        (false, false) => format!(
            "{}, {} – {}, {}",
            words.short_date(first),
            words.time(zone, start),
            words.short_date(local_date(zone, end)),
            words.time(zone, end)
        ),
    };
    let Some(repeats) = &block.repeats else { return stretch };
    let mut days: Vec<u8> = repeats.weekdays.clone();
    days.sort_unstable();
    let days: Vec<String> = days.iter().map(|day| words.weekday(u32::from(*day))).collect();
    let days = days.join(", ");
    let hours = format!("{}–{}", words.time(zone, start), words.time(zone, end));
    let mut said = match repeats.every_weeks {
        0 | 1 => words.say("blocks.weekly", &[("days", &days), ("hours", &hours)]),
        n => words.count("blocks.every_weeks", i64::from(n), &[("days", &days), ("hours", &hours)]),
    };
    said.push_str(&words.say("blocks.from", &[("date", &words.short_date(first))]));
    if let Some(until) = repeats.until {
        said.push_str(&words.say("blocks.until", &[("date", &words.short_date(until))]));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_is_read_the_way_it_is_typed() {
        let today: NaiveDate = "2026-11-23".parse().unwrap();
        let read = |text: &str| {
            read(text, today, Tz::UTC)
                .map(|span| format!("{}/{}", span.start.format("%m-%d %H:%M"), span.end.format("%m-%d %H:%M")))
        };
        for (text, span) in [
            ("завтра 14-16", "11-24 14:00/11-24 16:00"),
            ("завтра, 14:30-16", "11-24 14:30/11-24 16:00"),
            ("24.11 10-14", "11-24 10:00/11-24 14:00"),
            ("15 марта 9-12", "03-15 09:00/03-15 12:00"),
            ("пт", "11-27 00:00/11-28 00:00"),
            ("завтра", "11-24 00:00/11-25 00:00"),
            ("1-14 июля", "07-01 00:00/07-15 00:00"),
            ("28.12-8.01", "12-28 00:00/01-09 00:00"),
            ("24.11 18:00 - 26.11 10:00", "11-24 18:00/11-26 10:00"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(span), "{text}");
        }
        for nonsense in ["", "когда-нибудь", "завтра 25-26", "24.11 18:00 - 23.11 10:00"] {
            assert_eq!(read(nonsense), Err("typed.stretch"), "{nonsense}");
        }
    }
}
