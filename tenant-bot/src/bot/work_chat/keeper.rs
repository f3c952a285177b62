//! Keeps the cards true: whenever a booking has changed, its cards are edited. An edit may be repeated, so it is noted as
//! shown only after it was made; Telegram's limits for groups are waited out.

use std::{sync::Arc, time::Duration};

use shared::{
    backoff,
    telegram::{Edited, Telegram, TelegramError},
    texts::Texts,
};
use tokio_util::sync::CancellationToken;

use super::card;
use crate::{
    booking::{BookError, BookingId, Bookings, StaleCard},
    bot::words::Words,
};

const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// A card whose letter is still on its way is looked at again after this.
const UNSENT: Duration = Duration::from_secs(3);
/// What Telegram says of a bot that is no longer in a group.
const LOST: [&str; 4] = ["kicked", "not a member", "chat not found", "group chat was deleted"];

/// See the module.
pub(crate) struct CardKeeper {
    desk: Bookings,
    telegram: Telegram,
    texts: Arc<Texts>,
}

/// What came of one card.
enum Kept {
    Done,
    Later(Duration),
}

impl CardKeeper {
    pub(crate) fn new(desk: Bookings, telegram: Telegram, texts: Arc<Texts>) -> Self {
        Self { desk, telegram, texts }
    }

    /// Runs until `stop`.
    pub(crate) async fn run(&self, stop: CancellationToken) {
        let mut failures = 0;
        while !stop.is_cancelled() {
            // Registered before the look, so that a signal between looking and sleeping is not lost.
            let woken = self.desk.cards.notified();
            let pause = match self.keep_all(&stop).await {
                Ok(pause) => {
                    failures = 0;
                    pause
                }
                Err(error) => {
                    failures += 1;
                    tracing::warn!(error = &error as &dyn std::error::Error, "cards are not edited yet");
                    Some(backoff::doubling(failures, Duration::from_secs(1), LONGEST_PAUSE))
                }
            };
            // What asks for patience is given it, whatever happens meanwhile.
            if let Some(pause) = pause {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(pause) => {}
                }
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = woken => {}
            }
        }
    }

    /// Edits every card that is stale; how long to wait before another look, if one is needed.
    async fn keep_all(&self, stop: &CancellationToken) -> Result<Option<Duration>, BookError> {
        let (mut after, mut pause) = ((i64::MIN, i64::MIN), None);
        // A group that asks to wait is left alone in this look; the others go on.
        let mut waits_for = None;
        loop {
            let cards = self.desk.stale_cards(after).await?;
            let Some(last) = cards.last() else { return Ok(pause) };
            after = (last.chat_id, last.booking_id);
            for card in &cards {
                if stop.is_cancelled() {
                    return Ok(pause);
                }
                if waits_for == Some(card.chat_id) {
                    continue;
                }
                if let Kept::Later(rest) = self.keep(card).await? {
                    if rest != UNSENT {
                        waits_for = Some(card.chat_id);
                    }
                    pause = Some(pause.map_or(rest, |so_far: Duration| so_far.max(rest)));
                }
            }
        }
    }

    async fn keep(&self, stale: &StaleCard) -> Result<Kept, BookError> {
        let Some(message_id) = stale.message_id else {
            if matches!(stale.state.as_deref(), Some("due" | "sending")) {
                return Ok(Kept::Later(UNSENT));
            }
            // It never arrived, or nobody knows as which message.
            if stale.error.as_deref().is_some_and(|error| LOST.iter().any(|lost| error.contains(lost))) {
                self.desk.chat_lost(stale.chat_id).await?;
            }
            self.desk.card_lost(stale).await?;
            return Ok(Kept::Done);
        };
        let Some(now) = self.desk.work_card(BookingId(stale.booking_id)).await? else {
            self.desk.card_lost(stale).await?;
            return Ok(Kept::Done);
        };
        let words = Words { texts: &self.texts, lang: now.business.language };
        let screen = card(words, &now.business, &now.booking, now.moved_to.as_ref());
        match self.telegram.edit(stale.chat_id, message_id, &screen).await {
            Ok(Edited::Done | Edited::NotModified) => self.desk.card_shown(stale).await?,
            // Deleted, or too old.
            Ok(Edited::Gone) => self.desk.card_lost(stale).await?,
            Err(TelegramError::RetryAfter(pause)) => return Ok(Kept::Later(pause)),
            Err(TelegramError::Refused(why)) => {
                tracing::info!(why, "a card is left as it is");
                if LOST.iter().any(|lost| why.contains(lost)) {
                    self.desk.chat_lost(stale.chat_id).await?;
                }
                self.desk.card_lost(stale).await?;
            }
            Err(error) => {
                tracing::info!(%error, "a card is edited later");
                return Ok(Kept::Later(Duration::from_secs(5)));
            }
        }
        Ok(Kept::Done)
    }
}
