//! What is to be said, or done, about a booking at its time.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgExecutor;

use crate::booking::BookingId;

/// What falls due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The visit is near: said so long before it.
    Before(TimeDelta),
    /// Nobody said that they would come: the time is freed.
    Unanswered,
    /// Nobody of the business answered a request: it ends.
    Lapse,
    /// The visit is over: it is marked completed, and how it was is asked.
    Finish,
}

impl Kind {
    /// The word that is stored, and the lead in minutes.
    pub fn stored(self) -> (&'static str, i32) {
        match self {
            Self::Before(lead) => ("before", i32::try_from(lead.num_minutes()).unwrap_or(i32::MAX)),
            Self::Unanswered => ("unanswered", 0),
            Self::Lapse => ("lapse", 0),
            Self::Finish => ("finish", 0),
        }
    }

    /// Reads [`stored`](Self::stored).
    pub fn from_stored(kind: &str, lead_minutes: i32) -> Option<Self> {
        Some(match kind {
            "before" => Self::Before(TimeDelta::minutes(lead_minutes.into())),
            "unanswered" => Self::Unanswered,
            "lapse" => Self::Lapse,
            "finish" => Self::Finish,
            _ => return None,
        })
    }
}

/// Writes what will fall due about a booking; what is there already stays.
///
/// # Errors
/// When Postgres fails.
pub async fn insert(
    executor: impl PgExecutor<'_>,
    booking: BookingId,
    rows: &[(Kind, DateTime<Utc>)],
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let (kinds, leads): (Vec<&str>, Vec<i32>) = rows.iter().map(|(kind, _)| kind.stored()).unzip();
    let due: Vec<DateTime<Utc>> = rows.iter().map(|(_, at)| *at).collect();
    sqlx::query(
        "insert into reminders (booking_id, kind, lead_minutes, due_at)
         select $1, kind, lead, due from unnest($2::text[], $3::int[], $4::timestamptz[]) as r (kind, lead, due)
         on conflict (booking_id, kind, lead_minutes) do nothing",
    )
    .bind(booking.0)
    .bind(kinds)
    .bind(leads)
    .bind(due)
    .execute(executor)
    .await
    .map(|_| ())
}

/// Drops all that has not fallen due yet about a booking, and says why.
///
/// # Errors
/// When Postgres fails.
pub async fn drop_all(
    executor: impl PgExecutor<'_>,
    booking: BookingId,
    why: &str,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update reminders set state = 'dropped', why = $2, settled_at = $3 where booking_id = $1 and state = 'due'",
    )
    .bind(booking.0)
    .bind(why)
    .bind(now)
    .execute(executor)
    .await
    .map(|_| ())
}
