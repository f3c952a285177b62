//! A client's card of one bot: how it is, in a person's words, and until when it is paid for.

use std::fmt::Display;

use anyhow::Result;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use shared::{
    slug::Slug,
    telegram::{Button, Screen},
    texts::Lang,
};

use super::button;
use crate::{
    bot::{
        Front,
        callback::{BuyerAct, ClientAct},
        words::{cut, day},
    },
    fleet::{
        card::State,
        own::{self, OwnBot},
    },
    registry::ClientId,
};

/// Characters of an operator's reason.
const REASON: usize = 300;

/// The card as it should look now; none if the bot is not this client's.
pub(in crate::bot) async fn card_screen(
    front: &Front,
    client: ClientId,
    slug: &Slug,
    lang: Lang,
) -> Result<Option<Screen>> {
    let bots = own::all(&front.fleet.pool, client, front.clock.now()).await?;
    let several = bots.len() > 1;
    Ok(bots.into_iter().find(|bot| bot.slug == *slug).map(|bot| screen(front, lang, &bot, several)))
}

/// The card; with a way back to the list where there is one.
pub(super) fn screen(front: &Front, lang: Lang, bot: &OwnBot, several: bool) -> Screen {
    let now = front.clock.now();
    let until = bot.paid_until.map_or_else(|| "—".to_owned(), |at| day(at, &bot.zone));
    let left = bot.paid_until.and_then(|at| days_left(at, now, &bot.zone));
    let plan = match bot.plan.as_deref().and_then(|code| front.plans.find(code)) {
        Some(plan) => front.texts.plain(lang, "client.plan", &[("title", &plan.title(lang)), ("price", &plan.price())]),
        None => front.texts.plain(lang, "client.plan_own", &[]),
    };
    let (icon, state) = (bot.state.icon(), state(front, lang, bot));
    let left_words = left.map(|days| match days {
        0 => front.texts.plain(lang, "client.left_today", &[]),
        days => front.texts.count(lang, "client.left", days, &[]),
    });
    let mut args: Vec<(&str, &dyn Display)> = vec![
        ("icon", &icon),
        ("name", &bot.business_name),
        ("bot", &bot.bot_username),
        ("state", &state),
        ("until", &until),
        ("plan", &plan),
    ];
    let key = match &left_words {
        Some(left) => {
            args.push(("left", left));
            "client.card"
        }
        None => "client.card_unpaid",
    };
    Screen::text(front.texts.say(lang, key, &args)).inline(rows(front, lang, bot, several))
}

/// How the bot is, and what can be done about it.
fn state(front: &Front, lang: Lang, bot: &OwnBot) -> String {
    let key = match (bot.state, bot.trouble.as_deref(), &bot.hold_reason) {
        (State::Removing | State::Removed, ..) => "removing",
        (State::Stopping | State::Stopped | State::Suspended, _, Some(reason)) => {
            let reason = cut(reason, REASON);
            return front.texts.say(lang, "client.state.stopped", &[("reason", &reason)]);
        }
        (State::Stopping | State::Stopped | State::Suspended, _, None) => "suspended",
        (State::Failing, Some(trouble @ ("token_refused" | "bot_deleted" | "bot_not_ours")), _) => trouble,
        (State::Failing, ..) => "delayed",
        (State::Starting, ..) => "starting",
        (State::Running, ..) => "running",
    };
    front.texts.say(lang, &format!("client.state.{key}"), &[])
}

/// Days of the business's calendar that are left; none when the time is over.
fn days_left(until: DateTime<Utc>, now: DateTime<Utc>, zone: &str) -> Option<i64> {
    let zone = zone.parse::<Tz>().unwrap_or(Tz::UTC);
    (until > now).then(|| (until.with_timezone(&zone).date_naive() - now.with_timezone(&zone).date_naive()).num_days())
}

fn rows(front: &Front, lang: Lang, bot: &OwnBot, several: bool) -> Vec<Vec<Button>> {
    let b = |key: &str, act: ClientAct| button(front, lang, key, &act);
    let slug = || bot.slug.clone();
    let open = front.texts.plain(lang, "client.open", &[]);
    let mut rows = vec![vec![Button::link(open, format!("https://t.me/{}", bot.bot_username))]];
    if !matches!(bot.state, State::Removing | State::Removed) {
        rows.push(vec![
            b("client.restart", ClientAct::Restart(slug())),
            b("client.token", ClientAct::AskToken(slug())),
        ]);
    }
    // Words that say «write to us» stand above the button that tells where.
    if !matches!(bot.state, State::Running | State::Starting) {
        rows.push(vec![support(front, lang)]);
    }
    rows.push(vec![b("client.help", ClientAct::Help(slug())), b("client.refresh", ClientAct::Card(slug()))]);
    if several {
        rows.push(vec![b("client.back", ClientAct::List)]);
    }
    rows
}

/// Whom to turn to.
pub(super) fn support(front: &Front, lang: Lang) -> Button {
    Button::press(front.texts.plain(lang, "buyer.support_button", &[]), BuyerAct::Support.data())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_by_the_calendar_of_the_business() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let now = at("2026-11-21T20:00:00Z");
        for (until, zone, left) in [
            ("2026-11-21T20:30:00Z", "Europe/Moscow", Some(0)),
            // In Kamchatka it is tomorrow already, and so is the end.
            ("2026-11-22T10:00:00Z", "Asia/Kamchatka", Some(0)),
            ("2026-11-22T10:00:00Z", "Europe/Moscow", Some(1)),
            ("2026-12-21T20:00:00Z", "Europe/Moscow", Some(30)),
            ("2026-11-21T19:59:59Z", "Europe/Moscow", None),
            ("2026-11-23T00:00:00Z", "Nowhere/Never", Some(2)),
        ] {
            assert_eq!(days_left(at(until), now, zone), left, "{until} {zone}");
        }
    }
}
