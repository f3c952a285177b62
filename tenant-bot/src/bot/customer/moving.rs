//! Another time for a booking.

use chrono::{DateTime, Utc};
use shared::telegram::Screen;

use super::{
    super::{draft::Draft, turn::Turn},
    Chat, calendar, card, check, noted, step, visit,
};
use crate::{
    booking::{BookError, BookingId, Refusal, Status},
    bot::{
        choice::{Choice, DraftId, Step},
        draft::Goal,
    },
};

/// Begins; whether the booking may be moved at all is asked first.
pub(super) async fn begin(chat: &mut Chat<'_>, id: BookingId) -> Result<Turn, BookError> {
    chat.leave().await?;
    let words = chat.words();
    let card = chat.bookings.card(chat.user(), id).await?;
    if let Some(why) = card.no_move {
        return Ok(card::show(chat, id).await?.saying(words.refusal(why)));
    }
    let mut draft = Draft::of(DraftId::of(chat.guest.update_id), card.booking.wanted(), None).settled();
    draft.goal = Goal::Move(id);
    let turn = visit::onward(chat, &mut draft, None).await?;
    visit::put_back(chat, draft);
    Ok(turn)
}

/// A time that the business has offered: it is taken at once, or others are shown.
pub(super) async fn at_once(chat: &mut Chat<'_>, id: BookingId, starts_at: DateTime<Utc>) -> Result<Turn, BookError> {
    chat.leave().await?;
    let words = chat.words();
    match chat.bookings.move_to(chat.user(), id, starts_at, None, chat.guest.update_id).await {
        Err(BookError::Refused(
            why @ (Refusal::Taken | Refusal::Closed | Refusal::Past | Refusal::TooSoon(_) | Refusal::DayFull),
        )) => Ok(begin(chat, id).await?.saying(words.refusal(why))),
        made => Ok(Turn::show(check::booked(words, &made?, "move.done"))),
    }
}

/// The calendar, or what was and what will be.
pub(super) async fn onward(
    chat: &mut Chat<'_>,
    draft: &mut Draft,
    id: BookingId,
    note: Option<&str>,
) -> Result<Turn, BookError> {
    let words = chat.words();
    let unsettled = draft.settled < draft.wanted.wants.len();
    if unsettled {
        let openings = calendar::look(chat, draft, None).await?;
        if let Some(turn) = super::who::ask_next(chat, draft, &openings.offer, note) {
            return Ok(turn);
        }
    }
    let Some(starts_at) = draft.starts_at else { return calendar::show(chat, draft, None, note).await };
    let card = chat.bookings.card(chat.user(), id).await?;
    let zone = card.business.zone;
    let (was, will) = (words.moment(zone, card.booking.starts_at), words.moment(zone, starts_at));
    let offset = words.offset(zone, starts_at);
    let args: [(&str, &dyn std::fmt::Display); 4] =
        [("service", &card.booking.what()), ("was", &was), ("will", &will), ("offset", &offset)];
    let mut text = words.say("move.ask", &args);
    if card.booking.status == Status::Requested {
        text.push_str(&format!("\n\n{}", words.say("confirm.by_request", &[])));
    }
    let back = draft.date.map_or(Step::Calendar, |date| Step::Day(date, 0));
    Ok(Turn::show(Screen::text(noted(note, &text)).inline(vec![
        vec![step(chat, "move.yes", draft, Step::MoveTo(starts_at))],
        vec![words.button("move.no", Choice::Card(id))],
        vec![step(chat, "button.back", draft, back)],
    ])))
}

/// And does it. What was shown is what is done.
pub(super) async fn confirmed(
    chat: &mut Chat<'_>,
    draft: &mut Draft,
    starts_at: DateTime<Utc>,
) -> Result<Turn, BookError> {
    let Goal::Move(id) = draft.goal else { return Err(Refusal::NoSuchBooking.into()) };
    if draft.starts_at != Some(starts_at) {
        return visit::onward(chat, draft, None).await;
    }
    let pick = draft.only_pick();
    let made = chat.bookings.move_to(chat.user(), id, starts_at, pick, chat.guest.update_id).await?;
    chat.talk.done = Some((draft.id, Some(made.booking.id)));
    Ok(Turn::show(check::booked(chat.words(), &made, "move.done")))
}
