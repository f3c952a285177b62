//! Which calls cost something of the flood limits.

use super::{Call, Refusal};
use crate::state::State;
use serde_json::Value;

/// Refuses a call that comes too soon.
pub(crate) fn check(state: &mut State, call: &Call<'_>) -> Result<(), Refusal> {
    let list = |name: &str| call.params.object(name).and_then(|list| list.as_array().map(Vec::len)).unwrap_or(1);
    let messages = match call.method {
        "sendChatAction" => return Ok(()),
        "sendMediaGroup" => list("media"),
        "copyMessages" | "forwardMessages" => list("message_ids"),
        method if method.starts_with("send") || matches!(method, "copyMessage" | "forwardMessage") => 1,
        _ => return Ok(()),
    };
    let Some(chat) = call.params.text("chat_id").and_then(|chat| chat.trim().parse().ok()) else { return Ok(()) };
    // What would be refused anyway costs nothing.
    if chat > 0 && !state.bots.get(&call.bot).is_some_and(|bot| bot.chats.contains_key(&chat)) {
        return Ok(());
    }
    // Paid broadcasts have a limit of their own, a thousand a second, which nobody here reaches.
    if call.params.values.get("allow_paid_broadcast") == Some(&Value::Bool(true)) {
        return Ok(());
    }
    state.flood(call.bot, chat, messages).map_err(|seconds| Refusal {
        retry_after: Some(seconds),
        ..Refusal::new(429, format!("Too Many Requests: retry after {seconds}"))
    })
}
