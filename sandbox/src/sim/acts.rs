//! What a person does in a chat with a bot.

use super::{Answer, Body, Complaint, bots::find};
use crate::{
    state::{State as Shared, World, bots::Bot, chats::Message, people},
    telegram::is_payload,
    wire::{Act, BotName, ChatView, Content, Person, What},
};
use axum::{
    Json,
    extract::{Path, State},
};
use serde::Deserialize;
use serde_json::{Value, json};

/// A person and a bot that both exist.
pub(super) struct Pair {
    pub(super) person: Person,
    pub(super) bot: i64,
    pub(super) name: BotName,
}

pub(super) fn pair(state: &Shared, user: i64, bot: &str) -> Result<Pair, Complaint> {
    let person = state.people.get(&user).ok_or_else(|| Complaint::missing("person", user))?.person.clone();
    let bot = find(state, bot)?;
    let name = state.bot_name(bot).ok_or_else(|| Complaint::missing("bot", bot))?;
    Ok(Pair { person, bot, name })
}

impl Pair {
    pub(super) fn bot<'a>(&self, state: &'a mut Shared) -> Result<&'a mut Bot, Complaint> {
        state.bots.get_mut(&self.bot).ok_or_else(|| Complaint::missing("bot", self.bot))
    }

    pub(super) fn act(&self, seq: u64) -> Act {
        Act { seq, person: self.person.id, bot: self.bot, ..Act::default() }
    }
}

pub(super) async fn chat(State(world): State<World>, Path((user, bot)): Path<(i64, String)>) -> Answer<ChatView> {
    let state = world.lock();
    let pair = pair(&state, user, &bot)?;
    let seq = state.log.last();
    let view = match state.bots.get(&pair.bot).and_then(|bot| bot.chats.get(&user)) {
        Some(chat) => chat.view(seq, pair.name, pair.person),
        None => ChatView {
            seq,
            bot: pair.name,
            person: pair.person,
            started: false,
            blocked: false,
            messages: Vec::new(),
            keys: Vec::new(),
            action: None,
        },
    };
    Ok(Json(view))
}

/// Puts a message of the person into the chat and hands it to the bot. Opens the chat if it was not.
pub(super) fn deliver(
    state: &mut Shared,
    pair: &Pair,
    fill: impl FnOnce(&mut Message),
    told: impl FnOnce(i32) -> What,
) -> Result<Act, Complaint> {
    let (seq, now) = (state.log.next(), state.now());
    let bot = pair.bot(state)?;
    if bot.chats.get(&pair.person.id).is_some_and(|chat| chat.blocked) {
        return Err(Complaint::new("blocked", "the person has blocked this bot; unblock it first"));
    }
    if !bot.admits(pair.person.id) {
        return Err(Complaint::new("restricted", "the bot's access settings keep this person out"));
    }
    let mut message = Message::new(bot.new_message_id(), now, people::user(&pair.person));
    message.seq = seq;
    fill(&mut message);
    let (id, json) = (message.id, message.json(&people::chat(&pair.person)));
    bot.chats.entry(pair.person.id).or_default().add(message);
    let update_id = bot.queue.push("message", &json);
    let seq = state.happened(told(id));
    Ok(Act { message_id: Some(id), update_id, ..pair.act(seq) })
}

pub(super) fn say_text(state: &mut Shared, pair: &Pair, text: &str) -> Result<Act, Complaint> {
    let text = text.trim().to_owned();
    if text.is_empty() || text.chars().count() > 4096 {
        return Err(Complaint::new("text", "a text has 1 to 4096 letters"));
    }
    let (person, bot) = (pair.person.clone(), pair.name.clone());
    let said = text.clone();
    let fill = |message: &mut Message| {
        let word = text.split_whitespace().next().unwrap_or_default();
        if word.len() > 1 && word.starts_with('/') {
            message.entities = vec![json!({"type": "bot_command", "offset": 0, "length": word.encode_utf16().count()})];
        }
        message.html = crate::telegram::html::escape(&text);
        message.text = text;
    };
    deliver(state, pair, fill, |message_id| What::PersonSaid { person, bot, message_id, text: said })
}

#[derive(Deserialize)]
pub(super) struct Say {
    text: String,
}

