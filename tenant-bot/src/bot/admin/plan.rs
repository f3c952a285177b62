//! The business's day.

use chrono::NaiveDate;
use shared::telegram::Screen;

use crate::{
    booking::{BookError, Booking, Bookings, Business, Status},
    bot::{Guest, choice::Choice, herald, turn::Turn, words::Words},
};

/// Bookings on one screen: with the longest names and numbers they stay within Telegram's 4096 characters.
const PAGE: usize = 12;

/// The bookings of today (0) or tomorrow (1).
pub(super) async fn show(
    bookings: &Bookings,
    guest: &Guest<'_>,
    days_ahead: u8,
    page: usize,
) -> Result<Turn, BookError> {
    let (business, date, list) = bookings.schedule(guest.id(), days_ahead).await?;
    Ok(Turn::show(screen(guest.words, &business, (date, days_ahead), &list, page)))
}

fn screen(
    words: Words<'_>,
    business: &Business,
    (date, days_ahead): (NaiveDate, u8),
    list: &[Booking],
    page: usize,
) -> Screen {
    let day = words.date(date);
    let head = match days_ahead {
        0 => words.say("plan.today", &[("date", &day)]),
        _ => words.say("plan.tomorrow", &[("date", &day)]),
    };
    let count = i64::try_from(list.len()).unwrap_or(i64::MAX);
    let mut text = format!("{head}\n{}", words.count("plan.count", count, &[]));
    let pages = list.len().div_ceil(PAGE).max(1);
    let page = page.min(pages - 1);
    for booking in list.iter().skip(page * PAGE).take(PAGE) {
        text.push_str("\n\n");
        text.push_str(&line(words, business, booking));
    }
    let mut rows = Vec::new();
    let mut turns = Vec::new();
    if page > 0 {
        turns.push(words.button("button.earlier", Choice::Plan { days_ahead, page: page - 1 }));
    }
    if page + 1 < pages {
        turns.push(words.button("button.later", Choice::Plan { days_ahead, page: page + 1 }));
    }
    if !turns.is_empty() {
        rows.push(turns);
    }
    rows.push(vec![
        words.button("plan.button_today", Choice::Plan { days_ahead: 0, page: 0 }),
        words.button("plan.button_tomorrow", Choice::Plan { days_ahead: 1, page: 0 }),
    ]);
    rows.push(vec![words.button("button.menu", Choice::Menu)]);
    Screen::text(text).inline(rows)
}

/// Long names of services are cut: a visit may hold several of them.
fn line(words: Words<'_>, business: &Business, booking: &Booking) -> String {
    let (from, to) = (words.time(business.zone, booking.starts_at), words.time(business.zone, booking.ends_at));
    let sign = match booking.status {
        Status::Requested => "⏳ ",
        Status::Arrived => "👋 ",
        Status::Completed => "✅ ",
        Status::NoShow => "🚫 ",
        _ => "",
    };
    words.say(
        "plan.line",
        &[
            ("sign", &sign),
            ("from", &from),
            ("to", &to),
            ("service", &short(&booking.what())),
            ("resource", &short(&booking.who())),
            ("customer", &herald::who(words, booking)),
        ],
    )
}

fn short(text: &str) -> String {
    if text.chars().count() <= 100 {
        return text.to_owned();
    }
    text.chars().take(99).chain(['…']).collect()
}
