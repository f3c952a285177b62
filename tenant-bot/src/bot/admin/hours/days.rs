//! Days that differ from the week.

use chrono::NaiveDate;

use super::{Ask, Choice, Whose, button, fill, told};
use crate::{
    booking::{BookError, OtherDays, OtherDaysCard, Wrong, roles::Right},
    bot::{
        admin::{
            self,
            console::{Page, turns},
            form,
        },
        chat::Chat,
        turn::Turn,
        words::Words,
    },
};

/// On one screen.
const PAGE: usize = 8;

fn trail(words: Words<'_>) -> Vec<String> {
    vec![words.plain("hours.title", &[]), words.plain("hours.days", &[])]
}

/// `чт, 1 июля 2027 – ср, 14 июля 2027`
fn dates(words: Words<'_>, days: &OtherDays) -> String {
    use chrono::Datelike;
    let date = |date: NaiveDate| format!("{} {}", words.date(date), date.year());
    if days.first_day == days.last_day {
        return date(days.first_day);
    }
    format!("{} – {}", date(days.first_day), date(days.last_day))
}

/// When, what holds then, and what for. HTML.
pub(super) fn line(words: Words<'_>, days: &OtherDays) -> String {
    let value = fill::hours(words, &days.intervals);
    let line = words.say("fill.line", &[("label", &dates(words, days)), ("value", &value)]);
    match &days.note {
        Some(note) => format!("{line}\n{}", words.say("hours.note", &[("note", note)])),
        None => line,
    }
}

fn short(words: Words<'_>, card: &OtherDaysCard) -> String {
    let (from, to) = (card.days.first_day.format("%d.%m"), card.days.last_day.format("%d.%m"));
    let when = if card.days.first_day == card.days.last_day { from.to_string() } else { format!("{from}–{to}") };
    let whose = card.name.as_ref().map(|name| format!(" · {name}")).unwrap_or_default();
    let what = card.days.note.clone().unwrap_or_else(|| fill::hours(words, &card.days.intervals));
    format!("{when}{whose} · {what}")
}

pub(super) async fn list(chat: &mut Chat<'_>, page: usize, note: Option<String>) -> Result<Turn, BookError> {
    let words = chat.words();
    let list = chat.bookings.other_days(chat.user()).await?;
    let pages = list.all.len().div_ceil(PAGE).max(1);
    let page = page.min(pages - 1);
    let mut rows: Vec<_> = list
        .all
        .iter()
        .skip(page * PAGE)
        .take(PAGE)
        .map(|card| vec![fill::named(short(words, card), button(Choice::One(card.id)))])
        .collect();
    rows.extend(turns(words, (page, pages), |page| button(Choice::Days(page))));
    rows.push(vec![
        words.button("hours.add_closed", button(Choice::AskClosed(None))),
        words.button("hours.add_other", button(Choice::AskOther(None))),
    ]);
    let about = if list.all.is_empty() { "hours.no_days" } else { "hours.about_days" };
    let page = Page::new(trail(words), words.say(about, &[]), rows, button(Choice::Week(None))).noting(note);
    Ok(Turn::show(page.screen(words)))
}

pub(super) async fn ask(chat: &mut Chat<'_>, whose: Whose, closed: bool) -> Result<Turn, BookError> {
    chat.bookings.admit(chat.user(), Right::EditHours).await?;
    let words = chat.words();
    let mut trail = trail(words);
    if whose.is_some() {
        let week = chat.bookings.week(chat.user(), whose).await?;
        trail.extend(week.resource.map(|r| r.name));
    }
    let (key, ask) =
        if closed { ("hours.ask_closed", Ask::Closed(whose)) } else { ("hours.ask_other", Ask::Other(whose)) };
    let back = if whose.is_some() { Choice::Week(whose) } else { Choice::Days(0) };
    let page = Page::new(trail, words.say(key, &[]), Vec::new(), button(back));
    Ok(form::ask(chat, admin::Ask::Hours(ask), page))
}

pub(super) async fn show(chat: &mut Chat<'_>, id: i64) -> Result<Turn, BookError> {
    let words = chat.words();
    let list = chat.bookings.other_days(chat.user()).await?;
    let card = list.all.iter().find(|card| card.id == id).ok_or(Wrong::Gone)?;
    let whose = card.name.clone().unwrap_or_else(|| list.business.name.clone());
    let mut trail = trail(words);
    trail.push(whose);
    let rows = vec![vec![words.button("hours.remove", button(Choice::Remove(id)))]];
    Ok(Turn::show(Page::new(trail, line(words, &card.days), rows, button(Choice::Days(0))).screen(words)))
}

pub(super) async fn remove(chat: &mut Chat<'_>, id: i64) -> Result<Turn, BookError> {
    let outside = chat.bookings.remove_other_days(chat.user(), id).await?;
    let note = told(chat.words(), &outside);
    list(chat, 0, Some(note)).await
}
