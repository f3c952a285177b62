//! Table `tenant_facts`: what was last seen of each part of a tenant, apart from what is wanted of it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgExecutor;

use super::{
    Result, TenantId,
    tenants::{Lease, Tenant},
};

#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub(crate) struct FactRow {
    pub(crate) tenant_id: TenantId,
    pub(crate) part: String,
    /// What was seen; null if nothing ever was.
    pub(crate) value: Value,
    /// False while (and if the worker died, after) a call about it is in flight: the value is from before.
    pub(crate) known: bool,
    pub(crate) seen_at: DateTime<Utc>,
}

/// All facts of everyone present.
pub(crate) async fn all(db: impl PgExecutor<'_>) -> Result<Vec<FactRow>> {
    sqlx::query_as(
        "select f.tenant_id, f.part, f.value, f.known, f.seen_at from tenant_facts f join tenants t on t.id = f.tenant_id
          where t.removed_at is null",
    )
    .fetch_all(db)
    .await
}

/// The facts of one tenant.
pub(crate) async fn of(db: impl PgExecutor<'_>, tenant: TenantId) -> Result<Vec<FactRow>> {
    sqlx::query_as("select tenant_id, part, value, known, seen_at from tenant_facts where tenant_id = $1 order by part")
        .bind(tenant)
        .fetch_all(db)
        .await
}

/// The facts of each of these tenants, in one query.
pub(crate) async fn of_each(db: impl PgExecutor<'_>, tenants: &[Tenant]) -> Result<HashMap<TenantId, Vec<FactRow>>> {
    let ids: Vec<TenantId> = tenants.iter().map(|t| t.id).collect();
    let rows: Vec<FactRow> = sqlx::query_as(
        "select tenant_id, part, value, known, seen_at from tenant_facts where tenant_id = any($1) order by part",
    )
    .bind(ids)
    .fetch_all(db)
    .await?;
    Ok(by_tenant(rows))
}

/// The facts about these parts of everyone present.
pub(crate) async fn all_of(db: impl PgExecutor<'_>, parts: &[&str]) -> Result<HashMap<TenantId, Vec<FactRow>>> {
    let rows: Vec<FactRow> = sqlx::query_as(
        "select f.tenant_id, f.part, f.value, f.known, f.seen_at from tenant_facts f join tenants t on t.id = f.tenant_id
          where t.removed_at is null and f.part = any ($1)",
    )
    .bind(parts)
    .fetch_all(db)
    .await?;
    Ok(by_tenant(rows))
}

fn by_tenant(rows: Vec<FactRow>) -> HashMap<TenantId, Vec<FactRow>> {
    let mut by_tenant: HashMap<TenantId, Vec<FactRow>> = HashMap::new();
    for row in rows {
        by_tenant.entry(row.tenant_id).or_default().push(row);
    }
    by_tenant
}

/// A call about this part is about to be made. `false`: the lease is lost or the intent has changed.
pub(crate) async fn unknown(db: impl PgExecutor<'_>, lease: &Lease, part: &str, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query(
        "insert into tenant_facts (tenant_id, part, value, known, seen_at)
         select id, $4, 'null', false, $5 from tenants where id = $1 and lease_token = $2 and generation = $3
         on conflict (tenant_id, part) do update set known = false, seen_at = excluded.seen_at",
    )
    .bind(lease.tenant)
    .bind(lease.token)
    .bind(lease.generation)
    .bind(part)
    .bind(now)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What was seen of these parts is forgotten: something that they were made with has changed, so that they are made
/// anew even where they look as they did (a role whose password is still the former one).
pub(crate) async fn doubt(db: impl PgExecutor<'_>, tenant: TenantId, parts: &[&str], now: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "update tenant_facts set known = false, value = 'null', seen_at = $3 where tenant_id = $1 and part = any ($2)",
    )
    .bind(tenant)
    .bind(parts)
    .bind(now)
    .execute(db)
    .await
    .map(|_| ())
}

/// What was seen. `false`: the lease is lost or the intent has changed.
pub(crate) async fn known(
    db: impl PgExecutor<'_>,
    lease: &Lease,
    part: &str,
    value: &Value,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query(
        "insert into tenant_facts (tenant_id, part, value, known, seen_at)
         select id, $4, $5, true, $6 from tenants where id = $1 and lease_token = $2 and generation = $3
         on conflict (tenant_id, part) do update set value = excluded.value, known = true, seen_at = excluded.seen_at",
    )
    .bind(lease.tenant)
    .bind(lease.token)
    .bind(lease.generation)
    .bind(part)
    .bind(value)
    .bind(now)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets a part that was taken away.
pub(crate) async fn forget(db: impl PgExecutor<'_>, lease: &Lease, part: &str) -> Result<()> {
    sqlx::query(
        "delete from tenant_facts where part = $4 and tenant_id in
             (select id from tenants where id = $1 and lease_token = $2 and generation = $3)",
    )
    .bind(lease.tenant)
    .bind(lease.token)
    .bind(lease.generation)
    .bind(part)
    .execute(db)
    .await
    .map(|_| ())
}
