//! A question to one of the team: asked, answered in their own words, echoed as it was understood, and only then done.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::telegram::{
    Button, Screen,
    incoming::{MadeOf, Message},
};

use super::{
    super::{
        chat::Chat,
        choice::{self, DraftId},
        talk::Awaiting,
        turn::Turn,
    },
    Ask, Choice,
    console::Page,
};
use crate::booking::BookError;

/// What was typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Said {
    /// The words, of a picture those below it.
    pub(crate) text: Option<String>,
    /// The same as HTML, with its formatting.
    pub(crate) html: Option<String>,
    /// A picture: a file id of this bot.
    pub(crate) photo: Option<String>,
    /// What the message is made of.
    #[serde(skip)]
    pub(crate) made_of: Option<MadeOf>,
    /// The album that it is part of.
    #[serde(skip)]
    pub(crate) album: Option<String>,
    /// The message's number in the chat.
    pub(crate) message_id: i32,
    /// When: «завтра» is meant from then.
    pub(crate) at: DateTime<Utc>,
}

impl Said {
    /// The words, or nothing.
    pub(crate) fn words(&self) -> &str {
        self.text.as_deref().unwrap_or_default().trim()
    }
}

/// What was made of it.
pub(in crate::bot) enum Typed {
    /// It was understood so (HTML), and counts when that is agreed to.
    Echo(String),
    /// It was not understood: this (HTML) is how to type it.
    Hint(String),
    /// It needs no agreement, and leads here.
    Done(Turn),
    /// The same; the message is what is wanted, so it stays, and another may follow.
    Kept(Turn),
}

/// A question that waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Form {
    /// Its number, which its buttons carry: another one for every answer.
    number: DraftId,
    ask: Ask,
    /// The screen of the question.
    question: String,
    rows: Vec<Vec<Button>>,
    /// What was answered.
    said: Option<Said>,
}

/// Asks: the page is the question, and its buttons are other ways to answer.
pub(in crate::bot) fn ask(chat: &mut Chat<'_>, ask: Ask, page: Page) -> Turn {
    let screen = page.screen(chat.words());
    let rows = match &screen.keyboard {
        shared::telegram::Keyboard::Inline(rows) => rows.clone(),
        _ => Vec::new(),
    };
    let number = DraftId::of(chat.guest.update_id);
    chat.talk.awaiting = Some(Awaiting::Form);
    chat.talk.form = Some(Form { number, ask, question: screen.text.clone(), rows, said: None });
    Turn::show(screen).in_place()
}

/// An answer.
pub(super) async fn typed(chat: &mut Chat<'_>, message: &Message) -> Result<Turn, BookError> {
    let Some(mut form) = chat.talk.form.take() else {
        chat.talk.awaiting = None;
        return super::home::show(chat).await;
    };
    let said = Said {
        text: message.text.clone(),
        html: message.html.clone(),
        photo: message.photo.clone(),
        made_of: message.made_of,
        album: message.album.clone(),
        message_id: message.message_id,
        at: chat.now,
    };
    let words = chat.words();
    let hint = match super::read(chat, &form.ask, &said).await {
        Ok(Typed::Echo(echo)) => {
            form.number = DraftId::of(chat.guest.update_id);
            form.said = Some(said);
            let rows = vec![
                vec![button(chat, "console.save", Choice::Save(form.number))],
                vec![button(chat, "console.redo", Choice::Redo(form.number))],
            ];
            let text = words.say("console.echo", &[("echo", &echo)]);
            let back = form.rows.last().cloned().into_iter();
            let screen = Screen::text(text).inline(rows.into_iter().chain(back).collect());
            chat.talk.form = Some(form);
            return Ok(Turn::show(screen).in_place());
        }
        Ok(Typed::Done(turn)) => {
            // Unless it has asked something else.
            if chat.talk.form.is_none() {
                chat.talk.awaiting = None;
            }
            return Ok(turn.in_place());
        }
        Ok(Typed::Kept(turn)) => {
            chat.talk.form = Some(form);
            return Ok(turn.leaving());
        }
        Ok(Typed::Hint(hint)) => hint,
        Err(BookError::Refused(refusal)) => words.refusal(refusal),
        Err(BookError::Wrong(wrong)) => words.wrong(wrong),
        Err(error) => return Err(error),
    };
    // The question stays, with what is wrong over it; what was typed before still stands to be saved or not.
    let screen = Screen::text(format!("⚠️ {hint}\n\n{}", form.question)).inline(form.rows.clone());
    form.said = None;
    chat.talk.form = Some(form);
    Ok(Turn::show(screen).in_place())
}

/// What was typed counts: its room reads it once more and does it. If that cannot be, the question stays.
pub(super) async fn save(chat: &mut Chat<'_>, number: DraftId) -> Result<Turn, BookError> {
    let Some((ask, said)) = answered(chat, number) else { return Ok(stale(chat)) };
    let form = chat.talk.form.take();
    let turn = super::saved(chat, &ask, &said).await;
    match turn {
        Ok(turn) => {
            if chat.talk.form.is_none() {
                chat.talk.awaiting = None;
            }
            Ok(turn)
        }
        Err(error) => {
            chat.talk.form = form;
            Err(error)
        }
    }
}

/// It is typed anew.
pub(super) fn redo(chat: &mut Chat<'_>, number: DraftId) -> Result<Turn, BookError> {
    if answered(chat, number).is_none() {
        return Ok(stale(chat));
    }
    let Some(form) = &mut chat.talk.form else { return Ok(stale(chat)) };
    form.said = None;
    Ok(Turn::show(Screen::text(form.question.clone()).inline(form.rows.clone())))
}

fn answered(chat: &Chat<'_>, number: DraftId) -> Option<(Ask, Said)> {
    let form = chat.talk.form.as_ref().filter(|form| form.number == number)?;
    Some((form.ask.clone(), form.said.clone()?))
}

fn stale(chat: &Chat<'_>) -> Turn {
    Turn::stale(chat.words().plain("stale", &[]))
}

fn button(chat: &Chat<'_>, key: &str, choice: Choice) -> Button {
    chat.words().button(key, choice::Choice::Admin(choice))
}
