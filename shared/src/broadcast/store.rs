//! The SQL of broadcasts; that of their letters stands beside it. Whoever changes one locks its row before its letters.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{PgConnection, PgExecutor, Row, postgres::PgRow};

use super::{BroadcastId, Halt, Source, State};
use crate::clock::Clock;

/// A broadcast, without its letters.
#[derive(Clone, Debug, PartialEq)]
pub struct Broadcast {
    /// Its number.
    pub id: BroadcastId,
    /// Telegram's id of who made it.
    pub made_by: i64,
    /// What is copied.
    pub source: Source,
    /// Telegram's word for the album, if it is one.
    pub album: Option<String>,
    /// The beginning of its words; empty if it has none.
    pub title: String,
    /// Whom it is for; read by whoever uses this.
    pub audience: Value,
    /// Where it stands.
    pub state: State,
    /// Why it has paused by itself.
    pub halted: Option<Halt>,
    /// When it begins.
    pub starts_at: Option<DateTime<Utc>>,
    /// When its letters were written.
    pub began_at: Option<DateTime<Utc>>,
    /// When it was over.
    pub ended_at: Option<DateTime<Utc>>,
    /// Telegram's id of who has opened it last, to watch it.
    pub watched_by: Option<i64>,
}

const COLUMNS: &str = "id, made_by, from_chat_id, message_ids, album, title, audience, state, halted, starts_at, began_at, \
                       ended_at, watched_by";

fn broadcast(row: &PgRow) -> Result<Broadcast, sqlx::Error> {
    let halted: Option<&str> = row.try_get("halted")?;
    Ok(Broadcast {
        id: row.try_get("id")?,
        made_by: row.try_get("made_by")?,
        source: Source { chat_id: row.try_get("from_chat_id")?, message_ids: row.try_get("message_ids")? },
        album: row.try_get("album")?,
        title: row.try_get("title")?,
        audience: row.try_get("audience")?,
        state: State::from_word(row.try_get("state")?)?,
        halted: halted.and_then(Halt::from_word),
        starts_at: row.try_get("starts_at")?,
        began_at: row.try_get("began_at")?,
        ended_at: row.try_get("ended_at")?,
        watched_by: row.try_get("watched_by")?,
    })
}

/// Writes a broadcast that is not ready yet.
///
/// # Errors
/// When Postgres fails.
pub async fn draft(
    executor: impl PgExecutor<'_>,
    made_by: i64,
    source: &Source,
    (album, title): (Option<&str>, &str),
    audience: &Value,
    now: DateTime<Utc>,
) -> Result<BroadcastId, sqlx::Error> {
    sqlx::query_scalar(
        "insert into broadcasts (made_by, from_chat_id, message_ids, album, title, audience, created_at)
         values ($1, $2, $3, $4, $5, $6, $7) returning id",
    )
    .bind(made_by)
    .bind(source.chat_id)
    .bind(&source.message_ids)
    .bind(album)
    .bind(title)
    .bind(audience)
    .bind(now)
    .fetch_one(executor)
    .await
}

/// Throws away what somebody has begun and not sent.
///
/// # Errors
/// When Postgres fails.
pub async fn drop_drafts(executor: impl PgExecutor<'_>, made_by: i64) -> Result<u64, sqlx::Error> {
    let done = sqlx::query("delete from broadcasts where made_by = $1 and state = 'draft'").bind(made_by);
    Ok(done.execute(executor).await?.rows_affected())
}

/// Changes what a draft copies. `false`: it is none any more.
///
/// # Errors
/// When Postgres fails.
pub async fn rewrite(
    executor: impl PgExecutor<'_>,
    id: BroadcastId,
    source: &Source,
    (album, title): (Option<&str>, &str),
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "update broadcasts set from_chat_id = $2, message_ids = $3, album = $4, title = $5
          where id = $1 and state = 'draft'",
    )
    .bind(id)
    .bind(source.chat_id)
    .bind(&source.message_ids)
    .bind(album)
    .bind(title)
    .execute(executor)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Changes whom a draft is for. `false`: it is none any more.
///
/// # Errors
/// When Postgres fails.
pub async fn retarget(executor: impl PgExecutor<'_>, id: BroadcastId, audience: &Value) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("update broadcasts set audience = $2 where id = $1 and state = 'draft'").bind(id);
    Ok(done.bind(audience).execute(executor).await?.rows_affected() == 1)
}

/// A draft is to begin then; at once, if that is now. `false`: it is no draft any more.
///
/// # Errors
/// When Postgres fails.
pub async fn schedule(
    executor: impl PgExecutor<'_>,
    id: BroadcastId,
    starts_at: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let done =
        sqlx::query("update broadcasts set state = 'scheduled', starts_at = $2 where id = $1 and state = 'draft'");
    Ok(done.bind(id).bind(starts_at).execute(executor).await?.rows_affected() == 1)
}

/// No further letter is taken. `false`: it was not running.
///
/// # Errors
/// When Postgres fails.
pub async fn pause(executor: impl PgExecutor<'_>, id: BroadcastId) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("update broadcasts set state = 'paused' where id = $1 and state = 'running'").bind(id);
    Ok(done.execute(executor).await?.rows_affected() == 1)
}

/// Goes on after a pause. `false`: it was not paused.
///
/// # Errors
/// When Postgres fails.
pub async fn resume(executor: impl PgExecutor<'_>, id: BroadcastId) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("update broadcasts set state = 'running', halted = null where id = $1 and state = 'paused'");
    Ok(done.bind(id).execute(executor).await?.rows_affected() == 1)
}

