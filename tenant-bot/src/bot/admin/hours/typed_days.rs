//! «1-14 июля отпуск», «31.12 10-15 короткий день»: days, their hours, and what for, in one line.

use chrono::NaiveDate;

use super::{AHEAD, Whose, typed};
use crate::booking::OtherDays;

/// Where a text may be cut: at its end, and between its words, the last place first.
fn cuts(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let ends = text.char_indices().filter(|(_, c)| c.is_whitespace() || *c == ',' || *c == ';').map(|(at, _)| at);
    let mut ends: Vec<usize> = ends.chain([text.len()]).collect();
    ends.reverse();
    ends.into_iter()
        .map(|at| (text[..at].trim(), text[at..].trim_start_matches([',', ';', ':', ' ', '\n', '-', '—', '–'])))
}

fn note(rest: &str) -> Option<String> {
    let tidy = rest.split_whitespace().collect::<Vec<_>>().join(" ");
    (!tidy.is_empty()).then(|| tidy.chars().take(200).collect())
}

/// Days on which nobody works.
pub(super) fn closed(whose: Whose, text: &str, today: NaiveDate) -> Result<OtherDays, &'static str> {
    let text = text.trim();
    let found = cuts(text).find_map(|(days, rest)| Some((typed::dates(days, today, AHEAD).ok()?, rest)));
    let ((first_day, last_day), rest) = found.ok_or("typed.dates")?;
    Ok(OtherDays { whose, first_day, last_day, intervals: Vec::new(), note: note(rest) })
}

/// Days with other hours.
pub(super) fn other(whose: Whose, text: &str, today: NaiveDate) -> Result<OtherDays, &'static str> {
    let found = cuts(text.trim()).find_map(|(days, rest)| {
        let (first_day, last_day) = typed::dates(days, today, AHEAD).ok()?;
        let worked = cuts(rest).find_map(|(hours, rest)| {
            let spans = typed::spans(hours).ok().filter(|spans| !spans.is_empty())?;
            Some((spans, rest))
        });
        let (intervals, rest) = worked?;
        Some(OtherDays { whose, first_day, last_day, intervals, note: note(rest) })
    });
    found.ok_or("hours.typed_other")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn days_hours_and_a_note_are_read_from_one_line() {
        let today = date("2026-11-23");
        let vacation = closed(None, "1-14 июля отпуск", today).unwrap();
        assert_eq!((vacation.first_day, vacation.last_day), (date("2027-07-01"), date("2027-07-14")));
        assert_eq!(vacation.note.as_deref(), Some("отпуск"));
        assert_eq!(closed(None, "завтра", today).unwrap().note, None);
        let feast = closed(None, "28.12 - 8.01, каникулы", today).unwrap();
        assert_eq!(
            (feast.first_day, feast.last_day, feast.note.as_deref()),
            (date("2026-12-28"), date("2027-01-08"), Some("каникулы"))
        );
        for text in ["31.12 10-15 короткий день", "31.12, 10-15, короткий день", "31 декабря с 10 до 15\nкороткий день"]
        {
            let short = other(None, text, today).unwrap();
            assert_eq!((short.first_day, short.intervals.clone()), (date("2026-12-31"), vec![(600, 900)]), "{text}");
            assert_eq!(short.note.as_deref(), Some("короткий день"), "{text}");
        }
        let two = other(None, "завтра 10-14, 15-19", today).unwrap();
        assert_eq!((two.first_day, two.intervals), (date("2026-11-24"), vec![(600, 840), (900, 1140)]));
        assert!(closed(None, "когда-нибудь", today).is_err() && closed(None, "", today).is_err());
        assert!(other(None, "завтра", today).is_err() && other(None, "10-15", today).is_err());
    }
}
