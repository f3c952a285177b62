//! Sending: texts, files, actions.

use super::{Call, Outcome, Refusal, Reply, done, html, keyboard, request::Params};
use crate::{
    state::{State, chats::Message},
    wire::{Document, Person, What},
};
use serde_json::Value;
use std::sync::Arc;

/// The text of a message, ready to be stored.
pub(crate) struct Formatted {
    pub(crate) text: String,
    pub(crate) html: String,
    pub(crate) entities: Vec<Value>,
}

/// The person of `chat_id`, if the bot may write there.
pub(crate) fn recipient(state: &State, call: &Call<'_>) -> Result<Person, Refusal> {
    let not_found = || Refusal::bad("chat not found");
    let Some(chat) = call.params.text("chat_id") else { return Err(Refusal::bad("chat_id is empty")) };
    let id: i64 = chat.trim().parse().map_err(|_| not_found())?;
    if state.bots.contains_key(&id) {
        return Err(Refusal::new(403, "Forbidden: bot can't send messages to bots"));
    }
    let person = state.people.get(&id).ok_or_else(not_found)?;
    let bot = state.bots.get(&call.bot).ok_or_else(not_found)?;
    match bot.chats.get(&id) {
        None => Err(Refusal::new(403, "Forbidden: bot can't initiate conversation with a user")),
        Some(chat) if chat.blocked => Err(Refusal::new(403, "Forbidden: bot was blocked by the user")),
        Some(_) => Ok(person.person.clone()),
    }
}

/// Parses a text as `parse_mode` says, with the length limit that counts after parsing.
pub(crate) fn format(state: &mut State, params: &Params, field: &str, limit: usize) -> Result<Formatted, Refusal> {
    let source = params.text(field).unwrap_or_default();
    let mode = params.text("parse_mode").map(|mode| mode.to_lowercase());
    let parsed = match mode.as_deref() {
        None => {
            let entities = if field == "caption" { "caption_entities" } else { "entities" };
            let entities = params.object(entities).and_then(|list| list.as_array().cloned()).unwrap_or_default();
            html::Parsed { text: source.clone(), entities }
        }
        Some("html") => html::parse(&source)?,
        Some("markdown" | "markdownv2") => {
            state.not_modelled("parse_mode Markdown");
            return Err(Refusal::bad("sandbox: parse_mode Markdown is not modelled"));
        }
        Some(_) => return Err(Refusal::bad("unsupported parse_mode")),
    };
    let source = if mode.is_some() { source } else { html::escape(&source) };
    let formatted = trim(parsed, source);
    if formatted.text.chars().count() > limit {
        let what = if field == "caption" { "message caption is too long" } else { "message is too long" };
        return Err(Refusal::bad(what));
    }
    Ok(formatted)
}

/// Telegram takes white space off both ends.
fn trim(parsed: html::Parsed, source: String) -> Formatted {
    let start = parsed.text.trim_start();
    let cut: usize =
        parsed.text.chars().take(parsed.text.chars().count() - start.chars().count()).map(char::len_utf16).sum();
    let text = start.trim_end().to_owned();
    let length = text.encode_utf16().count();
    let number = |entity: &Value, field: &str| {
        usize::try_from(entity.get(field).and_then(Value::as_u64).unwrap_or_default()).unwrap_or_default()
    };
    let fit = |mut entity: Value| {
        let start = number(&entity, "offset").saturating_sub(cut);
        let end = number(&entity, "offset").saturating_add(number(&entity, "length")).saturating_sub(cut).min(length);
        entity["offset"] = start.into();
        entity["length"] = end.saturating_sub(start).into();
        (end > start).then_some(entity)
    };
    let entities = parsed.entities.into_iter().filter(Value::is_object).filter_map(fit).collect();
    Formatted { text, html: source.trim().to_owned(), entities }
}

pub(crate) fn send_message(state: &mut State, call: &Call<'_>) -> Outcome {
    let person = recipient(state, call)?;
    let formatted = format(state, &call.params, "text", 4096)?;
    if formatted.text.is_empty() {
        return Err(Refusal::bad("message text is empty"));
    }
    store(state, call, person, formatted, None)
}

