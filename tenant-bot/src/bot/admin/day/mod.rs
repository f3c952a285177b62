//! The business's days, and one booking in them: looked at, run, changed.

mod card;
mod edit;
mod leave;
mod sheet;
mod week;

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub(super) use self::{
    card::{noting, show},
    sheet::{short, sign},
};
use super::{
    super::{
        chat::Chat,
        choice::{self, Why, read},
        turn::Turn,
        typed::{self, Lean},
    },
    form::{Said, Typed},
};
use crate::booking::{BookError, BookingId, ResourceId, Status, hours::local_date};

/// A button of this room.
///
/// ```text
/// a:day:today                                today, everybody's
/// a:day:on:<yyyymmdd>:<resource or 0>:<page> a day
/// a:day:week:<yyyymmdd>:<resource or 0>      the week that the date lies in
/// a:day:whose:<yyyymmdd>                     whose day is to be shown
/// a:day:of:<booking>, a:day:log:<booking>    a booking; what happened to it
/// a:day:agree:<booking>                      agrees to a request
/// a:day:mark:<booking>:<state>               says who came
/// a:day:off:<booking>, a:day:off:<booking>:<why>    cancels it, or turns it down: asks why; does it
/// a:day:edit:<booking>                       what of it is to be changed
/// a:day:edit:<booking>:<field>, a:day:clear:<booking>:<field>    asks for it; takes it away
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    Today,
    Day { date: NaiveDate, of: Option<ResourceId>, page: usize },
    Week { date: NaiveDate, of: Option<ResourceId> },
    Whose(NaiveDate),
    Card(BookingId),
    History(BookingId),
    Agree(BookingId),
    Mark(BookingId, Status),
    AskOff(BookingId),
    Off(BookingId, Why),
    AskEdit(BookingId),
    Edit(BookingId, Field),
    Clear(BookingId, Field),
}

/// What of a booking is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Field {
    /// The name it goes by.
    Name,
    /// The number to call.
    Phone,
    /// A note of the business's own.
    Note,
    /// What was really taken.
    Paid,
}

/// What this room asks to be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::bot) enum Ask {
    /// Another day, of this resource.
    Date(Option<ResourceId>),
    /// Something of a booking.
    Field(BookingId, Field),
    /// Why a booking is cancelled.
    Reason(BookingId),
}

impl Field {
    const ALL: [Self; 4] = [Self::Name, Self::Phone, Self::Note, Self::Paid];

    fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Phone => "phone",
            Self::Note => "note",
            Self::Paid => "paid",
        }
    }
}

fn resource(of: Option<ResourceId>) -> i64 {
    of.map_or(0, |of| of.0)
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Today => f.write_str("today"),
            Self::Day { date, of, page } => write!(f, "on:{}:{}:{page}", date.format("%Y%m%d"), resource(*of)),
            Self::Week { date, of } => write!(f, "week:{}:{}", date.format("%Y%m%d"), resource(*of)),
            Self::Whose(date) => write!(f, "whose:{}", date.format("%Y%m%d")),
            Self::Card(id) => write!(f, "of:{}", id.0),
            Self::History(id) => write!(f, "log:{}", id.0),
            Self::Agree(id) => write!(f, "agree:{}", id.0),
            Self::Mark(id, to) => write!(f, "mark:{}:{}", id.0, to.word()),
            Self::AskOff(id) => write!(f, "off:{}", id.0),
            Self::Off(id, why) => write!(f, "off:{}:{}", id.0, why.word()),
            Self::AskEdit(id) => write!(f, "edit:{}", id.0),
            Self::Edit(id, field) => write!(f, "edit:{}:{}", id.0, field.word()),
            Self::Clear(id, field) => write!(f, "clear:{}:{}", id.0, field.word()),
        }
    }
}

