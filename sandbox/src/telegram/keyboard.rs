//! Keyboards: what Telegram refuses in them.

use super::{Refusal, request::Params};
use crate::state::bots::Bot;
use serde_json::Value;

/// Buttons that one message may carry.
const MOST_BUTTONS: usize = 100;

/// The `reply_markup` of a request, once it is found to be in order. `None`: there is none.
pub(crate) fn read(params: &Params, bot: &Bot, private: bool) -> Result<Option<Value>, Refusal> {
    if matches!(params.values.get("reply_markup"), None | Some(Value::Null)) {
        return Ok(None);
    }
    let Some(markup) = params.object("reply_markup") else {
        return match params.text("reply_markup") {
            None => Ok(None),
            Some(_) => Err(Refusal::bad("can't parse reply keyboard markup JSON object")),
        };
    };
    if !markup.is_object() {
        return Err(Refusal::bad("object expected as reply markup"));
    }
    if let Some(rows) = markup.get("inline_keyboard") {
        let buttons = flatten(rows)?;
        for button in &buttons {
            inline(button)?;
        }
        // An empty keyboard is none.
        return Ok((!buttons.is_empty()).then_some(markup));
    }
    if let Some(rows) = markup.get("keyboard") {
        let mut requests = Vec::new();
        for key in flatten(rows)? {
            reply(key, bot, private, &mut requests)?;
        }
    }
    Ok(Some(markup))
}

fn flatten(rows: &Value) -> Result<Vec<&Value>, Refusal> {
    let array = |value: &'_ Value| value.is_array();
    if !array(rows) || !rows.as_array().into_iter().flatten().all(array) {
        return Err(Refusal::bad("field \"inline_keyboard\" of the InlineKeyboardMarkup must be an Array of Arrays"));
    }
    let buttons: Vec<_> = rows.as_array().into_iter().flatten().filter_map(Value::as_array).flatten().collect();
    if buttons.len() > MOST_BUTTONS {
        return Err(Refusal::bad("reply markup is too long"));
    }
    Ok(buttons)
}

fn inline(button: &Value) -> Result<(), Refusal> {
    let text = button.get("text").and_then(Value::as_str).unwrap_or_default();
    if text.trim().is_empty() {
        return Err(Refusal::bad("can't parse inline keyboard button: Field \"text\" must be of type String"));
    }
    const ACTIONS: [&str; 11] = [
        "url",
        "callback_data",
        "web_app",
        "login_url",
        "switch_inline_query",
        "switch_inline_query_current_chat",
        "switch_inline_query_chosen_chat",
        "copy_text",
        "callback_game",
        "pay",
        "disabled",
    ];
    let actions: Vec<_> = ACTIONS.iter().filter(|action| button.get(**action).is_some_and(|v| !v.is_null())).collect();
    match actions.as_slice() {
        [] => {
            return Err(Refusal::bad(
                "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
            ));
        }
        [_] => {}
        _ => return Err(Refusal::bad("sandbox: a button must have exactly one action")),
    }
    if let Some(data) = button.get("callback_data") {
        // Bytes, not letters: a Russian letter takes two.
        let length = data.as_str().map_or(0, str::len);
        if !(1..=64).contains(&length) {
            return Err(Refusal::bad("BUTTON_DATA_INVALID"));
        }
    }
    if let Some(address) = button.get("url").and_then(Value::as_str) {
        let known = ["http://", "https://", "tg://", "mailto:", "tel:", "t.me/"];
        if address.chars().any(char::is_whitespace) || !known.iter().any(|scheme| address.starts_with(scheme)) {
            return Err(Refusal::bad(format_args!(
                "inline keyboard button URL '{address}' is invalid: Wrong HTTP URL"
            )));
        }
    }
    Ok(())
}

fn reply(key: &Value, bot: &Bot, private: bool, requests: &mut Vec<i64>) -> Result<(), Refusal> {
    let text = key.as_str().or_else(|| key.get("text").and_then(Value::as_str)).unwrap_or_default();
    if text.trim().is_empty() {
        return Err(Refusal::bad("can't parse keyboard button: Field \"text\" must be of type String"));
    }
    const ASKS: [&str; 5] =
        ["request_users", "request_chat", "request_managed_bot", "request_contact", "request_location"];
    let asks = |name: &str| key.get(name).is_some_and(|asked| asked.is_object() || asked == &Value::Bool(true));
    if !private && ASKS.iter().any(|name| asks(name)) {
        return Err(Refusal::bad("such keys can be sent in private chats only"));
    }
    if asks("request_managed_bot") && !bot.can_manage_bots {
        return Err(Refusal::bad("sandbox: management of other bots is not enabled for this bot"));
    }
    let most = key.pointer("/request_users/max_quantity").map(|most| most.as_i64().unwrap_or(0));
    if most.is_some_and(|most| !(1..=10).contains(&most)) {
        return Err(Refusal::bad("sandbox: max_quantity must be 1 to 10"));
    }
    for asked in ASKS.iter().filter_map(|name| key.get(*name)).filter(|asked| asked.is_object()) {
        let number = asked.get("request_id").and_then(Value::as_i64).filter(|id| i32::try_from(*id).is_ok());
        let Some(number) = number else { return Err(Refusal::bad("sandbox: request_id must be a 32-bit number")) };
        if requests.contains(&number) {
            return Err(Refusal::bad("sandbox: request_id must be unique within the message"));
        }
        requests.push(number);
    }
    Ok(())
}

/// Links to bots whose `start` payload breaks the rules: Telegram lets them through, the person's app does not.
pub(crate) fn bad_start_links(markup: &Value) -> Vec<String> {
    let buttons = markup.get("inline_keyboard").and_then(Value::as_array).into_iter().flatten();
    buttons
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(|button| button.get("url").and_then(Value::as_str))
        .filter(|address| {
            let Ok(link) = url::Url::parse(address) else { return false };
            link.host_str() == Some("t.me")
                && link.query_pairs().any(|(name, value)| name == "start" && !is_payload(&value))
        })
        .map(str::to_owned)
        .collect()
}

/// Whether a text may stand after `?start=`.
pub(crate) fn is_payload(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}
