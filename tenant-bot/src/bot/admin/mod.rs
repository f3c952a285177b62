//! What those who run the business see. Whether a person does is asked by the desk, at every act.

mod plan;
mod requests;

use anyhow::Result;
use shared::telegram::Screen;

use super::{Guest, choice::Choice, customer::Chat, talk::Talk, turn::Turn};
use crate::booking::{BookError, Bookings};

/// Whether a button is one of theirs.
pub(super) fn theirs(choice: Choice) -> bool {
    matches!(choice, Choice::Plan { .. } | Choice::Approve(_) | Choice::Decline(_) | Choice::DeclineFor(..))
}

/// A press. A stranger gets a window, and nothing else changes.
pub(super) async fn pressed(bookings: &Bookings, guest: &Guest<'_>, talk: &mut Talk, choice: Choice) -> Result<Turn> {
    // Whoever presses something else is no longer typing a reason.
    talk.awaiting = None;
    let turn = match choice {
        Choice::Plan { days_ahead, page } => plan::show(bookings, guest, days_ahead, page).await,
        Choice::Approve(id) => requests::approve(bookings, guest, id).await,
        Choice::Decline(id) => requests::ask_why(bookings, guest, id).await,
        Choice::DeclineFor(id, why) => requests::decline(bookings, guest, talk, id, why).await,
        _ => Ok(Turn::stale(guest.words.plain("stale", &[]))),
    };
    match turn {
        Ok(turn) => Ok(turn),
        Err(BookError::Refused(refusal)) => Ok(Turn::alert(guest.words.refusal(refusal))),
        Err(error) => Err(error.into()),
    }
}

/// `/admin`: the bookings of today.
pub(super) async fn asked(chat: &mut Chat<'_>) -> Result<Turn> {
    chat.leave().await?;
    match plan::show(chat.bookings, &chat.guest, 0, 0).await {
        Ok(turn) => Ok(turn),
        Err(BookError::Refused(refusal)) => Ok(Turn::show(Screen::text(chat.guest.words.refusal(refusal)))),
        Err(error) => Err(error.into()),
    }
}

pub(super) use self::requests::reason_typed;
