//! Bots that a bot manages: their tokens and who may use them.

use super::{Call, Outcome, Refusal, Reply, done};
use crate::state::{State, bots::Bot, people};
use serde_json::{Value, json};

/// The bot of `user_id`, if the caller manages it.
fn managed<'a>(state: &'a State, call: &Call<'_>) -> Result<&'a Bot, Refusal> {
    let id = call.params.integer("user_id").ok_or_else(|| Refusal::bad("invalid user_id specified"))?;
    let bot = state.bots.get(&id).ok_or_else(|| Refusal::bad("user not found"))?;
    if bot.manager != Some(call.bot) {
        return Err(Refusal::bad("BOT_INVALID"));
    }
    if bot.deleted {
        return Err(Refusal::new(403, "Forbidden: user is deactivated"));
    }
    Ok(bot)
}

pub(crate) fn get_token(state: &State, call: &Call<'_>) -> Outcome {
    Ok(Reply::Value(managed(state, call)?.token.as_str().into()))
}

pub(crate) fn replace_token(state: &mut State, call: &Call<'_>) -> Outcome {
    let id = managed(state, call)?.id;
    let token = state.replace_token(id).ok_or_else(|| Refusal::bad("user not found"))?;
    let owner = state.bots.get(&id).and_then(|bot| bot.owner).and_then(|owner| state.people.get(&owner));
    if let Some(owner) = owner.map(|owner| owner.person.clone()) {
        state.tell_manager(&owner, id);
    }
    Ok(Reply::Value(token.into()))
}

pub(crate) fn get_access(state: &State, call: &Call<'_>) -> Outcome {
    let access = &managed(state, call)?.access;
    let mut settings = json!({"is_access_restricted": access.restricted});
    if access.restricted {
        let users = access.added.iter().filter_map(|id| state.people.get(id));
        settings["added_users"] = users.map(|resident| people::user(&resident.person)).collect();
    }
    Ok(Reply::Value(settings))
}

pub(crate) fn set_access(state: &mut State, call: &Call<'_>) -> Outcome {
    let id = managed(state, call)?.id;
    let restricted = call.params.flag("is_access_restricted");
    let added = call.params.object("added_user_ids").and_then(|list| list.as_array().cloned()).unwrap_or_default();
    let added: Vec<i64> = added.iter().filter_map(Value::as_i64).collect();
    if restricted && added.len() > 10 {
        return Err(Refusal::bad("too many users specified"));
    }
    if restricted && added.iter().any(|id| !state.people.contains_key(id)) {
        return Err(Refusal::bad("user not found"));
    }
    if let Some(bot) = state.bots.get_mut(&id) {
        bot.access.restricted = restricted;
        bot.access.added = if restricted { added } else { Vec::new() };
    }
    done()
}
