//! Checks a request against the table of Bot API 10.3. It never refuses: what is wrong is written down for the test.

use super::request::Params;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{collections::HashMap, sync::LazyLock};

/// The table, made by `data/make-bot-api.py`.
#[derive(Default, Deserialize)]
struct Table {
    methods: HashMap<String, Fields>,
    types: HashMap<String, Type>,
    updates: Vec<String>,
}

/// Type and whether required (1 or 0), by name.
type Fields = HashMap<String, (String, u8)>;

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Type {
    Fields(Fields),
    OneOf(Vec<String>),
}

// A table that cannot be read is an empty one, in which no method is found: a test sees to it that this is not so.
static TABLE: LazyLock<Table> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../data/bot-api-10.3.json")).unwrap_or_default());

static NAMES: LazyLock<HashMap<String, &'static str>> =
    LazyLock::new(|| TABLE.methods.keys().map(|name| (name.to_lowercase(), name.as_str())).collect());

/// The method's own spelling; letter case does not matter.
pub(crate) fn method(name: &str) -> Option<&'static str> {
    NAMES.get(&name.to_lowercase()).copied()
}

/// Whether there is a kind of update of this name.
pub(crate) fn is_update(kind: &str) -> bool {
    TABLE.updates.iter().any(|known| known == kind)
}

/// What is wrong with the parameters, in words.
pub(crate) fn check(method: &str, params: &Params) -> Vec<String> {
    let Some(fields) = TABLE.methods.get(method) else { return Vec::new() };
    let mut wrong = Vec::new();
    for (name, value) in &params.values {
        match fields.get(name) {
            None => wrong.push(format!("unknown parameter {name}")),
            Some((kind, _)) if params.text.contains(name) => check_text(name, value, kind, &mut wrong),
            Some((kind, _)) => check_value(name, value, kind, &mut wrong),
        }
    }
    for (name, file) in &params.files {
        let referred = || {
            let handle = format!("attach://{name}");
            params.values.values().any(|value| value.to_string().contains(&handle))
        };
        match fields.get(name) {
            Some((kind, _)) if !kind.contains("InputFile") => {
                wrong.push(format!("{name}: a file where {kind} belongs"))
            }
            None if !referred() => wrong.push(format!("file {name} ({}) that nothing refers to", file.name)),
            _ => {}
        }
    }
    for (name, (_, required)) in fields {
        if *required == 1 && !params.values.contains_key(name) && !params.files.contains_key(name) {
            wrong.push(format!("missing parameter {name}"));
        }
    }
    wrong.sort();
    wrong
}

/// A value that came as text: numbers, flags and JSON are written out in it.
fn check_text(place: &str, value: &Value, kind: &str, wrong: &mut Vec<String>) {
    let text = value.as_str().unwrap_or_default();
    let fits = |kind: &str| match kind {
        "String" | "InputFile" => true,
        "Integer" => text.parse::<i64>().is_ok(),
        "Float" => text.parse::<f64>().is_ok(),
        "Boolean" | "True" => matches!(text, "true" | "false" | "True" | "False" | "1" | "0"),
        _ => false,
    };
    if kind.split('|').any(fits) {
        return;
    }
    match serde_json::from_str::<Value>(text) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => check_value(place, &value, kind, wrong),
        _ => wrong.push(format!("{place}: {} where {kind} belongs", short(value))),
    }
}

fn check_value(place: &str, value: &Value, kind: &str, wrong: &mut Vec<String>) {
    if let Some(inner) = kind.strip_prefix('[').and_then(|kind| kind.strip_suffix(']')) {
        match value {
            Value::Array(items) => {
                for (number, item) in items.iter().enumerate() {
                    check_value(&format!("{place}[{number}]"), item, inner, wrong);
                }
            }
            _ => wrong.push(format!("{place}: {} where a list of {inner} belongs", short(value))),
        }
        return;
    }
    // Of several possible types the one that fits best is the one that was meant.
    let mut best: Option<Vec<String>> = None;
    for kind in kind.split('|').flat_map(variants) {
        let mut faults = Vec::new();
        check_single(place, value, kind, &mut faults);
        if faults.is_empty() {
            return;
        }
        if best.as_ref().is_none_or(|best| faults.len() < best.len()) {
            best = Some(faults);
        }
    }
    wrong.extend(best.unwrap_or_default());
}

