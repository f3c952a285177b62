//! Tables `subscriptions` and `subscription_periods`: until when a tenant is paid for, and by what.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgConnection, PgExecutor};

use super::{ClientId, PaymentId, Result, TenantId};

/// Starts the subscription of a new tenant with its first paid period.
pub(crate) async fn start(
    db: &mut PgConnection,
    client: ClientId,
    tenant: TenantId,
    plan: &str,
    payment: PaymentId,
    days: i32,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>> {
    let ends = now + TimeDelta::days(days.into());
    let id: i64 = sqlx::query_scalar(
        "insert into subscriptions (client_id, tenant_id, plan, paid_until) values ($1, $2, $3, $4) returning id",
    )
    .bind(client)
    .bind(tenant)
    .bind(plan)
    .bind(ends)
    .fetch_one(&mut *db)
    .await?;
    add_period(db, id, payment, now, ends).await?;
    Ok(ends)
}

/// Adds a period after what is paid already, or from now if that is past.
pub(crate) async fn extend(
    db: &mut PgConnection,
    tenant: TenantId,
    payment: PaymentId,
    days: i32,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>> {
    let (id, paid_until): (i64, DateTime<Utc>) =
        sqlx::query_as("select id, paid_until from subscriptions where tenant_id = $1 for update")
            .bind(tenant)
            .fetch_one(&mut *db)
            .await?;
    let starts = paid_until.max(now);
    let ends = starts + TimeDelta::days(days.into());
    add_period(db, id, payment, starts, ends).await?;
    sqlx::query("update subscriptions set paid_until = $2 where id = $1").bind(id).bind(ends).execute(db).await?;
    Ok(ends)
}

async fn add_period(
    db: &mut PgConnection,
    subscription: i64,
    payment: PaymentId,
    starts: DateTime<Utc>,
    ends: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "insert into subscription_periods (subscription_id, payment_id, starts_at, ends_at) values ($1, $2, $3, $4)",
    )
    .bind(subscription)
    .bind(payment)
    .bind(starts)
    .bind(ends)
    .execute(db)
    .await
    .map(|_| ())
}

/// A tenant whose paid time ends soon.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Ending {
    pub(crate) business_name: String,
    pub(crate) bot_username: String,
    pub(crate) zone: String,
    pub(crate) paid_until: DateTime<Utc>,
}

const ENDING: &str = "from subscriptions s join tenants t on t.id = s.tenant_id join bots b using (bot_id)
          where s.paid_until >= $1 and s.paid_until < $2 and t.removal_wanted_at is null and t.removed_at is null";

/// The first `most` whose paid time ends from one moment up to another.
pub(crate) async fn ending(
    db: impl PgExecutor<'_>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    most: i64,
) -> Result<Vec<Ending>> {
    let sql = format!(
        "select t.business_name, b.username as bot_username, t.zone, s.paid_until {ENDING}
          order by s.paid_until, t.id limit $3"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(from).bind(to).bind(most).fetch_all(db).await
}

/// How many of them there are.
pub(crate) async fn count_ending(db: impl PgExecutor<'_>, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<i64> {
    let sql = format!("select count(*) {ENDING}");
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(from).bind(to).fetch_one(db).await
}
