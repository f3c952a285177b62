//! «Сводки»: when one of the team is told of the day, in the morning and in the evening.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    super::{chat::Chat, choice, herald, turn::Turn, typed},
    console::Page,
    form::{self, Said, Typed},
};
use crate::booking::{BookError, DigestKind, roles::Right};

/// A button of this room.
///
/// ```text
/// a:dig                    when one is told
/// a:dig:set:morning        at another time
/// a:dig:off:morning        not any more
/// a:dig:show:morning       as it would be now
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    Show,
    Set(DigestKind),
    Off(DigestKind),
    Preview(DigestKind),
}

/// What this room asks to be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::bot) enum Ask {
    /// The time of one of them.
    Time(DigestKind),
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Show => f.write_str("all"),
            Self::Set(kind) => write!(f, "set:{}", kind.word()),
            Self::Off(kind) => write!(f, "off:{}", kind.word()),
            Self::Preview(kind) => write!(f, "show:{}", kind.word()),
        }
    }
}

impl Choice {
    pub(super) fn parse(parts: &[&str]) -> Option<Self> {
        Some(match *parts {
            ["all"] => Self::Show,
            ["set", kind] => Self::Set(DigestKind::from_word(kind)?),
            ["off", kind] => Self::Off(DigestKind::from_word(kind)?),
            ["show", kind] => Self::Preview(DigestKind::from_word(kind)?),
            _ => return None,
        })
    }
}

fn button(choice: Choice) -> choice::Choice {
    choice::Choice::Admin(super::Choice::Digest(choice))
}

fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

pub(super) async fn pressed(chat: &mut Chat<'_>, choice: Choice) -> Result<Turn, BookError> {
    match choice {
        Choice::Show => show(chat, None).await,
        Choice::Set(kind) => ask(chat, kind).await,
        Choice::Off(kind) => {
            chat.bookings.set_digest(chat.user(), kind, None).await?;
            let note = chat.words().say("digest.is_off", &[]);
            show(chat, Some(note)).await
        }
        Choice::Preview(kind) => preview(chat, kind).await,
    }
}

async fn show(chat: &mut Chat<'_>, note: Option<String>) -> Result<Turn, BookError> {
    let words = chat.words();
    let (_, times) = chat.bookings.digest_times(chat.user()).await?;
    let mut lines = vec![words.say("digest.about", &[])];
    let mut rows = Vec::new();
    for kind in DigestKind::ALL {
        let when = match times.of(kind) {
            Some(minute) => words.say("digest.at", &[("time", &clock(minute))]),
            None => words.say("digest.never", &[]),
        };
        lines.push(words.say(&format!("digest.when.{}", kind.word()), &[("when", &when)]));
        let mut row = vec![words.button(&format!("digest.set.{}", kind.word()), button(Choice::Set(kind)))];
        if times.of(kind).is_some() {
            row.push(words.button("digest.off", button(Choice::Off(kind))));
        }
        row.push(words.button("digest.preview", button(Choice::Preview(kind))));
        rows.push(row);
    }
    let home = choice::Choice::Admin(super::Choice::Home);
    let page = Page::new(vec![words.plain("digest.title", &[])], lines.join("\n\n"), rows, home).noting(note);
    Ok(Turn::show(page.screen(words)))
}

async fn ask(chat: &mut Chat<'_>, kind: DigestKind) -> Result<Turn, BookError> {
    chat.bookings.admit(chat.user(), Right::SeeDay).await?;
    let words = chat.words();
    let trail = vec![words.plain("digest.title", &[]), words.plain(&format!("digest.name.{}", kind.word()), &[])];
    let page = Page::new(trail, words.say("digest.which_time", &[]), Vec::new(), button(Choice::Show));
    Ok(form::ask(chat, super::Ask::Digest(Ask::Time(kind)), page))
}

/// A time of day.
pub(super) async fn typed(chat: &mut Chat<'_>, ask: &Ask, said: &Said) -> Result<Typed, BookError> {
    let Ask::Time(kind) = ask;
    chat.bookings.admit(chat.user(), Right::SeeDay).await?;
    let words = chat.words();
    Ok(match typed::clock_time(said.words()) {
        Ok(minute) => {
            let name = words.plain(&format!("digest.name.{}", kind.word()), &[]);
            Typed::Echo(words.say("digest.echo", &[("name", &name), ("time", &clock(minute))]))
        }
        Err(hint) => Typed::Hint(words.say(hint, &[])),
    })
}

pub(super) async fn saved(chat: &mut Chat<'_>, ask: &Ask, said: &Said) -> Result<Turn, BookError> {
    let Ask::Time(kind) = ask;
    let words = chat.words();
    match typed::clock_time(said.words()) {
        Ok(minute) => {
            chat.bookings.set_digest(chat.user(), *kind, Some(minute)).await?;
            show(chat, Some(words.say("digest.is_set", &[]))).await
        }
        Err(_) => Ok(Turn::stale(words.plain("stale", &[]))),
    }
}

async fn preview(chat: &mut Chat<'_>, kind: DigestKind) -> Result<Turn, BookError> {
    let (business, digest) = chat.bookings.digest_now(chat.user(), kind).await?;
    let words = chat.words();
    let trail = vec![words.plain("digest.title", &[]), words.plain(&format!("digest.name.{}", kind.word()), &[])];
    let page = Page::new(trail, herald::digest::text(words, &business, &digest), Vec::new(), button(Choice::Show));
    Ok(Turn::show(page.screen(words)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_is_read_as_it_was_written() {
        let mut all = vec![Choice::Show];
        for kind in DigestKind::ALL {
            all.extend([Choice::Set(kind), Choice::Off(kind), Choice::Preview(kind)]);
        }
        for choice in all {
            assert_eq!(Choice::parse(&choice.to_string().split(':').collect::<Vec<_>>()), Some(choice));
        }
        assert_eq!(Choice::parse(&["set", "noon"]), None);
        assert_eq!(Choice::parse(&[]), None);
    }
}
