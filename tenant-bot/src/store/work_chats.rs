//! Groups in which the team sees bookings, and the bookings' cards there.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::booking::{BookingId, UserId};

/// A group.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct WorkChat {
    /// Telegram's id of it, below zero.
    pub chat_id: i64,
    /// What it is called.
    pub title: String,
    /// Who connected it, by Telegram's id.
    pub connected_by: i64,
    /// When.
    pub connected_at: DateTime<Utc>,
}

/// The groups, in the order in which they were connected.
///
/// # Errors
/// When Postgres fails.
pub async fn list(executor: impl PgExecutor<'_>) -> Result<Vec<WorkChat>, sqlx::Error> {
    sqlx::query_as("select chat_id, title, connected_by, connected_at from work_chats order by connected_at, chat_id")
        .fetch_all(executor)
        .await
}

/// Whether this is one of them.
///
/// # Errors
/// When Postgres fails.
pub async fn is_one(executor: impl PgExecutor<'_>, chat_id: i64) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("select exists (select 1 from work_chats where chat_id = $1)")
        .bind(chat_id)
        .fetch_one(executor)
        .await
}

/// Connects a group, or notes its title anew; `false` if it was connected already.
///
/// # Errors
/// When Postgres fails.
pub async fn insert(
    executor: impl PgExecutor<'_>,
    (chat_id, title): (i64, &str),
    by: UserId,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "insert into work_chats (chat_id, title, connected_by, connected_at) values ($1, $2, $3, $4)
         on conflict (chat_id) do update set title = excluded.title returning xmax = 0",
    )
    .bind(chat_id)
    .bind(title)
    .bind(by.0)
    .bind(now)
    .fetch_one(executor)
    .await
}

/// Takes a group away, and its cards with it.
///
/// # Errors
/// When Postgres fails.
pub async fn remove(executor: impl PgExecutor<'_>, chat_id: i64) -> Result<Option<WorkChat>, sqlx::Error> {
    sqlx::query_as("delete from work_chats where chat_id = $1 returning chat_id, title, connected_by, connected_at")
        .bind(chat_id)
        .fetch_optional(executor)
        .await
}

/// A group is another one from now on: a supergroup. What it was to be sent goes there.
///
/// # Errors
/// When Postgres fails.
pub async fn migrate(conn: &mut sqlx::PgConnection, from: i64, to: i64) -> Result<(), sqlx::Error> {
    sqlx::query("update work_chats set chat_id = $2 where chat_id = $1")
        .bind(from)
        .bind(to)
        .execute(&mut *conn)
        .await?;
    sqlx::query(
        "update outbox set chat_id = $2, body = jsonb_set(body, '{chat_id}', to_jsonb($2::bigint))
          where chat_id = $1 and state = 'due'",
    )
    .bind(from)
    .bind(to)
    .execute(conn)
    .await
    .map(|_| ())
}

/// Notes the card of a booking in a group; `false` if it has one there.
///
/// # Errors
/// When Postgres fails.
pub async fn insert_card(
    executor: impl PgExecutor<'_>,
    booking: BookingId,
    chat_id: i64,
    letter_key: &str,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "insert into work_cards (booking_id, chat_id, letter_key) values ($1, $2, $3) on conflict do nothing",
    )
    .bind(booking.0)
    .bind(chat_id)
    .bind(letter_key)
    .execute(executor)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The cards of a booking become those of the one that took its place, and are to be edited.
///
/// # Errors
/// When Postgres fails.
pub async fn hand_cards_over(executor: impl PgExecutor<'_>, from: BookingId, to: BookingId) -> Result<(), sqlx::Error> {
    sqlx::query("update work_cards set booking_id = $2, changes = changes + 1 where booking_id = $1")
        .bind(from.0)
        .bind(to.0)
        .execute(executor)
        .await
        .map(|_| ())
}

/// A card that does not show how its booking stands.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct StaleCard {
    /// Of which booking.
    pub booking_id: i64,
    /// In which group.
    pub chat_id: i64,
    /// The message.
    pub message_id: Option<i32>,
    /// The change up to which an edit shows it.
    pub changes: i64,
    /// What became of its letter; none: that is long forgotten.
    pub state: Option<String>,
    /// Why it was not delivered.
    pub error: Option<String>,
}

/// Notes which messages the letters have become.
///
/// # Errors
/// When Postgres fails.
pub async fn note_messages(executor: impl PgExecutor<'_>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update work_cards c set message_id = o.message_id
           from outbox o where c.message_id is null and o.key = c.letter_key and o.state = 'sent'",
    )
    .execute(executor)
    .await
    .map(|_| ())
}

/// Cards that are to be edited, after this one (by group and booking).
///
/// # Errors
/// When Postgres fails.
pub async fn stale_cards(
    executor: impl PgExecutor<'_>,
    after: (i64, i64),
    most: i64,
) -> Result<Vec<StaleCard>, sqlx::Error> {
    sqlx::query_as(
        "select c.booking_id, c.chat_id, c.message_id, c.changes, o.state, o.error
           from work_cards c left join outbox o on o.key = c.letter_key
          where c.changes > c.shown and (c.chat_id, c.booking_id) > ($1, $2)
          order by c.chat_id, c.booking_id limit $3",
    )
    .bind(after.0)
    .bind(after.1)
    .bind(most)
    .fetch_all(executor)
    .await
}

/// Notes that a card shows its booking up to this change.
///
/// # Errors
/// When Postgres fails.
pub async fn mark_shown(executor: impl PgExecutor<'_>, card: &StaleCard) -> Result<(), sqlx::Error> {
    sqlx::query("update work_cards set shown = $3 where booking_id = $1 and chat_id = $2 and shown < $3")
        .bind(card.booking_id)
        .bind(card.chat_id)
        .bind(card.changes)
        .execute(executor)
        .await
        .map(|_| ())
}

/// Forgets a card that cannot be edited any more.
///
/// # Errors
/// When Postgres fails.
pub async fn forget_card(executor: impl PgExecutor<'_>, card: &StaleCard) -> Result<(), sqlx::Error> {
    sqlx::query("delete from work_cards where booking_id = $1 and chat_id = $2")
        .bind(card.booking_id)
        .bind(card.chat_id)
        .execute(executor)
        .await
        .map(|_| ())
}
