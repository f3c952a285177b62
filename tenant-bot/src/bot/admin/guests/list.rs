//! Customers in a list: who booked last first, those who were looked for, those with a tag.

use shared::telegram::Button;

use super::{Ask, Choice, button};
use crate::{
    booking::{BookError, Customers, Wrong},
    bot::{
        admin::{
            self,
            console::{self, Page},
            form::{self, Said},
        },
        chat::Chat,
        choice,
        turn::Turn,
        words::Words,
    },
};

/// Customers on one screen.
const PAGE: usize = 12;
/// So many pages of what was looked for are offered; beyond them one looks for more.
const FOUND: usize = 30;

fn rows(customers: &Customers) -> Vec<Vec<Button>> {
    let one = |one: &crate::booking::Found| {
        let phone = one.phone.as_deref().unwrap_or_default();
        let text = format!("{} {phone}", one.name);
        vec![Button::press(text.trim(), button(Choice::Of(one.user)).to_string())]
    };
    customers.list.iter().map(one).collect()
}

fn turns(words: Words<'_>, customers: &Customers, page: usize, to: impl Fn(usize) -> Choice) -> Option<Vec<Button>> {
    let pages = page + 1 + usize::from(customers.more && page < 99);
    console::turns(words, (page, pages), |page| button(to(page)))
}

pub(super) async fn all(chat: &mut Chat<'_>, page: usize) -> Result<Turn, BookError> {
    let words = chat.words();
    let customers = chat.bookings.customers(chat.user(), None, (page, PAGE)).await?;
    let mut all = rows(&customers);
    all.extend(turns(words, &customers, page, Choice::All));
    if !chat.bookings.tags(chat.user()).await?.is_empty() {
        all.push(vec![words.button("guests.tags", button(Choice::Tags))]);
    }
    let count = words.count("guests.count", customers.all.unwrap_or_default(), &[]);
    let text = format!("{count}\n\n{}", words.say("guests.search", &[]));
    let home = choice::Choice::Admin(admin::Choice::Home);
    let page = Page::new(vec![words.plain("guests.title", &[])], text, all, home);
    Ok(form::ask(chat, admin::Ask::Guests(Ask::Search), page))
}

/// Those whose name or number it may be; if it is one only, their card.
pub(super) async fn searched(chat: &mut Chat<'_>, said: &Said) -> Result<Turn, BookError> {
    let words = chat.words();
    let customers = chat.bookings.customers(chat.user(), Some(said.words()), (0, FOUND)).await?;
    if let ([only], false) = (&customers.list[..], customers.more) {
        return super::card::show(chat, only.user, None).await;
    }
    let key = if customers.list.is_empty() { "guests.nobody" } else { "guests.found" };
    let mut text = words.say(key, &[("typed", &said.words())]);
    if customers.more {
        text.push_str(&format!("\n{}", words.say("book.more_found", &[])));
    }
    text.push_str(&format!("\n\n{}", words.say("guests.search", &[])));
    let page = Page::new(vec![words.plain("guests.title", &[])], text, rows(&customers), button(Choice::All(0)));
    Ok(form::ask(chat, admin::Ask::Guests(Ask::Search), page))
}

pub(super) async fn tags(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    let words = chat.words();
    let tags = chat.bookings.tags(chat.user()).await?;
    let tag = |(n, (tag, people)): (usize, &(String, i64))| {
        Button::press(format!("#{tag} · {people}"), button(Choice::Tagged(n, 0)).to_string())
    };
    let tags: Vec<Button> = tags.iter().enumerate().map(tag).collect();
    let rows = tags.chunks(2).map(<[Button]>::to_vec).collect();
    let trail = vec![words.plain("guests.title", &[]), words.plain("guests.tags", &[])];
    let page = Page::new(trail, words.say("guests.which_tag", &[]), rows, button(Choice::All(0)));
    Ok(Turn::show(page.screen(words)))
}

pub(super) async fn tagged(chat: &mut Chat<'_>, n: usize, page: usize) -> Result<Turn, BookError> {
    let words = chat.words();
    let tags = chat.bookings.tags(chat.user()).await?;
    let (tag, people) = tags.get(n).ok_or(Wrong::Gone)?;
    let customers = chat.bookings.customers_with(chat.user(), tag, (page, PAGE)).await?;
    let mut all = rows(&customers);
    all.extend(turns(words, &customers, page, |page| Choice::Tagged(n, page)));
    let trail = vec![words.plain("guests.title", &[]), format!("#{tag}")];
    let page = Page::new(trail, words.count("guests.count", *people, &[]), all, button(Choice::Tags));
    Ok(Turn::show(page.screen(words)))
}
