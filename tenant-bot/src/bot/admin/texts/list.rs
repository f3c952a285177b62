//! Texts to choose from.

use shared::{
    telegram::Button,
    texts::{Lang, Texts},
};

use super::{
    super::{
        Choice as Console,
        console::{Page, turns},
        form::{self, Typed},
    },
    Ask, At, Choice, Key, button, group,
};
use crate::{
    booking::{BookError, Wrong},
    bot::{admin, chat::Chat, choice, turn::Turn, words::Words},
};

/// Buttons on one screen.
const PAGE: usize = 10;
/// So many of what was found are shown; more words find fewer.
const MOST_FOUND: usize = 20;
/// So much of a text stands on its button.
const ON_BUTTON: usize = 40;

/// Where customers read them, in the order in which they do; the rest is what the team reads.
const FIRST: [&str; 24] = [
    "menu",
    "service",
    "performer",
    "resource",
    "party",
    "day",
    "time",
    "name",
    "phone",
    "question",
    "comment",
    "confirm",
    "booking",
    "booked",
    "repeat",
    "mine",
    "card",
    "move",
    "cancel",
    "wait",
    "rate",
    "letter",
    "person",
    "refusal",
];

fn title(words: Words<'_>) -> Vec<String> {
    vec![words.plain("texts.title", &[])]
}

/// The name of a place where texts are said; what the team reads goes by its key.
fn name(words: Words<'_>, group: &str) -> String {
    let key = format!("texts.group.{group}");
    if words.texts.has(&key) { words.plain(&key, &[]) } else { group.to_owned() }
}

fn all_groups(texts: &Texts) -> Vec<&str> {
    let mut groups: Vec<&str> =
        FIRST.into_iter().filter(|first| texts.keys().any(|key| group(key) == *first)).collect();
    for key in texts.keys() {
        if !groups.contains(&group(key)) {
            groups.push(group(key));
        }
    }
    groups
}

pub(super) fn groups(chat: &mut Chat<'_>, page: usize) -> Turn {
    let words = chat.words();
    let groups = all_groups(words.texts);
    let pages = groups.len().div_ceil(PAGE * 2).max(1);
    let page = page.min(pages - 1);
    let shown = groups.iter().skip(page * PAGE * 2).take(PAGE * 2);
    let buttons: Vec<Button> = shown
        .map(|group| Button::press(name(words, group), button(Choice::Group(Key::of(group), 0)).to_string()))
        .collect();
    let mut rows: Vec<Vec<Button>> = vec![vec![words.button("texts.find", button(Choice::Find))]];
    if !own_places(words.texts).is_empty() {
        rows.push(vec![words.button("texts.own", button(Choice::Own(0)))]);
    }
    rows.extend(buttons.chunks(2).map(<[_]>::to_vec));
    rows.extend(turns(words, (page, pages), |page| button(Choice::Groups(page))));
    let page = Page::new(title(words), words.say("texts.about", &[]), rows, choice::Choice::Admin(Console::Home));
    Turn::show(page.screen(words))
}

pub(super) fn of_group(chat: &mut Chat<'_>, of: Key, page: usize) -> Result<Turn, BookError> {
    let words = chat.words();
    let of = of.find_group(words.texts).ok_or(Wrong::Gone)?;
    let keys: Vec<&str> = words.texts.keys().filter(|key| group(key) == of).collect();
    let places: Vec<At> = keys.iter().map(|key| At { key: Key::of(key), lang: words.lang, form: None }).collect();
    let mut trail = title(words);
    trail.push(name(words, &of));
    let again = Key::of(&of);
    let screen = screen(words, trail, &places, page, |page| Choice::Group(again, page));
    Ok(Turn::show(screen.screen(words)))
}

