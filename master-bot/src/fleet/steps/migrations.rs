//! The tables of the tenant bot, and the first rows in them.

use std::sync::LazyLock;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor, PgConnection, migrate::Migrator};

use super::Yard;
use crate::registry::tenants::Tenant;

static TENANT: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrator = sqlx::migrate!("../migrations/tenant");
    // sqlx's lock is one for the whole database: tenants would wait for one another. The lease on the tenant serves.
    migrator.set_locking(false);
    migrator
});

/// Version of the newest migration that this program knows.
pub(crate) fn latest() -> i64 {
    TENANT.iter().map(|m| m.version).max().unwrap_or(0)
}

pub(super) async fn ensure(yard: &Yard, tenant: &Tenant) -> Result<Value> {
    let slug = tenant.slug.as_str();
    // A connection of the pool knows the catalog already; a fresh one would spend more on that than on the tables.
    let mut tx = yard.pool.begin().await?;
    // With nothing but the schema on the path, sqlx's own table lands in it too: each tenant has its own version.
    // Local, so that whatever ends this transaction, nobody meets the connection with another's path.
    // Nobody waits for the disk here: the fact that this commit leads to is committed after it, and with it.
    tx.execute(AssertSqlSafe(format!("set local search_path = {slug}; set local synchronous_commit = off"))).await?;
    TENANT.run_direct(None, &mut *tx, false).await.context("the tenant's migrations")?;
    write_first_rows(&mut tx, yard, tenant).await?;
    tx.commit().await?;
    Ok(json!({ "version": latest() }))
}

/// Rights on what the migrations made, and what the bot must know from its first minute: whose it is.
async fn write_first_rows(db: &mut PgConnection, yard: &Yard, tenant: &Tenant) -> Result<()> {
    let slug = tenant.slug.as_str();
    let now = yard.clock.now();
    let grants = format!(
        "grant select, insert, update, delete on all tables in schema {slug} to {slug};
         grant usage, select on all sequences in schema {slug} to {slug};
         revoke insert, update, delete on _sqlx_migrations from {slug}"
    );
    db.execute(AssertSqlSafe(grants)).await?;
    let (keys, values): (Vec<&str>, Vec<&str>) = [
        ("business_name", tenant.business_name.as_str()),
        ("kind", &tenant.kind),
        ("zone", &tenant.zone),
        ("language", &tenant.language),
        ("bot_username", &tenant.bot_username),
    ]
    .into_iter()
    .unzip();
    // What the owner has changed since stays changed.
    sqlx::query(
        "insert into settings (key, value, updated_at) select k, v, $3 from unnest($1::text[], $2::text[]) as s (k, v)
         on conflict (key) do nothing",
    )
    .bind(keys)
    .bind(values)
    .bind(now)
    .execute(&mut *db)
    .await?;
    sqlx::query(
        "insert into admins (user_id, role, added_at) values ($1, 'owner', $2) on conflict (user_id) do nothing",
    )
    .bind(tenant.owner_telegram_id)
    .bind(now)
    .execute(&mut *db)
    .await?;
    Ok(())
}
