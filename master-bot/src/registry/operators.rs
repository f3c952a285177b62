//! Tables `operators`, `team_invites`, `team_acts`: who works here, who may come, and who let whom in and out.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};

use super::Result;

/// What somebody was let in as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum Post {
    Support,
    Operator,
    Owner,
}

impl Post {
    pub(crate) const ALL: [Self; 3] = [Self::Support, Self::Operator, Self::Owner];

    /// As it stands in the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Support => "support",
            Self::Operator => "operator",
            Self::Owner => "owner",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|post| post.name() == name)
    }
}

/// Somebody who works here by a row.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct Member {
    pub(crate) id: i64,
    pub(crate) telegram_id: i64,
    pub(crate) role: Post,
    pub(crate) name: String,
    pub(crate) username: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) added_at: DateTime<Utc>,
}

const MEMBER: &str =
    "select o.id, o.telegram_id, o.role, coalesce(c.name, o.name) as name, c.username, c.language, o.added_at
   from operators o left join clients c using (telegram_id)";

/// A person's post; none for a stranger.
pub(crate) async fn post(db: impl PgExecutor<'_>, telegram_id: i64) -> Result<Option<Post>> {
    sqlx::query_scalar("select role from operators where telegram_id = $1 and removed_at is null")
        .bind(telegram_id)
        .fetch_optional(db)
        .await
}

/// Everybody, in the order in which they came.
pub(crate) async fn all(db: impl PgExecutor<'_>) -> Result<Vec<Member>> {
    let sql = format!("{MEMBER} where o.removed_at is null order by o.id");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(db).await
}

/// One of them; none when they are gone.
pub(crate) async fn find(db: impl PgExecutor<'_>, id: i64) -> Result<Option<Member>> {
    let sql = format!("{MEMBER} where o.id = $1 and o.removed_at is null");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(db).await
}

/// Whoever has left and has not come back.
pub(crate) async fn gone(db: impl PgExecutor<'_>) -> Result<Vec<i64>> {
    sqlx::query_scalar(
        "select distinct telegram_id from operators o where removed_at is not null
            and not exists (select 1 from operators n where n.telegram_id = o.telegram_id and n.removed_at is null)",
    )
    .fetch_all(db)
    .await
}

/// Changes of the team are made one after another: each sees what the one before has left.
pub(crate) async fn lock(db: &mut PgConnection) -> Result<()> {
    sqlx::query("lock table operators in share row exclusive mode").execute(db).await.map(|_| ())
}

pub(crate) async fn add(
    db: impl PgExecutor<'_>,
    (telegram_id, name): (i64, &str),
    role: Post,
    added_by: i64,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query("insert into operators (telegram_id, role, name, added_by, added_at) values ($1, $2, $3, $4, $5)")
        .bind(telegram_id)
        .bind(role)
        .bind(name)
        .bind(added_by)
        .bind(now)
        .execute(db)
        .await
        .map(|_| ())
}

pub(crate) async fn change(db: impl PgExecutor<'_>, id: i64, role: Post) -> Result<()> {
    sqlx::query("update operators set role = $2 where id = $1").bind(id).bind(role).execute(db).await.map(|_| ())
}

pub(crate) async fn remove(db: impl PgExecutor<'_>, id: i64, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("update operators set removed_at = $2 where id = $1").bind(id).bind(now).execute(db).await.map(|_| ())
}

/// A link to come by.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct Invite {
    pub(crate) id: i64,
    pub(crate) code: String,
    pub(crate) role: Post,
    pub(crate) made_by: i64,
    pub(crate) good_until: DateTime<Utc>,
    pub(crate) used_by: Option<i64>,
    withdrawn_at: Option<DateTime<Utc>>,
}

impl Invite {
    /// Whether somebody may still come by it.
    pub(crate) fn is_good(&self, now: DateTime<Utc>) -> bool {
        self.used_by.is_none() && self.withdrawn_at.is_none() && now < self.good_until
    }
}

const INVITE: &str = "select id, code, role, made_by, good_until, used_by, withdrawn_at from team_invites";

