//! Time that is kept free of bookings: what is closed, new closed time, and whom it hits.

mod draft;
mod hits;
mod list;
mod when;

use std::fmt;

use serde::{Deserialize, Serialize};

pub(crate) use self::draft::BlockDraft;
use super::{
    super::{
        chat::Chat,
        choice::{self, read},
        turn::Turn,
    },
    console::Page,
    form::{self, Said, Typed},
};
use crate::booking::{BookError, BookingId, ResourceId};

/// A button of this room.
///
/// ```text
/// a:block:list:<page>, a:block:one:<n>, a:block:del:<n>     what is closed; one of it; opens it again
/// a:block:new, a:block:who, a:block:of:<resource or *>      new closed time; whose
/// a:block:when, a:block:why                                 asks when, why
/// a:block:rep, a:block:on:<weekday>, a:block:every:<weeks>, a:block:until    how it comes back
/// a:block:draft, a:block:make                               as it would be; makes it
/// a:block:hits:<page>, a:block:hit:<booking>                whom it hits
/// a:block:offer:<booking>, a:block:all                      offers other times to one, to all
/// a:block:off:<booking>, a:block:off!:<booking>             cancels: asks; does
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    List(usize),
    One(i64),
    Remove(i64),
    New,
    Who,
    Of(Option<ResourceId>),
    When,
    Why,
    Repeat,
    On(u16),
    Every(u16),
    Until,
    Draft,
    Make,
    Hits(usize),
    Hit(BookingId),
    Offer(BookingId),
    OfferAll,
    AskCancel(BookingId),
    Cancel(BookingId),
}

/// What this room asks to be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::bot) enum Ask {
    /// When.
    When,
    /// Why.
    Why,
    /// The last date on which it comes back.
    Until,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(page) => write!(f, "list:{page}"),
            Self::One(id) => write!(f, "one:{id}"),
            Self::Remove(id) => write!(f, "del:{id}"),
            Self::New => f.write_str("new"),
            Self::Who => f.write_str("who"),
            Self::Of(None) => f.write_str("of:*"),
            Self::Of(Some(id)) => write!(f, "of:{}", id.0),
            Self::When => f.write_str("when"),
            Self::Why => f.write_str("why"),
            Self::Repeat => f.write_str("rep"),
            Self::On(day) => write!(f, "on:{day}"),
            Self::Every(weeks) => write!(f, "every:{weeks}"),
            Self::Until => f.write_str("until"),
            Self::Draft => f.write_str("draft"),
            Self::Make => f.write_str("make"),
            Self::Hits(page) => write!(f, "hits:{page}"),
            Self::Hit(id) => write!(f, "hit:{}", id.0),
            Self::Offer(id) => write!(f, "offer:{}", id.0),
            Self::OfferAll => f.write_str("all"),
            Self::AskCancel(id) => write!(f, "off:{}", id.0),
            Self::Cancel(id) => write!(f, "off!:{}", id.0),
        }
    }
}

impl Choice {
    pub(super) fn parse(parts: &[&str]) -> Option<Self> {
        let booking = |of| read::id(of).map(BookingId);
        Some(match *parts {
            ["list", page] => Self::List(read::page(page)?),
            ["one", id] => Self::One(read::id(id)?),
            ["del", id] => Self::Remove(read::id(id)?),
            ["new"] => Self::New,
            ["who"] => Self::Who,
            ["of", "*"] => Self::Of(None),
            ["of", id] => Self::Of(Some(ResourceId(read::id(id)?))),
            ["when"] => Self::When,
            ["why"] => Self::Why,
            ["rep"] => Self::Repeat,
            ["on", day] => Self::On(read::small(day, 1..=7)?),
            ["every", weeks] => Self::Every(read::small(weeks, 1..=52)?),
            ["until"] => Self::Until,
            ["draft"] => Self::Draft,
            ["make"] => Self::Make,
            ["hits", page] => Self::Hits(read::page(page)?),
            ["hit", id] => Self::Hit(booking(id)?),
            ["offer", id] => Self::Offer(booking(id)?),
            ["all"] => Self::OfferAll,
            ["off", id] => Self::AskCancel(booking(id)?),
            ["off!", id] => Self::Cancel(booking(id)?),
            _ => return None,
        })
    }
}

