//! One text: how it is said now, how it would be said, and how we said it.

use shared::{
    telegram::Button,
    texts::{Lang, Piece, Unfit, escape},
};

use super::{
    super::{
        console::Page,
        form::{self, Said, Typed},
    },
    Ask, At, Choice, Form, Key, button, group,
};
use crate::{
    booking::{BookError, TextPlace, Wrong},
    bot::{admin, chat::Chat, turn::Turn, words::Words},
};

/// So much of a text stands on a screen beside another.
const SHOWN: usize = 1500;

/// The text, the piece of it that is meant, if it is one.
fn find(words: Words<'_>, at: At) -> Result<(String, Vec<Piece>), BookError> {
    let key = at.key.find(words.texts).ok_or(Wrong::Gone)?;
    let pieces = words.texts.pieces(at.lang, &key);
    Ok((key, pieces))
}

fn meant(pieces: &[Piece], form: Option<Form>) -> Option<&Piece> {
    pieces.iter().find(|piece| piece.form.as_deref() == form.map(Form::word))
}

fn trail(words: Words<'_>, key: &str, at: At) -> Vec<String> {
    let lang = words.plain(&format!("texts.lang.{}", at.lang.code()), &[]);
    let mut trail = vec![words.plain("texts.title", &[]), lang];
    trail.extend(at.form.map(|form| words.plain(&form_key(form), &[])));
    trail.push(key.to_owned());
    trail
}

fn form_key(form: Form) -> String {
    match form {
        // A group of texts with a key `other` would be a plural itself.
        Form::Other => "texts.form_of.rest".to_owned(),
        form => format!("texts.form_of.{}", form.word()),
    }
}

/// As it looks; a very long one as it is written, for half of it would be no markup.
fn shown(text: &str) -> String {
    if text.chars().count() <= SHOWN {
        return format!("<blockquote>{text}</blockquote>");
    }
    let cut: String = text.chars().take(SHOWN).collect();
    format!("<blockquote>{}…</blockquote>", escape(&cut))
}

pub(super) fn show(chat: &mut Chat<'_>, at: At, note: Option<String>) -> Result<Turn, BookError> {
    let words = chat.words();
    let (key, pieces) = find(words, at)?;
    let back = button(Choice::Group(Key::of(group(&key)), 0));
    let Some(piece) = meant(&pieces, at.form) else {
        // A plural: its forms, each with a button.
        let lines = pieces.iter().map(|piece| shown(piece.own.as_ref().unwrap_or(&piece.ours)));
        let rows = pieces.iter().filter_map(|piece| {
            let form = piece.form.as_deref().and_then(Form::from_word)?;
            let text = words.plain(&form_key(form), &[]);
            Some(vec![Button::press(text, button(Choice::Show(At { form: Some(form), ..at })).to_string())])
        });
        let text = lines.collect::<Vec<_>>().join("\n");
        let mut rows: Vec<Vec<Button>> = rows.collect();
        rows.push(other_language(words, at));
        let page = Page::new(trail(words, &key, at), text, rows, back).noting(note);
        return Ok(Turn::show(page.screen(words)));
    };
    let mut parts = vec![words.say("texts.now", &[]), shown(piece.own.as_ref().unwrap_or(&piece.ours))];
    if piece.own.is_some() {
        parts.push(words.say("texts.ours", &[]));
        parts.push(shown(&piece.ours));
    }
    if !piece.placeholders.is_empty() {
        parts.push(words.say("texts.placeholders", &[("list", &placeholders(piece))]));
    }
    let mut rows = vec![vec![words.button("texts.change", button(Choice::Set(at)))]];
    if piece.own.is_some() {
        rows.push(vec![words.button("texts.reset", button(Choice::AskReset(at)))]);
    }
    rows.push(other_language(words, at));
    let back = if at.form.is_some() { button(Choice::Show(At { form: None, ..at })) } else { back };
    let page = Page::new(trail(words, &key, at), parts.join("\n"), rows, back).noting(note);
    Ok(Turn::show(page.screen(words)))
}

/// English has fewer forms of a plural, so the other language begins with all of them.
fn other_language(words: Words<'_>, at: At) -> Vec<Button> {
    let lang = if at.lang == Lang::Ru { Lang::En } else { Lang::Ru };
    let choice = button(Choice::Show(At { lang, form: None, ..at }));
    vec![words.button(&format!("texts.to.{}", lang.code()), choice)]
}

fn placeholders(piece: &Piece) -> String {
    piece.placeholders.iter().map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join(", ")
}

