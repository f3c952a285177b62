//! What comes from outside, for fuzzers; see `shared::fuzzing`.

mod slots;

use chrono::{Datelike, Days, NaiveDate};
use shared::{fuzzing::Target, settings::Env};

use crate::{
    booking::{
        contact,
        hours::{Hours, intervals, joined},
    },
    bot::{
        choice::Choice,
        link::Link,
        typed::{self, Lean},
    },
    config::Config,
    preset,
};

pub use self::slots::slots;

/// All of this crate, by their names in `fuzz/`.
pub const TARGETS: &[(&str, Target)] = &[
    ("choice", choice),
    ("link", link),
    ("contact", person),
    ("preset", presets),
    ("hours", hours),
    ("slots", slots),
    ("words", words),
    ("tenant_settings", settings),
];

/// A button's data: it is one of ours, written as we write it, or nothing.
pub fn choice(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some(choice) = Choice::parse(text) else { return };
    assert_eq!(choice.to_string(), text);
    assert!(text.len() <= 64);
}

/// The end of a deep link: it is one of ours, written as we write it and as Telegram allows, or nothing.
pub fn link(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some(link) = Link::parse(text) else { return };
    assert_eq!(link.to_string(), text);
    assert!(text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'));
}

/// A name and a number, as people type them.
pub fn person(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Some(name) = contact::name(&text) {
        assert!((1..=60).contains(&name.chars().count()) && !name.chars().any(char::is_control), "{name:?}");
        assert_eq!(contact::name(&name), Some(name));
    }
    if let Some(phone) = contact::phone(&text) {
        let digits = phone.strip_prefix('+').unwrap_or_default();
        assert!((10..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()), "{phone}");
        assert_eq!(contact::phone(&phone), Some(phone));
    }
}

/// A preset: its week has hours that the schema takes.
pub fn presets(data: &[u8]) {
    let Ok(yaml) = std::str::from_utf8(data) else { return };
    for hours in preset::try_out(yaml) {
        assert!((1..=7).contains(&hours.weekday) && hours.opens < 1440, "{hours:?}");
        assert!(hours.opens < hours.closes && hours.closes <= 2880, "{hours:?}");
    }
}

/// Money, lengths, times and dates, as people type them: whatever is read lies where it may.
pub fn words(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap_or_default();
    let minutes = |length: chrono::TimeDelta| length.num_minutes();
    assert!(typed::money(&text).map_or(true, |sum| (0..=9_999_999_999).contains(&sum.0)));
    assert!(typed::price(&text).map_or(true, |price| price.to.is_none_or(|to| to > price.from)));
    assert!(typed::length(&text).map_or(true, |length| (0..=366 * 1440).contains(&minutes(length))));
    assert!(typed::clock_time(&text).map_or(true, |minute| minute < 1440));
    assert!(typed::percent(&text).map_or(true, |percent| percent <= 100));
    assert!(typed::number(&text, 3..=9).map_or(true, |n| (3..=9).contains(&n)));
    let stretch = |(from, to): (u16, u16)| from < 1440 && from < to && to <= 2880;
    assert!(typed::span(&text).map_or(true, stretch));
    assert!(
        typed::spans(&text).map_or(true, |all| {
            all.iter().all(|one| stretch(*one)) && all.windows(2).all(|two| two[0].1 <= two[1].0)
        })
    );
    for lean in [Lean::Ahead, Lean::Back] {
        let near = |day: NaiveDate| (day.year() - today.year()).abs() <= 10;
        assert!(typed::date(&text, today, lean).map_or(true, near));
        assert!(typed::dates(&text, today, lean).map_or(true, |(from, to)| from <= to && near(from) && near(to)));
    }
}

/// A week's rules in any zone in any year: intervals begin before they end, and stand in order.
pub fn hours(data: &[u8]) {
    let Some(([zone, year, day, weekday], minutes)) = data.split_first_chunk::<4>() else { return };
    let zones = chrono_tz::TZ_VARIANTS;
    let zone = zones[(usize::from(*zone) * 3 + usize::from(*weekday)) % zones.len()];
    let Some(from) = NaiveDate::from_yo_opt(1900 + i32::from(*year), u32::from(*day) + 1) else { return };
    let rules: Vec<Hours> = minutes
        .chunks_exact(4)
        .take(14)
        .zip(u16::from(*weekday)..)
        .filter_map(|(bytes, n)| {
            let opens = u16::from_be_bytes([bytes[0], bytes[1]]) % 1440;
            let closes = opens + 1 + u16::from_be_bytes([bytes[2], bytes[3]]) % 1440;
            Some(Hours { weekday: u8::try_from(n % 7).ok()? + 1, opens, closes })
        })
        .collect();
    let to = from + Days::new(8);
    let spans = intervals(zone, &rules, from, to);
    assert!(spans.is_sorted() && spans.iter().all(|span| span.start < span.end));
    assert!(joined(&spans).windows(2).all(|pair| pair[0].end < pair[1].start));
}

/// Lines `NAME=value` as the settings of the bot: a fault never tells a secret.
pub fn settings(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    // Files are the file system's, which a fuzzer had better leave alone.
    let pairs: Vec<(&str, &str)> =
        text.lines().filter_map(|line| line.split_once('=')).filter(|(name, _)| !name.ends_with("_FILE")).collect();
    match Config::read(Env::from_pairs(pairs.iter().copied())) {
        Ok(settings) => {
            assert_eq!(settings.schema, settings.tenant.as_str());
            assert_eq!(settings.redis_prefix, settings.tenant.redis_prefix());
        }
        Err(error) => {
            let told = error.to_string();
            // What is said to everybody is no secret.
            let hints = Config::read(Env::from_pairs([("", "")])).map_or_else(|e| e.to_string(), |_| String::new());
            for (name, value) in &pairs {
                let secret = ["BOT_TOKEN", "DATABASE_URL", "REDIS_URL"].contains(name);
                let open =
                    hints.contains(value) || pairs.iter().any(|(other, text)| other != name && text.contains(value));
                assert!(!secret || open || value.len() < 12 || !told.contains(value), "{name} is told: {told}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_from_outside_breaks_a_promise() {
        play::fuzz::exercise(super::TARGETS);
    }
}
