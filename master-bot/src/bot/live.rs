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

use super::{Front, access::Role, client, operator};
use crate::{
    fleet::{
        plan::Part,
        starts::{Progress, Start},
    },
    registry::ClientId,
};

/// Telegram lets one message be edited about so often.
const AT_MOST: Duration = Duration::from_secs(1);
/// Even if nothing rings.
const SLOW_LOOK: Duration = Duration::from_secs(30);
/// A card keeps up for so long after the last tap.
const CARD_LIVES: TimeDelta = TimeDelta::minutes(2);
/// A start that is over is shown as over, then left alone.
const READY_SHOWS: TimeDelta = TimeDelta::minutes(1);

#[derive(Clone, Debug)]
struct Card {
    slug: Slug,
    lang: Lang,
    /// Whose own bot it is; none: it is an operator's card.
    own: Option<ClientId>,
    role: Role,
    until: DateTime<Utc>,
}

/// What was last shown where, and the cards that are watched.
#[derive(Default)]
pub(crate) struct Live {
    shown: Mutex<HashMap<(i64, i32), Screen>>,
    cards: Mutex<HashMap<(i64, i32), Card>>,
}

impl Live {
    /// From now on this message is the tenant's card.
    pub(super) fn watch_card(
        &self,
        place: (i64, i32),
        slug: &Slug,
        (lang, role): (Lang, Role),
        now: DateTime<Utc>,
        shown: Screen,
    ) {
        self.watch(place, Card { slug: slug.clone(), lang, own: None, role, until: now + CARD_LIVES }, shown);
    }

    /// From now on this message is a client's card of their own bot.
    pub(super) fn watch_own(
        &self,
        place: (i64, i32),
        slug: &Slug,
        lang: Lang,
        client: ClientId,
        now: DateTime<Utc>,
        shown: Screen,
    ) {
        self.watch(
            place,
            Card { slug: slug.clone(), lang, own: Some(client), role: Role::Buyer, until: now + CARD_LIVES },
            shown,
        );
    }

    fn watch(&self, place: (i64, i32), card: Card, shown: Screen) {
        self.cards.lock().unwrap_or_else(PoisonError::into_inner).insert(place, card);
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).insert(place, shown);
    }

    /// The message shows something else now.
    pub(super) fn forget_card(&self, place: (i64, i32)) {
        self.cards.lock().unwrap_or_else(PoisonError::into_inner).remove(&place);
    }

    /// Nothing is shown any more to whom this chat belongs.
    pub(super) fn forget_chat(&self, chat: i64) {
        self.cards.lock().unwrap_or_else(PoisonError::into_inner).retain(|(at, _), _| *at != chat);
    }

    fn cards(&self, now: DateTime<Utc>) -> Vec<((i64, i32), Card)> {
        let mut cards = self.cards.lock().unwrap_or_else(PoisonError::into_inner);
        cards.retain(|_, card| card.until > now);
        cards.iter().map(|(place, card)| (*place, card.clone())).collect()
    }

    fn is_card(&self, place: (i64, i32)) -> bool {
        self.cards.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&place)
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
        let rung = front.fleet.rung.notified();
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
    for start in front.fleet.starts(READY_SHOWS).await? {
        let Some(message_id) = front.outbox.message_of(&format!("paid:{}", start.slug)).await? else { continue };
        show(front, (start.owner_telegram_id, message_id), progress(front, &start)).await;
    }
    for (place, card) in front.live.cards(now) {
        let screen = match card.own {
            None => operator::card_screen(front, &card.slug, card.lang, card.role).await?,
            Some(client) => client::card_screen(front, client, &card.slug, card.lang).await?,
        };
        // Its owner may have gone on to another screen meanwhile.
        if let Some(screen) = screen.filter(|_| front.live.is_card(place)) {
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
fn progress(front: &Front, start: &Start) -> Screen {
    let lang = Lang::from_code(Some(&start.language));
    let line = |(part, progress): &(Part, Progress)| {
        let what = front.texts.say(lang, &format!("progress.part.{part}"), &[]);
        match progress {
            Progress::Done(ms) => front.texts.say(lang, "progress.done", &[("what", &what), ("ms", ms)]),
            Progress::Doing { failed_before: false } => front.texts.say(lang, "progress.doing", &[("what", &what)]),
            Progress::Doing { failed_before: true } => front.texts.say(lang, "progress.retry", &[("what", &what)]),
            Progress::Waiting => front.texts.say(lang, "progress.waiting", &[("what", &what)]),
        }
    };
    let lines: Vec<String> = start.parts.iter().map(line).collect();
    let key = if start.over { "progress.over" } else { "progress.title" };
    let args: [(&str, &dyn std::fmt::Display); 3] =
        [("bot", &start.bot_username), ("name", &start.business_name), ("steps", &lines.join("\n"))];
    Screen::text(front.texts.say(lang, key, &args))
}