impl Choice {
    pub(super) fn parse(parts: &[&str]) -> Option<Self> {
        let booking = |id: &str| read::id(id).map(BookingId);
        let of = |id: &str| read::number(id, read::MOST).map(|id| Some(id).filter(|id| *id > 0).map(ResourceId));
        let field = |word: &str| Field::ALL.into_iter().find(|field| field.word() == word);
        Some(match *parts {
            ["today"] => Self::Today,
            ["on", date, id, page] => Self::Day { date: read::date(date)?, of: of(id)?, page: read::page(page)? },
            ["week", date, id] => Self::Week { date: read::date(date)?, of: of(id)? },
            ["whose", date] => Self::Whose(read::date(date)?),
            ["of", id] => Self::Card(booking(id)?),
            ["log", id] => Self::History(booking(id)?),
            ["agree", id] => Self::Agree(booking(id)?),
            ["mark", id, to] => Self::Mark(booking(id)?, Status::from_word(to)?),
            ["off", id] => Self::AskOff(booking(id)?),
            ["off", id, why] => Self::Off(booking(id)?, Why::from_word(why)?),
            ["edit", id] => Self::AskEdit(booking(id)?),
            ["edit", id, word] => Self::Edit(booking(id)?, field(word)?),
            ["clear", id, word] => Self::Clear(booking(id)?, field(word)?),
            _ => return None,
        })
    }
}

pub(super) fn button(choice: Choice) -> choice::Choice {
    choice::Choice::Admin(super::Choice::Day(choice))
}

pub(super) async fn pressed(chat: &mut Chat<'_>, choice: Choice) -> Result<Turn, BookError> {
    match choice {
        Choice::Today => sheet::ahead(chat, 0).await,
        Choice::Day { date, of, page } => sheet::show(chat, date, of, page).await,
        Choice::Week { date, of } => week::show(chat, date, of).await,
        Choice::Whose(date) => sheet::whose(chat, date).await,
        Choice::Card(id) => show(chat, id).await,
        Choice::History(id) => card::history(chat, id).await,
        Choice::Agree(id) => card::agree(chat, id).await,
        Choice::Mark(id, to) => card::mark(chat, id, to).await,
        Choice::AskOff(id) => leave::ask(chat, id).await,
        Choice::Off(id, why) => leave::chosen(chat, id, why).await,
        Choice::AskEdit(id) => edit::what(chat, id).await,
        Choice::Edit(id, field) => edit::ask(chat, id, field).await,
        Choice::Clear(id, field) => edit::clear(chat, id, field).await,
    }
}

/// The day that lies so many days after today: what buttons of former versions lead to.
pub(super) async fn ahead(chat: &mut Chat<'_>, days: u8) -> Result<Turn, BookError> {
    sheet::ahead(chat, days).await
}

pub(super) async fn typed(chat: &mut Chat<'_>, ask: &Ask, said: &Said) -> Result<Typed, BookError> {
    match ask {
        Ask::Date(of) => {
            let words = chat.words();
            let zone = chat.bookings.business().await?.zone;
            match typed::date(said.words(), local_date(zone, said.at), Lean::Ahead) {
                Ok(date) => sheet::show(chat, date, *of, 0).await.map(Typed::Done),
                Err(hint) => Ok(Typed::Hint(words.say(hint, &[]))),
            }
        }
        Ask::Field(id, field) => edit::typed(chat, *id, *field, said).await,
        Ask::Reason(_) => Ok(leave::typed(chat, said)),
    }
}

pub(super) async fn saved(chat: &mut Chat<'_>, ask: &Ask, said: &Said) -> Result<Turn, BookError> {
    match ask {
        Ask::Date(_) => Ok(Turn::stale(chat.words().plain("stale", &[]))),
        Ask::Field(id, field) => edit::saved(chat, *id, *field, said).await,
        Ask::Reason(id) => leave::off(chat, *id, Some(said.words())).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buttons_fit_and_come_back() {
        let (id, date) = (BookingId(read::MOST), NaiveDate::from_ymd_opt(2026, 12, 31).unwrap());
        let of = Some(ResourceId(read::MOST));
        let mut all = vec![
            Choice::Today,
            Choice::Day { date, of, page: 99 },
            Choice::Day { date, of: None, page: 0 },
            Choice::Week { date, of },
            Choice::Whose(date),
            Choice::Card(id),
            Choice::History(id),
            Choice::Agree(id),
            Choice::AskOff(id),
            Choice::AskEdit(id),
        ];
        all.extend(Status::ALL.map(|to| Choice::Mark(id, to)));
        all.extend([Why::NoTime, Why::Unsaid, Why::Typed].map(|why| Choice::Off(id, why)));
        all.extend(Field::ALL.into_iter().flat_map(|field| [Choice::Edit(id, field), Choice::Clear(id, field)]));
        for choice in all {
            let data = button(choice).to_string();
            assert!(data.len() <= 64, "{data}");
            assert_eq!(choice::Choice::parse(&data), Some(button(choice)), "{data}");
        }
    }
}
