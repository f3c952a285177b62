//! Many bookings changed at once: put together, shown with every effect and conflict, and then done.

mod draft;
mod effect;
mod pieces;

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use self::draft::Kind;
pub(crate) use self::draft::MassDraft;
use super::{
    super::{
        chat::Chat,
        choice::{self, read},
        turn::Turn,
    },
    form::{Said, Typed},
};
use crate::booking::{BookError, ResourceId, ServiceId};

/// A button of this room.
///
/// ```text
/// a:mass                               what can be changed
/// a:mass:<shift|to|on|svc|off>         begins a change of that kind
/// a:mass:draft                         as it is put together
/// a:mass:days, a:mass:day:<date>       which dates
/// a:mass:hours, a:mass:whole           which hours; all of the day
/// a:mass:who, a:mass:of:<resource or *>    whose
/// a:mass:what                          by how much, to whom, to which day, into what, why
/// a:mass:plus:<minutes>, a:mass:minus:<minutes>, a:mass:into:<resource>, a:mass:date:<date>,
/// a:mass:from:<service>, a:mass:svcto:<service>, a:mass:unsaid
/// a:mass:see:<page>, a:mass:go:<digest>    what would come of it; does it
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    Home,
    Begin(Kind),
    Draft,
    Days,
    Day(NaiveDate),
    Hours,
    WholeDay,
    Who,
    Of(Option<ResourceId>),
    What,
    By(i64),
    Into(ResourceId),
    Date(NaiveDate),
    From(ServiceId),
    ServiceTo(ServiceId),
    Unsaid,
    See(usize),
    Go(i64),
}

/// What this room asks to be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::bot) enum Ask {
    /// Which dates.
    Days,
    /// Which hours.
    Hours,
    /// By how much, later or (`false`) earlier.
    By(bool),
    /// To which date.
    Date,
    /// Why.
    Reason,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Home => f.write_str("home"),
            Self::Begin(kind) => f.write_str(kind.word()),
            Self::Draft => f.write_str("draft"),
            Self::Days => f.write_str("days"),
            Self::Day(date) => write!(f, "day:{}", date.format("%Y%m%d")),
            Self::Hours => f.write_str("hours"),
            Self::WholeDay => f.write_str("whole"),
            Self::Who => f.write_str("who"),
            Self::Of(None) => f.write_str("of:*"),
            Self::Of(Some(id)) => write!(f, "of:{}", id.0),
            Self::What => f.write_str("what"),
            Self::By(minutes) if *minutes < 0 => write!(f, "minus:{}", -minutes),
            Self::By(minutes) => write!(f, "plus:{minutes}"),
            Self::Into(id) => write!(f, "into:{}", id.0),
            Self::Date(date) => write!(f, "date:{}", date.format("%Y%m%d")),
            Self::From(id) => write!(f, "from:{}", id.0),
            Self::ServiceTo(id) => write!(f, "svcto:{}", id.0),
            Self::Unsaid => f.write_str("unsaid"),
            Self::See(page) => write!(f, "see:{page}"),
            Self::Go(digest) => write!(f, "go:{digest}"),
        }
    }
}

impl Choice {
    pub(super) fn parse(parts: &[&str]) -> Option<Self> {
        let minutes = |text| read::small(text, 1..=1440).map(i64::from);
        Some(match *parts {
            ["home"] => Self::Home,
            ["draft"] => Self::Draft,
            ["days"] => Self::Days,
            ["day", date] => Self::Day(read::date(date)?),
            ["hours"] => Self::Hours,
            ["whole"] => Self::WholeDay,
            ["who"] => Self::Who,
            ["of", "*"] => Self::Of(None),
            ["of", id] => Self::Of(Some(ResourceId(read::id(id)?))),
            ["what"] => Self::What,
            ["plus", text] => Self::By(minutes(text)?),
            ["minus", text] => Self::By(-minutes(text)?),
            ["into", id] => Self::Into(ResourceId(read::id(id)?)),
            ["date", date] => Self::Date(read::date(date)?),
            ["from", id] => Self::From(ServiceId(read::id(id)?)),
            ["svcto", id] => Self::ServiceTo(ServiceId(read::id(id)?)),
            ["unsaid"] => Self::Unsaid,
            ["see", page] => Self::See(read::page(page)?),
            ["go", digest] => Self::Go(read::number(digest, read::MOST)?),
            [kind] => Self::Begin(Kind::from_word(kind)?),
            _ => return None,
        })
    }
}

