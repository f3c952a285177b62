//! The times of a day.

use chrono::{DateTime, NaiveDate, Utc};
use shared::telegram::{Button, Screen};

use super::{
    super::{draft::Draft, turn::Turn},
    Chat, calendar, in_rows, noted, visit,
};
use crate::{
    booking::{BookError, Openings, Refusal, availability::Slot, hours::local_date},
    bot::{
        choice::{Choice, Step},
        draft::Goal,
        words::Words,
    },
};

/// Times on one screen: with the other rows they stay within a hundred buttons.
const PAGE: usize = 80;
const IN_ROW: usize = 4;
/// With the seats that are left a button is longer.
const GROUPS_IN_ROW: usize = 2;

/// The times of a day; its month again if it has no room any more.
pub(super) async fn show(
    chat: &mut Chat<'_>,
    draft: &mut Draft,
    date: NaiveDate,
    page: usize,
    note: Option<&str>,
) -> Result<Turn, BookError> {
    draft.starts_at = None;
    draft.date = Some(date);
    let openings = calendar::look(chat, draft, Some((date, date))).await?;
    let words = chat.words();
    match openings.days.get(&date).filter(|slots| !slots.is_empty()) {
        Some(slots) => Ok(Turn::show(screen(words, draft, &openings, (date, slots), page, note))),
        None => {
            let full = words.say("time.day_is_full", &[("date", &words.date(date))]);
            calendar::show(chat, draft, Some(date), Some(note.unwrap_or(&full))).await
        }
    }
}

fn screen(
    words: Words<'_>,
    draft: &Draft,
    openings: &Openings,
    (date, slots): (NaiveDate, &[Slot]),
    page: usize,
    note: Option<&str>,
) -> Screen {
    let zone = openings.business.zone;
    let to = |step: Step| Choice::Draft(draft.id, step).to_string();
    let page = page.min(slots.len().div_ceil(PAGE).saturating_sub(1));
    let label = |slot: &Slot| {
        let time = words.time(zone, slot.starts_at);
        match slot.seats_left {
            Some(left) => words.count("time.seats", i64::from(left), &[("time", &time)]),
            None => time,
        }
    };
    let buttons: Vec<Button> = slots
        .iter()
        .skip(page * PAGE)
        .take(PAGE)
        .map(|slot| Button::press(label(slot), to(Step::At(slot.starts_at))))
        .collect();
    let groups = slots.iter().any(|slot| slot.seats_left.is_some());
    let mut rows = in_rows(buttons, if groups { GROUPS_IN_ROW } else { IN_ROW });
    let mut turns = Vec::new();
    if page > 0 {
        turns.push(words.button("button.earlier", Choice::Draft(draft.id, Step::Day(date, page - 1))));
    }
    if (page + 1) * PAGE < slots.len() {
        turns.push(words.button("button.later", Choice::Draft(draft.id, Step::Day(date, page + 1))));
    }
    if !turns.is_empty() {
        rows.push(turns);
    }
    if openings.business.policy.waitlist && draft.goal == Goal::Book {
        rows.push(vec![Button::press(words.plain("wait.offer", &[]), to(Step::Wait(date)))]);
    }
    rows.push(vec![
        words.button("button.back", Choice::Draft(draft.id, Step::Calendar)),
        words.button("button.menu", Choice::Menu),
    ]);
    let offset = slots.first().map(|slot| words.offset(zone, slot.starts_at)).unwrap_or_default();
    let ask = words.say("time.choose", &[("date", &words.date(date)), ("offset", &offset)]);
    let text = format!("{}\n\n{ask}", visit::head(words, draft, &openings.offer));
    Screen::text(noted(note, &text)).inline(rows)
}

/// This time.
pub(super) async fn chosen(
    chat: &mut Chat<'_>,
    draft: &mut Draft,
    starts_at: DateTime<Utc>,
) -> Result<Turn, BookError> {
    if draft.starts_at != Some(starts_at) {
        draft.changed();
    }
    draft.starts_at = Some(starts_at);
    draft.waiting = None;
    visit::onward(chat, draft, None).await
}

/// Whatever makes a time impossible is said with what can be had instead on that day.
pub(super) async fn or_fresh_times(
    chat: &mut Chat<'_>,
    draft: &mut Draft,
    turn: Result<Turn, BookError>,
) -> Result<Turn, BookError> {
    let (refusal, starts_at) = match (turn, draft.starts_at) {
        (
            Err(BookError::Refused(
                refusal @ (Refusal::Taken
                | Refusal::Past
                | Refusal::TooSoon(_)
                | Refusal::TooFar(_)
                | Refusal::Closed
                | Refusal::DayFull),
            )),
            Some(starts_at),
        ) => (refusal, starts_at),
        (turn, _) => return turn,
    };
    let words = chat.words();
    chat.talk.awaiting = None;
    draft.changed();
    let why = words.refusal(refusal);
    let zone = chat.bookings.business().await?.zone;
    let turn = show(chat, draft, local_date(zone, starts_at), 0, Some(&why)).await?;
    Ok(turn.saying(why))
}
