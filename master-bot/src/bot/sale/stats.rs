//! `/stats`: how the business goes, on one screen.

use std::fmt::Display;

use anyhow::Result;
use chrono_tz::Tz;
use shared::{telegram::Screen, texts::Lang};

use super::{button, home_row, words::how};
use crate::{
    bot::{
        Front,
        callback::SaleAct,
        words::{cut, day},
    },
    fleet::card::{self, State},
    registry::{Kopecks, payments::Method},
    sales::stats::{self, Figures},
};

/// Characters of a name in the list of what ends soon.
const NAME: usize = 40;

pub(super) async fn screen(front: &Front, lang: Lang) -> Result<Screen> {
    let now = front.clock.now();
    let figures = stats::figures(&front.desk.pool, now).await?;
    let states = card::count_by_state(&front.desk.pool, now).await?;
    let bots: u32 = states.values().sum();
    let lines: Vec<String> = State::ALL
        .iter()
        .filter_map(|state| states.get(state).map(|n| (state, n)))
        .map(|(state, n)| {
            let name = front.texts.plain(lang, &format!("operator.state.{}", state.name()), &[]);
            front.texts.say(lang, "stats.state", &[("icon", &state.icon()), ("state", &name), ("n", n)])
        })
        .collect();
    let states = if lines.is_empty() { front.texts.say(lang, "stats.no_bots", &[]) } else { lines.join("\n") };
    let at = now.with_timezone(&Tz::Europe__Moscow).format("%d.%m.%Y %H:%M").to_string();
    let month = front.texts.plain(lang, &format!("stats.month.m{}", stats::month_of(now)), &[]);
    let (methods, debts, names) =
        (methods(front, lang, &figures), debts(front, lang, &figures), names(front, lang, &figures));
    let args: [(&str, &dyn Display); 16] = [
        ("at", &at),
        ("visitors", &figures.visitors),
        ("clients", &figures.clients),
        ("buyers", &figures.with_bots),
        ("new", &figures.new_this_month),
        ("bots", &bots),
        ("states", &states),
        ("days", &figures.thirty_days),
        ("days_before", &figures.thirty_before),
        ("month", &month),
        ("this", &figures.this_month),
        ("last", &figures.last_month),
        ("methods", &methods),
        ("debts", &debts),
        ("expiring", &figures.ending),
        ("names", &names),
    ];
    Ok(Screen::text(front.texts.say(lang, "stats.text", &args))
        .inline(vec![vec![button(front, lang, "stats.refresh", &SaleAct::Stats)], home_row(front, lang)]))
}

fn methods(front: &Front, lang: Lang, figures: &Figures) -> String {
    if figures.by_method.is_empty() {
        return front.texts.say(lang, "stats.no_money", &[]);
    }
    let line = |(method, sum): &(Method, Kopecks)| {
        front.texts.say(lang, "stats.method", &[("how", &how(&front.texts, lang, *method)), ("sum", sum)])
    };
    figures.by_method.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn debts(front: &Front, lang: Lang, figures: &Figures) -> String {
    match figures.debts {
        (0, _) => String::new(),
        (n, sum) => front.texts.say(lang, "stats.debts", &[("n", &n), ("sum", &sum)]),
    }
}

fn names(front: &Front, lang: Lang, figures: &Figures) -> String {
    let mut lines = String::new();
    for ending in &figures.soonest {
        let args: [(&str, &dyn Display); 3] = [
            ("name", &cut(&ending.business_name, NAME)),
            ("bot", &ending.bot_username),
            ("until", &day(ending.paid_until, &ending.zone)),
        ];
        lines.push_str(&front.texts.say(lang, "stats.expires", &args));
    }
    let more = figures.ending - i64::try_from(figures.soonest.len()).unwrap_or(0);
    if more > 0 {
        lines.push_str(&front.texts.say(lang, "stats.more", &[("n", &more)]));
    }
    lines
}
