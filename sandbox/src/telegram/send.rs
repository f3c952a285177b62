//! Sending: texts, files, actions.

use super::{Call, Outcome, Refusal, Reply, done, html, keyboard, request::Params};
use crate::{
    state::{
        State,
        chats::Message,
        places::{Deed, Place},
    },
    wire::Content,
};
use serde_json::Value;

/// The text of a message, ready to be stored.
pub(crate) struct Formatted {
    pub(crate) text: String,
    pub(crate) html: String,
    pub(crate) entities: Vec<Value>,
}

impl Formatted {
    /// No text at all.
    pub(crate) fn empty() -> Self {
        Self { text: String::new(), html: String::new(), entities: Vec::new() }
    }
}

/// The chat that a parameter names, if the bot may write there.
pub(crate) fn place(state: &State, call: &Call<'_>, name: &str) -> Result<Place, Refusal> {
    let not_found = || Refusal::bad("chat not found");
    let Some(chat) = call.params.text(name) else { return Err(Refusal::bad(format_args!("{name} is empty"))) };
    let id: i64 = chat.trim().parse().map_err(|_| not_found())?;
    if id < 0 {
        return group(state, call.bot, id);
    }
    if state.bots.contains_key(&id) {
        return Err(Refusal::new(403, "Forbidden: bot can't send messages to bots"));
    }
    let person = state.people.get(&id).ok_or_else(not_found)?;
    let bot = state.bots.get(&call.bot).ok_or_else(not_found)?;
    match bot.chats.get(&id) {
        None => Err(Refusal::new(403, "Forbidden: bot can't initiate conversation with a user")),
        Some(chat) if chat.blocked => Err(Refusal::new(403, "Forbidden: bot was blocked by the user")),
        Some(_) => Ok(Place::Private(person.person.clone())),
    }
}

fn group(state: &State, bot: i64, id: i64) -> Result<Place, Refusal> {
    let group = state.groups.get(&id).ok_or_else(|| Refusal::bad("chat not found"))?;
    let kind = if group.supergroup { "supergroup" } else { "group" };
    match group.bots.get(&bot) {
        None => Err(Refusal::bad("chat not found")),
        Some(&"kicked") => Err(Refusal::new(403, format!("Forbidden: bot was kicked from the {kind} chat"))),
        Some(&"left") => Err(Refusal::new(403, format!("Forbidden: bot is not a member of the {kind} chat"))),
        Some(_) => match group.migrated_to {
            None => Ok(Place::Group(group.name())),
            Some(to) => {
                Err(Refusal { migrate_to: Some(to), ..Refusal::bad("group chat was upgraded to a supergroup chat") })
            }
        },
    }
}

/// The chat of `chat_id`, if the bot may write there.
pub(crate) fn recipient(state: &State, call: &Call<'_>) -> Result<Place, Refusal> {
    place(state, call, "chat_id")
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
    let place = recipient(state, call)?;
    let formatted = format(state, &call.params, "text", 4096)?;
    if formatted.text.is_empty() {
        return Err(Refusal::bad("message text is empty"));
    }
    store(state, call, &place, formatted, None)
}

/// Sends what is ready to be sent, and answers with the message.
pub(crate) fn store(
    state: &mut State,
    call: &Call<'_>,
    place: &Place,
    formatted: Formatted,
    content: Option<Content>,
) -> Outcome {
    keep(state, call, place, formatted, content, |_| {}).map(Reply::Value)
}

/// The same, with a last touch; gives the message.
pub(crate) fn keep(
    state: &mut State,
    call: &Call<'_>,
    place: &Place,
    formatted: Formatted,
    content: Option<Content>,
    touch: impl FnOnce(&mut Message),
) -> Result<Value, Refusal> {
    let (seq, now) = (state.log.next(), state.now());
    let bot = state.bots.get(&call.bot).ok_or_else(|| Refusal::new(401, "Unauthorized"))?;
    let markup = keyboard::read(&call.params, bot, matches!(place, Place::Private(_)))?;
    let author = bot.user();
    let reply_to = replied_to(call, state.chat_in(call.bot, place))?;
    let id = state.new_message_in(call.bot, place);
    let mut message = Message {
        seq,
        text: formatted.text,
        html: formatted.html,
        entities: formatted.entities,
        markup,
        content,
        reply_to,
        ..Message::new(id, now, author)
    };
    touch(&mut message);
    let (answer, view) = (message.json(&state.place_json(place)), message.view());
    let bad_links = message.markup.as_ref().map(keyboard::bad_start_links).unwrap_or_default();
    if let Some(chat) = state.chat_in_mut(call.bot, place) {
        chat.add(message);
    }
    state.bot_did(call.bot, place, Deed::Sent(view));
    for link in bad_links {
        state.note(call.bot, call.method, format!("start payload against the rules: {link}"));
    }
    Ok(answer)
}

/// The message that `reply_parameters` name must be there.
fn replied_to(call: &Call<'_>, chat: Option<&crate::state::chats::Chat>) -> Result<Option<i32>, Refusal> {
    let Some(reply) = call.params.object("reply_parameters") else { return Ok(None) };
    let id = reply.get("message_id").and_then(Value::as_i64).and_then(|id| i32::try_from(id).ok());
    let found = id.filter(|id| chat.is_some_and(|chat| chat.get(*id).is_some()));
    let lenient = reply.get("allow_sending_without_reply").and_then(Value::as_bool).unwrap_or(false);
    if found.is_some() || lenient { Ok(found) } else { Err(Refusal::bad("message to be replied not found")) }
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
    let place = recipient(state, call)?;
    let action = call.params.text("action").unwrap_or_default();
    if !ACTIONS.contains(&action.as_str()) {
        return Err(Refusal::bad("wrong parameter action in request"));
    }
    if let Some(chat) = state.chat_in_mut(call.bot, &place) {
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
