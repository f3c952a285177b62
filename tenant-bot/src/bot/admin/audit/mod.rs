//! Who did what: page by page, of one area or of one person.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::telegram::Screen;

use super::{
    super::{
        chat::Chat,
        choice::{self, read},
        turn::{Below, Turn},
        typed::{self, Lean},
        words::Words,
    },
    console::Page,
    form::{self, Said, Typed},
};
use crate::booking::{AuditEntry, AuditFilter, AuditPage, BookError, UserId, hours::local_date};

/// Acts on one screen: with the longest subjects it stays within a message.
const PAGE: u16 = 8;
/// So much of what exactly was changed is shown; the file has all of it.
const MOST_DETAIL: usize = 120;

/// The first halves of all actions, in the order of their buttons.
pub(in crate::bot) const AREAS: [&str; 17] = [
    "team",
    "service",
    "resource",
    "combination",
    "hours",
    "exception",
    "block",
    "policy",
    "place",
    "setup",
    "customer",
    "mass",
    "broadcast",
    "text",
    "chat",
    "export",
    "digest",
];

/// A button of this room.
///
/// ```text
/// a:log:<area or *>:<person or *>:<before or 0>    a page: acts older than that one
/// a:log:file:<area or *>:<person or *>             all of them as a file
/// a:log:areas, a:log:people, a:log:date            what to look for
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    List { area: Option<&'static str>, by: Option<UserId>, before: i64 },
    File { area: Option<&'static str>, by: Option<UserId> },
    Areas,
    People,
    Date,
}

/// What this room asks to be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::bot) enum Ask {
    /// A day.
    Date,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List { area, by, before } => {
                let by = by.map_or_else(|| "*".to_owned(), |by| by.0.to_string());
                write!(f, "{}:{by}:{before}", area.unwrap_or("*"))
            }
            Self::File { area, by } => {
                let by = by.map_or_else(|| "*".to_owned(), |by| by.0.to_string());
                write!(f, "file:{}:{by}", area.unwrap_or("*"))
            }
            Self::Areas => f.write_str("areas"),
            Self::People => f.write_str("people"),
            Self::Date => f.write_str("date"),
        }
    }
}

impl Choice {
    pub(super) const NEWEST: Self = Self::List { area: None, by: None, before: 0 };

    pub(super) fn parse(parts: &[&str]) -> Option<Self> {
        Some(match *parts {
            ["areas"] => Self::Areas,
            ["people"] => Self::People,
            ["date"] => Self::Date,
            ["file", area, by] => Self::File { area: area_of(area)?, by: person_of(by)? },
            [area, by, before] => {
                Self::List { area: area_of(area)?, by: person_of(by)?, before: read::number(before, read::MOST)? }
            }
            _ => return None,
        })
    }
}

fn area_of(word: &str) -> Option<Option<&'static str>> {
    if word == "*" { Some(None) } else { AREAS.into_iter().find(|area| *area == word).map(Some) }
}

fn person_of(word: &str) -> Option<Option<UserId>> {
    if word == "*" { Some(None) } else { read::id(word).map(|id| Some(UserId(id))) }
}

fn button(choice: Choice) -> choice::Choice {
    choice::Choice::Admin(super::Choice::Audit(choice))
}

pub(super) async fn pressed(chat: &mut Chat<'_>, choice: Choice) -> Result<Turn, BookError> {
    let words = chat.words();
    let (area, by, before) = match choice {
        Choice::List { area, by, before } => (area, by, before),
        Choice::File { area, by } => {
            let filter = AuditFilter { area: area.map(str::to_owned), by };
            let file = chat.bookings.audit_file(chat.user(), &filter).await?;
            return Ok(Turn::below(Below::File(Screen::text(words.say("audit.caption", &[])), file)));
        }
        Choice::Areas | Choice::People | Choice::Date => (None, None, 0),
    };
    let filter = AuditFilter { area: area.map(str::to_owned), by };
    let page = chat.bookings.audit(chat.user(), &filter, Some(before).filter(|n| *n > 0), PAGE).await?;
    let screen = match choice {
        Choice::List { .. } | Choice::File { .. } => list(words, (area, by), before, &page),
        Choice::Areas => areas(words, &page),
        Choice::People => people(words, &page),
        Choice::Date => {
            let trail = vec![words.plain("audit.title", &[]), words.plain("audit.date", &[])];
            let question = Page::new(trail, words.say("audit.which_date", &[]), Vec::new(), button(Choice::NEWEST));
            return Ok(form::ask(chat, super::Ask::Audit(Ask::Date), question));
        }
    };
    Ok(Turn::show(screen.screen(words)))
}

/// A day: the acts of that day and before.
pub(super) async fn typed(chat: &mut Chat<'_>, ask: &Ask, said: &Said) -> Result<Typed, BookError> {
    let Ask::Date = ask;
    let words = chat.words();
    let business = chat.bookings.business().await?;
    let day = match typed::date(said.words(), local_date(business.zone, said.at), Lean::Back) {
        Ok(day) => day,
        Err(hint) => return Ok(Typed::Hint(words.say(hint, &[]))),
    };
    let before = chat.bookings.audit_after(chat.user(), day).await?;
    pressed(chat, Choice::List { area: None, by: None, before }).await.map(Typed::Done)
}

