//! Connections to Postgres: none while nobody talks.
//!
//! A thousand idle tenants must not hold a thousand backends, nor wake up a thousand times to see that they are idle.
//! sqlx's own idle timeout is a timer that ticks for ever, so it is off: a release says that somebody talks, and only
//! then is silence waited for.

use std::{sync::Arc, time::Duration};

use sqlx::{
    Connection as _, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::{sync::Notify, time::timeout};

/// Of the five connections that a tenant's role may have; the fifth is for the container that takes over.
const MOST: u32 = 4;
/// Longer than a person takes between two presses, so that a conversation goes over one connection.
const SILENCE: Duration = Duration::from_secs(15);
/// For so long after its last use a connection is taken to be there.
const FRESH: Duration = Duration::from_millis(500);

/// A pool that connects when first asked, and that [`close_when_silent`](Connections::close_when_silent) empties.
#[derive(Clone, Debug)]
pub(crate) struct Connections {
    pub(crate) pool: PgPool,
    released: Arc<Notify>,
}

impl Connections {
    pub(crate) fn open(options: PgConnectOptions) -> Self {
        let released = Arc::new(Notify::new());
        let bell = released.clone();
        let pool = PgPoolOptions::new()
            .max_connections(MOST)
            .min_connections(0)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(Duration::from_secs(10))
            // A connection that was in use a moment ago needs no question whether it is there: it would be a third of
            // what is said to Postgres under load.
            .test_before_acquire(false)
            .before_acquire(|connection, known| {
                Box::pin(async move {
                    if known.idle_for > FRESH {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .after_release(move |_, _| {
                bell.notify_one();
                Box::pin(async { Ok(true) })
            })
            .connect_lazy_with(options);
        Self { pool, released }
    }

    /// Closes every connection when none has been used for a while. Never ends, and sleeps while there is none.
    pub(crate) async fn close_when_silent(&self) -> ! {
        loop {
            self.released.notified().await;
            while timeout(SILENCE, self.released.notified()).await.is_ok() {}
            while let Some(connection) = self.pool.try_acquire() {
                if let Err(error) = connection.close().await {
                    tracing::debug!(%error, "an idle connection did not close well");
                }
            }
        }
    }
}
