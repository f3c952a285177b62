//! Requests: agreed to, or turned down with a reason.

use shared::telegram::Screen;

use super::day;

use crate::{
    booking::{BookError, BookingId, Bookings, Made, roles::Right},
    bot::{
        Guest,
        chat::Chat,
        choice::{Choice, Why},
        talk::{Awaiting, Talk},
        turn::Turn,
        words::Words,
    },
};

pub(super) async fn approve(bookings: &Bookings, guest: &Guest<'_>, id: BookingId) -> Result<Turn, BookError> {
    let made = bookings.approve(guest.id(), id).await?;
    Ok(Turn::show(settled(guest.words, "request.approved", &made)))
}

/// Why? Nothing is done yet, so nobody's leave is asked for.
pub(super) async fn ask_why(bookings: &Bookings, guest: &Guest<'_>, id: BookingId) -> Result<Turn, BookError> {
    let words = guest.words;
    // Whoever is nobody here is told so at once, and not at the last button.
    bookings.admit(guest.id(), Right::RunDay).await?;
    let rows = vec![
        vec![words.button("request.no_time", Choice::DeclineFor(id, Why::NoTime))],
        vec![words.button("request.unsaid", Choice::DeclineFor(id, Why::Unsaid))],
        vec![words.button("request.typed", Choice::DeclineFor(id, Why::Typed))],
        vec![words.button("request.approve", Choice::Approve(id))],
    ];
    Ok(Turn::show(Screen::text(words.say("request.why", &[])).inline(rows)))
}

pub(super) async fn decline(
    bookings: &Bookings,
    guest: &Guest<'_>,
    talk: &mut Talk,
    id: BookingId,
    why: Why,
) -> Result<Turn, BookError> {
    let words = guest.words;
    let reason = match why {
        Why::Typed => {
            bookings.admit(guest.id(), Right::RunDay).await?;
            talk.awaiting = Some(Awaiting::Reason(id));
            let back = vec![vec![words.button("button.back", Choice::Decline(id))]];
            return Ok(Turn::show(Screen::text(words.say("request.type", &[])).inline(back)));
        }
        // In the language of the business, which is the customers'.
        Why::NoTime => {
            let lang = bookings.business().await?.language;
            Some(Words { lang, ..words }.plain("request.reason_no_time", &[]))
        }
        Why::Unsaid => None,
    };
    let made = bookings.decline(guest.id(), id, reason.as_deref()).await?;
    Ok(Turn::show(settled(words, "request.declined", &made)))
}

/// The reason, in the owner's own words.
pub(in crate::bot) async fn reason_typed(
    chat: &mut Chat<'_>,
    id: BookingId,
    text: Option<&str>,
) -> Result<Turn, BookError> {
    let words = chat.guest.words;
    let reason: String = text.unwrap_or_default().trim().to_owned();
    if !(1..=200).contains(&reason.chars().count()) {
        return Ok(Turn::show(Screen::text(words.say("request.too_long", &[]))));
    }
    chat.talk.awaiting = None;
    let made = chat.bookings.decline(chat.guest.id(), id, Some(&reason)).await?;
    Ok(Turn::show(settled(words, "request.declined", &made)))
}

fn settled(words: Words<'_>, key: &str, made: &Made) -> Screen {
    let summary = words.card(made.business.zone, &made.booking);
    let rows = vec![vec![
        words.button("letter.card", day::button(day::Choice::Card(made.booking.id))),
        words.button("menu.plan", day::button(day::Choice::Today)),
    ]];
    let mut text = format!("{}\n\n{summary}", words.say(key, &[]));
    if let Some(reason) = &made.booking.cancel_reason {
        text.push_str(&format!("\n\n{}", words.say("card.reason", &[("reason", reason)])));
    }
    Screen::text(text).inline(rows)
}
