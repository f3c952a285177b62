//! Times of day and stretches of them.

use super::{Read, plain};

/// A day, in minutes.
const DAY: u16 = 1440;

/// «9», «9:30», «9.30», «0930», «9 утра» is not read. Minutes since midnight, 0–1439.
pub(crate) fn clock_time(text: &str) -> Read<u16> {
    minute(&plain(text)).filter(|m| *m < DAY).ok_or("typed.time")
}

/// «10-19», «10:00–19:30», «с 10 до 19», «18-2» (past midnight), «круглосуточно». Minutes since midnight: where it begins,
/// 0–1439, and where it ends, after that, at most 2880.
pub(crate) fn span(text: &str) -> Read<(u16, u16)> {
    stretch(&plain(text)).ok_or("typed.span")
}

/// Any number of them, apart: «10-14, 15-19»; none: «выходной». In order.
pub(crate) fn spans(text: &str) -> Read<Vec<(u16, u16)>> {
    let text = plain(text);
    if matches!(text.as_str(), "выходной" | "закрыто" | "нет" | "-" | "closed" | "off" | "day off") {
        return Ok(Vec::new());
    }
    let text = text.replace(" и ", ",").replace(" and ", ",").replace(';', ",");
    let mut all: Vec<(u16, u16)> =
        text.split(',').map(|part| stretch(part.trim()).ok_or("typed.spans")).collect::<Result<_, _>>()?;
    all.sort_unstable();
    let apart = all.windows(2).all(|two| two[0].1 <= two[1].0);
    // What runs past midnight must not run into where the day began.
    let round = all.last().zip(all.first()).is_none_or(|(last, first)| all.len() == 1 || last.1 <= first.0 + DAY);
    if apart && round && all.len() <= 10 { Ok(all) } else { Err("typed.spans_overlap") }
}

fn stretch(text: &str) -> Option<(u16, u16)> {
    if matches!(text, "круглосуточно" | "24" | "24/7" | "24 часа" | "all day" | "24 hours") {
        return Some((0, DAY));
    }
    let bare = text.strip_prefix("с ").or_else(|| text.strip_prefix("from ")).unwrap_or(text);
    let (from, to) = bare
        .split_once('-')
        .or_else(|| bare.split_once(" до "))
        .or_else(|| bare.split_once(" to "))
        .or_else(|| bare.split_once(" till "))?;
    let (from, to) = (minute(from.trim())?, minute(to.trim())?);
    if from >= DAY {
        return None;
    }
    // «18-2» ends on the next day; «10-10» is a whole one.
    Some((from, if to > from { to } else { to + DAY }))
}

/// Minutes since midnight; «24:00» is the end of the day.
fn minute(text: &str) -> Option<u16> {
    let digits = |text: &str| !text.is_empty() && text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit());
    let (hours, minutes) = match text.split_once([':', '.', ' ']) {
        Some((hours, minutes)) if minutes.len() == 2 => (hours, minutes),
        Some(_) => return None,
        None if (3..=4).contains(&text.len()) && text.is_ascii() => text.split_at(text.len() - 2),
        None => (text, "00"),
    };
    if !digits(hours) || !digits(minutes) {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60 || hours == 24 && minutes == 0).then_some(hours * 60 + minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_are_read_as_people_type_them() {
        for (text, minute) in
            [("9", 540), ("09:30", 570), ("9.30", 570), ("930", 570), ("0930", 570), ("9 30", 570), ("0:00", 0)]
        {
            assert_eq!(clock_time(text), Ok(minute), "{text}");
        }
        for text in ["", "24:00", "25", "9:60", "9:3", "девять", "9:30:00", "99999"] {
            assert!(clock_time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn stretches_may_run_past_midnight() {
        for (text, from, to) in [
            ("10-19", 600, 1140),
            ("10:00–19:30", 600, 1170),
            ("с 10 до 19", 600, 1140),
            ("from 10 to 19", 600, 1140),
            ("18-2", 1080, 1560),
            ("10 - 24", 600, 1440),
            ("круглосуточно", 0, 1440),
        ] {
            assert_eq!(span(text), Ok((from, to)), "{text}");
        }
        for text in ["", "10", "24-25", "десять-двенадцать", "10-19-20", "-"] {
            assert!(span(text).is_err(), "{text}");
        }
    }

    #[test]
    fn several_stretches_stay_apart() {
        assert_eq!(spans("15-19, 10-14"), Ok(vec![(600, 840), (900, 1140)]));
        assert_eq!(spans("10-14 и 15-19"), Ok(vec![(600, 840), (900, 1140)]));
        assert_eq!(spans("Выходной"), Ok(Vec::new()));
        for text in ["10-14, 13-19", "10-14, 20-11", "10-14,", ""] {
            assert!(spans(text).is_err(), "{text}");
        }
    }
}
