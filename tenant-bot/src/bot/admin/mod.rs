//! What those who run the business see: the console, one message edited in place. A room to a folder; whether somebody may
//! do what a button says is asked by the desk and the office, at every act.
//!
//! A room owns its buttons ([`Choice`]), what it asks to be typed ([`Ask`]) and its screens, and gives three functions:
//! `pressed`, `typed` (what the words mean, to be echoed before it counts) and `saved` (the words once more, and the act).

mod audit;
mod blocks;
mod book;
mod chats;
mod console;
mod day;
mod digest;
mod figures;
mod fill;
mod form;
mod guests;
mod home;
mod hours;
mod mass;
mod news;
mod offer;
mod requests;
mod rules;
mod setup;
mod team;
mod texts;

use std::fmt;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use shared::telegram::{Screen, incoming::Message};

use self::form::Typed;
pub(in crate::bot) use self::news::{card as news_card, under as under_news};
pub(in crate::bot) use self::team::opened;
pub(crate) use self::{
    blocks::BlockDraft,
    book::Errand,
    form::{Form, Said},
    mass::MassDraft,
    news::Choice as NewsChoice,
    team::Choice as TeamChoice,
};
pub(super) use self::{requests::reason_typed, setup::opened as setup_opened};
use super::{
    chat::Chat,
    choice::{self, DraftId},
    turn::Turn,
};
use crate::{
    booking::{BookError, roles::Right},
    reports::range::Unit,
};

/// A button of the console.
///
/// ```text
/// a                    the rooms
/// a:ok:<form>          what was typed counts
/// a:redo:<form>        it is typed anew
/// a:block:…            what is kept free of bookings
/// a:mass:…             many bookings changed at once
/// a:chat:…             work chats
/// a:day:…              the day and its bookings
/// a:book:…             booking for others, moving for the business
/// a:guests:…           customers
/// a:team:…             those who run the business
/// a:text:…             what the bot says
/// a:log:…              who did what
/// a:news:…             news to customers
/// a:fig:…              figures, and what is taken away
/// a:dig:…              digests of the day
/// a:offer:…            services, resources, what may be put together
/// a:hours:…            weeks, and days that differ
/// a:rules:…            the rules of booking, and the business
/// a:setup:…            the first run
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    Home,
    Save(DraftId),
    Redo(DraftId),
    Blocks(blocks::Choice),
    Mass(mass::Choice),
    Chats(chats::Choice),
    Day(day::Choice),
    Book(book::Choice),
    Guests(guests::Choice),
    Team(team::Choice),
    Texts(texts::Choice),
    Audit(audit::Choice),
    News(news::Choice),
    Figures(figures::Choice),
    Digest(digest::Choice),
    Offer(offer::Choice),
    Hours(hours::Choice),
    Rules(rules::Choice),
    Setup(setup::Choice),
}

