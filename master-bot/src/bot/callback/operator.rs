//! Buttons of the fleet; area `o`.

use shared::slug::Slug;

use crate::registry::PaymentId;

/// What an operator's button does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OperatorAct {
    List(u32),
    Card(Slug),
    Stop(Slug),
    Start(Slug),
    Restart(Slug),
    Logs(Slug),
    AskRemove(Slug),
    /// With the generation that the question was asked at: an old question removes nothing.
    Remove(Slug, i64),
    /// Letters that did not arrive, a page of them.
    Letters(u32),
    /// Sends a letter once more, or gives it up; with the number of tries that the screen was made at.
    Resend(i64, i32),
    Dismiss(i64, i32),
    /// Money that was owed for this payment is returned.
    Refunded(PaymentId),
}

impl OperatorAct {
    pub(super) fn parse(act: &str, args: &[&str]) -> Option<Self> {
        let slug = |arg: &str| arg.parse::<Slug>().ok();
        Some(match (act, args) {
            ("list", [page]) => Self::List(page.parse().ok()?),
            ("letters", [page]) => Self::Letters(page.parse().ok()?),
            ("resend", [letter, attempts]) => Self::Resend(letter.parse().ok()?, attempts.parse().ok()?),
            ("dismiss", [letter, attempts]) => Self::Dismiss(letter.parse().ok()?, attempts.parse().ok()?),
            ("refunded", [payment]) => Self::Refunded(payment.parse().ok()?),
            ("card", [s]) => Self::Card(slug(s)?),
            ("stop", [s]) => Self::Stop(slug(s)?),
            ("start", [s]) => Self::Start(slug(s)?),
            ("restart", [s]) => Self::Restart(slug(s)?),
            ("logs", [s]) => Self::Logs(slug(s)?),
            ("ask_rm", [s]) => Self::AskRemove(slug(s)?),
            ("rm", [s, generation]) => Self::Remove(slug(s)?, generation.parse().ok()?),
            _ => return None,
        })
    }

    pub(crate) fn data(&self) -> String {
        match self {
            Self::List(page) => format!("o:list:{page}"),
            Self::Card(slug) => format!("o:card:{slug}"),
            Self::Stop(slug) => format!("o:stop:{slug}"),
            Self::Start(slug) => format!("o:start:{slug}"),
            Self::Restart(slug) => format!("o:restart:{slug}"),
            Self::Logs(slug) => format!("o:logs:{slug}"),
            Self::AskRemove(slug) => format!("o:ask_rm:{slug}"),
            Self::Remove(slug, generation) => format!("o:rm:{slug}:{generation}"),
            Self::Letters(page) => format!("o:letters:{page}"),
            Self::Resend(letter, attempts) => format!("o:resend:{letter}:{attempts}"),
            Self::Dismiss(letter, attempts) => format!("o:dismiss:{letter}:{attempts}"),
            Self::Refunded(payment) => format!("o:refunded:{payment}"),
        }
    }
}
