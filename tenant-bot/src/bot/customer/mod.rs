//! What a customer sees: the menu, the way to a booking, their bookings.

mod choose;
mod details;
mod mine;

use anyhow::Result;
use shared::telegram::{Screen, incoming::Message};

use super::{Guest, choice::Choice, draft::Draft, turn::Turn};
use crate::booking::{BookError, Bookings, Refusal, policy::Role};

/// `/start`: the greeting.
pub(super) async fn started(bookings: &Bookings, guest: &Guest<'_>) -> Result<Turn> {
    bookings.greet(&guest.profile()).await?;
    let business = bookings.business().await?;
    let name: &str = &guest.person.first_name;
    let text = guest.words.say("menu.greeting", &[("name", &name), ("business", &business.name)]);
    Ok(Turn::show(menu(bookings, guest, text).await?))
}

/// The reply keyboard of a phone number that is no longer awaited goes.
pub(super) fn keyboard_gone(guest: &Guest<'_>) -> Screen {
    Screen::text(guest.words.say("phone.dropped", &[])).remove_keyboard()
}

/// Anything that is not awaited.
pub(super) async fn not_understood(bookings: &Bookings, guest: &Guest<'_>) -> Result<Turn> {
    Ok(Turn::show(menu(bookings, guest, guest.words.say("menu.not_understood", &[])).await?))
}

/// A typed message that is awaited.
pub(super) async fn typed(bookings: &Bookings, guest: &Guest<'_>, message: &Message, draft: Draft) -> Result<Turn> {
    let visit = draft.visit;
    let turn = match draft.name {
        None => details::name_typed(guest, message, visit),
        Some(name) => details::phone_given(bookings, guest, message, visit, name).await,
    };
    settle(bookings, guest, turn).await
}

/// A press of a button.
pub(super) async fn pressed(bookings: &Bookings, guest: &Guest<'_>, choice: Choice) -> Result<Turn> {
    let words = guest.words;
    let turn = match choice {
        Choice::Menu => {
            let business = bookings.business().await?;
            let text = words.say("menu.again", &[("business", &business.name)]);
            return Ok(Turn::show(menu(bookings, guest, text).await?));
        }
        Choice::Services => choose::services(bookings, words, None).await,
        Choice::Service(service) => choose::resources(bookings, words, service).await,
        Choice::Days { service, pick, page } => choose::days(bookings, words, service, pick, page, None).await,
        Choice::Day { service, pick, date } => choose::times(bookings, words, service, pick, date, None).await,
        Choice::Time(visit) => details::time_chosen(bookings, guest, visit, None).await,
        Choice::Rename(visit) => details::ask_name(bookings, guest, visit).await,
        Choice::TelegramName(visit) => details::telegram_name(guest, visit),
        Choice::Confirm { visit, minutes, price } => details::confirmed(bookings, guest, visit, (minutes, price)).await,
        Choice::Mine => mine::list(bookings, guest).await,
        Choice::Card(id) => mine::card(bookings, guest, id).await,
        Choice::AskCancel(id) => mine::ask_cancel(bookings, guest, id).await,
        Choice::Cancel(id) => mine::cancel(bookings, guest, id).await,
        // The owner's, and routed to them before it comes here.
        Choice::Plan { .. } => Ok(Turn::alert(words.say("stale", &[]))),
    };
    settle(bookings, guest, turn).await
}

/// A refusal becomes a window that says why, and a screen from which one can go on.
async fn settle(bookings: &Bookings, guest: &Guest<'_>, turn: Result<Turn, BookError>) -> Result<Turn> {
    let words = guest.words;
    match turn {
        Ok(turn) => Ok(turn),
        Err(BookError::Refused(refusal)) => {
            let why = words.refusal(refusal);
            let screen = match refusal {
                Refusal::NoSuchBooking | Refusal::TooLateToCancel(_) | Refusal::LimitReached(_) => {
                    mine::list(bookings, guest).await?.screens
                }
                Refusal::NoSuchService | Refusal::NoSuchResource => {
                    choose::services(bookings, words, Some(&why)).await?.screens
                }
                _ => vec![menu(bookings, guest, why.clone()).await?],
            };
            Ok(Turn { screens: screen, alert: Some(why), draft: None })
        }
        Err(error) => Err(error.into()),
    }
}

async fn menu(bookings: &Bookings, guest: &Guest<'_>, text: String) -> Result<Screen, BookError> {
    let words = guest.words;
    let mut rows =
        vec![vec![words.button("menu.book", Choice::Services)], vec![words.button("menu.mine", Choice::Mine)]];
    if bookings.role(guest.id()).await? == Role::Owner {
        rows.push(vec![words.button("menu.plan", Choice::Plan { days_ahead: 0, page: 0 })]);
    }
    Ok(Screen::text(text).inline(rows))
}
