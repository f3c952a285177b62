//! Changing and deleting messages, and answering presses.

use super::{Call, Outcome, Refusal, Reply, done, keyboard, media, send};
use crate::{
    state::{
        State,
        chats::Message,
        places::{Deed, Place},
    },
    wire::{Content, What},
};
use chrono::TimeDelta;
use serde_json::Value;

/// How long after a press it can still be answered: as long as Telegram keeps the update.
const PRESS_LIVES: TimeDelta = TimeDelta::seconds(150);

/// A message can be deleted for so long.
const DELETABLE: TimeDelta = TimeDelta::hours(48);

const NOT_MODIFIED: &str = "message is not modified: specified new message content and reply markup are exactly the \
                            same as a current content and reply markup of the message";

pub(crate) fn edit_text(state: &mut State, call: &Call<'_>) -> Outcome {
    let (place, old) = target(state, call)?;
    let formatted = send::format(state, &call.params, "text", 4096)?;
    if old.content.is_some() {
        return Err(Refusal::bad("there is no text in the message to edit"));
    }
    if formatted.text.is_empty() {
        return Err(Refusal::bad("message text is empty"));
    }
    rewrite(state, call, &place, &old, formatted, None)
}

pub(crate) fn edit_caption(state: &mut State, call: &Call<'_>) -> Outcome {
    let (place, old) = target(state, call)?;
    let formatted = send::format(state, &call.params, "caption", 1024)?;
    if !old.is_caption() {
        return Err(Refusal::bad("there is no caption in the message to edit"));
    }
    let content = old.content.clone();
    rewrite(state, call, &place, &old, formatted, content)
}

pub(crate) fn edit_media(state: &mut State, call: &Call<'_>) -> Outcome {
    let (place, old) = target(state, call)?;
    let (content, formatted) = media::edited(state, call)?;
    if old.album.is_some() && old.kind() != content.kind {
        return Err(Refusal::bad("message can't be edited: media types of an album can't be mixed"));
    }
    rewrite(state, call, &place, &old, formatted, Some(content))
}

/// The message with another text and content. Without a keyboard in the request the old one goes.
fn rewrite(
    state: &mut State,
    call: &Call<'_>,
    place: &Place,
    old: &Message,
    formatted: send::Formatted,
    content: Option<Content>,
) -> Outcome {
    let markup = read_markup(state, call, place)?;
    let (text, html, entities) = (formatted.text, formatted.html, formatted.entities);
    replace(state, call, place, old, Message { text, html, entities, markup, content, ..old.clone() })
}

fn read_markup(state: &State, call: &Call<'_>, place: &Place) -> Result<Option<Value>, Refusal> {
    let bot = state.bots.get(&call.bot).ok_or_else(|| Refusal::new(401, "Unauthorized"))?;
    keyboard::read(&call.params, bot, matches!(place, Place::Private(_)))
}

pub(crate) fn edit_reply_markup(state: &mut State, call: &Call<'_>) -> Outcome {
    let (place, old) = target(state, call)?;
    let markup = read_markup(state, call, &place)?;
    replace(state, call, &place, &old, Message { markup, ..old.clone() })
}

/// The message to be edited, and where it is.
fn target(state: &mut State, call: &Call<'_>) -> Result<(Place, Message), Refusal> {
    if call.params.text("inline_message_id").is_some() {
        state.not_modelled("inline messages");
        return Err(Refusal::bad("sandbox: inline messages are not modelled"));
    }
    let place = send::recipient(state, call)?;
    let not_found = || Refusal::bad("message to edit not found");
    let id = message_id(call, "message identifier is not specified")?;
    let message = state.chat_in(call.bot, &place).and_then(|chat| chat.get(id)).ok_or_else(not_found)?;
    if !message.can_be_edited() || !message.is_of(call.bot) || message.origin.is_some() {
        return Err(Refusal::bad("message can't be edited"));
    }
    Ok((place, message.clone()))
}

fn message_id(call: &Call<'_>, absent: &str) -> Result<i32, Refusal> {
    let id = call.params.integer("message_id").ok_or_else(|| Refusal::bad(absent))?;
    // A number that no message can have is one of no message.
    Ok(i32::try_from(id).unwrap_or(0))
}

fn replace(state: &mut State, call: &Call<'_>, place: &Place, old: &Message, mut new: Message) -> Outcome {
    let same = new.text == old.text && new.entities == old.entities && new.content == old.content;
    if same && new.markup == old.markup {
        return Err(Refusal::bad(NOT_MODIFIED));
    }
    if new.markup.as_ref().is_some_and(|markup| markup.get("inline_keyboard").is_none()) {
        return Err(Refusal::bad("inline keyboard expected"));
    }
    new.seq = state.log.next();
    new.edited = Some(state.now());
    let (answer, view) = (new.json(&state.place_json(place)), new.view());
    let bad_links = new.markup.as_ref().map(keyboard::bad_start_links).unwrap_or_default();
    if let Some(message) = state.chat_in_mut(call.bot, place).and_then(|chat| chat.get_mut(new.id)) {
        *message = new;
    }
    state.bot_did(call.bot, place, Deed::Edited(view));
    for link in bad_links {
        state.note(call.bot, call.method, format!("start payload against the rules: {link}"));
    }
    Ok(Reply::Value(answer))
}

pub(crate) fn delete(state: &mut State, call: &Call<'_>) -> Outcome {
    let place = send::recipient(state, call)?;
    let not_found = || Refusal::bad("message to delete not found");
    let id = message_id(call, "message identifier is not specified")?;
    let now = state.now();
    let message = state.chat_in(call.bot, &place).and_then(|chat| chat.get(id)).ok_or_else(not_found)?;
    let foreign = match &place {
        Place::Private(_) => false,
        Place::Group(group) => {
            let rules = state.groups.get(&group.id).and_then(|group| group.bots.get(&call.bot));
            !message.is_of(call.bot) && rules != Some(&"administrator")
        }
    };
    if foreign || now - message.date > DELETABLE {
        return Err(Refusal::bad("message can't be deleted"));
    }
    state.chat_in_mut(call.bot, &place).and_then(|chat| chat.remove(id)).ok_or_else(not_found)?;
    state.bot_did(call.bot, &place, Deed::Deleted(id));
    done()
}

pub(crate) fn answer_callback_query(state: &mut State, call: &Call<'_>) -> Outcome {
    let too_old = || Refusal::bad("query is too old and response timeout expired or query ID is invalid");
    let text = call.params.text("text");
    if text.as_ref().is_some_and(|text| text.chars().count() > 200) {
        return Err(Refusal::bad("MESSAGE_TOO_LONG"));
    }
    let id = call.params.text("callback_query_id").ok_or_else(too_old)?;
    let now = state.now();
    let bot = state.bots.get_mut(&call.bot).ok_or_else(too_old)?;
    let press = bot.presses.take(&id).filter(|press| now - press.at < PRESS_LIVES).ok_or_else(too_old)?;
    let bot = bot.name();
    let person = state.people.get(&press.person).map(|resident| resident.person.clone()).ok_or_else(too_old)?;
    let alert = call.params.flag("show_alert");
    state.happened(What::PressAnswered { bot, person, query_id: id, text, alert });
    done()
}
