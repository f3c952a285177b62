//! A change of many bookings, as it is put together: one screen that says it whole.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Choice, button, stale, trail};
use crate::{
    booking::{BookError, MassChange, MassScope, MassWish, ResourceId, ServiceId, roles::Right},
    bot::{
        admin::{self, console::Page},
        chat::Chat,
        choice,
        turn::Turn,
        words::Words,
    },
};

/// What kind of change it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Another time of the same day.
    Shift,
    /// Somebody else.
    To,
    /// Another day.
    On,
    /// Another service.
    Service,
    /// Cancelled.
    Cancel,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MassDraft {
    pub(super) kind: Kind,
    pub(super) days: Option<(NaiveDate, NaiveDate)>,
    pub(super) hours: Option<(u16, u16)>,
    pub(super) resource: Option<ResourceId>,
    pub(super) by: Option<i64>,
    pub(super) to: Option<ResourceId>,
    pub(super) on: Option<NaiveDate>,
    pub(super) from: Option<ServiceId>,
    pub(super) into: Option<ServiceId>,
    /// Why; it is settled once it was asked.
    pub(super) reason: Option<String>,
    pub(super) reason_asked: bool,
}

impl Kind {
    pub(super) const ALL: [Self; 5] = [Self::Shift, Self::To, Self::On, Self::Service, Self::Cancel];

