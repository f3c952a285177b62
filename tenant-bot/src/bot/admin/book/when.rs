//! When: two weeks with what is free in them, the times of a day, or whatever is typed.

use chrono::{Days, NaiveDate};
use shared::telegram::Button;

use super::{Ask, Errand, Step, errand, onward, step, what};
use crate::{
    booking::{
        BookError, Offer, Openings,
        hours::{local_date, moment},
    },
    bot::{
        admin::{
            self,
            console::Page,
            form::{self, Said, Typed},
        },
        chat::Chat,
        turn::Turn,
        typed::{self, Lean},
        words::Words,
    },
};

/// Days on one screen.
const DAYS: u64 = 14;
/// Times on one screen, beside the other rows.
const TIMES: usize = 80;

fn what_is_chosen(words: Words<'_>, offer: &Offer) -> String {
    let names: Vec<&str> = offer.parts.iter().map(|part| part.service.name.as_str()).collect();
    words.say("book.chosen", &[("what", &names.join(" + "))])
}

pub(super) async fn days(
    chat: &mut Chat<'_>,
    errand: Errand,
    from: Option<NaiveDate>,
    note: Option<String>,
) -> Result<Turn, BookError> {
    let words = chat.words();
    let (today, _) = errand::today(chat).await?;
    let from = from.unwrap_or(today).max(today);
    let to = from.checked_add_days(Days::new(DAYS - 1)).unwrap_or(from);
    let (openings, _) = errand::look(chat, &errand, Some((from, to))).await?;
    let day = |date: NaiveDate| {
        let free = openings.days.get(&date).map_or(0, Vec::len);
        let free = if free > 0 { free.to_string() } else { "—".to_owned() };
        Button::press(format!("{} · {free}", words.short_date(date)), step(&errand, Step::Day(date)).to_string())
    };
    let all: Vec<Button> = from.iter_days().take_while(|date| *date <= to).map(day).collect();
    let mut rows: Vec<Vec<Button>> = all.chunks(2).map(<[Button]>::to_vec).collect();
    let mut turn = Vec::new();
    let press = |text: &str, date| Button::press(text, step(&errand, Step::Days(date)).to_string());
    if from > today {
        let before = from.checked_sub_days(Days::new(DAYS)).unwrap_or(today);
        turn.push(press("‹", before.max(today)));
    }
    turn.extend(to.succ_opt().map(|after| press("›", after)));
    rows.push(turn);
    if !errand.is_of_booking() {
        rows.push(vec![words.button("book.now", step(&errand, Step::Now))]);
    }
    rows.extend(whose(words, &errand, &openings));
    let name = errand::contact(chat, &errand).await?.name;
    let text = format!("{}\n\n{}", what_is_chosen(words, &openings.offer), words.say("book.days", &[]));
    let page = Page::new(what::trail(words, &errand, &name), text, rows, back(&errand)).noting(note);
    chat.talk.errand = Some(Errand { starts_at: None, ..errand });
    Ok(form::ask(chat, admin::Ask::Book(Ask::Day), page))
}

/// Somebody else could do it.
fn whose(words: Words<'_>, errand: &Errand, openings: &Openings) -> Option<Vec<Button>> {
    let others = openings.offer.parts.first().is_some_and(|part| part.everybody.len() > 1);
    others.then(|| vec![words.button("book.other_people", step(errand, Step::People))])
}

fn back(errand: &Errand) -> crate::bot::choice::Choice {
    if errand.is_of_booking() { what::out(errand) } else { step(errand, Step::What(0)) }
}

pub(super) async fn times(
    chat: &mut Chat<'_>,
    errand: Errand,
    date: NaiveDate,
    note: Option<String>,
) -> Result<Turn, BookError> {
    let words = chat.words();
    let (openings, _) = errand::look(chat, &errand, Some((date, date))).await?;
    let zone = openings.business.zone;
    let slots = openings.days.get(&date).map(Vec::as_slice).unwrap_or_default();
    let time = |slot: &crate::booking::availability::Slot| {
        let text = words.time(zone, slot.starts_at);
        Button::press(text, step(&errand, Step::At(slot.starts_at)).to_string())
    };
    let all: Vec<Button> = slots.iter().take(TIMES).map(time).collect();
    let mut rows: Vec<Vec<Button>> = all.chunks(4).map(<[Button]>::to_vec).collect();
    if !errand.is_of_booking() && date == local_date(zone, chat.now) {
        rows.push(vec![words.button("book.now", step(&errand, Step::Now))]);
    }
    rows.extend(whose(words, &errand, &openings));
    let name = errand::contact(chat, &errand).await?.name;
    let key = if slots.is_empty() { "book.no_times" } else { "book.times" };
    let text =
        format!("{}\n\n{}", what_is_chosen(words, &openings.offer), words.say(key, &[("date", &words.date(date))]));
    let to_days = step(&errand, Step::Days(date));
    let page = Page::new(what::trail(words, &errand, &name), text, rows, to_days).noting(note);
    chat.talk.errand = Some(Errand { date: Some(date), starts_at: None, ..errand });
    Ok(form::ask(chat, admin::Ask::Book(Ask::Time(date)), page))
}

/// A day, as people type it.
pub(super) async fn day_typed(chat: &mut Chat<'_>, errand: Errand, said: &Said) -> Result<Typed, BookError> {
    let zone = chat.bookings.business().await?.zone;
    match typed::date(said.words(), local_date(zone, said.at), Lean::Ahead) {
        Ok(date) => times(chat, errand, date, None).await.map(Typed::Done),
        Err(hint) => Ok(Typed::Hint(chat.words().say(hint, &[]))),
    }
}

/// A time of a day, to the minute; what it means is shown before it is done.
pub(super) async fn time_typed(
    chat: &mut Chat<'_>,
    mut errand: Errand,
    date: NaiveDate,
    said: &Said,
) -> Result<Typed, BookError> {
    let zone = chat.bookings.business().await?.zone;
    match typed::clock_time(said.words()) {
        Ok(minute) => {
            errand.starts_at = Some(moment(zone, date, minute));
            onward(chat, errand, None).await.map(Typed::Done)
        }
        Err(hint) => Ok(Typed::Hint(chat.words().say(hint, &[]))),
    }
}
