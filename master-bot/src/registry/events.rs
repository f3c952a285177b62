//! Table `tenant_events`: who, what, when, why.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use super::{Result, TenantId};

/// A line to be written. `took_ms` for steps.
#[derive(Clone, Debug, Default)]
pub(crate) struct Event<'a> {
    pub(crate) actor: &'a str,
    pub(crate) event: &'a str,
    pub(crate) part: Option<&'a str>,
    pub(crate) detail: Option<&'a str>,
    pub(crate) took_ms: Option<i32>,
}

#[derive(Clone, Debug, sqlx::FromRow, serde::Serialize)]
pub(crate) struct EventRow {
    pub(crate) at: DateTime<Utc>,
    pub(crate) actor: String,
    pub(crate) event: String,
    pub(crate) part: Option<String>,
    pub(crate) detail: Option<String>,
    pub(crate) took_ms: Option<i32>,
}

pub(crate) async fn write(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    event: &Event<'_>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "insert into tenant_events (tenant_id, at, actor, event, part, detail, took_ms, generation)
         select $1, $2, $3, $4, $5, $6, $7, generation from tenants where id = $1",
    )
    .bind(tenant)
    .bind(now)
    .bind(event.actor)
    .bind(event.event)
    .bind(event.part)
    .bind(event.detail)
    .bind(event.took_ms)
    .execute(db)
    .await
    .map(|_| ())
}

/// The first `most` events, oldest first.
pub(crate) async fn first(db: impl PgExecutor<'_>, tenant: TenantId, most: i64) -> Result<Vec<EventRow>> {
    sqlx::query_as(
        "select at, actor, event, part, detail, took_ms from tenant_events where tenant_id = $1 order by id limit $2",
    )
    .bind(tenant)
    .bind(most)
    .fetch_all(db)
    .await
}

/// The latest `most` events, newest first.
pub(crate) async fn latest(db: impl PgExecutor<'_>, tenant: TenantId, most: i64) -> Result<Vec<EventRow>> {
    sqlx::query_as(
        "select at, actor, event, part, detail, took_ms from tenant_events where tenant_id = $1 order by id desc limit $2",
    )
    .bind(tenant)
    .bind(most)
    .fetch_all(db)
    .await
}
