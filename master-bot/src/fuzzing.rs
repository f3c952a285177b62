//! What comes from outside, for fuzzers; see `shared::fuzzing`.

use secrecy::ExposeSecret;
use shared::{fuzzing::Target, settings::Env};

use crate::{
    bot::callback::Callback,
    cli::Role,
    config,
    payments::{ToldStatus, yookassa},
    registry::Kopecks,
    sales::{cities, hand::answers, plans::Plans, signup},
    web::notifications,
};

/// All of this crate, by their names in `fuzz/`.
pub const TARGETS: &[(&str, Target)] = &[
    ("notification", notification),
    ("payment", payment),
    ("callback", callback),
    ("typed", typed),
    ("settings", settings),
    ("plans", plans),
];

/// The body of a notification: what is kept of it stands in an address and in a row.
pub fn notification(data: &[u8]) {
    let Ok(notice) = notifications::read(data) else { return };
    for text in [&notice.event, &notice.object.id] {
        assert!((1..=64).contains(&text.len()));
        assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)), "{text}");
        // It must not lead anywhere else in an address.
        assert!(!text.starts_with('.'), "{text}");
    }
}

/// YooKassa's answer about a payment: money is read exactly or not at all.
pub fn payment(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data)
        && let Some(amount) = Kopecks::from_decimal(text)
    {
        assert!(amount.0 >= 0);
        assert_eq!(Kopecks::from_decimal(&amount.decimal()), Some(amount));
        assert_eq!(amount.decimal().trim_start_matches('0'), text.trim_start_matches('0'), "nothing is rounded");
    }
    let Some(told) = yookassa::read_payment(data) else { return };
    if let Some(amount) = told.amount {
        assert_eq!(Kopecks::from_decimal(&amount.decimal()), Some(amount));
    }
    let said = String::from_utf8_lossy(data);
    // Escapes can spell it otherwise, so only the plain ones are held to it.
    if !said.contains('\\') {
        assert!(told.status != ToldStatus::Succeeded || said.contains("succeeded"));
        assert!(told.amount.is_none() || said.contains("RUB"));
    }
}

/// A button's data: it is one of ours, written as we write it, or nothing.
pub fn callback(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some(callback) = Callback::parse(text) else { return };
    let written = callback.data();
    assert_eq!(written, text);
    assert!(written.len() <= 64, "{written}");
}

/// What people type: a name, a contact, a zone, a token; days, a sum and a note of a sale by hand.
pub fn typed(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let one_line = |kept: &str| !kept.chars().any(char::is_control);
    if let Ok(name) = signup::business_name(&text) {
        assert!((1..=64).contains(&name.chars().count()) && one_line(&name), "{name:?}");
        assert_eq!(signup::business_name(&name).as_deref(), Ok(name.as_str()), "what is kept is an answer too");
    }
    if let Ok(contact) = signup::contact(&text) {
        assert!((3..=254).contains(&contact.len()) && one_line(&contact), "{contact:?}");
        assert_eq!(signup::contact(&contact).as_deref(), Ok(contact.as_str()));
    }
    if let Some(zone) = cities::exact(&text) {
        assert_eq!(cities::exact(zone), Some(zone));
        assert!(zone.parse::<chrono_tz::Tz>().is_ok(), "{zone}");
    }
    if let Some(token) = signup::token_in(&text) {
        assert!(text.contains(token) && token.len() <= 85);
        assert_eq!(signup::token_in(token), Some(token));
    }
    if let Ok(days) = answers::days(&text) {
        assert!((1..=3660).contains(&days), "{days}");
    }
    if let Ok(sum) = answers::amount(&text) {
        assert!((100..=100_000_000).contains(&sum.0), "{sum}");
        assert_eq!(answers::amount(&sum.to_string()), Ok(sum), "what is shown is read the same");
    }
    if let Ok(note) = answers::note(&text) {
        assert!((1..=500).contains(&note.chars().count()) && one_line(&note), "{note:?}");
    }
    let username = signup::suggested_username(&text, data.len() as u64);
    assert!((5..=32).contains(&username.len()) && username.ends_with("_bot"), "{username}");
    assert!(username.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'), "{username}");
    assert!(username.starts_with(|c: char| c.is_ascii_lowercase()), "{username}");
}

/// Lines `NAME=value` as the settings of `serve`: a fault never tells a secret.
pub fn settings(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    // Files are the file system's, which a fuzzer had better leave alone.
    let pairs: Vec<(&str, &str)> =
        text.lines().filter_map(|line| line.split_once('=')).filter(|(name, _)| !name.ends_with("_FILE")).collect();
    match config::Serve::read(Env::from_pairs(pairs.iter().copied()), Role::All) {
        Ok(settings) => {
            let key = settings.keys.current.expose_secret();
            assert!(key.len() >= 32 && !settings.owner_ids.is_empty() && settings.front.is_some());
            assert!(!format!("{:?}", settings.keys).contains(key));
            for mount in settings.fleet.iter().flat_map(|fleet| &fleet.mounts) {
                assert!(mount.host.starts_with('/') || mount.volume().is_some_and(|name| !name.contains(['/', ' '])));
                assert!(mount.inside.starts_with('/') && !mount.inside.contains(':'));
            }
        }
        Err(error) => {
            let told = format!("{error:#}");
            // What is said to everybody is no secret.
            let nothing = config::Serve::read(Env::from_pairs([("", "")]), Role::All);
            let hints = nothing.map_or_else(|e| format!("{e:#}"), |_| String::new());
            for (name, value) in &pairs {
                let secret = ["MASTER_BOT_TOKEN", "YOOKASSA_SECRET_KEY", "MASTER_KEY", "MASTER_KEY_OLD"].contains(name);
                let open =
                    hints.contains(value) || pairs.iter().any(|(other, text)| other != name && text.contains(value));
                assert!(!secret || open || value.len() < 12 || !told.contains(value), "{name} is told: {told}");
            }
        }
    }
}

/// A list of plans: every plan in it can be sold.
pub fn plans(data: &[u8]) {
    let Ok(yaml) = std::str::from_utf8(data) else { return };
    let Ok(plans) = Plans::parse(yaml) else { return };
    for plan in plans.all() {
        assert!(plan.price().0 > 0 && plan.days > 0);
        assert!(plans.find(&plan.code).is_some_and(|found| found.days == plan.days));
        callback(format!("b:plan:{}", plan.code).as_bytes());
        assert!(Callback::parse(&format!("b:plan:{}", plan.code)).is_some(), "{} fits no button", plan.code);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_from_outside_breaks_a_promise() {
        play::fuzz::exercise(super::TARGETS);
    }
}
