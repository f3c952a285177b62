//! «Часы работы»: the week of the business and of everybody, and the days that differ from it.

mod days;
mod typed_days;
mod week;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    super::{
        chat::Chat,
        choice::{self as whole, read},
        turn::Turn,
        typed::{self, Lean},
        words::Words,
    },
    fill,
    form::{Said, Typed},
};
use crate::booking::{BookError, OtherDays, Outside, ResourceId, hours::local_date, roles::Right};

pub(super) use self::week::lines;

/// Whose hours: none is the business.
type Whose = Option<ResourceId>;

/// Which days of the week others are made like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Like {
    Weekdays,
    All,
}

/// A button of this room; `<whose>` is 0 for the business.
///
/// ```text
/// w:<whose>, all:<page>            a week; whose there are
/// d:<whose>:<day>                  what is worked on a day (asks)
/// off:<whose>:<day>                a day off
/// like:<whose>:<day>:<wk|all>      other days as this one
/// same:<resource>                  as the business
/// x:<page>                         days that differ
/// xoff:<whose>, xon:<whose>        new ones, closed or with other hours (asks)
/// xone:<days>, xrm:<days>          some of them; takes them away
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    Week(Whose),
    Everybody(usize),
    Day(Whose, u8),
    DayOff(Whose, u8),
    Alike(Whose, u8, Like),
    Follow(ResourceId),
    Days(usize),
    AskClosed(Whose),
    AskOther(Whose),
    One(i64),
    Remove(i64),
}

/// What this room asks to be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::bot) enum Ask {
    /// The hours of a day of the week.
    Day(Whose, u8),
    /// Days that are closed.
    Closed(Whose),
    /// Days with other hours.
    Other(Whose),
}

fn number(whose: &Whose) -> i64 {
    whose.map_or(0, |id| id.0)
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Week(whose) => write!(f, "w:{}", number(whose)),
            Self::Everybody(page) => write!(f, "all:{page}"),
            Self::Day(whose, day) => write!(f, "d:{}:{day}", number(whose)),
            Self::DayOff(whose, day) => write!(f, "off:{}:{day}", number(whose)),
            Self::Alike(whose, day, Like::Weekdays) => write!(f, "like:{}:{day}:wk", number(whose)),
            Self::Alike(whose, day, Like::All) => write!(f, "like:{}:{day}:all", number(whose)),
            Self::Follow(id) => write!(f, "same:{}", id.0),
            Self::Days(page) => write!(f, "x:{page}"),
            Self::AskClosed(whose) => write!(f, "xoff:{}", number(whose)),
            Self::AskOther(whose) => write!(f, "xon:{}", number(whose)),
            Self::One(id) => write!(f, "xone:{id}"),
            Self::Remove(id) => write!(f, "xrm:{id}"),
        }
    }
}

impl Choice {
    pub(super) fn parse(parts: &[&str]) -> Option<Self> {
        let whose = |text: &str| match read::number(text, read::MOST)? {
            0 => Some(None),
            n => Some(Some(ResourceId(n))),
        };
        let day = |text: &str| u8::try_from(read::small(text, 1..=7)?).ok();
        Some(match *parts {
            ["w", id] => Self::Week(whose(id)?),
            ["all", page] => Self::Everybody(read::page(page)?),
            ["d", id, n] => Self::Day(whose(id)?, day(n)?),
            ["off", id, n] => Self::DayOff(whose(id)?, day(n)?),
            ["like", id, n, "wk"] => Self::Alike(whose(id)?, day(n)?, Like::Weekdays),
            ["like", id, n, "all"] => Self::Alike(whose(id)?, day(n)?, Like::All),
            ["same", id] => Self::Follow(ResourceId(read::id(id)?)),
            ["x", page] => Self::Days(read::page(page)?),
            ["xoff", id] => Self::AskClosed(whose(id)?),
            ["xon", id] => Self::AskOther(whose(id)?),
            ["xone", id] => Self::One(read::id(id)?),
            ["xrm", id] => Self::Remove(read::id(id)?),
            _ => return None,
        })
    }
}

fn button(choice: Choice) -> whole::Choice {
    whole::Choice::Admin(super::Choice::Hours(choice))
}

/// Where the week of a resource is.
pub(super) fn of(id: ResourceId) -> whole::Choice {
    button(Choice::Week(Some(id)))
}

