//! Messages to people, each at most once, none silently lost.
//!
//! A message is a row before it is a call. States: *due* → *sending* → *sent*, or *failed* (Telegram said no), or
//! *unknown* (no readable answer, or the process died while sending). Only a call that certainly had no effect (429,
//! nothing listening) puts a row back to *due*.

mod store;
mod worker;

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{PgConnection, PgPool};
use tokio::sync::Notify;

pub use self::store::{Counts, LetterAct, Undelivered, counts, undelivered_counts};
use crate::{
    clock::Clock,
    telegram::{Screen, Telegram, TelegramError},
};

/// A message that something in the database calls for.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The reason, unique for ever: `ready:client_001`.
    pub key: String,
    /// To whom.
    pub chat_id: i64,
    /// What.
    pub screen: Screen,
    /// Not before this.
    pub due_at: DateTime<Utc>,
}

/// A file that goes with a letter. Its content is wiped from the row once it has arrived or was given up, and in any case
/// after a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// What it is called.
    pub file_name: String,
    /// What is in it; not empty. It stands in the row as text, so a file should be a few megabytes at the most.
    pub content: Vec<u8>,
    /// Whether it is a PNG or JPEG that is to be seen in the chat.
    pub picture: bool,
}

impl Document {
    /// A file to keep.
    pub fn file(file_name: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self { file_name: file_name.into(), content: content.into(), picture: false }
    }

    /// A picture to look at.
    pub fn picture(file_name: impl Into<String>, content: Vec<u8>) -> Self {
        Self { file_name: file_name.into(), content, picture: true }
    }
}

/// The answer to an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The message, if Telegram has confirmed it.
    pub message_id: Option<i32>,
    /// Whether the update had been answered before.
    pub repeated: bool,
}

/// Sends messages through the table `outbox` of the schema that the pool works in.
#[derive(Clone, Debug)]
pub struct Outbox {
    pool: PgPool,
    telegram: Telegram,
    clock: Clock,
    wake: Arc<Notify>,
    slow_look: Option<Duration>,
}

impl Outbox {
    /// An outbox that looks when it is woken, when a row falls due, and never else.
    pub fn new(pool: PgPool, telegram: Telegram, clock: Clock) -> Self {
        Self { pool, telegram, clock, wake: Arc::new(Notify::new()), slow_look: None }
    }

    /// Also looks every `pause`, for rows that another process wrote.
    pub fn looking_every(mut self, pause: Duration) -> Self {
        self.slow_look = Some(pause);
        self
    }

