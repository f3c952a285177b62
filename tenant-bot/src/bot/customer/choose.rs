//! Service, resource, day, time. A note on top says why the customer is here again.

use chrono::{DateTime, NaiveDate, Utc};
use shared::telegram::{Button, Screen};

use super::super::{
    choice::{Choice, Visit},
    turn::Turn,
    words::Words,
};
use crate::booking::{BookError, Bookings, Openings, Pick, ServiceId};

/// Days on one page.
const DAYS: usize = 15;
const DAYS_IN_ROW: usize = 3;
const TIMES_IN_ROW: usize = 4;

fn noted(note: Option<&str>, text: String) -> String {
    match note {
        Some(note) => format!("{note}\n\n{text}"),
        None => text,
    }
}

fn in_rows(buttons: Vec<Button>, width: usize) -> Vec<Vec<Button>> {
    buttons.chunks(width).map(<[Button]>::to_vec).collect()
}

pub(super) async fn services(bookings: &Bookings, words: Words<'_>, note: Option<&str>) -> Result<Turn, BookError> {
    let services = bookings.services().await?;
    let mut rows: Vec<Vec<Button>> = services
        .iter()
        .map(|s| {
            let label = format!("{} · {} · {}", s.name, words.price(s.price), words.duration(s.duration));
            vec![Button::press(label, Choice::Service(s.id).to_string())]
        })
        .collect();
    rows.push(vec![words.button("button.menu", Choice::Menu)]);
    let text = if services.is_empty() { words.say("service.none", &[]) } else { words.say("service.choose", &[]) };
    Ok(Turn::show(Screen::text(noted(note, text)).inline(rows)))
}

/// With whom; one who does it alone needs no choosing.
pub(super) async fn resources(bookings: &Bookings, words: Words<'_>, service: ServiceId) -> Result<Turn, BookError> {
    let (_, offer) = bookings.offer(service, Pick::Any).await?;
    let first = match &offer.resources[..] {
        [only] => return days(bookings, words, service, Pick::One(only.id), 0, None).await,
        [first, ..] => first,
        [] => return services(bookings, words, None).await,
    };
    let button = |label: String, pick| Button::press(label, Choice::Days { service, pick, page: 0 }.to_string());
    let mut rows = vec![vec![button(words.say(&format!("resource.any.{}", first.kind.word()), &[]), Pick::Any)]];
    rows.extend(offer.resources.iter().map(|r| vec![button(r.name.clone(), Pick::One(r.id))]));
    rows.push(vec![words.button("button.back", Choice::Services), words.button("button.menu", Choice::Menu)]);
    let ask = words.say(&format!("resource.choose.{}", first.kind.word()), &[]);
    let (price, length) = (words.price(offer.service.price), words.duration(offer.service.duration));
    let head = words.say("service.head", &[("service", &offer.service.name), ("price", &price), ("length", &length)]);
    Ok(Turn::show(Screen::text(format!("{head}\n\n{ask}")).inline(rows)))
}

pub(super) async fn days(
    bookings: &Bookings,
    words: Words<'_>,
    service: ServiceId,
    pick: Pick,
    page: usize,
    note: Option<&str>,
) -> Result<Turn, BookError> {
    let openings = bookings.openings(service, pick).await?;
    Ok(Turn::show(days_screen(words, &openings, pick, page, note)))
}

/// The times of a day; its days again if it has no room any more.
pub(super) async fn times(
    bookings: &Bookings,
    words: Words<'_>,
    service: ServiceId,
    pick: Pick,
    date: NaiveDate,
    note: Option<&str>,
) -> Result<Turn, BookError> {
    let openings = bookings.openings(service, pick).await?;
    Ok(Turn::show(match openings.days.get(&date) {
        Some(slots) => {
            let starts: Vec<DateTime<Utc>> = slots.iter().map(|s| s.starts_at).collect();
            times_screen(words, &openings, pick, date, &starts, note)
        }
        None => {
            let full = words.say("time.day_is_full", &[("date", &words.date(date))]);
            days_screen(words, &openings, pick, 0, Some(note.unwrap_or(&full)))
        }
    }))
}

fn days_screen(words: Words<'_>, openings: &Openings, pick: Pick, page: usize, note: Option<&str>) -> Screen {
    let service = openings.offer.service.id;
    let pages = openings.days.len().div_ceil(DAYS).max(1);
    let page = page.min(pages - 1);
    let buttons = openings
        .days
        .keys()
        .skip(page * DAYS)
        .take(DAYS)
        .map(|date| Button::press(words.short_date(*date), Choice::Day { service, pick, date: *date }.to_string()))
        .collect();
    let mut rows = in_rows(buttons, DAYS_IN_ROW);
    let mut turns = Vec::new();
    if page > 0 {
        turns.push(words.button("button.earlier", Choice::Days { service, pick, page: page - 1 }));
    }
    if page + 1 < pages {
        turns.push(words.button("button.later", Choice::Days { service, pick, page: page + 1 }));
    }
    if !turns.is_empty() {
        rows.push(turns);
    }
    let back = if openings.offer.resources.len() > 1 { Choice::Service(service) } else { Choice::Services };
    rows.push(vec![words.button("button.back", back), words.button("button.menu", Choice::Menu)]);
    let head = head(words, openings, pick);
    let ask = if openings.days.is_empty() { words.say("day.none", &[]) } else { words.say("day.choose", &[]) };
    Screen::text(noted(note, format!("{head}\n\n{ask}"))).inline(rows)
}

fn times_screen(
    words: Words<'_>,
    openings: &Openings,
    pick: Pick,
    date: NaiveDate,
    starts: &[DateTime<Utc>],
    note: Option<&str>,
) -> Screen {
    let (service, zone) = (openings.offer.service.id, openings.business.zone);
    let button = |at: &DateTime<Utc>| {
        let choice = Choice::Time(Visit { service, pick, starts_at: *at });
        Button::press(words.time(zone, *at), choice.to_string())
    };
    let mut rows = in_rows(starts.iter().map(button).collect(), TIMES_IN_ROW);
    let back = Choice::Days { service, pick, page: 0 };
    rows.push(vec![words.button("button.back", back), words.button("button.menu", Choice::Menu)]);
    let offset = starts.first().map(|at| words.offset(zone, *at)).unwrap_or_default();
    let ask = words.say("time.choose", &[("date", &words.date(date)), ("offset", &offset)]);
    Screen::text(noted(note, format!("{}\n\n{ask}", head(words, openings, pick)))).inline(rows)
}

fn head(words: Words<'_>, openings: &Openings, pick: Pick) -> String {
    let service = &openings.offer.service;
    let (price, length) = (words.price(service.price), words.duration(service.duration));
    let head = words.say("service.head", &[("service", &service.name), ("price", &price), ("length", &length)]);
    match openings.offer.resources.iter().find(|r| pick == Pick::One(r.id)) {
        Some(resource) => format!("{head}\n{}", words.say("resource.head", &[("resource", &resource.name)])),
        None => head,
    }
}
