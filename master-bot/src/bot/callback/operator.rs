//! Buttons of the fleet; area `o`.

use shared::slug::Slug;

use crate::{fleet::card::State, registry::PaymentId};

/// What an operator's button does. A wish carries the generation that its card was made at: one that was formed before
/// another's came true is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OperatorAct {
    /// A page of those who are not gone, or of those in one state.
    List(u32, Option<State>),
    /// Asks what to look for.
    Find,
    /// A page of what was found by these words.
    Found(u32, Words),
    Card(Slug),
    /// A page of what has happened.
    Events(Slug, u32),
    /// Asks for the reason.
    Stop(Slug),
    /// Stops, for one of the usual reasons.
    Hold(Slug, i64, u8),
    Start(Slug, i64),
    Restart(Slug, i64),
    Logs(Slug),
    /// Asks for the name to be typed.
    AskRemove(Slug),
    /// Letters that did not arrive, a page of them.
    Letters(u32),
    /// Sends a letter once more, or gives it up; with the number of tries that the screen was made at.
    Resend(i64, i32),
    Dismiss(i64, i32),
    /// Money that was owed for this payment is returned.
    Refunded(PaymentId),
}

/// What is looked for, as a button can carry it: short, on one line, without the colon that parts the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words(String);

impl Words {
    /// Beside `o:found:` and a page's number there is room for so many bytes.
    const MOST: usize = 44;

    /// Whatever was typed, cut where it must be; none when nothing is left.
    pub(crate) fn of(typed: &str) -> Option<Self> {
        let mut words = String::new();
        for word in typed.split(|c: char| c.is_whitespace() || c.is_control() || c == ':').filter(|w| !w.is_empty()) {
            let gap = usize::from(!words.is_empty());
            let room = Self::MOST.saturating_sub(words.len() + gap);
            let fits = word.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= room).last();
            let Some(end) = fits else { break };
            if gap > 0 {
                words.push(' ');
            }
            words.push_str(&word[..end]);
        }
        (!words.is_empty()).then_some(Self(words))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl OperatorAct {
    pub(super) fn parse(act: &str, args: &[&str]) -> Option<Self> {
        let slug = |arg: &str| arg.parse::<Slug>().ok();
        Some(match (act, args) {
            ("list", [page]) => Self::List(page.parse().ok()?, None),
            ("list", [page, state]) => Self::List(page.parse().ok()?, Some(State::parse(state)?)),
            ("find", []) => Self::Find,
            ("found", [page, words]) => Self::Found(page.parse().ok()?, Words::of(words)?),
            ("letters", [page]) => Self::Letters(page.parse().ok()?),
            ("resend", [letter, attempts]) => Self::Resend(letter.parse().ok()?, attempts.parse().ok()?),
            ("dismiss", [letter, attempts]) => Self::Dismiss(letter.parse().ok()?, attempts.parse().ok()?),
            ("refunded", [payment]) => Self::Refunded(payment.parse().ok()?),
            ("card", [s]) => Self::Card(slug(s)?),
            ("events", [s, page]) => Self::Events(slug(s)?, page.parse().ok()?),
            ("stop", [s]) => Self::Stop(slug(s)?),
            ("hold", [s, generation, reason]) => Self::Hold(slug(s)?, generation.parse().ok()?, reason.parse().ok()?),
            ("start", [s, generation]) => Self::Start(slug(s)?, generation.parse().ok()?),
            ("restart", [s, generation]) => Self::Restart(slug(s)?, generation.parse().ok()?),
            ("logs", [s]) => Self::Logs(slug(s)?),
            ("ask_rm", [s]) => Self::AskRemove(slug(s)?),
            _ => return None,
        })
    }

    pub(crate) fn data(&self) -> String {
        match self {
            Self::List(page, None) => format!("o:list:{page}"),
            Self::List(page, Some(state)) => format!("o:list:{page}:{}", state.name()),
            Self::Find => "o:find".into(),
            Self::Found(page, words) => format!("o:found:{page}:{}", words.as_str()),
            Self::Card(slug) => format!("o:card:{slug}"),
            Self::Events(slug, page) => format!("o:events:{slug}:{page}"),
            Self::Stop(slug) => format!("o:stop:{slug}"),
            Self::Hold(slug, generation, reason) => format!("o:hold:{slug}:{generation}:{reason}"),
            Self::Start(slug, generation) => format!("o:start:{slug}:{generation}"),
            Self::Restart(slug, generation) => format!("o:restart:{slug}:{generation}"),
            Self::Logs(slug) => format!("o:logs:{slug}"),
            Self::AskRemove(slug) => format!("o:ask_rm:{slug}"),
            Self::Letters(page) => format!("o:letters:{page}"),
            Self::Resend(letter, attempts) => format!("o:resend:{letter}:{attempts}"),
            Self::Dismiss(letter, attempts) => format!("o:dismiss:{letter}:{attempts}"),
            Self::Refunded(payment) => format!("o:refunded:{payment}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_looked_for_fits_on_a_button_and_is_read_back() {
        let long = "Ж".repeat(500);
        let wide = "𝕏 ".repeat(200);
        for typed in ["усы", "a:b:c", " два  слова\n", "<b>&", "שלום עולם", &long, &wide, "\u{202e}abc", "@usy_bot"]
        {
            let words = Words::of(typed).unwrap();
            let data = OperatorAct::Found(u32::MAX, words.clone()).data();
            assert!(data.len() <= 64, "{data}");
            assert_eq!(Words::of(words.as_str()), Some(words), "{typed}");
        }
        for nothing in ["", " ", ":", "\n\t", "\u{0}"] {
            assert_eq!(Words::of(nothing), None, "{nothing:?}");
        }
    }
}
