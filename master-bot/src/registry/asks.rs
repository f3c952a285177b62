//! Table `fleet_asks`: what is asked of the engine, and what it answered (`fleet::answers` knows the answers' shapes).
//! All times are the machines' own: patience with a process is none of a played clock's business.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use shared::slug::Slug;
use sqlx::PgExecutor;

use super::{Result, TenantId};

/// A fleet process that has taken a question answers within this, or has died.
const TAKEN_FOR: TimeDelta = TimeDelta::seconds(15);
/// Nobody waits for an answer longer.
pub(crate) const PATIENCE: TimeDelta = TimeDelta::seconds(20);
/// Answers are of the moment, and a log may carry people's words.
const KEPT: TimeDelta = TimeDelta::minutes(10);

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// The last lines that the container printed.
    Log {
        /// How many, at most.
        lines: i32,
    },
    /// What it takes of the machine.
    Usage,
}

impl Question {
    fn kind(self) -> &'static str {
        match self {
            Self::Log { .. } => "log",
            Self::Usage => "usage",
        }
    }
}

/// A question as a fleet process takes it.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) id: i64,
    pub(crate) slug: Slug,
    pub(crate) question: Question,
}

/// A question whose asker is to be told, answered or not.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct ToTell {
    pub(crate) id: i64,
    #[sqlx(try_from = "String")]
    pub(crate) slug: Slug,
    pub(crate) chat_id: i64,
    pub(crate) language: String,
    /// None: nobody has answered in time.
    pub(crate) answer: Option<Value>,
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asker<'a> {
    pub(crate) actor: &'a str,
    /// Where to tell the answer, and in which language.
    pub(crate) chat: Option<(i64, &'a str)>,
    /// The tap that it comes of.
    pub(crate) cause: Option<&'a str>,
}

/// Writes a question down; none if this tap has asked already.
pub(crate) async fn ask(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    question: Question,
    asker: Asker<'_>,
    now: DateTime<Utc>,
) -> Result<Option<i64>> {
    let lines = match question {
        Question::Log { lines } => lines,
        Question::Usage => 0,
    };
    sqlx::query_scalar(
        "insert into fleet_asks (tenant_id, kind, lines, actor, chat_id, language, cause, asked_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (cause) do nothing returning id",
    )
    .bind(tenant)
    .bind(question.kind())
    .bind(lines)
    .bind(asker.actor)
    .bind(asker.chat.map(|(chat, _)| chat))
    .bind(asker.chat.map(|(_, language)| language))
    .bind(asker.cause)
    .bind(now)
    .fetch_optional(db)
    .await
}

/// Takes the oldest question that somebody still waits for.
pub(crate) async fn take(db: impl PgExecutor<'_>, now: DateTime<Utc>) -> Result<Option<Taken>> {
    let row: Option<(i64, String, String, i32)> = sqlx::query_as(
        "update fleet_asks a set taken_until = $2 from tenants t
          where t.id = a.tenant_id and a.id = (
              select id from fleet_asks
               where answered_at is null and told_at is null and asked_at > $3 and (taken_until is null or taken_until <= $1)
               order by id limit 1 for update skip locked)
         returning a.id, t.slug, a.kind, a.lines",
    )
    .bind(now)
    .bind(now + TAKEN_FOR)
    .bind(now - PATIENCE)
    .fetch_optional(db)
    .await?;
    let Some((id, slug, kind, lines)) = row else { return Ok(None) };
    let slug = Slug::try_from(slug).map_err(|e| sqlx::Error::Decode(e.into()))?;
    let question = if kind == "log" { Question::Log { lines } } else { Question::Usage };
    Ok(Some(Taken { id, slug, question }))
}

/// Writes the answer down; a second one changes nothing.
pub(crate) async fn answer(db: impl PgExecutor<'_>, id: i64, answer: &Value, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("update fleet_asks set answer = $2, answered_at = $3 where id = $1 and answered_at is null")
        .bind(id)
        .bind(answer)
        .bind(now)
        .execute(db)
        .await
        .map(|_| ())
}

/// The answer, if there is one.
pub(crate) async fn answer_to(db: impl PgExecutor<'_>, id: i64) -> Result<Option<Value>> {
    let found: Option<Option<Value>> =
        sqlx::query_scalar("select answer from fleet_asks where id = $1").bind(id).fetch_optional(db).await?;
    Ok(found.flatten())
}

/// The latest answer about what a tenant's container takes, and when it was given.
pub(crate) async fn latest_usage(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    since: DateTime<Utc>,
) -> Result<Option<Value>> {
    sqlx::query_scalar(
        "select answer from fleet_asks
          where tenant_id = $1 and kind = 'usage' and answered_at > $2 order by id desc limit 1",
    )
    .bind(tenant)
    .bind(since)
    .fetch_optional(db)
    .await
}

/// Questions from chats that were answered, or waited for in vain, and not told yet.
pub(crate) async fn to_tell(db: impl PgExecutor<'_>, now: DateTime<Utc>) -> Result<Vec<ToTell>> {
    sqlx::query_as(
        "select a.id, t.slug, a.chat_id, a.language, a.answer from fleet_asks a join tenants t on t.id = a.tenant_id
          where a.chat_id is not null and a.told_at is null and (a.answered_at is not null or a.asked_at <= $1)
          order by a.id",
    )
    .bind(now - PATIENCE)
    .fetch_all(db)
    .await
}

/// When the next question from a chat will have been waited for in vain.
pub(crate) async fn next_to_tell(db: impl PgExecutor<'_>) -> Result<Option<DateTime<Utc>>> {
    let asked: Option<DateTime<Utc>> =
        sqlx::query_scalar("select min(asked_at) from fleet_asks where chat_id is not null and told_at is null")
            .fetch_one(db)
            .await?;
    Ok(asked.map(|at| at + PATIENCE))
}

/// Its asker was told. In the transaction of the letter.
pub(crate) async fn told(db: impl PgExecutor<'_>, id: i64, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("update fleet_asks set told_at = $2 where id = $1").bind(id).bind(now).execute(db).await.map(|_| ())
}

/// Forgets what is of no use any more.
pub(crate) async fn forget_old(db: impl PgExecutor<'_>, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("delete from fleet_asks where asked_at < $1 and (chat_id is null or told_at is not null)")
        .bind(now - KEPT)
        .execute(db)
        .await
        .map(|_| ())
}