    /// The word in buttons, and the end of its texts' keys.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Shift => "shift",
            Self::To => "to",
            Self::On => "on",
            Self::Service => "svc",
            Self::Cancel => "off",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

impl MassDraft {
    /// The wish, once it is whole.
    pub(super) fn wish(&self) -> Option<MassWish> {
        let change = match self.kind {
            Kind::Shift => MassChange::Shift(self.by?),
            Kind::To => MassChange::To(self.to?),
            Kind::On => MassChange::On(self.on?),
            Kind::Service => MassChange::Service { from: self.from?, to: self.into? },
            Kind::Cancel if !self.reason_asked => return None,
            Kind::Cancel => MassChange::Cancel(self.reason.clone()),
        };
        Some(MassWish { scope: MassScope { days: self.days?, hours: self.hours, resource: self.resource }, change })
    }
}

/// What can be changed.
pub(super) async fn home(chat: &mut Chat<'_>, note: Option<String>) -> Result<Turn, BookError> {
    let words = chat.words();
    chat.bookings.admit(chat.user(), Right::MassChange).await?;
    let rows = Kind::ALL
        .into_iter()
        .map(|kind| vec![words.button(&format!("mass.kind.{}", kind.word()), button(Choice::Begin(kind)))])
        .collect();
    let back = choice::Choice::Admin(admin::Choice::Home);
    let page = Page::new(trail(chat, &[]), words.say("mass.what_kind", &[]), rows, back);
    Ok(Turn::show(page.noting(note).screen(words)))
}

pub(super) async fn begin(chat: &mut Chat<'_>, kind: Kind) -> Result<Turn, BookError> {
    chat.bookings.admit(chat.user(), Right::MassChange).await?;
    chat.talk.mass = Some(MassDraft {
        kind,
        days: None,
        hours: None,
        resource: None,
        by: None,
        to: None,
        on: None,
        from: None,
        into: None,
        reason: None,
        reason_asked: false,
    });
    super::pieces::ask_days(chat).await
}

/// Changes the draft, and goes on with what is missing.
pub(super) async fn set(chat: &mut Chat<'_>, change: impl FnOnce(&mut MassDraft)) -> Result<Turn, BookError> {
    let Some(draft) = &mut chat.talk.mass else { return Ok(stale(chat)) };
    change(draft);
    onward(chat).await
}

/// What is missing is asked, one after another; then the whole is shown.
async fn onward(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    let Some(draft) = &chat.talk.mass else { return Ok(stale(chat)) };
    let whose = draft.kind != Kind::To || draft.resource.is_some();
    if whose && draft.wish().is_some() { show(chat).await } else { missing(chat).await }
}

async fn missing(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    let Some(draft) = &chat.talk.mass else { return Ok(stale(chat)) };
    if draft.days.is_none() {
        return super::pieces::ask_days(chat).await;
    }
    if draft.kind == Kind::To && draft.resource.is_none() {
        return super::pieces::ask_who(chat).await;
    }
    super::pieces::ask_what(chat).await
}

/// The whole draft, and a button to each part of it.
pub(super) async fn show(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    let words = chat.words();
    chat.bookings.admit(chat.user(), Right::MassChange).await?;
    let Some(draft) = chat.talk.mass.clone() else { return Ok(stale(chat)) };
    if draft.wish().is_none() {
        return missing(chat).await;
    }
    let (_, resources) = chat.bookings.blockable(chat.user()).await?;
    let services = chat.bookings.services().await?;
    let name = |id: Option<ResourceId>| {
        id.and_then(|id| resources.iter().find(|(of, _)| *of == id))
            .map_or_else(|| words.plain("mass.everybody", &[]), |(_, name)| name.clone())
    };
    let service = |id: Option<ServiceId>| {
        id.and_then(|id| services.iter().find(|s| s.id == id)).map_or_else(|| "—".to_owned(), |s| s.name.clone())
    };
    let what = match draft.kind {
        Kind::Shift => words.say("mass.draft.shift", &[("by", &by(words, draft.by.unwrap_or(0)))]),
        Kind::To => words.say("mass.draft.to", &[("to", &name(draft.to))]),
        Kind::On => words.say("mass.draft.on", &[("date", &draft.on.map(|d| words.date(d)).unwrap_or_default())]),
        Kind::Service => words.say("mass.draft.svc", &[("from", &service(draft.from)), ("into", &service(draft.into))]),
        Kind::Cancel => match &draft.reason {
            Some(why) => words.say("mass.draft.off_why", &[("why", why)]),
            None => words.say("mass.draft.off", &[]),
        },
    };
    let hours = match draft.hours {
        Some((from, to)) => format!("{}–{}", clock(from), clock(to)),
        None => words.plain("mass.whole_day", &[]),
    };
    let all = [("days", days(words, draft.days)), ("hours", hours), ("who", name(draft.resource))];
    let all: Vec<(&str, &dyn std::fmt::Display)> =
        all.iter().map(|(key, value)| (*key, value as &dyn std::fmt::Display)).collect();
    let text = format!("{}\n\n➡️ {what}", words.say("mass.draft.all", &all));
    let rows = vec![
        vec![words.button("mass.see", button(Choice::See(0)))],
        vec![
            words.button("mass.change_days", button(Choice::Days)),
            words.button("mass.change_hours", button(Choice::Hours)),
        ],
        vec![
            words.button("mass.change_who", button(Choice::Who)),
            words.button("mass.change_what", button(Choice::What)),
        ],
    ];
    let page = Page::new(trail(chat, &[kind(words, draft.kind)]), text, rows, button(Choice::Home));
    Ok(Turn::show(page.screen(words)))
}

pub(super) fn kind(words: Words<'_>, kind: Kind) -> String {
    words.plain(&format!("mass.kind.{}", kind.word()), &[])
}

/// «вт 24.11», «вт 24.11 – чт 26.11»
pub(super) fn days(words: Words<'_>, days: Option<(NaiveDate, NaiveDate)>) -> String {
    match days {
        None => "—".to_owned(),
        Some((from, to)) if from == to => words.short_date(from),
        Some((from, to)) => format!("{} – {}", words.short_date(from), words.short_date(to)),
    }
}

fn by(words: Words<'_>, minutes: i64) -> String {
    let length = words.duration(chrono::TimeDelta::minutes(minutes.abs()));
    words.say(if minutes < 0 { "mass.earlier" } else { "mass.later" }, &[("length", &length)])
}

/// `9:30` of minutes since midnight.
fn clock(minute: u16) -> String {
    format!("{}:{:02}", minute / 60, minute % 60)
}
