//! What, with whom, for how many.

use shared::telegram::Button;

use super::{Errand, Step, errand, step};
use crate::{
    booking::{BookError, BookingId, Offer, Pick, ResourceId, roles::Right},
    bot::{
        admin::{console, console::Page, day},
        chat::Chat,
        choice,
        turn::Turn,
        words::Words,
    },
};

/// Services on one screen.
const PAGE: usize = 30;
/// A button for each number of people up to this.
const PARTIES: u16 = 16;

/// Where one is: «Запись» or «Перенос», and for whom.
pub(super) fn trail(words: Words<'_>, errand: &Errand, name: &str) -> Vec<String> {
    let title = if errand.is_of_booking() { "book.title_move" } else { "book.title" };
    vec![words.plain(title, &[]), name.to_owned()]
}

/// Where one leaves to: the booking, or the question for whom.
pub(super) fn out(errand: &Errand) -> choice::Choice {
    match errand.subject {
        Some(super::Subject::Booking(BookingId(id))) => day::button(day::Choice::Card(BookingId(id))),
        _ => step(errand, Step::Whom),
    }
}

pub(super) async fn services(chat: &mut Chat<'_>, errand: Errand, page: usize) -> Result<Turn, BookError> {
    let words = chat.words();
    let (_, member) = chat.bookings.admit(chat.user(), Right::BookFor).await?;
    let services = match member.sees(Right::BookFor) {
        Some(own) => chat.bookings.performer(own).await?.services,
        None => chat.bookings.services().await?,
    };
    let pages = services.len().div_ceil(PAGE).max(1);
    let page = page.min(pages - 1);
    let mut rows: Vec<Vec<Button>> = services
        .iter()
        .skip(page * PAGE)
        .take(PAGE)
        .map(|service| {
            let args: [(&str, &dyn std::fmt::Display); 3] = [
                ("service", &service.name),
                ("length", &words.duration(service.duration)),
                ("price", &words.price(service.price)),
            ];
            let text = words.plain("book.service", &args);
            vec![Button::press(text, step(&errand, Step::Service(errand.services.len(), service.id)).to_string())]
        })
        .collect();
    rows.extend(console::turns(words, (page, pages), |page| step(&errand, Step::What(page))));
    let name = errand::contact(chat, &errand).await?.name;
    let key = if services.is_empty() { "book.no_services" } else { "book.what" };
    let page = Page::new(trail(words, &errand, &name), words.say(key, &[]), rows, out(&errand));
    chat.talk.errand = Some(errand);
    Ok(Turn::show(page.screen(words)))
}

/// Those who by themselves could do the whole visit.
pub(super) fn candidates(offer: &Offer) -> Vec<ResourceId> {
    let mut parts = offer.parts.iter().map(|part| {
        part.doers.iter().filter_map(|doer| match doer.resources[..] {
            [one] => Some(one),
            _ => None,
        })
    });
    let first: Vec<ResourceId> = parts.next().map(Iterator::collect).unwrap_or_default();
    parts.fold(first, |so_far, part| {
        let these: Vec<ResourceId> = part.collect();
        so_far.into_iter().filter(|one| these.contains(one)).collect()
    })
}

pub(super) async fn people(chat: &mut Chat<'_>, errand: Errand) -> Result<Turn, BookError> {
    let words = chat.words();
    let asks = Errand { pick: None, who_settled: false, ..errand };
    let today = errand::today(chat).await?;
    let (openings, _) = errand::look(chat, &asks, Some(today)).await?;
    let mut rows = vec![vec![words.button("book.anybody", step(&asks, Step::Pick(Pick::Any)))]];
    let names = candidates(&openings.offer).into_iter().take(80).filter_map(|id| openings.offer.resource(id));
    let names: Vec<Button> =
        names.map(|one| Button::press(&one.name, step(&asks, Step::Pick(Pick::One(one.id))).to_string())).collect();
    rows.extend(names.chunks(2).map(<[Button]>::to_vec));
    let name = errand::contact(chat, &asks).await?.name;
    let back = if asks.services.is_empty() { out(&asks) } else { step(&asks, Step::What(0)) };
    let page = Page::new(trail(words, &asks, &name), words.say("book.who", &[]), rows, back);
    chat.talk.errand = Some(asks);
    Ok(Turn::show(page.screen(words)))
}

pub(super) async fn size(chat: &mut Chat<'_>, errand: Errand) -> Result<Turn, BookError> {
    let words = chat.words();
    let asks = Errand { party: None, ..errand };
    let today = errand::today(chat).await?;
    let (openings, _) = errand::look(chat, &asks, Some(today)).await?;
    let most = openings.offer.largest_party.unwrap_or(1).min(PARTIES);
    let sizes: Vec<Button> =
        (1..=most).map(|n| Button::press(n.to_string(), step(&asks, Step::Party(n)).to_string())).collect();
    let rows = sizes.chunks(4).map(<[Button]>::to_vec).collect();
    let name = errand::contact(chat, &asks).await?.name;
    let back = step(&asks, Step::What(0));
    let page = Page::new(trail(words, &asks, &name), words.say("book.how_many", &[]), rows, back);
    chat.talk.errand = Some(asks);
    Ok(Turn::show(page.screen(words)))
}
