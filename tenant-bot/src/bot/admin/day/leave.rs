//! A booking is cancelled for the business, or a request turned down: why, and then it is done.

use super::{Ask, Choice, button, card};
use crate::{
    booking::{BookError, BookingId, Refusal, Status},
    bot::{
        admin::{
            self,
            console::Page,
            form::{self, Said, Typed},
        },
        chat::Chat,
        choice::Why,
        turn::Turn,
        words::Words,
    },
};

/// Why? Nothing is done yet.
pub(super) async fn ask(chat: &mut Chat<'_>, id: BookingId) -> Result<Turn, BookError> {
    let words = chat.words();
    let found = chat.bookings.staff_card(chat.user(), id).await?;
    if !found.may_cancel && !found.waits {
        return Err(Refusal::NoLonger.into());
    }
    let rows = vec![
        vec![words.button("request.no_time", button(Choice::Off(id, Why::NoTime)))],
        vec![words.button("request.unsaid", button(Choice::Off(id, Why::Unsaid)))],
        vec![words.button("request.typed", button(Choice::Off(id, Why::Typed)))],
    ];
    let key = match (found.booking.status, found.booking.user.0 > 0) {
        (Status::Requested, _) => "days.ask_decline",
        (_, true) => "days.ask_cancel",
        (_, false) => "days.ask_cancel_caller",
    };
    let summary = words.card(found.business.zone, &found.booking);
    let mut trail = card::trail(words, &found.booking);
    trail.push(words.plain("days.cancel", &[]));
    let text = format!("{}\n\n{summary}", words.say(key, &[]));
    Ok(Turn::show(Page::new(trail, text, rows, button(Choice::Card(id))).screen(words)))
}

pub(super) async fn chosen(chat: &mut Chat<'_>, id: BookingId, why: Why) -> Result<Turn, BookError> {
    let words = chat.words();
    match why {
        Why::Typed => {
            let found = chat.bookings.staff_card(chat.user(), id).await?;
            if !found.may_cancel && !found.waits {
                return Err(Refusal::NoLonger.into());
            }
            let trail = card::trail(words, &found.booking);
            let question = Page::new(trail, words.say("request.type", &[]), Vec::new(), button(Choice::AskOff(id)));
            Ok(form::ask(chat, admin::Ask::Day(Ask::Reason(id)), question))
        }
        // In the language of the business, which is the customers'.
        Why::NoTime => {
            let lang = chat.bookings.business().await?.language;
            let reason = Words { lang, ..words }.plain("request.reason_no_time", &[]);
            off(chat, id, Some(&reason)).await
        }
        Why::Unsaid => off(chat, id, None).await,
    }
}

/// The reason, in one's own words.
pub(super) fn typed(chat: &Chat<'_>, said: &Said) -> Typed {
    let words = chat.words();
    match said.words().chars().count() {
        1..=200 => Typed::Echo(words.say("days.reason_is", &[("reason", &said.words())])),
        _ => Typed::Hint(words.say("request.too_long", &[])),
    }
}

pub(super) async fn off(chat: &mut Chat<'_>, id: BookingId, reason: Option<&str>) -> Result<Turn, BookError> {
    let words = chat.words();
    let was = chat.bookings.staff_card(chat.user(), id).await?;
    chat.bookings.cancel_for(chat.user(), id, reason).await?;
    let told = if was.booking.user.0 > 0 { "days.cancelled_told" } else { "days.cancelled" };
    card::noting(chat, id, Some(words.say(told, &[]))).await
}
