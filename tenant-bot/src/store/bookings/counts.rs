//! How many visits begin on which date.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use sqlx::{PgConnection, PgExecutor};

use crate::booking::{BookingId, ResourceId, UserId, hours::Span};

/// How many visits that stand begin on which date of `zone`, from `from` to `to` (both included), resource by resource; the
/// visits of `user`, and of the whole business, are counted in rows without a resource.
#[derive(Clone, Copy, Debug)]
pub struct Count {
    /// The date.
    pub day: NaiveDate,
    /// Of which resource; none: of all.
    pub resource: Option<ResourceId>,
    /// How many visits.
    pub all: u32,
    /// How many of them are the asking customer's.
    pub own: u32,
}

/// See [`Count`]. What is on hold counts until it is overdue, the holds of `user` do not; `but` is not counted.
///
/// # Errors
/// When Postgres fails.
pub async fn counts(
    executor: impl PgExecutor<'_>,
    zone: Tz,
    span: Span,
    user: UserId,
    but: Option<BookingId>,
    now: DateTime<Utc>,
) -> Result<Vec<Count>, sqlx::Error> {
    let rows: Vec<(NaiveDate, Option<i64>, i64, i64)> = sqlx::query_as(
        "with visit as (
             select b.id, b.user_id, b.resource_id, (b.starts_at at time zone $1)::date as day
               from bookings b
              where b.starts_at >= $2 and b.starts_at < $3 and b.id is distinct from $5
                and (b.status in ('requested', 'confirmed', 'arrived', 'completed', 'no_show')
                     or b.status = 'held' and b.held_until > $6 and b.user_id <> $4)),
         who as (
             select distinct v.id, v.user_id, v.day, r.id as resource_id
               from visit v
               cross join lateral (
                   select unnest(l.resource_ids) as id from booking_lines l where l.booking_id = v.id
                   union select v.resource_id) r)
         select day, resource_id, count(*), count(*) filter (where user_id = $4) from who group by day, resource_id
          union all
         select day, null, count(*), count(*) filter (where user_id = $4) from visit group by day",
    )
    .bind(zone.name())
    .bind(span.start)
    .bind(span.end)
    .bind(user.0)
    .bind(but.map(|b| b.0))
    .bind(now)
    .fetch_all(executor)
    .await?;
    let number = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    Ok(rows
        .into_iter()
        .map(|(day, resource, all, own)| Count {
            day,
            resource: resource.map(ResourceId),
            all: number(all),
            own: number(own),
        })
        .collect())
}

/// Locks the days, in their order, for whoever books under a daily cap: bookings of one day are then made one after another.
///
/// # Errors
/// When Postgres fails.
pub async fn lock_days(conn: &mut PgConnection, days: &[NaiveDate]) -> Result<(), sqlx::Error> {
    let mut days = days.to_vec();
    days.sort_unstable();
    days.dedup();
    for day in days {
        sqlx::query("insert into capped_days (day) values ($1) on conflict (day) do update set day = excluded.day")
            .bind(day)
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// Whether anything was ever booked that was not called off.
///
/// # Errors
/// When Postgres fails.
pub async fn any_stands(executor: impl PgExecutor<'_>) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "select exists (select 1 from bookings
                         where status in ('requested', 'confirmed', 'arrived', 'completed', 'no_show'))",
    )
    .fetch_one(executor)
    .await
}
