//! What takes time of resources.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::booking::{BookingId, ResourceId, hours::Span};

/// What is taken of these resources within `window`, each resource's in order of beginning.
///
/// # Errors
/// When Postgres fails.
pub async fn taken(
    executor: impl PgExecutor<'_>,
    resources: &[ResourceId],
    window: Span,
) -> Result<HashMap<ResourceId, Vec<Span>>, sqlx::Error> {
    let ids: Vec<i64> = resources.iter().map(|r| r.0).collect();
    let rows: Vec<(i64, DateTime<Utc>, DateTime<Utc>)> = sqlx::query_as(
        "select resource_id, lower(during), upper(during) from occupancy
          where resource_id = any($1) and during && tstzrange($2, $3)
          order by lower(during)",
    )
    .bind(ids)
    .bind(window.start)
    .bind(window.end)
    .fetch_all(executor)
    .await?;
    let mut taken: HashMap<ResourceId, Vec<Span>> = HashMap::new();
    for (resource, start, end) in rows {
        taken.entry(ResourceId(resource)).or_default().push(Span { start, end });
    }
    Ok(taken)
}

/// Frees what a booking took.
///
/// # Errors
/// When Postgres fails.
pub async fn free_booking(executor: impl PgExecutor<'_>, booking: BookingId) -> Result<(), sqlx::Error> {
    sqlx::query("delete from occupancy where kind = 'booking' and ref = $1")
        .bind(booking.0)
        .execute(executor)
        .await
        .map(|_| ())
}
