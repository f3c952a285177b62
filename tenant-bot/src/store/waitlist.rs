//! Who waits for a time, and which times became free.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::booking::hours::Span;

/// Notes that this time became free, if anybody waits for one; in the transaction that frees it.
///
/// # Errors
/// When Postgres fails.
pub async fn note_freed(conn: &mut PgConnection, during: Span, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    // Who is offered a time now may wait again in a moment, and counts.
    sqlx::query(
        "insert into freed_times (during, at)
         select tstzrange($1, $2), $3 where exists (select 1 from waitlist where state in ('waiting', 'offered'))",
    )
    .bind(during.start)
    .bind(during.end)
    .bind(now)
    .execute(conn)
    .await
    .map(|_| ())
}
