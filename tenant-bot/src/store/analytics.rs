//! How many people came, by which link: a row a day for each.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::booking::UserId;

/// Counts that a person speaks to the bot: once a day of the business's, and for the first time ever. To be asked before
/// the person is noted as seen. Those who run the business are no customers of it.
///
/// # Errors
/// When Postgres fails.
pub async fn opened(
    executor: impl PgExecutor<'_>,
    user: UserId,
    source: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "with place as (select value as zone from settings where key = 'zone'),
              before as (select max(seen_at) as seen_at from users where user_id = $1)
         insert into analytics as a (day, what, source, n)
         select ($3 at time zone p.zone)::date, w.what, $2, 1
           from place p, before b, (values ('opened'), ('new')) as w (what)
          where (b.seen_at is null or w.what = 'opened'
                                  and (b.seen_at at time zone p.zone)::date < ($3 at time zone p.zone)::date)
            and not exists (select 1 from admins where user_id = $1)
          order by w.what
             on conflict (day, what, source) do update set n = a.n + 1",
    )
    .bind(user.0)
    .bind(source.unwrap_or_default())
    .bind(now)
    .execute(executor)
    .await
    .map(|_| ())
}

/// Counts that a person begins to book.
///
/// # Errors
/// When Postgres fails.
pub async fn began(
    executor: impl PgExecutor<'_>,
    user: UserId,
    source: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into analytics as a (day, what, source, n)
         select ($3 at time zone value)::date, 'began', $2, 1 from settings
          where key = 'zone' and not exists (select 1 from admins where user_id = $1)
             on conflict (day, what, source) do update set n = a.n + 1",
    )
    .bind(user.0)
    .bind(source.unwrap_or_default())
    .bind(now)
    .execute(executor)
    .await
    .map(|_| ())
}
