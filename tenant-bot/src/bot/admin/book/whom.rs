//! For whom: somebody who is known, somebody to be written down, or nobody in particular.

use shared::telegram::Button;

use super::{Ask, Errand, Step, Subject, onward, step};
use crate::{
    booking::{BookError, Found, Refusal, contact, contact::Contact},
    bot::{
        admin::{
            self,
            console::Page,
            day,
            form::{self, Said, Typed},
        },
        chat::Chat,
        choice,
        turn::Turn,
        words::Words,
    },
};

/// So many customers are offered before anything is typed, and so many of what is found.
const LAST: usize = 6;
const FOUND: usize = 20;

pub(super) async fn ask(chat: &mut Chat<'_>, errand: Errand, note: Option<String>) -> Result<Turn, BookError> {
    let words = chat.words();
    chat.bookings.admit(chat.user(), crate::booking::roles::Right::BookFor).await?;
    let last = chat.bookings.customers(chat.user(), None, (0, LAST)).await?.list;
    let mut rows = others(words, &errand);
    rows.extend(last.iter().map(|one| vec![found(&errand, one)]));
    let back = errand.date.map_or(choice::Choice::Admin(admin::Choice::Home), |date| {
        day::button(day::Choice::Day { date, of: None, page: 0 })
    });
    let text = words.say("book.whom", &[]);
    let page = Page::new(vec![words.plain("book.title", &[])], text, rows, back).noting(note);
    chat.talk.errand = Some(errand);
    Ok(form::ask(chat, admin::Ask::Book(Ask::Whom), page))
}

fn others(words: Words<'_>, errand: &Errand) -> Vec<Vec<Button>> {
    vec![vec![words.button("book.guest", step(errand, Step::Guest)), words.button("book.new", step(errand, Step::New))]]
}

fn found(errand: &Errand, one: &Found) -> Button {
    let phone = one.phone.as_deref().unwrap_or_default();
    Button::press(format!("{} {phone}", one.name).trim(), step(errand, Step::Is(one.user)).to_string())
}

/// Those whose name or number it may be.
pub(super) async fn searched(chat: &mut Chat<'_>, errand: Errand, said: &Said) -> Result<Turn, BookError> {
    let words = chat.words();
    let list = chat.bookings.customers(chat.user(), Some(said.words()), (0, FOUND)).await?;
    let key = if list.list.is_empty() { "book.nobody_found" } else { "book.found" };
    let mut text = words.say(key, &[("typed", &said.words())]);
    if list.more {
        text.push_str(&format!("\n{}", words.say("book.more_found", &[])));
    }
    let mut rows: Vec<Vec<Button>> = list.list.iter().map(|one| vec![found(&errand, one)]).collect();
    rows.extend(others(words, &errand));
    let page = Page::new(vec![words.plain("book.title", &[])], text, rows, step(&errand, Step::Whom));
    Ok(form::ask(chat, admin::Ask::Book(Ask::Whom), page))
}

pub(super) async fn ask_new(chat: &mut Chat<'_>, errand: Errand) -> Result<Turn, BookError> {
    let words = chat.words();
    chat.bookings.admit(chat.user(), crate::booking::roles::Right::BookFor).await?;
    let trail = vec![words.plain("book.title", &[]), words.plain("book.new", &[])];
    let page = Page::new(trail, words.say("book.type_new", &[]), Vec::new(), step(&errand, Step::Whom));
    Ok(form::ask(chat, admin::Ask::Book(Ask::New), page))
}

/// A name and a number as people write them in one line, in either order; the number may be missing.
fn read(typed: &str) -> Option<Contact> {
    let number = |c: char| c.is_ascii_digit() || "+-() .,;\u{a0}\n".contains(c);
    let is_digit = |c: char| c.is_ascii_digit() || c == '+';
    let (name, phone) = match typed.find(is_digit) {
        None => (typed, ""),
        Some(0) => {
            let end = typed.find(|c| !number(c)).unwrap_or(typed.len());
            (&typed[end..], &typed[..end])
        }
        Some(at) => (&typed[..at], &typed[at..]),
    };
    let name = contact::name(name.trim_matches(|c: char| number(c) || c == ':'))?;
    let phone = phone.trim_matches(|c: char| " .,;\n".contains(c));
    let phone = if phone.is_empty() { String::new() } else { contact::phone(phone)? };
    Some(Contact { name, phone })
}

pub(super) async fn new_typed(chat: &mut Chat<'_>, said: &Said) -> Result<Typed, BookError> {
    let words = chat.words();
    chat.bookings.admit(chat.user(), crate::booking::roles::Right::BookFor).await?;
    Ok(match read(said.words()) {
        None => Typed::Hint(words.say("book.type_new", &[])),
        Some(Contact { name, phone }) if phone.is_empty() => {
            Typed::Echo(words.say("book.new_is_without", &[("name", &name)]))
        }
        Some(Contact { name, phone }) => Typed::Echo(words.say("book.new_is", &[("name", &name), ("phone", &phone)])),
    })
}

pub(super) async fn new_saved(chat: &mut Chat<'_>, mut errand: Errand, said: &Said) -> Result<Turn, BookError> {
    let contact = read(said.words()).ok_or(Refusal::NotUnderstood)?;
    let user = chat.bookings.write_down(chat.user(), &contact).await?;
    errand.subject = Some(Subject::Customer(user));
    onward(chat, errand, None).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_a_number_are_read_in_either_order_and_without_the_number() {
        let same = Some(Contact { name: "Анна Ивановна".into(), phone: "+79161234567".into() });
        for typed in [
            "Анна Ивановна 8 916 123-45-67",
            "Анна Ивановна, +7 (916) 123-45-67",
            "89161234567 Анна Ивановна",
            "Анна Ивановна\n8(916)1234567",
            "8 (916) 123-45-67, Анна Ивановна",
        ] {
            assert_eq!(read(typed), same, "{typed}");
        }
        assert_eq!(read("Пётр"), Some(Contact { name: "Пётр".into(), phone: String::new() }));
        for typed in ["", "12", "8916 123 45 67", "Анна 12", "+"] {
            assert_eq!(read(typed), None, "{typed}");
        }
    }
}
