//! Tables (and rooms) that may be put together for a large party.

use super::{Ask, Choice, Picked, button, fill};
use crate::{
    booking::{BookError, CombinationCard, ResourceKind, Wrong},
    bot::{
        admin::{self, console::Page, form},
        chat::Chat,
        turn::Turn,
        words::Words,
    },
};

fn trail(words: Words<'_>) -> Vec<String> {
    vec![words.plain("offer.resources", &[]), words.plain("offer.together", &[])]
}

fn name(words: Words<'_>, one: &CombinationCard) -> String {
    let names = one.names.join(" + ");
    match one.combination.seats {
        Some(n) => format!("{names} · {n} 👤"),
        None => format!("{names} · {}", words.plain("offer.sum_short", &[])),
    }
}

pub(super) async fn list(chat: &mut Chat<'_>, note: Option<String>) -> Result<Turn, BookError> {
    let words = chat.words();
    let all = chat.bookings.combinations(chat.user()).await?;
    let mut rows: Vec<_> =
        all.iter().take(90).map(|one| vec![fill::named(name(words, one), button(Choice::One(one.id)))]).collect();
    rows.push(vec![words.button("offer.put_together", button(Choice::Pick(Picked::default())))]);
    let page = Page::new(trail(words), words.say("offer.about_together", &[]), rows, button(Choice::Resources(0)));
    Ok(Turn::show(page.noting(note).screen(words)))
}

/// Picks one after another, each press with all that were picked before.
pub(super) async fn pick(chat: &mut Chat<'_>, picked: Picked) -> Result<Turn, BookError> {
    let words = chat.words();
    let all = chat.bookings.resources_kept(chat.user()).await?;
    let ids = picked.ids();
    let mut rows: Vec<_> = all
        .iter()
        .filter(|(r, active)| *active && r.kind != ResourceKind::Person)
        .map(|(r, _)| (r, button(Choice::Pick(picked.turned(r.id)))))
        // What does not fit into a button is not offered.
        .filter(|(_, choice)| choice.to_string().len() <= 64)
        .map(|(r, choice)| fill::switch(ids.contains(&r.id), &r.name, choice))
        .collect::<Vec<_>>()
        .chunks(2)
        .take(45)
        .map(<[_]>::to_vec)
        .collect();
    if ids.len() >= 2 {
        rows.push(vec![words.button("offer.join", button(Choice::Join(picked)))]);
    }
    let page = Page::new(trail(words), words.say("offer.which_together", &[]), rows, button(Choice::Together));
    Ok(Turn::show(page.screen(words)))
}

pub(super) async fn join(chat: &mut Chat<'_>, picked: Picked) -> Result<Turn, BookError> {
    let id = chat.bookings.add_combination(chat.user(), &picked.ids(), None).await?;
    let note = chat.words().say("fill.saved", &[]);
    show(chat, id, Some(note)).await
}

async fn find(chat: &mut Chat<'_>, id: i64) -> Result<CombinationCard, BookError> {
    let all = chat.bookings.combinations(chat.user()).await?;
    Ok(all.into_iter().find(|one| one.id == id).ok_or(Wrong::Gone)?)
}

pub(super) async fn show(chat: &mut Chat<'_>, id: i64, note: Option<String>) -> Result<Turn, BookError> {
    let words = chat.words();
    let one = find(chat, id).await?;
    let mut trail = trail(words);
    trail.push(one.names.join(" + "));
    let text = match one.combination.seats {
        Some(n) => words.count("offer.seats_together", i64::from(n), &[]),
        None => words.say("offer.sum", &[]),
    };
    let mut rows = vec![vec![words.button("offer.field.seats", button(Choice::Seats(id)))]];
    if one.combination.seats.is_some() {
        rows.push(vec![words.button("offer.make_sum", button(Choice::Sum(id)))]);
    }
    rows.push(vec![words.button("offer.part", button(Choice::Part(id)))]);
    Ok(Turn::show(Page::new(trail, text, rows, button(Choice::Together)).noting(note).screen(words)))
}

pub(super) async fn ask_seats(chat: &mut Chat<'_>, id: i64) -> Result<Turn, BookError> {
    let words = chat.words();
    let one = find(chat, id).await?;
    let mut trail = trail(words);
    trail.push(one.names.join(" + "));
    let page = Page::new(trail, words.say("offer.ask.seats", &[]), Vec::new(), button(Choice::One(id)));
    Ok(form::ask(chat, admin::Ask::Offer(Ask::Seats(id)), page))
}

pub(super) async fn sum(chat: &mut Chat<'_>, id: i64) -> Result<Turn, BookError> {
    chat.bookings.seat_combination(chat.user(), id, None).await?;
    show(chat, id, None).await
}

pub(super) async fn part(chat: &mut Chat<'_>, id: i64) -> Result<Turn, BookError> {
    chat.bookings.remove_combination(chat.user(), id).await?;
    let note = chat.words().say("offer.parted", &[]);
    list(chat, Some(note)).await
}
