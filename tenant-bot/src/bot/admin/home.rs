//! The first screen of the console: its rooms, those that a person may enter.

use shared::telegram::Screen;

use super::{
    super::{chat::Chat, choice::Choice, turn::Turn},
    ROOMS,
};
use crate::booking::{BookError, Refusal, roles::Role};

pub(super) async fn show(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    let words = chat.words();
    let member = chat.bookings.member(chat.user()).await?;
    if member.role == Role::Customer {
        return Err(Refusal::NotAdmin.into());
    }
    let business = chat.bookings.business().await?;
    let role = words.say(&format!("role.{}", member.role.word()), &[]);
    let text = words.say("home.text", &[("business", &business.name), ("role", &role)]);
    let way_on = super::setup::way_on(chat).await?;
    let rooms = ROOMS
        .iter()
        .map(|row| {
            let open = row.iter().filter(|(_, right, _)| member.may(*right));
            open.map(|(key, _, choice)| words.button(key, *choice)).collect::<Vec<_>>()
        })
        .filter(|row| !row.is_empty());
    let mut rows: Vec<_> = way_on.into_iter().chain(rooms).collect();
    rows.push(vec![words.button("home.as_customer", Choice::Menu)]);
    Ok(Turn::show(Screen::text(text).inline(rows)))
}
