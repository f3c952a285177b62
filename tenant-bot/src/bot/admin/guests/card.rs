//! One customer: what they came to, what is written of them.

use shared::telegram::Button;

use super::{Choice, Field, button};
use crate::{
    booking::{BookError, Booking, Customer, CustomerCard, Price, UserId, hours::local_date},
    bot::{
        admin::{
            book,
            console::{self, Page},
            day,
        },
        chat::Chat,
        turn::Turn,
        words::Words,
    },
};

/// Bookings on one screen.
const PAGE: usize = 10;

pub(super) fn trail(words: Words<'_>, customer: &Customer) -> Vec<String> {
    vec![words.plain("guests.title", &[]), customer.name.clone()]
}

pub(super) async fn show(chat: &mut Chat<'_>, who: UserId, note: Option<String>) -> Result<Turn, BookError> {
    let words = chat.words();
    let card = chat.bookings.customer(chat.user(), who).await?;
    let page = Page::new(trail(words, &card.customer), text(words, &card), rows(words, &card), button(Choice::All(0)));
    Ok(Turn::show(page.noting(note).screen(words)))
}

fn text(words: Words<'_>, card: &CustomerCard) -> String {
    let (customer, zone) = (&card.customer, card.business.zone);
    let figures = &customer.figures;
    let mut lines = Vec::new();
    lines.push(match customer.caller {
        true => words.say("guests.caller", &[("name", &customer.name)]),
        false => words.say("guests.link", &[("user", &customer.user.0), ("name", &customer.name)]),
    });
    lines.extend(customer.phone.as_ref().map(|phone| words.say("guests.phone", &[("phone", phone)])));
    lines.extend(customer.username.as_ref().map(|name| format!("@{name}")));
    if let Some(since) = customer.blocked_at {
        let date = words.date(local_date(zone, since));
        lines.push(words.say("guests.blocked", &[("date", &date)]));
    }
    if customer.unreachable_at.is_some() {
        lines.push(words.say("guests.unreachable", &[]));
    }
    lines.push(String::new());
    lines.push(words.count("guests.visits", figures.visits, &[]));
    if figures.visits > 0 {
        let money = words.price(Price { from: figures.money, to: None });
        lines.push(words.say("guests.money", &[("money", &money)]));
    }
    if figures.no_shows > 0 {
        lines.push(words.count("guests.no_shows", figures.no_shows, &[]));
    }
    if figures.cancelled > 0 {
        lines.push(words.count("guests.cancelled", figures.cancelled, &[]));
    }
    lines.extend(figures.last.map(|last| words.say("guests.last", &[("when", &words.moment(zone, last))])));
    lines.extend(figures.next.map(|next| words.say("guests.next", &[("when", &words.moment(zone, next))])));
    if let (rated @ 1.., stars) = figures.ratings {
        // In tenths, rounded; of money and people nothing is ever a fraction.
        let tenths = (stars * 20 + rated) / (rated * 2);
        let average = format!("{},{}", tenths / 10, tenths % 10);
        lines.push(words.count("guests.stars", rated, &[("average", &average)]));
    }
    if customer.discount_percent > 0 {
        lines.push(words.say("guests.discount_is", &[("percent", &customer.discount_percent)]));
    }
    if !customer.tags.is_empty() {
        let tags: Vec<String> = customer.tags.iter().map(|tag| format!("#{tag}")).collect();
        lines.push(words.say("guests.tags_are", &[("tags", &tags.join(", "))]));
    }
    if let Some(note) = &customer.note {
        lines.push(format!("\n{}", words.say("guests.note_is", &[("note", note)])));
    }
    lines.join("\n")
}

fn rows(words: Words<'_>, card: &CustomerCard) -> Vec<Vec<Button>> {
    let customer = &card.customer;
    let who = customer.user;
    let mut first = Vec::new();
    if card.may_book {
        first.push(words.button("guests.book", book::button(book::Choice::For(who))));
    }
    first.push(words.button("guests.bookings", button(Choice::Visits(who, 0))));
    let mut rows = vec![first];
    if card.may_edit {
        let write =
            |field: Field| words.button(&format!("guests.write.{}", field.word()), button(Choice::Write(who, field)));
        rows.push(vec![write(Field::Note), write(Field::Discount)]);
        let mut tags = vec![write(Field::Tag)];
        if !customer.tags.is_empty() {
            tags.push(words.button("guests.untag", button(Choice::AskUntag(who))));
        }
        rows.push(tags);
        let mut last = vec![match customer.blocked_at {
            None => words.button("guests.block", button(Choice::AskBlock(who))),
            Some(_) => words.button("guests.unblock", button(Choice::Unblock(who))),
        }];
        if customer.caller {
            last.push(words.button("guests.forget", button(Choice::AskForget(who))));
        }
        rows.push(last);
    }
    rows
}

/// Their bookings, the latest first.
pub(super) async fn visits(chat: &mut Chat<'_>, who: UserId, page: usize) -> Result<Turn, BookError> {
    let words = chat.words();
    let customer = chat.bookings.customer(chat.user(), who).await?.customer;
    let (business, list, more) = chat.bookings.bookings_of(chat.user(), who, (page, PAGE)).await?;
    let zone = business.zone;
    let one = |booking: &Booking| {
        let date = words.short_date(local_date(zone, booking.starts_at));
        let time = words.time(zone, booking.starts_at);
        let text = format!("{}{date} {time} · {}", day::sign(booking), day::short(&booking.what()));
        vec![Button::press(text, day::button(day::Choice::Card(booking.id)).to_string())]
    };
    let mut rows: Vec<Vec<Button>> = list.iter().map(one).collect();
    let pages = page + 1 + usize::from(more && page < 99);
    rows.extend(console::turns(words, (page, pages), |page| button(Choice::Visits(who, page))));
    let mut trail = trail(words, &customer);
    trail.push(words.plain("guests.bookings", &[]));
    let key = if list.is_empty() { "guests.no_bookings" } else { "guests.latest_first" };
    let page = Page::new(trail, words.say(key, &[]), rows, button(Choice::Of(who)));
    Ok(Turn::show(page.screen(words)))
}
