//! What the bot says, in the business's own words: found by what it says or by the place where it is said, changed,
//! looked at before it counts, and put back.

mod edit;
mod list;

use std::fmt;

use serde::{Deserialize, Serialize};
use shared::texts::{Lang, Texts};

use super::{
    super::{
        chat::Chat,
        choice::{self, read},
        turn::Turn,
    },
    form::{Said, Typed},
};
use crate::booking::{BookError, roles::Right};

/// A button of this room.
///
/// ```text
/// a:text:all:<page>              where texts are said
/// a:text:in:<group>:<page>       the texts of one such place
/// a:text:find, a:text:own:<page> finds by what is said; those that are the business's own
/// a:text:<key>:<lang>            one text; a key is a number made of its letters
/// a:text:<key>:<lang>:<form>     one form of a plural
/// a:text:set:<key>:<lang>:<form> types it anew
/// a:text:ours:<key>:<lang>:<form>, a:text:ours!:…    ours comes back: asks; does it
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    Groups(usize),
    Group(Key, usize),
    Find,
    Own(usize),
    Show(At),
    Set(At),
    AskReset(At),
    Reset(At),
}

/// What this room asks to be typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ask {
    /// A part of what is said.
    Find,
    /// New words for this key, language and form.
    Words(String, String, Option<String>),
}

/// The key of a text or of a group, as a number made of its letters: keys are too long for a button, and their places
/// change with every version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key(u32);

/// One text in one language: all of it, or one form of a plural.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct At {
    key: Key,
    lang: Lang,
    form: Option<Form>,
}

/// A plural form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    One,
    Few,
    Many,
    Other,
}

impl Form {
    const ALL: [Self; 4] = [Self::One, Self::Few, Self::Many, Self::Other];

    fn word(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Few => "few",
            Self::Many => "many",
            Self::Other => "other",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.word() == word)
    }
}

impl Key {
    /// FNV-1a: the same in every version of the program.
    fn of(key: &str) -> Self {
        Self(key.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)))
    }

    /// The key, if there is such a text.
    fn find(self, texts: &Texts) -> Option<String> {
        texts.keys().find(|key| Self::of(key) == self).map(str::to_owned)
    }

    /// The group, if there is such a one.
    fn find_group(self, texts: &Texts) -> Option<String> {
        texts.keys().map(group).find(|group| Self::of(group) == self).map(str::to_owned)
    }
}

/// Where a text is said: the first word of its key.
fn group(key: &str) -> &str {
    key.split('.').next().unwrap_or(key)
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.key.0, self.lang.code())?;
        match self.form {
            Some(form) => write!(f, ":{}", form.word()),
            None => Ok(()),
        }
    }
}

impl At {
    fn parse(parts: &[&str]) -> Option<Self> {
        let (key, lang, form) = match *parts {
            [key, lang] => (key, lang, None),
            [key, lang, form] => (key, lang, Some(Form::from_word(form)?)),
            _ => return None,
        };
        let lang = [Lang::Ru, Lang::En].into_iter().find(|known| known.code() == lang)?;
        Some(Self { key: key_of(key)?, lang, form })
    }
}

fn key_of(text: &str) -> Option<Key> {
    read::number(text, i64::from(u32::MAX)).and_then(|n| u32::try_from(n).ok()).map(Key)
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Groups(page) => write!(f, "all:{page}"),
            Self::Group(key, page) => write!(f, "in:{}:{page}", key.0),
            Self::Find => f.write_str("find"),
            Self::Own(page) => write!(f, "own:{page}"),
            Self::Show(at) => write!(f, "{at}"),
            Self::Set(at) => write!(f, "set:{at}"),
            Self::AskReset(at) => write!(f, "ours:{at}"),
            Self::Reset(at) => write!(f, "ours!:{at}"),
        }
    }
}

impl Choice {
    pub(super) fn parse(parts: &[&str]) -> Option<Self> {
        Some(match *parts {
            ["all", page] => Self::Groups(read::page(page)?),
            ["in", key, page] => Self::Group(key_of(key)?, read::page(page)?),
            ["find"] => Self::Find,
            ["own", page] => Self::Own(read::page(page)?),
            ["set", ref at @ ..] => Self::Set(At::parse(at)?),
            ["ours", ref at @ ..] => Self::AskReset(At::parse(at)?),
            ["ours!", ref at @ ..] => Self::Reset(At::parse(at)?),
            ref at => Self::Show(At::parse(at)?),
        })
    }
}

fn button(choice: Choice) -> choice::Choice {
    choice::Choice::Admin(super::Choice::Texts(choice))
}

pub(super) async fn pressed(chat: &mut Chat<'_>, choice: Choice) -> Result<Turn, BookError> {
    chat.bookings.admit(chat.user(), Right::EditTexts).await?;
    match choice {
        Choice::Groups(page) => Ok(list::groups(chat, page)),
        Choice::Group(key, page) => list::of_group(chat, key, page),
        Choice::Find => Ok(list::ask(chat)),
        Choice::Own(page) => Ok(list::own(chat, page)),
        Choice::Show(at) => edit::show(chat, at, None),
        Choice::Set(at) => edit::ask(chat, at),
        Choice::AskReset(at) => edit::ask_reset(chat, at),
        Choice::Reset(at) => edit::reset(chat, at).await,
    }
}

pub(super) async fn typed(chat: &mut Chat<'_>, ask: &Ask, said: &Said) -> Result<Typed, BookError> {
    chat.bookings.admit(chat.user(), Right::EditTexts).await?;
    match ask {
        Ask::Find => Ok(list::found(chat, said.words())),
        Ask::Words(key, lang, form) => edit::typed(chat, (key, lang, form.as_deref()), said).await,
    }
}

pub(super) async fn saved(chat: &mut Chat<'_>, ask: &Ask, said: &Said) -> Result<Turn, BookError> {
    match ask {
        Ask::Find => Ok(list::groups(chat, 0)),
        Ask::Words(key, lang, form) => edit::save(chat, (key, lang, form.as_deref()), said).await,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_texts_share_a_number() {
        let texts = Texts::load("tenant").unwrap();
        let all: BTreeSet<&str> = texts.keys().chain(texts.keys().map(group)).collect();
        let numbers: BTreeSet<u32> = all.iter().map(|key| Key::of(key).0).collect();
        assert_eq!(all.len(), numbers.len());
    }
}
