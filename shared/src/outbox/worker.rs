//! Sends what is due, then sleeps until something will be.

use std::time::Duration;

use chrono::TimeDelta;
use futures::future::join_all;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{Outbox, store};

/// Calls side by side; one row each, so that a kill leaves no row *sending* that was not really being sent.
const SENDERS: usize = 4;
/// A row that could not be sent so often has failed.
pub(super) const MOST_ATTEMPTS: i32 = 100;
/// Old rows are deleted this often at the most.
const TIDIED_EVERY: TimeDelta = TimeDelta::hours(6);
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(300);

impl Outbox {
    /// Runs until `stop`; calls in flight then are finished and recorded first.
    pub async fn run(&self, stop: CancellationToken) {
        let mut failures = 0;
        let mut tidied_at = None;
        while !stop.is_cancelled() {
            // Registered before the look, so that a signal between looking and sleeping is not lost.
            let woken = self.wake.notified();
            // Only when it looks anyway: tidying is no reason to wake up.
            let now = self.clock.now();
            if tidied_at.is_none_or(|at| now - at > TIDIED_EVERY) {
                tidied_at = Some(now);
                if let Err(error) = store::forget_old(&self.pool, now).await {
                    tracing::debug!(%error, "old messages are not forgotten yet");
                }
            }
            let pause = match self.look(&stop).await {
                Ok(pause) => {
                    failures = 0;
                    pause
                }
                Err(error) => {
                    failures += 1;
                    tracing::warn!(%error, "the outbox cannot be read");
                    Some(crate::backoff::doubling(failures, Duration::from_secs(1), LONGEST_PAUSE))
                }
            };
            let pause = match (pause, self.slow_look) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
            let rest = async {
                match pause {
                    Some(pause) => sleep(pause).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! { () = stop.cancelled() => {}, () = woken => {}, () = rest => {} }
        }
    }

    /// Sends everything that is due now; gives the time until the next row needs a look.
    async fn look(&self, stop: &CancellationToken) -> Result<Option<Duration>, sqlx::Error> {
        let orphans = store::give_up_orphans(&self.pool, self.clock.now()).await?;
        if orphans > 0 {
            tracing::warn!(orphans, "messages whose sending was cut off: they may or may not have arrived");
        }
        for result in join_all((0..SENDERS).map(|_| self.send_all(stop))).await {
            result?;
        }
        let next = store::next_due(&self.pool).await?;
        Ok(next.map(|at| (at - self.clock.now()).to_std().unwrap_or(Duration::ZERO).max(Duration::from_millis(50))))
    }

    async fn send_all(&self, stop: &CancellationToken) -> Result<(), sqlx::Error> {
        while !stop.is_cancelled() {
            let Some(row) = store::take_due(&self.pool, self.clock.now()).await? else { break };
            self.attempt(row.id, row.attempts, &row.body).await?;
        }
        Ok(())
    }
}
