//! People and chats that a person chooses for a bot that asks for them.

use super::{
    Complaint,
    acts::{Pair, deliver},
};
use crate::{
    state::{State as Shared, people},
    wire::{Act, Content, What},
};
use serde_json::{Value, json};

fn wants(asked: &Value, what: &str) -> bool {
    asked.get(what).and_then(Value::as_bool).unwrap_or(false)
}

/// A message that shares what was chosen.
fn shared(state: &mut Shared, pair: &Pair, kind: &str, value: Value) -> Result<Act, Complaint> {
    let (person, bot, content) = (pair.person.clone(), pair.name.clone(), format!("{kind} {value}"));
    let fill = Content { kind: kind.to_owned(), value };
    deliver(
        state,
        pair,
        |message| message.content = Some(fill),
        |message_id| What::PersonSent { person, bot, message_id, content },
    )
}

/// The people that a key with `request_users` asks for.
pub(super) fn users(state: &mut Shared, pair: &Pair, asked: &Value, chosen: &[i64]) -> Result<Act, Complaint> {
    let most = asked.get("max_quantity").and_then(Value::as_u64).unwrap_or(1);
    if chosen.is_empty() || chosen.len() as u64 > most {
        return Err(Complaint::new("users", format!("choose 1 to {most} of them: \"users\":[…]")));
    }
    let mut users = Vec::new();
    for id in chosen {
        let person = state.people.get(id).ok_or_else(|| Complaint::missing("person", id))?;
        let mut user = json!({"user_id": id});
        let known = people::user(&person.person);
        if wants(asked, "request_name") {
            people::put(&mut user, "first_name", known.get("first_name"));
            people::put(&mut user, "last_name", known.get("last_name"));
        }
        if wants(asked, "request_username") {
            people::put(&mut user, "username", known.get("username"));
        }
        users.push(user);
    }
    shared(state, pair, "users_shared", json!({"request_id": asked["request_id"], "users": users}))
}

/// The group that a key with `request_chat` asks for.
pub(super) fn chat(state: &mut Shared, pair: &Pair, asked: &Value, chosen: Option<i64>) -> Result<Act, Complaint> {
    let id = chosen.ok_or_else(|| Complaint::new("chat", "choose one: \"chat\":-100…"))?;
    let group = state.groups.get(&id).ok_or_else(|| Complaint::missing("group", id))?;
    if wants(asked, "chat_is_channel") {
        return Err(Complaint::new("chat", "the key asks for a channel, and there are none"));
    }
    if !group.members.contains(&pair.person.id) {
        return Err(Complaint::new("chat", "the person is not in this group"));
    }
    if wants(asked, "chat_is_created") && group.creator != pair.person.id {
        return Err(Complaint::new("chat", "the key asks for a group of the person's own"));
    }
    if wants(asked, "bot_is_member") && !group.has(pair.bot) {
        return Err(Complaint::new("chat", "the key asks for a group that the bot is in"));
    }
    let mut value = json!({"request_id": asked["request_id"], "chat_id": id});
    if wants(asked, "request_title") {
        value["title"] = group.title.as_str().into();
    }
    shared(state, pair, "chat_shared", value)
}
