//! Money, numbers, percents.

use std::ops::RangeInclusive;

use super::{Piece, Read, pieces, plain};
use crate::booking::{Kopecks, Price};

/// What a price may be at most, in kopecks: as much as the tables take.
const MOST: i64 = 9_999_999_999;

/// A sum: «1 500», «1500,50», «1.500 ₽», «2к», «2 тыс.», «бесплатно».
pub(crate) fn money(text: &str) -> Read<Kopecks> {
    const HINT: &str = "typed.money";
    let text = plain(text);
    if matches!(text.as_str(), "бесплатно" | "даром" | "free" | "0") {
        return Ok(Kopecks(0));
    }
    let mut number = None;
    let mut thousands = false;
    // Spaces group thousands: «1 500».
    for piece in pieces(&grouped(&text), ".,") {
        match piece {
            Piece::Number(digits) if number.is_none() => number = Some(kopecks(&digits).ok_or(HINT)?),
            Piece::Word(word) if matches!(word.as_str(), "к" | "k" | "т" | "тыс" | "тысяч" | "тысячи" | "тысяча") =>
            {
                thousands = true;
            }
            Piece::Word(word)
                if matches!(word.as_str(), "р" | "руб" | "рубль" | "рубля" | "рублей" | "rub" | "rur" | "r") =>
                {}
            Piece::Sign('₽' | '.') => {}
            _ => return Err(HINT),
        }
    }
    let sum = number.ok_or(HINT)?;
    let sum = if thousands { sum.checked_mul(1000).ok_or(HINT)? } else { sum };
    if sum <= MOST { Ok(Kopecks(sum)) } else { Err(HINT) }
}

/// A price: a sum, or «1000-1500», «от 1000 до 1500».
pub(crate) fn price(text: &str) -> Read<Price> {
    const HINT: &str = "typed.price";
    let text = plain(text);
    let range = text
        .strip_prefix("от ")
        .or_else(|| text.strip_prefix("from "))
        .and_then(|rest| rest.split_once(" до ").or_else(|| rest.split_once(" to ")))
        .or_else(|| text.split_once('-'));
    let Some((from, to)) = range else {
        return money(&text).map(|from| Price { from, to: None }).map_err(|_| HINT);
    };
    let (from, to) = (money(from).map_err(|_| HINT)?, money(to).map_err(|_| HINT)?);
    match from.0.cmp(&to.0) {
        std::cmp::Ordering::Less => Ok(Price { from, to: Some(to) }),
        std::cmp::Ordering::Equal => Ok(Price { from, to: None }),
        std::cmp::Ordering::Greater => Err(HINT),
    }
}

/// A whole number within a range.
pub(crate) fn number(text: &str, range: RangeInclusive<i64>) -> Read<i64> {
    plain(text).replace(' ', "").parse().ok().filter(|n| range.contains(n)).ok_or("typed.number")
}

/// «15», «15%», «15 процентов».
pub(crate) fn percent(text: &str) -> Read<u8> {
    let text = plain(text);
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    let rest = text[digits.len()..].trim();
    if !matches!(rest, "" | "%" | "процент" | "процента" | "процентов" | "percent") {
        return Err("typed.percent");
    }
    digits.parse().ok().filter(|n| *n <= 100).ok_or("typed.percent")
}

/// «1 500 000» as «1500000»: a space goes if three digits and no more follow.
fn grouped(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    let mut out = String::with_capacity(text.len());
    for (at, c) in chars.iter().enumerate() {
        let between = *c == ' ' && at > 0 && digit(at - 1) && (1..=3).all(|n| digit(at + n)) && !digit(at + 4);
        if !between {
            out.push(*c);
        }
    }
    out
}

/// «1500», «1500,5», «1500.50», «1.500» (three digits after the sign are thousands).
fn kopecks(digits: &str) -> Option<i64> {
    let parts: Vec<&str> = digits.split(['.', ',']).collect();
    let (roubles, cents) = match parts[..] {
        [roubles] => (roubles.to_owned(), String::new()),
        [ref groups @ .., last] if last.len() == 3 => (format!("{}{last}", groups.concat()), String::new()),
        [ref groups @ .., last] if last.len() <= 2 => (groups.concat(), last.to_owned()),
        _ => return None,
    };
    let regular = |group: &&str| group.len() <= 3;
    if parts.len() > 2 && !parts.iter().all(regular) {
        return None;
    }
    let cents: i64 = if cents.is_empty() { 0 } else { format!("{cents:0<2}").parse().ok()? };
    roubles.parse::<i64>().ok()?.checked_mul(100)?.checked_add(cents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_read_as_people_type_them() {
        for (text, roubles, cents) in [
            ("1500", 1500, 0),
            ("1 500", 1500, 0),
            ("1 500 ₽", 1500, 0),
            ("1\u{a0}500\u{a0}руб.", 1500, 0),
            ("1500р", 1500, 0),
            ("1500,5", 1500, 50),
            ("1500.05 р.", 1500, 5),
            ("1.500", 1500, 0),
            ("1,500", 1500, 0),
            ("1 234 567", 1_234_567, 0),
            ("2к", 2000, 0),
            ("1,5 тыс", 1500, 0),
            ("1.5k", 1500, 0),
            ("бесплатно", 0, 0),
            ("Free", 0, 0),
        ] {
            assert_eq!(money(text), Ok(Kopecks(roubles * 100 + cents)), "{text}");
        }
        for text in
            ["", "много", "-5", "1500 1500", "1..5", "1,5555", "100000000", "1500 штук", "9999999999999999999", "12 34"]
        {
            assert!(money(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_price_is_a_sum_or_a_range() {
        let range = |from: i64, to: i64| Ok(Price { from: Kopecks(from * 100), to: Some(Kopecks(to * 100)) });
        for text in ["1000-1500", "1 000 – 1 500 ₽", "от 1000 до 1500", "from 1000 to 1500"] {
            assert_eq!(price(text), range(1000, 1500), "{text}");
        }
        assert_eq!(price("1800"), Ok(Price { from: Kopecks(180_000), to: None }));
        assert_eq!(price("5-5"), Ok(Price { from: Kopecks(500), to: None }));
        for text in ["1500-1000", "от 1000", "1-2-3", "дорого"] {
            assert!(price(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_and_percents_stay_within_their_range() {
        assert_eq!(number(" 1 000 ", 1..=5000), Ok(1000));
        assert!(number("0", 1..=5).is_err() && number("x", 1..=5).is_err());
        assert_eq!((percent("15%"), percent("15 процентов"), percent("100")), (Ok(15), Ok(15), Ok(100)));
        assert!(percent("101").is_err() && percent("%").is_err() && percent("5 рублей").is_err());
    }
}
