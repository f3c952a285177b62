//! Customers as the business knows them: who they are, what they came to, what is written of them.
//!
//! What is read here can be narrowed to one resource: somebody who has only a schedule of their own knows those who have
//! come to them.

use chrono::{DateTime, Utc};
use shared::texts::Lang;
use sqlx::{FromRow, PgExecutor, Row, postgres::PgRow};

use crate::booking::{BookingId, Kopecks, ResourceId, UserId};

/// A customer in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Who.
    pub user: UserId,
    /// What they are called.
    pub name: String,
    /// Their number, if it is known.
    pub phone: Option<String>,
}

/// What is known of a customer.
#[derive(Clone, Debug, PartialEq)]
pub struct Customer {
    /// Who.
    pub user: UserId,
    /// What they are called.
    pub name: String,
    /// Their number, if it is known.
    pub phone: Option<String>,
    /// Without the `@`.
    pub username: Option<String>,
    /// Whether they called or walked in, and have no chat.
    pub caller: bool,
    /// Since when they may not book.
    pub blocked_at: Option<DateTime<Utc>>,
    /// Since when Telegram says that they have blocked the bot.
    pub unreachable_at: Option<DateTime<Utc>>,
    /// Since when they are known.
    pub since: DateTime<Utc>,
    /// A note.
    pub note: Option<String>,
    /// Tags, in the order of the alphabet.
    pub tags: Vec<String>,
    /// A discount of their own.
    pub discount_percent: u8,
    /// What they came to.
    pub figures: Figures,
}

/// What a customer came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// Visits that took place.
    pub visits: i64,
    /// How often they did not come.
    pub no_shows: i64,
    /// How often they cancelled.
    pub cancelled: i64,
    /// What the visits brought: what was really taken, else the (lower) price.
    pub money: Kopecks,
    /// When the last visit was.
    pub last: Option<DateTime<Utc>>,
    /// When the next one will be.
    pub next: Option<DateTime<Utc>>,
    /// How many visits they rated, and the sum of the stars.
    pub ratings: (i64, i64),
}

impl FromRow<'_, PgRow> for Found {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self { user: UserId(row.try_get("user_id")?), name: row.try_get("name")?, phone: row.try_get("phone")? })
    }
}

impl FromRow<'_, PgRow> for Customer {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            user: UserId(row.try_get("user_id")?),
            name: row.try_get("name")?,
            phone: row.try_get("phone")?,
            username: row.try_get("username")?,
            caller: row.try_get("caller")?,
            blocked_at: row.try_get("blocked_at")?,
            unreachable_at: row.try_get("unreachable_at")?,
            since: row.try_get("created_at")?,
            note: row.try_get("note")?,
            tags: row.try_get("tags")?,
            discount_percent: super::bookings::percent(row)?,
            figures: Figures {
                visits: row.try_get("visits")?,
                no_shows: row.try_get("no_shows")?,
                cancelled: row.try_get("cancelled")?,
                money: Kopecks(row.try_get("money")?),
                last: row.try_get("last")?,
                next: row.try_get("next")?,
                ratings: (row.try_get("rated")?, row.try_get("stars")?),
            },
        })
    }
}

// What somebody is called: as they gave it for a booking, else as Telegram has it.
macro_rules! name {
    () => {
        "coalesce(u.contact_name, nullif(trim(concat_ws(' ', u.first_name, u.last_name)), ''), '')"
    };
}

