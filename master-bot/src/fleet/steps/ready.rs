//! The bot polls Telegram: its heartbeat says so, and comes from the container that we started.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use chrono::TimeDelta;
use redis::AsyncCommands;
use serde_json::{Value, json};
use shared::heartbeat::{self, Heartbeat, POLL_SECONDS, POLLS_UNTIL_SILENT};
use tokio::time::{Instant, sleep_until};

use super::Yard;
use crate::registry::tenants::Tenant;

/// A bot that runs so long and does not poll hangs.
const HUNG: TimeDelta = TimeDelta::seconds((POLL_SECONDS * POLLS_UNTIL_SILENT) as i64);
/// How often the key is read although no hint came: hints may be lost.
const SLOW_LOOK: Duration = Duration::from_secs(1);

pub(super) async fn ensure(yard: &Yard, tenant: &Tenant) -> Result<Value> {
    let slug = tenant.slug.as_str();
    // Registered before the first look, so that a beat between looking and waiting is not lost.
    let mut beats = yard.beats.subscribe();
    let deadline = Instant::now() + yard.pace.patience;
    loop {
        let seen = yard.runtime.inspect(slug).await?.context("there is no container")?;
        if let Some(beat) = read(yard, tenant).await?
            && is_of(&beat, &seen.id)
            // The same container may have written it before it was started last.
            && seen.started_at.is_none_or(|started| started <= beat.at)
        {
            return Ok(json!({ "container": seen.id, "started": seen.started_at, "version": beat.version }));
        }
        if !seen.running {
            let last = yard.runtime.logs(slug, 3).await.unwrap_or_default();
            bail!("the bot ended by itself ({}): {}", seen.status, last.trim());
        }
        if Instant::now() >= deadline {
            if seen.started_at.is_some_and(|at| yard.clock.machine().now() - at > HUNG) {
                yard.runtime.restart(slug).await?;
                bail!("the bot had not polled Telegram for a long time and was restarted");
            }
            bail!("the bot runs but has not polled Telegram for {} s", yard.pace.patience.as_secs());
        }
        let slow = Instant::now() + SLOW_LOOK;
        loop {
            tokio::select! {
                beat = beats.recv() => match beat {
                    Ok(whose) if whose != slug => {}
                    // Ours, or so many that some were missed: look.
                    _ => break,
                },
                () = sleep_until(slow) => break,
            }
        }
    }
}

/// Whether a heartbeat was written by this container: the host name in one is the beginning of its id.
pub(crate) fn is_of(beat: &Heartbeat, container: &str) -> bool {
    beat.state == "polling" && beat.container.len() >= 12 && container.starts_with(&beat.container)
}

async fn read(yard: &Yard, tenant: &Tenant) -> Result<Option<Heartbeat>> {
    let key = heartbeat::key(&tenant.slug.redis_prefix());
    let redis = &mut yard.redis.clone();
    let bytes: Vec<u8> = redis.getrange(key, 0, heartbeat::LONGEST).await.context("the heartbeat cannot be read")?;
    Ok(serde_json::from_slice(&bytes).ok())
}
