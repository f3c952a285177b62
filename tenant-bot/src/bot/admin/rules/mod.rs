//! «Правила записи» and «О бизнесе»: every value that the rules of booking know, and where the business is.

mod zone;

use std::fmt;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{
    super::{chat::Chat, choice as whole, turn::Turn, words::Words},
    console::Page,
    fill,
    form::{self, Said, Typed},
    setup,
};
use crate::booking::{BookError, Business, Setting, Shape, Value, roles::Right};

const HOME: whole::Choice = whole::Choice::Admin(super::Choice::Home);

/// The rules, as they stand together on a screen.
const GROUPS: [(&str, &[Setting]); 6] = [
    ("time", &[Setting::Step, Setting::Notice, Setting::Horizon]),
    ("changes", &[Setting::CancelDeadline, Setting::MoveDeadline]),
    ("who", &[Setting::Approval, Setting::Admits, Setting::NoShowLimit]),
    (
        "limits",
        &[
            Setting::ActiveLimit,
            Setting::DailyCap,
            Setting::ResourceDailyCap,
            Setting::CustomerDailyCap,
            Setting::VisitLimit,
            Setting::RepeatLimit,
        ],
    ),
    ("letters", &[Setting::Reminders, Setting::FreeUnanswered, Setting::Feedback]),
    ("queue", &[Setting::Waitlist, Setting::Offer, Setting::Hold]),
];
/// What is true of the business.
const PLACE: [Setting; 5] = [Setting::Name, Setting::Address, Setting::Phone, Setting::ReviewUrl, Setting::Language];

/// A button of this room.
///
/// ```text
/// all, of:<group>, place          the rules; some of them; the business
/// set:<setting>                   asks
/// off:<setting>                   without it
/// is:<setting>:<word>             one of a few words
/// zone                            asks for a city
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    All,
    Group(&'static str),
    Place,
    Set(Setting),
    Off(Setting),
    Is(Setting, &'static str),
    Zone,
}

/// What this room asks to be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::bot) enum Ask {
    /// A value.
    Set(Setting),
    /// A city.
    Zone,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Group(group) => write!(f, "of:{group}"),
            Self::Place => f.write_str("place"),
            Self::Set(setting) => write!(f, "set:{}", setting.field().word),
            Self::Off(setting) => write!(f, "off:{}", setting.field().word),
            Self::Is(setting, word) => write!(f, "is:{}:{word}", setting.field().word),
            Self::Zone => f.write_str("zone"),
        }
    }
}

fn options(setting: Setting) -> &'static [&'static str] {
    if let Shape::Word(words) = setting.field().shape { words } else { &[] }
}

impl Choice {
    pub(super) fn parse(parts: &[&str]) -> Option<Self> {
        Some(match *parts {
            ["all"] => Self::All,
            ["of", group] => Self::Group(GROUPS.iter().find(|(name, _)| *name == group)?.0),
            ["place"] => Self::Place,
            ["set", setting] => Self::Set(Setting::from_word(setting)?),
            ["off", setting] => Self::Off(Setting::from_word(setting).filter(|s| s.field().optional)?),
            ["is", setting, word] => {
                let setting = Setting::from_word(setting)?;
                Self::Is(setting, options(setting).iter().find(|option| **option == word)?)
            }
            ["zone"] => Self::Zone,
            _ => return None,
        })
    }
}

pub(super) fn button(choice: Choice) -> whole::Choice {
    whole::Choice::Admin(super::Choice::Rules(choice))
}

/// Where a setting stands.
fn group_of(setting: Setting) -> Choice {
    let group = GROUPS.iter().find(|(_, all)| all.contains(&setting));
    group.map_or(Choice::Place, |(name, _)| Choice::Group(name))
}

fn trail(words: Words<'_>, place: Choice) -> Vec<String> {
    match place {
        Choice::Group(name) => {
            vec![words.plain("rules.title", &[]), words.plain(&format!("rules.group.{name}"), &[])]
        }
        Choice::Place | Choice::Zone => vec![words.plain("rules.place", &[])],
        _ => vec![words.plain("rules.title", &[])],
    }
}

pub(super) async fn pressed(chat: &mut Chat<'_>, choice: Choice) -> Result<Turn, BookError> {
    let (business, _) = chat.bookings.admit(chat.user(), Right::EditPolicy).await?;
    match choice {
        Choice::All => {
            let words = chat.words();
            let group = |(name, _): &(&'static str, _)| {
                vec![words.button(&format!("rules.group.{name}"), button(Choice::Group(name)))]
            };
            let rows = GROUPS.iter().map(group).collect();
            let page = Page::new(trail(words, Choice::All), words.say("rules.about", &[]), rows, HOME);
            Ok(Turn::show(page.screen(words)))
        }
        Choice::Group(_) | Choice::Place => Ok(list(chat, &business, choice, None).await?),
        Choice::Set(setting) => Ok(ask(chat, &business, setting)),
        Choice::Off(setting) => decide(chat, setting, &Value::Nothing).await,
        Choice::Is(setting, word) => decide(chat, setting, &Value::Word(word)).await,
        Choice::Zone => zone::ask(chat, &business),
    }
}