/// Makes an invite, unless this tap has made one. `true`: it is new.
pub(crate) async fn invite(
    db: &mut PgConnection,
    code: &str,
    role: Post,
    (made_by, cause): (i64, &str),
    (now, good_until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<(Invite, bool)> {
    let done = sqlx::query(
        "insert into team_invites (code, role, made_by, made_at, good_until, cause) values ($1, $2, $3, $4, $5, $6)
         on conflict (cause) do nothing",
    )
    .bind(code)
    .bind(role)
    .bind(made_by)
    .bind(now)
    .bind(good_until)
    .bind(cause)
    .execute(&mut *db)
    .await?;
    let sql = format!("{INVITE} where cause = $1");
    let invite = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(cause).fetch_one(db).await?;
    Ok((invite, done.rows_affected() == 1))
}

/// The invite with this code.
pub(crate) async fn invite_by(db: impl PgExecutor<'_>, code: &str) -> Result<Option<Invite>> {
    let sql = format!("{INVITE} where code = $1");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(code).fetch_optional(db).await
}

/// Somebody has come by it. In the transaction that lets them in, under [`lock`].
pub(crate) async fn use_up(db: impl PgExecutor<'_>, id: i64, by: i64, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("update team_invites set used_by = $2, used_at = $3 where id = $1")
        .bind(id)
        .bind(by)
        .bind(now)
        .execute(db)
        .await
        .map(|_| ())
}

/// Nobody comes by it any more. None: it was used, or withdrawn already.
pub(crate) async fn withdraw(db: impl PgExecutor<'_>, id: i64, now: DateTime<Utc>) -> Result<Option<Post>> {
    sqlx::query_scalar(
        "update team_invites set withdrawn_at = $2 where id = $1 and used_at is null and withdrawn_at is null
         returning role",
    )
    .bind(id)
    .bind(now)
    .fetch_optional(db)
    .await
}

/// A line of the team's history to be written.
pub(crate) struct Act<'a> {
    pub(crate) actor: i64,
    pub(crate) act: &'a str,
    pub(crate) subject: Option<i64>,
    pub(crate) invite: Option<i64>,
    pub(crate) role: Post,
    pub(crate) was: Option<Post>,
    /// The tap that it came of.
    pub(crate) cause: &'a str,
}

/// Writes it and gives its number.
pub(crate) async fn note(db: impl PgExecutor<'_>, act: &Act<'_>, now: DateTime<Utc>) -> Result<i64> {
    sqlx::query_scalar(
        "insert into team_acts (at, actor, act, subject, invite_id, role, was, cause)
         values ($1, $2, $3, $4, $5, $6, $7, $8) returning id",
    )
    .bind(now)
    .bind(act.actor)
    .bind(act.act)
    .bind(act.subject)
    .bind(act.invite)
    .bind(act.role)
    .bind(act.was)
    .bind(act.cause)
    .fetch_one(db)
    .await
}

/// Whether a tap has had its act already.
pub(crate) async fn came_of(db: impl PgExecutor<'_>, cause: &str) -> Result<bool> {
    sqlx::query_scalar("select exists (select 1 from team_acts where cause = $1)").bind(cause).fetch_one(db).await
}

/// A line of the team's history.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct ActRow {
    pub(crate) at: DateTime<Utc>,
    pub(crate) act: String,
    pub(crate) role: Post,
    pub(crate) was: Option<Post>,
    pub(crate) actor: i64,
    pub(crate) actor_name: Option<String>,
    pub(crate) subject: Option<i64>,
    pub(crate) subject_name: Option<String>,
}

/// One page of it, newest first, and one line more if there is one.
pub(crate) async fn acts(db: impl PgExecutor<'_>, offset: i64, most: i64) -> Result<Vec<ActRow>> {
    sqlx::query_as(
        "select a.at, a.act, a.role, a.was, a.actor, c.name as actor_name, a.subject, s.name as subject_name
           from team_acts a left join clients c on c.telegram_id = a.actor left join clients s on s.telegram_id = a.subject
          order by a.id desc offset $1 limit $2",
    )
    .bind(offset)
    .bind(most)
    .fetch_all(db)
    .await
}
