//! Customers: looked for, one of them, what is written of them.

mod card;
mod list;
mod write;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    super::{
        chat::Chat,
        choice::{self, read},
        turn::Turn,
    },
    form::{Said, Typed},
};
use crate::booking::{BookError, UserId};

/// A button of this room.
///
/// ```text
/// a:guests:all:<page>                who booked last first; something to look for is typed
/// a:guests:tags, a:guests:tag:<n>:<page>    tags in use; those who have the n-th
/// a:guests:of:<person>               one of them; who called has a number below zero
/// a:guests:visits:<person>:<page>    their bookings
/// a:guests:write:<person>:<field>    asks for a note, a tag, a discount
/// a:guests:clear:<person>:<field>    takes note or discount away
/// a:guests:untag:<person>, a:guests:untag:<person>:<n>    which tag goes; the n-th does
/// a:guests:block:<person>, a:guests:block!:<person>, a:guests:unblock:<person>    asks; blocks; lets in again
/// a:guests:forget:<person>, a:guests:forget!:<person>     of who has no chat: asks; forgets them
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    All(usize),
    Tags,
    Tagged(usize, usize),
    Of(UserId),
    Visits(UserId, usize),
    Write(UserId, Field),
    Clear(UserId, Field),
    AskUntag(UserId),
    Untag(UserId, usize),
    AskBlock(UserId),
    Block(UserId),
    Unblock(UserId),
    AskForget(UserId),
    Forget(UserId),
}

/// What is written of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Field {
    Note,
    Tag,
    Discount,
}

/// What this room asks to be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::bot) enum Ask {
    /// A name or a number to look for.
    Search,
    /// Something of a customer.
    Write(UserId, Field),
}

impl Field {
    const ALL: [Self; 3] = [Self::Note, Self::Tag, Self::Discount];

    fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Tag => "tag",
            Self::Discount => "discount",
        }
    }
}

/// The number of a person: below zero of who has no chat.
pub(super) fn person(text: &str) -> Option<UserId> {
    match text.strip_prefix('-') {
        Some(number) => read::id(number).map(|n| UserId(-n)),
        None => read::id(text).map(UserId),
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(page) => write!(f, "all:{page}"),
            Self::Tags => f.write_str("tags"),
            Self::Tagged(n, page) => write!(f, "tag:{n}:{page}"),
            Self::Of(who) => write!(f, "of:{}", who.0),
            Self::Visits(who, page) => write!(f, "visits:{}:{page}", who.0),
            Self::Write(who, field) => write!(f, "write:{}:{}", who.0, field.word()),
            Self::Clear(who, field) => write!(f, "clear:{}:{}", who.0, field.word()),
            Self::AskUntag(who) => write!(f, "untag:{}", who.0),
            Self::Untag(who, n) => write!(f, "untag:{}:{n}", who.0),
            Self::AskBlock(who) => write!(f, "block:{}", who.0),
            Self::Block(who) => write!(f, "block!:{}", who.0),
            Self::Unblock(who) => write!(f, "unblock:{}", who.0),
            Self::AskForget(who) => write!(f, "forget:{}", who.0),
            Self::Forget(who) => write!(f, "forget!:{}", who.0),
        }
    }
}

impl Choice {
    pub(super) fn parse(parts: &[&str]) -> Option<Self> {
        let field = |word: &str| Field::ALL.into_iter().find(|field| field.word() == word);
        Some(match *parts {
            ["all", page] => Self::All(read::page(page)?),
            ["tags"] => Self::Tags,
            ["tag", n, page] => Self::Tagged(read::page(n)?, read::page(page)?),
            ["of", who] => Self::Of(person(who)?),
            ["visits", who, page] => Self::Visits(person(who)?, read::page(page)?),
            ["write", who, word] => Self::Write(person(who)?, field(word)?),
            ["clear", who, word] => Self::Clear(person(who)?, field(word)?),
            ["untag", who] => Self::AskUntag(person(who)?),
            ["untag", who, n] => Self::Untag(person(who)?, read::page(n)?),
            ["block", who] => Self::AskBlock(person(who)?),
            ["block!", who] => Self::Block(person(who)?),
            ["unblock", who] => Self::Unblock(person(who)?),
            ["forget", who] => Self::AskForget(person(who)?),
            ["forget!", who] => Self::Forget(person(who)?),
            _ => return None,
        })
    }
}

pub(super) fn button(choice: Choice) -> choice::Choice {
    choice::Choice::Admin(super::Choice::Guests(choice))
}

pub(super) async fn pressed(chat: &mut Chat<'_>, choice: Choice) -> Result<Turn, BookError> {
    match choice {
        Choice::All(page) => list::all(chat, page).await,
        Choice::Tags => list::tags(chat).await,
        Choice::Tagged(n, page) => list::tagged(chat, n, page).await,
        Choice::Of(who) => card::show(chat, who, None).await,
        Choice::Visits(who, page) => card::visits(chat, who, page).await,
        Choice::Write(who, field) => write::ask(chat, who, field).await,
        Choice::Clear(who, field) => write::clear(chat, who, field).await,
        Choice::AskUntag(who) => write::ask_untag(chat, who).await,
        Choice::Untag(who, n) => write::untag(chat, who, n).await,
        Choice::AskBlock(who) => write::ask_block(chat, who).await,
        Choice::Block(who) => write::block(chat, who, true).await,
        Choice::Unblock(who) => write::block(chat, who, false).await,
        Choice::AskForget(who) => write::ask_forget(chat, who).await,
        Choice::Forget(who) => write::forget(chat, who).await,
    }
}

pub(super) async fn typed(chat: &mut Chat<'_>, ask: &Ask, said: &Said) -> Result<Typed, BookError> {
    match ask {
        Ask::Search => list::searched(chat, said).await.map(Typed::Done),
        Ask::Write(who, field) => write::typed(chat, *who, *field, said).await,
    }
}

pub(super) async fn saved(chat: &mut Chat<'_>, ask: &Ask, said: &Said) -> Result<Turn, BookError> {
    match ask {
        Ask::Search => Ok(Turn::stale(chat.words().plain("stale", &[]))),
        Ask::Write(who, field) => write::saved(chat, *who, *field, said).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buttons_fit_and_come_back() {
        for who in [UserId(read::MOST), UserId(-read::MOST)] {
            let mut all = vec![
                Choice::All(99),
                Choice::Tags,
                Choice::Tagged(49, 99),
                Choice::Of(who),
                Choice::Visits(who, 99),
                Choice::AskUntag(who),
                Choice::Untag(who, 19),
                Choice::AskBlock(who),
                Choice::Block(who),
                Choice::Unblock(who),
                Choice::AskForget(who),
                Choice::Forget(who),
            ];
            all.extend(Field::ALL.into_iter().flat_map(|field| [Choice::Write(who, field), Choice::Clear(who, field)]));
            for choice in all {
                let data = button(choice).to_string();
                assert!(data.len() <= 64, "{data}");
                assert_eq!(choice::Choice::parse(&data), Some(button(choice)), "{data}");
            }
        }
    }
}
