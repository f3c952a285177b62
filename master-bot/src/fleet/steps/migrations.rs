//! The tables of the tenant bot, and the first rows in them.

use std::sync::LazyLock;

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor, PgConnection, migrate::Migrator};

use super::Yard;
use crate::registry::tenants::Tenant;

static TENANT: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrator = sqlx::migrate!("../migrations/tenant");
    // sqlx's lock is one for the whole database: tenants would wait for one another. The lease on the tenant serves.
    migrator.set_locking(false);
    // A newer master has been here: what it has added does not harm (docs/adr/0008-schema-versions.md).
    migrator.set_ignore_missing(true);
    migrator
});

/// A schema may be so much newer than this program.
const VERSIONS_AHEAD: i64 = 1;

/// A tenant's service stage.
const RUNNING: &str = "running";
const SUSPENDED: &str = "suspended";

/// Version of the newest migration that this program knows.
fn latest() -> i64 {
    TENANT.iter().map(|m| m.version).max().unwrap_or(0)
}

/// Whether the tables are of a version that both this program and its bots can work with, and tell what is so now.
pub(crate) fn is_as_wanted(tenant: &Tenant, fact: &Value) -> bool {
    fact["version"].as_i64().is_some_and(|version| (latest()..=latest() + VERSIONS_AHEAD).contains(&version))
        && fact["stage"] == RUNNING
        && fact["bot_username"] == *tenant.bot_username
}

pub(super) async fn ensure(yard: &Yard, tenant: &Tenant) -> Result<Value> {
    let slug = tenant.slug.as_str();
    let _turn = yard.pace.migrations.acquire().await?;
    // A connection of the pool knows the catalog already; a fresh one would spend more on that than on the tables.
    let mut tx = yard.pool.begin().await?;
    // With nothing but the schema on the path, sqlx's own table lands in it too: each tenant has its own version.
    // Local, so that whatever ends this transaction, nobody meets the connection with another's path.
    // Nobody waits for the disk here: the fact that this commit leads to is committed after it, and with it.
    tx.execute(AssertSqlSafe(format!("set local search_path = {slug}; set local synchronous_commit = off"))).await?;
    let found = version(&mut tx).await?;
    if found > latest() + VERSIONS_AHEAD {
        bail!("the tables are at version {found}, this master knows {}: start the newer master again", latest());
    }
    TENANT.run_direct(None, &mut *tx, false).await.context("the tenant's migrations")?;
    write_first_rows(&mut tx, yard, tenant).await?;
    write_stage(&mut tx, RUNNING, yard.clock.now()).await?;
    tx.commit().await?;
    Ok(json!({ "version": found.max(latest()), "stage": RUNNING, "bot_username": tenant.bot_username }))
}

/// Writes down that the tenant is not served for now; nothing if it has no tables yet.
pub(crate) async fn suspend(yard: &Yard, tenant: &Tenant) -> Result<()> {
    let mut tx = yard.pool.begin().await?;
    tx.execute(AssertSqlSafe(format!("set local search_path = {}", tenant.slug))).await?;
    let made: bool = sqlx::query_scalar("select to_regclass('service_stage') is not null").fetch_one(&mut *tx).await?;
    if made {
        write_stage(&mut tx, SUSPENDED, yard.clock.now()).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn write_stage(db: &mut PgConnection, stage: &str, now: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "insert into service_stage (stage, since) values ($1, $2)
         on conflict (one) do update set stage = excluded.stage, since = excluded.since
          where service_stage.stage <> excluded.stage",
    )
    .bind(stage)
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}

/// The newest migration that was run here, by whichever master; 0 if none was.
async fn version(db: &mut PgConnection) -> Result<i64> {
    let made: bool =
        sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null").fetch_one(&mut *db).await?;
    if !made {
        return Ok(0);
    }
    let newest: Option<i64> = sqlx::query_scalar("select max(version) from _sqlx_migrations").fetch_one(db).await?;
    Ok(newest.unwrap_or(0))
}

/// Rights on what the migrations made, and what the bot must know from its first minute: whose it is.
async fn write_first_rows(db: &mut PgConnection, yard: &Yard, tenant: &Tenant) -> Result<()> {
    let slug = tenant.slug.as_str();
    let now = yard.clock.now();
    let grants = format!(
        "grant select, insert, update, delete on all tables in schema {slug} to {slug};
         grant usage, select on all sequences in schema {slug} to {slug};
         revoke insert, update, delete on _sqlx_migrations, service_stage from {slug}"
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
    // Only this is not the owner's to change here: Telegram says what the bot is called.
    sqlx::query("update settings set value = $1, updated_at = $2 where key = 'bot_username' and value <> $1")
        .bind(&tenant.bot_username)
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
