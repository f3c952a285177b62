//! One tenant: how it stands and since when, what is wanted of it and why, and what can be done.

use std::fmt::Display;

use anyhow::Result;
use chrono::{DateTime, Utc};
use shared::{
    slug::Slug,
    telegram::{Button, Screen, incoming::Message},
    texts::{Lang, Texts},
};

use super::{Tap, button, cut, denied};
use crate::{
    bot::{
        Front,
        access::{Right, Role},
        callback::{OperatorAct, SaleAct},
        visitor::Visitor,
        words::{ago, day, moment},
    },
    fleet::card::{Card, State},
    runtime::Usage,
};

/// Characters of an error, of a reason and of an image's name.
const ERROR: usize = 500;
const REASON: usize = 200;
const IMAGE: usize = 100;

/// In place of the screen that was pressed.
pub(super) async fn show(front: &Front, tap: &Tap<'_>, slug: &Slug) -> Result<()> {
    let Some(screen) = screen(front, slug, tap.lang, tap.role).await? else {
        let screen = Screen::text(front.texts.say(tap.lang, "operator.gone", &[])).inline(vec![vec![button(
            front,
            tap.lang,
            "operator.back",
            &OperatorAct::List(0, None),
        )]]);
        return front.show(tap.update_id, tap.press, &screen).await;
    };
    front.show(tap.update_id, tap.press, &screen).await?;
    front.live.watch_card(tap.place(), slug, (tap.lang, tap.role), front.clock.now(), screen);
    Ok(())
}

/// As an answer to something written.
pub(super) async fn reply(
    front: &Front,
    update_id: i64,
    visitor: &Visitor,
    message: &Message,
    slug: &Slug,
) -> Result<()> {
    let (lang, role) = (visitor.lang(), visitor.role);
    if !role.may(Right::See) {
        let screen = Screen::text(front.texts.say(lang, denied(role), &[]));
        return front.reply(update_id, message.chat_id, &screen).await;
    }
    front.fleet.measure(slug, &visitor.as_operator()).await?;
    let Some(screen) = screen(front, slug, lang, role).await? else {
        return front
            .reply(update_id, message.chat_id, &Screen::text(front.texts.say(lang, "operator.gone", &[])))
            .await;
    };
    let sent = front.outbox.reply(update_id, 0, message.chat_id, &screen).await?;
    if let Some(message_id) = sent.message_id {
        front.live.watch_card((message.chat_id, message_id), slug, (lang, role), front.clock.now(), screen);
    }
    Ok(())
}

/// The card as it should look now; none if there is no such tenant.
pub(in crate::bot) async fn screen(front: &Front, slug: &Slug, lang: Lang, role: Role) -> Result<Option<Screen>> {
    let Some(card) = front.fleet.card(slug).await? else { return Ok(None) };
    let text = text(&front.texts, lang, &card, front.clock.now());
    Ok(Some(Screen::text(text).inline(buttons(front, (lang, role), &card))))
}

fn text(texts: &Texts, lang: Lang, card: &Card, now: DateTime<Utc>) -> String {
    let say = |key: &str| texts.say(lang, key, &[]);
    let hold = card.hold_reason.as_ref().map(|r| texts.say(lang, "operator.hold", &[("reason", &cut(r, REASON))]));
    let error = card.last_error.as_ref().map(|error| {
        let next = card.next_attempt_at.map_or(0, |at| (at - now).num_seconds().max(0));
        let args: [(&str, &dyn Display); 3] =
            [("error", &cut(error, ERROR)), ("attempts", &card.attempts), ("next", &next)];
        texts.say(lang, "operator.error", &args)
    });
    let beat = match &card.heartbeat {
        Some(beat) if card.state == State::Running => {
            texts.say(lang, "operator.beat", &[("age", &ago(texts, lang, beat.at, now))])
        }
        _ if matches!(card.state, State::Starting | State::Failing) => say("operator.silent"),
        _ => say("operator.still"),
    };
    let client = match &card.client.username {
        Some(username) => texts.say(
            lang,
            "operator.client_known",
            &[("name", &card.client.name), ("username", username), ("id", &card.client.telegram_id)],
        ),
        None => texts.say(lang, "operator.client", &[("name", &card.client.name), ("id", &card.client.telegram_id)]),
    };
    let image = card.image.as_ref().map(|image| {
        let short = |image: &str| cut(image, IMAGE);
        match card.image_wanted.as_ref().filter(|wanted| *wanted != image) {
            Some(wanted) => {
                texts.say(lang, "operator.image_old", &[("image", &short(image)), ("wanted", &short(wanted))])
            }
            None => texts.say(lang, "operator.image", &[("image", &short(image))]),
        }
    });
    let kept = card.kept.as_ref().map(|kept| match kept.dropped_at {
        None => texts.say(lang, "operator.kept", &[("until", &moment(kept.keep_until)), ("schema", &kept.name)]),
        Some(at) => texts.say(lang, "operator.kept_no_more", &[("at", &moment(at))]),
    });
    let usage = card.usage.as_ref().map(|u| format!("\n{}", usage_line(texts, lang, u))).unwrap_or_default();
    let paid = card.paid_until.map_or_else(|| "—".to_owned(), |until| day(until, "Europe/Moscow"));
    let args: [(&str, &dyn Display); 17] = [
        ("usage", &usage),
        ("icon", &card.state.icon()),
        ("slug", &card.slug),
        ("name", &card.business_name),
        ("bot", &card.bot_username),
        ("client", &client),
        ("state", &say(&format!("operator.state.{}", card.state.name()))),
        ("since", &moment(card.since)),
        ("ago", &ago(texts, lang, card.since, now)),
        ("desired", &say(&format!("operator.desired.{}", card.desired))),
        ("hold", &hold.unwrap_or_default()),
        ("paid", &paid),
        ("created", &day(card.created_at, "Europe/Moscow")),
        ("parts", &beat),
        ("image", &image.unwrap_or_default()),
        ("error", &error.unwrap_or_default()),
        ("kept", &kept.unwrap_or_default()),
    ];
    texts.say(lang, "operator.card", &args)
}

