//! The first run: six steps, each of which can be skipped, left and resumed, by whichever owner comes next. What is changed
//! on the way is changed in the same rooms as later on.

mod profile;

use std::fmt;

use shared::{presets, telegram::Button};

use super::{
    super::{chat::Chat, choice as whole, turn::Turn, words::Words},
    console::Page,
    fill, hours, offer, rules,
};
use crate::booking::{BookError, Setting, Setup, SetupStep, Value, roles::Right};

const HOME: whole::Choice = whole::Choice::Admin(super::Choice::Home);
/// So many services or people are listed; the room has them all.
const SHOWN: usize = 12;

/// A button of this room.
///
/// ```text
/// now                       the step that is next
/// to:<step>                 another step
/// ask:<kind>, kind:<kind>   another kind of business: asks; does (`0`: none, with nothing)
/// hours, address, name      what the Telegram Business profile says is taken over
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    Now,
    To(SetupStep),
    AskKind(Option<&'static str>),
    Kind(Option<&'static str>),
    TakeHours,
    TakeAddress,
    TakeName,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now => f.write_str("now"),
            Self::To(step) => write!(f, "to:{}", step.word()),
            Self::AskKind(kind) => write!(f, "ask:{}", kind.unwrap_or("0")),
            Self::Kind(kind) => write!(f, "kind:{}", kind.unwrap_or("0")),
            Self::TakeHours => f.write_str("hours"),
            Self::TakeAddress => f.write_str("address"),
            Self::TakeName => f.write_str("name"),
        }
    }
}

impl Choice {
    pub(super) fn parse(parts: &[&str]) -> Option<Self> {
        let kind = |text: &str| match text {
            "0" => Some(None),
            word => presets::PRESETS.iter().find(|(name, _)| *name == word).map(|(name, _)| Some(*name)),
        };
        Some(match *parts {
            ["now"] => Self::Now,
            ["to", step] => Self::To(SetupStep::from_word(step)?),
            ["ask", word] => Self::AskKind(kind(word)?),
            ["kind", word] => Self::Kind(kind(word)?),
            ["hours"] => Self::TakeHours,
            ["address"] => Self::TakeAddress,
            ["name"] => Self::TakeName,
            _ => return None,
        })
    }
}

fn button(choice: Choice) -> whole::Choice {
    whole::Choice::Admin(super::Choice::Setup(choice))
}

/// The row that leads back to the first run while it is not done.
pub(super) async fn way_on(chat: &mut Chat<'_>) -> Result<Option<Vec<Button>>, BookError> {
    let Some(step) = chat.bookings.setup_step(chat.user()).await? else { return Ok(None) };
    let label = chat.words().plain("setup.go_on", &[("n", &step.number())]);
    Ok(Some(vec![fill::named(label, button(Choice::Now))]))
}

/// `/start` of somebody who may set the business up, while it is not: the step that is next.
pub(in crate::bot) async fn opened(chat: &mut Chat<'_>) -> Result<Option<Turn>, BookError> {
    if chat.bookings.setup_step(chat.user()).await?.is_none() {
        return Ok(None);
    }
    let name: &str = &chat.guest.person.first_name;
    let hello = chat.words().say("setup.hello", &[("name", &name)]);
    Ok(Some(show(chat, None).await?.noting(&hello)))
}

pub(super) async fn pressed(chat: &mut Chat<'_>, choice: Choice) -> Result<Turn, BookError> {
    let user = chat.user();
    match choice {
        Choice::Now => show(chat, None).await,
        Choice::To(step) => {
            chat.bookings.go_to_step(user, step).await?;
            show(chat, None).await
        }
        Choice::AskKind(kind) => ask_kind(chat, kind).await,
        Choice::Kind(kind) => {
            chat.bookings.choose_kind(user, kind).await?;
            chat.bookings.go_to_step(user, SetupStep::Services).await?;
            show(chat, Some(chat.words().say("setup.chosen", &[]))).await
        }
        Choice::TakeHours | Choice::TakeAddress | Choice::TakeName => {
            chat.bookings.admit(user, Right::EditPolicy).await?;
            let found = profile::find(chat).await;
            let words = chat.words();
            let taken = match (choice, found) {
                (Choice::TakeHours, profile::Found { hours: Some(hours), .. }) => {
                    chat.bookings.set_week(user, &hours).await?;
                    true
                }
                (Choice::TakeAddress, profile::Found { address: Some(address), .. }) => {
                    chat.bookings.decide(user, Setting::Address, &Value::Text(address)).await?;
                    true
                }
                (Choice::TakeName, profile::Found { name: Some(name), .. }) => {
                    chat.bookings.decide(user, Setting::Name, &Value::Text(name)).await?;
                    true
                }
                _ => false,
            };
            let note = words.say(if taken { "fill.saved" } else { "setup.not_found" }, &[]);
            show(chat, Some(note)).await
        }
    }
}

