//! What people type, read the way they type it: «1,5 ч», «90», «10-19», «завтра», «15.03», «1 500 ₽». Whatever is read
//! is echoed before it counts, so a reading may be generous. What cannot be read gives the key of a hint that says how
//! to type it.

mod amount;
mod clock;
mod dates;
mod length;

pub(crate) use self::{
    amount::{money, number, percent, price},
    clock::{clock_time, span, spans},
    dates::{Lean, date, dates},
    length::length,
};

/// A reading, or the key of a hint.
pub(crate) type Read<T> = Result<T, &'static str>;

/// The same letters for the same meaning: small, «ё» as «е», one kind of dash, space and quote, and not endlessly long.
fn plain(text: &str) -> String {
    let small = text.chars().take(200).flat_map(char::to_lowercase).map(|c| match c {
        'ё' => 'е',
        '–' | '—' | '−' | '‑' | '‒' => '-',
        c if c.is_whitespace() => ' ',
        c => c,
    });
    let small: String = small.collect();
    small.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A piece of a text: digits with what stands between them, or a word.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Number(String),
    Word(String),
    Sign(char),
}

/// Cuts a plain text where digits, letters and signs meet. A sign within a number belongs to it if it is in `inside`.
fn pieces(text: &str, inside: &str) -> Vec<Piece> {
    let chars: Vec<char> = text.chars().collect();
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let from = at;
        if c.is_ascii_digit() {
            while chars.get(at).is_some_and(|c| {
                c.is_ascii_digit() || inside.contains(*c) && chars.get(at + 1).is_some_and(char::is_ascii_digit)
            }) {
                at += 1;
            }
            all.push(Piece::Number(chars[from..at].iter().collect()));
        } else if c.is_alphabetic() {
            while chars.get(at).is_some_and(|c| c.is_alphabetic()) {
                at += 1;
            }
            all.push(Piece::Word(chars[from..at].iter().collect()));
        } else {
            at += 1;
            if c != ' ' {
                all.push(Piece::Sign(c));
            }
        }
    }
    all
}
