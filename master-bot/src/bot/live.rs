//! Messages that keep up with what happens: a buyer's "starting", an operator's card. Edits may be repeated, so
//! nothing of this is stored; each message is edited at most once a second.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use shared::{slug::Slug, telegram::Screen, texts::Lang};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{Front, operator};
use crate::{
    fleet::plan::Part,
    registry::{events, facts, facts::FactRow, tenants, tenants::Tenant},
};

/// Telegram lets one message be edited about so often.
const AT_MOST: Duration = Duration::from_secs(1);
/// Even if nothing rings.
const SLOW_LOOK: Duration = Duration::from_secs(30);
/// An operator's card keeps up for so long after the last tap.
const CARD_LIVES: TimeDelta = TimeDelta::minutes(2);
/// A start that is over is shown as over, then left alone.
const READY_SHOWS: TimeDelta = TimeDelta::minutes(1);

#[derive(Clone, Debug)]
struct Card {
    slug: Slug,
    lang: Lang,
    until: DateTime<Utc>,
}

/// What was last shown where, and the operators' cards that are watched.
#[derive(Default)]
pub(crate) struct Live {
    shown: Mutex<HashMap<(i64, i32), Screen>>,
    cards: Mutex<HashMap<(i64, i32), Card>>,
}

impl Live {
    /// From now on this message is the tenant's card.
    pub(super) fn watch_card(&self, place: (i64, i32), slug: &Slug, lang: Lang, now: DateTime<Utc>, shown: Screen) {
        let card = Card { slug: slug.clone(), lang, until: now + CARD_LIVES };
        self.cards.lock().unwrap_or_else(PoisonError::into_inner).insert(place, card);
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).insert(place, shown);
    }

    /// The message shows something else now.
    pub(super) fn forget_card(&self, place: (i64, i32)) {
        self.cards.lock().unwrap_or_else(PoisonError::into_inner).remove(&place);
    }

    fn cards(&self, now: DateTime<Utc>) -> Vec<((i64, i32), Card)> {
        let mut cards = self.cards.lock().unwrap_or_else(PoisonError::into_inner);
        cards.retain(|_, card| card.until > now);
        cards.iter().map(|(place, card)| (*place, card.clone())).collect()
    }

    fn is_shown(&self, place: (i64, i32), screen: &Screen) -> bool {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).get(&place) == Some(screen)
    }

    fn note_shown(&self, place: (i64, i32), screen: Screen) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.len() > 10_000 {
            shown.clear();
        }
        shown.insert(place, screen);
    }
}

/// Keeps messages up to date until `stop`.
pub(crate) async fn run(front: &Front, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let rung = front.yard.progress.notified();
        tokio::pin!(rung);
        // Registered before the look, so that a ring between looking and sleeping is not lost.
        rung.as_mut().enable();
        if let Err(error) = refresh(front).await {
            tracing::warn!(error = format!("{error:#}"), "progress cannot be shown");
        }
        tokio::select! { () = stop.cancelled() => break, () = sleep(AT_MOST) => {} }
        tokio::select! { () = stop.cancelled() => break, () = rung => {}, () = sleep(SLOW_LOOK) => {} }
    }
}

async fn refresh(front: &Front) -> Result<()> {
    let now = front.clock.now();
    for tenant in tenants::starting(&front.watch.pool, now - READY_SHOWS).await? {
        let Some(message_id) = front.outbox.message_of(&format!("paid:{}", tenant.slug)).await? else { continue };
        let screen = progress(front, &tenant).await?;
        show(front, (tenant.owner_telegram_id, message_id), screen).await;
    }
    for (place, card) in front.live.cards(now) {
        if let Some(screen) = operator::card_screen(front, &card.slug, card.lang).await? {
            show(front, place, screen).await;
        }
    }
    Ok(())
}

async fn show(front: &Front, place: (i64, i32), screen: Screen) {
    if front.live.is_shown(place, &screen) {
        return;
    }
    match front.telegram.edit(place.0, place.1, &screen).await {
        Ok(_) => front.live.note_shown(place, screen),
        Err(error) => tracing::warn!(%error, "a message could not be kept up to date"),
    }
}

/// The steps of a first start: done with their time, under way, to come.
async fn progress(front: &Front, tenant: &Tenant) -> Result<Screen> {
    let lang = Lang::from_code(Some(&tenant.language));
    let facts: Vec<FactRow> = facts::of(&front.watch.pool, tenant.id).await?;
    // Later restarts have steps too, which are no news to the buyer.
    let events = events::first(&front.watch.pool, tenant.id, 50).await?;
    let mut lines = Vec::new();
    let mut under_way = false;
    for part in Part::ALL {
        let what = front.texts.say(lang, &format!("progress.part.{part}"), &[]);
        let took = events.iter().find(|e| e.event == "step" && e.part.as_deref() == Some(part.name()));
        let known = facts.iter().any(|f| f.part == part.name() && f.known);
        let line = if known || tenant.ready_at.is_some() {
            let ms = took.and_then(|e| e.took_ms).unwrap_or_default();
            front.texts.say(lang, "progress.done", &[("what", &what), ("ms", &ms)])
        } else if !under_way {
            under_way = true;
            let key = if tenant.last_error.is_some() { "progress.retry" } else { "progress.doing" };
            front.texts.say(lang, key, &[("what", &what)])
        } else {
            front.texts.say(lang, "progress.waiting", &[("what", &what)])
        };
        lines.push(line);
    }
    let key = if tenant.ready_at.is_some() { "progress.over" } else { "progress.title" };
    let args: [(&str, &dyn std::fmt::Display); 3] =
        [("bot", &tenant.bot_username), ("name", &tenant.business_name), ("steps", &lines.join("\n"))];
    Ok(Screen::text(front.texts.say(lang, key, &args)))
}
