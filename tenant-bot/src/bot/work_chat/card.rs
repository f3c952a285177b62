//! How a card looks.

use shared::telegram::{Button, Screen};

use super::{Act, Choice};
use crate::{
    booking::{Actor, Booking, BookingId, Business, Status},
    bot::{herald::who, words::Words},
};

/// The card of a booking as it stands; `moved_to` is the one that took its place.
pub(in crate::bot) fn card(
    words: Words<'_>,
    business: &Business,
    booking: &Booking,
    moved_to: Option<&Booking>,
) -> Screen {
    let zone = business.zone;
    let mut parts = vec![format!("{}: {}", head(words, booking), who(words, booking)), words.card(zone, booking)];
    if let Some(next) = moved_to {
        parts.push(
            words.say("work_chat.moved_to", &[("when", &words.moment(zone, next.starts_at)), ("who", &next.who())]),
        );
    }
    if let Some(reason) = &booking.cancel_reason {
        parts.push(words.say("letter.reason", &[("reason", reason)]));
    }
    if let Some(note) = &booking.office.note {
        parts.push(words.say("work_chat.note", &[("note", note)]));
    }
    let screen = Screen::text(parts.join("\n\n"));
    let rows = rows(words, booking);
    if rows.is_empty() { screen } else { screen.inline(rows) }
}

/// The same, with a question in place of its buttons.
pub(super) fn asking(words: Words<'_>, card: Screen, id: BookingId, cancels: bool) -> Screen {
    let (question, yes, act) = if cancels {
        (words.say("work_chat.really_cancel", &[]), "work_chat.cancel_yes", Act::Cancel)
    } else {
        (words.say("work_chat.really_decline", &[]), "work_chat.decline_yes", Act::Decline)
    };
    let rows = vec![vec![button(words, yes, id, act)], vec![button(words, "button.back", id, Act::Show)]];
    Screen::text(format!("{}\n\n{question}", card.text)).inline(rows)
}

fn head(words: Words<'_>, booking: &Booking) -> String {
    match booking.status {
        Status::Requested => words.say("work_chat.requested", &[]),
        Status::Held | Status::Confirmed if booking.coming_at.is_some() => words.say("work_chat.coming", &[]),
        Status::Held | Status::Confirmed => words.say("work_chat.confirmed", &[]),
        Status::Arrived => words.say("work_chat.arrived", &[]),
        Status::Completed => words.say("work_chat.completed", &[]),
        Status::NoShow => words.say("work_chat.no_show", &[]),
        Status::Moved => words.say("work_chat.moved", &[]),
        Status::Cancelled => match booking.cancelled_by {
            Some(Actor::Staff) => words.say("work_chat.cancelled_by_staff", &[]),
            Some(Actor::System) => words.say("work_chat.cancelled_by_itself", &[]),
            Some(Actor::Customer) | None => words.say("work_chat.cancelled", &[]),
        },
    }
}

/// What can be said of it where it stands; when it is too early or too late for that is said at the press.
fn rows(words: Words<'_>, booking: &Booking) -> Vec<Vec<Button>> {
    let act = |key: &str, act| button(words, key, booking.id, act);
    match booking.status {
        Status::Requested => vec![vec![act("owner.approve", Act::Approve), act("owner.decline", Act::AskDecline)]],
        Status::Confirmed => vec![
            vec![act("work_chat.here", Act::Mark(Status::Arrived)), act("work_chat.gone", Act::Mark(Status::NoShow))],
            vec![act("work_chat.cancel", Act::AskCancel)],
        ],
        Status::Arrived => vec![
            vec![act("work_chat.done", Act::Mark(Status::Completed)), act("work_chat.gone", Act::Mark(Status::NoShow))],
            vec![act("work_chat.back", Act::Mark(Status::Confirmed))],
        ],
        Status::Completed => vec![vec![act("work_chat.gone", Act::Mark(Status::NoShow))]],
        Status::NoShow => vec![vec![act("work_chat.done", Act::Mark(Status::Completed))]],
        Status::Held | Status::Cancelled | Status::Moved => Vec::new(),
    }
}

fn button(words: Words<'_>, key: &str, id: BookingId, act: Act) -> Button {
    Button::press(words.plain(key, &[]), Choice(id, act).to_string())
}
