//! Values of the business: read from what was typed, and said in words.

use shared::telegram::Button;

use super::{
    super::{choice, typed, words::Words},
    form::Said,
};
use crate::booking::{Field, Shape, Value, Wrong, contact};

/// What was typed, as what fits into the field; otherwise how to type it (HTML).
pub(super) fn read(words: Words<'_>, field: Field, said: &Said) -> Result<Value, String> {
    let hint = |key: &'static str| words.say(key, &[]);
    let text = said.words();
    let value = match field.shape {
        Shape::Photo => said.photo.clone().map(Value::Text).ok_or_else(|| words.say("fill.photo", &[]))?,
        Shape::Text(most) if text.is_empty() => return Err(words.say("wrong.too_long", &[("n", &most)])),
        Shape::Text(_) | Shape::Link => Value::Text(text.to_owned()),
        Shape::Phone => contact::phone(text).map(Value::Text).ok_or_else(|| words.say("phone.wrong", &[]))?,
        Shape::Length(..) => Value::Length(typed::length(text).map_err(hint)?),
        Shape::Lengths => {
            let parts =
                text.split([';', '\n']).flat_map(|part| part.split(", ")).filter(|part| !part.trim().is_empty());
            let all: Result<Vec<_>, _> = parts.map(typed::length).collect();
            let mut all = all.map_err(hint)?;
            all.retain(|one| !one.is_zero());
            Value::Lengths(all)
        }
        Shape::Number(least, most) => match typed::number(text, least..=most) {
            Ok(n) => Value::Number(n),
            Err(_) => return Err(words.say("fill.number", &[("least", &least), ("most", &most)])),
        },
        Shape::Price => Value::Price(typed::price(text).map_err(hint)?),
        Shape::Word(_) => return Err(words.say("fill.press", &[])),
    };
    match field.check(&value) {
        Ok(()) => Ok(value),
        Err(wrong) => Err(range(words, field, wrong)),
    }
}

fn range(words: Words<'_>, field: Field, wrong: Wrong) -> String {
    let length = |minutes| words.duration(chrono::TimeDelta::minutes(minutes));
    match field.shape {
        Shape::Length(least, most) => words.say("fill.length", &[("least", &length(least)), ("most", &length(most))]),
        Shape::Lengths => words.say("fill.lengths", &[]),
        Shape::Link => words.say("fill.link", &[]),
        _ => words.wrong(wrong),
    }
}

/// A value in plain words; `room` says words of a choice, and what nothing means, as `<room>.none.<field>`.
pub(super) fn told(words: Words<'_>, room: &str, field: Field, value: &Value) -> String {
    match value {
        Value::Nothing => {
            let own = format!("{room}.none.{}", field.word);
            if words.texts.has(&own) { words.plain(&own, &[]) } else { words.plain("fill.nothing", &[]) }
        }
        Value::Text(_) if field.shape == Shape::Photo => words.plain("fill.has_photo", &[]),
        Value::Text(text) => text.clone(),
        Value::Length(length) => words.duration(*length),
        Value::Lengths(all) if all.is_empty() => words.plain("fill.nothing", &[]),
        Value::Lengths(all) => all.iter().map(|one| words.duration(*one)).collect::<Vec<_>>().join(", "),
        Value::Number(n) => n.to_string(),
        Value::Price(price) => words.price(*price),
        Value::Word(word) => words.plain(&format!("{room}.word.{}.{word}", field.word), &[]),
    }
}

/// «Цена: 1 500 ₽», HTML.
pub(super) fn line(words: Words<'_>, room: &str, field: Field, value: &Value) -> String {
    let label = words.plain(&format!("{room}.field.{}", field.word), &[]);
    words.say("fill.line", &[("label", &label), ("value", &told(words, room, field, value))])
}

/// A button with a name that is not ours.
pub(super) fn named(name: impl Into<String>, choice: choice::Choice) -> Button {
    Button::press(name, choice.to_string())
}

/// `✅ Артём`, `▫️ Денис`.
pub(super) fn switch(on: bool, name: &str, choice: choice::Choice) -> Button {
    named(format!("{} {name}", if on { "✅" } else { "▫️" }), choice)
}

/// Minutes since midnight: `19:00`, after midnight `02:00`.
pub(super) fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60 % 24, minute % 60)
}

/// `10:00–14:00, 15:00–19:00`, or that it is a day off.
pub(super) fn hours(words: Words<'_>, intervals: &[(u16, u16)]) -> String {
    if intervals.is_empty() {
        return words.plain("hours.closed", &[]);
    }
    let one = |(from, to): &(u16, u16)| match (from, to) {
        (0, 1440) => words.plain("hours.round", &[]),
        (from, 1440) => format!("{}–24:00", clock(*from)),
        (from, to) => format!("{}–{}", clock(*from), clock(*to)),
    };
    intervals.iter().map(one).collect::<Vec<_>>().join(", ")
}
