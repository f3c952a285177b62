//! A customer's own bookings.

use shared::telegram::{Button, Screen};

use super::super::{Guest, choice::Choice, turn::Turn};
use crate::booking::{BookError, BookingId, Bookings, Refusal, Status};

pub(super) async fn list(bookings: &Bookings, guest: &Guest<'_>) -> Result<Turn, BookError> {
    let words = guest.words;
    let (business, ahead) = bookings.ahead(guest.id()).await?;
    let mut rows: Vec<Vec<Button>> = ahead
        .iter()
        .map(|b| {
            let local = b.starts_at.with_timezone(&business.zone);
            let label =
                format!("{} {} · {}", words.short_date(local.date_naive()), local.format("%H:%M"), b.service_name);
            vec![Button::press(label, Choice::Card(b.id).to_string())]
        })
        .collect();
    if ahead.is_empty() {
        rows.push(vec![words.button("menu.book", Choice::Services)]);
    }
    rows.push(vec![words.button("button.menu", Choice::Menu)]);
    let text = if ahead.is_empty() { words.say("mine.none", &[]) } else { words.say("mine.head", &[]) };
    Ok(Turn::show(Screen::text(text).inline(rows)))
}

pub(super) async fn card(bookings: &Bookings, guest: &Guest<'_>, id: BookingId) -> Result<Turn, BookError> {
    let words = guest.words;
    let (business, booking, why_not) = bookings.card(guest.id(), id).await?;
    let summary = words.summary(business.zone, &booking);
    let mut rows = Vec::new();
    let text = match (booking.status, why_not) {
        (Status::Cancelled, _) => format!("{}\n\n{summary}", words.say("mine.cancelled", &[])),
        (Status::Confirmed, None) => {
            rows.push(vec![words.button("mine.cancel", Choice::AskCancel(id))]);
            format!("{}\n\n{summary}", words.say("mine.confirmed", &[]))
        }
        (Status::Confirmed, Some(Refusal::Past)) => format!("{}\n\n{summary}", words.say("mine.confirmed", &[])),
        (Status::Confirmed, Some(why)) => {
            format!("{}\n\n{summary}\n\n{}", words.say("mine.confirmed", &[]), words.refusal(why))
        }
    };
    rows.push(vec![words.button("button.back", Choice::Mine), words.button("button.menu", Choice::Menu)]);
    Ok(Turn::show(Screen::text(text).inline(rows)))
}

pub(super) async fn ask_cancel(bookings: &Bookings, guest: &Guest<'_>, id: BookingId) -> Result<Turn, BookError> {
    let words = guest.words;
    let (business, booking, why_not) = bookings.card(guest.id(), id).await?;
    if booking.status == Status::Cancelled {
        return card(bookings, guest, id).await;
    }
    if let Some(why) = why_not {
        return Err(why.into());
    }
    let text = format!("{}\n\n{}", words.say("cancel.ask", &[]), words.summary(business.zone, &booking));
    Ok(Turn::show(Screen::text(text).inline(vec![
        vec![words.button("cancel.yes", Choice::Cancel(id))],
        vec![words.button("cancel.no", Choice::Card(id))],
    ])))
}

pub(super) async fn cancel(bookings: &Bookings, guest: &Guest<'_>, id: BookingId) -> Result<Turn, BookError> {
    let words = guest.words;
    let made = bookings.cancel(guest.id(), id).await?;
    let text = format!("{}\n\n{}", words.say("cancel.done", &[]), words.summary(made.business.zone, &made.booking));
    Ok(Turn::show(Screen::text(text).inline(vec![
        vec![words.button("menu.book", Choice::Services)],
        vec![words.button("button.menu", Choice::Menu)],
    ])))
}