/// The step that is next.
async fn show(chat: &mut Chat<'_>, note: Option<String>) -> Result<Turn, BookError> {
    let words = chat.words();
    let setup = chat.bookings.setup(chat.user()).await?;
    let found = match setup.step {
        SetupStep::Hours | SetupStep::Place => profile::find(chat).await,
        _ => profile::Found::default(),
    };
    let (mut text, mut rows) = match setup.step {
        SetupStep::Kind => kind(words, &setup)?,
        SetupStep::Services => services(words, &setup),
        SetupStep::Resources => resources(words, &setup),
        SetupStep::Hours => week(words, &setup, &found),
        SetupStep::Place => place(words, &setup, &found),
        SetupStep::Look => {
            (words.say("setup.look", &[]), vec![vec![words.button("setup.as_customer", whole::Choice::Menu)]])
        }
        SetupStep::Done => (words.say("setup.done", &[("bot", &chat.bot)]), Vec::new()),
    };
    if setup.step == SetupStep::Done {
        let page = Page::new(vec![words.plain("setup.title", &[])], text, rows, HOME).noting(note);
        return Ok(Turn::show(page.screen(words)));
    }
    let steps = SetupStep::ALL.len() - 1;
    text = format!("{}\n{text}", words.say("setup.step", &[("n", &setup.step.number()), ("of", &steps)]));
    let next = if setup.step == SetupStep::Look { "setup.finish" } else { "setup.next" };
    rows.push(vec![words.button(next, button(Choice::To(setup.step.next())))]);
    let back = setup.step.before().map_or(HOME, |step| button(Choice::To(step)));
    let trail = vec![words.plain("setup.title", &[]), words.plain(&format!("setup.name.{}", setup.step.word()), &[])];
    Ok(Turn::show(Page::new(trail, text, rows, back).noting(note).screen(words)))
}

type Step = (String, Vec<Vec<Button>>);

fn kind(words: Words<'_>, setup: &Setup) -> Result<Step, BookError> {
    let kinds = presets::kinds().map_err(|error| sqlx::Error::Decode(error.into()))?;
    if setup.booked {
        return Ok((words.say("setup.too_late", &[]), Vec::new()));
    }
    let named: Vec<Button> = kinds
        .iter()
        .filter_map(|kind| {
            let (word, _) = presets::PRESETS.iter().find(|(name, _)| *name == kind.code)?;
            let title = kind.title.say(words.lang);
            Some(if setup.kind == kind.code {
                fill::named(format!("✅ {title}"), button(Choice::To(SetupStep::Services)))
            } else {
                fill::named(title, button(Choice::AskKind(Some(word))))
            })
        })
        .collect();
    let mut rows: Vec<Vec<Button>> = named.chunks(2).map(<[_]>::to_vec).collect();
    if setup.kind != crate::preset::EMPTY {
        rows.push(vec![words.button("setup.empty", button(Choice::AskKind(None)))]);
    }
    Ok((words.say("setup.kind", &[]), rows))
}

async fn ask_kind(chat: &mut Chat<'_>, kind: Option<&'static str>) -> Result<Turn, BookError> {
    chat.bookings.admit(chat.user(), Right::EditPolicy).await?;
    let words = chat.words();
    let text = words.say(if kind.is_some() { "setup.ask_kind" } else { "setup.ask_empty" }, &[]);
    let rows = vec![vec![words.button("setup.kind_yes", button(Choice::Kind(kind)))]];
    let trail = vec![words.plain("setup.title", &[]), words.plain("setup.name.kind", &[])];
    Ok(Turn::show(Page::new(trail, text, rows, button(Choice::Now)).screen(words)))
}

/// Lines of a list, not too many of them.
fn some(mut lines: Vec<String>) -> String {
    if lines.len() > SHOWN {
        lines.truncate(SHOWN);
        lines.push("…".to_owned());
    }
    lines.join("\n")
}

fn services(words: Words<'_>, setup: &Setup) -> Step {
    let lines: Vec<String> = setup
        .services
        .iter()
        .filter(|(_, active)| *active)
        .map(|(s, _)| {
            let (length, price) = (words.duration(s.duration), words.price(s.price));
            words.say("offer.new_line", &[("name", &s.name), ("length", &length), ("price", &price)])
        })
        .collect();
    let (text, edit) = match lines.is_empty() {
        true => (words.say("setup.no_services", &[]), None),
        false => (words.say("setup.services", &[]) + "\n\n" + &some(lines), Some("setup.edit")),
    };
    let mut row = vec![words.button("offer.add_service", whole_offer(offer::Choice::AddService))];
    row.extend(edit.map(|key| words.button(key, whole_offer(offer::Choice::Services(0)))));
    (text, vec![row])
}

