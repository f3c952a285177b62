//! New closed time, as it is put together. Before it is made the screen says whom it hits.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{Ask, Choice, Page, Said, Typed, ask as ask_for, button, hits, list, stale, trail, when};
use crate::{
    booking::{
        BookError, Booking, Business, NewBlock, ResourceId,
        hours::{Span, local_date},
        schedule::{Block, BlockRepeats},
    },
    bot::{
        chat::Chat,
        planned::subject,
        turn::Turn,
        typed::{self, Lean},
    },
};

/// So many of those whom it hits are named.
const MOST_NAMED: usize = 10;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BlockDraft {
    /// Of whom; none: of everybody.
    resource: Option<ResourceId>,
    /// Beginning and end of the first one.
    span: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// The days of the week on which it comes back; none: it does not.
    weekdays: Vec<u8>,
    every_weeks: u8,
    until: Option<NaiveDate>,
    reason: Option<String>,
}

impl BlockDraft {
    fn block(&self, business: &Business) -> Option<Block> {
        let (start, end) = self.span?;
        let repeats = (!self.weekdays.is_empty()).then(|| BlockRepeats {
            zone: business.zone,
            weekdays: self.weekdays.clone(),
            every_weeks: self.every_weeks.max(1),
            until: self.until,
        });
        Some(Block { span: Span { start, end }, repeats })
    }
}

/// Whose? Somebody who has only a schedule of their own is not asked.
pub(super) async fn begin(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    let (_, resources) = chat.bookings.blockable(chat.user()).await?;
    let own = chat.bookings.member(chat.user()).await?.sees(crate::booking::roles::Right::Block);
    chat.talk.block = Some(BlockDraft { resource: own, every_weeks: 1, ..BlockDraft::default() });
    match resources[..] {
        [(only, _)] => {
            chat.talk.block = Some(BlockDraft { resource: Some(only), every_weeks: 1, ..BlockDraft::default() });
            ask_when(chat).await
        }
        _ => ask_who(chat).await,
    }
}

pub(super) async fn ask_who(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    let words = chat.words();
    let (member, resources) = chat.bookings.blockable(chat.user()).await?;
    let mut rows = Vec::new();
    if member.may_to(crate::booking::roles::Right::Block, None) {
        rows.push(vec![words.button("blocks.everybody", button(Choice::Of(None)))]);
    }
    let names: Vec<_> = resources
        .into_iter()
        .map(|(id, name)| shared::telegram::Button::press(name, button(Choice::Of(Some(id))).to_string()))
        .collect();
    rows.extend(names.chunks(2).map(<[_]>::to_vec));
    let page = Page::new(trail(chat, &["blocks.new"]), words.say("blocks.whose", &[]), rows, button(Choice::List(0)));
    Ok(Turn::show(page.screen(words)))
}

pub(super) async fn of(chat: &mut Chat<'_>, whose: Option<ResourceId>) -> Result<Turn, BookError> {
    let draft = chat.talk.block.get_or_insert_with(|| BlockDraft { every_weeks: 1, ..BlockDraft::default() });
    draft.resource = whose;
    if draft.span.is_none() { ask_when(chat).await } else { show(chat).await }
}

pub(super) async fn ask_when(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    ask(chat, Ask::When).await
}

pub(super) async fn ask(chat: &mut Chat<'_>, what: Ask) -> Result<Turn, BookError> {
    let words = chat.words();
    chat.bookings.admit(chat.user(), crate::booking::roles::Right::Block).await?;
    let Some(draft) = &chat.talk.block else { return Ok(stale(chat)) };
    let question = match what {
        Ask::When => words.say("blocks.ask_when", &[]),
        Ask::Why => words.say("blocks.ask_why", &[]),
        Ask::Until => words.say("blocks.ask_until", &[]),
    };
    let back = match what {
        Ask::When if draft.span.is_none() => Choice::Who,
        Ask::Until => Choice::Repeat,
        Ask::When | Ask::Why => Choice::Draft,
    };
    let page = Page::new(trail(chat, &["blocks.new"]), question, Vec::new(), button(back));
    Ok(ask_for(chat, what, page))
}

pub(super) async fn typed(chat: &mut Chat<'_>, what: Ask, said: &Said) -> Result<Typed, BookError> {
    let words = chat.words();
    let business = chat.bookings.business().await?;
    let today = local_date(business.zone, said.at);
    let Some(draft) = &mut chat.talk.block else { return Ok(Typed::Done(stale(chat))) };
    match what {
        Ask::When => match when::read(said.words(), today, business.zone) {
            Ok(span) if span.end <= said.at => return Ok(Typed::Hint(words.say("blocks.over_already", &[]))),
            Ok(span) => draft.span = Some((span.start, span.end)),
            Err(hint) => return Ok(Typed::Hint(words.say(hint, &[]))),
        },
        Ask::Why => {
            let why = said.words();
            if why.chars().count() > 200 {
                return Ok(Typed::Hint(words.say("wrong.too_long", &[("n", &200)])));
            }
            draft.reason = (!why.is_empty()).then(|| why.to_owned());
        }
        Ask::Until => match typed::date(said.words(), today, Lean::Ahead) {
            Ok(date) => draft.until = Some(date),
            Err(hint) => return Ok(Typed::Hint(words.say(hint, &[]))),
        },
    }
    let turn = if what == Ask::Until { repeats(chat).await? } else { show(chat).await? };
    Ok(Typed::Done(turn))
}

