//! What a person does outside a chat: opens links, makes managed bots.

use super::{
    Answer, Body, Complaint,
    acts::{pair, start_with},
    bots::find,
};
use crate::{
    state::{State as Shared, World, bots::Birth},
    wire::{Act, BotName, Person, What},
};
use axum::{
    Json,
    extract::{Path, State},
};
use serde::Deserialize;
use url::Url;

#[derive(Deserialize)]
pub(super) struct Open {
    url: String,
    /// What the person changes the suggested name of a new bot to.
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    username: Option<String>,
}

/// Opens a link: `t.me/newbot/…` makes a managed bot, `t.me/<bot>?start=…` starts a bot, any other is only noted.
pub(super) async fn open(State(world): State<World>, Path(user): Path<i64>, Body(order): Body<Open>) -> Answer<Act> {
    let mut state = world.lock();
    let person = person(&state, user)?;
    let full = if order.url.starts_with("t.me/") { format!("https://{}", order.url) } else { order.url.clone() };
    let link = Url::parse(&full).map_err(|error| Complaint::new("url", error.to_string()))?;
    let opened = What::PersonOpened { person: person.clone(), url: order.url };
    let ask = |name: &str| link.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned());
    let parts: Vec<&str> = link.path_segments().into_iter().flatten().filter(|part| !part.is_empty()).collect();
    if !matches!(link.host_str(), Some("t.me" | "telegram.me")) {
        let seq = state.happened(opened);
        return Ok(Json(Act { seq, person: user, url: Some(full), ..Act::default() }));
    }
    match parts.as_slice() {
        ["newbot", manager, suggested] => {
            state.happened(opened);
            let manager =
                find(&state, manager).map_err(|_| Complaint::new("MANAGER_INVALID", "there is no such manager"))?;
            let username = order.username.unwrap_or_else(|| (*suggested).to_owned());
            let name = order.name.or_else(|| ask("name")).unwrap_or_else(|| username.clone());
            let made = make_managed(&mut state, &person, manager, &name, &username)?;
            Ok(Json(Act { seq: state.log.last(), person: user, bot: manager, created: Some(made), ..Act::default() }))
        }
        [bot] => {
            let pair = pair(&state, user, bot)?;
            state.happened(opened);
            start_with(&mut state, &pair, ask("start").as_deref()).map(Json)
        }
        _ => Err(Complaint::new("url", "not a link that the sandbox can open")),
    }
}

#[derive(Deserialize)]
pub(super) struct NewManaged {
    manager: String,
    username: String,
    name: String,
}

pub(super) async fn new_bot(
    State(world): State<World>,
    Path(user): Path<i64>,
    Body(order): Body<NewManaged>,
) -> Answer<Act> {
    let mut state = world.lock();
    let person = person(&state, user)?;
    let manager =
        find(&state, &order.manager).map_err(|_| Complaint::new("MANAGER_INVALID", "there is no such manager"))?;
    let made = make_managed(&mut state, &person, manager, &order.name, &order.username)?;
    Ok(Json(Act { seq: state.log.last(), person: user, bot: manager, created: Some(made), ..Act::default() }))
}

fn person(state: &Shared, user: i64) -> Result<Person, Complaint> {
    Ok(state.people.get(&user).ok_or_else(|| Complaint::missing("person", user))?.person.clone())
}

/// Bots that one person may own.
const MOST_BOTS: usize = 20;

/// Makes a bot for `person`, to be controlled by `manager`, and tells the manager. Refusals are Telegram's own words.
pub(super) fn make_managed(
    state: &mut Shared,
    person: &Person,
    manager: i64,
    name: &str,
    username: &str,
) -> Result<BotName, Complaint> {
    let refused = |code: &'static str| Complaint::new(code, "the bot cannot be made");
    if !state.bots.get(&manager).is_some_and(|bot| bot.can_manage_bots) {
        return Err(refused("MANAGER_PERMISSION_MISSING"));
    }
    if state.bots.values().filter(|bot| !bot.deleted && bot.owner == Some(person.id)).count() >= MOST_BOTS {
        return Err(refused("BOT_CREATE_LIMIT_EXCEEDED"));
    }
    let birth = Birth { name, username, can_manage_bots: false, owner: Some(person), manager: Some(manager) };
    let bot = state.make_bot(&birth).map_err(refused)?;
    state.tell_manager(person, bot);
    state.bot_name(bot).ok_or_else(|| refused("NAME_INVALID"))
}
