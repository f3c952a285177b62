//! Several services or resources, typed one a line.

use crate::{
    booking::{NewService, ResourceKind},
    bot::typed,
};

/// So many at once.
const MOST: usize = 20;

/// «Стрижка, 1 ч, 1500», one a line: name, length, price.
pub(super) fn services(text: &str) -> Result<Vec<NewService>, &'static str> {
    const HINT: &str = "offer.typed_services";
    let all: Vec<NewService> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| service(line).ok_or(HINT))
        .collect::<Result<_, _>>()?;
    if (1..=MOST).contains(&all.len()) { Ok(all) } else { Err(HINT) }
}

fn service(line: &str) -> Option<NewService> {
    // A comma within a number has no space after it: «1,5 ч».
    let apart: Vec<&str> = line.split(';').flat_map(|part| part.split(", ")).map(str::trim).collect();
    let parts = if apart.len() >= 3 { apart } else { line.split(',').map(str::trim).collect() };
    let [ref name @ .., length, price] = parts[..] else { return None };
    let name = name.join(", ");
    let duration = typed::length(length).ok().filter(|d| (5..=1440).contains(&d.num_minutes()))?;
    let price = typed::price(price).ok()?;
    (1..=100).contains(&name.chars().count()).then_some(NewService { name, duration, price })
}

/// Names, one a line; people also apart by commas, tables with the number of their seats: «Стол 5, 4».
pub(super) fn resources(kind: ResourceKind, text: &str) -> Result<Vec<(String, Option<u16>)>, &'static str> {
    const HINT: &str = "offer.typed_resources";
    let mut all = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if kind == ResourceKind::Person {
            all.extend(line.split(',').map(|name| (name.trim().to_owned(), None)));
            continue;
        }
        match line.rsplit_once(',').map(|(name, seats)| (name, typed::number(seats, 1..=500))) {
            Some((name, Ok(seats))) => all.push((name.trim().to_owned(), u16::try_from(seats).ok())),
            Some((_, Err(_))) => return Err(HINT),
            None => all.push((line.to_owned(), None)),
        }
    }
    let fit = all.iter().all(|(name, _)| (1..=100).contains(&name.chars().count()));
    if fit && (1..=MOST).contains(&all.len()) { Ok(all) } else { Err(HINT) }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::booking::{Kopecks, Price};

    #[test]
    fn services_are_typed_one_a_line() {
        let all = services("Стрижка, 1,5 ч, 1 500 ₽\n\nМытьё, укладка, 45, 1000-1500\nБорода,30,бесплатно").unwrap();
        let told: Vec<_> = all.iter().map(|s| (s.name.as_str(), s.duration.num_minutes(), s.price.from.0)).collect();
        assert_eq!(told, [("Стрижка", 90, 150_000), ("Мытьё, укладка", 45, 100_000), ("Борода", 30, 0)]);
        assert_eq!(all[1].price, Price { from: Kopecks(100_000), to: Some(Kopecks(150_000)) });
        assert_eq!(services("Чай; 15 мин; 100").unwrap()[0].duration, TimeDelta::minutes(15));
        for text in ["", "Стрижка", "Стрижка, 60", "Стрижка, дорого, 60", ", 60, 100", "Стрижка, 3 мин, 100"]
        {
            assert!(services(text).is_err(), "{text}");
        }
        assert!(services(&"А, 60, 1\n".repeat(21)).is_err());
    }

    #[test]
    fn people_are_names_and_tables_have_seats() {
        let people = resources(ResourceKind::Person, "Анна, Мария\nОля").unwrap();
        assert_eq!(people.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["Анна", "Мария", "Оля"]);
        let tables = resources(ResourceKind::Table, "Стол 1, 4\nУ окна").unwrap();
        assert_eq!(tables, [("Стол 1".to_owned(), Some(4)), ("У окна".to_owned(), None)]);
        for (kind, text) in [
            (ResourceKind::Person, ""),
            (ResourceKind::Person, "Анна,,Оля"),
            (ResourceKind::Table, "Стол, много"),
            (ResourceKind::Table, "Стол, 501"),
        ] {
            assert!(resources(kind, text).is_err(), "{text}");
        }
    }
}