async fn decide(chat: &mut Chat<'_>, setting: Setting, value: &Value) -> Result<Turn, BookError> {
    chat.bookings.decide(chat.user(), setting, value).await?;
    let business = chat.bookings.business().await?;
    let note = chat.words().say("fill.saved", &[]);
    list(chat, &business, group_of(setting), Some(note)).await
}

async fn list(
    chat: &mut Chat<'_>,
    business: &Business,
    place: Choice,
    note: Option<String>,
) -> Result<Turn, BookError> {
    let words = chat.words();
    let all: &[Setting] = match place {
        Choice::Group(name) => GROUPS.iter().find(|(group, _)| *group == name).map_or(&[], |(_, all)| all),
        _ => &PLACE,
    };
    let mut lines: Vec<String> =
        all.iter().map(|setting| fill::line(words, "rules", setting.field(), &setting.of(business))).collect();
    let named = |setting: &Setting| {
        vec![words.button(&format!("rules.field.{}", setting.field().word), button(Choice::Set(*setting)))]
    };
    let mut rows: Vec<_> = all.iter().map(named).collect();
    if place == Choice::Place {
        let (zone, offset) = (zone::name(words, business.zone), words.offset(business.zone, chat.now));
        lines.push(words.say("rules.zone_now", &[("zone", &zone), ("offset", &offset)]));
        rows.push(vec![words.button("rules.zone", button(Choice::Zone))]);
        rows.extend(setup::way_on(chat).await?);
    }
    let back = if place == Choice::Place { HOME } else { button(Choice::All) };
    Ok(Turn::show(Page::new(trail(words, place), lines.join("\n"), rows, back).noting(note).screen(words)))
}

fn ask(chat: &mut Chat<'_>, business: &Business, setting: Setting) -> Turn {
    let words = chat.words();
    let field = setting.field();
    let value = setting.of(business);
    let place = group_of(setting);
    let now = fill::line(words, "rules", field, &value);
    let text = format!("{now}\n\n{}", words.say(&format!("rules.ask.{}", field.word), &[]));
    let mut trail = trail(words, place);
    trail.push(words.plain(&format!("rules.field.{}", field.word), &[]));
    let mut rows: Vec<_> = options(setting)
        .iter()
        .map(|word| {
            let name = words.plain(&format!("rules.word.{}.{word}", field.word), &[]);
            vec![fill::switch(value == Value::Word(word), &name, button(Choice::Is(setting, word)))]
        })
        .collect();
    if field.optional && value != Value::Nothing {
        rows.push(vec![words.button("fill.clear", button(Choice::Off(setting)))]);
    }
    let page = Page::new(trail, text, rows, button(place));
    if options(setting).is_empty() {
        form::ask(chat, super::Ask::Rules(Ask::Set(setting)), page)
    } else {
        Turn::show(page.screen(words))
    }
}

pub(super) async fn typed(chat: &mut Chat<'_>, ask: &Ask, said: &Said) -> Result<Typed, BookError> {
    chat.bookings.admit(chat.user(), Right::EditPolicy).await?;
    let words = chat.words();
    match ask {
        Ask::Set(setting) => Ok(match fill::read(words, setting.field(), said) {
            Ok(value) => Typed::Echo(fill::line(words, "rules", setting.field(), &value)),
            Err(hint) => Typed::Hint(hint),
        }),
        Ask::Zone => match zone::find(said.words()) {
            Some(zone) => zone::echo(chat, zone).await.map(Typed::Echo),
            None => Ok(Typed::Hint(words.say("rules.no_zone", &[]))),
        },
    }
}

pub(super) async fn saved(chat: &mut Chat<'_>, ask: &Ask, said: &Said) -> Result<Turn, BookError> {
    let words = chat.words();
    let stale = Ok(Turn::stale(words.plain("stale", &[])));
    match ask {
        Ask::Set(setting) => match fill::read(words, setting.field(), said) {
            Ok(value) => decide(chat, *setting, &value).await,
            Err(_) => stale,
        },
        Ask::Zone => {
            let Some(zone) = zone::find(said.words()) else { return stale };
            let zone: Tz = zone;
            chat.bookings.change_zone(chat.user(), zone).await?;
            let business = chat.bookings.business().await?;
            list(chat, &business, Choice::Place, Some(words.say("fill.saved", &[]))).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_a_place_and_a_button_that_is_read_as_it_was_written() {
        let mut all = vec![Choice::All, Choice::Place, Choice::Zone];
        all.extend(GROUPS.iter().map(|(name, _)| Choice::Group(name)));
        for setting in Setting::ALL {
            let places = GROUPS.iter().filter(|(_, all)| all.contains(&setting)).count();
            assert_eq!(places + usize::from(PLACE.contains(&setting)), 1, "{setting:?}");
            all.push(Choice::Set(setting));
            all.extend(options(setting).iter().map(|word| Choice::Is(setting, word)));
            if setting.field().optional {
                all.push(Choice::Off(setting));
            }
        }
        for choice in all {
            assert_eq!(Choice::parse(&choice.to_string().split(':').collect::<Vec<_>>()), Some(choice));
        }
        for data in ["set:colour", "off:step", "is:waitlist:maybe", "of:all"] {
            assert_eq!(Choice::parse(&data.split(':').collect::<Vec<_>>()), None, "{data}");
        }
    }
}
