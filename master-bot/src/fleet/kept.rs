//! What is left of a removed tenant's data: its schema under another name, out of every tenant's reach, until its time
//! has come.
//!
//! Schema and registry are one database, so the renaming and the row that tells of it are one transaction, and so are the
//! drop and its record: a process that dies between the two has done neither.

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use shared::slug::Slug;
use sqlx::{AssertSqlSafe, Executor, PgConnection, PgPool};

use super::steps::{Yard, schema};
use crate::registry::{
    TenantId,
    events::{self, Event},
    kept,
    migrate::quote_name,
    signals::{self, Bell},
    tenants::{self, Tenant},
};

/// What a removed tenant's schema is called.
pub(crate) fn name(slug: &Slug) -> String {
    format!("removed_{slug}")
}

/// Puts the tenant's schema, which is ours and there, out of the way. In the transaction that ends with its record.
pub(super) async fn keep(
    db: &mut PgConnection,
    tenant: &Tenant,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<()> {
    let (slug, name) = (&tenant.slug, name(&tenant.slug));
    if schema::comment(db, &name).await?.is_some() {
        bail!("a schema {name} exists already: move it away");
    }
    // Whoever was let in by hand; the tenant's own role is gone by now.
    let guests: Vec<String> = sqlx::query_scalar(
        "select distinct coalesce(quote_ident(g.rolname), 'public')
           from pg_namespace n, aclexplode(n.nspacl) a left join pg_roles g on g.oid = a.grantee
          where n.nspname = $1 and a.grantee <> n.nspowner",
    )
    .bind(slug.as_str())
    .fetch_all(&mut *db)
    .await?;
    for guest in guests {
        db.execute(AssertSqlSafe(format!("revoke all on schema {slug} from {guest}"))).await?;
    }
    db.execute(AssertSqlSafe(format!("alter schema {slug} rename to {name}"))).await?;
    kept::note(&mut *db, tenant.id, &name, (now, until)).await?;
    let event = Event { actor: events::RECONCILER, event: "data_kept", detail: Some(&name), ..Event::default() };
    events::write(&mut *db, tenant.id, &event, now).await?;
    Ok(())
}

/// Drops what was kept for long enough; nothing happens if it is not due, or another process is on it.
///
/// # Errors
/// When it is not ours, or Postgres fails; then everything is as it was.
pub(super) async fn drop(yard: &Yard, id: TenantId) -> Result<()> {
    let now = yard.clock.now();
    let mut tx = yard.pool.begin().await?;
    let Some(kept) = kept::take(&mut tx, id, now).await? else { return Ok(()) };
    let tenant = tenants::get(&mut *tx, id).await?;
    let detail = match schema::comment(&mut tx, &kept.name).await? {
        None => "it was gone already",
        Some(mark) if mark.as_deref() == Some(yard.mark(&tenant).as_str()) => {
            tx.execute(AssertSqlSafe(format!("drop schema {} cascade", quote_name(&kept.name)))).await?;
            kept.name.as_str()
        }
        Some(_) => bail!("the schema {} is not ours: it is left where it is", kept.name),
    };
    kept::dropped(&mut *tx, id, now).await?;
    let event = Event { actor: events::RECONCILER, event: "data_dropped", detail: Some(detail), ..Event::default() };
    events::write(&mut *tx, id, &event, now).await?;
    tx.commit().await.context("the record of the drop")?;
    tracing::info!(tenant = %tenant.slug, schema = kept.name, "a removed tenant's data was dropped");
    Ok(())
}

/// Whoever asks for it makes the data due now; the reconciler drops it. None: there is no such tenant. `false`: nothing of
/// it is kept.
///
/// # Errors
/// When the registry fails; then nothing is written.
pub(crate) async fn purge(
    pool: &PgPool,
    slug: &Slug,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<Option<bool>, sqlx::Error> {
    let mut tx = pool.begin().await?;
    let Some(tenant) = tenants::find(&mut *tx, slug).await? else { return Ok(None) };
    if !kept::end(&mut *tx, tenant.id, now).await? {
        return Ok(Some(false));
    }
    let event = Event { actor, event: "purge", ..Event::default() };
    events::write(&mut *tx, tenant.id, &event, now).await?;
    signals::ring(&mut *tx, Bell::Tenants).await?;
    tx.commit().await?;
    Ok(Some(true))
}