// Somebody whom the resource (null: everybody) has to do with: a customer of theirs, or a caller who has no booking yet.
macro_rules! of_resource {
    ($resource:literal) => {
        concat!(
            "u.forgotten_at is null
             and (",
            $resource,
            "::bigint is null
                  or exists (select 1 from bookings b join booking_lines l on l.booking_id = b.id
                              where b.user_id = u.user_id and b.status <> 'held' and ",
            $resource,
            " = any(l.resource_ids))
                  or u.caller and not exists (select 1 from bookings b where b.user_id = u.user_id))"
        )
    };
}

mod search;

pub use self::search::{count, list_last, search_name, search_phone};

/// Whether a resource (none: the whole business) has to do with a person.
///
/// # Errors
/// When Postgres fails.
pub async fn has_to_do_with(
    executor: impl PgExecutor<'_>,
    user: UserId,
    of: Option<ResourceId>,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(concat!(
        "select exists (select 1 from users u where u.user_id = $1 and ",
        of_resource!("$2"),
        ")"
    ))
    .bind(user.0)
    .bind(of.map(|r| r.0))
    .fetch_one(executor)
    .await
}

/// Writes down somebody who called or walked in; a number makes a contact of the name. Gives the number that they go by.
///
/// # Errors
/// When Postgres fails.
pub async fn write_down(
    executor: impl PgExecutor<'_>,
    (name, phone): (&str, Option<&str>),
    lang: Lang,
    now: DateTime<Utc>,
) -> Result<UserId, sqlx::Error> {
    sqlx::query_scalar(
        "insert into users (user_id, first_name, language, contact_name, phone, created_at, seen_at, caller)
         values (-nextval('nobodies'), $1, $2, case when $3::text is null then null else $1 end, $3, $4, $4, true)
         returning user_id",
    )
    .bind(name)
    .bind(lang.code())
    .bind(phone)
    .bind(now)
    .fetch_one(executor)
    .await
    .map(UserId)
}

/// Whoever was written down with this very name and number before.
///
/// # Errors
/// When Postgres fails.
pub async fn find_written_down(
    executor: impl PgExecutor<'_>,
    name: &str,
    phone: &str,
) -> Result<Option<UserId>, sqlx::Error> {
    let id: Option<i64> = sqlx::query_scalar(
        "select user_id from users where caller and forgotten_at is null and contact_name = $1 and phone = $2
          order by user_id limit 1",
    )
    .bind(name)
    .bind(phone)
    .fetch_optional(executor)
    .await?;
    Ok(id.map(UserId))
}

/// What a person is called; none: nobody has this number.
///
/// # Errors
/// When Postgres fails.
pub async fn name(executor: impl PgExecutor<'_>, user: UserId) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar(concat!("select ", name!(), " from users u where u.user_id = $1"))
        .bind(user.0)
        .fetch_optional(executor)
        .await
}

/// How often a person did not come, one booking aside.
///
/// # Errors
/// When Postgres fails.
pub async fn no_shows(executor: impl PgExecutor<'_>, user: UserId, but: BookingId) -> Result<u32, sqlx::Error> {
    let n: i64 =
        sqlx::query_scalar("select count(*) from bookings where user_id = $1 and status = 'no_show' and id <> $2")
            .bind(user.0)
            .bind(but.0)
            .fetch_one(executor)
            .await?;
    Ok(u32::try_from(n).unwrap_or(u32::MAX))
}

/// What is known of a person, as far as a resource (none: the whole business) has to do with them; none if it has not.
///
/// # Errors
/// When Postgres fails.
pub async fn find(
    executor: impl PgExecutor<'_>,
    user: UserId,
    of: Option<ResourceId>,
    now: DateTime<Utc>,
) -> Result<Option<Customer>, sqlx::Error> {
    sqlx::query_as(concat!(
        "select u.user_id, ", name!(), " as name, u.phone, u.username, u.caller, u.blocked_at, u.unreachable_at,
                u.created_at, u.note, array(select t from unnest(u.tags) as t order by t) as tags, u.discount_percent,
                f.*
           from users u
           cross join lateral (
               select count(*) filter (where v.took_place) as visits,
                      count(*) filter (where v.status = 'no_show') as no_shows,
                      count(*) filter (where v.status = 'cancelled' and v.cancelled_by_kind = 'customer') as cancelled,
                      coalesce(sum(v.brought) filter (where v.took_place), 0)::bigint as money,
                      max(v.starts_at) filter (where v.took_place) as last,
                      min(v.starts_at) filter (where v.status in ('requested', 'confirmed') and v.starts_at > $3) as next,
                      count(r.rating) as rated, coalesce(sum(r.rating), 0)::bigint as stars
                 from (select b.*, coalesce(b.paid_kopecks, b.price_kopecks) as brought,
                              b.status = 'completed' or b.status in ('confirmed', 'arrived') and b.ends_at <= $3
                                  as took_place
                         from bookings b
                        where b.user_id = u.user_id and b.status <> 'held'
                          and ($2::bigint is null or b.resource_id = $2
                               or exists (select 1 from booking_lines l
                                           where l.booking_id = b.id and $2 = any(l.resource_ids)))) v
                 left join feedback r on r.booking_id = v.id) f
          where u.user_id = $1 and ", of_resource!("$2")
    ))
    .bind(user.0)
    .bind(of.map(|r| r.0))
    .bind(now)
    .fetch_optional(executor)
    .await
}

/// Writes a note of a person, or takes it away.
///
/// # Errors
/// When Postgres fails.
pub async fn set_note(executor: impl PgExecutor<'_>, user: UserId, note: Option<&str>) -> Result<(), sqlx::Error> {
    sqlx::query("update users set note = $2 where user_id = $1")
        .bind(user.0)
        .bind(note)
        .execute(executor)
        .await
        .map(|_| ())
}

/// Writes the tags of a person.
///
/// # Errors
/// When Postgres fails.
pub async fn set_tags(executor: impl PgExecutor<'_>, user: UserId, tags: &[String]) -> Result<(), sqlx::Error> {
    sqlx::query("update users set tags = $2 where user_id = $1")
        .bind(user.0)
        .bind(tags)
        .execute(executor)
        .await
        .map(|_| ())
}

/// Writes the discount of a person.
///
/// # Errors
/// When Postgres fails.
pub async fn set_discount(executor: impl PgExecutor<'_>, user: UserId, percent: u8) -> Result<(), sqlx::Error> {
    sqlx::query("update users set discount_percent = $2 where user_id = $1")
        .bind(user.0)
        .bind(i16::from(percent))
        .execute(executor)
        .await
        .map(|_| ())
}

/// Notes since when a person may not book; none: they may.
///
/// # Errors
/// When Postgres fails.
pub async fn set_blocked(
    executor: impl PgExecutor<'_>,
    user: UserId,
    since: Option<DateTime<Utc>>,
) -> Result<(), sqlx::Error> {
    sqlx::query("update users set blocked_at = $2 where user_id = $1")
        .bind(user.0)
        .bind(since)
        .execute(executor)
        .await
        .map(|_| ())
}

/// Every tag that anybody has, with how many have it, the most used first.
///
/// # Errors
/// When Postgres fails.
pub async fn tags(executor: impl PgExecutor<'_>) -> Result<Vec<(String, i64)>, sqlx::Error> {
    sqlx::query_as(
        "select t, count(*) from users, unnest(tags) as t where forgotten_at is null group by t
          order by count(*) desc, t limit 50",
    )
    .fetch_all(executor)
    .await
}
