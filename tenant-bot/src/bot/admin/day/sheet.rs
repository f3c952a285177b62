//! A day: who comes to whom, and what is free between.

use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use shared::telegram::Button;

use super::{Ask, Choice, button};
use crate::{
    booking::{BookError, Booking, ResourceId, Sheet, SheetColumn, SheetDay, Status, hours::Span, hours::local_date},
    bot::{
        admin::{self, book, console::Page, form},
        chat::Chat,
        choice,
        turn::Turn,
        words::Words,
    },
};

/// Lines on one screen; each booking among them is a button too, and stays within a hundred with all others.
const PAGE: usize = 24;
/// So much of a service's name, and of a customer's.
const SHORT: usize = 40;

/// One line of a day.
enum Line<'a> {
    Visit(&'a Booking),
    Free(Span),
}

impl Line<'_> {
    fn starts_at(&self) -> DateTime<Utc> {
        match self {
            Self::Visit(booking) => booking.starts_at,
            Self::Free(span) => span.start,
        }
    }
}

/// The sign of where a visit stands.
pub(in crate::bot::admin) fn sign(booking: &Booking) -> &'static str {
    match booking.status {
        Status::Requested => "⏳ ",
        Status::Arrived => "👋 ",
        Status::Completed => "✅ ",
        Status::NoShow => "🚫 ",
        Status::Cancelled => "❌ ",
        Status::Confirmed if booking.coming_at.is_some() => "👍 ",
        Status::Held | Status::Confirmed | Status::Moved => "",
    }
}

pub(in crate::bot::admin) fn short(text: &str) -> String {
    if text.chars().count() <= SHORT {
        return text.to_owned();
    }
    text.chars().take(SHORT - 1).chain(['…']).collect()
}

/// Who comes, as they are called; of somebody who asked to be forgotten nothing is known.
pub(super) fn called(words: Words<'_>, booking: &Booking) -> String {
    match booking.customer_name.as_str() {
        "" => words.plain("owner.nobody", &[]),
        name => short(name),
    }
}

pub(super) async fn ahead(chat: &mut Chat<'_>, days: u8) -> Result<Turn, BookError> {
    let zone = chat.bookings.business().await?.zone;
    let today = local_date(zone, chat.now);
    show(chat, today + Days::new(days.into()), None, 0).await
}

pub(super) async fn show(
    chat: &mut Chat<'_>,
    date: NaiveDate,
    of: Option<ResourceId>,
    page: usize,
) -> Result<Turn, BookError> {
    let words = chat.words();
    let sheet = chat.bookings.sheet(chat.user(), (date, date), of).await?;
    let screen = screen(words, &sheet, date, of, page);
    Ok(form::ask(chat, admin::Ask::Day(Ask::Date(of)), screen))
}

