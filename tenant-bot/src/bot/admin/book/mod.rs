//! Booking for others, and making another visit of a booking: for whom, what, with whom, when, once more, done.
//!
//! What is being put together is kept in the talk, by a number that its buttons carry; until the last yes nothing in it is
//! believed.

mod check;
mod errand;
mod what;
mod when;
mod whom;

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

pub(crate) use self::errand::Errand;
use self::errand::Subject;
use super::{
    super::{
        chat::Chat,
        choice::{self, DraftId, read},
        turn::Turn,
    },
    form::{Said, Typed},
    guests,
};
use crate::booking::{BookError, BookingId, Pick, ServiceId, UserId};

/// A button of this room.
///
/// ```text
/// a:book:new, a:book:on:<yyyymmdd>    for whom? with that day in mind
/// a:book:for:<person>                 a booking for them
/// a:book:again:<booking>              the same once more
/// a:book:move:<booking>, a:book:change:<booking>, a:book:give:<booking>    another time; service; who does it
/// a:book:<draft>:<step>               see [`Step`]
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    Begin,
    BeginOn(NaiveDate),
    For(UserId),
    Again(BookingId),
    Move(BookingId),
    Change(BookingId),
    Give(BookingId),
    Step(DraftId, Step),
}

/// A step of what is being put together.
///
/// ```text
/// whom, guest, new, is:<person>   for whom; nobody in particular; somebody to be written down; this one
/// what:<page>, svc:<n>:<service>  the services; this one as the n-th (from 0)
/// people, pick:<resource or *>    with whom
/// size, party:<people>            how many come
/// days:<yyyymmdd>, day:<yyyymmdd> two weeks from then; the times of a day
/// now, at:<minute>                at this minute; at that one
/// yes:<code>:<in|out>             does it, as it was shown; outside the hours of work
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Whom,
    Guest,
    New,
    Is(UserId),
    What(usize),
    Service(usize, ServiceId),
    People,
    Pick(Pick),
    Size,
    Party(u16),
    Days(NaiveDate),
    Day(NaiveDate),
    Now,
    At(DateTime<Utc>),
    Yes(DraftId, bool),
}

/// What this room asks to be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::bot) enum Ask {
    /// A name or a number to look for.
    Whom,
    /// A name, and a number if there is one.
    New,
    /// A day.
    Day,
    /// A time of this day.
    Time(NaiveDate),
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Begin => f.write_str("new"),
            Self::BeginOn(date) => write!(f, "on:{}", date.format("%Y%m%d")),
            Self::For(who) => write!(f, "for:{}", who.0),
            Self::Again(id) => write!(f, "again:{}", id.0),
            Self::Move(id) => write!(f, "move:{}", id.0),
            Self::Change(id) => write!(f, "change:{}", id.0),
            Self::Give(id) => write!(f, "give:{}", id.0),
            Self::Step(draft, step) => write!(f, "{draft}:{step}"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whom => f.write_str("whom"),
            Self::Guest => f.write_str("guest"),
            Self::New => f.write_str("new"),
            Self::Is(who) => write!(f, "is:{}", who.0),
            Self::What(page) => write!(f, "what:{page}"),
            Self::Service(n, id) => write!(f, "svc:{n}:{}", id.0),
            Self::People => f.write_str("people"),
            Self::Pick(Pick::Any) => f.write_str("pick:*"),
            Self::Pick(Pick::One(id)) => write!(f, "pick:{}", id.0),
            Self::Size => f.write_str("size"),
            Self::Party(people) => write!(f, "party:{people}"),
            Self::Days(date) => write!(f, "days:{}", date.format("%Y%m%d")),
            Self::Day(date) => write!(f, "day:{}", date.format("%Y%m%d")),
            Self::Now => f.write_str("now"),
            Self::At(at) => write!(f, "at:{}", at.timestamp().div_euclid(60)),
            Self::Yes(code, outside) => write!(f, "yes:{code}:{}", if *outside { "out" } else { "in" }),
        }
    }
}

