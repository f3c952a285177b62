//! Work chats: the groups in which the team sees bookings.

use std::fmt;

use shared::telegram::Button;

use super::{
    super::{
        chat::Chat,
        choice::{self, read},
        turn::Turn,
    },
    console::Page,
};
use crate::booking::{BookError, LINK_LASTS, Wrong};

/// A button of this room.
///
/// ```text
/// a:chat:list, a:chat:new                   the groups; a link that connects one
/// a:chat:one:<n>, a:chat:del:<n>            one (its number without the sign); disconnects it
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    List,
    New,
    One(i64),
    Remove(i64),
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List => f.write_str("list"),
            Self::New => f.write_str("new"),
            Self::One(id) => write!(f, "one:{}", id.unsigned_abs()),
            Self::Remove(id) => write!(f, "del:{}", id.unsigned_abs()),
        }
    }
}

impl Choice {
    pub(super) fn parse(parts: &[&str]) -> Option<Self> {
        Some(match *parts {
            ["list"] => Self::List,
            ["new"] => Self::New,
            // Groups have numbers below zero.
            ["one", id] => Self::One(-read::id(id)?),
            ["del", id] => Self::Remove(-read::id(id)?),
            _ => return None,
        })
    }
}

fn button(choice: Choice) -> choice::Choice {
    choice::Choice::Admin(super::Choice::Chats(choice))
}

pub(super) async fn pressed(chat: &mut Chat<'_>, choice: Choice) -> Result<Turn, BookError> {
    match choice {
        Choice::List => list(chat, None).await,
        Choice::New => new(chat).await,
        Choice::One(id) => one(chat, id).await,
        Choice::Remove(id) => {
            chat.bookings.disconnect_chat(chat.user(), id).await?;
            let note = chat.words().say("chats.removed", &[]);
            list(chat, Some(note)).await
        }
    }
}

async fn list(chat: &mut Chat<'_>, note: Option<String>) -> Result<Turn, BookError> {
    let words = chat.words();
    let (_, chats) = chat.bookings.work_chats(chat.user()).await?;
    let text = words.say(if chats.is_empty() { "chats.none" } else { "chats.list" }, &[]);
    let mut rows: Vec<_> = chats
        .iter()
        .map(|one| vec![Button::press(one.title.clone(), button(Choice::One(one.chat_id)).to_string())])
        .collect();
    rows.push(vec![words.button("chats.new", button(Choice::New))]);
    let trail = vec![words.plain("chats.title", &[])];
    let page = Page::new(trail, text, rows, choice::Choice::Admin(super::Choice::Home)).noting(note);
    Ok(Turn::show(page.screen(words)))
}

/// A link that adds the bot to a group and connects that.
async fn new(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    let words = chat.words();
    let code = chat.bookings.chat_link(chat.user()).await?;
    let link = format!("https://t.me/{}?startgroup={code}", chat.bot);
    let command = format!("/start@{} {code}", chat.bot);
    let text = words.count("chats.link", LINK_LASTS.num_hours(), &[("command", &command)]);
    let rows = vec![vec![Button::link(words.plain("chats.choose", &[]), link)]];
    let trail = vec![words.plain("chats.title", &[]), words.plain("chats.new", &[])];
    Ok(Turn::show(Page::new(trail, text, rows, button(Choice::List)).screen(words)))
}

async fn one(chat: &mut Chat<'_>, id: i64) -> Result<Turn, BookError> {
    let words = chat.words();
    let (business, chats) = chat.bookings.work_chats(chat.user()).await?;
    let found = chats.into_iter().find(|one| one.chat_id == id).ok_or(Wrong::Gone)?;
    let when = words.moment(business.zone, found.connected_at);
    let text = words.say("chats.one", &[("title", &found.title), ("when", &when)]);
    let rows = vec![vec![words.button("chats.remove", button(Choice::Remove(id)))]];
    let trail = vec![words.plain("chats.title", &[]), found.title];
    Ok(Turn::show(Page::new(trail, text, rows, button(Choice::List)).screen(words)))
}
