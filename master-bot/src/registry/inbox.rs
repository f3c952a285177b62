//! Table `payment_inbox`: notifications as they came, each a reason to ask the provider.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use super::Result;

#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct Notice {
    pub(crate) id: i64,
    pub(crate) provider_id: String,
    pub(crate) attempts: i32,
}

/// Keeps a notification; the look is due at once.
pub(crate) async fn keep(db: impl PgExecutor<'_>, event: &str, provider_id: &str, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("insert into payment_inbox (received_at, event, provider_id, next_look_at) values ($1, $2, $3, $1)")
        .bind(now)
        .bind(event)
        .bind(provider_id)
        .execute(db)
        .await
        .map(|_| ())
}

pub(crate) async fn to_look_at(db: impl PgExecutor<'_>, now: DateTime<Utc>, most: i64) -> Result<Vec<Notice>> {
    sqlx::query_as(
        "select id, provider_id, attempts from payment_inbox where next_look_at <= $1 or next_look_at > $3
          order by next_look_at limit $2",
    )
    .bind(now)
    .bind(most)
    .bind(now + super::LOOK_AT_MOST)
    .fetch_all(db)
    .await
}

/// When the next look is due that is not due yet.
pub(crate) async fn next_look_after(db: impl PgExecutor<'_>, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar("select min(next_look_at) from payment_inbox where next_look_at > $1")
        .bind(now)
        .fetch_one(db)
        .await
}

/// What came of asking; `look_at` is none once there is nothing more to ask.
pub(crate) async fn looked(
    db: impl PgExecutor<'_>,
    id: i64,
    outcome: &str,
    look_at: Option<DateTime<Utc>>,
) -> Result<()> {
    sqlx::query("update payment_inbox set attempts = attempts + 1, outcome = $2, next_look_at = $3 where id = $1")
        .bind(id)
        .bind(outcome)
        .bind(look_at)
        .execute(db)
        .await
        .map(|_| ())
}

/// Forgets what came before `before` and was followed to its end.
pub(crate) async fn forget_old(db: impl PgExecutor<'_>, before: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query("delete from payment_inbox where next_look_at is null and received_at < $1")
        .bind(before)
        .execute(db)
        .await?;
    Ok(done.rows_affected())
}
