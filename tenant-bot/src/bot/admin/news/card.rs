//! How a broadcast goes, and how it went.

use std::fmt::Display;

use shared::{
    broadcast::{BroadcastId, State},
    telegram::{Button, Screen},
};

use super::{
    super::{super::chat::Chat, super::turn::Turn, super::words::Words, console::Page},
    Choice, audience, button, people, title,
};
use crate::booking::{BookError, BroadcastCard};

/// Steps of the bar that shows how far it is.
const BAR: i64 = 12;

pub(super) async fn open(chat: &mut Chat<'_>, id: BroadcastId) -> Result<Turn, BookError> {
    let card = chat.bookings.broadcast_card(chat.user(), id).await?;
    Ok(watched(chat, &card, None))
}

pub(super) async fn hold(chat: &mut Chat<'_>, id: BroadcastId) -> Result<Turn, BookError> {
    let card = chat.bookings.pause_broadcast(chat.user(), id).await?;
    Ok(watched(chat, &card, None))
}

pub(super) async fn go_on(chat: &mut Chat<'_>, id: BroadcastId) -> Result<Turn, BookError> {
    let card = chat.bookings.resume_broadcast(chat.user(), id).await?;
    Ok(watched(chat, &card, None))
}

pub(super) async fn ask_stop(chat: &mut Chat<'_>, id: BroadcastId) -> Result<Turn, BookError> {
    let words = chat.words();
    let card = chat.bookings.broadcast_card(chat.user(), id).await?;
    if card.broadcast.state.is_over() {
        return Ok(watched(chat, &card, None));
    }
    let (ask, yes, left) = match card.broadcast.state {
        State::Scheduled => ("news.really_call_off", "news.call_off_now", card.people),
        _ => ("news.really_stop", "news.stop_now", card.tally.due),
    };
    let text = words.say(ask, &[("people", &people(words, left))]);
    let rows = vec![vec![words.button(yes, button(Choice::Stop(id)))]];
    Ok(Turn::show(Page::new(trail(words, &card), text, rows, button(Choice::Card(id))).screen(words)))
}

pub(super) async fn stop(chat: &mut Chat<'_>, id: BroadcastId) -> Result<Turn, BookError> {
    let card = chat.bookings.stop_broadcast(chat.user(), id).await?;
    Ok(watched(chat, &card, None))
}

/// The card, which goes on by itself for as long as it stands open.
pub(super) fn watched(chat: &mut Chat<'_>, card: &BroadcastCard, note: Option<String>) -> Turn {
    if !card.broadcast.state.is_over() {
        chat.talk.watching = Some(card.broadcast.id.0);
    }
    Turn::show(page(chat.words(), card).noting(note).screen(chat.words()))
}

/// The same, for whoever watches it.
pub(in crate::bot) fn screen(words: Words<'_>, card: &BroadcastCard) -> Screen {
    page(words, card).screen(words)
}

fn trail(words: Words<'_>, card: &BroadcastCard) -> Vec<String> {
    vec![words.plain("news.title", &[]), title(words, &card.broadcast)]
}

fn page(words: Words<'_>, card: &BroadcastCard) -> Page {
    let (id, state) = (card.broadcast.id, card.broadcast.state);
    let zone = card.business.zone;
    let moment = |at: Option<chrono::DateTime<chrono::Utc>>| at.map(|at| words.moment(zone, at)).unwrap_or_default();
    let state_key = match card.broadcast.halted {
        Some(halt) => format!("news.halted.{}", halt.word()),
        None if card.begins => "news.state.begins".to_owned(),
        None if called_off(card) => "news.state.called_off".to_owned(),
        None => format!("news.state.{}", state.word()),
    };
    let args: [(&str, &dyn Display); 3] = [
        ("starts", &moment(card.broadcast.starts_at)),
        ("ended", &moment(card.broadcast.ended_at)),
        ("offset", &card.broadcast.starts_at.map(|at| words.offset(zone, at)).unwrap_or_default()),
    ];
    let mut parts = vec![words.say(&state_key, &args)];
    if !called_off(card) {
        let (whom, people) = (audience(words, &card.audience), people(words, card.people));
        parts.push(words.say("news.for_whom", &[("whom", &whom), ("people", &people)]));
    }
    if card.broadcast.began_at.is_some() {
        parts.push(report(words, card));
    }
    let press = |key: &str, choice| words.button(key, button(choice));
    let rows: Vec<Vec<Button>> = match state {
        State::Running => vec![
            vec![press("news.hold", Choice::Hold(id)), press("news.stop", Choice::AskStop(id))],
            vec![press("news.refresh", Choice::Card(id))],
        ],
        State::Paused => vec![vec![press("news.go_on", Choice::GoOn(id)), press("news.stop", Choice::AskStop(id))]],
        State::Scheduled => {
            vec![vec![press("news.refresh", Choice::Card(id)), press("news.call_off", Choice::AskStop(id))]]
        }
        State::Draft | State::Stopped | State::Done => Vec::new(),
    };
    Page::new(trail(words, card), parts.join("\n\n"), rows, button(Choice::HOME))
}

/// Whether it was stopped before it began.
fn called_off(card: &BroadcastCard) -> bool {
    card.broadcast.state == State::Stopped && card.broadcast.began_at.is_none()
}

/// How far it is, and what became of whom; what became of nobody is not named.
fn report(words: Words<'_>, card: &BroadcastCard) -> String {
    let tally = card.tally;
    let mut lines = Vec::new();
    if !card.broadcast.state.is_over() {
        let share = if tally.all == 0 { 0 } else { tally.settled() * 100 / tally.all };
        let full = usize::try_from(share * BAR / 100).unwrap_or_default();
        let bar = "▓".repeat(full) + &"░".repeat(usize::try_from(BAR).unwrap_or_default().saturating_sub(full));
        let args: [(&str, &dyn Display); 4] =
            [("bar", &bar), ("share", &share), ("settled", &tally.settled()), ("all", &tally.all)];
        lines.push(words.say("news.progress", &args));
    }
    for (key, n) in [
        ("sent", tally.sent),
        ("blocked", tally.blocked),
        ("skipped", tally.skipped),
        ("failed", tally.failed),
        ("unknown", tally.unknown),
        ("stopped", tally.stopped),
        ("waiting", tally.due + tally.sending),
    ] {
        if n > 0 || key == "sent" {
            lines.push(words.say(&format!("news.report.{key}"), &[("n", &n)]));
        }
    }
    lines.join("\n")
}