impl Choice {
    pub(super) fn parse(parts: &[&str]) -> Option<Self> {
        let booking = |id: &str| read::id(id).map(BookingId);
        Some(match *parts {
            ["new"] => Self::Begin,
            ["on", date] => Self::BeginOn(read::date(date)?),
            ["for", who] => Self::For(guests::person(who)?),
            ["again", id] => Self::Again(booking(id)?),
            ["move", id] => Self::Move(booking(id)?),
            ["change", id] => Self::Change(booking(id)?),
            ["give", id] => Self::Give(booking(id)?),
            [draft, ref step @ ..] => Self::Step(DraftId::parse(draft)?, Step::parse(step)?),
            [] => return None,
        })
    }
}

impl Step {
    fn parse(parts: &[&str]) -> Option<Self> {
        Some(match *parts {
            ["whom"] => Self::Whom,
            ["guest"] => Self::Guest,
            ["new"] => Self::New,
            ["is", who] => Self::Is(guests::person(who)?),
            ["what", page] => Self::What(read::page(page)?),
            ["svc", n, id] => Self::Service(read::page(n)?, ServiceId(read::id(id)?)),
            ["people"] => Self::People,
            ["pick", who] => Self::Pick(read::pick(who)?),
            ["size"] => Self::Size,
            ["party", people] => Self::Party(read::small(people, 1..=500)?),
            ["days", date] => Self::Days(read::date(date)?),
            ["day", date] => Self::Day(read::date(date)?),
            ["now"] => Self::Now,
            ["at", at] => Self::At(read::minute(at)?),
            ["yes", code, "in"] => Self::Yes(DraftId::parse(code)?, false),
            ["yes", code, "out"] => Self::Yes(DraftId::parse(code)?, true),
            _ => return None,
        })
    }
}

pub(super) fn button(choice: Choice) -> choice::Choice {
    choice::Choice::Admin(super::Choice::Book(choice))
}

/// A button of what is being put together.
fn step(errand: &Errand, step: Step) -> choice::Choice {
    button(Choice::Step(errand.number, step))
}

pub(super) async fn pressed(chat: &mut Chat<'_>, choice: Choice) -> Result<Turn, BookError> {
    let number = DraftId::of(chat.guest.update_id);
    let errand = match choice {
        Choice::Begin => Errand::new(number, None),
        Choice::BeginOn(date) => Errand { date: Some(date), ..Errand::new(number, None) },
        Choice::For(who) => Errand::new(number, Some(Subject::Customer(who))),
        Choice::Again(id) => errand::again(chat, number, id).await?,
        Choice::Move(id) => Errand::of_booking(number, id, true),
        Choice::Change(id) => Errand { asks_what: true, ..errand::at_its_time(chat, number, id).await? },
        Choice::Give(id) => errand::at_its_time(chat, number, id).await?,
        Choice::Step(draft, step) => return stepped(chat, draft, step).await,
    };
    onward(chat, errand, None).await
}

async fn stepped(chat: &mut Chat<'_>, draft: DraftId, step: Step) -> Result<Turn, BookError> {
    let Some(mut errand) = chat.talk.errand.clone().filter(|errand| errand.number == draft) else {
        return Ok(Turn::stale(chat.words().plain("stale", &[])));
    };
    match step {
        Step::Whom => return whom::ask(chat, errand, None).await,
        Step::New => return whom::ask_new(chat, errand).await,
        Step::What(page) => return what::services(chat, errand, page).await,
        Step::People => return what::people(chat, errand).await,
        Step::Size => return what::size(chat, errand).await,
        Step::Days(from) => return when::days(chat, errand, Some(from), None).await,
        Step::Day(date) => return when::times(chat, errand, date, None).await,
        Step::Yes(code, outside) => return check::done(chat, errand, code, outside).await,
        Step::Guest => errand.subject = Some(Subject::Guest),
        Step::Is(who) => errand.subject = Some(Subject::Customer(who)),
        Step::Service(n, service) => errand.add(n, service),
        Step::Pick(pick) => (errand.pick, errand.who_settled) = (Some(pick), true),
        Step::Party(people) => errand.party = Some(people),
        Step::Now => errand.starts_at = Some(crate::booking::this_minute(chat.now)),
        Step::At(at) => errand.starts_at = Some(at),
    }
    onward(chat, errand, None).await
}

