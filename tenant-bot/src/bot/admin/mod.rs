//! What those who run the business see. Whether a person does is asked by the booking service, at every act.

use anyhow::Result;
use chrono::NaiveDate;
use shared::telegram::Screen;

use super::{Guest, choice::Choice, turn::Turn, words::Words};
use crate::booking::{BookError, Booking, Bookings, Business};

/// Bookings on one screen: with the longest names and numbers they stay within Telegram's 4096 characters.
const PAGE: usize = 12;

/// A press: the bookings of today (0) or tomorrow (1). A stranger gets a window, and nothing else changes.
pub(super) async fn pressed(bookings: &Bookings, guest: &Guest<'_>, days_ahead: u8, page: usize) -> Result<Turn> {
    match schedule(bookings, guest, days_ahead, page).await {
        Ok(screen) => Ok(Turn::show(screen)),
        Err(BookError::Refused(refusal)) => Ok(Turn::alert(guest.words.refusal(refusal))),
        Err(error) => Err(error.into()),
    }
}

/// `/admin`: the bookings of today.
pub(super) async fn asked(bookings: &Bookings, guest: &Guest<'_>) -> Result<Turn> {
    match schedule(bookings, guest, 0, 0).await {
        Ok(screen) => Ok(Turn::show(screen)),
        Err(BookError::Refused(refusal)) => Ok(Turn::show(Screen::text(guest.words.refusal(refusal)))),
        Err(error) => Err(error.into()),
    }
}

async fn schedule(bookings: &Bookings, guest: &Guest<'_>, days_ahead: u8, page: usize) -> Result<Screen, BookError> {
    let (business, date, list) = bookings.schedule(guest.id(), days_ahead).await?;
    Ok(screen(guest.words, &business, date, days_ahead, &list, page))
}

fn screen(
    words: Words<'_>,
    business: &Business,
    date: NaiveDate,
    days_ahead: u8,
    list: &[Booking],
    page: usize,
) -> Screen {
    let day = words.date(date);
    let head = match days_ahead {
        0 => words.say("plan.today", &[("date", &day)]),
        _ => words.say("plan.tomorrow", &[("date", &day)]),
    };
    let count = i64::try_from(list.len()).unwrap_or(i64::MAX);
    let mut text = format!("{head}\n{}", words.texts.count(words.lang, "plan.count", count, &[]));
    let pages = list.len().div_ceil(PAGE).max(1);
    let page = page.min(pages - 1);
    for booking in list.iter().skip(page * PAGE).take(PAGE) {
        let (from, to) = (words.time(business.zone, booking.starts_at), words.time(business.zone, booking.ends_at));
        let line = words.say(
            "plan.line",
            &[
                ("from", &from),
                ("to", &to),
                ("service", &booking.service_name),
                ("resource", &booking.resource_name),
                ("user", &booking.user.0),
                ("name", &booking.customer_name),
                ("phone", &booking.phone),
            ],
        );
        text.push_str("\n\n");
        text.push_str(&line);
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
