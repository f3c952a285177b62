//! Waiting for what a process needs at its start: after a reboot everything comes up at once, and in any order.

use std::{fmt::Display, time::Duration};

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Tries until it works, fails for a reason that does not pass by itself, or is asked to end (none).
///
/// # Errors
/// The first error that does not pass.
pub(super) async fn until_there<T, E: Display>(
    what: &str,
    stop: &CancellationToken,
    attempt: impl AsyncFn() -> Result<T, E>,
    passes: impl Fn(&E) -> bool,
) -> Result<Option<T>, E> {
    let mut failures = 0;
    loop {
        match attempt().await {
            Ok(there) => return Ok(Some(there)),
            Err(error) if !passes(&error) => return Err(error),
            Err(error) => {
                failures += 1;
                let pause = shared::backoff::doubling(failures, FIRST_PAUSE, LONGEST_PAUSE);
                tracing::warn!(%error, pause_s = pause.as_secs(), "{what} does not answer yet");
                tokio::select! { () = stop.cancelled() => return Ok(None), () = sleep(pause) => {} }
            }
        }
    }
}

/// Whether Postgres may come up by itself.
pub(super) fn postgres_may_come(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut => true,
        // Starting up or shutting down, or full for the moment.
        sqlx::Error::Database(e) => {
            e.code().is_some_and(|code| ["57P01", "57P02", "57P03", "53300"].contains(&code.as_ref()))
        }
        _ => false,
    }
}

/// Whether Redis may come up by itself.
pub(super) fn redis_may_come(error: &redis::RedisError) -> bool {
    error.is_io_error() || error.is_timeout() || error.is_connection_refusal() || error.code() == Some("LOADING")
}
