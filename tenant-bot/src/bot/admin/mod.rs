//! What those who run the business see: the console, one message edited in place. A room to a folder; whether somebody may
//! do what a button says is asked by the desk and the office, at every act.
//!
//! A room owns its buttons ([`Choice`]), what it asks to be typed ([`Ask`]) and its screens, and gives three functions:
//! `pressed`, `typed` (what the words mean, to be echoed before it counts) and `saved` (the words once more, and the act).

mod audit;
mod blocks;
mod chats;
mod console;
mod form;
mod home;
mod mass;
mod plan;
mod requests;
mod team;
mod texts;

use std::fmt;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use shared::telegram::{Screen, incoming::Message};

use self::form::Typed;
pub(super) use self::requests::reason_typed;
pub(in crate::bot) use self::team::opened;
pub(crate) use self::{
    blocks::BlockDraft,
    form::{Form, Said},
    mass::MassDraft,
    team::Choice as TeamChoice,
};
use super::{
    chat::Chat,
    choice::{self, DraftId},
    turn::Turn,
};
use crate::booking::{BookError, roles::Right};

/// A button of the console.
///
/// ```text
/// a                    the rooms
/// a:ok:<form>          what was typed counts
/// a:redo:<form>        it is typed anew
/// a:block:…            what is kept free of bookings
/// a:mass:…             many bookings changed at once
/// a:chat:…             work chats
/// a:team:…             those who run the business
/// a:text:…             what the bot says
/// a:log:…              who did what
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    Home,
    Save(DraftId),
    Redo(DraftId),
    Blocks(blocks::Choice),
    Mass(mass::Choice),
    Chats(chats::Choice),
    Team(team::Choice),
    Texts(texts::Choice),
    Audit(audit::Choice),
}

/// What a room asks to be typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ask {
    /// In the log.
    Audit(audit::Ask),
    /// Of what is kept free.
    Blocks(blocks::Ask),
    /// Of a change of many bookings.
    Mass(mass::Ask),
    /// Of texts.
    Texts(texts::Ask),
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Home => f.write_str("a"),
            Self::Save(form) => write!(f, "a:ok:{form}"),
            Self::Redo(form) => write!(f, "a:redo:{form}"),
            Self::Blocks(choice) => write!(f, "a:block:{choice}"),
            Self::Mass(choice) => write!(f, "a:mass:{choice}"),
            Self::Chats(choice) => write!(f, "a:chat:{choice}"),
            Self::Team(choice) => write!(f, "a:team:{choice}"),
            Self::Texts(choice) => write!(f, "a:text:{choice}"),
            Self::Audit(choice) => write!(f, "a:log:{choice}"),
        }
    }
}

impl Choice {
    /// Reads what stands after `a`.
    pub(super) fn parse(parts: &[&str]) -> Option<Self> {
        Some(match *parts {
            [] => Self::Home,
            ["ok", form] => Self::Save(DraftId::parse(form)?),
            ["redo", form] => Self::Redo(DraftId::parse(form)?),
            ["block", ref rest @ ..] => Self::Blocks(blocks::Choice::parse(rest)?),
            ["mass", ref rest @ ..] => Self::Mass(mass::Choice::parse(rest)?),
            ["chat", ref rest @ ..] => Self::Chats(chats::Choice::parse(rest)?),
            ["team", ref rest @ ..] => Self::Team(team::Choice::parse(rest)?),
            ["text", ref rest @ ..] => Self::Texts(texts::Choice::parse(rest)?),
            ["log", ref rest @ ..] => Self::Audit(audit::Choice::parse(rest)?),
            _ => return None,
        })
    }
}

/// Whether a button is one of theirs.
pub(super) fn theirs(choice: choice::Choice) -> bool {
    use choice::Choice::{Admin, Approve, Decline, DeclineFor, Plan};
    matches!(choice, Plan { .. } | Approve(_) | Decline(_) | DeclineFor(..) | Admin(_))
}