/// The rest is not sent any more; what is in flight arrives. One that has not begun goes back to being a draft's end: it is
/// stopped with nobody written to. `false`: it was over, or never set going.
///
/// # Errors
/// When Postgres fails.
pub async fn stop(conn: &mut PgConnection, id: BroadcastId, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "update broadcasts set state = 'stopped', halted = null, ended_at = $2
          where id = $1 and state in ('scheduled', 'running', 'paused')",
    )
    .bind(id)
    .bind(now)
    .execute(&mut *conn)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query(
        "update broadcast_letters set state = 'stopped', settled_at = $2 where broadcast_id = $1 and state = 'due'",
    )
    .bind(id)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(true)
}

/// Somebody has opened it, to watch it.
///
/// # Errors
/// When Postgres fails.
pub async fn watch(executor: impl PgExecutor<'_>, id: BroadcastId, by: i64) -> Result<(), sqlx::Error> {
    sqlx::query("update broadcasts set watched_by = $2 where id = $1")
        .bind(id)
        .bind(by)
        .execute(executor)
        .await
        .map(|_| ())
}

/// The draft of somebody.
///
/// # Errors
/// When Postgres fails.
pub async fn draft_of(executor: impl PgExecutor<'_>, made_by: i64) -> Result<Option<Broadcast>, sqlx::Error> {
    let sql =
        format!("select {COLUMNS} from broadcasts where made_by = $1 and state = 'draft' order by id desc limit 1");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(made_by).fetch_optional(executor).await?;
    row.as_ref().map(broadcast).transpose()
}

/// One broadcast.
///
/// # Errors
/// When Postgres fails.
pub async fn find(executor: impl PgExecutor<'_>, id: BroadcastId) -> Result<Option<Broadcast>, sqlx::Error> {
    let sql = format!("select {COLUMNS} from broadcasts where id = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(executor).await?;
    row.as_ref().map(broadcast).transpose()
}

/// All that were set going, the newest first.
///
/// # Errors
/// When Postgres fails.
pub async fn list(executor: impl PgExecutor<'_>, offset: i64, most: i64) -> Result<Vec<Broadcast>, sqlx::Error> {
    let sql = format!(
        "select {COLUMNS} from broadcasts where state <> 'draft' order by starts_at desc, id desc offset $1 limit $2"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(offset).bind(most).fetch_all(executor).await?;
    rows.iter().map(broadcast).collect()
}

/// Locks the next one that is to begin; another process may be at it.
pub(super) async fn lock_beginning(
    executor: impl PgExecutor<'_>,
    now: DateTime<Utc>,
) -> Result<Option<Broadcast>, sqlx::Error> {
    let sql = format!(
        "select {COLUMNS} from broadcasts where state = 'scheduled' and starts_at <= $1
          order by starts_at, id limit 1 for update skip locked"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(now).fetch_optional(executor).await?;
    row.as_ref().map(broadcast).transpose()
}

pub(super) async fn begin(
    executor: impl PgExecutor<'_>,
    id: BroadcastId,
    halted: Option<Halt>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query("update broadcasts set state = $2, halted = $3, began_at = $4 where id = $1")
        .bind(id)
        .bind(if halted.is_some() { State::Paused } else { State::Running }.word())
        .bind(halted.map(Halt::word))
        .bind(now)
        .execute(executor)
        .await
        .map(|_| ())
}

/// Pauses one by itself. None: it was not running.
pub(super) async fn halt(
    executor: impl PgExecutor<'_>,
    id: BroadcastId,
    why: Halt,
) -> Result<Option<Broadcast>, sqlx::Error> {
    let sql = format!(
        "update broadcasts set state = 'paused', halted = $2 where id = $1 and state = 'running' returning {COLUMNS}"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id).bind(why.word()).fetch_optional(executor).await?;
    row.as_ref().map(broadcast).transpose()
}

/// Ends those of which no letter waits or is in flight.
pub(super) async fn end(executor: impl PgExecutor<'_>, now: DateTime<Utc>) -> Result<Vec<Broadcast>, sqlx::Error> {
    let sql = format!(
        "update broadcasts b set state = 'done', ended_at = $1
          where b.state = 'running'
            and not exists (select 1 from broadcast_letters l
                             where l.broadcast_id = b.id and l.state in ('due', 'sending'))
         returning {COLUMNS}"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(now).fetch_all(executor).await?;
    rows.iter().map(broadcast).collect()
}

/// Nobody stops these while the transaction lasts.
pub(super) async fn share(executor: impl PgExecutor<'_>, ids: &[BroadcastId]) -> Result<(), sqlx::Error> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    sqlx::query("select id from broadcasts where id = any($1) order by id for share")
        .bind(ids)
        .fetch_all(executor)
        .await
        .map(|_| ())
}

/// When something is to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct Ahead {
    /// The next broadcast begins.
    pub(super) begins: Option<DateTime<Utc>>,
    /// A letter may be tried again, by the machine's clock.
    pub(super) due: Option<DateTime<Utc>>,
    /// A letter in flight belongs to nobody any more, by the machine's clock.
    pub(super) sending: Option<DateTime<Utc>>,
}

pub(super) async fn ahead(executor: impl PgExecutor<'_>, clock: &Clock) -> Result<Ahead, sqlx::Error> {
    sqlx::query_as(
        "select (select min(starts_at) from broadcasts where state = 'scheduled') as begins,
                (select min(coalesce(l.due_at, $1)) from broadcasts b join broadcast_letters l on l.broadcast_id = b.id
                  where b.state = 'running' and l.state = 'due') as due,
                (select min(sending_until) from broadcast_letters where state = 'sending') as sending",
    )
    .bind(clock.machine().now())
    .fetch_one(executor)
    .await
}
