//! Hints between the processes of one registry: "look now". They carry nothing, any role of the database can forge
//! them, and each may be lost; whoever listens looks by itself every half a minute.

use std::time::Duration;

use sqlx::{PgExecutor, PgPool, postgres::PgListener};
use tokio::{sync::Notify, time::sleep};

use super::Result;

/// However much it rings: any role of the database can notify.
const BETWEEN_RINGS: Duration = Duration::from_millis(20);

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
    let heard = Notify::new();
    heard.notify_one();
    let ringing = async {
        loop {
            heard.notified().await;
            rung();
            sleep(BETWEEN_RINGS).await;
        }
    };
    // Read as fast as they come, for the server keeps for everybody what one does not read.
    let hearing = async {
        while listener.try_recv().await?.is_some() {
            heard.notify_one();
        }
        Ok(())
    };
    tokio::select! { ended = hearing => ended, () = ringing => Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    use play::until;
    use tokio::time::Instant;

    use super::*;
    use crate::testing::Registry;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_flood_of_rings_rings_no_more_often_than_anybody_may_look() -> anyhow::Result<()> {
        let registry = Registry::fresh().await?;
        let rings = AtomicU32::new(0);
        let begun = Instant::now();
        let flood = async {
            until(Duration::from_secs(10), "the line is up", async || Ok((rings.load(Relaxed) > 0).then_some(())))
                .await?;
            for _ in 0..20 {
                sqlx::query("select count(pg_notify('slotyard_front', n::text)) from generate_series(1, 2000) n")
                    .execute(&registry.pool)
                    .await?;
            }
            ring(&registry.pool, Bell::Front).await?;
            let seen = rings.load(Relaxed);
            until(Duration::from_secs(10), "the last ring is heard too", async || {
                Ok((rings.load(Relaxed) > seen).then_some(()))
            })
            .await
        };
        tokio::select! {
            () = listen(registry.pool.clone(), Bell::Front, || { rings.fetch_add(1, Relaxed); }) => unreachable!(),
            flooded = flood => flooded?,
        }
        let most = begun.elapsed().as_millis() / BETWEEN_RINGS.as_millis() + 2;
        assert!(u128::from(rings.load(Relaxed)) <= most, "{rings:?} rings where {most} may be");
        Ok(())
    }
}
