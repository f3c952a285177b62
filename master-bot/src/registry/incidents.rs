//! Table `incidents`, and what of other tables tells that something is wrong.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sqlx::{PgConnection, PgExecutor};

use super::{Kopecks, Result, TenantId};

/// An incident whose messages may have to be changed.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct Incident {
    pub(crate) id: i64,
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) detail: Value,
    pub(crate) opened_at: DateTime<Utc>,
    pub(crate) closed_at: Option<DateTime<Utc>>,
    pub(crate) told: Value,
    pub(crate) told_at: DateTime<Utc>,
}

/// Signs of trouble of one tenant that stand in no other place.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct Signs {
    pub(crate) tenant_id: TenantId,
    pub(crate) failed_part: Option<String>,
    pub(crate) failing_since: Option<DateTime<Utc>>,
    pub(crate) trouble: Option<String>,
    pub(crate) ready: bool,
    pub(crate) crashes: i64,
}

/// The signs of everyone present who shows any: a failure, a bot that does not poll, one that has ended by itself.
pub(crate) async fn signs(db: impl PgExecutor<'_>, since: DateTime<Utc>) -> Result<Vec<Signs>> {
    sqlx::query_as(
        "with ended as (select tenant_id, count(*) as times from tenant_events where event = 'ended' and at > $1 group by 1)
         select t.id as tenant_id, t.failed_part, t.failing_since, t.trouble, coalesce(f.known, false) as ready,
                coalesce(e.times, 0) as crashes
           from tenants t left join tenant_facts f on f.tenant_id = t.id and f.part = 'ready'
                left join ended e on e.tenant_id = t.id
          where t.removed_at is null
            and (t.last_error is not null or not coalesce(f.known, false) or e.times is not null)",
    )
    .bind(since)
    .fetch_all(db)
    .await
}

/// Debts to clients: how many, how much in all, since when.
pub(crate) async fn debts(db: impl PgExecutor<'_>) -> Result<(i64, Option<Kopecks>, Option<DateTime<Utc>>)> {
    sqlx::query_as(
        "select count(*), sum(amount_kopecks)::bigint, min(at) from ledger due
          where kind = 'refund_due'
            and not exists (select 1 from ledger done where done.payment_id = due.payment_id and done.kind = 'refunded')",
    )
    .fetch_one(db)
    .await
}

/// Everything that is open, and what has ended without its messages saying so.
pub(crate) async fn unfinished(db: impl PgExecutor<'_>) -> Result<Vec<Incident>> {
    sqlx::query_as(
        "select id, kind, subject, detail, opened_at, closed_at, told, told_at from incidents
          where closed_at is null or not end_told order by id",
    )
    .fetch_all(db)
    .await
}

/// Opens an incident; none: it is open already.
pub(crate) async fn open(
    db: &mut PgConnection,
    kind: &str,
    subject: &str,
    detail: &Value,
    now: DateTime<Utc>,
) -> Result<Option<i64>> {
    sqlx::query_scalar(
        "insert into incidents (kind, subject, detail, opened_at, seen_at, told, told_at) values ($1, $2, $3, $4, $4, $3, $4)
         on conflict (kind, subject) where closed_at is null do nothing returning id",
    )
    .bind(kind)
    .bind(subject)
    .bind(detail)
    .bind(now)
    .fetch_optional(db)
    .await
}

/// These open incidents are still so, now with these details.
pub(crate) async fn still(db: impl PgExecutor<'_>, ids: &[i64], details: &[Value], now: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "update incidents i set seen_at = greatest(i.seen_at, $3), detail = s.detail
           from unnest($1::bigint[], $2::jsonb[]) as s (id, detail)
          where i.id = s.id and i.closed_at is null",
    )
    .bind(ids)
    .bind(details)
    .bind(now)
    .execute(db)
    .await
    .map(|_| ())
}

/// Closes what nobody has found for `good_for`: of the kinds that everybody can judge, and of those subjects that
/// were seen to be good. Gives how many.
pub(crate) async fn close_good(
    db: impl PgExecutor<'_>,
    kinds: &[&str],
    (of_kind, subjects): (&[&str], &[&str]),
    good_for: TimeDelta,
    now: DateTime<Utc>,
) -> Result<u64> {
    let done = sqlx::query(
        "update incidents set closed_at = $5
          where closed_at is null and seen_at <= $4
            and (kind = any($1) or (kind, subject) in (select * from unnest($2::text[], $3::text[])))",
    )
    .bind(kinds)
    .bind(of_kind)
    .bind(subjects)
    .bind(now - good_for)
    .bind(now)
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// The messages show this now.
pub(crate) async fn told(db: impl PgExecutor<'_>, id: i64, detail: &Value, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("update incidents set told = $2, told_at = $3 where id = $1")
        .bind(id)
        .bind(detail)
        .bind(now)
        .execute(db)
        .await
        .map(|_| ())
}

/// The messages say that it is over.
pub(crate) async fn end_told(db: impl PgExecutor<'_>, id: i64) -> Result<()> {
    sqlx::query("update incidents set end_told = true where id = $1").bind(id).execute(db).await.map(|_| ())
}

/// Letters by their keys: key, chat, state and message.
pub(crate) async fn letters(
    db: impl PgExecutor<'_>,
    keys: &[String],
) -> Result<Vec<(String, i64, String, Option<i32>)>> {
    sqlx::query_as("select key, chat_id, state, message_id from outbox where key = any($1)")
        .bind(keys)
        .fetch_all(db)
        .await
}

/// How many incidents of each kind are open.
pub(crate) async fn count_open(db: impl PgExecutor<'_>) -> Result<Vec<(String, i64)>> {
    sqlx::query_as("select kind, count(*) from incidents where closed_at is null group by kind").fetch_all(db).await
}

/// Whose a tenant is: Telegram id and language.
pub(crate) async fn owner(db: &mut PgConnection, slug: &str) -> Result<Option<(i64, String)>> {
    sqlx::query_as("select owner_telegram_id, language from tenants where slug = $1")
        .bind(slug)
        .fetch_optional(db)
        .await
}
