//! A week: how full each day is.

use chrono::{Datelike, Days, NaiveDate, TimeDelta};
use shared::telegram::Button;

use super::{Choice, button};
use crate::{
    booking::{BookError, ResourceId, SheetDay},
    bot::{
        admin::{self, console::Page},
        chat::Chat,
        choice,
        turn::Turn,
        words::Words,
    },
};

pub(super) async fn show(chat: &mut Chat<'_>, date: NaiveDate, of: Option<ResourceId>) -> Result<Turn, BookError> {
    let words = chat.words();
    let monday = date.checked_sub_days(Days::new(date.weekday().num_days_from_monday().into())).unwrap_or(date);
    let sunday = monday.checked_add_days(Days::new(6)).unwrap_or(monday);
    let sheet = chat.bookings.sheet(chat.user(), (monday, sunday), of).await?;
    let lines: Vec<String> = sheet.days.iter().map(|day| line(words, day)).collect();
    let to = |day: &SheetDay| button(Choice::Day { date: day.date, of, page: 0 }).to_string();
    let days: Vec<Button> = sheet
        .days
        .iter()
        .map(|day| Button::press(format!("{} · {}", words.short_date(day.date), day.bookings.len()), to(day)))
        .collect();
    let mut rows: Vec<Vec<Button>> = days.chunks(2).map(<[Button]>::to_vec).collect();
    let turn = |text: &str, date: Option<NaiveDate>| {
        date.map(|date| Button::press(words.plain(text, &[]), button(Choice::Week { date, of }).to_string()))
    };
    let (before, after) = (monday.checked_sub_days(Days::new(7)), monday.checked_add_days(Days::new(7)));
    rows.push([turn("days.week_before", before), turn("days.week_after", after)].into_iter().flatten().collect());
    let back = match of {
        None if (monday..=sunday).contains(&sheet.today) => Choice::Today,
        of => Choice::Day { date, of, page: 0 },
    };
    let from_to = format!("{}–{}", monday.format("%d.%m"), sunday.format("%d.%m"));
    let mut trail = vec![words.plain("days.title", &[]), words.plain("days.week_of", &[("days", &from_to)])];
    trail.extend(of.and_then(|of| sheet.resource(of)).map(|resource| resource.name.clone()));
    let text = if lines.is_empty() { words.say("days.off", &[]) } else { lines.join("\n") };
    let page = Page::new(trail, text, rows, if sheet.days.is_empty() { home() } else { button(back) });
    Ok(Turn::show(page.screen(words)))
}

fn home() -> choice::Choice {
    choice::Choice::Admin(admin::Choice::Home)
}

fn line(words: Words<'_>, day: &SheetDay) -> String {
    let n = i64::try_from(day.bookings.len()).unwrap_or(i64::MAX);
    let day_is = format!("<b>{}</b> · {}", words.short_date(day.date), words.count("days.count", n, &[]));
    let free: TimeDelta = day.columns.iter().flat_map(|column| &column.free).map(|span| span.end - span.start).sum();
    if free > TimeDelta::zero() {
        return format!("{day_is} · {}", words.say("days.free_time", &[("length", &words.duration(free))]));
    }
    if day.columns.iter().all(|column| column.work.is_empty()) {
        return format!("{day_is} · {}", words.say("days.off", &[]));
    }
    day_is
}
