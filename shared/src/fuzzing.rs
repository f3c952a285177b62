//! What comes from outside, byte by byte, for fuzzers: each function takes any bytes, reads them as the program would,
//! and panics when what it got breaks a promise. `fuzz/` runs them for hours, `cargo test` for moments.

use serde_json::Value;

use crate::{
    heartbeat::Heartbeat,
    settings::Env,
    slug::Slug,
    telegram::incoming::{Event, Incoming},
    texts,
};

/// A reader of bytes that panics when a promise is broken.
pub type Target = fn(&[u8]);

/// All of this crate, by their names in `fuzz/`.
pub const TARGETS: &[(&str, Target)] = &[
    ("incoming", incoming),
    ("heartbeat", heartbeat),
    ("slug", slug),
    ("env", env),
    ("escape", escape),
    ("texts", catalog),
];

/// One update of Telegram's. Whatever has a number is confirmed; what has none is passed over.
pub fn incoming(data: &[u8]) {
    let Ok(raw) = serde_json::from_slice::<Value>(data) else { return };
    let number = raw.get("update_id").and_then(Value::as_i64);
    let read = Incoming::parse(&raw);
    assert_eq!(read.as_ref().map(|update| update.update_id), number);
    let Some(update) = read else { return };
    match &update.event {
        Event::Message(message) => assert_eq!(update.lane(), message.chat_id),
        Event::Press(press) => assert_eq!(update.lane(), press.chat_id),
        Event::ManagedBot(made) => assert_eq!(update.lane(), made.user.id),
        Event::Standing(standing) => assert_eq!(update.lane(), standing.chat_id),
        Event::Other => assert_eq!(update.lane(), 0),
    }
}

/// What a tenant has written about itself.
pub fn heartbeat(data: &[u8]) {
    let Ok(beat) = serde_json::from_slice::<Heartbeat>(data) else { return };
    let written = serde_json::to_vec(&beat).unwrap_or_default();
    assert_eq!(serde_json::from_slice::<Heartbeat>(&written).ok(), Some(beat));
}

/// A tenant's name may stand unquoted in DDL, so nothing but one may pass.
pub fn slug(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(slug) = text.parse::<Slug>() else { return };
    assert_eq!(slug.to_string(), text);
    assert!(slug.as_str().len() <= 63 && slug.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
    assert_eq!(slug.redis_prefix(), format!("{text}:"));
}

/// Lines `NAME=value`, read as every kind of setting: a fault names the variable, and a secret is never told.
pub fn env(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let pairs: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once('=')).collect();
    let mut env = Env::from_pairs(pairs.iter().map(|(name, value)| (name.trim(), *value)));
    let number: Option<u16> = env.required("PORT", "a port");
    let numbers: Vec<i64> = env.list("IDS", "numbers");
    let address: Option<url::Url> = env.optional("URL", "an address");
    let secret = env.secret("KEY", "a key");
    let given = |wanted: &str| pairs.iter().rev().find(|(name, _)| name.trim() == wanted).map(|(_, value)| *value);
    assert!(given("IDS").is_some() || numbers.is_empty());
    assert!(given("URL").is_some() || address.is_none());
    let key = given("KEY").filter(|key| !key.trim().is_empty());
    assert!(key.is_none() || secret.is_some());
    match env.check() {
        Ok(()) => assert!(number.is_some() && secret.is_some()),
        Err(faults) => {
            // Short ones stand in any text, as a letter does.
            let others: Vec<&str> = pairs.iter().filter(|(n, _)| n.trim() != "KEY").map(|(_, v)| *v).collect();
            if let Some(key) = key.filter(|key| key.len() >= 12 && !others.iter().any(|other| other.contains(*key))) {
                assert!(!faults.to_string().contains(key), "a secret is told: {faults}");
            }
        }
    }
}

/// What a person typed is no markup, and can be read back from it.
pub fn escape(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let escaped = texts::escape(&text);
    assert!(!escaped.contains(['<', '>', '"']));
    let read = escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    assert_eq!(read, text);
}

/// A file of texts: it is refused, or every text in it can be said.
pub fn catalog(data: &[u8]) {
    let Ok(yaml) = std::str::from_utf8(data) else { return };
    texts::try_out(yaml);
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_from_outside_breaks_a_promise() {
        play::fuzz::exercise(super::TARGETS);
    }
}
