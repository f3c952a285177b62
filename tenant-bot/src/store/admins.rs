//! Who runs the business.

use chrono::{DateTime, Utc};
use shared::texts::Lang;
use sqlx::PgExecutor;

use crate::booking::{
    DigestKind, DigestTimes, ResourceId, UserId,
    roles::{Member, Role},
};

/// Reads the word of a role; whoever has none, or one that this version does not know, is a customer.
pub(super) fn role(word: Option<String>) -> Role {
    word.and_then(|word| Role::from_word(&word)).unwrap_or(Role::Customer)
}

/// What a person is to the business.
///
/// # Errors
/// When Postgres fails.
pub async fn find(executor: impl PgExecutor<'_>, user: UserId) -> Result<Member, sqlx::Error> {
    let row: Option<(Option<String>, Option<i64>)> =
        sqlx::query_as("select role, resource_id from admins where user_id = $1")
            .bind(user.0)
            .fetch_optional(executor)
            .await?;
    let (word, resource) = row.unwrap_or_default();
    Ok(Member { id: user, role: role(word), resource: resource.map(ResourceId) })
}

/// Those who are told of bookings, and the language each is known to speak.
///
/// # Errors
/// When Postgres fails.
pub async fn told(executor: impl PgExecutor<'_>) -> Result<Vec<(Member, Option<Lang>)>, sqlx::Error> {
    type Row = (i64, Option<String>, Option<i64>, Option<String>);
    let rows: Vec<Row> = sqlx::query_as(
        "select a.user_id, a.role, a.resource_id, u.language from admins a left join users u using (user_id)
          where a.told order by a.user_id",
    )
    .fetch_all(executor)
    .await?;
    let read = |(id, word, resource, lang): Row| {
        let member = Member { id: UserId(id), role: role(word), resource: resource.map(ResourceId) };
        (member, lang.map(|l| Lang::from_code(Some(&l))))
    };
    Ok(rows.into_iter().map(read).collect())
}

/// One of the team, as they are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Who.
    pub member: Member,
    /// As Telegram names them, or as they were called when they came; may be empty.
    pub name: String,
    /// Without the `@`.
    pub username: Option<String>,
    /// The name of their schedule.
    pub resource_name: Option<String>,
    /// Whether they are written to about bookings.
    pub told: bool,
    /// Since when.
    pub added_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct ListedRow {
    user_id: i64,
    role: Option<String>,
    resource_id: Option<i64>,
    resource_name: Option<String>,
    name: String,
    username: Option<String>,
    told: bool,
    added_at: DateTime<Utc>,
}

/// Everybody of the team, the highest roles first.
///
/// # Errors
/// When Postgres fails.
pub async fn list(executor: impl PgExecutor<'_>) -> Result<Vec<Listed>, sqlx::Error> {
    let rows: Vec<ListedRow> = sqlx::query_as(
        "select a.user_id, a.role, a.resource_id, r.name as resource_name,
                coalesce(nullif(concat_ws(' ', nullif(u.first_name, ''), u.last_name), ''), a.name) as name,
                u.username, a.told, a.added_at
           from admins a left join users u using (user_id) left join resources r on r.id = a.resource_id
          order by array_position(array['owner', 'manager', 'staff', 'viewer'], a.role), a.added_at, a.user_id",
    )
    .fetch_all(executor)
    .await?;
    let read = |row: ListedRow| Listed {
        member: Member { id: UserId(row.user_id), role: role(row.role), resource: row.resource_id.map(ResourceId) },
        name: row.name,
        username: row.username,
        resource_name: row.resource_name,
        told: row.told,
        added_at: row.added_at,
    };
    Ok(rows.into_iter().map(read).collect())
}

/// The owners, locked in the order of their ids: whoever takes one away waits for whoever else does.
///
/// # Errors
/// When Postgres fails.
pub async fn lock_owners(executor: impl PgExecutor<'_>) -> Result<Vec<UserId>, sqlx::Error> {
    let ids: Vec<i64> =
        sqlx::query_scalar("select user_id from admins where role = 'owner' order by user_id for update")
            .fetch_all(executor)
            .await?;
    Ok(ids.into_iter().map(UserId).collect())
}

