//! The tenant's Postgres role: owns nothing, sees only its schema, cannot hog the server.

use anyhow::{Result, bail};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor, PgConnection};

use super::Yard;
use crate::registry::{
    migrate::{password_verifier, quote_name, quote_text, tenants_role},
    tenants::Tenant,
};

/// Connections of one tenant: its pool, and one to spare while an old process ends.
const CONNECTIONS: u32 = 5;

pub(super) async fn ensure(yard: &Yard, tenant: &Tenant) -> Result<Value> {
    let slug = &tenant.slug;
    let mark = yard.mark(tenant);
    let password = yard.password(tenant, "pg")?;
    let members = quote_name(&tenants_role(yard.postgres.get_username()));
    let mut tx = yard.pool.begin().await?;
    match comment(&mut tx, slug.as_str()).await? {
        Some(found) if found.as_deref() == Some(mark.as_str()) => {}
        Some(_) => bail!("a role {slug} exists that is not ours (its COMMENT is not «{mark}»): rename it"),
        // None of the powers that only a superuser could give or take.
        None => {
            let sql = format!("create role {slug} nosuperuser noreplication nobypassrls");
            tx.execute(AssertSqlSafe(sql)).await?;
        }
    }
    let sql = format!(
        "alter role {slug} login password {password} nocreatedb nocreaterole inherit connection limit {CONNECTIONS};
         comment on role {slug} is {mark};
         alter role {slug} set search_path = {slug};
         alter role {slug} set statement_timeout = '10s';
         alter role {slug} set lock_timeout = '5s';
         alter role {slug} set idle_in_transaction_session_timeout = '30s';
         grant {members} to {slug};
         grant usage on schema {slug} to {slug}",
        password = password_verifier(password.expose_secret()),
        mark = quote_text(&mark),
    );
    tx.execute(AssertSqlSafe(sql)).await?;
    tx.commit().await?;
    Ok(json!({ "role": slug }))
}

pub(super) async fn undo(yard: &Yard, tenant: &Tenant) -> Result<()> {
    let slug = &tenant.slug;
    let mut db = yard.pool.acquire().await?;
    match comment(&mut db, slug.as_str()).await? {
        None => return Ok(()),
        Some(found) if found.as_deref() == Some(yard.mark(tenant).as_str()) => {}
        Some(_) => bail!("the role {slug} is not ours: it is left where it is"),
    }
    // Only a member of a role may end its sessions and take back what was granted to it.
    db.execute(AssertSqlSafe(format!("alter role {slug} nologin; grant {slug} to current_user"))).await?;
    sqlx::query("select pg_terminate_backend(pid) from pg_stat_activity where usename = $1")
        .bind(slug.as_str())
        .fetch_all(&mut *db)
        .await?;
    db.execute(AssertSqlSafe(format!("drop owned by {slug}; drop role {slug}"))).await?;
    Ok(())
}

/// The role's COMMENT, if there is such a role.
async fn comment(db: &mut PgConnection, name: &str) -> Result<Option<Option<String>>> {
    Ok(sqlx::query_scalar("select shobj_description(oid, 'pg_authid') from pg_roles where rolname = $1")
        .bind(name)
        .fetch_optional(db)
        .await?)
}
