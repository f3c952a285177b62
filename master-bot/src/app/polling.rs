//! Polling Telegram: one process at a time, by a lease row.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result};
use chrono::TimeDelta;
use shared::{
    clock::Clock,
    telegram::polling::{Poller, PollingEnded},
};
use sqlx::PgPool;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    bot::{self, Front, menu},
    registry::leases,
};

/// Telegram lets one process poll. The lease is short, so that another takes over soon after a kill.
const POLLING: &str = "telegram-polling";
const LEASE_LASTS: TimeDelta = TimeDelta::seconds(9);
const LEASE_RENEWED: Duration = Duration::from_secs(3);

/// Polls Telegram while this process holds the lease, and waits for it while another does.
///
/// `clock` is the machines' own, which the lease goes by.
pub(super) async fn poll_while_leased(
    front: Arc<Front>,
    pool: PgPool,
    clock: Clock,
    stop: CancellationToken,
) -> Result<()> {
    let holder = Uuid::new_v4();
    menu::set_all(&front).await;
    while !stop.is_cancelled() {
        let mut pause = LEASE_RENEWED;
        match leases::take(&pool, POLLING, holder, clock.now(), LEASE_LASTS).await {
            Ok(true) => {
                let turn = stop.child_token();
                let keeper = tokio::spawn(keep_lease(pool.clone(), clock.clone(), holder, turn.clone()));
                let poller = Poller::new(front.telegram.clone(), bot::UPDATES);
                let ended = poller.run(front.clone(), turn.clone()).await;
                turn.cancel();
                let _ = keeper.await;
                let _ = leases::give_back(&pool, POLLING, holder).await;
                if ended == Err(PollingEnded::TokenRefused) {
                    return Err(PollingEnded::TokenRefused).context("MASTER_BOT_TOKEN");
                }
            }
            Ok(false) => {
                tracing::debug!("another process polls Telegram");
                // Should it die, its lease ends then, and not a look later.
                if let Ok(Some(until)) = leases::until(&pool, POLLING).await {
                    let left = (until - clock.now()).to_std().unwrap_or_default();
                    pause = left.clamp(Duration::from_millis(50), LEASE_RENEWED);
                }
            }
            Err(error) => tracing::warn!(%error, "the polling lease cannot be asked for"),
        }
        tokio::select! { () = stop.cancelled() => {}, () = sleep(pause) => {} }
    }
    Ok(())
}

/// Renews the lease until `turn` ends; ends the turn when the lease is lost or may be.
async fn keep_lease(pool: PgPool, clock: Clock, holder: Uuid, turn: CancellationToken) {
    let mut good_until = clock.now() + LEASE_LASTS;
    loop {
        tokio::select! { () = turn.cancelled() => return, () = sleep(LEASE_RENEWED) => {} }
        let asked_at = clock.now();
        let asked = leases::take(&pool, POLLING, holder, asked_at, LEASE_LASTS);
        match timeout(LEASE_RENEWED, asked).await.unwrap_or(Err(sqlx::Error::PoolTimedOut)) {
            Ok(true) => good_until = asked_at + LEASE_LASTS,
            Ok(false) => {
                tracing::warn!("the polling lease was lost");
                return turn.cancel();
            }
            Err(error) => {
                tracing::warn!(%error, "the polling lease could not be renewed");
                if clock.now() >= good_until {
                    return turn.cancel();
                }
            }
        }
    }
}