/// What a room asks to be typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ask {
    /// Of a day or a booking.
    Day(day::Ask),
    /// Of what is booked for somebody else.
    Book(book::Ask),
    /// Of customers.
    Guests(guests::Ask),
    /// In the log.
    Audit(audit::Ask),
    /// Of what is kept free.
    Blocks(blocks::Ask),
    /// Of a change of many bookings.
    Mass(mass::Ask),
    /// In news to customers.
    News(news::Ask),
    /// Of the figures.
    Figures(figures::Ask),
    /// Of the digests.
    Digest(digest::Ask),
    /// Of texts.
    Texts(texts::Ask),
    /// Of the offer.
    Offer(offer::Ask),
    /// Of hours.
    Hours(hours::Ask),
    /// Of the rules.
    Rules(rules::Ask),
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
            Self::Day(choice) => write!(f, "a:day:{choice}"),
            Self::Book(choice) => write!(f, "a:book:{choice}"),
            Self::Guests(choice) => write!(f, "a:guests:{choice}"),
            Self::Team(choice) => write!(f, "a:team:{choice}"),
            Self::Texts(choice) => write!(f, "a:text:{choice}"),
            Self::Audit(choice) => write!(f, "a:log:{choice}"),
            Self::News(choice) => write!(f, "a:news:{choice}"),
            Self::Figures(choice) => write!(f, "a:fig:{choice}"),
            Self::Digest(choice) => write!(f, "a:dig:{choice}"),
            Self::Offer(choice) => write!(f, "a:offer:{choice}"),
            Self::Hours(choice) => write!(f, "a:hours:{choice}"),
            Self::Rules(choice) => write!(f, "a:rules:{choice}"),
            Self::Setup(choice) => write!(f, "a:setup:{choice}"),
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
            ["day", ref rest @ ..] => Self::Day(day::Choice::parse(rest)?),
            ["book", ref rest @ ..] => Self::Book(book::Choice::parse(rest)?),
            ["guests", ref rest @ ..] => Self::Guests(guests::Choice::parse(rest)?),
            ["team", ref rest @ ..] => Self::Team(team::Choice::parse(rest)?),
            ["text", ref rest @ ..] => Self::Texts(texts::Choice::parse(rest)?),
            ["log", ref rest @ ..] => Self::Audit(audit::Choice::parse(rest)?),
            ["news", ref rest @ ..] => Self::News(news::Choice::parse(rest)?),
            ["fig", ref rest @ ..] => Self::Figures(figures::Choice::parse(rest)?),
            ["dig", ref rest @ ..] => Self::Digest(digest::Choice::parse(rest)?),
            ["offer", ref rest @ ..] => Self::Offer(offer::Choice::parse(rest)?),
            ["hours", ref rest @ ..] => Self::Hours(hours::Choice::parse(rest)?),
            ["rules", ref rest @ ..] => Self::Rules(rules::Choice::parse(rest)?),
            ["setup", ref rest @ ..] => Self::Setup(setup::Choice::parse(rest)?),
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
                Plan { days_ahead, .. } => day::ahead(chat, days_ahead).await,
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
        Choice::Day(choice) => day::pressed(chat, choice).await,
        Choice::Book(choice) => book::pressed(chat, choice).await,
        Choice::Guests(choice) => guests::pressed(chat, choice).await,
        Choice::Team(choice) => team::pressed(chat, choice).await,
        Choice::Texts(choice) => texts::pressed(chat, choice).await,
        Choice::Audit(choice) => audit::pressed(chat, choice).await,
        Choice::News(choice) => news::pressed(chat, choice).await,
        Choice::Figures(choice) => figures::pressed(chat, choice).await,
        Choice::Digest(choice) => digest::pressed(chat, choice).await,
        Choice::Offer(choice) => offer::pressed(chat, choice).await,
        Choice::Hours(choice) => hours::pressed(chat, choice).await,
        Choice::Rules(choice) => rules::pressed(chat, choice).await,
        Choice::Setup(choice) => setup::pressed(chat, choice).await,
        Choice::Save(_) | Choice::Redo(_) => Ok(Turn::stale(chat.words().plain("stale", &[]))),
    }
}

/// What was typed in answer to a form: read by its room, echoed, and not yet done.
pub(super) async fn typed(chat: &mut Chat<'_>, message: &Message) -> Result<Turn, BookError> {
    form::typed(chat, message).await
}

async fn read(chat: &mut Chat<'_>, ask: &Ask, said: &Said) -> Result<Typed, BookError> {
    match ask {
        Ask::Day(ask) => day::typed(chat, ask, said).await,
        Ask::Book(ask) => book::typed(chat, ask, said).await,
        Ask::Guests(ask) => guests::typed(chat, ask, said).await,
        Ask::Audit(ask) => audit::typed(chat, ask, said).await,
        Ask::Blocks(ask) => blocks::typed(chat, ask, said).await,
        Ask::Mass(ask) => mass::typed(chat, ask, said).await,
        Ask::News(ask) => news::typed(chat, ask, said).await,
        Ask::Figures(ask) => figures::typed(chat, ask, said).await,
        Ask::Digest(ask) => digest::typed(chat, ask, said).await,
        Ask::Texts(ask) => texts::typed(chat, ask, said).await,
        Ask::Offer(ask) => offer::typed(chat, ask, said).await,
        Ask::Hours(ask) => hours::typed(chat, ask, said).await,
        Ask::Rules(ask) => rules::typed(chat, ask, said).await,
    }
}

