//! News to customers: the list, a draft and whom it is for, the last look at it, and how it goes.

mod card;
mod draft;
mod last_look;

use std::{
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
};

use serde::{Deserialize, Serialize};
use shared::{
    broadcast::{Broadcast, BroadcastId, Under},
    telegram::{Button, Keyboard},
};

pub(in crate::bot) use self::card::screen as card;
use super::{
    super::{
        chat::Chat,
        choice::{self, read},
        turn::Turn,
        words::Words,
    },
    console::{self, Page},
    form::{self, Said, Typed},
};
use crate::booking::{Audience, BookError, roles::Right};

/// Broadcasts on one screen.
const PAGE: u16 = 6;

/// A button of this room.
///
/// ```text
/// a:news:list:<page>           all broadcasts
/// a:news:new                   a new message is asked for
/// a:news:draft                 one's own draft
/// a:news:to:all, a:news:to:up, a:news:to:ago:<days>, a:news:to:tag:<which>     aims it
/// a:news:ago, a:news:ago?, a:news:tags     for how long not seen; the same, typed; which tag
/// a:news:look                  shows it as people get it, and asks when
/// a:news:go:<broadcast>        sends it now
/// a:news:later:<broadcast>     asks when
/// a:news:drop                  throws the draft away
/// a:news:of:<broadcast>        how it goes
/// a:news:hold:<…>, a:news:on:<…>, a:news:stop:<…>, a:news:stop!:<…>    pauses it, goes on; stops it: asks; does it
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    List(u16),
    New,
    Draft,
    ToAll,
    ToUpcoming,
    ToAbsent(u16),
    ToTag(u32),
    Days,
    AskDays,
    Tags,
    Look,
    Go(BroadcastId),
    Later(BroadcastId),
    Drop,
    Card(BroadcastId),
    Hold(BroadcastId),
    GoOn(BroadcastId),
    AskStop(BroadcastId),
    Stop(BroadcastId),
}

/// What this room asks to be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::bot) enum Ask {
    /// A message of any kind.
    Letter,
    /// For how many days somebody was not seen.
    Days,
    /// When this broadcast is to begin.
    When(i64),
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(page) => write!(f, "list:{page}"),
            Self::New => f.write_str("new"),
            Self::Draft => f.write_str("draft"),
            Self::ToAll => f.write_str("to:all"),
            Self::ToUpcoming => f.write_str("to:up"),
            Self::ToAbsent(days) => write!(f, "to:ago:{days}"),
            Self::ToTag(which) => write!(f, "to:tag:{which}"),
            Self::Days => f.write_str("ago"),
            Self::AskDays => f.write_str("ago?"),
            Self::Tags => f.write_str("tags"),
            Self::Look => f.write_str("look"),
            Self::Go(id) => write!(f, "go:{}", id.0),
            Self::Later(id) => write!(f, "later:{}", id.0),
            Self::Drop => f.write_str("drop"),
            Self::Card(id) => write!(f, "of:{}", id.0),
            Self::Hold(id) => write!(f, "hold:{}", id.0),
            Self::GoOn(id) => write!(f, "on:{}", id.0),
            Self::AskStop(id) => write!(f, "stop:{}", id.0),
            Self::Stop(id) => write!(f, "stop!:{}", id.0),
        }
    }
}

impl Choice {
    pub(super) const HOME: Self = Self::List(0);

    pub(super) fn parse(parts: &[&str]) -> Option<Self> {
        let number = |text: &str, most: i64| read::number(text, most);
        let id = |text: &str| read::id(text).map(BroadcastId);
        Some(match *parts {
            ["list", page] => Self::List(u16::try_from(number(page, 9999)?).ok()?),
            ["new"] => Self::New,
            ["draft"] => Self::Draft,
            ["to", "all"] => Self::ToAll,
            ["to", "up"] => Self::ToUpcoming,
            ["to", "ago", days] => Self::ToAbsent(u16::try_from(number(days, 3650)?).ok()?),
            ["to", "tag", which] => Self::ToTag(u32::try_from(number(which, u32::MAX.into())?).ok()?),
            ["ago"] => Self::Days,
            ["ago?"] => Self::AskDays,
            ["tags"] => Self::Tags,
            ["look"] => Self::Look,
            ["go", of] => Self::Go(id(of)?),
            ["later", of] => Self::Later(id(of)?),
            ["drop"] => Self::Drop,
            ["of", of] => Self::Card(id(of)?),
            ["hold", of] => Self::Hold(id(of)?),
            ["on", of] => Self::GoOn(id(of)?),
            ["stop", of] => Self::AskStop(id(of)?),
            ["stop!", of] => Self::Stop(id(of)?),
            _ => return None,
        })
    }
}

fn button(choice: Choice) -> choice::Choice {
    choice::Choice::Admin(super::Choice::News(choice))
}

/// A tag's number in a button: it may be longer than a button carries.
fn number_of(tag: &str) -> u32 {
    let mut hash = DefaultHasher::new();
    tag.hash(&mut hash);
    u32::try_from(hash.finish() & u64::from(u32::MAX)).unwrap_or_default()
}

