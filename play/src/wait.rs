//! Waiting for a condition, never for a number of seconds.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Asks `condition` until it has an answer. `what` names it, should it never come within `limit`.
///
/// # Errors
/// When the time is over, or `condition` itself fails.
pub async fn until<T>(limit: Duration, what: &str, mut condition: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let started = Instant::now();
    let mut pause = Duration::from_millis(2);
    loop {
        if let Some(found) = condition().await? {
            return Ok(found);
        }
        if started.elapsed() > limit {
            bail!("waited {} s in vain until {what}", limit.as_secs());
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(25));
    }
}