fn whole_offer(choice: offer::Choice) -> whole::Choice {
    whole::Choice::Admin(super::Choice::Offer(choice))
}

fn resources(words: Words<'_>, setup: &Setup) -> Step {
    use crate::booking::ResourceKind::{Person, Room, Table};
    let lines: Vec<String> = setup
        .resources
        .iter()
        .filter(|(_, active)| *active)
        .map(|(r, _)| match r.seats {
            Some(n) => words.count("offer.new_seats", i64::from(n), &[("name", &r.name)]),
            None => words.say("offer.new_name", &[("name", &r.name)]),
        })
        .collect();
    let text = match lines.is_empty() {
        true => words.say("setup.no_resources", &[]),
        false => words.say("setup.resources", &[]) + "\n\n" + &some(lines.clone()),
    };
    let add = [Person, Table, Room]
        .map(|kind| words.button(&format!("offer.add.{}", kind.word()), whole_offer(offer::Choice::AddResource(kind))));
    let mut rows = vec![add.to_vec()];
    if !lines.is_empty() {
        rows.push(vec![words.button("setup.edit", whole_offer(offer::Choice::Resources(0)))]);
    }
    (text, rows)
}

fn week(words: Words<'_>, setup: &Setup, found: &profile::Found) -> Step {
    let of = |week: &[crate::booking::hours::Hours], day: u8| {
        week.iter().filter(|h| h.weekday == day).map(|h| (h.opens, h.closes)).collect::<Vec<_>>()
    };
    let mut text = format!("{}\n\n{}", words.say("setup.hours", &[]), hours::lines(words, |day| of(&setup.week, day)));
    let mut rows =
        vec![vec![words.button("setup.edit", whole::Choice::Admin(super::Choice::Hours(hours::Choice::Week(None))))]];
    if let Some(theirs) = found.hours.as_ref().filter(|theirs| **theirs != setup.week) {
        let lines = hours::lines(words, |day| of(theirs, day));
        text.push_str(&format!("\n\n{}\n{lines}", words.say("setup.found_hours", &[])));
        rows.push(vec![words.button("setup.take_hours", button(Choice::TakeHours))]);
    }
    (text, rows)
}

fn place(words: Words<'_>, setup: &Setup, found: &profile::Found) -> Step {
    const ASKED: [Setting; 3] = [Setting::Name, Setting::Address, Setting::Phone];
    let business = &setup.business;
    let lines = ASKED.map(|setting| fill::line(words, "rules", setting.field(), &setting.of(business)));
    let mut text = format!("{}\n\n{}", words.say("setup.place", &[]), lines.join("\n"));
    let mut rows = vec![
        ASKED
            .map(|setting| {
                let key = format!("rules.field.{}", setting.field().word);
                words.button(&key, rules::button(rules::Choice::Set(setting)))
            })
            .to_vec(),
    ];
    if let Some(address) = found.address.as_ref().filter(|there| Some(*there) != business.place.address.as_ref()) {
        text.push_str(&format!("\n\n{}", words.say("setup.found_address", &[("address", address)])));
        rows.push(vec![words.button("setup.take_address", button(Choice::TakeAddress))]);
    }
    if let Some(name) = found.name.as_ref().filter(|there| **there != business.name) {
        text.push_str(&format!("\n\n{}", words.say("setup.found_name", &[("name", name)])));
        rows.push(vec![words.button("setup.take_name", button(Choice::TakeName))]);
    }
    (text, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_is_read_as_it_was_written() {
        let mut all = vec![Choice::Now, Choice::TakeHours, Choice::TakeAddress, Choice::TakeName];
        all.extend(SetupStep::ALL.map(Choice::To));
        for kind in presets::PRESETS.iter().map(|(name, _)| Some(*name)).chain([None]) {
            all.extend([Choice::AskKind(kind), Choice::Kind(kind)]);
        }
        for choice in all {
            assert_eq!(Choice::parse(&choice.to_string().split(':').collect::<Vec<_>>()), Some(choice));
        }
        for data in ["to:moon", "kind:bank", "kind:empty", ""] {
            assert_eq!(Choice::parse(&data.split(':').collect::<Vec<_>>()), None, "{data}");
        }
    }
}