fn button(choice: Choice) -> choice::Choice {
    choice::Choice::Admin(super::Choice::Mass(choice))
}

pub(super) async fn pressed(chat: &mut Chat<'_>, choice: Choice) -> Result<Turn, BookError> {
    match choice {
        Choice::Home => draft::home(chat, None).await,
        Choice::Begin(kind) => draft::begin(chat, kind).await,
        Choice::Draft => draft::show(chat).await,
        Choice::Days => pieces::ask_days(chat).await,
        Choice::Day(date) => draft::set(chat, |draft| draft.days = Some((date, date))).await,
        Choice::Hours => pieces::ask(chat, Ask::Hours).await,
        Choice::WholeDay => draft::set(chat, |draft| draft.hours = None).await,
        Choice::Who => pieces::ask_who(chat).await,
        Choice::Of(whose) => draft::set(chat, |draft| draft.resource = whose).await,
        Choice::What => pieces::ask_what(chat).await,
        Choice::By(minutes) => draft::set(chat, |draft| draft.by = Some(minutes)).await,
        Choice::Into(to) => draft::set(chat, |draft| draft.to = Some(to)).await,
        Choice::Date(date) => draft::set(chat, |draft| draft.on = Some(date)).await,
        Choice::From(service) => pieces::from(chat, service).await,
        Choice::ServiceTo(service) => draft::set(chat, |draft| draft.into = Some(service)).await,
        Choice::Unsaid => draft::set(chat, |draft| (draft.reason, draft.reason_asked) = (None, true)).await,
        Choice::See(page) => effect::show(chat, page, None).await,
        Choice::Go(digest) => effect::go(chat, digest).await,
    }
}

/// What was typed goes into the draft, which says it back; nothing counts before it was shown and agreed to.
pub(super) async fn typed(chat: &mut Chat<'_>, ask: &Ask, said: &Said) -> Result<Typed, BookError> {
    pieces::typed(chat, *ask, said).await
}

fn trail(chat: &Chat<'_>, rest: &[String]) -> Vec<String> {
    let mut trail = vec![chat.words().plain("mass.title", &[])];
    trail.extend_from_slice(rest);
    trail
}

fn stale(chat: &Chat<'_>) -> Turn {
    Turn::stale(chat.words().plain("stale", &[]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_button_comes_back_and_crooked_ones_are_refused() {
        let date: NaiveDate = "2026-11-24".parse().unwrap();
        let id = read::MOST;
        let kinds = Kind::ALL.map(Choice::Begin);
        for choice in [
            Choice::Home,
            Choice::Draft,
            Choice::Days,
            Choice::Day(date),
            Choice::Hours,
            Choice::WholeDay,
            Choice::Who,
            Choice::Of(None),
            Choice::Of(Some(ResourceId(id))),
            Choice::What,
            Choice::By(1440),
            Choice::By(-1),
            Choice::Into(ResourceId(id)),
            Choice::Date(date),
            Choice::From(ServiceId(id)),
            Choice::ServiceTo(ServiceId(id)),
            Choice::Unsaid,
            Choice::See(99),
            Choice::Go(0),
            Choice::Go(id),
        ]
        .into_iter()
        .chain(kinds)
        {
            let data = button(choice).to_string();
            assert!(data.len() <= 64, "{data}");
            assert_eq!(choice::Choice::parse(&data), Some(button(choice)), "{data}");
        }
        for crooked in [
            "a:mass",
            "a:mass:plus:0",
            "a:mass:minus:1441",
            "a:mass:go:",
            "a:mass:go:01",
            "a:mass:day:20261301",
            "a:mass:cancel",
        ] {
            assert_eq!(choice::Choice::parse(crooked), None, "{crooked}");
        }
    }
}
