//! Lengths of time.

use chrono::TimeDelta;

use super::{Piece, Read, pieces, plain};

const MINUTE: i64 = 1;
const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;
/// Nobody means more than a year.
const MOST: i64 = 366 * DAY;

/// «90», «90 мин», «1,5 ч», «1:30», «1 ч 30 мин», «полтора часа», «2 дня», «сутки». A bare whole number is minutes, a bare
/// fraction hours. In whole minutes, at most a year.
pub(crate) fn length(text: &str) -> Read<TimeDelta> {
    minutes(&plain(text)).filter(|m| (0..=MOST).contains(m)).map(TimeDelta::minutes).ok_or("typed.length")
}

fn unit(word: &str) -> Option<i64> {
    Some(match word {
        "м" | "мин" | "минута" | "минуту" | "минуты" | "минут" | "m" | "min" | "mins" | "minute" | "minutes" => {
            MINUTE
        }
        "ч" | "час" | "часа" | "часов" | "h" | "hr" | "hrs" | "hour" | "hours" => HOUR,
        "д" | "дн" | "день" | "дня" | "дней" | "сут" | "сутки" | "суток" | "d" | "day" | "days" => {
            DAY
        }
        "нед" | "неделя" | "неделю" | "недели" | "недель" | "w" | "week" | "weeks" => WEEK,
        _ => return None,
    })
}

fn minutes(text: &str) -> Option<i64> {
    match text {
        "полчаса" | "пол часа" | "half an hour" => return Some(30),
        "полтора часа" | "полтора" => return Some(90),
        "нет" | "no" | "none" | "-" => return Some(0),
        _ => {}
    }
    let all: Vec<Piece> = pieces(text, ".,:").into_iter().filter(|p| !matches!(p, Piece::Sign('.'))).collect();
    let mut total = 0i64;
    let mut last = None;
    let mut at = 0;
    while at < all.len() {
        let (number, unit) = match (&all[at], all.get(at + 1)) {
            // «час», «сутки»: one of them.
            (Piece::Word(word), _) => (None, unit(word)?),
            (Piece::Number(number), Some(Piece::Word(word))) => {
                at += 1;
                (Some(number), unit(word)?)
            }
            // «1:30», «90», «1,5», and in «1 ч 30» the minutes.
            (Piece::Number(number), None) if number.contains(':') => {
                let (hours, rest) = number.split_once(':')?;
                let (hours, rest): (i64, i64) = (hours.parse().ok()?, rest.parse().ok()?);
                (total, last) = (total.checked_add(hours.checked_mul(HOUR)?)?.checked_add(rest)?, Some(MINUTE));
                if rest > 59 || at > 0 {
                    return None;
                }
                at += 1;
                continue;
            }
            (Piece::Number(number), None) => (Some(number), if number.contains(['.', ',']) { HOUR } else { MINUTE }),
            _ => return None,
        };
        // From the larger to the smaller, each once.
        if last.is_some_and(|last| last <= unit) {
            return None;
        }
        last = Some(unit);
        total = total.checked_add(number.map_or(Some(unit), |number| of(number, unit))?)?;
        at += 1;
    }
    last.map(|_| total)
}

/// «1,5» of a unit, if that is whole minutes.
fn of(number: &str, unit: i64) -> Option<i64> {
    let number = number.replace(',', ".");
    let Some((whole, part)) = number.split_once('.') else { return number.parse::<i64>().ok()?.checked_mul(unit) };
    if part.len() > 3 {
        return None;
    }
    let of: i64 = 10i64.pow(u32::try_from(part.len()).ok()?);
    let parts = part.parse::<i64>().ok()?.checked_mul(unit)?;
    (parts % of == 0).then(|| whole.parse::<i64>().ok()?.checked_mul(unit)?.checked_add(parts / of))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_people_type_them() {
        for (text, minutes) in [
            ("90", 90),
            ("90 мин", 90),
            ("90мин.", 90),
            ("1,5 ч", 90),
            ("1.5", 90),
            ("1:30", 90),
            ("1 ч 30 мин", 90),
            ("1ч30м", 90),
            ("1 час 30", 90),
            ("1h 30m", 90),
            ("полтора часа", 90),
            ("Час", 60),
            ("полчаса", 30),
            ("0,25 ч", 15),
            ("2 дня", 2880),
            ("сутки", 1440),
            ("1 неделя", 10080),
            ("1 day 2 hours", 1560),
            ("нет", 0),
            ("0", 0),
        ] {
            assert_eq!(length(text), Ok(TimeDelta::minutes(minutes)), "{text}");
        }
        for text in [
            "",
            "долго",
            "-5",
            "1:75",
            "1 мин 1 ч",
            "5 5",
            "0,33 ч",
            "1,5,5",
            "9999999999999",
            "2 года",
            "1:30:30",
            "500 дней",
        ] {
            assert!(length(text).is_err(), "{text}");
        }
    }
}