pub(super) async fn say(
    State(world): State<World>,
    Path((user, bot)): Path<(i64, String)>,
    Body(order): Body<Say>,
) -> Answer<Act> {
    let mut state = world.lock();
    let pair = pair(&state, user, &bot)?;
    say_text(&mut state, &pair, &order.text).map(Json)
}

#[derive(Deserialize)]
pub(super) struct Start {
    #[serde(default)]
    payload: Option<String>,
}

/// The Start button, also through a deep link `t.me/<bot>?start=<payload>`.
pub(super) async fn start(
    State(world): State<World>,
    Path((user, bot)): Path<(i64, String)>,
    Body(order): Body<Start>,
) -> Answer<Act> {
    let mut state = world.lock();
    let pair = pair(&state, user, &bot)?;
    start_with(&mut state, &pair, order.payload.as_deref()).map(Json)
}

pub(super) fn start_with(state: &mut Shared, pair: &Pair, payload: Option<&str>) -> Result<Act, Complaint> {
    match payload {
        None => say_text(state, pair, "/start"),
        Some(payload) if is_payload(payload) => say_text(state, pair, &format!("/start {payload}")),
        Some(_) => Err(Complaint::new("payload", "a payload has 1 to 64 of A-Z a-z 0-9 _ -")),
    }
}

#[derive(Deserialize)]
pub(super) struct ContactOrder {
    #[serde(default)]
    phone_number: Option<String>,
    /// Whose contact; the person's own when neither is said. Another's, or nobody's (0), can be forged.
    #[serde(default)]
    user_id: Option<i64>,
}

pub(super) async fn contact(
    State(world): State<World>,
    Path((user, bot)): Path<(i64, String)>,
    Body(order): Body<ContactOrder>,
) -> Answer<Act> {
    let mut state = world.lock();
    let pair = pair(&state, user, &bot)?;
    let whose = order.user_id.map_or(Some(user), |id| (id != 0).then_some(id));
    share(&mut state, &pair, order.phone_number, whose).map(Json)
}

pub(super) fn share(
    state: &mut Shared,
    pair: &Pair,
    phone: Option<String>,
    whose: Option<i64>,
) -> Result<Act, Complaint> {
    let own = state.people.get(&pair.person.id).map(|resident| resident.phone_number.clone()).unwrap_or_default();
    let phone_number = phone.unwrap_or(own);
    let (person, bot) = (pair.person.clone(), pair.name.clone());
    let mut value = json!({"phone_number": phone_number, "first_name": person.first_name});
    people::put(&mut value, "user_id", whose);
    deliver(
        state,
        pair,
        |message| message.content = Some(Content { kind: "contact".into(), value }),
        |message_id| What::PersonSharedContact { person, bot, message_id, phone_number },
    )
}

pub(super) async fn block(State(world): State<World>, Path(path): Path<(i64, String)>) -> Answer<Act> {
    set_blocked(&mut world.lock(), path, true)
}

pub(super) async fn unblock(State(world): State<World>, Path(path): Path<(i64, String)>) -> Answer<Act> {
    set_blocked(&mut world.lock(), path, false)
}

fn set_blocked(state: &mut Shared, (user, bot): (i64, String), blocked: bool) -> Answer<Act> {
    let pair = pair(state, user, &bot)?;
    let now = state.now();
    let bot = pair.bot(state)?;
    let Some(chat) = bot.chats.get_mut(&user) else {
        return Err(Complaint::new("not_started", "the person has never opened this bot"));
    };
    let changes = chat.blocked != blocked;
    chat.blocked = blocked;
    let member = |status: &str, bot: &Value| match status {
        "kicked" => json!({"user": bot, "status": status, "until_date": 0}),
        status => json!({"user": bot, "status": status}),
    };
    let (old, new) = if blocked { ("member", "kicked") } else { ("kicked", "member") };
    let user = bot.user();
    let update = json!({
        "chat": people::chat(&pair.person), "from": people::user(&pair.person), "date": now.timestamp(),
        "old_chat_member": member(old, &user), "new_chat_member": member(new, &user),
    });
    let update_id = if changes { bot.queue.push("my_chat_member", &update) } else { None };
    let (person, bot) = (pair.person.clone(), pair.name.clone());
    let seq = state.happened(match blocked {
        true => What::PersonBlocked { person, bot },
        false => What::PersonUnblocked { person, bot },
    });
    Ok(Json(Act { update_id, ..pair.act(seq) }))
}
