//! Repeats: how often, how many times, and what becomes of dates that cannot be had.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use shared::telegram::{Button, Screen};

use super::{
    super::{
        draft::{Draft, Series},
        summary::Summary,
        turn::Turn,
    },
    Chat, check, in_rows, noted, step, visit,
};
use crate::{
    booking::{BookError, Made, Price, Refusal, Repeat, SeriesDate, SeriesError, Status, policy::Permit},
    bot::{
        choice::{Choice, Step},
        words::Words,
    },
};

/// The numbers of times that have a button.
const TIMES: [u8; 10] = [2, 3, 4, 5, 6, 8, 10, 12, 16, 24];

/// How often?
pub(super) fn how_often(chat: &Chat<'_>, draft: &Draft) -> Turn {
    let words = chat.words();
    let button = |weeks: u8| {
        let label = words.count("repeat.every", i64::from(weeks), &[]);
        vec![Button::press(label, Choice::Draft(draft.id, Step::Every(weeks)).to_string())]
    };
    let mut rows: Vec<Vec<Button>> = (1..=4).map(button).collect();
    rows.push(vec![step(chat, "button.back", draft, Step::Check)]);
    Turn::show(Screen::text(words.say("repeat.how_often", &[])).inline(rows))
}

/// And how many times?
pub(super) async fn how_many(chat: &Chat<'_>, draft: &Draft, weeks: u8) -> Result<Turn, BookError> {
    let words = chat.words();
    let most = chat.bookings.business().await?.policy.repeat_limit;
    let button = |n: u8| Button::press(n.to_string(), Choice::Draft(draft.id, Step::Times(weeks, n)).to_string());
    let buttons = TIMES.into_iter().filter(|n| u16::from(*n) <= most).map(button).collect();
    let mut rows = in_rows(buttons, 4);
    rows.push(vec![step(chat, "button.back", draft, Step::Repeat)]);
    let often = words.count("repeat.every", i64::from(weeks), &[]);
    Ok(Turn::show(Screen::text(words.say("repeat.how_many", &[("often", &often)])).inline(rows)))
}

/// So often: the dates.
pub(super) async fn chosen(
    chat: &mut Chat<'_>,
    draft: &mut Draft,
    every_weeks: u8,
    times: u8,
) -> Result<Turn, BookError> {
    draft.series = Some(Series { repeat: Repeat { every_weeks, times }, changes: BTreeMap::new() });
    dates(chat, draft, None).await
}

/// One date as it stands: planned, changed, or left out.
struct Planned {
    starts_at: Option<DateTime<Utc>>,
    conflict: Option<Refusal>,
}

fn planned(dates: &[SeriesDate], changes: &BTreeMap<u8, Option<DateTime<Utc>>>) -> Vec<Planned> {
    let plan = |(n, date): (u8, &SeriesDate)| match changes.get(&n) {
        None => Planned { starts_at: Some(date.starts_at), conflict: date.conflict },
        Some(changed) => Planned { starts_at: *changed, conflict: None },
    };
    (0..).zip(dates).map(plan).collect()
}

/// The dates as the desk has them now.
async fn ask_desk(chat: &Chat<'_>, draft: &Draft) -> Result<(Vec<SeriesDate>, Series), BookError> {
    let (Some(starts_at), Some(series)) = (draft.starts_at, draft.series.clone()) else {
        return Err(Refusal::Past.into());
    };
    let dates = chat.bookings.series(chat.user(), &draft.wanted, starts_at, series.repeat).await?;
    Ok((dates, series))
}

