//! Every change of a booking.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgExecutor, Row, postgres::PgRow};

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

/// What happened to a booking once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// When.
    pub at: DateTime<Utc>,
    /// What: the word that is stored.
    pub action: String,
    /// Who.
    pub by: Actor,
    /// What somebody of the team is called; none: nobody knows, or it was the customer.
    pub name: Option<String>,
    /// More about it.
    pub detail: Option<String>,
}

impl FromRow<'_, PgRow> for Deed {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let by: String = row.try_get("actor_kind")?;
        let unknown = || sqlx::Error::Decode(format!("a deed of «{by}»").into());
        Ok(Self {
            at: row.try_get("at")?,
            action: row.try_get("action")?,
            by: Actor::from_word(&by).ok_or_else(unknown)?,
            name: row.try_get("name")?,
            detail: row.try_get("detail")?,
        })
    }
}

/// What happened to a booking, and to those whose place it took, the latest last. That a move made it is told by the move.
///
/// # Errors
/// When Postgres fails.
pub async fn list(executor: impl PgExecutor<'_>, booking: BookingId) -> Result<Vec<Deed>, sqlx::Error> {
    sqlx::query_as(
        "with recursive chain as (
             select id, moved_from from bookings where id = $1
              union all
             select b.id, b.moved_from from chain c join bookings b on b.id = c.moved_from)
         select h.at, h.action, h.actor_kind, h.detail,
                case h.actor_kind when 'staff' then
                    coalesce(nullif(concat_ws(' ', u.first_name, u.last_name), ''), nullif(a.name, '')) end as name
           from booking_history h
           left join users u on u.user_id = h.actor_id
           left join admins a on a.user_id = h.actor_id
          where h.booking_id in (select id from chain) and h.action <> 'made_by_move' order by h.id",
    )
    .bind(booking.0)
    .fetch_all(executor)
    .await
}
