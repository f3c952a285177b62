//! The menu, and what is said when nothing else fits.

use shared::telegram::Screen;

use super::{super::turn::Turn, Chat, visit};
use crate::{
    booking::{BookError, Pick, roles::Right},
    bot::{admin, choice::Choice, link::Link},
};

/// `/start`: the greeting; with what a deep link carries, what it opens.
pub(super) async fn started(chat: &mut Chat<'_>, payload: &str) -> Result<Turn, BookError> {
    chat.leave().await?;
    let link = Link::parse(payload);
    let source = link.as_ref().and_then(|link| link.source.as_deref());
    chat.bookings.greet_from(&chat.guest.profile(), source).await?;
    if let Some(code) = payload.strip_prefix("j_") {
        return admin::opened(chat, code).await;
    }
    if let Some(Link { service, resource, source }) = link {
        chat.talk.source = source;
        match (service, resource) {
            (Some(service), resource) => {
                return visit::begin(chat, service, resource.map_or(Pick::Any, Pick::One)).await;
            }
            (None, Some(resource)) => return visit::performer(chat, resource).await,
            (None, None) => {}
        }
    }
    if let Some(turn) = admin::setup_opened(chat).await? {
        return Ok(turn);
    }
    let business = chat.bookings.business().await?;
    let name: &str = &chat.guest.person.first_name;
    let text = chat.words().say("menu.greeting", &[("name", &name), ("business", &business.name)]);
    saying(chat, text).await
}

/// The button of the menu.
pub(super) async fn again(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    chat.leave().await?;
    let business = chat.bookings.business().await?;
    let text = chat.words().say("menu.again", &[("business", &business.name)]);
    saying(chat, text).await
}

/// `/cancel`: what was being typed is not awaited any more.
pub(super) async fn dropped(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    chat.leave().await?;
    let text = chat.words().say("menu.dropped", &[]);
    saying(chat, text).await
}

/// Anything that is not awaited. What is being put together stays.
pub(super) async fn not_understood(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    let text = chat.words().say("menu.not_understood", &[]);
    saying(chat, text).await
}

/// The menu under a text.
pub(super) async fn saying(chat: &Chat<'_>, text: String) -> Result<Turn, BookError> {
    let words = chat.words();
    let mut rows = vec![
        vec![words.button("menu.book", Choice::Services)],
        vec![words.button("menu.mine", Choice::Mine)],
        vec![words.button("menu.settings", Choice::Settings), words.button("menu.help", Choice::Help)],
    ];
    if chat.bookings.member(chat.user()).await?.may(Right::SeeDay) {
        rows.push(vec![
            words.button("menu.plan", Choice::Plan { days_ahead: 0, page: 0 }),
            words.button("menu.admin", Choice::Admin(admin::Choice::Home)),
        ]);
    }
    if chat.talk.draft.is_some() {
        rows.insert(0, vec![words.button("button.resume", Choice::Resume)]);
    }
    Ok(Turn::show(Screen::text(text).inline(rows)))
}
