//! What is closed from now on.

use shared::telegram::Button;

use super::{super::console::turns, Choice, Page, button, trail, when};
use crate::{
    booking::{BookError, Business, ListedBlock, Wrong},
    bot::{admin, chat::Chat, choice, turn::Turn, words::Words},
};

const PAGE: usize = 8;

pub(super) async fn show(chat: &mut Chat<'_>, page: usize, note: Option<String>) -> Result<Turn, BookError> {
    let words = chat.words();
    let blocked = chat.bookings.blocked(chat.user()).await?;
    let pages = blocked.blocks.len().div_ceil(PAGE).max(1);
    let page = page.min(pages - 1);
    let here = blocked.blocks.iter().skip(page * PAGE).take(PAGE);
    let mut rows = vec![vec![words.button("blocks.new", button(Choice::New))]];
    if !blocked.hits.is_empty() {
        let n = i64::try_from(blocked.hits.len()).unwrap_or(i64::MAX);
        let text = words.count("blocks.hit_button", n, &[]);
        rows.push(vec![Button::press(text, button(Choice::Hits(0)).to_string())]);
    }
    rows.extend(here.map(|listed| {
        let text = format!("{} · {}", when::say(words, blocked.business.zone, &listed.block), whose(words, listed));
        vec![Button::press(text, button(Choice::One(listed.id)).to_string())]
    }));
    rows.extend(turns(words, (page, pages), |page| button(Choice::List(page))));
    let text = words.say(if blocked.blocks.is_empty() { "blocks.none" } else { "blocks.list" }, &[]);
    let home = choice::Choice::Admin(admin::Choice::Home);
    Ok(Turn::show(Page::new(trail(chat, &[]), text, rows, home).noting(note).screen(words)))
}

fn whose(words: Words<'_>, listed: &ListedBlock) -> String {
    listed.resource_name.clone().unwrap_or_else(|| words.plain("blocks.everybody", &[]))
}

fn told(words: Words<'_>, business: &Business, listed: &ListedBlock) -> String {
    let when = when::say(words, business.zone, &listed.block);
    let mut text = words.say("blocks.one", &[("who", &whose(words, listed)), ("when", &when)]);
    if let Some(why) = &listed.reason {
        text.push_str(&format!("\n\n{}", words.say("blocks.reason", &[("why", why)])));
    }
    text
}

/// One of it.
pub(super) async fn one(chat: &mut Chat<'_>, id: i64) -> Result<Turn, BookError> {
    let words = chat.words();
    let blocked = chat.bookings.blocked(chat.user()).await?;
    let listed = blocked.blocks.iter().find(|listed| listed.id == id).ok_or(Wrong::Gone)?;
    let mut rows = Vec::new();
    if listed.may_remove {
        rows.push(vec![words.button("blocks.remove", button(Choice::Remove(id)))]);
    }
    let page = Page::new(trail(chat, &[]), told(words, &blocked.business, listed), rows, button(Choice::List(0)));
    Ok(Turn::show(page.screen(words)))
}

/// Opens it again. Whoever waits for such a time is looked for.
pub(super) async fn remove(chat: &mut Chat<'_>, id: i64) -> Result<Turn, BookError> {
    let words = chat.words();
    let removed = chat.bookings.unblock(chat.user(), id).await?;
    let note = words.say(if removed { "blocks.removed" } else { "wrong.gone" }, &[]);
    show(chat, 0, Some(note)).await
}
