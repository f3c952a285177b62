//! Table `leases`: what only one process may do at a time.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use super::Result;

/// Under this name processes with the engine's socket say that they live.
pub(crate) const FLEET_LIFE: &str = "fleet-life";

/// Takes or prolongs the lease; `false` while somebody else holds it. One that seems to last twice as long as any does
/// was taken before a clock was put back, and its holder has not prolonged it since.
pub(crate) async fn take(
    db: impl PgExecutor<'_>,
    name: &str,
    holder: Uuid,
    now: DateTime<Utc>,
    lasts: TimeDelta,
) -> Result<bool> {
    let done = sqlx::query(
        "insert into leases (name, holder, until) values ($1, $2, $4)
         on conflict (name) do update set holder = $2, until = $4
          where leases.holder = $2 or leases.until <= $3 or leases.until > $5",
    )
    .bind(name)
    .bind(holder)
    .bind(now)
    .bind(now + lasts)
    .bind(now + lasts * 2)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Says that somebody of this name lives; many may share one.
pub(crate) async fn show_life(
    db: impl PgExecutor<'_>,
    name: &str,
    holder: Uuid,
    now: DateTime<Utc>,
    lasts: TimeDelta,
) -> Result<()> {
    sqlx::query(
        "insert into leases (name, holder, until) values ($1, $2, $3)
         on conflict (name) do update set holder = $2, until = $3",
    )
    .bind(name)
    .bind(holder)
    .bind(now + lasts)
    .execute(db)
    .await
    .map(|_| ())
}

/// Until when somebody holds it, or was to be taken for living.
pub(crate) async fn until(db: impl PgExecutor<'_>, name: &str) -> Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar("select until from leases where name = $1").bind(name).fetch_optional(db).await
}

/// Gives it back before its time, so that the next holder need not wait.
pub(crate) async fn give_back(db: impl PgExecutor<'_>, name: &str, holder: Uuid) -> Result<()> {
    sqlx::query("delete from leases where name = $1 and holder = $2")
        .bind(name)
        .bind(holder)
        .execute(db)
        .await
        .map(|_| ())
}
