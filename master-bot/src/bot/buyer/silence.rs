//! Silence at the question for a bot. The link to make one does nothing in some of Telegram's apps, and the button
//! nothing in others; nobody tells us. So who has brought no bot for a while is told of the other ways, once.

use std::time::Duration;

use anyhow::Result;
use tokio_util::sync::CancellationToken;

use super::screens;
use crate::bot::Front;

/// Between two looks; a hint that comes a moment later is as good.
const LOOK: Duration = Duration::from_secs(20);

/// Runs until `stop`.
pub(crate) async fn run(front: &Front, stop: CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(error) = look(front).await {
            tracing::warn!(error = format!("{error:#}"), "those who wait for a bot were not looked at");
        }
        tokio::select! { () = stop.cancelled() => {}, () = front.clock.sleep(LOOK) => {} }
    }
}

async fn look(front: &Front) -> Result<()> {
    for (order, client) in front.desk.silent().await? {
        let screen = screens::other_way(front, &client, &order, "buyer.silence");
        if front.desk.hint(&order, &client, screen).await? {
            tracing::info!(order = %order.id, "a hint to who waits for a bot");
            front.outbox.wake();
        }
    }
    Ok(())
}
