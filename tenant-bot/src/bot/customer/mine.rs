//! A customer's own bookings: ahead, waited for, over.

use shared::telegram::{Button, Screen};

use super::{super::turn::Turn, Chat};
use crate::{
    booking::{BookError, Booking, Business, Status, Wait, WaitState},
    bot::{choice::Choice, words::Words},
};

/// Past bookings on one screen.
const PAGE: usize = 8;

/// What is ahead, and what is waited for.
pub(super) async fn list(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    chat.leave().await?;
    let words = chat.words();
    let (business, ahead, waits) = chat.bookings.mine(chat.user()).await?;
    let mut rows: Vec<Vec<Button>> = ahead.iter().map(|b| vec![line(words, &business, b)]).collect();
    rows.extend(waits.iter().map(|w| vec![waiting(words, &business, w)]));
    let text = if rows.is_empty() { words.say("mine.none", &[]) } else { words.say("mine.head", &[]) };
    if ahead.is_empty() {
        rows.push(vec![words.button("menu.book", Choice::Services)]);
    }
    rows.push(vec![words.button("mine.past", Choice::Past(0)), words.button("button.menu", Choice::Menu)]);
    Ok(Turn::show(Screen::text(text).inline(rows)))
}

/// A page of what is over.
pub(super) async fn past(chat: &mut Chat<'_>, page: usize) -> Result<Turn, BookError> {
    let words = chat.words();
    let (business, over, more) = chat.bookings.past(chat.user(), page, PAGE).await?;
    let mut rows: Vec<Vec<Button>> = over.iter().map(|b| vec![line(words, &business, b)]).collect();
    let mut turns = Vec::new();
    if page > 0 {
        turns.push(words.button("button.newer", Choice::Past(page - 1)));
    }
    // A button carries two digits: whoever has been here more often looks no further back.
    if more && page < 99 {
        turns.push(words.button("button.older", Choice::Past(page + 1)));
    }
    if !turns.is_empty() {
        rows.push(turns);
    }
    rows.push(vec![words.button("button.back", Choice::Mine), words.button("button.menu", Choice::Menu)]);
    let text = if over.is_empty() { words.say("mine.no_past", &[]) } else { words.say("mine.past_head", &[]) };
    Ok(Turn::show(Screen::text(text).inline(rows)))
}

/// `вт 24.11 12:00 · Мужская стрижка`
fn line(words: Words<'_>, business: &Business, b: &Booking) -> Button {
    let local = b.starts_at.with_timezone(&business.zone);
    let sign = match b.status {
        Status::Requested => "⏳ ",
        Status::Cancelled => "❌ ",
        Status::Moved => "↪️ ",
        Status::NoShow => "🚫 ",
        _ => "",
    };
    let label = format!("{sign}{} {} · {}", words.short_date(local.date_naive()), local.format("%H:%M"), b.what());
    Button::press(label, Choice::Card(b.id).to_string())
}

fn waiting(words: Words<'_>, business: &Business, wait: &Wait) -> Button {
    let sign = match wait.state {
        WaitState::Waiting => "🔔",
        WaitState::Offered(..) => "🎁",
    };
    let day = words.short_date(wait.from.with_timezone(&business.zone).date_naive());
    Button::press(format!("{sign} {day} · {}", wait.what), Choice::Wait(wait.id).to_string())
}
