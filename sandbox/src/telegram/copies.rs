//! Messages sent once more: copied, as if the bot had written them, or forwarded, with a word on where they are from.

use super::{Call, Outcome, Refusal, Reply, send};
use crate::state::{State, chats::Message, places::Place};
use serde_json::{Value, json};

/// `copyMessage`, `forwardMessage`.
pub(crate) fn one(state: &mut State, call: &Call<'_>) -> Outcome {
    let (from, to) = (source(state, call)?, send::recipient(state, call)?);
    let id = call.params.integer("message_id").unwrap_or_default();
    let old = find(state, call, &from, id)?;
    let sent = again(state, call, &old, &to)?;
    let forwards = call.method == "forwardMessage";
    Ok(Reply::Value(if forwards { sent } else { json!({"message_id": sent["message_id"]}) }))
}

/// `copyMessages`, `forwardMessages`: what cannot be copied is passed over.
pub(crate) fn many(state: &mut State, call: &Call<'_>) -> Outcome {
    let (from, to) = (source(state, call)?, send::recipient(state, call)?);
    let ids = call.params.object("message_ids").and_then(|ids| ids.as_array().cloned()).unwrap_or_default();
    let ids: Vec<i64> = ids.iter().filter_map(Value::as_i64).collect();
    if !(1..=100).contains(&ids.len()) || !ids.is_sorted() {
        return Err(Refusal::bad("message identifiers must be 1 to 100, in strictly increasing order"));
    }
    let mut sent = Vec::new();
    // What was together stays together.
    let album = state.random_digits(17);
    for id in ids {
        if let Ok(mut old) = find(state, call, &from, id) {
            old.album = old.album.map(|_| album.clone());
            sent.push(json!({"message_id": again(state, call, &old, &to)?["message_id"]}));
        }
    }
    if sent.is_empty() { Err(Refusal::bad("there are no messages to copy")) } else { Ok(Reply::Value(sent.into())) }
}

fn source(state: &State, call: &Call<'_>) -> Result<Place, Refusal> {
    send::place(state, call, "from_chat_id")
}

fn find(state: &State, call: &Call<'_>, from: &Place, id: i64) -> Result<Message, Refusal> {
    let forwards = call.method.starts_with("forward");
    let what = if forwards { "forward" } else { "copy" };
    let message = i32::try_from(id).ok().and_then(|id| state.chat_in(call.bot, from)?.get(id));
    let message = message.ok_or_else(|| Refusal::bad(format_args!("message to {what} not found")))?;
    if message.is_service() {
        let done = if forwards { "forwarded" } else { "copied" };
        return Err(Refusal::bad(format_args!("message can't be {done}")));
    }
    Ok(message.clone())
}

fn again(state: &mut State, call: &Call<'_>, old: &Message, to: &Place) -> Result<Value, Refusal> {
    let forwards = call.method.starts_with("forward");
    let mut formatted =
        send::Formatted { text: old.text.clone(), html: old.html.clone(), entities: old.entities.clone() };
    // A caption given anew stands in place of the old one; without a keyboard in the request there is none.
    if !forwards && old.is_caption() && call.params.values.contains_key("caption") {
        formatted = send::format(state, &call.params, "caption", 1024)?;
    }
    let origin = forwards.then(|| json!({"type": "user", "sender_user": old.author, "date": old.date.timestamp()}));
    let album = if call.method.ends_with('s') { old.album.clone() } else { None };
    send::keep(state, call, to, formatted, old.content.clone(), |message| {
        message.origin = origin;
        message.album = album;
    })
}
