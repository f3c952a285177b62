//! What an owner types when composing a sale, read as people write it.

use crate::{registry::Kopecks, sales::signup::Wrong};

/// Days that can be sold at once; the table has the same bounds.
const DAYS: std::ops::RangeInclusive<i32> = 1..=3660;
/// A rouble to a million; the table has the same bounds.
const AMOUNT: std::ops::RangeInclusive<i64> = 100..=100_000_000;
/// Characters of a note.
const NOTE: usize = 500;

/// A number of days: `90`, `90 дней`.
pub(crate) fn days(text: &str) -> Result<i32, Wrong> {
    let number = text.trim().trim_end_matches(|c: char| c.is_alphabetic() || c == '.' || c.is_whitespace());
    let days = number.parse().map_err(|_| Wrong("sale.days_wrong"))?;
    if DAYS.contains(&days) { Ok(days) } else { Err(Wrong("sale.days_wrong")) }
}

/// A sum in roubles: `2500`, `2 500 ₽`, `2500,50 руб.`
pub(crate) fn amount(text: &str) -> Result<Kopecks, Wrong> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let number = text.trim_end_matches(|c: char| c.is_alphabetic() || c == '₽' || c == '.');
    let (whole, part) = number.split_once([',', '.']).unwrap_or((number, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 9 || part.len() > 2 || !digits(whole) || !digits(part) {
        return Err(Wrong("sale.amount_wrong"));
    }
    // `,5` is fifty kopecks.
    let kopecks = format!("{whole}{part:0<2}").parse().map_err(|_| Wrong("sale.amount_wrong"))?;
    if AMOUNT.contains(&kopecks) { Ok(Kopecks(kopecks)) } else { Err(Wrong("sale.amount_wrong")) }
}

/// A note for oneself: what it was for, the number of the invoice.
pub(crate) fn note(text: &str) -> Result<String, Wrong> {
    let note: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let note = note.trim();
    match note.chars().count() {
        0 => Err(Wrong("sale.note_empty")),
        1..=NOTE => Ok(note.to_owned()),
        _ => Err(Wrong("sale.note_long")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_a_number_within_bounds() {
        for (typed, kept) in [("1", 1), (" 90 ", 90), ("365 дней", 365), ("30 дн.", 30), ("3660", 3660)] {
            assert_eq!(days(typed), Ok(kept), "{typed}");
        }
        for wrong in ["", "0", "-5", "3661", "месяц", "1.5", "99999999999999", "90 дней 2"] {
            assert!(days(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_sum_is_read_exactly_or_not_at_all() {
        for (typed, kopecks) in [
            ("1", 100),
            ("2500", 250_000),
            ("2 500 ₽", 250_000),
            ("2\u{a0}500 руб.", 250_000),
            ("2500,50", 250_050),
            ("2500.5", 250_050),
            ("299р", 29_900),
            ("1000000", 100_000_000),
        ] {
            assert_eq!(amount(typed), Ok(Kopecks(kopecks)), "{typed}");
        }
        for wrong in ["", "0", "0,99", "-100", "1000000,01", "1,005", "сто", "1,2,3", "9999999999", "1e3", "+5"] {
            assert!(amount(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_note_is_at_most_five_hundred_characters_without_control_ones() {
        assert_eq!(note(" счёт\n№ 5\0 ").as_deref(), Ok("счёт № 5"));
        assert!(note(&"я".repeat(500)).is_ok());
        assert!(note(&"я".repeat(501)).is_err());
        assert!(note("  \n").is_err());
    }
}
