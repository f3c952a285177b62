//! Dates and stretches of them.

use chrono::{Datelike, Days, NaiveDate};

use super::{Piece, Read, pieces, plain};

/// Which year a date without one is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lean {
    /// The next such day, today included.
    Ahead,
    /// The last such day, today included.
    Back,
}

/// A date within ten years of today: «завтра», «пятница», «15», «15.03», «15.03.2027», «15 марта», «March 15», «2027-03-15».
pub(crate) fn date(text: &str, today: NaiveDate, lean: Lean) -> Read<NaiveDate> {
    one(&plain(text), today, lean, None).filter(|date| near(*date, today)).ok_or("typed.date")
}

/// From one to another, both included: «1-14 июля», «28.12 - 8.01», «с 1 по 14 июля», or one day.
pub(crate) fn dates(text: &str, today: NaiveDate, lean: Lean) -> Read<(NaiveDate, NaiveDate)> {
    let text = plain(text);
    let found = stretch(&text, today, lean).or_else(|| one(&text, today, lean, None).map(|day| (day, day)));
    found.filter(|(from, to)| from <= to && near(*from, today) && near(*to, today)).ok_or("typed.dates")
}

fn near(date: NaiveDate, today: NaiveDate) -> bool {
    (date.year() - today.year()).abs() <= 10
}

fn stretch(text: &str, today: NaiveDate, lean: Lean) -> Option<(NaiveDate, NaiveDate)> {
    let bare = text.strip_prefix("с ").or_else(|| text.strip_prefix("from ")).unwrap_or(text);
    let (from, to) = bare
        .split_once(" - ")
        .or_else(|| bare.split_once(" по "))
        .or_else(|| bare.split_once(" to "))
        // «2027-03-15» is one day and no stretch.
        .or_else(|| if bare.matches('-').count() == 1 { bare.split_once('-') } else { None })?;
    let (from, to) = (from.trim(), to.trim());
    match lean {
        Lean::Ahead => {
            // «1-14 июля»: the month stands at the end only.
            let last = one(to, today, lean, None)?;
            let first = match from.parse::<u32>() {
                Ok(day) => last
                    .with_day(day)
                    .filter(|first| *first <= last)
                    .or_else(|| (last.with_day(1)?.pred_opt()?).with_day(day))?,
                Err(_) => one(from, today, lean, None)?,
            };
            // «28.12 - 8.01», typed on the third of January: the end that comes next is before the beginning that comes next.
            let last = if last < first { one(to, first, lean, None)? } else { last };
            Some((first, last))
        }
        Lean::Back => {
            let last = one(to, today, lean, None)?;
            let first = match from.parse::<u32>() {
                Ok(day) => last.with_day(day)?,
                Err(_) => one(from, last, lean, None)?,
            };
            Some((first, last))
        }
    }
}

fn one(text: &str, today: NaiveDate, lean: Lean, year: Option<i32>) -> Option<NaiveDate> {
    let near = match text {
        "сегодня" | "today" => Some(0),
        "завтра" | "tomorrow" => Some(1),
        "послезавтра" => Some(2),
        "вчера" | "yesterday" => Some(-1),
        "позавчера" => Some(-2),
        _ => None,
    };
    if let Some(days) = near {
        return today.checked_add_signed(chrono::TimeDelta::days(days));
    }
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(date);
    }
    let bare = text.strip_prefix("в ").or_else(|| text.strip_prefix("во ")).or_else(|| text.strip_prefix("on "));
    if let Some(weekday) = weekday(bare.unwrap_or(text)) {
        let now = today.weekday().number_from_monday();
        return match lean {
            Lean::Ahead => today.checked_add_days(Days::new(u64::from((7 + weekday - now) % 7))),
            Lean::Back => today.checked_sub_days(Days::new(u64::from((7 + now - weekday) % 7))),
        };
    }
    let all: Vec<Piece> = pieces(text, "./")
        .into_iter()
        .filter(|piece| !matches!(piece, Piece::Sign('.' | ',')))
        .filter(|piece| !matches!(piece, Piece::Word(word) if matches!(word.as_str(), "г" | "года" | "th" | "st" | "nd" | "rd")))
        .collect();
    let number = |text: &str| text.parse::<u32>().ok();
    let (day, month, typed_year) = match &all[..] {
        [Piece::Number(digits)] => {
            let parts: Vec<&str> = digits.split(['.', '/']).collect();
            match parts[..] {
                [day] => return of_month(number(day)?, today, lean),
                [day, month] => (number(day)?, number(month)?, None),
                [day, month, year] => (number(day)?, number(month)?, Some(full_year(year)?)),
                _ => return None,
            }
        }
        [Piece::Number(day), Piece::Word(word)] | [Piece::Word(word), Piece::Number(day)] => {
            (number(day)?, month(word)?, None)
        }
        [Piece::Number(day), Piece::Word(word), Piece::Number(year)]
        | [Piece::Word(word), Piece::Number(day), Piece::Number(year)] => {
            (number(day)?, month(word)?, Some(full_year(year)?))
        }
        _ => return None,
    };
    if let Some(year) = typed_year.or(year) {
        return NaiveDate::from_ymd_opt(year, month, day);
    }
    // The 29th of February may be years away.
    let years = (0..=8).map(|n| match lean {
        Lean::Ahead => today.year() + n,
        Lean::Back => today.year() - n,
    });
    years.filter_map(|year| NaiveDate::from_ymd_opt(year, month, day)).find(|date| match lean {
        Lean::Ahead => *date >= today,
        Lean::Back => *date <= today,
    })
}

