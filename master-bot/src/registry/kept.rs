//! Table `kept_schemas`: what is kept of tenants that are gone, and until when.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};

use super::{Result, TenantId};

/// A removed tenant's data.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow, serde::Serialize)]
pub(crate) struct Kept {
    #[serde(skip)]
    pub(crate) tenant_id: TenantId,
    /// The schema's name now.
    pub(crate) name: String,
    pub(crate) keep_until: DateTime<Utc>,
    /// None: it is there.
    pub(crate) dropped_at: Option<DateTime<Utc>>,
}

/// A schema was renamed; in the transaction that does it.
pub(crate) async fn note(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    name: &str,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<()> {
    sqlx::query("insert into kept_schemas (tenant_id, name, kept_at, keep_until) values ($1, $2, $3, $4)")
        .bind(tenant)
        .bind(name)
        .bind(now)
        .bind(until)
        .execute(db)
        .await
        .map(|_| ())
}

/// What is or was kept of a tenant.
pub(crate) async fn of(db: impl PgExecutor<'_>, tenant: TenantId) -> Result<Option<Kept>> {
    sqlx::query_as("select tenant_id, name, keep_until, dropped_at from kept_schemas where tenant_id = $1")
        .bind(tenant)
        .fetch_optional(db)
        .await
}

/// Tenants whose data has been kept for long enough.
pub(crate) async fn due(db: impl PgExecutor<'_>, now: DateTime<Utc>) -> Result<Vec<TenantId>> {
    sqlx::query_scalar("select tenant_id from kept_schemas where dropped_at is null and keep_until <= $1")
        .bind(now)
        .fetch_all(db)
        .await
}

/// The same for one tenant, locked until the transaction ends; none if it is not due, or somebody is on it.
pub(crate) async fn take(db: &mut PgConnection, tenant: TenantId, now: DateTime<Utc>) -> Result<Option<Kept>> {
    sqlx::query_as(
        "select tenant_id, name, keep_until, dropped_at from kept_schemas
          where tenant_id = $1 and dropped_at is null and keep_until <= $2 for update skip locked",
    )
    .bind(tenant)
    .bind(now)
    .fetch_optional(db)
    .await
}

/// It is gone.
pub(crate) async fn dropped(db: impl PgExecutor<'_>, tenant: TenantId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("update kept_schemas set dropped_at = $2 where tenant_id = $1")
        .bind(tenant)
        .bind(now)
        .execute(db)
        .await
        .map(|_| ())
}

/// It is not to be kept any longer. `false`: nothing is kept, or it is due already.
pub(crate) async fn end(db: impl PgExecutor<'_>, tenant: TenantId, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query(
        "update kept_schemas set keep_until = $2 where tenant_id = $1 and dropped_at is null and keep_until > $2",
    )
    .bind(tenant)
    .bind(now)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
