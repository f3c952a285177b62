//! The tenant's schema, owned by the master's role.

use anyhow::{Result, bail};
use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor, PgConnection};

use super::Yard;
use crate::{
    fleet::kept,
    registry::{migrate::quote_text, tenants::Tenant},
};

pub(super) async fn ensure(yard: &Yard, tenant: &Tenant) -> Result<Value> {
    let slug = &tenant.slug;
    let mark = yard.mark(tenant);
    let mut tx = yard.pool.begin().await?;
    match comment(&mut tx, slug.as_str()).await? {
        Some(found) if found.as_deref() == Some(mark.as_str()) => {
            let owner: String =
                sqlx::query_scalar("select nspowner::regrole::text from pg_namespace where nspname = $1")
                    .bind(slug.as_str())
                    .fetch_one(&mut *tx)
                    .await?;
            let ours: bool =
                sqlx::query_scalar("select $1 = current_user::regrole::text").bind(&owner).fetch_one(&mut *tx).await?;
            if !ours {
                bail!(
                    "the schema {slug} was given to {owner}: a superuser must give it back (alter schema … owner to …)"
                );
            }
        }
        Some(_) => bail!("a schema {slug} exists that is not ours (its COMMENT is not «{mark}»): move it away"),
        None => {
            // Both or neither: a schema without its mark would not be known as ours again.
            let sql = format!("create schema {slug}; comment on schema {slug} is {}", quote_text(&mark));
            tx.execute(AssertSqlSafe(sql)).await?;
        }
    }
    tx.commit().await?;
    Ok(json!({ "schema": slug }))
}

/// What was in it is kept for a while under another name ([`kept`]).
pub(super) async fn undo(yard: &Yard, tenant: &Tenant) -> Result<()> {
    let slug = &tenant.slug;
    let mut tx = yard.pool.begin().await?;
    match comment(&mut tx, slug.as_str()).await? {
        None => {}
        Some(found) if found.as_deref() == Some(yard.mark(tenant).as_str()) => {
            let days = yard.fleet.removed_kept_days;
            if days == 0 {
                tx.execute(AssertSqlSafe(format!("drop schema {slug} cascade"))).await?;
            } else {
                let now = yard.clock.now();
                kept::keep(&mut tx, tenant, (now, now + TimeDelta::days(days.into()))).await?;
            }
        }
        Some(_) => bail!("the schema {slug} is not ours: it is left where it is"),
    }
    tx.commit().await?;
    Ok(())
}

/// The schema's COMMENT, if there is such a schema.
pub(crate) async fn comment(db: &mut PgConnection, name: &str) -> Result<Option<Option<String>>> {
    Ok(sqlx::query_scalar("select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = $1")
        .bind(name)
        .fetch_optional(db)
        .await?)
}
