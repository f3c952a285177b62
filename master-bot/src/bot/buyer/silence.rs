//! Silence at the question for a bot. The link to make one does nothing in some of Telegram's apps, and the button
//! nothing in others; nobody tells us. So who has brought no bot for a while is told of the other ways, once.

use std::time::Duration;

use anyhow::Result;
use tokio_util::sync::CancellationToken;

use super::questions;
use crate::bot::Front;

/// When nobody is known to fall silent sooner; also after a look that failed.
const SLOW_LOOK: Duration = Duration::from_secs(20);
/// Between two looks at least: those who are due were just told.
const AT_LEAST: Duration = Duration::from_secs(1);

/// Runs until `stop`.
pub(crate) async fn run(front: &Front, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let pause = look(front).await.unwrap_or_else(|error| {
            tracing::warn!(error = format!("{error:#}"), "those who wait for a bot were not looked at");
            SLOW_LOOK
        });
        tokio::select! { () = stop.cancelled() => {}, () = front.clock.sleep(pause) => {} }
    }
}

/// Gives the time until somebody else will have been silent for long enough.
async fn look(front: &Front) -> Result<Duration> {
    let (silent, next) = front.desk.silent().await?;
    for (order, client) in silent {
        let screen = questions::other_way(front, &client, &order, "buyer.silence");
        if front.desk.hint(&order, &client, screen).await? {
            tracing::info!(order = %order.id, "a hint to who waits for a bot");
            front.outbox.wake();
        }
    }
    let wait = next.map_or(SLOW_LOOK, |at| (at - front.clock.now()).to_std().unwrap_or_default());
    Ok(wait.clamp(AT_LEAST, SLOW_LOOK))
}