/// The types that stand behind a name: itself, or those of which it is one.
fn variants(kind: &str) -> Vec<&str> {
    match TABLE.types.get(kind) {
        Some(Type::OneOf(kinds)) => kinds.iter().map(String::as_str).collect(),
        _ => vec![kind],
    }
}

fn check_single(place: &str, value: &Value, kind: &str, wrong: &mut Vec<String>) {
    let fits = match kind {
        "String" | "InputFile" => value.is_string(),
        "Integer" => value.is_i64() || value.is_u64(),
        "Float" => value.is_number(),
        "Boolean" => value.is_boolean(),
        "True" => value == &Value::Bool(true),
        kind => match (TABLE.types.get(kind), value) {
            (Some(Type::Fields(fields)), Value::Object(object)) => {
                check_fields(place, object, kind, fields, wrong);
                true
            }
            // A keyboard's key may be a bare text.
            (_, Value::String(_)) if kind == "KeyboardButton" => true,
            _ => false,
        },
    };
    if !fits {
        wrong.push(format!("{place}: {} where {kind} belongs", short(value)));
    }
}

fn check_fields(place: &str, object: &Map<String, Value>, kind: &str, fields: &Fields, wrong: &mut Vec<String>) {
    for (name, value) in object {
        match fields.get(name) {
            Some((kind, _)) => check_value(&format!("{place}.{name}"), value, kind, wrong),
            None => wrong.push(format!("{place}: {kind} has no field {name}")),
        }
    }
    for (name, (_, required)) in fields {
        if *required == 1 && !object.contains_key(name) {
            wrong.push(format!("{place}: {kind} without its field {name}"));
        }
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() > 60 { format!("{}…", text.chars().take(60).collect::<String>()) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults(method: &str, body: Value) -> Vec<String> {
        let values = body.as_object().unwrap().clone();
        check(method, &Params { values, ..Params::default() })
    }

    #[test]
    fn the_embedded_table_is_read() {
        assert_eq!(TABLE.methods.len(), 185);
        assert_eq!(method("SENDMESSAGE"), Some("sendMessage"));
        assert!(is_update("managed_bot"));
    }

    #[test]
    fn a_good_message_has_no_faults() {
        let keyboard = json!({"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]});
        assert_eq!(faults("sendMessage", json!({"chat_id": 1, "text": "x", "reply_markup": keyboard})), [""; 0]);
        let keys = json!({"keyboard": [["plain", {"text": "a", "request_contact": true}]]});
        assert_eq!(faults("sendMessage", json!({"chat_id": "@x", "text": "x", "reply_markup": keys})), [""; 0]);
    }

    #[test]
    fn what_the_table_does_not_have_is_named() {
        assert_eq!(faults("sendMessage", json!({"chat_id": 1, "text": "x", "shade": 1})), ["unknown parameter shade"]);
        assert_eq!(faults("sendMessage", json!({"chat_id": 1})), ["missing parameter text"]);
        assert_eq!(faults("sendMessage", json!({"chat_id": 1, "text": 5})), ["text: 5 where String belongs"]);
        let keyboard = json!({"inline_keyboard": [[{"text": "a", "calback_data": "b"}]]});
        let wrong = faults("sendMessage", json!({"chat_id": 1, "text": "x", "reply_markup": keyboard}));
        assert_eq!(wrong, ["reply_markup.inline_keyboard[0][0]: InlineKeyboardButton has no field calback_data"]);
    }

    #[test]
    fn one_of_several_types_is_recognised() {
        let scope = json!({"type": "chat", "chat_id": 5});
        let commands = json!([{"command": "start", "description": "x"}]);
        assert_eq!(faults("setMyCommands", json!({"commands": commands, "scope": scope})), [""; 0]);
    }
}
