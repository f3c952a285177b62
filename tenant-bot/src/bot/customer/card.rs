//! One booking of a customer's own, and what may be done with it.

use shared::telegram::{Button, Screen};

use super::{super::turn::Turn, Chat};
use crate::{
    booking::{BookError, BookingId, Business, Card, Refusal, Status},
    bot::{choice::Choice, words::Words},
};

/// So many other dates of its repeats are listed.
const SIBLINGS: usize = 24;

/// The booking.
pub(super) async fn show(chat: &mut Chat<'_>, id: BookingId) -> Result<Turn, BookError> {
    let card = chat.bookings.card(chat.user(), id).await?;
    let mut screen = screen(chat.words(), &card);
    if let Some(series) = card.booking.series {
        let (business, ahead) = chat.bookings.ahead(chat.user()).await?;
        let others = ahead.iter().filter(|b| b.series == Some(series) && b.id != id).take(SIBLINGS);
        let dates: Vec<String> = others.map(|b| chat.words().moment(business.zone, b.starts_at)).collect();
        if !dates.is_empty() {
            let dates = dates.join("\n");
            screen.text.push_str(&format!("\n\n{}", chat.words().say("card.series", &[("dates", &dates)])));
        }
    }
    Ok(Turn::show(screen))
}

fn screen(words: Words<'_>, card: &Card) -> Screen {
    let Card { business, booking, .. } = card;
    let mut text = format!("{}\n\n{}", head(words, card), words.card(business.zone, booking));
    if let Some(reason) = &booking.cancel_reason {
        text.push_str(&format!("\n\n{}", words.say("card.reason", &[("reason", reason)])));
    }
    let ahead = booking.status.is_ahead() && card.no_cancel != Some(Refusal::Past);
    let mut rows = Vec::new();
    if ahead {
        for why in [card.no_cancel, card.no_move] {
            if let Some(why @ (Refusal::TooLateToCancel(_) | Refusal::TooLateToMove(_))) = why {
                text.push_str(&format!("\n\n{}", words.refusal(why)));
            }
        }
        if card.may_come && booking.coming_at.is_none() {
            rows.push(vec![words.button("card.come", Choice::Come(booking.id))]);
        }
        let mut acts = Vec::new();
        if card.no_move.is_none() {
            acts.push(words.button("card.move", Choice::Move(booking.id)));
        }
        if card.no_cancel.is_none() {
            acts.push(words.button("card.cancel", Choice::AskCancel(booking.id)));
        }
        if !acts.is_empty() {
            rows.push(acts);
        }
        rows.extend(way_here(words, business, booking.id));
    }
    if let Some(next) = card.moved_to {
        rows.push(vec![words.button("card.moved_to", Choice::Card(next))]);
    }
    if card.may_rate {
        rows.push(stars(booking.id));
    }
    if !ahead {
        rows.push(vec![words.button("card.again", Choice::Again(booking.id))]);
    }
    let back = if ahead { Choice::Mine } else { Choice::Past(0) };
    rows.push(vec![words.button("button.back", back), words.button("button.menu", Choice::Menu)]);
    Screen::text(text).inline(rows)
}

/// The five stars.
pub(super) fn stars(booking: BookingId) -> Vec<Button> {
    (1..=5u8).map(|n| Button::press(format!("{n} ⭐"), Choice::Rate { booking, stars: n }.to_string())).collect()
}

/// What helps one to come: the calendar, the map, the telephone.
pub(super) fn way_here(words: Words<'_>, business: &Business, id: BookingId) -> Vec<Vec<Button>> {
    let mut row = vec![words.button("card.file", Choice::File(id))];
    if let Some(address) = &business.place.address
        && let Ok(url) = url::Url::parse_with_params("https://yandex.ru/maps/", [("text", address)])
    {
        row.push(Button::link(words.plain("card.map", &[]), url));
    }
    if business.place.phone.is_some() {
        row.push(words.button("card.call", Choice::Call));
    }
    vec![row]
}

fn head(words: Words<'_>, card: &Card) -> String {
    match card.booking.status {
        Status::Held | Status::Requested => words.say("card.requested", &[]),
        Status::Confirmed if card.booking.coming_at.is_some() => words.say("card.coming", &[]),
        Status::Confirmed => words.say("card.confirmed", &[]),
        Status::Arrived => words.say("card.arrived", &[]),
        Status::Completed => words.say("card.completed", &[]),
        Status::NoShow => words.say("card.no_show", &[]),
        Status::Cancelled => words.say("card.cancelled", &[]),
        Status::Moved => words.say("card.moved", &[]),
    }
}

/// Asks first.
pub(super) async fn ask_cancel(chat: &mut Chat<'_>, id: BookingId) -> Result<Turn, BookError> {
    let words = chat.words();
    let card = chat.bookings.card(chat.user(), id).await?;
    if card.booking.status == Status::Cancelled {
        return Ok(Turn::show(screen(words, &card)));
    }
    if let Some(why) = card.no_cancel {
        return Ok(Turn::show(screen(words, &card)).saying(words.refusal(why)));
    }
    let text = format!("{}\n\n{}", words.say("cancel.ask", &[]), words.card(card.business.zone, &card.booking));
    Ok(Turn::show(Screen::text(text).inline(vec![
        vec![words.button("cancel.yes", Choice::Cancel(id))],
        vec![words.button("cancel.no", Choice::Card(id))],
    ])))
}

/// And does it. Twice is once.
pub(super) async fn cancel(chat: &mut Chat<'_>, id: BookingId) -> Result<Turn, BookError> {
    let words = chat.words();
    let made = chat.bookings.cancel(chat.user(), id).await?;
    let summary = words.card(made.business.zone, &made.booking);
    let text = format!("{}\n\n{summary}", words.say("cancel.done", &[]));
    Ok(Turn::show(Screen::text(text).inline(vec![
        vec![words.button("card.again", Choice::Again(id))],
        vec![words.button("menu.mine", Choice::Mine), words.button("button.menu", Choice::Menu)],
    ])))
}