/// Whatever is still to be asked.
async fn onward(chat: &mut Chat<'_>, errand: Errand, note: Option<String>) -> Result<Turn, BookError> {
    if errand.subject.is_none() {
        return whom::ask(chat, errand, note).await;
    }
    if errand.asks_what || errand.services.is_empty() && !errand.is_of_booking() {
        return what::services(chat, errand, 0).await;
    }
    let today = errand::today(chat).await?;
    let (openings, _) = errand::look(chat, &errand, Some(today)).await?;
    if errand.asks_party(&openings.offer) {
        return what::size(chat, errand).await;
    }
    if !errand.who_settled && what::candidates(&openings.offer).len() > 1 {
        return what::people(chat, errand).await;
    }
    match (errand.starts_at, errand.date) {
        (Some(_), _) => check::show(chat, errand, note).await,
        (None, Some(date)) => when::times(chat, errand, date, note).await,
        (None, None) => when::days(chat, errand, None, note).await,
    }
}

pub(super) async fn typed(chat: &mut Chat<'_>, ask: &Ask, said: &Said) -> Result<Typed, BookError> {
    let Some(errand) = chat.talk.errand.clone() else {
        return Ok(Typed::Hint(chat.words().say("stale", &[])));
    };
    match ask {
        Ask::Whom => whom::searched(chat, errand, said).await.map(Typed::Done),
        Ask::New => whom::new_typed(chat, said).await,
        Ask::Day => when::day_typed(chat, errand, said).await,
        Ask::Time(date) => when::time_typed(chat, errand, *date, said).await,
    }
}

pub(super) async fn saved(chat: &mut Chat<'_>, ask: &Ask, said: &Said) -> Result<Turn, BookError> {
    match (ask, chat.talk.errand.clone()) {
        (Ask::New, Some(errand)) => whom::new_saved(chat, errand, said).await,
        _ => Ok(Turn::stale(chat.words().plain("stale", &[]))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::booking::ResourceId;

    #[test]
    fn buttons_fit_and_come_back() {
        let (id, date) = (BookingId(read::MOST), NaiveDate::from_ymd_opt(2026, 12, 31).unwrap());
        let (draft, caller) = (DraftId::of(i64::MAX), UserId(-read::MOST));
        let at = DateTime::from_timestamp(read::LAST_MINUTE * 60, 0).unwrap();
        let steps = [
            Step::Whom,
            Step::Guest,
            Step::New,
            Step::Is(caller),
            Step::What(99),
            Step::Service(99, ServiceId(read::MOST)),
            Step::People,
            Step::Pick(Pick::Any),
            Step::Pick(Pick::One(ResourceId(read::MOST))),
            Step::Size,
            Step::Party(500),
            Step::Days(date),
            Step::Day(date),
            Step::Now,
            Step::At(at),
            Step::Yes(DraftId::of(1), false),
            Step::Yes(DraftId::of(2), true),
        ];
        let plain = [
            Choice::Begin,
            Choice::BeginOn(date),
            Choice::For(caller),
            Choice::For(UserId(read::MOST)),
            Choice::Again(id),
            Choice::Move(id),
            Choice::Change(id),
            Choice::Give(id),
        ];
        for choice in plain.into_iter().chain(steps.map(|step| Choice::Step(draft, step))) {
            let data = button(choice).to_string();
            assert!(data.len() <= 64, "{data}");
            assert_eq!(choice::Choice::parse(&data), Some(button(choice)), "{data}");
        }
        for crooked in ["a:book:for:0", "a:book:for:-0", "a:book:for:--1", "a:book:for:-01", "a:book:000001:party:0"] {
            assert_eq!(choice::Choice::parse(crooked), None, "{crooked}");
        }
    }
}
