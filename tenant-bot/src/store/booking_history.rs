//! Every change of a booking.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::booking::{Actor, BookingId, UserId};

/// One change.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// Of which booking.
    pub booking: BookingId,
    /// What was done; one of the words that the table allows.
    pub action: &'static str,
    /// By whom: a Telegram id where it was a person.
    pub by: (Actor, Option<UserId>),
    /// More about it, 1–500 characters.
    pub detail: Option<&'a str>,
}

/// Appends a change.
///
/// # Errors
/// When Postgres fails.
pub async fn append(executor: impl PgExecutor<'_>, change: &Change<'_>, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into booking_history (booking_id, action, actor_id, actor_kind, detail, at)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(change.booking.0)
    .bind(change.action)
    .bind(change.by.1.map(|u| u.0))
    .bind(change.by.0.word())
    .bind(change.detail)
    .bind(now)
    .execute(executor)
    .await
    .map(|_| ())
}
