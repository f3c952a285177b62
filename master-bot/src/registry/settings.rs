//! Table `settings`: facts about this installation.

use sqlx::{PgConnection, PgExecutor};

use super::Result;

/// What the fleet makes containers from, and for how many days it keeps a removed tenant's data. For screens: only a fleet
/// process has these settings.
pub(crate) const TENANT_IMAGE: &str = "tenant_image";
pub(crate) const REMOVED_KEPT_DAYS: &str = "removed_kept_days";

pub(crate) async fn get(db: impl PgExecutor<'_>, key: &str) -> Result<Option<String>> {
    sqlx::query_scalar("select value from settings where key = $1").bind(key).fetch_optional(db).await
}

/// Writes `value` unless there is one, and gives what stands there: two processes that start at once agree.
pub(crate) async fn get_or_set(db: &mut PgConnection, key: &str, value: &str) -> Result<String> {
    sqlx::query("insert into settings (key, value) values ($1, $2) on conflict (key) do nothing")
        .bind(key)
        .bind(value)
        .execute(&mut *db)
        .await?;
    sqlx::query_scalar("select value from settings where key = $1").bind(key).fetch_one(db).await
}

/// Writes `value` whatever stands there.
pub(crate) async fn set(db: impl PgExecutor<'_>, key: &str, value: &str) -> Result<()> {
    sqlx::query(
        "insert into settings (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value",
    )
    .bind(key)
    .bind(value)
    .execute(db)
    .await
    .map(|_| ())
}
