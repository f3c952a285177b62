//! The zone, by a city.

use chrono_tz::Tz;
use serde::Deserialize;
use shared::texts::Lang;

use super::{Ask, Choice, button};
use crate::{
    booking::{BookError, Business},
    bot::{
        admin::{self, console::Page, form},
        chat::Chat,
        turn::Turn,
        words::Words,
    },
};

#[derive(Deserialize)]
struct City {
    zone: String,
    ru: String,
    en: String,
}

/// All cities; read when somebody asks, which is once in the life of a business.
fn cities() -> Vec<City> {
    serde_yaml::from_str(include_str!("../../../../../templates/cities.yaml")).unwrap_or_default()
}

/// A city by the beginning of its name, or a zone by its IANA name.
pub(super) fn find(typed: &str) -> Option<Tz> {
    let plain = |text: &str| text.trim().to_lowercase().replace('ё', "е");
    let typed = plain(typed);
    if typed.chars().count() < 3 {
        return None;
    }
    let cities = cities();
    let is = |city: &&City| plain(&city.ru) == typed || plain(&city.en) == typed;
    let begins = |city: &&City| plain(&city.ru).starts_with(&typed) || plain(&city.en).starts_with(&typed);
    let found = cities.iter().find(is).or_else(|| cities.iter().find(begins));
    match found {
        Some(city) => city.zone.parse().ok(),
        None => {
            chrono_tz::TZ_VARIANTS.into_iter().find(|zone| zone.name().contains('/') && plain(zone.name()) == typed)
        }
    }
}

/// What a zone is called.
pub(super) fn name(words: Words<'_>, zone: Tz) -> String {
    let city = cities().into_iter().find(|city| city.zone == zone.name());
    city.map_or_else(|| zone.name().to_owned(), |city| if words.lang == Lang::En { city.en } else { city.ru })
}

pub(super) fn ask(chat: &mut Chat<'_>, business: &Business) -> Result<Turn, BookError> {
    let words = chat.words();
    let trail = vec![words.plain("rules.place", &[]), words.plain("rules.zone", &[])];
    let now = words.time(business.zone, chat.now);
    let text = words.say("rules.ask_zone", &[("zone", &name(words, business.zone)), ("time", &now)]);
    let page = Page::new(trail, text, Vec::new(), button(Choice::Place));
    Ok(form::ask(chat, admin::Ask::Rules(Ask::Zone), page))
}

/// What it means, before it is done: which bookings keep their moment and so show another hour.
pub(super) async fn echo(chat: &mut Chat<'_>, zone: Tz) -> Result<String, BookError> {
    let words = chat.words();
    let change = chat.bookings.before_zone(chat.user()).await?;
    let (time, offset) = (words.time(zone, chat.now), words.offset(zone, chat.now));
    let mut lines =
        vec![words.say("rules.zone_echo", &[("zone", &name(words, zone)), ("offset", &offset), ("time", &time)])];
    let n = i64::try_from(change.ahead.len()).unwrap_or(i64::MAX);
    if let Some(first) = change.ahead.first() {
        let (from, to) = (words.moment(change.business.zone, first.starts_at), words.moment(zone, first.starts_at));
        lines.push(words.count("rules.zone_bookings", n, &[("from", &from), ("to", &to)]));
    }
    Ok(lines.join("\n\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_found_by_a_city_as_people_type_it() {
        assert!(cities().len() > 20 && cities().iter().all(|city| city.zone.parse::<Tz>().is_ok()));
        for (typed, zone) in [
            ("екатеринбург", Tz::Asia__Yekaterinburg),
            ("Новосиб", Tz::Asia__Novosibirsk),
            ("Moscow", Tz::Europe__Moscow),
            ("Europe/Berlin", Tz::Europe__Berlin),
        ] {
            assert_eq!(find(typed), Some(zone), "{typed}");
        }
        assert_eq!((find("мо"), find("Атлантида"), find("")), (None, None, None));
    }
}
