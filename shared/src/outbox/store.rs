//! The SQL of the outbox.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sqlx::{PgConnection, PgExecutor, PgPool, postgres::types::PgInterval};

use crate::clock::Clock;

/// Longer than any call to Telegram can take (30 s, and 10 s that teloxide waits after a 5xx), so that a row past it
/// belongs to nobody; no longer, for letters to the same chat wait behind it.
const SENDING_LASTS: TimeDelta = TimeDelta::seconds(45);
/// A row that seems to be on its way for longer was taken before the clock was put back.
const SENDING_AT_MOST: TimeDelta = TimeDelta::seconds(90);
/// A row that was to be sent so soon after it was written, and was written later than now, is late: the clock was put
/// back since. One that was meant for another day keeps to its day.
const SOON: TimeDelta = TimeDelta::minutes(10);
/// A settled row has served its purpose when Telegram has forgotten the update it answered (24 h), and then some.
const KEPT: TimeDelta = TimeDelta::days(30);
/// A file that did not arrive may be sent once more for so long; it may hold people's words.
const CONTENT_KEPT: TimeDelta = TimeDelta::days(1);

/// A row taken to be sent.
#[derive(sqlx::FromRow)]
pub(super) struct Taken {
    pub(super) id: i64,
    pub(super) attempts: i32,
    pub(super) body: Value,
}

/// How many rows are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Counts {
    /// Waiting for their time or for another try.
    pub due: i64,
    /// In flight.
    pub sending: i64,
    /// Arrived.
    pub sent: i64,
    /// May or may not have arrived.
    pub unknown: i64,
    /// Refused by Telegram.
    pub failed: i64,
}

/// Counts the rows by state.
///
/// # Errors
/// When Postgres fails.
pub async fn counts(executor: impl PgExecutor<'_>) -> Result<Counts, sqlx::Error> {
    sqlx::query_as(
        "select count(*) filter (where state = 'due') as due, count(*) filter (where state = 'sending') as sending,
                count(*) filter (where state = 'sent') as sent, count(*) filter (where state = 'unknown') as unknown,
                count(*) filter (where state = 'failed') as failed
           from outbox",
    )
    .fetch_one(executor)
    .await
}

pub(super) async fn insert_due(
    conn: &mut PgConnection,
    key: &str,
    chat_id: i64,
    body: &Value,
    due_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "insert into outbox (key, chat_id, body, due_at, created_at) values ($1, $2, $3, $4, $5)
         on conflict (key) do nothing",
    )
    .bind(key)
    .bind(chat_id)
    .bind(body)
    .bind(due_at)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn insert_sending(
    pool: &PgPool,
    key: &str,
    chat_id: i64,
    body: &Value,
    clock: &Clock,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar(
        "insert into outbox (key, chat_id, body, state, due_at, sending_until, attempts, created_at)
         values ($1, $2, $3, 'sending', $4, $5, 1, $4)
         on conflict (key) do nothing returning id",
    )
    .bind(key)
    .bind(chat_id)
    .bind(body)
    .bind(clock.now())
    .bind(clock.machine().now() + SENDING_LASTS)
    .fetch_optional(pool)
    .await
}

pub(super) async fn message_of(pool: &PgPool, key: &str) -> Result<Option<i32>, sqlx::Error> {
    let found: Option<Option<i32>> =
        sqlx::query_scalar("select message_id from outbox where key = $1").bind(key).fetch_optional(pool).await?;
    Ok(found.flatten())
}

/// Takes the next due row, keeping the order within a chat.
pub(super) async fn take_due(pool: &PgPool, clock: &Clock) -> Result<Option<Taken>, sqlx::Error> {
    sqlx::query_as(
        "update outbox set state = 'sending', sending_until = $2, attempts = attempts + 1
          where id = (
              select o.id from outbox o
               where o.state = 'due' and (o.due_at <= $1 or o.created_at > $1 and o.due_at < o.created_at + $3)
                 and not exists (select 1 from outbox earlier
                                  where earlier.chat_id = o.chat_id and earlier.id < o.id
                                    and (earlier.state = 'sending'
                                         -- Its time has come, or it was put back and is to come first all the same.
                                         or earlier.state = 'due' and (earlier.due_at <= $1 or earlier.attempts > 0)))
               order by o.due_at, o.id limit 1
               for update skip locked)
         returning id, attempts, body",
    )
    .bind(clock.now())
    .bind(clock.machine().now() + SENDING_LASTS)
    .bind(PgInterval { months: 0, days: 0, microseconds: SOON.num_microseconds().unwrap_or_default() })
    .fetch_optional(pool)
    .await
}

pub(super) async fn settle(
    pool: &PgPool,
    id: i64,
    state: &str,
    message_id: Option<i32>,
    error: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update outbox set state = $2, message_id = $3, error = $4, settled_at = $5, sending_until = null,
                body = case when $2 = 'sent' then body #- '{document,content}' else body end
          where id = $1 and state = 'sending'",
    )
    .bind(id)
    .bind(state)
    .bind(message_id)
    .bind(error)
    .bind(now)
    .execute(pool)
    .await
    .map(|_| ())
}

