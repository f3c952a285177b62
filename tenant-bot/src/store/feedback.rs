//! How visits were.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::booking::{BookingId, UserId, hours::Span};

/// Writes the stars of a visit, unless it has some; `false` if it had. Waits for a transaction that is writing them.
///
/// # Errors
/// When Postgres fails.
pub async fn rate_once(
    executor: impl PgExecutor<'_>,
    booking: BookingId,
    user: UserId,
    stars: u8,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "insert into feedback (booking_id, user_id, rating, created_at) values ($1, $2, $3, $4)
         on conflict (booking_id) do nothing",
    )
    .bind(booking.0)
    .bind(user.0)
    .bind(i16::from(stars))
    .bind(now)
    .execute(executor)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The stars of a visit, if it was rated.
///
/// # Errors
/// When Postgres fails.
pub async fn stars(executor: impl PgExecutor<'_>, booking: BookingId) -> Result<Option<u8>, sqlx::Error> {
    let stars: Option<i16> = sqlx::query_scalar("select rating from feedback where booking_id = $1")
        .bind(booking.0)
        .fetch_optional(executor)
        .await?;
    Ok(stars.map(|stars| u8::try_from(stars).unwrap_or(u8::MAX)))
}

/// Adds words to the stars of a visit, once; the stars, or none if there are none or they have words already.
///
/// # Errors
/// When Postgres fails.
pub async fn comment_once(
    executor: impl PgExecutor<'_>,
    booking: BookingId,
    words: &str,
    now: DateTime<Utc>,
) -> Result<Option<u8>, sqlx::Error> {
    let stars: Option<i16> = sqlx::query_scalar(
        "update feedback set comment = $2, commented_at = $3 where booking_id = $1 and comment is null returning rating",
    )
    .bind(booking.0)
    .bind(words)
    .bind(now)
    .fetch_optional(executor)
    .await?;
    Ok(stars.map(|stars| u8::try_from(stars).unwrap_or(u8::MAX)))
}

/// What was said of a visit.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Review {
    /// The visit's number.
    pub booking_id: i64,
    /// When the visit began.
    pub starts_at: DateTime<Utc>,
    /// The name of its first service today.
    pub service: String,
    /// The name of who did it.
    pub resource: String,
    /// 1–5.
    pub rating: i16,
    /// In the customer's words.
    pub comment: Option<String>,
}

/// What was said of visits that begin within `span`, the newest first.
///
/// # Errors
/// When Postgres fails.
pub async fn list_within(
    executor: impl PgExecutor<'_>,
    span: Span,
    offset: i64,
    most: i64,
) -> Result<Vec<Review>, sqlx::Error> {
    sqlx::query_as(
        "select f.booking_id, b.starts_at, s.name as service, r.name as resource, f.rating, f.comment
           from feedback f join bookings b on b.id = f.booking_id
           join services s on s.id = b.service_id join resources r on r.id = b.resource_id
          where b.starts_at >= $1 and b.starts_at < $2
          order by b.starts_at desc, b.id desc offset $3 limit $4",
    )
    .bind(span.start)
    .bind(span.end)
    .bind(offset)
    .bind(most)
    .fetch_all(executor)
    .await
}
