//! Whom closed time hits, until something was decided about each: other times offered, moved or cancelled by hand.

use shared::telegram::Button;

use super::{super::console::turns, Choice, Page, button, trail};
use crate::{
    booking::{BookError, Booking, BookingId, Wrong},
    bot::{admin, chat::Chat, choice, planned::subject, turn::Turn},
};

const PAGE: usize = 8;

pub(super) async fn show(chat: &mut Chat<'_>, page: usize, note: Option<String>) -> Result<Turn, BookError> {
    let words = chat.words();
    let blocked = chat.bookings.blocked(chat.user()).await?;
    let pages = blocked.hits.len().div_ceil(PAGE).max(1);
    let page = page.min(pages - 1);
    let mut lines = vec![words.say(if blocked.hits.is_empty() { "blocks.no_hits" } else { "blocks.hits" }, &[])];
    let mut rows = Vec::new();
    if blocked.hits.iter().any(may_be_offered) {
        rows.push(vec![words.button("blocks.offer_all", button(Choice::OfferAll))]);
    }
    for (n, booking) in (1..).zip(blocked.hits.iter()).skip(page * PAGE).take(PAGE) {
        let state = words.say(state(booking), &[]);
        lines.push(format!("{n}. {}\n{state}", subject(words, &blocked.business, booking)));
        let text = format!("{n}. {}", booking.customer_name);
        rows.push(vec![Button::press(text, button(Choice::Hit(booking.id)).to_string())]);
    }
    rows.extend(turns(words, (page, pages), |page| button(Choice::Hits(page))));
    let page = Page::new(trail(chat, &["blocks.hit_title"]), lines.join("\n\n"), rows, button(Choice::List(0)));
    Ok(Turn::show(page.noting(note).screen(words)))
}

fn may_be_offered(booking: &Booking) -> bool {
    booking.user.0 > 0 && !booking.office.asked_to_move
}

fn state(booking: &Booking) -> &'static str {
    if booking.office.asked_to_move {
        "blocks.was_offered"
    } else if booking.user.0 > 0 {
        "blocks.not_offered"
    } else {
        "blocks.call_them"
    }
}

/// One of them, and what can be done.
pub(super) async fn one(chat: &mut Chat<'_>, id: BookingId, note: Option<String>) -> Result<Turn, BookError> {
    let words = chat.words();
    let blocked = chat.bookings.blocked(chat.user()).await?;
    let Some(booking) = blocked.hits.iter().find(|booking| booking.id == id) else {
        return Err(Wrong::Gone.into());
    };
    let zone = blocked.business.zone;
    let text =
        [super::super::super::herald::who(words, booking), words.card(zone, booking), words.say(state(booking), &[])];
    let mut rows = Vec::new();
    if may_be_offered(booking) {
        rows.push(vec![words.button("blocks.offer", button(Choice::Offer(id)))]);
    }
    let card = choice::Choice::Admin(admin::Choice::Day(admin::day::Choice::Card(id)));
    rows.push(vec![words.button("blocks.by_hand", card), words.button("blocks.cancel", button(Choice::AskCancel(id)))]);
    let page = Page::new(trail(chat, &["blocks.hit_title"]), text.join("\n\n"), rows, button(Choice::Hits(0)));
    Ok(Turn::show(page.noting(note).screen(words)))
}

pub(super) async fn offer(chat: &mut Chat<'_>, id: BookingId) -> Result<Turn, BookError> {
    let words = chat.words();
    let offered = chat.bookings.offer_new_times(chat.user(), id).await?;
    let times: Vec<String> = offered.times.iter().map(|at| words.moment(offered.business.zone, *at)).collect();
    let note = if times.is_empty() {
        words.say("blocks.offered_none", &[])
    } else {
        words.say("blocks.offered", &[("times", &times.join("; "))])
    };
    show(chat, 0, Some(note)).await
}

pub(super) async fn offer_all(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    let words = chat.words();
    let told = chat.bookings.offer_new_times_to_all(chat.user()).await?;
    let note = words.count("blocks.offered_to", i64::try_from(told).unwrap_or(i64::MAX), &[]);
    show(chat, 0, Some(note)).await
}

pub(super) async fn ask_cancel(chat: &mut Chat<'_>, id: BookingId) -> Result<Turn, BookError> {
    let words = chat.words();
    let blocked = chat.bookings.blocked(chat.user()).await?;
    let booking = blocked.hits.iter().find(|booking| booking.id == id).ok_or(Wrong::Gone)?;
    let text = format!("{}\n\n{}", words.say("blocks.really_cancel", &[]), words.card(blocked.business.zone, booking));
    let rows = vec![vec![words.button("blocks.cancel_yes", button(Choice::Cancel(id)))]];
    let page = Page::new(trail(chat, &["blocks.hit_title"]), text, rows, button(Choice::Hit(id)));
    Ok(Turn::show(page.screen(words)))
}

pub(super) async fn cancel(chat: &mut Chat<'_>, id: BookingId) -> Result<Turn, BookError> {
    let words = chat.words();
    chat.bookings.cancel_for(chat.user(), id, None).await?;
    show(chat, 0, Some(words.say("blocks.cancelled", &[]))).await
}
