//! Time zones as people know them: by a city (`templates/cities.yaml`), or by their IANA name.

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Offset, TimeZone, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};
use serde::Deserialize;
use shared::texts::Lang;

/// So many are offered to choose from.
const MOST_FOUND: usize = 8;
/// Zones of Russia as they count from Moscow, west to east and an hour apart, from UTC+2 on.
const FROM_WEST: [&str; 11] = [
    "Europe/Kaliningrad",
    "Europe/Moscow",
    "Europe/Samara",
    "Asia/Yekaterinburg",
    "Asia/Omsk",
    "Asia/Novosibirsk",
    "Asia/Irkutsk",
    "Asia/Yakutsk",
    "Asia/Vladivostok",
    "Asia/Magadan",
    "Asia/Kamchatka",
];

/// All zones of Russia.
const RUSSIA: [&str; 27] = [
    "Europe/Kaliningrad",
    "Europe/Moscow",
    "Europe/Simferopol",
    "Europe/Kirov",
    "Europe/Volgograd",
    "Europe/Astrakhan",
    "Europe/Saratov",
    "Europe/Ulyanovsk",
    "Europe/Samara",
    "Asia/Yekaterinburg",
    "Asia/Omsk",
    "Asia/Novosibirsk",
    "Asia/Barnaul",
    "Asia/Tomsk",
    "Asia/Novokuznetsk",
    "Asia/Krasnoyarsk",
    "Asia/Irkutsk",
    "Asia/Chita",
    "Asia/Yakutsk",
    "Asia/Khandyga",
    "Asia/Vladivostok",
    "Asia/Ust-Nera",
    "Asia/Magadan",
    "Asia/Sakhalin",
    "Asia/Srednekolymsk",
    "Asia/Kamchatka",
    "Asia/Anadyr",
];

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct City {
    zone: String,
    /// Where it has a button; from 1.
    page: Option<usize>,
    ru: String,
    en: String,
}

/// A zone to choose, by the name that it is offered under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offered {
    /// IANA.
    pub(crate) zone: String,
    /// A city's name, or again the zone's.
    pub(crate) name: String,
}

/// What somebody's words for a zone came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// There is no doubt.
    One(&'static str),
    /// At least one, to choose from.
    Some(Vec<Offered>),
    /// Nothing like it.
    None,
}

/// All cities.
#[derive(Clone, Debug)]
pub(crate) struct Cities(Vec<City>);

impl Cities {
    /// # Errors
    /// When the file makes no sense.
    pub(crate) fn embedded() -> Result<Self> {
        Self::parse(include_str!("../../../templates/cities.yaml"))
    }

    fn parse(yaml: &str) -> Result<Self> {
        let cities = Self(serde_yaml::from_str(yaml).context("cities.yaml")?);
        for City { zone, ru, en, .. } in &cities.0 {
            ensure!(known(zone).is_some(), "cities.yaml: there is no zone «{zone}»");
            ensure!(
                [ru, en].iter().all(|n| (1..=32).contains(&n.chars().count())),
                "cities.yaml: {zone}: a name is 1–32"
            );
        }
        ensure!((1..=cities.pages()).all(|page| !cities.page(page, Lang::Ru).is_empty()), "cities.yaml: an empty page");
        Ok(cities)
    }

    /// How many pages of buttons there are.
    pub(crate) fn pages(&self) -> usize {
        self.0.iter().filter_map(|c| c.page).max().unwrap_or_default()
    }

    /// Those that have a button on this page.
    pub(crate) fn page(&self, page: usize, lang: Lang) -> Vec<Offered> {
        self.0.iter().filter(|c| c.page == Some(page)).map(|c| c.offered(lang)).collect()
    }