/// As it would be, and whom it hits.
pub(super) async fn show(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    let words = chat.words();
    let Some(draft) = chat.talk.block.clone() else { return Ok(stale(chat)) };
    let (_, resources) = chat.bookings.blockable(chat.user()).await?;
    let business = chat.bookings.business().await?;
    let Some(block) = draft.block(&business) else { return ask_when(chat).await };
    let new = NewBlock { resource: draft.resource, block, reason: draft.reason.as_deref() };
    let (business, hits) = chat.bookings.block_hits(chat.user(), &new).await?;
    let who = draft.resource.and_then(|id| resources.iter().find(|(of, _)| *of == id)).map(|(_, name)| name.clone());
    let who = who.unwrap_or_else(|| words.plain("blocks.everybody", &[]));
    let when = when::say(words, business.zone, &new.block);
    let mut parts = vec![words.say("blocks.draft", &[("who", &who), ("when", &when)])];
    parts.extend(draft.reason.as_ref().map(|why| words.say("blocks.reason", &[("why", why)])));
    parts.push(hit_by(chat, &business, &hits));
    let mut rows = vec![
        vec![words.button("blocks.make", button(Choice::Make))],
        vec![
            words.button("blocks.change_when", button(Choice::When)),
            words.button("blocks.change_repeat", button(Choice::Repeat)),
        ],
        vec![words.button("blocks.change_why", button(Choice::Why))],
    ];
    if resources.len() > 1 {
        rows[2].insert(0, words.button("blocks.change_who", button(Choice::Who)));
    }
    let page = Page::new(trail(chat, &["blocks.new"]), parts.join("\n\n"), rows, button(Choice::List(0)));
    Ok(Turn::show(page.screen(words)))
}

/// Whom it hits, by name and time.
fn hit_by(chat: &Chat<'_>, business: &Business, hits: &[Booking]) -> String {
    let words = chat.words();
    if hits.is_empty() {
        return words.say("blocks.hits_nobody", &[]);
    }
    let n = i64::try_from(hits.len()).unwrap_or(i64::MAX);
    let mut lines = vec![words.count("blocks.would_hit", n, &[])];
    lines.extend(hits.iter().take(MOST_NAMED).map(|booking| subject(words, business, booking)));
    if let Some(more) = hits.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
        lines.push(words.count("planned.more", i64::try_from(more).unwrap_or(i64::MAX), &[]));
    }
    format!("{}\n\n{}", lines.join("\n"), words.say("blocks.they_stay", &[]))
}

/// How it comes back.
pub(super) async fn repeats(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    let words = chat.words();
    chat.bookings.admit(chat.user(), crate::booking::roles::Right::Block).await?;
    let Some(draft) = &chat.talk.block else { return Ok(stale(chat)) };
    let day = |day: u8| {
        let mark = if draft.weekdays.contains(&day) { "✅ " } else { "" };
        let text = format!("{mark}{}", words.weekday(u32::from(day)));
        shared::telegram::Button::press(text, button(Choice::On(u16::from(day))).to_string())
    };
    let every = |weeks: u16| {
        let mark = if draft.every_weeks == u8::try_from(weeks).unwrap_or(0) { "✅ " } else { "" };
        let text = format!("{mark}{}", words.count("blocks.every", i64::from(weeks), &[]));
        shared::telegram::Button::press(text, button(Choice::Every(weeks)).to_string())
    };
    let mut rows = vec![(1..=4).map(day).collect::<Vec<_>>(), (5..=7).map(day).collect()];
    if !draft.weekdays.is_empty() {
        rows.push((1..=2).map(every).collect());
        rows.push((3..=4).map(every).collect());
        let text = match draft.until {
            Some(until) => words.plain("blocks.until_set", &[("date", &words.short_date(until))]),
            None => words.plain("blocks.until_never", &[]),
        };
        rows.push(vec![shared::telegram::Button::press(text, button(Choice::Until).to_string())]);
    }
    rows.push(vec![words.button("blocks.ready", button(Choice::Draft))]);
    let page = Page::new(
        trail(chat, &["blocks.new", "blocks.change_repeat"]),
        words.say("blocks.ask_days", &[]),
        rows,
        button(Choice::Draft),
    );
    Ok(Turn::show(page.screen(words)))
}

pub(super) async fn on(chat: &mut Chat<'_>, day: u16) -> Result<Turn, BookError> {
    let words = chat.words();
    let Some(draft) = &mut chat.talk.block else { return Ok(stale(chat)) };
    let Some((start, end)) = draft.span else { return ask_when(chat).await };
    if end - start > chrono::TimeDelta::hours(24) {
        return Ok(Turn::alert(words.plain("blocks.too_long_to_repeat", &[])));
    }
    let day = u8::try_from(day).unwrap_or(1);
    match draft.weekdays.iter().position(|known| *known == day) {
        Some(place) => {
            draft.weekdays.remove(place);
        }
        None => draft.weekdays.push(day),
    }
    repeats(chat).await
}

pub(super) async fn every(chat: &mut Chat<'_>, weeks: u16) -> Result<Turn, BookError> {
    let Some(draft) = &mut chat.talk.block else { return Ok(stale(chat)) };
    draft.every_weeks = u8::try_from(weeks).unwrap_or(1);
    repeats(chat).await
}

/// Makes it, and leads to whoever it hits. A second press finds no draft any more.
pub(super) async fn make(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    let words = chat.words();
    let Some(draft) = chat.talk.block.clone() else { return Ok(stale(chat)) };
    let business = chat.bookings.business().await?;
    let Some(block) = draft.block(&business) else { return ask_when(chat).await };
    let new = NewBlock { resource: draft.resource, block, reason: draft.reason.as_deref() };
    let made = chat.bookings.block(chat.user(), &new).await?;
    chat.talk.block = None;
    let note = Some(words.say("blocks.made", &[]));
    if made.hits.is_empty() { list::show(chat, 0, note).await } else { hits::show(chat, 0, note).await }
}
