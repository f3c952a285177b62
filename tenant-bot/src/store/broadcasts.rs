//! Whom news goes to. The rows of a broadcast itself are `shared::broadcast`'s.

use chrono::{DateTime, TimeDelta, Utc};
use shared::{broadcast::BroadcastId, texts::Lang};
use sqlx::{PgConnection, PgExecutor};

/// Whom a broadcast is for, as the question is asked in SQL.
#[derive(Clone, Copy, Debug)]
pub struct Whom<'a> {
    /// `all`, `upcoming`, `absent` or `tag`.
    pub kind: &'a str,
    /// Of `absent`: since when they have not come.
    pub absent_for: TimeDelta,
    /// Of `tag`.
    pub tag: &'a str,
}

// Everybody who can be written to and has nothing against it; of them those of the audience, `$1`–`$4`: kind, now, since
// when, tag. A visit took place if somebody said so, or if its time passed and nobody said otherwise.
macro_rules! readers {
    ($before:literal) => {
        concat!(
            $before,
            " from users u
               where u.user_id > 0 and not u.caller and u.no_broadcasts_since is null and u.blocked_at is null
                 and u.unreachable_at is null
                 and case $1
                       when 'all' then true
                       when 'upcoming' then exists (
                         select 1 from bookings b where b.user_id = u.user_id
                            and b.status in ('requested', 'confirmed') and b.starts_at > $2)
                       when 'absent' then (
                         select max(b.ends_at) <= $3 from bookings b where b.user_id = u.user_id
                            and (b.status in ('arrived', 'completed') or b.status = 'confirmed' and b.ends_at <= $2))
                         and not exists (
                         select 1 from bookings b where b.user_id = u.user_id
                            and b.status in ('requested', 'confirmed') and b.ends_at > $2)
                       when 'tag' then $4 = any(u.tags)
                       else false
                     end"
        )
    };
}

/// How many people would get it.
///
/// # Errors
/// When Postgres fails.
pub async fn count(executor: impl PgExecutor<'_>, whom: Whom<'_>, now: DateTime<Utc>) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(readers!("select count(*)"))
        .bind(whom.kind)
        .bind(now)
        .bind(now - whom.absent_for)
        .bind(whom.tag)
        .fetch_one(executor)
        .await
}

/// Writes a letter to each of them.
///
/// # Errors
/// When Postgres fails.
pub async fn write_letters(
    conn: &mut PgConnection,
    id: BroadcastId,
    whom: Whom<'_>,
    now: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    let done =
        sqlx::query(readers!("insert into broadcast_letters (broadcast_id, chat_id) select $5::bigint, u.user_id"))
            .bind(whom.kind)
            .bind(now)
            .bind(now - whom.absent_for)
            .bind(whom.tag)
            .bind(id.0)
            .execute(conn)
            .await?;
    Ok(done.rows_affected())
}

/// The language that somebody is to be sent news in; none: they are to be sent none.
///
/// # Errors
/// When Postgres fails.
pub async fn language_of_reader(executor: impl PgExecutor<'_>, chat_id: i64) -> Result<Option<Lang>, sqlx::Error> {
    let language: Option<String> = sqlx::query_scalar(
        "select language from users
          where user_id = $1 and no_broadcasts_since is null and blocked_at is null and unreachable_at is null",
    )
    .bind(chat_id)
    .fetch_optional(executor)
    .await?;
    Ok(language.map(|language| Lang::from_code(Some(&language))))
}

/// Notes that these people have blocked the bot; the numbers go upwards.
///
/// # Errors
/// When Postgres fails.
pub async fn mark_unreachable(
    executor: impl PgExecutor<'_>,
    chat_ids: &[i64],
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update users set unreachable_at = $2
          where user_id in (select user_id from users where user_id = any($1) and unreachable_at is null
                             order by user_id for no key update)",
    )
    .bind(chat_ids)
    .bind(now)
    .execute(executor)
    .await
    .map(|_| ())
}

/// The tags that customers have, with how many readers each has, the commonest first.
///
/// # Errors
/// When Postgres fails.
pub async fn tags(executor: impl PgExecutor<'_>, most: i64) -> Result<Vec<(String, i64)>, sqlx::Error> {
    sqlx::query_as(
        "select tag, count(*) from users u, unnest(u.tags) as tag
          where u.user_id > 0 and not u.caller and u.no_broadcasts_since is null and u.blocked_at is null
            and u.unreachable_at is null
          group by tag order by 2 desc, 1 limit $1",
    )
    .bind(most)
    .fetch_all(executor)
    .await
}
