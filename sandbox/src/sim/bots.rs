//! Bots by hand: made as with BotFather, removed, given a new token, sent raw updates.

use super::{Answer, Body, Complaint};
use crate::{
    state::{State as Shared, World, bots::Birth, chats::Chat},
    wire::{BotAccount, NewBot, NewPerson},
};
use axum::{
    Json,
    extract::{Path, Query, State},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::timeout_at;

/// The bot that a path names, by username or id.
pub(super) fn find(state: &Shared, name: &str) -> Result<i64, Complaint> {
    state.find_bot(name).ok_or_else(|| Complaint::missing("bot", name))
}

fn account(state: &Shared, bot: i64) -> Answer<BotAccount> {
    state.account(bot).map(Json).ok_or_else(|| Complaint::missing("bot", bot))
}

pub(super) async fn create(State(world): State<World>, Body(new): Body<NewBot>) -> Answer<BotAccount> {
    let mut state = world.lock();
    let owner = match new.owner {
        None => None,
        Some(id) => Some(state.people.get(&id).ok_or_else(|| Complaint::missing("person", id))?.person.clone()),
    };
    let birth = Birth {
        name: &new.name,
        username: &new.username,
        can_manage_bots: new.can_manage_bots,
        owner: owner.as_ref(),
        manager: None,
    };
    let bot = state.make_bot(&birth).map_err(|code| Complaint::new(code, "the bot cannot be made"))?;
    account(&state, bot)
}

pub(super) async fn list(State(world): State<World>) -> Json<Vec<BotAccount>> {
    let state = world.lock();
    let mut ids: Vec<_> = state.bots.values().filter(|bot| !bot.deleted).map(|bot| bot.id).collect();
    ids.sort_unstable();
    Json(ids.into_iter().filter_map(|id| state.account(id)).collect())
}

pub(super) async fn one(State(world): State<World>, Path(bot): Path<String>) -> Answer<BotAccount> {
    let state = world.lock();
    account(&state, find(&state, &bot)?)
}

pub(super) async fn remove(State(world): State<World>, Path(bot): Path<String>) -> Answer<Value> {
    let mut state = world.lock();
    let bot = find(&state, &bot)?;
    Ok(Json(json!({"removed": state.remove_bot(bot)})))
}

#[derive(Deserialize)]
pub(super) struct Revoke {
    /// Whether the manager is told; the documentation says so, live checks found otherwise.
    #[serde(default)]
    tell_manager: bool,
}

/// The owner takes a new token in BotFather.
pub(super) async fn revoke(
    State(world): State<World>,
    Path(bot): Path<String>,
    Body(order): Body<Revoke>,
) -> Answer<BotAccount> {
    let mut state = world.lock();
    let bot = find(&state, &bot)?;
    state.replace_token(bot);
    let owner = state.bots.get(&bot).and_then(|bot| bot.owner).and_then(|owner| state.people.get(&owner));
    if let Some(owner) = owner.map(|owner| owner.person.clone()).filter(|_| order.tell_manager) {
        state.tell_manager(&owner, bot);
    }
    account(&state, bot)
}

#[derive(Deserialize)]
pub(super) struct Rename {
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    name: Option<String>,
}

/// The owner edits the bot's names in BotFather.
pub(super) async fn rename(
    State(world): State<World>,
    Path(bot): Path<String>,
    Body(order): Body<Rename>,
) -> Answer<BotAccount> {
    let mut state = world.lock();
    let bot = find(&state, &bot)?;
    state
        .rename_bot(bot, order.username.as_deref(), order.name.as_deref())
        .map_err(|code| Complaint::new(code, "the bot cannot be called so"))?;
    account(&state, bot)
}

#[derive(Deserialize)]
pub(super) struct Privacy {
    /// Whether the bot hears only what is meant for it.
    on: bool,
}

/// The owner sets the bot's privacy mode in BotFather.
pub(super) async fn privacy(
    State(world): State<World>,
    Path(bot): Path<String>,
    Body(order): Body<Privacy>,
) -> Answer<BotAccount> {
    let mut state = world.lock();
    let bot = find(&state, &bot)?;
    if let Some(bot) = state.bots.get_mut(&bot) {
        bot.reads_groups = !order.on;
    }
    account(&state, bot)
}

#[derive(Deserialize)]
pub(super) struct Transfer {
    owner: i64,
}

/// The owner gives the bot to somebody else.
pub(super) async fn transfer(
    State(world): State<World>,
    Path(bot): Path<String>,
    Body(order): Body<Transfer>,
) -> Answer<BotAccount> {
    let mut state = world.lock();
    let bot = find(&state, &bot)?;
    let to = state.people.get(&order.owner).ok_or_else(|| Complaint::missing("person", order.owner))?.person.clone();
    state.transfer_bot(bot, &to);
    account(&state, bot)
}

/// One update or a list of them, as Telegram would send them; `update_id` may be left out. The people in them come
/// to be and have the chat open, so that the bot can answer.
pub(super) async fn push(
    State(world): State<World>,
    Path(bot): Path<String>,
    Body(updates): Body<Value>,
) -> Answer<Vec<i64>> {
    let mut state = world.lock();
    let id = find(&state, &bot)?;
    let updates = match updates {
        Value::Array(list) => list,
        one => vec![one],
    };
    if updates.iter().any(|update| !update.is_object()) {
        return Err(Complaint::new("update", "an update must be an object"));
    }
    let mut numbers = Vec::with_capacity(updates.len());
    for update in updates {
        let from = update.pointer("/message/from").or_else(|| update.pointer("/callback_query/from")).cloned();
        if let Some(person) = from.as_ref().and_then(|from| from.get("id")).and_then(Value::as_i64) {
            meet(&mut state, id, person, &from.unwrap_or_default());
        }
        let query = update.pointer("/callback_query/id").and_then(Value::as_str).map(str::to_owned);
        let presser = update.pointer("/callback_query/from/id").and_then(Value::as_i64);
        let now = state.now();
        let Some(bot) = state.bots.get_mut(&id) else { break };
        if let (Some(query), Some(person)) = (query, presser) {
            bot.presses.add(query, crate::state::bots::Press { person, at: now });
        }
        numbers.push(bot.queue.push_raw(update));
    }
    Ok(Json(numbers))
}

fn meet(state: &mut Shared, bot: i64, person: i64, user: &Value) {
    let text = |field: &str| user.get(field).and_then(Value::as_str).map(str::to_owned);
    if !state.people.contains_key(&person) {
        state.make_person(NewPerson {
            id: Some(person),
            first_name: text("first_name").unwrap_or_else(|| "User".into()),
            username: text("username"),
            language_code: text("language_code"),
            ..NewPerson::default()
        });
    }
    if let Some(bot) = state.bots.get_mut(&bot) {
        bot.chats.entry(person).or_insert_with(Chat::default);
    }
}

#[derive(Deserialize)]
pub(super) struct Redeliver {
    update_id: i64,
}

pub(super) async fn redeliver(
    State(world): State<World>,
    Path(bot): Path<String>,
    Body(order): Body<Redeliver>,
) -> Answer<Value> {
    let mut state = world.lock();
    let bot = find(&state, &bot)?;
    let found = state.bots.get_mut(&bot).is_some_and(|bot| bot.queue.redeliver(order.update_id));
    if found { Ok(Json(json!({"ok": true}))) } else { Err(Complaint::missing("update", order.update_id)) }
}

#[derive(Deserialize)]
pub(super) struct Confirmed {
    update_id: i64,
    #[serde(default)]
    timeout_ms: u64,
}

/// Waits until a bot has confirmed an update: it has done with it, and whatever it did not do it will not do.
pub(super) async fn confirmed(
    State(world): State<World>,
    Path(bot): Path<String>,
    Query(ask): Query<Confirmed>,
) -> Answer<Value> {
    let until = Instant::now() + Duration::from_millis(ask.timeout_ms.min(60_000));
    let (id, wake) = {
        let state = world.lock();
        let id = find(&state, &bot)?;
        let bot = state.bots.get(&id).ok_or_else(|| Complaint::missing("bot", id))?;
        (id, Arc::clone(&bot.queue.wake))
    };
    loop {
        // Every poll wakes whoever waits here, after it has confirmed. Registered before looking.
        let woken = wake.notified();
        tokio::pin!(woken);
        woken.as_mut().enable();
        let waits = world.lock().bots.get(&id).is_some_and(|bot| bot.queue.holds(ask.update_id));
        if !waits || Instant::now() >= until {
            return Ok(Json(json!({"confirmed": !waits})));
        }
        tokio::select! {
            _ = timeout_at(until.into(), woken) => {}
            () = world.stop().cancelled() => return Err(Complaint::new("stopping", "the sandbox is stopping")),
        }
    }
}

/// As if every press had been made too long ago.
pub(super) async fn expire_presses(State(world): State<World>, Path(bot): Path<String>) -> Answer<Value> {
    let mut state = world.lock();
    let bot = find(&state, &bot)?;
    if let Some(bot) = state.bots.get_mut(&bot) {
        bot.presses.expire();
    }
    Ok(Json(json!({"ok": true})))
}