/// All dates, those that cannot be had as buttons.
pub(super) async fn dates(chat: &mut Chat<'_>, draft: &mut Draft, note: Option<&str>) -> Result<Turn, BookError> {
    let words = chat.words();
    let (dates, series) = ask_desk(chat, draft).await?;
    let (Some(contact), Some(starts_at)) = (chat.bookings.contact(chat.user()).await?, draft.starts_at) else {
        return Err(Refusal::NoContact.into());
    };
    let plan = planned(&dates, &series.changes);
    // The price of all is that of one: dates at which it would be another are told by the desk when it books.
    let first = plan.iter().find(|d| d.conflict.is_none()).and_then(|d| d.starts_at).unwrap_or(starts_at);
    let quote = chat.bookings.quote(chat.user(), &draft.wanted, first).await?;
    let zone = quote.business.zone;
    let mut text = words.say("repeat.head", &[]);
    let mut rows = Vec::new();
    let mut free = 0u8;
    for (n, date) in (0..).zip(&plan) {
        let Some(at) = date.starts_at else { continue };
        let when = words.moment(zone, at);
        text.push('\n');
        if date.conflict.is_some() {
            text.push_str(&words.say("repeat.line_taken", &[("when", &when)]));
            let local = at.with_timezone(&zone);
            let day = format!("{} {}", words.short_date(local.date_naive()), local.format("%H:%M"));
            let label = words.plain("repeat.solve", &[("day", &day)]);
            rows.push(vec![Button::press(label, Choice::Draft(draft.id, Step::Date(n)).to_string())]);
        } else {
            free += 1;
            text.push_str(&words.say("repeat.line", &[("when", &when)]));
        }
    }
    // The customer's own words stood on the screen before; here the dates have their place.
    let visit = Summary::quoted(words, &quote, draft.wanted.party, &contact);
    text.push_str(&format!("\n\n{}", visit.say(words, zone)));
    if quote.permit == Permit::ByRequest {
        text.push_str(&format!("\n\n{}", words.say("confirm.by_request", &[])));
    }
    if rows.is_empty() && free < 2 {
        text.push_str(&format!("\n\n{}", words.say("repeat.too_few", &[])));
    } else if rows.is_empty() {
        let all = Step::BookAll { dates: free, minutes: check::minutes(&quote), price: quote.price };
        let label = words.count("repeat.book", i64::from(free), &[]);
        rows.push(vec![Button::press(label, Choice::Draft(draft.id, all).to_string())]);
    } else {
        text.push_str(&format!("\n\n{}", words.say("repeat.solve_first", &[])));
    }
    rows.push(vec![step(chat, "repeat.once", draft, Step::Once)]);
    rows.push(vec![step(chat, "button.back", draft, Step::Repeat), words.button("button.menu", Choice::Menu)]);
    Ok(Turn::show(Screen::text(noted(note, &text)).inline(rows)))
}

/// A date that cannot be had, and what can be had instead.
pub(super) async fn instead(chat: &mut Chat<'_>, draft: &mut Draft, n: u8) -> Result<Turn, BookError> {
    let words = chat.words();
    let (all, _) = ask_desk(chat, draft).await?;
    let Some(date) = all.get(usize::from(n)) else { return dates(chat, draft, None).await };
    let zone = chat.bookings.business().await?.zone;
    let button = |at: &DateTime<Utc>| {
        Button::press(words.time(zone, *at), Choice::Draft(draft.id, Step::Instead(n, *at)).to_string())
    };
    let mut rows = in_rows(date.instead.iter().take(12).map(button).collect(), 3);
    rows.push(vec![step(chat, "repeat.drop", draft, Step::DropDate(n))]);
    rows.push(vec![step(chat, "button.back", draft, Step::Dates)]);
    let when = words.moment(zone, date.starts_at);
    let why = date.conflict.map(|why| words.refusal(why)).unwrap_or_default();
    let ask = if date.instead.is_empty() { "repeat.no_instead" } else { "repeat.instead" };
    let text = format!("{}\n\n{why}\n\n{}", words.say("repeat.one", &[("when", &when)]), words.say(ask, &[]));
    Ok(Turn::show(Screen::text(text).inline(rows)))
}

/// Another time for a date, or none.
pub(super) async fn change(
    chat: &mut Chat<'_>,
    draft: &mut Draft,
    n: u8,
    to: Option<DateTime<Utc>>,
) -> Result<Turn, BookError> {
    if let Some(series) = draft.series.as_mut().filter(|series| n < series.repeat.times) {
        series.changes.insert(n, to);
    }
    dates(chat, draft, None).await
}

