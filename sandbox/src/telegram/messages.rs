//! Changing and deleting messages, and answering presses.

use super::{Call, Outcome, Refusal, Reply, done, keyboard, send};
use crate::{
    state::{State, chats::Message},
    wire::{Person, What},
};
use chrono::TimeDelta;

/// How long after a press it can still be answered: as long as Telegram keeps the update.
const PRESS_LIVES: TimeDelta = TimeDelta::seconds(150);

const NOT_MODIFIED: &str = "message is not modified: specified new message content and reply markup are exactly the \
                            same as a current content and reply markup of the message";

pub(crate) fn edit_text(state: &mut State, call: &Call<'_>) -> Outcome {
    let (person, old) = target(state, call)?;
    let formatted = send::format(state, &call.params, "text", 4096)?;
    if old.document.is_some() || old.contact.is_some() {
        return Err(Refusal::bad("there is no text in the message to edit"));
    }
    if formatted.text.is_empty() {
        return Err(Refusal::bad("message text is empty"));
    }
    let bot = state.bots.get(&call.bot).ok_or_else(|| Refusal::new(401, "Unauthorized"))?;
    // Without a keyboard in the request the old one goes.
    let markup = keyboard::read(&call.params, bot)?;
    let new =
        Message { text: formatted.text, html: formatted.html, entities: formatted.entities, markup, ..old.clone() };
    replace(state, call, person, &old, new)
}

pub(crate) fn edit_reply_markup(state: &mut State, call: &Call<'_>) -> Outcome {
    let (person, old) = target(state, call)?;
    let bot = state.bots.get(&call.bot).ok_or_else(|| Refusal::new(401, "Unauthorized"))?;
    let markup = keyboard::read(&call.params, bot)?;
    let new = Message { markup, ..old.clone() };
    replace(state, call, person, &old, new)
}

/// The message to be edited, and whose chat it is in.
fn target(state: &mut State, call: &Call<'_>) -> Result<(Person, Message), Refusal> {
    if call.params.text("inline_message_id").is_some() {
        state.not_modelled("inline messages");
        return Err(Refusal::bad("sandbox: inline messages are not modelled"));
    }
    let person = send::recipient(state, call)?;
    let not_found = || Refusal::bad("message to edit not found");
    let id = message_id(call, "message identifier is not specified")?;
    let chat = state.bots.get(&call.bot).and_then(|bot| bot.chats.get(&person.id)).ok_or_else(not_found)?;
    let message = chat.get(id).ok_or_else(not_found)?;
    if !message.can_be_edited() {
        return Err(Refusal::bad("message can't be edited"));
    }
    Ok((person, message.clone()))
}

fn message_id(call: &Call<'_>, absent: &str) -> Result<i32, Refusal> {
    let id = call.params.integer("message_id").ok_or_else(|| Refusal::bad(absent))?;
    // A number that no message can have is one of no message.
    Ok(i32::try_from(id).unwrap_or(0))
}

fn replace(state: &mut State, call: &Call<'_>, person: Person, old: &Message, mut new: Message) -> Outcome {
    if new.text == old.text && new.entities == old.entities && new.markup == old.markup {
        return Err(Refusal::bad(NOT_MODIFIED));
    }
    if new.markup.as_ref().is_some_and(|markup| markup.get("inline_keyboard").is_none()) {
        return Err(Refusal::bad("inline keyboard expected"));
    }
    new.seq = state.log.next();
    new.edited = Some(state.now());
    let bot = state.bots.get_mut(&call.bot).ok_or_else(|| Refusal::new(401, "Unauthorized"))?;
    let (answer, view, name) = (new.json(bot, &person), new.view(), bot.name());
    let bad_links = new.markup.as_ref().map(keyboard::bad_start_links).unwrap_or_default();
    if let Some(message) = bot.chats.get_mut(&person.id).and_then(|chat| chat.get_mut(new.id)) {
        *message = new;
    }
    state.happened(What::BotEdited { bot: name, person, message: view });
    for link in bad_links {
        state.note(call.bot, call.method, format!("start payload against the rules: {link}"));
    }
    Ok(Reply::Value(answer))
}

pub(crate) fn delete(state: &mut State, call: &Call<'_>) -> Outcome {
    let person = send::recipient(state, call)?;
    let not_found = || Refusal::bad("message to delete not found");
    let id = message_id(call, "message identifier is not specified")?;
    let bot = state.bots.get_mut(&call.bot).ok_or_else(not_found)?;
    bot.chats.get_mut(&person.id).and_then(|chat| chat.remove(id)).ok_or_else(not_found)?;
    let bot = bot.name();
    state.happened(What::BotDeleted { bot, person, message_id: id });
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
