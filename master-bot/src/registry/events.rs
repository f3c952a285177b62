//! Table `tenant_events`: who, what, when, why.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use super::{Result, TenantId};

/// The actor of what the machine does of itself.
pub(crate) const RECONCILER: &str = "reconciler";

/// A line to be written. `took_ms` for steps.
#[derive(Clone, Debug, Default)]
pub(crate) struct Event<'a> {
    pub(crate) actor: &'a str,
    pub(crate) event: &'a str,
    pub(crate) part: Option<&'a str>,
    pub(crate) detail: Option<&'a str>,
    pub(crate) took_ms: Option<i32>,
    /// The tap that it came of; one event at most comes of one.
    pub(crate) cause: Option<&'a str>,
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

impl EventRow {
    /// The Telegram id of the person who did it, if it was one.
    pub(crate) fn person(&self) -> Option<i64> {
        let (_, id) = self.actor.split_once(':')?;
        id.parse().ok()
    }
}

pub(crate) async fn write(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    event: &Event<'_>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "insert into tenant_events (tenant_id, at, actor, event, part, detail, took_ms, cause, generation)
         select $1, $2, $3, $4, $5, $6, $7, $8, generation from tenants where id = $1",
    )
    .bind(tenant)
    .bind(now)
    .bind(event.actor)
    .bind(event.event)
    .bind(event.part)
    .bind(event.detail)
    .bind(event.took_ms)
    .bind(event.cause)
    .execute(db)
    .await
    .map(|_| ())
}

/// Whether a tap has had its event already.
pub(crate) async fn came_of(db: impl PgExecutor<'_>, cause: &str) -> Result<bool> {
    sqlx::query_scalar("select exists (select 1 from tenant_events where cause = $1)").bind(cause).fetch_one(db).await
}

/// When something of this kind last happened to a tenant.
pub(crate) async fn last_at(db: impl PgExecutor<'_>, tenant: TenantId, event: &str) -> Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar("select at from tenant_events where tenant_id = $1 and event = $2 order by id desc limit 1")
        .bind(tenant)
        .bind(event)
        .fetch_optional(db)
        .await
}

/// A part of a tenant that was made for the first time.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct FirstStep {
    pub(crate) tenant_id: TenantId,
    pub(crate) part: String,
    pub(crate) took_ms: Option<i32>,
}

/// The first making of each part of each of these tenants: later restarts have steps too.
pub(crate) async fn first_steps(db: impl PgExecutor<'_>, tenants: &[TenantId]) -> Result<Vec<FirstStep>> {
    sqlx::query_as(
        "select distinct on (tenant_id, part) tenant_id, part, took_ms from tenant_events
          where tenant_id = any($1) and event = 'step' and part is not null order by tenant_id, part, id",
    )
    .bind(tenants)
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

/// One page of them, newest first.
pub(crate) async fn page(db: impl PgExecutor<'_>, tenant: TenantId, offset: i64, most: i64) -> Result<Vec<EventRow>> {
    sqlx::query_as(
        "select at, actor, event, part, detail, took_ms from tenant_events where tenant_id = $1
          order by id desc offset $2 limit $3",
    )
    .bind(tenant)
    .bind(offset)
    .bind(most)
    .fetch_all(db)
    .await
}

/// When each of these last happened to a tenant.
pub(crate) async fn last_of(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    events: &[&str],
) -> Result<HashMap<String, DateTime<Utc>>> {
    let rows: Vec<(String, DateTime<Utc>)> = sqlx::query_as(
        "select event, max(at) from tenant_events where tenant_id = $1 and event = any ($2) group by event",
    )
    .bind(tenant)
    .bind(events)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().collect())
}