    /// Writes a letter in the caller's transaction. `false`: one with this key exists already.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn enqueue(conn: &mut PgConnection, now: DateTime<Utc>, letter: &Letter) -> Result<bool, sqlx::Error> {
        let body = letter.screen.to_message(letter.chat_id);
        store::insert_due(conn, &letter.key, letter.chat_id, &body, letter.due_at, now).await
    }

    /// The same with a file; the letter's text stands above it and has at most 1024 characters after parsing.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn enqueue_document(
        conn: &mut PgConnection,
        now: DateTime<Utc>,
        letter: &Letter,
        document: &Document,
    ) -> Result<bool, sqlx::Error> {
        let body = letter.screen.to_document(letter.chat_id, document);
        store::insert_due(conn, &letter.key, letter.chat_id, &body, letter.due_at, now).await
    }

    /// Writes a letter in a transaction of its own and has it sent. `false`: one with this key exists already.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn post(&self, letter: &Letter) -> Result<bool, sqlx::Error> {
        let mut conn = self.pool.acquire().await?;
        let new = Self::enqueue(&mut conn, self.clock.now(), letter).await?;
        self.wake();
        Ok(new)
    }

    /// Tells the worker that a letter was committed.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Answers an update with a new message, at once. The update's repeat is not answered again: the row is known
    /// by `update_id` and the place of this answer among the answers to it.
    ///
    /// # Errors
    /// When Postgres fails. What Telegram does is recorded, and only a definite refusal is told, as `message_id: None`.
    pub async fn reply(&self, update_id: i64, nth: u8, chat_id: i64, screen: &Screen) -> Result<Reply, sqlx::Error> {
        self.reply_with(update_id, nth, chat_id, &screen.to_message(chat_id)).await
    }

    /// The same with a file; the screen's text stands above it and has at most 1024 characters after parsing.
    ///
    /// # Errors
    /// As [`reply`](Self::reply).
    pub async fn reply_document(
        &self,
        update_id: i64,
        nth: u8,
        chat_id: i64,
        screen: &Screen,
        document: &Document,
    ) -> Result<Reply, sqlx::Error> {
        let body = screen.to_document(chat_id, document);
        self.reply_with(update_id, nth, chat_id, &body).await
    }

    /// The same with what a broadcast would send: [`calls`](crate::broadcast::Source::calls).
    ///
    /// # Errors
    /// As [`reply`](Self::reply).
    pub async fn reply_copy(&self, update_id: i64, nth: u8, chat_id: i64, call: &Value) -> Result<Reply, sqlx::Error> {
        self.reply_with(update_id, nth, chat_id, call).await
    }

    async fn reply_with(&self, update_id: i64, nth: u8, chat_id: i64, body: &Value) -> Result<Reply, sqlx::Error> {
        let key = format!("update:{update_id}:{nth}");
        let Some(id) = store::insert_sending(&self.pool, &key, chat_id, body, &self.clock).await? else {
            let message_id = store::message_of(&self.pool, &key).await?;
            return Ok(Reply { message_id, repeated: true });
        };
        let message_id = self.attempt(id, 1, body).await?;
        Ok(Reply { message_id, repeated: false })
    }

    /// The message that a letter became, once Telegram has confirmed it.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn message_of(&self, key: &str) -> Result<Option<i32>, sqlx::Error> {
        store::message_of(&self.pool, key).await
    }

    /// How many messages did not arrive, or may not have, and were not given up.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn undelivered_count(&self) -> Result<i64, sqlx::Error> {
        let (unknown, failed) = undelivered_counts(&self.pool).await?;
        Ok(unknown + failed)
    }

    /// One page of them, newest first.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn undelivered(&self, offset: i64, most: i64) -> Result<Vec<Undelivered>, sqlx::Error> {
        store::undelivered(&self.pool, offset, most).await
    }

    /// Does what a person (`operator:<Telegram id>`) wants of a message that did not arrive, in answer to an update.
    /// `attempts` is how often it had been tried when it was shown. `false`: nothing was done, because this very update
    /// has done it, or because the message no longer stands as it was shown.
    ///
    /// # Errors
    /// When Postgres fails; then nothing is done.
    pub async fn act_on(
        &self,
        (id, attempts): (i64, i32),
        act: LetterAct,
        (update_id, actor): (i64, &str),
    ) -> Result<bool, sqlx::Error> {
        let done = store::act_on(&self.pool, (id, attempts), act, (update_id, actor), self.clock.now()).await?;
        self.wake();
        Ok(done)
    }

    /// The call for a row that is *sending*, and the record of what came of it.
    async fn attempt(&self, id: i64, attempts: i32, body: &Value) -> Result<Option<i32>, sqlx::Error> {
        let sent = self.telegram.send(body).await;
        let now = self.clock.now();
        match sent {
            Ok(message_id) => {
                store::settle(&self.pool, id, "sent", Some(message_id), None, now).await?;
                return Ok(Some(message_id));
            }
            Err(error) if error.is_safe_to_repeat() && attempts < worker::MOST_ATTEMPTS => {
                let pause = match error {
                    TelegramError::RetryAfter(pause) => pause,
                    _ => {
                        crate::backoff::doubling(attempts.unsigned_abs(), Duration::from_secs(1), worker::LONGEST_PAUSE)
                    }
                };
                store::put_back(&self.pool, id, now + pause, &error.to_string()).await?;
                self.wake();
            }
            Err(error @ TelegramError::Unknown(_)) => {
                tracing::warn!(id, %error, "a message may or may not have arrived");
                store::settle(&self.pool, id, "unknown", None, Some(&error.to_string()), now).await?;
            }
            Err(error) => {
                tracing::info!(id, %error, "a message was refused");
                store::settle(&self.pool, id, "failed", None, Some(&error.to_string()), now).await?;
            }
        }
        Ok(None)
    }
}