pub(super) async fn put_back(pool: &PgPool, id: i64, due_at: DateTime<Utc>, error: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update outbox set state = 'due', due_at = $2, error = $3, sending_until = null
          where id = $1 and state = 'sending'",
    )
    .bind(id)
    .bind(due_at)
    .bind(error)
    .execute(pool)
    .await
    .map(|_| ())
}

/// Rows whose sender died in the middle of the call.
pub(super) async fn give_up_orphans(pool: &PgPool, clock: &Clock) -> Result<u64, sqlx::Error> {
    let now = clock.machine().now();
    let done = sqlx::query(
        "update outbox set state = 'unknown', sending_until = null, settled_at = $3,
                error = 'the program ended while sending'
          where state = 'sending' and (sending_until <= $1 or sending_until > $2)",
    )
    .bind(now)
    .bind(now + SENDING_AT_MOST)
    .bind(clock.now())
    .execute(pool)
    .await?;
    Ok(done.rows_affected())
}

/// When the next row is due, and until when the next one is being sent (by the machine's clock): then it needs a look.
/// One that waits behind another of its chat needs none before that one.
pub(super) async fn next_due(pool: &PgPool) -> Result<(Option<DateTime<Utc>>, Option<DateTime<Utc>>), sqlx::Error> {
    sqlx::query_as(
        "select min(o.due_at) filter (where o.state = 'due'), min(o.sending_until) from outbox o
          where o.state = 'sending'
             or o.state = 'due' and not exists (select 1 from outbox earlier
                                                 where earlier.chat_id = o.chat_id and earlier.id < o.id
                                                   and (earlier.state = 'sending'
                                                        or earlier.state = 'due' and earlier.attempts > 0))",
    )
    .fetch_one(pool)
    .await
}

pub(super) async fn forget_old(pool: &PgPool, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query("delete from outbox where state = 'sent' and settled_at < $1").bind(now - KEPT).execute(pool).await?;
    sqlx::query(
        "update outbox set body = body #- '{document,content}'
          where state in ('unknown', 'failed') and settled_at < $1 and body #> '{document,content}' is not null",
    )
    .bind(now - CONTENT_KEPT)
    .execute(pool)
    .await
    .map(|_| ())
}

/// A message that did not arrive, or of which nobody knows; for a person to decide about.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Undelivered {
    /// Of the row.
    pub id: i64,
    /// How often it was tried: an act names it, so that what was seen is what is acted on.
    pub attempts: i32,
    /// To whom.
    pub chat_id: i64,
    /// Parameters of sendMessage, or of sendDocument.
    pub body: Value,
    /// Whether it may have arrived all the same; if not, Telegram refused it.
    pub unknown: bool,
    /// Why.
    pub error: Option<String>,
    /// When that was.
    pub settled_at: Option<DateTime<Utc>>,
}

impl Undelivered {
    /// Its text, HTML; of a file what stands above it.
    pub fn words(&self) -> &str {
        let text = self.body["text"].as_str().or_else(|| self.body["caption"].as_str());
        text.unwrap_or_default()
    }
}

/// What a person does about a message that did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterAct {
    /// It is sent once more.
    Resend,
    /// It is given up, and shown no more.
    Dismiss,
}

/// How many messages are *unknown* and *failed*, those that were given up left out.
///
/// # Errors
/// When Postgres fails.
pub async fn undelivered_counts(executor: impl PgExecutor<'_>) -> Result<(i64, i64), sqlx::Error> {
    sqlx::query_as(
        "select count(*) filter (where state = 'unknown'), count(*) filter (where state = 'failed')
           from outbox where state in ('unknown', 'failed') and dismissed_at is null",
    )
    .fetch_one(executor)
    .await
}

pub(super) async fn undelivered(pool: &PgPool, offset: i64, most: i64) -> Result<Vec<Undelivered>, sqlx::Error> {
    sqlx::query_as(
        "select id, attempts, chat_id, body #- '{document,content}' as body, state = 'unknown' as unknown, error, settled_at from outbox
          where state in ('unknown', 'failed') and dismissed_at is null order by id desc offset $1 limit $2",
    )
    .bind(offset)
    .bind(most)
    .fetch_all(pool)
    .await
}

/// The act and the record of it, or neither.
pub(super) async fn act_on(
    pool: &PgPool,
    (id, attempts): (i64, i32),
    act: LetterAct,
    (update_id, actor): (i64, &str),
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let mut tx = pool.begin().await?;
    let (name, set) = match act {
        LetterAct::Resend => ("resend", "state = 'due', due_at = $3, settled_at = null, error = null"),
        LetterAct::Dismiss => ("dismiss", "dismissed_at = $3, body = body #- '{document,content}'"),
    };
    // Of two taps at once the second waits for the row here, and finds it changed.
    let sql = format!(
        "update outbox set {set} where id = $1 and attempts = $2 and state in ('unknown', 'failed') and dismissed_at is null"
    );
    let done = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id).bind(attempts).bind(now).execute(&mut *tx).await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    let noted = sqlx::query(
        "insert into outbox_acts (update_id, letter_id, act, actor, at) values ($1, $2, $3, $4, $5)
         on conflict (update_id) do nothing",
    )
    .bind(update_id)
    .bind(id)
    .bind(name)
    .bind(actor)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    if noted.rows_affected() == 0 {
        return Ok(false);
    }
    tx.commit().await?;
    Ok(true)
}
