//! What can be booked.

use chrono::TimeDelta;
use sqlx::{FromRow, PgExecutor, Row, postgres::PgRow};

use crate::booking::{Kopecks, Service, ServiceId};

impl FromRow<'_, PgRow> for Service {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let minutes = |column| Ok::<_, sqlx::Error>(TimeDelta::minutes(i64::from(row.try_get::<i32, _>(column)?)));
        Ok(Self {
            id: ServiceId(row.try_get("id")?),
            name: row.try_get("name")?,
            duration: minutes("duration_minutes")?,
            buffer_before: minutes("buffer_before_minutes")?,
            buffer_after: minutes("buffer_after_minutes")?,
            price: Kopecks(row.try_get("price_kopecks")?),
        })
    }
}

/// Every service that somebody does, in the business's order.
///
/// # Errors
/// When Postgres fails.
pub async fn list_offered(executor: impl PgExecutor<'_>) -> Result<Vec<Service>, sqlx::Error> {
    sqlx::query_as(
        "select s.id, s.name, s.duration_minutes, s.buffer_before_minutes, s.buffer_after_minutes, s.price_kopecks
           from services s
          where s.active
            and exists (select 1 from service_resources sr join resources r on r.id = sr.resource_id
                         where sr.service_id = s.id and r.active)
          order by s.position, s.id",
    )
    .fetch_all(executor)
    .await
}

/// One service, unless it is no longer offered.
///
/// # Errors
/// When Postgres fails.
pub async fn find_active(executor: impl PgExecutor<'_>, id: ServiceId) -> Result<Option<Service>, sqlx::Error> {
    sqlx::query_as(
        "select id, name, duration_minutes, buffer_before_minutes, buffer_after_minutes, price_kopecks
           from services where id = $1 and active",
    )
    .bind(id.0)
    .fetch_optional(executor)
    .await
}
