//! One-time links, and offers of ownership. What is kept of a link's code is its SHA-256.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgExecutor};

use crate::booking::{
    ResourceId, UserId,
    roles::{Member, Role},
};

/// An invitation that can still be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    /// Its number.
    pub id: i64,
    /// As what; none: not into the team.
    pub role: Option<Role>,
    /// With whose schedule.
    pub resource: Option<ResourceId>,
    /// To whom ownership is offered.
    pub for_user: Option<UserId>,
    /// Whose it is.
    pub made_by: UserId,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    role: Option<String>,
    resource_id: Option<i64>,
    for_user: Option<i64>,
    made_by: i64,
    expires_at: DateTime<Utc>,
}

impl From<Row> for Invite {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            role: row.role.and_then(|word| Role::from_word(&word)),
            resource: row.resource_id.map(ResourceId),
            for_user: row.for_user.map(UserId),
            made_by: UserId(row.made_by),
            expires_at: row.expires_at,
        }
    }
}

/// What an invitation leads to.
#[derive(Clone, Copy, Debug)]
pub enum Into<'a> {
    /// The team, by a link with this code.
    Team(&'a str, Role, Option<ResourceId>),
    /// Ownership, of this person.
    Ownership(UserId),
    /// A work chat, by a link with this code.
    Chat(&'a str),
}

/// Writes an invitation; its number.
///
/// # Errors
/// When Postgres fails.
pub async fn insert(
    executor: impl PgExecutor<'_>,
    by: UserId,
    into: Into<'_>,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<i64, sqlx::Error> {
    let (kind, code, role, resource, whom) = match into {
        Into::Team(code, role, resource) => ("join", Some(code), Some(role), resource, None),
        Into::Ownership(whom) => ("handover", None, None, None, Some(whom)),
        Into::Chat(code) => ("chat", Some(code), None, None, None),
    };
    sqlx::query_scalar(
        "insert into invites (code_hash, kind, role, resource_id, for_user, made_by, created_at, expires_at)
         values (sha256(convert_to($1, 'UTF8')), $2, $3, $4, $5, $6, $7, $8) returning id",
    )
    .bind(code)
    .bind(kind)
    .bind(role.map(Role::word))
    .bind(resource.map(|r| r.0))
    .bind(whom.map(|u| u.0))
    .bind(by.0)
    .bind(now)
    .bind(until)
    .fetch_one(executor)
    .await
}

/// The link of this kind (`join` or `chat`) with this code, if it can still be used, locked.
///
/// # Errors
/// When Postgres fails.
pub async fn lock_by_code(
    executor: impl PgExecutor<'_>,
    kind: &str,
    code: &str,
    now: DateTime<Utc>,
) -> Result<Option<Invite>, sqlx::Error> {
    let row: Option<Row> = sqlx::query_as(
        "select id, role, resource_id, for_user, made_by, expires_at from invites
          where code_hash = sha256(convert_to($1, 'UTF8')) and kind = $2
            and used_at is null and revoked_at is null and expires_at > $3
            for update",
    )
    .bind(code)
    .bind(kind)
    .bind(now)
    .fetch_optional(executor)
    .await?;
    Ok(row.map(Invite::from))
}

/// The offer of ownership of this number to this person, if it still stands, locked.
///
/// # Errors
/// When Postgres fails.
pub async fn lock_offer(
    executor: impl PgExecutor<'_>,
    id: i64,
    whom: UserId,
    now: DateTime<Utc>,
) -> Result<Option<Invite>, sqlx::Error> {
    let row: Option<Row> = sqlx::query_as(
        "select id, role, resource_id, for_user, made_by, expires_at from invites
          where id = $1 and for_user = $2 and used_at is null and revoked_at is null and expires_at > $3
            for update",
    )
    .bind(id)
    .bind(whom.0)
    .bind(now)
    .fetch_optional(executor)
    .await?;
    Ok(row.map(Invite::from))
}

/// Notes that an invitation was used, and by whom.
///
/// # Errors
/// When Postgres fails.
pub async fn mark_used(
    executor: impl PgExecutor<'_>,
    id: i64,
    by: UserId,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query("update invites set used_by = $2, used_at = $3 where id = $1")
        .bind(id)
        .bind(by.0)
        .bind(now)
        .execute(executor)
        .await
        .map(|_| ())
}

/// Takes an invitation back; `false` if it was used, too old, or gone.
///
/// # Errors
/// When Postgres fails.
pub async fn revoke(executor: impl PgExecutor<'_>, id: i64, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "update invites set revoked_at = $2
          where id = $1 and used_at is null and revoked_at is null and expires_at > $2",
    )
    .bind(id)
    .bind(now)
    .execute(executor)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes back whatever a person has invited to or was offered: they are no longer of the team, or no owner.
///
/// # Errors
/// When Postgres fails.
pub async fn revoke_all_of(executor: impl PgExecutor<'_>, whom: UserId, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update invites set revoked_at = $2
          where (made_by = $1 or for_user = $1) and used_at is null and revoked_at is null",
    )
    .bind(whom.0)
    .bind(now)
    .execute(executor)
    .await
    .map(|_| ())
}

/// Links into the team that can still be used, the newest first.
///
/// # Errors
/// When Postgres fails.
pub async fn open(executor: impl PgExecutor<'_>, now: DateTime<Utc>) -> Result<Vec<Invite>, sqlx::Error> {
    let rows: Vec<Row> = sqlx::query_as(
        "select id, role, resource_id, for_user, made_by, expires_at from invites
          where kind = 'join' and used_at is null and revoked_at is null and expires_at > $1
          order by id desc limit 50",
    )
    .bind(now)
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(Invite::from).collect())
}

/// As one of the team, for [`crate::store::admins::upsert`].
impl Invite {
    /// What whoever uses it becomes.
    pub fn makes(&self, user: UserId) -> Option<Member> {
        self.role.map(|role| Member { id: user, role, resource: self.resource })
    }
}