pub(crate) fn send_document(state: &mut State, call: &Call<'_>) -> Outcome {
    let person = recipient(state, call)?;
    let formatted = format(state, &call.params, "caption", 1024)?;
    let reference = call.params.text("document");
    let name = reference.as_deref().and_then(|text| text.strip_prefix("attach://")).unwrap_or("document");
    let document = match (call.params.files.get(name), &reference) {
        (Some(file), _) if file.bytes.is_empty() => return Err(Refusal::bad("file must be non-empty")),
        (Some(file), _) if file.bytes.len() > 50 * 1024 * 1024 => {
            return Err(Refusal::new(413, "Request Entity Too Large"));
        }
        (Some(file), _) => {
            let file_id = format!("BQACAgIAAxk{}", state.random_text(48));
            state.files.insert(file_id.clone(), Arc::from(file.bytes.as_ref()));
            Document {
                file_id,
                file_name: file.name.clone(),
                mime_type: file.mime_type.clone(),
                size: file.bytes.len(),
            }
        }
        (None, Some(reference)) if state.files.contains_key(reference) => Document {
            file_id: reference.clone(),
            file_name: "file".into(),
            mime_type: "application/octet-stream".into(),
            size: state.files.get(reference).map_or(0, |bytes| bytes.len()),
        },
        (None, Some(reference)) if reference.starts_with("http") => {
            state.not_modelled("sendDocument by URL");
            return Err(Refusal::bad("sandbox: sendDocument by URL is not modelled"));
        }
        (None, Some(_)) => {
            return Err(Refusal::bad("wrong remote file identifier specified: Wrong string length"));
        }
        (None, None) => return Err(Refusal::bad("there is no document in the request")),
    };
    store(state, call, person, formatted, Some(document))
}

fn store(
    state: &mut State,
    call: &Call<'_>,
    person: Person,
    formatted: Formatted,
    document: Option<Document>,
) -> Outcome {
    let gone = || Refusal::new(401, "Unauthorized");
    let (seq, now) = (state.log.next(), state.now());
    let bot = state.bots.get_mut(&call.bot).ok_or_else(gone)?;
    let markup = keyboard::read(&call.params, bot)?;
    replied_to(call, bot.chats.get(&person.id))?;
    let message = Message {
        seq,
        text: formatted.text,
        html: formatted.html,
        entities: formatted.entities,
        markup,
        document,
        ..Message::new(bot.new_message_id(), now, true)
    };
    let answer = message.json(bot, &person);
    let view = message.view();
    let name = bot.name();
    let bad_links = message.markup.as_ref().map(keyboard::bad_start_links).unwrap_or_default();
    bot.chats.entry(person.id).or_default().add(message);
    state.happened(What::BotSent { bot: name, person, message: view });
    for link in bad_links {
        state.note(call.bot, call.method, format!("start payload against the rules: {link}"));
    }
    Ok(Reply::Value(answer))
}

/// `reply_parameters` must name a message that is there.
fn replied_to(call: &Call<'_>, chat: Option<&crate::state::chats::Chat>) -> Result<(), Refusal> {
    let Some(reply) = call.params.object("reply_parameters") else { return Ok(()) };
    let id = reply.get("message_id").and_then(Value::as_i64).and_then(|id| i32::try_from(id).ok());
    let found = id.is_some_and(|id| chat.is_some_and(|chat| chat.get(id).is_some()));
    let lenient = reply.get("allow_sending_without_reply").and_then(Value::as_bool).unwrap_or(false);
    if found || lenient { Ok(()) } else { Err(Refusal::bad("message to be replied not found")) }
}

pub(crate) fn send_chat_action(state: &mut State, call: &Call<'_>) -> Outcome {
    const ACTIONS: [&str; 11] = [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    ];
    let person = recipient(state, call)?;
    let action = call.params.text("action").unwrap_or_default();
    if !ACTIONS.contains(&action.as_str()) {
        return Err(Refusal::bad("wrong parameter action in request"));
    }
    if let Some(chat) = state.bots.get_mut(&call.bot).and_then(|bot| bot.chats.get_mut(&person.id)) {
        chat.action = Some(action);
    }
    done()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn white_space_goes_from_both_ends_and_entities_move_with_it() {
        let parsed = html::parse("\n <b>да </b>\n").unwrap();
        let formatted = trim(parsed, String::new());
        assert_eq!(formatted.text, "да");
        assert_eq!(formatted.entities, [json!({"type": "bold", "offset": 0, "length": 2})]);
    }
}