/// Texts of which one form or all is the business's own.
fn own_places(texts: &Texts) -> Vec<At> {
    let mut places = Vec::new();
    for lang in [Lang::Ru, Lang::En] {
        for key in texts.keys() {
            if texts.pieces(lang, key).iter().any(|piece| piece.own.is_some()) {
                places.push(At { key: Key::of(key), lang, form: None });
            }
        }
    }
    places
}

pub(super) fn own(chat: &mut Chat<'_>, page: usize) -> Turn {
    let words = chat.words();
    let mut trail = title(words);
    trail.push(words.plain("texts.own", &[]));
    let places = own_places(words.texts);
    Turn::show(screen(words, trail, &places, page, Choice::Own).screen(words))
}

fn screen(words: Words<'_>, trail: Vec<String>, places: &[At], page: usize, to: impl Fn(usize) -> Choice) -> Page {
    let pages = places.len().div_ceil(PAGE).max(1);
    let page = page.min(pages - 1);
    let mut rows: Vec<Vec<Button>> = places
        .iter()
        .skip(page * PAGE)
        .take(PAGE)
        .map(|at| vec![Button::press(beginning(words, *at), button(Choice::Show(*at)).to_string())])
        .collect();
    rows.extend(turns(words, (page, pages), |page| button(to(page))));
    Page::new(trail, words.say("texts.which", &[]), rows, button(Choice::Groups(0)))
}

/// What a text begins with, without markup.
fn beginning(words: Words<'_>, at: At) -> String {
    let key = at.key.find(words.texts).unwrap_or_default();
    let pieces = words.texts.pieces(at.lang, &key);
    let Some(piece) = pieces.first() else { return key };
    let said = plain(piece.own.as_ref().unwrap_or(&piece.ours));
    let mark = if pieces.iter().any(|piece| piece.own.is_some()) { "✏️ " } else { "" };
    let cut: String = said.chars().take(ON_BUTTON).collect();
    let dots = if said.chars().count() > ON_BUTTON { "…" } else { "" };
    format!("{mark}{cut}{dots}")
}

/// One line without tags.
fn plain(html: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            _ if inside => {}
            c => out.push(if c == '\n' { ' ' } else { c }),
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(super) fn ask(chat: &mut Chat<'_>) -> Turn {
    let words = chat.words();
    let mut trail = title(words);
    trail.push(words.plain("texts.find", &[]));
    let question = Page::new(trail, words.say("texts.which_words", &[]), Vec::new(), button(Choice::Groups(0)));
    form::ask(chat, admin::Ask::Texts(Ask::Find), question)
}

/// In both languages, whatever case; the words as they are said now, and ours.
pub(super) fn found(chat: &mut Chat<'_>, wanted: &str) -> Typed {
    let words = chat.words();
    let wanted = plain(wanted).to_lowercase();
    if wanted.chars().count() < 2 {
        return Typed::Hint(words.say("texts.too_short", &[]));
    }
    let mut places = Vec::new();
    for lang in [words.lang, if words.lang == Lang::Ru { Lang::En } else { Lang::Ru }] {
        for key in words.texts.keys() {
            let says = |text: &str| plain(text).to_lowercase().contains(&wanted);
            let pieces = words.texts.pieces(lang, key);
            if pieces.iter().any(|piece| says(&piece.ours) || piece.own.as_deref().is_some_and(says)) {
                places.push(At { key: Key::of(key), lang, form: None });
            }
        }
    }
    if places.is_empty() {
        return Typed::Hint(words.say("texts.not_found", &[]));
    }
    let rows = places
        .iter()
        .take(MOST_FOUND)
        .map(|at| vec![Button::press(beginning(words, *at), button(Choice::Show(*at)).to_string())])
        .collect();
    let mut trail = title(words);
    trail.push(words.plain("texts.find", &[]));
    let n = i64::try_from(places.len()).unwrap_or(i64::MAX);
    let page = Page::new(trail, words.count("texts.found", n, &[]), rows, button(Choice::Groups(0)));
    Typed::Done(Turn::show(page.screen(words)))
}