pub(super) fn ask(chat: &mut Chat<'_>, at: At) -> Result<Turn, BookError> {
    let words = chat.words();
    let (key, pieces) = find(words, at)?;
    let piece = meant(&pieces, at.form).ok_or(Wrong::Gone)?;
    let now = shown(piece.own.as_ref().unwrap_or(&piece.ours));
    let mut parts = vec![words.say("texts.type", &[]), now];
    if !piece.placeholders.is_empty() {
        parts.push(words.say("texts.placeholders", &[("list", &placeholders(piece))]));
    }
    let page = Page::new(trail(words, &key, at), parts.join("\n\n"), Vec::new(), button(Choice::Show(at)));
    let ask = Ask::Words(key, at.lang.code().to_owned(), at.form.map(|form| form.word().to_owned()));
    Ok(form::ask(chat, admin::Ask::Texts(ask), page))
}

/// What an example of a placeholder is; others are shown as dots.
fn sample(words: Words<'_>, business: &str, name: &str) -> Option<String> {
    let key = format!("texts.sample.{name}");
    match name {
        "business" => Some(business.to_owned()),
        "n" | "limit" | "count" => Some("3".to_owned()),
        _ => words.texts.has(&key).then(|| words.plain(&key, &[])),
    }
}

/// The words of somebody, as they would be said.
pub(super) async fn typed(
    chat: &mut Chat<'_>,
    (key, lang, form): (&str, &str, Option<&str>),
    said: &Said,
) -> Result<Typed, BookError> {
    let words = chat.words();
    let lang = Lang::from_code(Some(lang));
    let read = match words.texts.read_own(lang, key, form, said.html.as_deref().unwrap_or_default()) {
        Ok(read) => read,
        Err(unfit) => return Ok(Typed::Hint(why(words, &unfit))),
    };
    let business = chat.bookings.business().await?;
    let preview = words.texts.preview(&read, |name| sample(words, &business.name, name));
    let pieces = words.texts.pieces(lang, key);
    let missing: Vec<String> = pieces
        .iter()
        .filter(|piece| piece.form.as_deref() == form)
        .flat_map(|piece| &piece.placeholders)
        .filter(|name| !read.contains(&format!("{{{name}}}")) && !read.contains(&format!("{{!{name}}}")))
        .map(|name| format!("{{{name}}}"))
        .collect();
    if missing.is_empty() {
        return Ok(Typed::Echo(preview));
    }
    let note = words.say("texts.missing", &[("list", &missing.join(", "))]);
    Ok(Typed::Echo(format!("{preview}\n\n{note}")))
}

fn why(words: Words<'_>, unfit: &Unfit) -> String {
    match unfit {
        Unfit::NoSuchText => words.wrong(Wrong::Gone),
        Unfit::Empty => words.say("texts.unfit.empty", &[]),
        Unfit::TooLong(most) => words.say("texts.unfit.too_long", &[("n", most)]),
        Unfit::UnknownPlaceholder(name) => words.say("texts.unfit.unknown", &[("name", &format!("{{{name}}}"))]),
        Unfit::OpenBrace => words.say("texts.unfit.brace", &[]),
    }
}

pub(super) async fn save(
    chat: &mut Chat<'_>,
    (key, code, form): (&str, &str, Option<&str>),
    said: &Said,
) -> Result<Turn, BookError> {
    let words = chat.words();
    let lang = Lang::from_code(Some(code));
    let Ok(read) = words.texts.read_own(lang, key, form, said.html.as_deref().unwrap_or_default()) else {
        return Err(Wrong::Changed.into());
    };
    chat.bookings.set_text(chat.user(), TextPlace { lang, key, form }, Some(&read)).await?;
    words.texts.set_own(lang, key, form, Some(&read));
    let at = At { key: Key::of(key), lang, form: form.and_then(Form::from_word) };
    show(chat, at, Some(words.say("texts.saved", &[])))
}

pub(super) fn ask_reset(chat: &mut Chat<'_>, at: At) -> Result<Turn, BookError> {
    let words = chat.words();
    let (key, pieces) = find(words, at)?;
    let piece = meant(&pieces, at.form).ok_or(Wrong::Gone)?;
    let text = format!("{}\n{}", words.say("texts.ask_reset", &[]), shown(&piece.ours));
    let rows = vec![vec![words.button("texts.reset_yes", button(Choice::Reset(at)))]];
    Ok(Turn::show(Page::new(trail(words, &key, at), text, rows, button(Choice::Show(at))).screen(words)))
}

pub(super) async fn reset(chat: &mut Chat<'_>, at: At) -> Result<Turn, BookError> {
    let words = chat.words();
    let (key, _) = find(words, at)?;
    let form = at.form.map(Form::word);
    chat.bookings.set_text(chat.user(), TextPlace { lang: at.lang, key: &key, form }, None).await?;
    words.texts.set_own(at.lang, &key, form, None);
    show(chat, at, Some(words.say("texts.was_reset", &[])))
}