pub(super) async fn pressed(chat: &mut Chat<'_>, choice: Choice) -> Result<Turn, BookError> {
    match choice {
        Choice::List(page) => list(chat, page, None).await,
        Choice::New => draft::ask(chat).await,
        Choice::Draft => draft::show(chat, None).await,
        Choice::ToAll => draft::aim(chat, &Audience::All).await,
        Choice::ToUpcoming => draft::aim(chat, &Audience::Upcoming).await,
        Choice::ToAbsent(days) => draft::aim(chat, &Audience::Absent { days }).await,
        Choice::ToTag(which) => draft::aim_at_tag(chat, which).await,
        Choice::Days => draft::days(chat).await,
        Choice::AskDays => draft::ask_days(chat).await,
        Choice::Tags => draft::tags(chat).await,
        Choice::Look => last_look::show(chat).await,
        Choice::Go(id) => last_look::send(chat, id).await,
        Choice::Later(id) => last_look::ask_when(chat, id).await,
        Choice::Drop => {
            chat.bookings.drop_broadcast_draft(chat.user()).await?;
            let note = chat.words().say("news.dropped", &[]);
            list(chat, 0, Some(note)).await
        }
        Choice::Card(id) => card::open(chat, id).await,
        Choice::Hold(id) => card::hold(chat, id).await,
        Choice::GoOn(id) => card::go_on(chat, id).await,
        Choice::AskStop(id) => card::ask_stop(chat, id).await,
        Choice::Stop(id) => card::stop(chat, id).await,
    }
}

pub(super) async fn typed(chat: &mut Chat<'_>, ask: &Ask, said: &Said) -> Result<Typed, BookError> {
    match ask {
        Ask::Letter => draft::written(chat, said).await,
        Ask::Days => draft::days_typed(chat, said).await,
        Ask::When(id) => last_look::when_typed(chat, BroadcastId(*id), said).await,
    }
}

pub(super) async fn saved(chat: &mut Chat<'_>, ask: &Ask, said: &Said) -> Result<Turn, BookError> {
    match ask {
        Ask::When(id) => last_look::send_then(chat, BroadcastId(*id), said).await,
        Ask::Letter | Ask::Days => Ok(Turn::stale(chat.words().plain("stale", &[]))),
    }
}

async fn list(chat: &mut Chat<'_>, page: u16, note: Option<String>) -> Result<Turn, BookError> {
    let words = chat.words();
    let home = chat.bookings.broadcasts(chat.user(), page, PAGE).await?;
    let mut rows = vec![vec![words.button("news.new", button(Choice::New))]];
    if let Some(draft) = &home.draft {
        let text = words.plain("news.draft_of", &[("title", &title(words, draft))]);
        rows.push(vec![Button::press(text, button(Choice::Draft).to_string())]);
    }
    for (broadcast, tally) in &home.list {
        let when =
            broadcast.starts_at.map(|at| at.with_timezone(&home.business.zone).format("%d.%m %H:%M").to_string());
        let state = if broadcast.ended_at.is_some() && broadcast.began_at.is_none() {
            "called_off"
        } else {
            broadcast.state.word()
        };
        let text = words.plain(
            &format!("news.line.{state}"),
            &[
                ("when", &when.unwrap_or_default()),
                ("title", &title(words, broadcast)),
                ("sent", &tally.sent),
                ("all", &tally.all),
            ],
        );
        rows.push(vec![Button::press(text, button(Choice::Card(broadcast.id)).to_string())]);
    }
    let pages = usize::from(page) + 1 + usize::from(home.more);
    let to = |page: usize| button(Choice::List(u16::try_from(page).unwrap_or_default()));
    rows.extend(console::turns(words, (usize::from(page), pages), to));
    let text = words.say(if home.list.is_empty() { "news.none" } else { "news.about" }, &[]);
    let back = choice::Choice::Admin(super::Choice::Home);
    let page = Page::new(vec![words.plain("news.title", &[])], text, rows, back).noting(note);
    Ok(Turn::show(page.screen(words)))
}

/// What people know it by: the beginning of its words, or what it is made of.
fn title(words: Words<'_>, broadcast: &Broadcast) -> String {
    match (broadcast.title.as_str(), broadcast.source.message_ids.len()) {
        ("", 1) => words.plain("news.wordless", &[]),
        ("", _) => words.plain("news.album", &[]),
        (title, _) => title.to_owned(),
    }
}

/// Whom it is for.
fn audience(words: Words<'_>, audience: &Audience) -> String {
    match audience {
        Audience::All => words.plain("news.to.all", &[]),
        Audience::Upcoming => words.plain("news.to.upcoming", &[]),
        Audience::Absent { days } => words.count("news.to.absent", i64::from(*days), &[]),
        Audience::Tag { tag } => words.plain("news.to.tag", &[("tag", tag)]),
    }
}

/// So many people.
fn people(words: Words<'_>, n: i64) -> String {
    words.count("news.people", n, &[])
}

/// What stands under every letter: the way out. On trial it looks the same, and does nothing.
pub(in crate::bot) fn under(words: Words<'_>, trial: bool) -> Under {
    let out = words.button("news.letter.out", choice::Choice::NoNews { trial });
    Under { keyboard: Keyboard::Inline(vec![vec![out]]), line: words.say("news.letter.line", &[]) }
}

/// Only those may write to customers who have the right to.
async fn admit(chat: &Chat<'_>) -> Result<crate::booking::Business, BookError> {
    Ok(chat.bookings.admit(chat.user(), Right::Broadcast).await?.0)
}
