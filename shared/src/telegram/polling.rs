//! Long polling that confirms an update only after its effects are committed.
//!
//! teloxide's Dispatcher moves the offset before handlers finish, drops what it cannot parse, and dies with a
//! handler's panic; so the loop is ours. A batch is handled chat by chat in order, chats side by side; the next
//! `getUpdates`, which confirms the batch, is sent when all of it is done. After a crash the batch comes again, and
//! handlers know a repeat by its `update_id` (see [`crate::outbox::Outbox::reply`]).

use std::{future::Future, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::{FutureExt, StreamExt, stream};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{Telegram, TelegramError, incoming::Incoming};
use crate::{backoff::doubling, heartbeat::POLL_SECONDS};

/// Chats handled side by side: enough for speed, few enough for a tenant's memory.
const SIDE_BY_SIDE: usize = 64;
/// An update whose handler fails is tried so often before it is given up and confirmed.
const TRIES: u32 = 3;
/// So many refusals of the token in a row, seconds apart, are no hiccup.
const REFUSALS: u32 = 3;
/// A handler that takes longer is cut off: it would hold up everybody else's updates.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is done with updates.
pub trait Handler: Send + Sync + 'static {
    /// Acts on one update. An error means that it may be tried again; what can be told to the person is told here.
    fn handle(&self, update: &Incoming) -> impl Future<Output = anyhow::Result<()>> + Send;

    /// Called after every answered `getUpdates`: proof that Telegram and the bot are connected.
    fn polled(&self) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// Called when an update was given up after every try failed.
    fn gave_up(&self, _update: &Incoming) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// Why polling ended by itself.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PollingEnded {
    /// The token was refused several times in a row, the last time to `getMe`: it is dead, not just a hiccup.
    #[error("Telegram no longer accepts the bot's token")]
    TokenRefused,
}

/// The loop.
#[derive(Debug)]
pub struct Poller {
    telegram: Telegram,
    allowed: &'static [&'static str],
}

impl Poller {
    /// Polls for these kinds of updates only.
    pub fn new(telegram: Telegram, allowed: &'static [&'static str]) -> Self {
        Self { telegram, allowed }
    }

    /// Runs until `stop`; what is in hand then is finished and confirmed first.
    ///
    /// # Errors
    /// [`PollingEnded::TokenRefused`] when there is no point in going on.
    pub async fn run<H: Handler>(self, handler: Arc<H>, stop: CancellationToken) -> Result<(), PollingEnded> {
        let mut offset = None;
        let mut sent_offset = None;
        let (mut failures, mut refusals) = (0, 0);
        // The first poll does not wait, so that a fresh start shows as connected at once.
        let mut timeout = 0;
        while !stop.is_cancelled() {
            sent_offset = offset;
            let polled = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                polled = self.telegram.get_updates(offset, 100, timeout, self.allowed) => polled,
            };
            match polled {
                Ok(batch) => {
                    (failures, refusals) = (0, 0);
                    timeout = POLL_SECONDS;
                    handler.polled().await;
                    let updates: Vec<Incoming> = batch.iter().filter_map(Incoming::parse).collect();
                    if let Some(last) = updates.iter().map(|u| u.update_id).max() {
                        handle_batch(&*handler, updates).await;
                        offset = Some(last + 1);
                    }
                }
                Err(error) => {
                    failures += 1;
                    refusals = if error == TelegramError::Unauthorized { refusals + 1 } else { 0 };
                    // A server that is just coming back may say so too, and it is what a 404 looks like: getMe decides.
                    if refusals >= REFUSALS && self.telegram.get_me().await == Err(TelegramError::Unauthorized) {
                        return Err(PollingEnded::TokenRefused);
                    }
                    let pause = match &error {
                        TelegramError::RetryAfter(pause) => *pause,
                        // A poller that was just replaced still hangs for a moment: wait it out.
                        _ => doubling(failures, Duration::from_secs(1), Duration::from_secs(30)),
                    };
                    tracing::warn!(%error, failures, pause_s = pause.as_secs(), "getUpdates failed");
                    tokio::select! { () = stop.cancelled() => break, () = sleep(pause) => {} }
                }
            }
        }
        if offset != sent_offset {
            // The last batch is done and no poll has confirmed it yet: a restart should not see it again.
            let confirm = self.telegram.get_updates(offset, 1, 0, self.allowed);
            let _ = tokio::time::timeout(Duration::from_secs(3), confirm).await;
        }
        Ok(())
    }
}

async fn handle_batch<H: Handler>(handler: &H, updates: Vec<Incoming>) {
    let mut lanes: Vec<(i64, Vec<Incoming>)> = Vec::new();
    for update in updates {
        let lane = update.lane();
        match lanes.iter_mut().find(|(l, _)| *l == lane) {
            Some((_, queue)) => queue.push(update),
            None => lanes.push((lane, vec![update])),
        }
    }
    stream::iter(lanes)
        .for_each_concurrent(SIDE_BY_SIDE, |(_, queue)| async move {
            for update in &queue {
                handle_one(handler, update).await;
            }
        })
        .await;
}

async fn handle_one<H: Handler>(handler: &H, update: &Incoming) {
    for attempt in 1..=TRIES {
        let guarded = AssertUnwindSafe(handler.handle(update)).catch_unwind();
        match tokio::time::timeout(PATIENCE, guarded).await {
            Ok(Ok(Ok(()))) => return,
            Ok(Ok(Err(error))) => {
                tracing::warn!(update_id = update.update_id, attempt, error = format!("{error:#}"), "an update failed");
                sleep(doubling(attempt, Duration::from_millis(200), Duration::from_secs(5))).await;
            }
            // A panic would only panic again, a hang would only hang again.
            Ok(Err(_)) => {
                tracing::error!(update_id = update.update_id, "a handler panicked");
                break;
            }
            Err(_) => {
                tracing::error!(update_id = update.update_id, "a handler took too long");
                break;
            }
        }
    }
    tracing::error!(update_id = update.update_id, "an update was given up");
    let _ = AssertUnwindSafe(handler.gave_up(update)).catch_unwind().await;
}
