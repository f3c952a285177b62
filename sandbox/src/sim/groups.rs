//! Groups: made, filled, talked in.

use super::{Answer, Body, Complaint, bots::find, sends};
use crate::{
    state::{State as Shared, World, bots::Press, people},
    telegram::html::escape,
    wire::{Act, GroupSaying, GroupView, NewGroup, Person, What},
};
use axum::{
    Json,
    extract::{Path, State},
};
use serde::Deserialize;
use serde_json::json;

fn view(state: &Shared, group: i64) -> Answer<GroupView> {
    state.group_view(group).map(Json).ok_or_else(|| Complaint::missing("group", group))
}

fn person(state: &Shared, id: i64) -> Result<Person, Complaint> {
    Ok(state.people.get(&id).ok_or_else(|| Complaint::missing("person", id))?.person.clone())
}

/// A person who is in the group.
fn member(state: &Shared, group: i64, id: i64) -> Result<Person, Complaint> {
    let person = person(state, id)?;
    let group = state.groups.get(&group).ok_or_else(|| Complaint::missing("group", group))?;
    if group.migrated_to.is_some() {
        return Err(Complaint::new("migrated", "the group is a supergroup now"));
    }
    let inside = group.members.contains(&id);
    if inside { Ok(person) } else { Err(Complaint::new("not_member", "the person is not in this group")) }
}

pub(super) async fn create(State(world): State<World>, Body(new): Body<NewGroup>) -> Answer<GroupView> {
    let mut state = world.lock();
    if !(1..=128).contains(&new.title.trim().chars().count()) {
        return Err(Complaint::new("title", "a title has 1 to 128 letters"));
    }
    let by = person(&state, new.creator)?;
    let group = state.make_group(new.title.trim(), &by, new.supergroup);
    view(&state, group.id)
}

pub(super) async fn look(State(world): State<World>, Path(group): Path<i64>) -> Answer<GroupView> {
    view(&world.lock(), group)
}

#[derive(Deserialize)]
pub(super) struct Member {
    user: i64,
    /// Leaves instead.
    #[serde(default)]
    leaves: bool,
}

/// A person comes in, or leaves.
pub(super) async fn member_of(
    State(world): State<World>,
    Path(group): Path<i64>,
    Body(order): Body<Member>,
) -> Answer<GroupView> {
    let mut state = world.lock();
    let person = person(&state, order.user)?;
    let found = state.groups.get_mut(&group).ok_or_else(|| Complaint::missing("group", group))?;
    let changed = match order.leaves {
        true => found.members.remove(&person.id),
        false => found.members.insert(person.id),
    };
    let name = found.name();
    if changed {
        let user = people::user(&person);
        let (kind, value, status) = match order.leaves {
            true => ("left_chat_member", user, "left"),
            false => ("new_chat_members", json!([user]), "member"),
        };
        state.tell_group(group, &person, kind, value);
        let status = status.to_owned();
        state.happened(What::GroupMember { group: name, name: person.first_name, status });
    }
    view(&state, group)
}

#[derive(Deserialize)]
pub(super) struct BotOrder {
    bot: String,
    /// Who does it; the group's creator when not said.
    #[serde(default)]
    by: Option<i64>,
    /// `member` when not said; `administrator`, `left`, `kicked`.
    #[serde(default)]
    status: Option<String>,
}

/// A bot is let in, made an administrator, or thrown out.
pub(super) async fn bot(
    State(world): State<World>,
    Path(group): Path<i64>,
    Body(order): Body<BotOrder>,
) -> Answer<GroupView> {
    let mut state = world.lock();
    let bot = find(&state, &order.bot)?;
    let creator = state.groups.get(&group).ok_or_else(|| Complaint::missing("group", group))?.creator;
    let by = member(&state, group, order.by.unwrap_or(creator))?;
    let wanted = order.status.as_deref().unwrap_or("member");
    let status = ["member", "administrator", "left", "kicked"].into_iter().find(|status| *status == wanted);
    let Some(status) = status else {
        return Err(Complaint::new("status", "status is member, administrator, left or kicked"));
    };
    state.put_bot(group, bot, &by, status);
    view(&state, group)
}