/// Makes a person what they are to be, whatever they were.
///
/// # Errors
/// When Postgres fails.
pub async fn upsert(
    executor: impl PgExecutor<'_>,
    member: Member,
    (name, by): (&str, UserId),
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into admins (user_id, role, resource_id, name, added_by, added_at) values ($1, $2, $3, left($4, 200), $5, $6)
         on conflict (user_id) do update set role = excluded.role, resource_id = excluded.resource_id",
    )
    .bind(member.id.0)
    .bind(member.role.word())
    .bind(member.resource.map(|r| r.0))
    .bind(name)
    .bind(by.0)
    .bind(now)
    .execute(executor)
    .await
    .map(|_| ())
}

/// Takes a person from the team; `false` if they were not in it.
///
/// # Errors
/// When Postgres fails.
pub async fn remove(executor: impl PgExecutor<'_>, user: UserId) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("delete from admins where user_id = $1").bind(user.0).execute(executor).await?;
    Ok(done.rows_affected() == 1)
}

/// Whether one of the team is written to about bookings.
///
/// # Errors
/// When Postgres fails.
pub async fn set_told(executor: impl PgExecutor<'_>, user: UserId, told: bool) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("update admins set told = $2 where user_id = $1").bind(user.0).bind(told).execute(executor);
    Ok(done.await?.rows_affected() == 1)
}

/// When one of the team gets digests.
///
/// # Errors
/// When Postgres fails.
pub async fn digest_times(executor: impl PgExecutor<'_>, user: UserId) -> Result<DigestTimes, sqlx::Error> {
    let row: Option<(Option<i16>, Option<i16>)> =
        sqlx::query_as("select morning_minute, evening_minute from admins where user_id = $1")
            .bind(user.0)
            .fetch_optional(executor)
            .await?;
    Ok(times(row.unwrap_or_default()))
}

fn times((morning, evening): (Option<i16>, Option<i16>)) -> DigestTimes {
    let minute = |m: Option<i16>| m.and_then(|m| u16::try_from(m).ok());
    DigestTimes { morning: minute(morning), evening: minute(evening) }
}

/// Sets one of them.
///
/// # Errors
/// When Postgres fails.
pub async fn set_digest(
    executor: impl PgExecutor<'_>,
    user: UserId,
    kind: DigestKind,
    minute: Option<u16>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update admins set morning_minute = case $2 when 'morning' then $3 else morning_minute end,
                           evening_minute = case $2 when 'evening' then $3 else evening_minute end
          where user_id = $1",
    )
    .bind(user.0)
    .bind(kind.word())
    .bind(minute.and_then(|m| i16::try_from(m).ok()))
    .execute(executor)
    .await
    .map(|_| ())
}

/// Those who get digests, the language each is known to speak, and when; and the business's zone, as it is written down.
///
/// # Errors
/// When Postgres fails.
pub async fn with_digests(
    executor: impl PgExecutor<'_>,
) -> Result<Vec<(Member, Option<Lang>, DigestTimes, String)>, sqlx::Error> {
    type Row = (i64, Option<String>, Option<i64>, Option<String>, Option<i16>, Option<i16>, String);
    let rows: Vec<Row> = sqlx::query_as(
        "select a.user_id, a.role, a.resource_id, u.language, a.morning_minute, a.evening_minute, s.value
           from admins a join settings s on s.key = 'zone' left join users u using (user_id)
          where a.morning_minute is not null or a.evening_minute is not null order by a.user_id",
    )
    .fetch_all(executor)
    .await?;
    let read = |(id, word, resource, lang, morning, evening, zone): Row| {
        let member = Member { id: UserId(id), role: role(word), resource: resource.map(ResourceId) };
        (member, lang.map(|l| Lang::from_code(Some(&l))), times((morning, evening)), zone)
    };
    Ok(rows.into_iter().map(read).collect())
}