/// A press. A stranger gets a window, and nothing else changes.
pub(super) async fn pressed(chat: &mut Chat<'_>, choice: choice::Choice) -> Result<Turn> {
    use choice::Choice::{Admin, Approve, Decline, DeclineFor, Plan};
    let turn = match choice {
        Admin(Choice::Save(form)) => form::save(chat, form).await,
        Admin(Choice::Redo(form)) => form::redo(chat, form),
        other => {
            // Whoever presses something else is no longer typing.
            chat.listen_no_more();
            match other {
                Admin(choice) => room(chat, choice).await,
                Plan { days_ahead, page } => plan::show(chat.bookings, &chat.guest, days_ahead, page).await,
                Approve(id) => requests::approve(chat.bookings, &chat.guest, id).await,
                Decline(id) => requests::ask_why(chat.bookings, &chat.guest, id).await,
                DeclineFor(id, why) => requests::decline(chat.bookings, &chat.guest, chat.talk, id, why).await,
                _ => Ok(Turn::stale(chat.words().plain("stale", &[]))),
            }
        }
    };
    match turn {
        Ok(turn) => Ok(turn),
        Err(error) => Ok(Turn::alert(why(chat, error)?)),
    }
}

async fn room(chat: &mut Chat<'_>, choice: Choice) -> Result<Turn, BookError> {
    match choice {
        Choice::Home => home::show(chat).await,
        Choice::Blocks(choice) => blocks::pressed(chat, choice).await,
        Choice::Mass(choice) => mass::pressed(chat, choice).await,
        Choice::Chats(choice) => chats::pressed(chat, choice).await,
        Choice::Team(choice) => team::pressed(chat, choice).await,
        Choice::Texts(choice) => texts::pressed(chat, choice).await,
        Choice::Audit(choice) => audit::pressed(chat, choice).await,
        Choice::Save(_) | Choice::Redo(_) => Ok(Turn::stale(chat.words().plain("stale", &[]))),
    }
}

/// What was typed in answer to a form: read by its room, echoed, and not yet done.
pub(super) async fn typed(chat: &mut Chat<'_>, message: &Message) -> Result<Turn, BookError> {
    form::typed(chat, message).await
}

async fn read(chat: &mut Chat<'_>, ask: &Ask, said: &Said) -> Result<Typed, BookError> {
    match ask {
        Ask::Audit(ask) => audit::typed(chat, ask, said).await,
        Ask::Blocks(ask) => blocks::typed(chat, ask, said).await,
        Ask::Mass(ask) => mass::typed(chat, ask, said).await,
        Ask::Texts(ask) => texts::typed(chat, ask, said).await,
    }
}

async fn saved(chat: &mut Chat<'_>, ask: &Ask, said: &Said) -> Result<Turn, BookError> {
    match ask {
        Ask::Texts(ask) => texts::saved(chat, ask, said).await,
        // What it asks needs no saving.
        Ask::Audit(_) | Ask::Blocks(_) | Ask::Mass(_) => Ok(Turn::stale(chat.words().plain("stale", &[]))),
    }
}

/// `/admin`: the console, in a new message.
pub(super) async fn asked(chat: &mut Chat<'_>) -> Result<Turn> {
    chat.leave().await?;
    match home::show(chat).await {
        Ok(turn) => Ok(turn),
        Err(error) => Ok(Turn::show(Screen::text(why(chat, error)?))),
    }
}

/// The first screen, where a room leads back to it.
async fn home_of(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    home::show(chat).await
}

/// Why not, in words; what is no answer but a fault goes on as one.
fn why(chat: &Chat<'_>, error: BookError) -> Result<String> {
    match error {
        BookError::Refused(refusal) => Ok(chat.words().refusal(refusal)),
        BookError::Wrong(wrong) => Ok(chat.words().wrong(wrong)),
        error @ BookError::Store(_) => Err(error.into()),
    }
}

/// The rooms of the console, as they stand on its first screen: each row's buttons are those that a person may use.
const ROOMS: &[&[(&str, Right, choice::Choice)]] = &[
    &[("home.day", Right::SeeDay, choice::Choice::Plan { days_ahead: 0, page: 0 })],
    &[
        ("home.blocks", Right::Block, choice::Choice::Admin(Choice::Blocks(blocks::Choice::List(0)))),
        ("home.mass", Right::MassChange, choice::Choice::Admin(Choice::Mass(mass::Choice::Home))),
    ],
    &[("home.chats", Right::ConnectChat, choice::Choice::Admin(Choice::Chats(chats::Choice::List)))],
    &[("home.texts", Right::EditTexts, choice::Choice::Admin(Choice::Texts(texts::Choice::Groups(0))))],
    &[
        ("home.team", Right::EditTeam, choice::Choice::Admin(Choice::Team(team::Choice::List))),
        ("home.audit", Right::SeeAudit, choice::Choice::Admin(Choice::Audit(audit::Choice::NEWEST))),
    ],
    &[("home.me", Right::SeeDay, choice::Choice::Admin(Choice::Team(team::Choice::Me)))],
];