    /// A zone as people write it: hours from Moscow (`МСК+2`) or from UTC (`UTC+5`), an IANA name or a city's in full,
    /// or a part of either. A bare `+3` is nothing: nobody can say from where it counts.
    pub(crate) fn find(&self, text: &str, lang: Lang) -> Found {
        if let Some(zone) = exact(text) {
            return Found::One(zone);
        }
        let wanted = plain(text);
        if wanted.chars().filter(|c| c.is_alphabetic()).count() < 2 {
            return Found::None;
        }
        let names = |c: &City| [plain(&c.ru), plain(&c.en)];
        if let Some(zone) = self.0.iter().find(|c| names(c).contains(&wanted)).and_then(|c| known(&c.zone)) {
            return Found::One(zone);
        }
        // What begins so comes before what only contains it.
        let mut found: Vec<Offered> = Vec::new();
        let mut add = |offered: Offered| {
            if !found.contains(&offered) {
                found.push(offered);
            }
        };
        let begins = |c: &&City| names(c).iter().any(|n| n.starts_with(&wanted));
        let contains = |c: &&City| names(c).iter().any(|n| n.contains(&wanted));
        self.0.iter().filter(begins).chain(self.0.iter().filter(contains)).for_each(|c| add(c.offered(lang)));
        let zones = || TZ_VARIANTS.iter().map(|z| z.name()).filter(|n| self.0.iter().all(|c| c.zone != *n));
        let city_of = |name: &str| plain(name.rsplit('/').next().unwrap_or(name));
        let own = |name: &str| Offered { zone: name.to_owned(), name: name.replace('_', " ") };
        zones().filter(|n| city_of(n).starts_with(&wanted)).for_each(|n| add(own(n)));
        zones().filter(|n| plain(n).contains(&wanted)).for_each(|n| add(own(n)));
        found.truncate(MOST_FOUND);
        if found.is_empty() { Found::None } else { Found::Some(found) }
    }

    /// What a zone is called: by those of its cities that have a button, or by its first, or by itself.
    pub(crate) fn name(&self, zone: &str, lang: Lang) -> String {
        let mut of = self.0.iter().filter(|c| c.zone == zone);
        let shown: Vec<String> = of.clone().filter(|c| c.page.is_some()).map(|c| c.offered(lang).name).collect();
        if !shown.is_empty() {
            return shown.join(", ");
        }
        of.next().map_or_else(|| zone.replace('_', " "), |c| c.offered(lang).name)
    }
}

impl City {
    fn offered(&self, lang: Lang) -> Offered {
        let name = match lang {
            Lang::Ru => &self.ru,
            Lang::En => &self.en,
        };
        Offered { zone: self.zone.clone(), name: name.clone() }
    }
}

/// A zone by its IANA name, exactly so.
pub(crate) fn known(name: &str) -> Option<&'static str> {
    name.parse::<Tz>().ok().map(|z| z.name())
}

/// What can be meant in one way only: an IANA name in any case, or hours from Moscow or UTC.
pub(crate) fn exact(text: &str) -> Option<&'static str> {
    let text: String = text.split_whitespace().collect::<String>().to_lowercase().replace('−', "-");
    if let Some(zone) = TZ_VARIANTS.iter().find(|z| z.name().to_lowercase() == text) {
        return Some(zone.name());
    }
    let (from_utc, hours): (i32, &str) = [("мск", 3), ("msk", 3), ("utc", 0), ("gmt", 0)]
        .iter()
        .find_map(|(prefix, base)| Some((*base, text.strip_prefix(prefix)?)))?;
    let hours: i32 = if hours.is_empty() { 0 } else { hours.strip_prefix('+').unwrap_or(hours).parse().ok()? };
    FROM_WEST.get(usize::try_from(from_utc.checked_add(hours)?.checked_sub(2)?).ok()?).copied()
}

/// How a zone stands at this moment: inside Russia as people there say it, by Moscow (`МСК+2`), else `UTC+5:30`.
pub(crate) fn offset(zone: &str, at: DateTime<Utc>, lang: Lang) -> String {
    let (from, base) = match (RUSSIA.contains(&zone), lang) {
        (true, Lang::Ru) => ("МСК", minutes(FROM_WEST[1], at)),
        (true, Lang::En) => ("MSK", minutes(FROM_WEST[1], at)),
        (false, _) => ("UTC", 0),
    };
    let minutes = minutes(zone, at) - base;
    let sign = if minutes < 0 { '−' } else { '+' };
    match (minutes.abs() / 60, minutes.abs() % 60) {
        (0, 0) => from.to_owned(),
        (hours, 0) => format!("{from}{sign}{hours}"),
        (hours, rest) => format!("{from}{sign}{hours}:{rest:02}"),
    }
}

/// East of Greenwich.
fn minutes(zone: &str, at: DateTime<Utc>) -> i32 {
    let tz = zone.parse::<Tz>().unwrap_or(Tz::UTC);
    tz.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc() / 60
}