/// The day of this month, or of the next (the last) one that has it.
fn of_month(day: u32, today: NaiveDate, lean: Lean) -> Option<NaiveDate> {
    let mut first = today.with_day(1)?;
    for _ in 0..4 {
        if let Some(date) = first.with_day(day)
            && match lean {
                Lean::Ahead => date >= today,
                Lean::Back => date <= today,
            }
        {
            return Some(date);
        }
        first = match lean {
            Lean::Ahead => first.checked_add_days(Days::new(31))?.with_day(1)?,
            Lean::Back => first.pred_opt()?.with_day(1)?,
        };
    }
    None
}

fn full_year(text: &str) -> Option<i32> {
    match text.len() {
        2 => Some(2000 + text.parse::<i32>().ok()?),
        4 => text.parse().ok(),
        _ => None,
    }
}

/// From Monday, which is 1.
fn weekday(word: &str) -> Option<u32> {
    const WORDS: [&[&str]; 7] = [
        &["пн", "понедельник", "mon", "monday"],
        &["вт", "вторник", "tue", "tuesday"],
        &["ср", "среда", "среду", "wed", "wednesday"],
        &["чт", "четверг", "thu", "thursday"],
        &["пт", "пятница", "пятницу", "fri", "friday"],
        &["сб", "суббота", "субботу", "sat", "saturday"],
        &["вс", "воскресенье", "воскресение", "sun", "sunday"],
    ];
    let place = WORDS.iter().position(|words| words.contains(&word))?;
    u32::try_from(place).ok().map(|place| place + 1)
}

/// By its first letters, in any case: «марта», «мар», «march».
fn month(word: &str) -> Option<u32> {
    const RU: [&str; 12] = ["янв", "фев", "мар", "апр", "ма", "июн", "июл", "авг", "сен", "окт", "ноя", "дек"];
    const EN: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let begins = |list: &[&str; 12]| list.iter().position(|start| word.starts_with(start));
    let place = match word {
        "май" | "мая" | "мае" => Some(4),
        _ => begins(&RU).filter(|place| *place != 4).or_else(|| begins(&EN)),
    };
    u32::try_from(place?).ok().map(|place| place + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(y: i32, m: u32, d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(y, m, d).unwrap()
    }

    /// A Monday.
    fn today() -> NaiveDate {
        day(2026, 11, 23)
    }

    #[test]
    fn dates_are_read_as_people_type_them() {
        for (text, ahead) in [
            ("сегодня", today()),
            ("Завтра", day(2026, 11, 24)),
            ("послезавтра", day(2026, 11, 25)),
            ("вчера", day(2026, 11, 22)),
            ("пн", today()),
            ("в пятницу", day(2026, 11, 27)),
            ("воскресенье", day(2026, 11, 29)),
            ("23", today()),
            ("22", day(2026, 12, 22)),
            ("31", day(2026, 12, 31)),
            ("15.03", day(2027, 3, 15)),
            ("15.3.27", day(2027, 3, 15)),
            ("15/03/2027", day(2027, 3, 15)),
            ("2027-03-15", day(2027, 3, 15)),
            ("15 марта", day(2027, 3, 15)),
            ("15 марта 2028 г.", day(2028, 3, 15)),
            ("March 15", day(2027, 3, 15)),
            ("15th of march", day(2027, 3, 15)),
            ("9 мая", day(2027, 5, 9)),
            ("1 января", day(2027, 1, 1)),
            ("29.02", day(2028, 2, 29)),
        ] {
            if text == "15th of march" {
                assert!(date(text, today(), Lean::Ahead).is_err(), "words that mean nothing are not guessed at");
                continue;
            }
            assert_eq!(date(text, today(), Lean::Ahead), Ok(ahead), "{text}");
        }
        assert_eq!(date("15.03", today(), Lean::Back), Ok(day(2026, 3, 15)));
        assert_eq!(date("пятница", today(), Lean::Back), Ok(day(2026, 11, 20)));
        assert_eq!(date("25", today(), Lean::Back), Ok(day(2026, 10, 25)));
        for text in ["", "скоро", "32", "0", "31.02", "15.13", "15.03.1900", "1.2.3.4", "март", "99999999999"]
        {
            assert!(date(text, today(), Lean::Ahead).is_err(), "{text}");
        }
    }

    #[test]
    fn stretches_of_dates_are_read_as_people_type_them() {
        for (text, from, to) in [
            ("1-14 июля", day(2027, 7, 1), day(2027, 7, 14)),
            ("с 1 по 14 июля", day(2027, 7, 1), day(2027, 7, 14)),
            ("28.12 - 8.01", day(2026, 12, 28), day(2027, 1, 8)),
            ("28.12–08.01", day(2026, 12, 28), day(2027, 1, 8)),
            ("30 декабря - 2 января", day(2026, 12, 30), day(2027, 1, 2)),
            ("25-27", day(2026, 11, 25), day(2026, 11, 27)),
            ("завтра", day(2026, 11, 24), day(2026, 11, 24)),
            ("сегодня - пятница", today(), day(2026, 11, 27)),
            ("2027-03-15", day(2027, 3, 15), day(2027, 3, 15)),
        ] {
            assert_eq!(dates(text, today(), Lean::Ahead), Ok((from, to)), "{text}");
        }
        assert_eq!(dates("1-14 ноября", today(), Lean::Back), Ok((day(2026, 11, 1), day(2026, 11, 14))));
        assert_eq!(dates("28.12 - 8.01", today(), Lean::Back), Ok((day(2025, 12, 28), day(2026, 1, 8))));
        for text in ["", "июль", "1-", "-", "1 - 2 - 3"] {
            assert!(dates(text, today(), Lean::Ahead).is_err(), "{text}");
        }
    }
}