fn screen(words: Words<'_>, sheet: &Sheet, date: NaiveDate, of: Option<ResourceId>, page: usize) -> Page {
    let zone = sheet.business.zone;
    let day = sheet.days.first();
    let bookings = day.map_or(0, |day| day.bookings.len());
    let mut text = words.count("days.count", i64::try_from(bookings).unwrap_or(i64::MAX), &[]);
    let columns: Vec<(&SheetColumn, Vec<Line<'_>>)> =
        day.into_iter().flat_map(|day| day.columns.iter().map(|column| (column, lines(day, column)))).collect();
    let all: usize = columns.iter().map(|(_, lines)| lines.len().max(1)).sum();
    let pages = all.div_ceil(PAGE).max(1);
    let page = page.min(pages - 1);
    let (mut at, mut rows) = (0, Vec::new());
    for (column, lines) in &columns {
        let from = at;
        at += lines.len().max(1);
        if at <= page * PAGE || from >= (page + 1) * PAGE {
            continue;
        }
        text.push_str(&format!("\n\n{}", head(words, sheet, column)));
        for (n, line) in (from..).zip(lines) {
            if !(page * PAGE..(page + 1) * PAGE).contains(&n) {
                continue;
            }
            text.push('\n');
            match line {
                Line::Visit(booking) => {
                    text.push_str(&visit(words, zone, booking));
                    rows.push(visit_button(words, zone, booking));
                }
                Line::Free(span) => {
                    let (from, to) = (words.time(zone, span.start), words.time(zone, span.end));
                    text.push_str(&words.say("days.free", &[("from", &from), ("to", &to)]));
                }
            }
        }
    }
    text.push_str(&format!("\n\n{}", words.say("days.type_date", &[])));
    // A visit of two resources stands with both, and is one button.
    let mut seen = Vec::new();
    rows.retain(|button: &Button| {
        !seen.contains(button) && {
            seen.push(button.clone());
            true
        }
    });
    let mut rows: Vec<Vec<Button>> = rows.chunks(2).map(<[Button]>::to_vec).collect();
    let to = |page| button(Choice::Day { date, of, page });
    rows.extend(admin::console::turns(words, (page, pages), to));
    rows.push(steps(words, sheet, date, of));
    let mut more = vec![words.button("days.week", button(Choice::Week { date, of }))];
    if sheet.resources.len() > 1 {
        more.push(words.button("days.whose", button(Choice::Whose(date))));
    }
    more.push(words.button("days.book", book::button(book::Choice::BeginOn(date))));
    rows.push(more);
    let day = match date == sheet.today {
        true => format!("{}, {}", words.plain("days.today", &[]), words.date(date)),
        false => words.date(date),
    };
    let mut trail = vec![words.plain("days.title", &[]), day];
    trail.extend(of.and_then(|of| sheet.resource(of)).map(|resource| resource.name.clone()));
    Page::new(trail, text, rows, choice::Choice::Admin(admin::Choice::Home))
}

/// The day before, today, the day after.
fn steps(words: Words<'_>, sheet: &Sheet, date: NaiveDate, of: Option<ResourceId>) -> Vec<Button> {
    let to = |date: NaiveDate| button(Choice::Day { date, of, page: 0 });
    let press = |text: String, date| Button::press(text, to(date).to_string());
    let mut row = Vec::new();
    row.extend(date.pred_opt().map(|before| press(format!("‹ {}", words.short_date(before)), before)));
    if date != sheet.today {
        row.push(press(words.plain("days.today", &[]), sheet.today));
    }
    row.extend(date.succ_opt().map(|after| press(format!("{} ›", words.short_date(after)), after)));
    row
}

fn head(words: Words<'_>, sheet: &Sheet, column: &SheetColumn) -> String {
    let zone = sheet.business.zone;
    let name = sheet.resource(column.resource).map(|r| r.name.as_str()).unwrap_or_default();
    let hours = clocks(words, zone, &column.work);
    let hours = if hours.is_empty() { words.say("days.off", &[]) } else { hours };
    let mut head = words.say("days.resource", &[("resource", &name), ("hours", &hours)]);
    if !column.blocked.is_empty() {
        let blocked = clocks(words, zone, &column.blocked);
        head.push_str(&format!("\n{}", words.say("days.blocked", &[("times", &blocked)])));
    }
    head
}

fn clocks(words: Words<'_>, zone: Tz, spans: &[Span]) -> String {
    let clock = |span: &Span| format!("{}–{}", words.time(zone, span.start), words.time(zone, span.end));
    spans.iter().map(clock).collect::<Vec<_>>().join(", ")
}

fn lines<'a>(day: &'a SheetDay, column: &SheetColumn) -> Vec<Line<'a>> {
    let mut lines: Vec<Line<'a>> = day.of(column.resource).map(Line::Visit).collect();
    lines.extend(column.free.iter().copied().map(Line::Free));
    lines.sort_by_key(Line::starts_at);
    lines
}

fn visit(words: Words<'_>, zone: Tz, booking: &Booking) -> String {
    let (from, to) = (words.time(zone, booking.starts_at), words.time(zone, booking.ends_at));
    let party = if booking.party > 1 { format!(" 👥{}", booking.party) } else { String::new() };
    let note = if booking.office.note.is_some() || booking.comment.is_some() { " 📝" } else { "" };
    words.say(
        "days.visit",
        &[
            ("sign", &sign(booking)),
            ("from", &from),
            ("to", &to),
            ("service", &short(&booking.what())),
            ("customer", &called(words, booking)),
            ("party", &party),
            ("note", &note),
        ],
    )
}

fn visit_button(words: Words<'_>, zone: Tz, booking: &Booking) -> Button {
    let text = format!("{}{} {}", sign(booking), words.time(zone, booking.starts_at), called(words, booking));
    Button::press(text, button(Choice::Card(booking.id)).to_string())
}

/// Whose day is to be shown.
pub(super) async fn whose(chat: &mut Chat<'_>, date: NaiveDate) -> Result<Turn, BookError> {
    let words = chat.words();
    let sheet = chat.bookings.sheet(chat.user(), (date, date), None).await?;
    let to = |of| button(Choice::Day { date, of, page: 0 });
    let mut rows = vec![vec![words.button("days.everybody", to(None))]];
    let resources: Vec<Button> = sheet
        .resources
        .iter()
        .take(80)
        .map(|resource| Button::press(short(&resource.name), to(Some(resource.id)).to_string()))
        .collect();
    rows.extend(resources.chunks(2).map(<[Button]>::to_vec));
    let trail = vec![words.plain("days.title", &[]), words.date(date)];
    let page = Page::new(trail, words.say("days.ask_whose", &[]), rows, to(None));
    Ok(Turn::show(page.screen(words)))
}
