//! Hints between the processes of one registry: "look now". They carry nothing, any role of the database can forge
//! them, and each may be lost; whoever listens looks by itself every half a minute.

use std::time::Duration;

use sqlx::{PgExecutor, PgPool, postgres::PgListener};
use tokio::time::sleep;

use super::Result;

/// Who should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bell {
    /// The reconciler: an intent was written.
    Tenants,
    /// Whoever has the engine's socket: something was asked.
    Asks,
    /// Whoever has the chats: a step was done, a letter or an answer was written.
    Front,
}

impl Bell {
    fn channel(self) -> &'static str {
        match self {
            Self::Tenants => "slotyard_tenants",
            Self::Asks => "slotyard_asks",
            Self::Front => "slotyard_front",
        }
    }
}

/// Rings when the transaction commits, or at once outside one.
pub(crate) async fn ring(db: impl PgExecutor<'_>, bell: Bell) -> Result<()> {
    sqlx::query("select pg_notify($1, '')").bind(bell.channel()).execute(db).await.map(|_| ())
}

/// Calls `rung` at every ring, and whenever the line was lost and is back, for a ring may have been lost with it.
/// Never ends by itself.
pub(crate) async fn listen(pool: PgPool, bell: Bell, rung: impl Fn() + Send + Sync) {
    loop {
        if let Err(error) = listen_once(&pool, bell, &rung).await {
            tracing::debug!(channel = bell.channel(), %error, "not listening for now");
        }
        sleep(Duration::from_secs(2)).await;
    }
}

async fn listen_once(pool: &PgPool, bell: Bell, rung: &(impl Fn() + Send + Sync)) -> Result<()> {
    let mut listener = PgListener::connect_with(pool).await?;
    // It would come back by itself and say nothing of what it missed.
    listener.eager_reconnect(false);
    listener.listen(bell.channel()).await?;
    rung();
    while listener.try_recv().await?.is_some() {
        rung();
    }
    Ok(())
}