/// A member writes, or sends something.
pub(super) async fn say(
    State(world): State<World>,
    Path(group): Path<i64>,
    Body(order): Body<GroupSaying>,
) -> Answer<Act> {
    let mut state = world.lock();
    let person = member(&state, group, order.user)?;
    let name = state.groups.get(&group).map(crate::state::places::Group::name).unwrap_or_default();
    let text = order.text.clone().unwrap_or_default().trim().to_owned();
    if order.sent.is_none() && !(1..=4096).contains(&text.chars().count()) {
        return Err(Complaint::new("text", "a text has 1 to 4096 letters"));
    }
    // Each bot has handles of its own; the first one in the group gets the file's.
    let first = state.groups.get(&group).and_then(|group| group.bots.keys().copied().find(|bot| group.has(*bot)));
    let content = match &order.sent {
        Some(sent) => Some(sends::content(&mut state, first.unwrap_or_default(), sent)?),
        None => None,
    };
    let (said, reply_to) = (text.clone(), order.reply_to);
    let told = state.say_in_group(group, people::user(&person), |message| {
        let word = text.split_whitespace().next().unwrap_or_default();
        if word.len() > 1 && word.starts_with('/') {
            message.entities = vec![json!({"type": "bot_command", "offset": 0, "length": word.encode_utf16().count()})];
        }
        message.html = escape(&text);
        message.text = text;
        message.content = content;
        message.reply_to = reply_to;
    });
    let (message_id, updates) = told.ok_or_else(|| Complaint::missing("group", group))?;
    let id = person.id;
    let seq = state.happened(What::GroupSaid { group: name, person, message_id, text: said });
    let (bot, update_id) = updates.first_key_value().map(|(bot, update)| (*bot, *update)).unzip();
    Ok(Json(Act {
        seq,
        person: id,
        bot: bot.unwrap_or_default(),
        message_id: Some(message_id),
        update_id,
        ..Act::default()
    }))
}

#[derive(Deserialize)]
pub(super) struct GroupPress {
    user: i64,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    data: Option<String>,
    #[serde(default)]
    message_id: Option<i32>,
}

/// A member presses a button under a message in the group.
pub(super) async fn press(
    State(world): State<World>,
    Path(group): Path<i64>,
    Body(order): Body<GroupPress>,
) -> Answer<Act> {
    let mut state = world.lock();
    let person = member(&state, group, order.user)?;
    let no_button = || Complaint::new("no_such_button", "no such button on the current keyboards");
    let found = state.groups.get(&group).ok_or_else(no_button)?;
    let hit = found.chat.newest_first().filter(|m| order.message_id.is_none_or(|id| id == m.id)).find_map(|message| {
        let view = message.view();
        let button = match (&order.text, &order.data) {
            (Some(text), _) => view.button(text).cloned(),
            (None, Some(data)) => view.buttons.iter().flatten().find(|b| b.data.as_ref() == Some(data)).cloned(),
            (None, None) => None,
        };
        let bot = message.author.get("id").and_then(serde_json::Value::as_i64).unwrap_or_default();
        button.map(|button| (message.json(&found.json()), bot, view.id, button))
    });
    let (message, bot, message_id, button) = hit.ok_or_else(no_button)?;
    let name = state.bot_name(bot).ok_or_else(no_button)?;
    let act = Act { person: person.id, bot, message_id: Some(message_id), url: button.url.clone(), ..Act::default() };
    let Some(data) = button.data else { return Ok(Json(Act { seq: state.log.last(), ..act })) };
    let (query_id, at) = (format!("{}{}", person.id, state.random_digits(9)), state.now());
    let query = json!({
        "id": query_id, "from": people::user(&person), "message": message,
        "chat_instance": group.wrapping_mul(31).to_string(), "data": data,
    });
    let update_id = state.bots.get_mut(&bot).and_then(|bot| {
        bot.presses.add(query_id.clone(), Press { person: person.id, at });
        bot.queue.push("callback_query", &query)
    });
    let seq = state.happened(What::PersonPressed {
        person,
        bot: name,
        message_id,
        button: button.text,
        data: Some(data),
        url: None,
        query_id: Some(query_id.clone()),
        forged: false,
    });
    Ok(Json(Act { seq, update_id, query_id: Some(query_id), ..act }))
}

/// The group becomes a supergroup.
pub(super) async fn upgrade(State(world): State<World>, Path(group): Path<i64>) -> Answer<GroupView> {
    let mut state = world.lock();
    let creator = state.groups.get(&group).ok_or_else(|| Complaint::missing("group", group))?.creator;
    let by = person(&state, creator)?;
    let upgraded = state.upgrade_group(group, &by);
    let upgraded = upgraded.ok_or_else(|| Complaint::new("supergroup", "it is a supergroup already"))?;
    view(&state, upgraded.id)
}
