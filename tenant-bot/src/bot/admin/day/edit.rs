//! What stands in a booking, changed: time, service and who does it lead to the room of booking; the rest is typed here.

use shared::telegram::Button;

use super::{Ask, Choice, Field, button, card};
use crate::{
    booking::{BookError, BookingId, Edit, Refusal, StaffCard, contact},
    bot::{
        admin::{
            self, book,
            console::Page,
            form::{self, Said, Typed},
        },
        chat::Chat,
        turn::Turn,
        typed,
    },
};

async fn editable(chat: &mut Chat<'_>, id: BookingId) -> Result<StaffCard, BookError> {
    let found = chat.bookings.staff_card(chat.user(), id).await?;
    if found.may_edit { Ok(found) } else { Err(Refusal::NoLonger.into()) }
}

/// What of it?
pub(super) async fn what(chat: &mut Chat<'_>, id: BookingId) -> Result<Turn, BookError> {
    let words = chat.words();
    let found = editable(chat, id).await?;
    let mut rows: Vec<Vec<Button>> = Vec::new();
    if found.may_move {
        rows.push(vec![
            words.button("days.field.time", book::button(book::Choice::Move(id))),
            words.button("days.field.service", book::button(book::Choice::Change(id))),
            words.button("days.field.resource", book::button(book::Choice::Give(id))),
        ]);
    }
    let field = |field: Field| words.button(&format!("days.field.{}", field.word()), button(Choice::Edit(id, field)));
    rows.push(vec![field(Field::Name), field(Field::Phone)]);
    rows.push(vec![field(Field::Note), field(Field::Paid)]);
    let mut trail = card::trail(words, &found.booking);
    trail.push(words.plain("days.edit", &[]));
    let text = format!("{}\n\n{}", words.say("days.ask_edit", &[]), words.card(found.business.zone, &found.booking));
    Ok(Turn::show(Page::new(trail, text, rows, button(Choice::Card(id))).screen(words)))
}

pub(super) async fn ask(chat: &mut Chat<'_>, id: BookingId, field: Field) -> Result<Turn, BookError> {
    let words = chat.words();
    let found = editable(chat, id).await?;
    let booking = &found.booking;
    let now = match field {
        Field::Name => Some(booking.customer_name.clone()),
        Field::Phone => Some(booking.phone.clone()).filter(|phone| !phone.is_empty()),
        Field::Note => booking.office.note.clone(),
        Field::Paid => booking.office.paid.map(|paid| words.price(crate::booking::Price { from: paid, to: None })),
    };
    let mut text = words.say(&format!("days.type.{}", field.word()), &[]);
    let mut rows = Vec::new();
    if let Some(now) = &now {
        text.push_str(&format!("\n\n{}", words.say("days.is_now", &[("value", now)])));
        if field != Field::Name {
            rows.push(vec![words.button("days.clear", button(Choice::Clear(id, field)))]);
        }
    }
    let mut trail = card::trail(words, booking);
    trail.push(words.plain(&format!("days.field.{}", field.word()), &[]));
    let question = Page::new(trail, text, rows, button(Choice::AskEdit(id)));
    Ok(form::ask(chat, admin::Ask::Day(Ask::Field(id, field)), question))
}

/// What was typed, tidied; or the key of a hint.
fn read(field: Field, said: &Said) -> Result<String, &'static str> {
    let typed = said.words();
    match field {
        Field::Name => contact::name(typed).ok_or("days.type.name"),
        Field::Phone => contact::phone(typed).ok_or("days.type.phone"),
        Field::Note if (1..=1000).contains(&typed.chars().count()) => Ok(typed.to_owned()),
        Field::Note => Err("days.type.note"),
        Field::Paid => typed::money(typed).map(|sum| sum.0.to_string()),
    }
}

pub(super) async fn typed(chat: &mut Chat<'_>, id: BookingId, field: Field, said: &Said) -> Result<Typed, BookError> {
    let words = chat.words();
    editable(chat, id).await?;
    Ok(match read(field, said) {
        Ok(value) => {
            let value = match field {
                Field::Paid => typed::money(said.words())
                    .map(|sum| words.price(crate::booking::Price { from: sum, to: None }))
                    .unwrap_or_default(),
                _ => value,
            };
            let field = words.plain(&format!("days.field.{}", field.word()), &[]);
            Typed::Echo(words.say("days.field_is", &[("field", &field), ("value", &value)]))
        }
        Err(hint) => Typed::Hint(words.say(hint, &[])),
    })
}

pub(super) async fn saved(chat: &mut Chat<'_>, id: BookingId, field: Field, said: &Said) -> Result<Turn, BookError> {
    let value = read(field, said).map_err(|_| Refusal::NotUnderstood)?;
    let edit = match field {
        Field::Name => Edit::Name(&value),
        Field::Phone => Edit::Phone(&value),
        Field::Note => Edit::Note(&value),
        Field::Paid => Edit::Paid(Some(typed::money(said.words()).map_err(|_| Refusal::NotUnderstood)?)),
    };
    done(chat, id, edit).await
}

/// Takes it away.
pub(super) async fn clear(chat: &mut Chat<'_>, id: BookingId, field: Field) -> Result<Turn, BookError> {
    let edit = match field {
        Field::Name => return Err(Refusal::NotUnderstood.into()),
        Field::Phone => Edit::Phone(""),
        Field::Note => Edit::Note(""),
        Field::Paid => Edit::Paid(None),
    };
    done(chat, id, edit).await
}

async fn done(chat: &mut Chat<'_>, id: BookingId, edit: Edit<'_>) -> Result<Turn, BookError> {
    chat.bookings.edit(chat.user(), id, edit).await?;
    let note = chat.words().say("days.edited", &[]);
    card::noting(chat, id, Some(note)).await
}
