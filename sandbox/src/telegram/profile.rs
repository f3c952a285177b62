//! What a bot is and what it tells Telegram about itself.

use super::{Call, Outcome, Refusal, Reply, done};
use crate::{
    state::{State, places::Place},
    wire::CommandSet,
};
use serde_json::{Value, json};

pub(crate) fn get_me(state: &State, call: &Call<'_>) -> Outcome {
    let bot = state.bots.get(&call.bot).ok_or_else(|| Refusal::new(401, "Unauthorized"))?;
    let mut me = bot.user();
    for (field, value) in [
        ("can_join_groups", true),
        ("can_read_all_group_messages", bot.reads_groups),
        ("supports_inline_queries", false),
        ("can_connect_to_business", false),
        ("has_main_web_app", false),
        ("has_topics_enabled", false),
        ("can_manage_bots", bot.can_manage_bots),
    ] {
        me[field] = value.into();
    }
    Ok(Reply::Value(me))
}

fn scope(call: &Call<'_>) -> Value {
    call.params.object("scope").unwrap_or_else(|| json!({"type": "default"}))
}

fn language(call: &Call<'_>) -> Result<String, Refusal> {
    let code = call.params.text("language_code").unwrap_or_default();
    let fits = code.is_empty() || (code.len() == 2 && code.bytes().all(|b| b.is_ascii_lowercase()));
    if fits { Ok(code) } else { Err(Refusal::bad("invalid language code specified")) }
}

pub(crate) fn set_my_commands(state: &mut State, call: &Call<'_>) -> Outcome {
    let (scope, language_code) = (scope(call), language(call)?);
    let Some(Value::Array(commands)) = call.params.object("commands") else {
        return Err(Refusal::bad("can't parse commands: expected an Array of BotCommand"));
    };
    if commands.len() > 100 {
        return Err(Refusal::bad("BOT_COMMANDS_TOO_MUCH"));
    }
    for command in &commands {
        let name = command.get("command").and_then(Value::as_str).unwrap_or_default();
        let name = name.strip_prefix('/').unwrap_or(name);
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if !(1..=32).contains(&name.len()) || !name.bytes().all(fits) {
            return Err(Refusal::bad("BOT_COMMAND_INVALID"));
        }
        let description = command.get("description").and_then(Value::as_str).unwrap_or_default();
        if !(1..=256).contains(&description.chars().count()) {
            return Err(Refusal::bad("BOT_COMMAND_DESCRIPTION_INVALID"));
        }
    }
    if let Some(bot) = state.bots.get_mut(&call.bot) {
        let sets = &mut bot.settings.commands;
        sets.retain(|set| set.scope != scope || set.language_code != language_code);
        sets.push(CommandSet { scope, language_code, commands });
    }
    done()
}

pub(crate) fn delete_my_commands(state: &mut State, call: &Call<'_>) -> Outcome {
    let (scope, language_code) = (scope(call), language(call)?);
    if let Some(bot) = state.bots.get_mut(&call.bot) {
        bot.settings.commands.retain(|set| set.scope != scope || set.language_code != language_code);
    }
    done()
}

pub(crate) fn get_my_commands(state: &State, call: &Call<'_>) -> Outcome {
    let (scope, language_code) = (scope(call), language(call)?);
    let sets = state.bots.get(&call.bot).map(|bot| bot.settings.commands.as_slice()).unwrap_or_default();
    let set = sets.iter().find(|set| set.scope == scope && set.language_code == language_code);
    Ok(Reply::Value(set.map(|set| set.commands.clone()).unwrap_or_default().into()))
}

/// The name, the description or the short description; an empty text takes the one of that language away.
pub(crate) fn set_text(state: &mut State, call: &Call<'_>) -> Outcome {
    let language_code = language(call)?;
    let bot = state.bots.get_mut(&call.bot).ok_or_else(|| Refusal::new(401, "Unauthorized"))?;
    let settings = &mut bot.settings;
    let (field, most, refusal, place) = match call.method {
        "setMyName" => ("name", 64, "BOT_TITLE_INVALID", &mut settings.names),
        "setMyDescription" => ("description", 512, "BOT_DESCRIPTION_INVALID", &mut settings.descriptions),
        _ => ("short_description", 120, "BOT_SHORT_DESCRIPTION_INVALID", &mut settings.short_descriptions),
    };
    match call.params.text(field) {
        Some(text) if text.chars().count() > most => return Err(Refusal::bad(refusal)),
        Some(text) => {
            if field == "name" && language_code.is_empty() {
                bot.first_name.clone_from(&text);
            }
            place.insert(language_code, text);
        }
        None => {
            place.remove(&language_code);
        }
    }
    done()
}

pub(crate) fn set_chat_menu_button(state: &mut State, call: &Call<'_>) -> Outcome {
    let button = call.params.object("menu_button").unwrap_or_else(|| json!({"type": "default"}));
    let kind = button.get("type").and_then(Value::as_str).unwrap_or_default();
    if !["default", "commands", "web_app"].contains(&kind) {
        return Err(Refusal::bad("can't parse menu button: Unsupported menu button type"));
    }
    let chat = match call.params.text("chat_id") {
        Some(_) => match super::send::recipient(state, call)? {
            Place::Private(person) => Some(person.id),
            Place::Group(_) => return Err(Refusal::bad("menu buttons are for private chats")),
        },
        None => None,
    };
    if let Some(bot) = state.bots.get_mut(&call.bot) {
        match chat {
            Some(chat) => {
                bot.settings.chat_menu_buttons.insert(chat, button);
            }
            None => bot.settings.menu_button = Some(button),
        }
    }
    done()
}