/// For comparing: small letters, `ё` as `е`, and nothing but letters and digits.
fn plain(text: &str) -> String {
    text.to_lowercase().replace('ё', "е").chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zones(found: Found) -> Vec<String> {
        match found {
            Found::Some(offered) => offered.into_iter().map(|o| o.zone).collect(),
            Found::One(zone) => vec![format!("={zone}")],
            Found::None => Vec::new(),
        }
    }

    #[test]
    fn every_zone_of_russia_and_of_the_neighbours_has_a_button() {
        let cities = Cities::embedded().unwrap();
        assert_eq!(cities.pages(), 2);
        let first: Vec<String> = cities.page(1, Lang::Ru).into_iter().map(|o| o.zone).collect();
        assert_eq!(first, FROM_WEST);
        let second: Vec<String> = cities.page(2, Lang::En).into_iter().map(|o| o.name).collect();
        for city in [
            "Minsk",
            "Almaty",
            "Astana",
            "Tashkent",
            "Bishkek",
            "Yerevan",
            "Tbilisi",
            "Baku",
            "Chisinau",
            "Dushanbe",
            "Ashgabat",
            "Ulaanbaatar",
        ] {
            assert!(second.iter().any(|name| name == city), "{city} in {second:?}");
        }
        assert_eq!(cities.name("Asia/Almaty", Lang::Ru), "Алматы, Астана");
        assert_eq!(cities.name("Asia/Krasnoyarsk", Lang::En), "Krasnoyarsk");
        assert_eq!(cities.name("America/Los_Angeles", Lang::En), "America/Los Angeles");
        assert!(cities.page(3, Lang::Ru).is_empty() && cities.page(0, Lang::Ru).is_empty());
    }

    #[test]
    fn a_zone_is_found_by_a_part_of_a_citys_name_in_either_language_or_of_its_own() {
        let cities = Cities::embedded().unwrap();
        let find = |text: &str| zones(cities.find(text, Lang::Ru));
        assert_eq!(find("красноярск"), ["=Asia/Krasnoyarsk"]);
        assert_eq!(find("Кишинев"), ["=Europe/Chisinau"]);
        assert_eq!(find("казань"), ["=Europe/Moscow"]);
        assert_eq!(find("краснояр"), ["Asia/Krasnoyarsk"]);
        assert_eq!(find("saint pet"), ["Europe/Moscow"]);
        assert!(find("ново").contains(&"Asia/Novosibirsk".to_owned()));
        assert_eq!(find("kathm"), ["Asia/Kathmandu"]);
        assert_eq!(find("asia/alm"), find("Asia/Alm"));
        for wide in ["ск", "america", "new"] {
            let found = find(wide);
            assert!((2..=MOST_FOUND).contains(&found.len()), "{wide}: {found:?}");
        }
        for nothing in ["Луна", "", "я", "!!!", "+3", "12:00", "\u{202e}", "МСК+x"] {
            assert!(find(nothing).is_empty(), "{nothing}: {:?}", find(nothing));
        }
    }

    #[test]
    fn what_can_be_meant_in_one_way_only_is_taken_at_once() {
        for (typed, zone_meant) in [
            ("asia/almaty", "Asia/Almaty"),
            (" Europe/Moscow ", "Europe/Moscow"),
            ("МСК", "Europe/Moscow"),
            ("мск + 2", "Asia/Yekaterinburg"),
            ("МСК−1", "Europe/Kaliningrad"),
            ("UTC+5", "Asia/Yekaterinburg"),
            ("utc+12", "Asia/Kamchatka"),
        ] {
            assert_eq!(exact(typed), Some(zone_meant), "{typed}");
        }
        for unclear in ["+3", "3", "Луна", "МСК+x", "UTC-7", "МСК+99", "МСК+2147483647", ""] {
            assert_eq!(exact(unclear), None, "{unclear}");
        }
    }

    #[test]
    fn an_offset_is_that_of_the_moment() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let (winter, summer) = (at("2026-01-15T12:00:00Z"), at("2026-07-15T12:00:00Z"));
        let ru = |zone, at| offset(zone, at, Lang::Ru);
        assert_eq!((ru("Europe/Moscow", winter), ru("Asia/Yekaterinburg", winter)), ("МСК".into(), "МСК+2".into()));
        assert_eq!(
            (ru("Europe/Kaliningrad", winter), offset("Asia/Omsk", winter, Lang::En)),
            ("МСК−1".into(), "MSK+3".into())
        );
        assert_eq!((ru("Europe/Chisinau", winter), ru("Europe/Chisinau", summer)), ("UTC+2".into(), "UTC+3".into()));
        assert_eq!(ru("Asia/Kathmandu", winter), "UTC+5:45");
        assert_eq!(ru("America/St_Johns", winter), "UTC−3:30");
        assert_eq!(ru("Europe/London", winter), "UTC");
        assert!(RUSSIA.iter().all(|zone| known(zone).is_some()));
    }
}