fn list(words: Words<'_>, (area, by): (Option<&'static str>, Option<UserId>), before: i64, page: &AuditPage) -> Page {
    let mut trail = vec![words.plain("audit.title", &[])];
    trail.extend(area.map(|area| words.plain(&format!("audit.area.{area}"), &[])));
    trail.extend(by.map(|by| name_of(words, page, by)));
    let lines: Vec<String> = page.entries.iter().map(|entry| line(words, page, entry)).collect();
    let text = if lines.is_empty() { words.say("audit.empty", &[]) } else { lines.join("\n\n") };
    let mut rows = Vec::new();
    let mut turns = Vec::new();
    if before > 0 {
        turns.push(words.button("button.newer", button(Choice::List { area, by, before: 0 })));
    }
    if page.more
        && let Some(last) = page.entries.last()
    {
        turns.push(words.button("button.older", button(Choice::List { area, by, before: last.id })));
    }
    if !turns.is_empty() {
        rows.push(turns);
    }
    rows.push(vec![
        words.button("audit.areas", button(Choice::Areas)),
        words.button("audit.people", button(Choice::People)),
        words.button("audit.date", button(Choice::Date)),
    ]);
    if !page.entries.is_empty() {
        rows.push(vec![words.button("audit.file", button(Choice::File { area, by }))]);
    }
    let filtered = area.is_some() || by.is_some();
    let back = if filtered { button(Choice::NEWEST) } else { choice::Choice::Admin(super::Choice::Home) };
    Page::new(trail, text, rows, back)
}

fn areas(words: Words<'_>, page: &AuditPage) -> Page {
    let known = AREAS.into_iter().filter(|area| page.areas.iter().any(|there| there == area));
    let buttons: Vec<_> = known
        .map(|area| {
            let choice = Choice::List { area: Some(area), by: None, before: 0 };
            words.button(&format!("audit.area.{area}"), button(choice))
        })
        .collect();
    let rows = buttons.chunks(2).map(<[_]>::to_vec).collect();
    let trail = vec![words.plain("audit.title", &[]), words.plain("audit.areas", &[])];
    Page::new(trail, words.say("audit.which_area", &[]), rows, button(Choice::NEWEST))
}

fn people(words: Words<'_>, page: &AuditPage) -> Page {
    let rows = page
        .people
        .iter()
        .filter(|(id, _)| *id > 0)
        .map(|(id, _)| {
            let choice = Choice::List { area: None, by: Some(UserId(*id)), before: 0 };
            let name = name_of(words, page, UserId(*id));
            vec![shared::telegram::Button::press(name, button(choice).to_string())]
        })
        .collect();
    let trail = vec![words.plain("audit.title", &[]), words.plain("audit.people", &[])];
    Page::new(trail, words.say("audit.which_person", &[]), rows, button(Choice::NEWEST))
}

fn name_of(words: Words<'_>, page: &AuditPage, by: UserId) -> String {
    let name = page.people.iter().find(|(id, _)| *id == by.0).map(|(_, name)| name.clone());
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| words.plain("audit.nameless", &[("id", &by.0)]))
}

fn line(words: Words<'_>, page: &AuditPage, entry: &AuditEntry) -> String {
    let did = format!("audit.did.{}", entry.action);
    let did = if words.texts.has(&did) { words.say(&did, &[]) } else { entry.action.clone() };
    let who = match entry.actor_name.as_str() {
        "" => words.plain("audit.nameless", &[("id", &entry.actor_id)]),
        name => name.to_owned(),
    };
    let when = words.moment(page.business.zone, entry.at);
    let mut text = words.say("audit.line", &[("when", &when), ("who", &who), ("did", &did)]);
    if let Some(subject) = &entry.subject {
        text.push_str(&words.say("audit.subject", &[("subject", subject)]));
    }
    if let Some(detail) = detail(words, &entry.detail) {
        text.push('\n');
        text.push_str(&words.say("audit.detail", &[("detail", &detail)]));
    }
    text
}

/// «цена: 1 500 → 1 800», or what else is said of it.
fn detail(words: Words<'_>, detail: &Value) -> Option<String> {
    let fields = detail.as_object().filter(|fields| !fields.is_empty())?;
    let named = |key: &str| {
        let text = format!("audit.field.{key}");
        if words.texts.has(&text) { words.plain(&text, &[]) } else { key.replace('_', " ") }
    };
    let told = match (fields.get("field").and_then(Value::as_str), fields.get("from"), fields.get("to")) {
        (Some(field), from, to) => {
            let value = |value: Option<&Value>| value.map_or_else(|| "—".to_owned(), said);
            format!("{}: {} → {}", named(field), value(from), value(to))
        }
        _ => {
            fields.iter().map(|(key, value)| format!("{}: {}", named(key), said(value))).collect::<Vec<_>>().join(", ")
        }
    };
    Some(if told.chars().count() > MOST_DETAIL {
        told.chars().take(MOST_DETAIL).chain(['…']).collect()
    } else {
        told
    })
}

fn said(value: &Value) -> String {
    match value {
        Value::Null => "—".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use shared::texts::Texts;

    use super::*;

    /// Whatever the rules note as done is said in words, and found by its area.
    #[test]
    fn every_deed_has_its_words() {
        let texts = Texts::load("tenant").unwrap();
        let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src/booking"))];
        let mut deeds = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let code = std::fs::read_to_string(path).unwrap();
                let literals = code.split('"').skip(1).step_by(2);
                let deed = |text: &&str| {
                    text.split_once('.').is_some_and(|(area, did)| {
                        let word =
                            |text: &str| !text.is_empty() && text.bytes().all(|b| b == b'_' || b.is_ascii_lowercase());
                        AREAS.contains(&area) && word(did)
                    })
                };
                deeds.extend(literals.filter(deed).map(str::to_owned));
            }
        }
        assert!(deeds.len() > 5, "{deeds:?}");
        let silent: Vec<&String> = deeds.iter().filter(|deed| !texts.has(&format!("audit.did.{deed}"))).collect();
        assert!(silent.is_empty(), "{silent:?}");
        assert!(AREAS.iter().all(|area| texts.has(&format!("audit.area.{area}"))));
    }
}
