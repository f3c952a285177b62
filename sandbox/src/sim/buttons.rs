//! Buttons: pressed under messages, forged, and pressed on the keyboard below the chat.

use super::{
    Answer, Body, Complaint,
    acts::{Pair, deliver, pair, say_text, share},
    choices, open, sends,
};
use crate::{
    state::{State as Shared, World, bots::Press, people},
    wire::{Act, What},
};
use axum::{
    Json,
    extract::{Path, State},
};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
pub(super) struct PressOrder {
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    data: Option<String>,
    #[serde(default)]
    message_id: Option<i32>,
}

/// Presses a button that is there now: by its text (whole or part) or its data, on the message named or on the newest
/// that has it.
pub(super) async fn press(
    State(world): State<World>,
    Path((user, bot)): Path<(i64, String)>,
    Body(order): Body<PressOrder>,
) -> Answer<Act> {
    let mut state = world.lock();
    let pair = pair(&state, user, &bot)?;
    let no_button = || {
        let wanted = order.text.as_ref().or(order.data.as_ref()).cloned().unwrap_or_default();
        Complaint::new("no_such_button", format!("no button {wanted:?} on the current keyboard"))
    };
    let chat = state.bots.get(&pair.bot).and_then(|bot| bot.chats.get(&user)).ok_or_else(no_button)?;
    let found = chat
        .newest_first()
        .filter(|message| order.message_id.is_none_or(|id| id == message.id))
        .filter(|message| message.from_bot)
        .find_map(|message| {
            let view = message.view();
            let button = match (&order.text, &order.data) {
                (Some(text), _) => view.button(text),
                (None, Some(data)) => view.buttons.iter().flatten().find(|b| b.data.as_ref() == Some(data)),
                (None, None) => None,
            };
            button.cloned().map(|button| (view.id, button))
        });
    let (message_id, button) = found.ok_or_else(no_button)?;
    if let Some(data) = button.data {
        return pressed(&mut state, &pair, message_id, &button.text, data, false).map(Json);
    }
    let seq = state.happened(What::PersonPressed {
        person: pair.person.clone(),
        bot: pair.name.clone(),
        message_id,
        button: button.text,
        data: None,
        url: button.url.clone(),
        query_id: None,
        forged: false,
    });
    Ok(Json(Act { message_id: Some(message_id), url: button.url, ..pair.act(seq) }))
}

#[derive(Deserialize)]
pub(super) struct Callback {
    message_id: i32,
    data: String,
}

/// A press as a modified client could send it: any data, any message, whether or not such a button is there.
pub(super) async fn callback(
    State(world): State<World>,
    Path((user, bot)): Path<(i64, String)>,
    Body(order): Body<Callback>,
) -> Answer<Act> {
    let mut state = world.lock();
    let pair = pair(&state, user, &bot)?;
    pressed(&mut state, &pair, order.message_id, "", order.data, true).map(Json)
}

fn pressed(
    state: &mut Shared,
    pair: &Pair,
    message_id: i32,
    button: &str,
    data: String,
    forged: bool,
) -> Result<Act, Complaint> {
    let (query_id, at) = (format!("{}{}", pair.person.id, state.random_digits(9)), state.now());
    let bot = pair.bot(state)?;
    if !bot.admits(pair.person.id) {
        return Err(Complaint::new("restricted", "the bot's access settings keep this person out"));
    }
    let message = match bot.chats.get(&pair.person.id).and_then(|chat| chat.get(message_id)) {
        Some(message) => message.json(&people::chat(&pair.person)),
        None => json!({"chat": people::chat(&pair.person), "message_id": message_id, "date": 0}),
    };
    let query = json!({
        "id": query_id, "from": people::user(&pair.person), "message": message,
        "chat_instance": pair.person.id.wrapping_mul(31).to_string(), "data": data,
    });
    bot.presses.add(query_id.clone(), Press { person: pair.person.id, at });
    let update_id = bot.queue.push("callback_query", &query);
    let seq = state.happened(What::PersonPressed {
        person: pair.person.clone(),
        bot: pair.name.clone(),
        message_id,
        button: button.to_owned(),
        data: Some(data),
        url: None,
        query_id: Some(query_id.clone()),
        forged,
    });
    Ok(Act { message_id: Some(message_id), update_id, query_id: Some(query_id), ..pair.act(seq) })
}

#[derive(Deserialize)]
pub(super) struct KeyOrder {
    text: String,
    /// What the person changes the suggested name of a new bot to.
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    username: Option<String>,
    /// The people whom the person chooses.
    #[serde(default)]
    users: Vec<i64>,
    /// The group that the person chooses.
    #[serde(default)]
    chat: Option<i64>,
}

/// Presses a key of the keyboard below the chat: sends its text, or what it asks for.
pub(super) async fn key(
    State(world): State<World>,
    Path((user, bot)): Path<(i64, String)>,
    Body(order): Body<KeyOrder>,
) -> Answer<Act> {
    let mut state = world.lock();
    let pair = pair(&state, user, &bot)?;
    let keys = state.bots.get(&pair.bot).and_then(|bot| bot.chats.get(&user)).map(|chat| chat.keys());
    let keys: Vec<_> = keys.unwrap_or_default().into_iter().flatten().collect();
    let exact = keys.iter().find(|key| key.text == order.text);
    let Some(key) = exact.or_else(|| keys.iter().find(|key| key.text.contains(&order.text))).cloned() else {
        let message = format!("no key {:?} on the keyboard below the chat", order.text);
        return Err(Complaint::new("no_such_button", message));
    };
    if key.asks_contact {
        return share(&mut state, &pair, None, Some(user)).map(Json);
    }
    if let Some(asked) = &key.asks_users {
        return choices::users(&mut state, &pair, asked, &order.users).map(Json);
    }
    if let Some(asked) = &key.asks_chat {
        return choices::chat(&mut state, &pair, asked, order.chat).map(Json);
    }
    if key.asks_location {
        return sends::location(&mut state, &pair).map(Json);
    }
    if let Some(asked) = key.asks_bot {
        let name = order.name.or(asked.suggested_name).unwrap_or_else(|| "New bot".into());
        let username = order.username.or(asked.suggested_username).unwrap_or_default();
        let made = open::make_managed(&mut state, &pair.person, pair.bot, &name, &username)?;
        let told = |message_id| What::PersonSaid {
            person: pair.person.clone(),
            bot: pair.name.clone(),
            message_id,
            text: format!("[{} → @{}]", key.text, made.username),
        };
        let act = deliver(&mut state, &pair, |message| message.created_bot = Some(made.clone()), told)?;
        return Ok(Json(Act { created: Some(made), ..act }));
    }
    say_text(&mut state, &pair, &key.text).map(Json)
}
