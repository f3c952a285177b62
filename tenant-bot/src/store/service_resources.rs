//! Who does what, at what length and price of their own.

use chrono::TimeDelta;
use sqlx::{FromRow, PgConnection, PgExecutor, Row, postgres::PgRow};

use super::services::{minutes, price};
use crate::booking::{Price, ResourceId, ServiceId};

/// That somebody does something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What.
    pub service: ServiceId,
    /// Who.
    pub resource: ResourceId,
    /// At a length of their own.
    pub duration: Option<TimeDelta>,
    /// At a price of their own.
    pub price: Option<Price>,
}

impl FromRow<'_, PgRow> for Link {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let own: Option<i64> = row.try_get("price_kopecks")?;
        Ok(Self {
            service: ServiceId(row.try_get("service_id")?),
            resource: ResourceId(row.try_get("resource_id")?),
            duration: row.try_get::<Option<i32>, _>("duration_minutes")?.map(minutes),
            price: own.map(|_| price(row)).transpose()?,
        })
    }
}

/// All of them.
///
/// # Errors
/// When Postgres fails.
pub async fn list(executor: impl PgExecutor<'_>) -> Result<Vec<Link>, sqlx::Error> {
    sqlx::query_as(
        "select service_id, resource_id, duration_minutes, price_kopecks, price_to_kopecks from service_resources
          order by service_id, resource_id",
    )
    .fetch_all(executor)
    .await
}

/// Says that a resource does a service; `false` if it did already.
///
/// # Errors
/// When Postgres fails.
pub async fn add(conn: &mut PgConnection, service: ServiceId, resource: ResourceId) -> Result<bool, sqlx::Error> {
    let done =
        sqlx::query("insert into service_resources (service_id, resource_id) values ($1, $2) on conflict do nothing")
            .bind(service.0)
            .bind(resource.0)
            .execute(conn)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Says that it does not; `false` if it did not already.
///
/// # Errors
/// When Postgres fails.
pub async fn remove(conn: &mut PgConnection, service: ServiceId, resource: ResourceId) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("delete from service_resources where service_id = $1 and resource_id = $2")
        .bind(service.0)
        .bind(resource.0)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// A length of their own, or none; `false` if they do not do it.
///
/// # Errors
/// When Postgres fails.
pub async fn set_duration(
    conn: &mut PgConnection,
    (service, resource): (ServiceId, ResourceId),
    duration: Option<TimeDelta>,
) -> Result<bool, sqlx::Error> {
    let minutes = duration.and_then(|d| i32::try_from(d.num_minutes()).ok());
    let done =
        sqlx::query("update service_resources set duration_minutes = $3 where service_id = $1 and resource_id = $2")
            .bind(service.0)
            .bind(resource.0)
            .bind(minutes)
            .execute(conn)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// A price of their own, or none; `false` if they do not do it.
///
/// # Errors
/// When Postgres fails.
pub async fn set_price(
    conn: &mut PgConnection,
    (service, resource): (ServiceId, ResourceId),
    price: Option<Price>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "update service_resources set price_kopecks = $3, price_to_kopecks = $4
          where service_id = $1 and resource_id = $2",
    )
    .bind(service.0)
    .bind(resource.0)
    .bind(price.map(|p| p.from.0))
    .bind(price.and_then(|p| p.to).map(|to| to.0))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