async fn saved(chat: &mut Chat<'_>, ask: &Ask, said: &Said) -> Result<Turn, BookError> {
    match ask {
        Ask::Day(ask) => day::saved(chat, ask, said).await,
        Ask::Book(ask) => book::saved(chat, ask, said).await,
        Ask::Guests(ask) => guests::saved(chat, ask, said).await,
        Ask::Digest(ask) => digest::saved(chat, ask, said).await,
        Ask::Texts(ask) => texts::saved(chat, ask, said).await,
        Ask::Offer(ask) => offer::saved(chat, ask, said).await,
        Ask::Hours(ask) => hours::saved(chat, ask, said).await,
        Ask::Rules(ask) => rules::saved(chat, ask, said).await,
        Ask::News(ask) => news::saved(chat, ask, said).await,
        // What they ask needs no saving.
        Ask::Audit(_) | Ask::Blocks(_) | Ask::Figures(_) | Ask::Mass(_) => {
            Ok(Turn::stale(chat.words().plain("stale", &[])))
        }
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
    &[("home.day", Right::SeeDay, choice::Choice::Admin(Choice::Day(day::Choice::Today)))],
    &[
        ("home.book", Right::BookFor, choice::Choice::Admin(Choice::Book(book::Choice::Begin))),
        ("home.guests", Right::SeeCustomers, choice::Choice::Admin(Choice::Guests(guests::Choice::All(0)))),
    ],
    &[
        ("home.blocks", Right::Block, choice::Choice::Admin(Choice::Blocks(blocks::Choice::List(0)))),
        ("home.mass", Right::MassChange, choice::Choice::Admin(Choice::Mass(mass::Choice::Home))),
    ],
    &[
        ("home.services", Right::EditOffer, choice::Choice::Admin(Choice::Offer(offer::Choice::Services(0)))),
        ("home.resources", Right::EditOffer, choice::Choice::Admin(Choice::Offer(offer::Choice::Resources(0)))),
    ],
    &[
        ("home.hours", Right::EditHours, choice::Choice::Admin(Choice::Hours(hours::Choice::Week(None)))),
        ("home.rules", Right::EditPolicy, choice::Choice::Admin(Choice::Rules(rules::Choice::All))),
        ("home.place", Right::EditPolicy, choice::Choice::Admin(Choice::Rules(rules::Choice::Place))),
    ],
    &[("home.news", Right::Broadcast, choice::Choice::Admin(Choice::News(news::Choice::HOME)))],
    &[("home.chats", Right::ConnectChat, choice::Choice::Admin(Choice::Chats(chats::Choice::List)))],
    &[("home.texts", Right::EditTexts, choice::Choice::Admin(Choice::Texts(texts::Choice::Groups(0))))],
    &[
        ("home.team", Right::EditTeam, choice::Choice::Admin(Choice::Team(team::Choice::List))),
        ("home.audit", Right::SeeAudit, choice::Choice::Admin(Choice::Audit(audit::Choice::NEWEST))),
    ],
    &[
        ("home.figures", Right::SeeFigures, choice::Choice::Admin(Choice::Figures(figures::Choice::Now(Unit::Week)))),
        ("home.export", Right::Export, choice::Choice::Admin(Choice::Figures(figures::Choice::Export))),
    ],
    &[
        ("home.digest", Right::SeeDay, choice::Choice::Admin(Choice::Digest(digest::Choice::Show))),
        ("home.me", Right::SeeDay, choice::Choice::Admin(Choice::Team(team::Choice::Me))),
    ],
];