fn button(choice: Choice) -> choice::Choice {
    choice::Choice::Admin(super::Choice::Blocks(choice))
}

pub(super) async fn pressed(chat: &mut Chat<'_>, choice: Choice) -> Result<Turn, BookError> {
    match choice {
        Choice::List(page) => list::show(chat, page, None).await,
        Choice::One(id) => list::one(chat, id).await,
        Choice::Remove(id) => list::remove(chat, id).await,
        Choice::New => draft::begin(chat).await,
        Choice::Who => draft::ask_who(chat).await,
        Choice::Of(whose) => draft::of(chat, whose).await,
        Choice::When => draft::ask_when(chat).await,
        Choice::Why => draft::ask(chat, Ask::Why).await,
        Choice::Repeat => draft::repeats(chat).await,
        Choice::On(day) => draft::on(chat, day).await,
        Choice::Every(weeks) => draft::every(chat, weeks).await,
        Choice::Until => draft::ask(chat, Ask::Until).await,
        Choice::Draft => draft::show(chat).await,
        Choice::Make => draft::make(chat).await,
        Choice::Hits(page) => hits::show(chat, page, None).await,
        Choice::Hit(id) => hits::one(chat, id, None).await,
        Choice::Offer(id) => hits::offer(chat, id).await,
        Choice::OfferAll => hits::offer_all(chat).await,
        Choice::AskCancel(id) => hits::ask_cancel(chat, id).await,
        Choice::Cancel(id) => hits::cancel(chat, id).await,
    }
}

/// The draft says back what was understood, and nothing counts before it is made.
pub(super) async fn typed(chat: &mut Chat<'_>, ask: &Ask, said: &Said) -> Result<Typed, BookError> {
    draft::typed(chat, *ask, said).await
}

fn trail(chat: &Chat<'_>, rest: &[&str]) -> Vec<String> {
    let words = chat.words();
    let mut trail = vec![words.plain("blocks.title", &[])];
    trail.extend(rest.iter().map(|key| words.plain(key, &[])));
    trail
}

fn ask(chat: &mut Chat<'_>, ask: Ask, page: Page) -> Turn {
    form::ask(chat, super::Ask::Blocks(ask), page)
}

fn stale(chat: &Chat<'_>) -> Turn {
    Turn::stale(chat.words().plain("stale", &[]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_button_comes_back_and_crooked_ones_are_refused() {
        let (id, booking) = (read::MOST, BookingId(read::MOST));
        for choice in [
            Choice::List(99),
            Choice::One(id),
            Choice::Remove(id),
            Choice::New,
            Choice::Who,
            Choice::Of(None),
            Choice::Of(Some(ResourceId(id))),
            Choice::When,
            Choice::Why,
            Choice::Repeat,
            Choice::On(7),
            Choice::Every(52),
            Choice::Until,
            Choice::Draft,
            Choice::Make,
            Choice::Hits(99),
            Choice::Hit(booking),
            Choice::Offer(booking),
            Choice::OfferAll,
            Choice::AskCancel(booking),
            Choice::Cancel(booking),
        ] {
            let data = button(choice).to_string();
            assert!(data.len() <= 64, "{data}");
            assert_eq!(choice::Choice::parse(&data), Some(button(choice)), "{data}");
        }
        for crooked in [
            "a:block",
            "a:block:list",
            "a:block:list:-1",
            "a:block:on:8",
            "a:block:on:0",
            "a:block:every:53",
            "a:block:of:0",
            "a:block:off!:01",
            "a:block:make:",
        ] {
            assert_eq!(choice::Choice::parse(crooked), None, "{crooked}");
        }
    }
}
