//! The SQL of the letters of broadcasts.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgExecutor, Row};

use super::{BroadcastId, Source};
use crate::clock::Clock;

/// Longer than any call to Telegram can take, so that a row past it belongs to nobody; see the outbox.
const SENDING_LASTS: TimeDelta = TimeDelta::seconds(45);
/// A row that seems to be on its way for longer was taken before the clock was put back.
const SENDING_AT_MOST: TimeDelta = TimeDelta::seconds(90);

/// How many letters of a broadcast are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Tally {
    /// All of them.
    pub all: i64,
    /// Waiting.
    pub due: i64,
    /// In flight.
    pub sending: i64,
    /// Arrived.
    pub sent: i64,
    /// May or may not have arrived.
    pub unknown: i64,
    /// Refused by Telegram.
    pub failed: i64,
    /// To people who have blocked the bot.
    pub blocked: i64,
    /// To people who wanted no news any more when it was their turn.
    pub skipped: i64,
    /// Not sent because the broadcast was stopped.
    pub stopped: i64,
}

impl Tally {
    /// How many are settled.
    pub fn settled(&self) -> i64 {
        self.all - self.due - self.sending
    }
}

/// Counts the letters of one.
///
/// # Errors
/// When Postgres fails.
pub async fn tally(executor: impl PgExecutor<'_>, id: BroadcastId) -> Result<Tally, sqlx::Error> {
    sqlx::query_as(
        "select count(*) as all, count(*) filter (where state = 'due') as due,
                count(*) filter (where state = 'sending') as sending, count(*) filter (where state = 'sent') as sent,
                count(*) filter (where state = 'unknown') as unknown, count(*) filter (where state = 'failed') as failed,
                count(*) filter (where state = 'blocked') as blocked, count(*) filter (where state = 'skipped') as skipped,
                count(*) filter (where state = 'stopped') as stopped
           from broadcast_letters where broadcast_id = $1",
    )
    .bind(id)
    .fetch_one(executor)
    .await
}

/// A letter taken to be sent.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    pub(super) broadcast: BroadcastId,
    pub(super) chat_id: i64,
    pub(super) arrived: i16,
    pub(super) attempts: i32,
    pub(super) source: Source,
}

/// Takes the next due letter of the broadcast that began first.
pub(super) async fn take_due(executor: impl PgExecutor<'_>, clock: &Clock) -> Result<Option<Taken>, sqlx::Error> {
    let row = sqlx::query(
        "update broadcast_letters l set state = 'sending', sending_until = $2, attempts = l.attempts + 1, due_at = null
           from (select d.broadcast_id, d.chat_id, b.from_chat_id, b.message_ids
                   from broadcasts b join broadcast_letters d on d.broadcast_id = b.id
                  where b.state = 'running' and d.state = 'due' and (d.due_at is null or d.due_at <= $1)
                  order by b.began_at, b.id, d.chat_id limit 1 for update of d skip locked) next
          where l.broadcast_id = next.broadcast_id and l.chat_id = next.chat_id
         returning l.broadcast_id, l.chat_id, l.arrived, l.attempts, next.from_chat_id, next.message_ids",
    )
    .bind(clock.machine().now())
    .bind(clock.machine().now() + SENDING_LASTS)
    .fetch_optional(executor)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Taken {
        broadcast: row.try_get("broadcast_id")?,
        chat_id: row.try_get("chat_id")?,
        arrived: row.try_get("arrived")?,
        attempts: row.try_get("attempts")?,
        source: Source { chat_id: row.try_get("from_chat_id")?, message_ids: row.try_get("message_ids")? },
    }))
}

/// What became of a letter that was taken.
pub(super) async fn settle(
    executor: impl PgExecutor<'_>,
    (broadcast, chat_id): (BroadcastId, i64),
    (state, arrived): (&str, i16),
    error: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update broadcast_letters set state = $3, arrived = $4, error = $5, settled_at = $6, sending_until = null
          where broadcast_id = $1 and chat_id = $2 and state = 'sending'",
    )
    .bind(broadcast)
    .bind(chat_id)
    .bind(state)
    .bind(arrived)
    .bind(error)
    .bind(now)
    .execute(executor)
    .await
    .map(|_| ())
}

/// A letter is to be sent, or gone on with, later; unless its broadcast was stopped meanwhile. `due_at` is the machine's.
pub(super) async fn put_back(
    executor: impl PgExecutor<'_>,
    (broadcast, chat_id): (BroadcastId, i64),
    arrived: i16,
    (due_at, error): (Option<DateTime<Utc>>, Option<&str>),
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update broadcast_letters l
            set state = case b.state when 'stopped' then 'stopped' else 'due' end,
                settled_at = case b.state when 'stopped' then $6 end,
                arrived = $3, due_at = $4, error = $5, sending_until = null
           from broadcasts b
          where b.id = l.broadcast_id and l.broadcast_id = $1 and l.chat_id = $2 and l.state = 'sending'",
    )
    .bind(broadcast)
    .bind(chat_id)
    .bind(arrived)
    .bind(due_at)
    .bind(error)
    .bind(now)
    .execute(executor)
    .await
    .map(|_| ())
}

/// Letters whose sender died in the middle of the call.
pub(super) async fn give_up_orphans(executor: impl PgExecutor<'_>, clock: &Clock) -> Result<u64, sqlx::Error> {
    let now = clock.machine().now();
    let done = sqlx::query(
        "update broadcast_letters set state = 'unknown', sending_until = null, settled_at = $3,
                error = 'the program ended while sending'
          where state = 'sending' and (sending_until <= $1 or sending_until > $2)",
    )
    .bind(now)
    .bind(now + SENDING_AT_MOST)
    .bind(clock.now())
    .execute(executor)
    .await?;
    Ok(done.rows_affected())
}