/// No repeats after all.
pub(super) async fn once(chat: &mut Chat<'_>, draft: &mut Draft) -> Result<Turn, BookError> {
    draft.series = None;
    visit::onward(chat, draft, None).await
}

/// Books every date, or none and says which stood in the way.
pub(super) async fn book(
    chat: &mut Chat<'_>,
    draft: &mut Draft,
    shown_dates: u8,
    shown: (i64, Price),
) -> Result<Turn, BookError> {
    let words = chat.words();
    let (all, series) = ask_desk(chat, draft).await?;
    let starts: Vec<(u8, DateTime<Utc>)> =
        (0..).zip(planned(&all, &series.changes)).filter_map(|(n, d)| Some((n, d.starts_at?))).collect();
    let Some(first) = starts.first().map(|(_, at)| *at).filter(|_| starts.len() == usize::from(shown_dates)) else {
        let why = words.refusal(Refusal::OfferChanged);
        return dates(chat, draft, Some(&why)).await;
    };
    let moments: Vec<DateTime<Utc>> = starts.iter().map(|(_, at)| *at).collect();
    let wish = check::wish(draft, first, shown);
    match chat.bookings.book_series(chat.user(), &wish, &moments, chat.guest.update_id).await {
        Ok(made) => {
            chat.talk.done = Some((draft.id, made.first().map(|m| m.booking.id)));
            Ok(Turn::show(booked(words, &made)))
        }
        Err(SeriesError::Conflicts(now)) => {
            // What was chosen instead is chosen anew.
            if let Some(series) = &mut draft.series {
                for ((n, _), date) in starts.iter().zip(&now) {
                    if date.conflict.is_some() {
                        series.changes.remove(n);
                    }
                }
            }
            let why = words.say("repeat.lost", &[]);
            Ok(dates(chat, draft, Some(&why)).await?.saying(why))
        }
        Err(SeriesError::Failed(BookError::Refused(why @ Refusal::OfferChanged))) => {
            let why = words.refusal(why);
            dates(chat, draft, Some(&why)).await
        }
        Err(SeriesError::Failed(error)) => Err(error),
    }
}

fn booked(words: Words<'_>, made: &[Made]) -> Screen {
    let requested = made.iter().any(|m| m.booking.status == Status::Requested);
    let head = if requested { words.say("booked.requested", &[]) } else { words.say("booked.head", &[]) };
    let mut text = head;
    let mut rows = Vec::new();
    for one in made {
        let zone = one.business.zone;
        let when = words.moment(zone, one.booking.starts_at);
        text.push_str(&format!("\n{}", words.say("repeat.line", &[("when", &when)])));
    }
    if let Some(first) = made.first() {
        text.push_str(&format!("\n\n{}", words.card(first.business.zone, &first.booking)));
        rows.push(vec![words.button("card.file", Choice::File(first.booking.id))]);
    }
    text.push_str(&format!("\n\n{}", words.say("repeat.tail", &[])));
    rows.push(vec![words.button("menu.mine", Choice::Mine), words.button("button.menu", Choice::Menu)]);
    Screen::text(text).inline(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_date_is_no_conflict_and_one_left_out_is_no_date() {
        let at = |n: i64| DateTime::from_timestamp(n * 604_800, 0).unwrap();
        let date = |n, conflict| SeriesDate { starts_at: at(n), conflict, instead: Vec::new() };
        let all = [date(0, None), date(1, Some(Refusal::Taken)), date(2, Some(Refusal::Closed))];
        let plan = planned(&all, &BTreeMap::from([(1, Some(at(9))), (2, None)]));
        let seen: Vec<_> = plan.iter().map(|d| (d.starts_at, d.conflict)).collect();
        assert_eq!(seen, [(Some(at(0)), None), (Some(at(9)), None), (None, None)]);
    }
}
