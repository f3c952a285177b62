//! The figures in words.

use shared::telegram::Button;

use super::{Choice, Page, View, button};
use crate::{
    booking::Report,
    bot::{admin, choice, words::Words},
    reports::{
        headline::{Headline, dates, headlines, money},
        range::{Range, Unit},
    },
};

/// So many of the best are named.
const MOST_NAMED: usize = 5;

/// The page of a report.
pub(super) fn page(words: Words<'_>, report: &Report) -> Page {
    let range = report.now.range;
    let (now, before) = (dates(words, range), dates(words, report.before.range));
    let mut parts = vec![words.say("figures.head", &[("now", &now), ("before", &before)])];
    if report.goes_on() {
        parts.push(words.say("figures.goes_on", &[]));
    }
    parts.push(numbers(words, report));
    parts.extend(services(words, report));
    parts.extend(resources(words, report));
    parts.extend(ratings(words, report));
    parts.extend(sources(words, report));
    let trail =
        vec![words.plain("figures.title", &[]), words.plain(&format!("figures.unit.{}", range.unit.word()), &[])];
    let home = choice::Choice::Admin(admin::Choice::Home);
    Page::new(trail, parts.join("\n\n"), rows(words, report), home)
}

fn rows(words: Words<'_>, report: &Report) -> Vec<Vec<Button>> {
    let range = report.now.range;
    let today = report.today();
    let around = if range.has(today) { today } else { range.first };
    let unit = |unit: Unit| {
        let key = format!("figures.unit.{}", unit.word());
        words.button(&key, button(Choice::Of(View::Words, Range::around(unit, around))))
    };
    let of = |key: &str, view: View| words.button(key, button(Choice::Of(view, range)));
    let go = |key: &str, to: Range| words.button(key, button(Choice::Of(View::Words, to)));
    vec![
        vec![go("button.earlier", range.before()), go("button.later", range.after())],
        vec![unit(Unit::Day), unit(Unit::Week), unit(Unit::Month)],
        vec![words.button("figures.dates", button(Choice::Dates))],
        vec![of("figures.picture", View::Picture), of("figures.heat", View::Heat)],
        vec![of("figures.workbook", View::Workbook), of("figures.table", View::Table)],
        vec![of("figures.advice", View::Advice), words.button("figures.reviews", button(Choice::Reviews(0, range)))],
    ]
}

fn numbers(words: Words<'_>, report: &Report) -> String {
    let all = headlines(report);
    let of = |key: &str| all.iter().find(|headline| headline.key == key);
    let mut lines = Vec::new();
    for headline in &all {
        let share = |key: &str, n: u32| of(key).filter(|_| n > 0).map(|headline| headline.say(words));
        let more = match headline.key {
            "cancelled" => share("cancelled_share", report.now.cancelled_in_all()),
            "missed" => share("missed_share", report.now.missed),
            "customers" => (report.now.customers > 0).then(|| {
                let (new, returned) = (report.now.new, report.now.returned());
                words.say("figures.people", &[("new", &new), ("returned", &returned)])
            }),
            "rating" => headline.now.map(|_| words.count("report.of_ratings", i64::from(report.now.ratings()), &[])),
            "bookings" | "revenue" | "average_bill" | "occupancy" => None,
            _ => continue,
        };
        lines.push(line(words, headline, more));
    }
    if report.now.expected > 0 {
        lines.push(words.say("figures.expected", &[("sum", &money(report.now.expected)), ("n", &report.now.ahead)]));
    }
    lines.join("\n")
}

fn line(words: Words<'_>, headline: &Headline, more: Option<String>) -> String {
    let more = more.map(|more| format!(" ({more})")).unwrap_or_default();
    let change = match headline.change(words) {
        None => String::new(),
        Some(change) => {
            // Green is good whichever way it goes.
            let (sign, dot) = (if change.up { '▲' } else { '▼' }, if change.good { "🟢" } else { "🔴" });
            format!(" {dot} {sign} {}", change.by)
        }
    };
    let (name, value) = (headline.name(words), headline.say(words));
    words.say("figures.line", &[("name", &name), ("value", &value), ("more", &more), ("change", &change)])
}

fn services(words: Words<'_>, report: &Report) -> Option<String> {
    let mut all: Vec<_> = report.now.services.iter().filter(|(_, service)| service.bookings > 0).collect();
    all.sort_by_key(|(id, service)| (std::cmp::Reverse((service.revenue, service.bookings)), **id));
    let line = |(id, service): &(&crate::booking::ServiceId, &crate::reports::figures::ServiceFigures)| {
        let (name, n, sum) = (report.service(**id), service.bookings, money(service.revenue));
        words.say("figures.service", &[("name", &name), ("n", &n), ("sum", &sum)])
    };
    listed(words, "figures.services", all.iter().take(MOST_NAMED).map(line).collect())
}

fn resources(words: Words<'_>, report: &Report) -> Option<String> {
    let mut all: Vec<_> = report.now.resources.iter().filter(|(_, resource)| resource.bookings > 0).collect();
    all.sort_by_key(|(id, resource)| (std::cmp::Reverse((resource.revenue, resource.bookings)), **id));
    let line = |(id, resource): &(&crate::booking::ResourceId, &crate::reports::figures::ResourceFigures)| {
        let (name, sum) = (report.resource(**id), money(resource.revenue));
        let taken = resource.total().share().map_or_else(|| "—".to_owned(), crate::reports::headline::percent);
        words.say("figures.resource", &[("name", &name), ("n", &resource.bookings), ("sum", &sum), ("taken", &taken)])
    };
    listed(words, "figures.resources", all.iter().take(MOST_NAMED).map(line).collect())
}

/// How often there were five stars, four, …
fn ratings(words: Words<'_>, report: &Report) -> Option<String> {
    let told = [5, 4, 3, 2, 1].map(|stars| format!("{stars}⭐ {}", report.now.stars[stars - 1]));
    (report.now.ratings() > 0).then(|| words.say("figures.stars", &[("stars", &told.join(" · "))]))
}

fn sources(words: Words<'_>, report: &Report) -> Option<String> {
    let opens = report.now.opens();
    let mut lines = Vec::new();
    if opens.opened > 0 {
        let args: [(&str, &dyn std::fmt::Display); 3] =
            [("opened", &opens.opened), ("new", &opens.new), ("began", &opens.began)];
        lines.push(words.say("figures.opened", &args));
    }
    let mut all: Vec<_> = report.now.sources.iter().filter(|(name, _)| !name.is_empty()).collect();
    all.sort_by_key(|(name, source)| (std::cmp::Reverse((source.bookings, source.opens.opened)), (*name).clone()));
    let line = |(name, source): &(&String, &crate::reports::figures::SourceFigures)| {
        let args: [(&str, &dyn std::fmt::Display); 4] = [
            ("name", name),
            ("opened", &source.opens.opened),
            ("n", &source.bookings),
            ("sum", &money(source.revenue)),
        ];
        words.say("figures.source", &args)
    };
    lines.extend(all.iter().take(MOST_NAMED).map(line));
    listed(words, "figures.sources", lines)
}

fn listed(words: Words<'_>, head: &str, lines: Vec<String>) -> Option<String> {
    (!lines.is_empty()).then(|| format!("{}\n{}", words.say(head, &[]), lines.join("\n")))
}
