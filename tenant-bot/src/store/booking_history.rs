//! Every change of a booking.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::booking::{BookingId, Status, UserId};

/// Appends the change that brought a booking to `became`.
///
/// # Errors
/// When Postgres fails.
pub async fn append(
    executor: impl PgExecutor<'_>,
    booking: BookingId,
    became: Status,
    actor: UserId,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let action = match became {
        Status::Confirmed => "booked",
        Status::Cancelled => "cancelled",
    };
    sqlx::query("insert into booking_history (booking_id, action, actor_id, at) values ($1, $2, $3, $4)")
        .bind(booking.0)
        .bind(action)
        .bind(actor.0)
        .bind(now)
        .execute(executor)
        .await
        .map(|_| ())
}
