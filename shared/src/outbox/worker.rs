//! Sends what is due, then sleeps until something will be.

use std::{future::Future, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, stream::FuturesUnordered};
use tokio_util::sync::CancellationToken;

use super::{Outbox, store};
use crate::clock::Clock;

/// Calls side by side; one row each, so that a kill leaves no row *sending* that was not really being sent.
const SENDERS: usize = 4;
/// A row that could not be sent so often has failed.
pub(super) const MOST_ATTEMPTS: i32 = 100;
/// Old rows are deleted this often at the most.
const TIDIED_EVERY: TimeDelta = TimeDelta::hours(6);
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(300);
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
/// A call that takes longer than this is not waited for: the other senders look again meanwhile.
const HANGING: Duration = Duration::from_secs(1);

impl Outbox {
    /// Runs until `stop`; calls in flight then are finished and recorded first.
    pub async fn run(&self, stop: CancellationToken) {
        let mut failures = 0;
        let mut tidied_at = None;
        // They outlive a look: one whose call hangs holds up its own chat and nobody else's.
        let mut senders = FuturesUnordered::new();
        while !stop.is_cancelled() {
            // Registered before the look, so that a signal between looking and sleeping is not lost.
            let woken = self.wake.notified();
            let look = async {
                // Only when it looks anyway: tidying is no reason to wake up.
                let now = self.clock.now();
                if tidied_at.is_none_or(|at| now - at > TIDIED_EVERY) {
                    tidied_at = Some(now);
                    if let Err(error) = store::forget_old(&self.pool, now).await {
                        tracing::debug!(%error, "old messages are not forgotten yet");
                    }
                }
                self.give_up_orphans().await
            };
            let mut looked = beside(look, &mut senders).await;
            while senders.len() < SENDERS {
                senders.push(self.send_all(&stop));
            }
            tokio::pin!(woken);
            // Until it is time for the next look, which is known when the senders have run out of rows.
            loop {
                let pause = if senders.is_empty() {
                    match self.pause(std::mem::replace(&mut looked, Ok(()))).await {
                        Ok(pause) => {
                            failures = 0;
                            pause
                        }
                        Err(error) => {
                            failures += 1;
                            tracing::warn!(%error, "the outbox cannot be read");
                            Some(crate::backoff::doubling(failures, Duration::from_secs(1), LONGEST_PAUSE))
                        }
                    }
                } else {
                    Some(HANGING)
                };
                let rest = async {
                    match pause {
                        Some(pause) => self.clock.sleep(pause).await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = &mut woken => break,
                    () = rest => break,
                    Some(ended) = senders.next() => looked = looked.and(ended),
                }
            }
        }
        while senders.next().await.is_some() {}
    }

    async fn give_up_orphans(&self) -> Result<(), sqlx::Error> {
        let orphans = store::give_up_orphans(&self.pool, &self.clock).await?;
        if orphans > 0 {
            tracing::warn!(orphans, "messages whose sending was cut off: they may or may not have arrived");
        }
        Ok(())
    }

    /// The time until the outbox needs a look, if the one before went well.
    async fn pause(&self, looked: Result<(), sqlx::Error>) -> Result<Option<Duration>, sqlx::Error> {
        looked?;
        let (due, sent) = store::next_due(&self.pool).await?;
        let until = |clock: &Clock, at: Option<DateTime<Utc>>| {
            at.map(|at| (at - clock.now()).to_std().unwrap_or(Duration::ZERO).max(SHORTEST_PAUSE))
        };
        let pauses = [until(&self.clock, due), until(&self.clock.machine(), sent), self.slow_look];
        Ok(pauses.into_iter().flatten().min())
    }

    async fn send_all(&self, stop: &CancellationToken) -> Result<(), sqlx::Error> {
        while !stop.is_cancelled() {
            let Some(row) = store::take_due(&self.pool, &self.clock).await? else { break };
            self.attempt(row.id, row.attempts, &row.body).await?;
        }
        Ok(())
    }
}

/// Awaits `look` while the senders go on: each of them may hold one of the few connections, and the look waits for one.
async fn beside<S: Future<Output = Result<(), sqlx::Error>>>(
    look: impl Future<Output = Result<(), sqlx::Error>>,
    senders: &mut FuturesUnordered<S>,
) -> Result<(), sqlx::Error> {
    tokio::pin!(look);
    let mut ended = Ok(());
    loop {
        tokio::select! {
            looked = &mut look => return looked.and(ended),
            Some(end) = senders.next() => ended = ended.and(end),
        }
    }
}
