//! Customers in lists: looked for by name or number, or who was here last.

use sqlx::PgExecutor;

use super::Found;
use crate::booking::ResourceId;

// As people search: case, ё and е, and marks of a number are all the same. ICU knows every alphabet's letters, whatever the
// database was made with.
macro_rules! plain {
    ($text:expr) => {
        concat!("replace(lower(", $text, " collate \"und-x-icu\"), 'ё', 'е')")
    };
}

/// People in whose names `part` occurs, in small letters and with «е» for «ё»: their own, Telegram's, and those that they
/// booked under. By name.
///
/// # Errors
/// When Postgres fails.
pub async fn search_name(
    executor: impl PgExecutor<'_>,
    part: &str,
    of: Option<ResourceId>,
    (offset, most): (usize, usize),
) -> Result<Vec<Found>, sqlx::Error> {
    sqlx::query_as(concat!(
        "select u.user_id, ",
        name!(),
        " as name, u.phone from users u
          where ",
        of_resource!("$2"),
        "
            and (position($1 in ",
        plain!("concat_ws(' ', u.contact_name, u.first_name, u.last_name, u.username)"),
        ") > 0
                 or exists (select 1 from bookings b where b.user_id = u.user_id
                               and position($1 in ",
        plain!("b.customer_name"),
        ") > 0))
          order by ",
        name!(),
        ", u.user_id offset $3 limit $4"
    ))
    .bind(part)
    .bind(of.map(|r| r.0))
    .bind(i64::try_from(offset).unwrap_or(i64::MAX))
    .bind(i64::try_from(most).unwrap_or(i64::MAX))
    .fetch_all(executor)
    .await
}

/// People in whose numbers any of these rows of digits occurs. By name.
///
/// # Errors
/// When Postgres fails.
pub async fn search_phone(
    executor: impl PgExecutor<'_>,
    digits: &[String],
    of: Option<ResourceId>,
    (offset, most): (usize, usize),
) -> Result<Vec<Found>, sqlx::Error> {
    sqlx::query_as(concat!(
        "select u.user_id, ",
        name!(),
        " as name, u.phone from users u
          where ",
        of_resource!("$2"),
        "
            and exists (select 1 from unnest($1::text[]) as d (digits)
                         where position(d.digits in u.phone) > 0
                            or exists (select 1 from bookings b
                                        where b.user_id = u.user_id and position(d.digits in b.phone) > 0))
          order by ",
        name!(),
        ", u.user_id offset $3 limit $4"
    ))
    .bind(digits)
    .bind(of.map(|r| r.0))
    .bind(i64::try_from(offset).unwrap_or(i64::MAX))
    .bind(i64::try_from(most).unwrap_or(i64::MAX))
    .fetch_all(executor)
    .await
}

/// People who have booked or were written down, who was here last first; with `tag`, those who have it.
///
/// # Errors
/// When Postgres fails.
pub async fn list_last(
    executor: impl PgExecutor<'_>,
    tag: Option<&str>,
    of: Option<ResourceId>,
    (offset, most): (usize, usize),
) -> Result<Vec<Found>, sqlx::Error> {
    sqlx::query_as(concat!(
        "select u.user_id, ",
        name!(),
        " as name, u.phone
           from users u
           left join lateral (select max(b.created_at) as at from bookings b
                               where b.user_id = u.user_id and b.status <> 'held') last on true
          where ",
        of_resource!("$2"),
        " and (u.caller or last.at is not null) and ($1::text is null or $1 = any(u.tags))
          order by coalesce(last.at, u.created_at) desc, u.user_id offset $3 limit $4"
    ))
    .bind(tag)
    .bind(of.map(|r| r.0))
    .bind(i64::try_from(offset).unwrap_or(i64::MAX))
    .bind(i64::try_from(most).unwrap_or(i64::MAX))
    .fetch_all(executor)
    .await
}

/// How many people have booked or were written down, as [`list_last`] counts them without a tag.
///
/// # Errors
/// When Postgres fails.
pub async fn count(executor: impl PgExecutor<'_>, of: Option<ResourceId>) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(concat!(
        "select count(*) from users u
          where ",
        of_resource!("$1"),
        "
            and (u.caller or exists (select 1 from bookings b where b.user_id = u.user_id and b.status <> 'held'))"
    ))
    .bind(of.map(|r| r.0))
    .fetch_one(executor)
    .await
}