/// What this role may do to a bot that stands so.
fn buttons(front: &Front, (lang, role): (Lang, Role), card: &Card) -> Vec<Vec<Button>> {
    let b = |key: &str, right: Right, act: OperatorAct| role.may(right).then(|| button(front, lang, key, &act));
    let (slug, shown) = (|| card.slug.clone(), card.generation);
    let mut rows = match card.state {
        State::Removing | State::Removed => Vec::new(),
        State::Stopping | State::Stopped => vec![
            vec![
                b("operator.start", Right::Steer, OperatorAct::Start(slug(), shown)),
                b("operator.logs", Right::Logs, OperatorAct::Logs(slug())),
            ],
            vec![b("operator.remove", Right::Remove, OperatorAct::AskRemove(slug()))],
        ],
        State::Starting | State::Running | State::Failing | State::Suspended => vec![
            vec![
                b("operator.stop", Right::Steer, OperatorAct::Stop(slug())),
                b("operator.restart", Right::Restart, OperatorAct::Restart(slug(), shown)),
            ],
            vec![
                b("operator.logs", Right::Logs, OperatorAct::Logs(slug())),
                b("operator.remove", Right::Remove, OperatorAct::AskRemove(slug())),
            ],
        ],
    };
    let client = card.client.username.as_ref().map(|username| {
        Button::link(front.texts.plain(lang, "operator.to_client", &[]), format!("https://t.me/{username}"))
    });
    if role.may(Right::Sell) && !matches!(card.state, State::Removing | State::Removed) {
        let text = front.texts.plain(lang, "operator.renew", &[]);
        rows.push(vec![Some(Button::press(text, SaleAct::Renew(slug()).data()))]);
    }
    rows.push(vec![b("operator.events", Right::See, OperatorAct::Events(slug(), 0)), client]);
    rows.push(vec![
        b("operator.refresh", Right::See, OperatorAct::Card(slug())),
        b("operator.back", Right::See, OperatorAct::List(0, None)),
    ]);
    let rows = rows.into_iter().map(|row| row.into_iter().flatten().collect::<Vec<_>>());
    rows.filter(|row| !row.is_empty()).collect()
}

pub(super) fn usage_line(texts: &Texts, lang: Lang, usage: &Usage) -> String {
    let (memory, limit) = (mebibytes(usage.memory), mebibytes(usage.memory_limit));
    let cpu = format!("{:.1}", usage.cpu_percent);
    let args: [(&str, &dyn Display); 3] = [("memory", &memory), ("limit", &limit), ("cpu", &cpu)];
    texts.say(lang, "operator.usage", &args)
}

#[expect(clippy::cast_precision_loss, reason = "for people, with one decimal")]
fn mebibytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / f64::from(1 << 20))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::{
        fleet::{card::Buyer, desired::Desired},
        registry::{TenantId, kept::Kept},
    };

    /// Whatever the longest of everything is.
    fn extreme(letter: char, state: State) -> Card {
        let now = DateTime::UNIX_EPOCH;
        let of = |n: usize| std::iter::repeat_n(letter, n).collect::<String>();
        Card {
            slug: Slug::number(u32::MAX),
            business_name: of(64),
            bot_username: "x".repeat(32),
            state,
            since: now,
            desired: Desired::Running,
            hold_reason: Some(of(5000)),
            paid_until: Some(now),
            created_at: now,
            ready_at: None,
            client: Buyer { name: of(64), username: Some("y".repeat(32)), telegram_id: i64::MAX },
            image: Some(of(300)),
            image_wanted: Some("z".repeat(300)),
            heartbeat: None,
            usage: Some(Usage { memory: u64::MAX, memory_limit: u64::MAX, cpu_percent: 1e9, pids: 9 }),
            last_error: Some(of(5000)),
            attempts: i32::MAX,
            next_attempt_at: Some(now + TimeDelta::days(10_000)),
            generation: i64::MAX,
            kept: Some(Kept { tenant_id: TenantId(1), name: of(80), keep_until: now, dropped_at: None }),
            events: Vec::new(),
        }
    }

    #[test]
    fn whatever_stands_on_a_card_it_is_a_message_of_telegrams() {
        let texts = Texts::load("master").unwrap();
        for letter in ['𝕏', '<', '&', 'ש', '"', 'я'] {
            for state in State::ALL {
                for lang in [Lang::Ru, Lang::En] {
                    let now = DateTime::UNIX_EPOCH + TimeDelta::days(9000);
                    let said = text(&texts, lang, &extreme(letter, state), now);
                    // More than what is left when it is parsed, and Telegram counts UTF-16.
                    let parsed =
                        said.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
                    assert!(parsed.encode_utf16().count() < 4096, "{letter} {state:?}: {}", parsed.len());
                    assert!(!said.contains("{"), "{said}");
                }
            }
        }
    }
}