pub(super) async fn pressed(chat: &mut Chat<'_>, choice: Choice) -> Result<Turn, BookError> {
    match choice {
        Choice::Week(whose) => week::show(chat, whose, None).await,
        Choice::Everybody(page) => week::everybody(chat, page).await,
        Choice::Day(whose, day) => week::ask(chat, whose, day).await,
        Choice::DayOff(whose, day) => week::set(chat, whose, &[day], &[]).await,
        Choice::Alike(whose, day, like) => week::alike(chat, whose, day, like).await,
        Choice::Follow(id) => week::follow(chat, id).await,
        Choice::Days(page) => days::list(chat, page, None).await,
        Choice::AskClosed(whose) => days::ask(chat, whose, true).await,
        Choice::AskOther(whose) => days::ask(chat, whose, false).await,
        Choice::One(id) => days::show(chat, id).await,
        Choice::Remove(id) => days::remove(chat, id).await,
    }
}

pub(super) async fn typed(chat: &mut Chat<'_>, ask: &Ask, said: &Said) -> Result<Typed, BookError> {
    let (business, _) = chat.bookings.admit(chat.user(), Right::EditHours).await?;
    let words = chat.words();
    let today = local_date(business.zone, said.at);
    Ok(match ask {
        Ask::Day(_, day) => match typed::spans(said.words()) {
            Ok(spans) => {
                let label = words.plain(&format!("hours.day.d{day}"), &[]);
                Typed::Echo(words.say("fill.line", &[("label", &label), ("value", &fill::hours(words, &spans))]))
            }
            Err(hint) => Typed::Hint(words.say(hint, &[])),
        },
        Ask::Closed(whose) => match typed_days::closed(*whose, said.words(), today) {
            Ok(days) => Typed::Echo(days::line(words, &days)),
            Err(hint) => Typed::Hint(words.say(hint, &[])),
        },
        Ask::Other(whose) => match typed_days::other(*whose, said.words(), today) {
            Ok(days) => Typed::Echo(days::line(words, &days)),
            Err(hint) => Typed::Hint(words.say(hint, &[])),
        },
    })
}

pub(super) async fn saved(chat: &mut Chat<'_>, ask: &Ask, said: &Said) -> Result<Turn, BookError> {
    let business = chat.bookings.business().await?;
    let today = local_date(business.zone, said.at);
    let stale = Ok(Turn::stale(chat.words().plain("stale", &[])));
    let days: Result<OtherDays, _> = match ask {
        Ask::Day(whose, day) => {
            let Ok(spans) = typed::spans(said.words()) else { return stale };
            return week::set(chat, *whose, &[*day], &spans).await;
        }
        Ask::Closed(whose) => typed_days::closed(*whose, said.words(), today),
        Ask::Other(whose) => typed_days::other(*whose, said.words(), today),
    };
    let Ok(days) = days else { return stale };
    let outside = chat.bookings.add_other_days(chat.user(), &days).await?;
    let note = told(chat.words(), &outside);
    days::list(chat, 0, Some(note)).await
}

/// That it is saved, and which bookings lie outside now: they stand. HTML.
fn told(words: Words<'_>, outside: &Outside) -> String {
    const SHOWN: usize = 5;
    let saved = words.say("fill.saved", &[]);
    if outside.bookings.is_empty() {
        return saved;
    }
    let n = i64::try_from(outside.bookings.len()).unwrap_or(i64::MAX);
    let mut lines = vec![saved, words.count("hours.outside", n, &[])];
    for booking in outside.bookings.iter().take(SHOWN) {
        let when = words.moment(outside.business.zone, booking.starts_at);
        let (what, who) = (booking.what(), booking.customer_name.as_str());
        lines.push(words.say("hours.outside_one", &[("when", &when), ("what", &what), ("who", &who)]));
    }
    if outside.bookings.len() > SHOWN {
        lines.push("…".to_owned());
    }
    lines.join("\n")
}

/// What a date is leaned to.
const AHEAD: Lean = Lean::Ahead;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_is_read_as_it_was_written() {
        let who = ResourceId(read::MOST);
        let mut all =
            vec![Choice::Everybody(3), Choice::Follow(who), Choice::Days(0), Choice::One(7), Choice::Remove(7)];
        for whose in [None, Some(who)] {
            all.extend([Choice::Week(whose), Choice::Day(whose, 1), Choice::DayOff(whose, 7)]);
            all.extend([Choice::Alike(whose, 1, Like::All), Choice::Alike(whose, 2, Like::Weekdays)]);
            all.extend([Choice::AskClosed(whose), Choice::AskOther(whose)]);
        }
        for choice in all {
            assert_eq!(Choice::parse(&choice.to_string().split(':').collect::<Vec<_>>()), Some(choice));
        }
        for data in ["w", "w:01", "d:0:8", "d:0:0", "like:0:1:we", "same:0", "xone:0"] {
            assert_eq!(Choice::parse(&data.split(':').collect::<Vec<_>>()), None, "{data}");
        }
    }
}
