//! What is written of a customer: a note, tags, a discount; whether they may book; and that they are forgotten.

use shared::telegram::Button;

use super::{Ask, Choice, Field, button, card};
use crate::{
    booking::{BookError, CustomerCard, Refusal, UserId, Written, Wrong, tag},
    bot::{
        admin::{
            self,
            console::Page,
            form::{self, Said, Typed},
        },
        chat::Chat,
        turn::Turn,
        typed,
    },
};

async fn editable(chat: &mut Chat<'_>, who: UserId) -> Result<CustomerCard, BookError> {
    let found = chat.bookings.customer(chat.user(), who).await?;
    if found.may_edit { Ok(found) } else { Err(Refusal::NotAdmin.into()) }
}

pub(super) async fn ask(chat: &mut Chat<'_>, who: UserId, field: Field) -> Result<Turn, BookError> {
    let words = chat.words();
    let customer = editable(chat, who).await?.customer;
    let now = match field {
        Field::Note => customer.note.clone(),
        Field::Discount if customer.discount_percent > 0 => Some(format!("{} %", customer.discount_percent)),
        Field::Discount | Field::Tag => None,
    };
    let mut text = words.say(&format!("guests.type.{}", field.word()), &[]);
    let mut rows = Vec::new();
    if let Some(now) = now {
        text.push_str(&format!("\n\n{}", words.say("days.is_now", &[("value", &now)])));
        rows.push(vec![words.button("days.clear", button(Choice::Clear(who, field)))]);
    }
    let mut trail = card::trail(words, &customer);
    trail.push(words.plain(&format!("guests.write.{}", field.word()), &[]));
    let page = Page::new(trail, text, rows, button(Choice::Of(who)));
    Ok(form::ask(chat, admin::Ask::Guests(Ask::Write(who, field)), page))
}

pub(super) async fn typed(chat: &mut Chat<'_>, who: UserId, field: Field, said: &Said) -> Result<Typed, BookError> {
    let words = chat.words();
    editable(chat, who).await?;
    let hint = || Typed::Hint(words.say(&format!("guests.type.{}", field.word()), &[]));
    Ok(match field {
        Field::Note if (1..=1000).contains(&said.words().chars().count()) => {
            Typed::Echo(words.say("guests.note_is", &[("note", &said.words())]))
        }
        Field::Note => hint(),
        Field::Tag => {
            tag(said.words()).map_or_else(hint, |tag| Typed::Echo(format!("#{}", shared::texts::escape(&tag))))
        }
        Field::Discount => match typed::percent(said.words()) {
            Ok(percent) => Typed::Echo(words.say("guests.discount_is", &[("percent", &percent)])),
            Err(hint) => Typed::Hint(words.say(hint, &[])),
        },
    })
}

pub(super) async fn saved(chat: &mut Chat<'_>, who: UserId, field: Field, said: &Said) -> Result<Turn, BookError> {
    let what = match field {
        Field::Note => Written::Note(said.words()),
        Field::Tag => Written::Tag(said.words()),
        Field::Discount => Written::Discount(typed::percent(said.words()).map_err(|_| Refusal::NotUnderstood)?),
    };
    write(chat, who, what).await
}

async fn write(chat: &mut Chat<'_>, who: UserId, what: Written<'_>) -> Result<Turn, BookError> {
    chat.bookings.write_of(chat.user(), who, what).await?;
    let note = chat.words().say("guests.written", &[]);
    card::show(chat, who, Some(note)).await
}

pub(super) async fn clear(chat: &mut Chat<'_>, who: UserId, field: Field) -> Result<Turn, BookError> {
    match field {
        Field::Note => write(chat, who, Written::Note("")).await,
        Field::Discount => write(chat, who, Written::Discount(0)).await,
        Field::Tag => Err(Refusal::NotUnderstood.into()),
    }
}

pub(super) async fn ask_untag(chat: &mut Chat<'_>, who: UserId) -> Result<Turn, BookError> {
    let words = chat.words();
    let customer = editable(chat, who).await?.customer;
    let tag =
        |(n, tag): (usize, &String)| vec![Button::press(format!("#{tag}"), button(Choice::Untag(who, n)).to_string())];
    let rows = customer.tags.iter().enumerate().map(tag).collect();
    let page =
        Page::new(card::trail(words, &customer), words.say("guests.ask_untag", &[]), rows, button(Choice::Of(who)));
    Ok(Turn::show(page.screen(words)))
}

pub(super) async fn untag(chat: &mut Chat<'_>, who: UserId, n: usize) -> Result<Turn, BookError> {
    let customer = editable(chat, who).await?.customer;
    let tag = customer.tags.get(n).ok_or(Wrong::Gone)?;
    write(chat, who, Written::NoTag(tag)).await
}

async fn sure(
    chat: &mut Chat<'_>,
    who: UserId,
    (question, yes): (&str, &str),
    does: Choice,
) -> Result<Turn, BookError> {
    let words = chat.words();
    let customer = editable(chat, who).await?.customer;
    let text = words.say(question, &[("name", &customer.name)]);
    let rows = vec![vec![words.button(yes, button(does))]];
    let page = Page::new(card::trail(words, &customer), text, rows, button(Choice::Of(who)));
    Ok(Turn::show(page.screen(words)))
}

pub(super) async fn ask_block(chat: &mut Chat<'_>, who: UserId) -> Result<Turn, BookError> {
    sure(chat, who, ("guests.ask_block", "guests.block_yes"), Choice::Block(who)).await
}

pub(super) async fn block(chat: &mut Chat<'_>, who: UserId, blocked: bool) -> Result<Turn, BookError> {
    write(chat, who, Written::Blocked(blocked)).await
}

pub(super) async fn ask_forget(chat: &mut Chat<'_>, who: UserId) -> Result<Turn, BookError> {
    sure(chat, who, ("guests.ask_forget", "guests.forget_yes"), Choice::Forget(who)).await
}

pub(super) async fn forget(chat: &mut Chat<'_>, who: UserId) -> Result<Turn, BookError> {
    let words = chat.words();
    chat.bookings.forget_caller(chat.user(), who).await?;
    let rows = Vec::new();
    let trail = vec![words.plain("guests.title", &[])];
    let page = Page::new(trail, words.say("guests.forgotten", &[]), rows, button(Choice::All(0)));
    Ok(Turn::show(page.screen(words)))
}
