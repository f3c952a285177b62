//! What a bot asks about a chat, and how it leaves one.

use super::{Call, Outcome, Refusal, Reply, done, send};
use crate::state::{
    State, people,
    places::{Group, Place},
};
use serde_json::{Value, json};

pub(crate) fn get_chat(state: &State, call: &Call<'_>) -> Outcome {
    let place = send::place(state, call, "chat_id")?;
    let mut chat = state.place_json(&place);
    if let Place::Private(person) = &place
        && let Some(profile) = state.people.get(&person.id).and_then(|resident| resident.business.as_ref())
    {
        people::put(&mut chat, "business_intro", profile.intro.as_ref());
        people::put(&mut chat, "business_location", profile.location.as_ref());
        people::put(&mut chat, "business_opening_hours", profile.opening_hours.as_ref());
    }
    chat["accent_color_id"] = 0.into();
    chat["max_reaction_count"] = 11.into();
    chat["accepted_gift_types"] = json!({"unlimited_gifts": false, "limited_gifts": false, "unique_gifts": false,
        "premium_subscription": false, "gifts_from_channels": false});
    Ok(Reply::Value(chat))
}

fn group<'a>(state: &'a State, call: &Call<'_>) -> Result<&'a Group, Refusal> {
    match send::place(state, call, "chat_id")? {
        Place::Group(name) => state.groups.get(&name.id).ok_or_else(|| Refusal::bad("chat not found")),
        Place::Private(_) => Err(Refusal::bad("there is no administrators in the private chat")),
    }
}

fn member(state: &State, group: &Group, user: i64) -> Option<Value> {
    if let Some(bot) = state.bots.get(&user) {
        return Some(Group::member(&bot.user(), group.bots.get(&user).copied().unwrap_or("left")));
    }
    let person = people::user(&state.people.get(&user)?.person);
    let status = match group.members.contains(&user) {
        true if group.creator == user => "creator",
        true => "member",
        false => "left",
    };
    Some(Group::member(&person, status))
}

pub(crate) fn get_chat_member(state: &State, call: &Call<'_>) -> Outcome {
    let group = group(state, call)?;
    let user = call.params.integer("user_id").ok_or_else(|| Refusal::bad("invalid user_id specified"))?;
    member(state, group, user).map(Reply::Value).ok_or_else(|| Refusal::bad("user not found"))
}

pub(crate) fn get_chat_administrators(state: &State, call: &Call<'_>) -> Outcome {
    let group = group(state, call)?;
    // Bots are among them only where the asker itself is.
    let bots = group.bots.iter().filter(|(bot, status)| **status == "administrator" && **bot == call.bot);
    let all = std::iter::once(group.creator).chain(bots.map(|(bot, _)| *bot));
    Ok(Reply::Value(all.filter_map(|user| member(state, group, user)).collect()))
}

pub(crate) fn get_chat_member_count(state: &State, call: &Call<'_>) -> Outcome {
    let group = group(state, call)?;
    let bots = group.bots.keys().filter(|bot| group.has(**bot)).count();
    Ok(Reply::Value((group.members.len() + bots).into()))
}

pub(crate) fn leave_chat(state: &mut State, call: &Call<'_>) -> Outcome {
    let (id, creator) = {
        let group = group(state, call)?;
        (group.id, group.creator)
    };
    let by = state.people.get(&creator).map(|resident| resident.person.clone());
    let by = by.ok_or_else(|| Refusal::bad("chat not found"))?;
    state.put_bot(id, call.bot, &by, "left");
    done()
}
