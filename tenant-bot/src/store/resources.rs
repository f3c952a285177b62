//! Whoever or whatever a booking takes the time of.

use sqlx::{FromRow, PgConnection, PgExecutor, Row, postgres::PgRow};

use super::services::small;
use crate::booking::{Resource, ResourceId, ResourceKind};

impl FromRow<'_, PgRow> for Resource {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let kind: String = row.try_get("kind")?;
        Ok(Self {
            id: ResourceId(row.try_get("id")?),
            name: row.try_get("name")?,
            kind: ResourceKind::from_word(&kind)
                .ok_or_else(|| sqlx::Error::Decode(format!("a kind «{kind}»").into()))?,
            description: row.try_get("description")?,
            photo: row.try_get("photo")?,
            seats: row.try_get::<Option<i32>, _>("seats")?.map(small),
        })
    }
}

/// These resources, in the business's order, active or not.
///
/// # Errors
/// When Postgres fails.
pub async fn list(executor: impl PgExecutor<'_>, ids: &[ResourceId]) -> Result<Vec<Resource>, sqlx::Error> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    sqlx::query_as(
        "select id, name, kind, description, photo, seats from resources where id = any($1) order by position, id",
    )
    .bind(ids)
    .fetch_all(executor)
    .await
}

/// Every resource that was not removed, in the business's order, and whether it is there for bookings.
///
/// # Errors
/// When Postgres fails.
pub async fn list_kept(executor: impl PgExecutor<'_>) -> Result<Vec<(Resource, bool)>, sqlx::Error> {
    let rows = sqlx::query(
        "select id, name, kind, description, photo, seats, active from resources where removed_at is null
          order by position, id",
    )
    .fetch_all(executor)
    .await?;
    rows.iter().map(|row| Ok((Resource::from_row(row)?, row.try_get("active")?))).collect()
}

/// One resource, unless it is no longer there for bookings.
///
/// # Errors
/// When Postgres fails.
pub async fn find_active(executor: impl PgExecutor<'_>, id: ResourceId) -> Result<Option<Resource>, sqlx::Error> {
    sqlx::query_as("select id, name, kind, description, photo, seats from resources where id = $1 and active")
        .bind(id.0)
        .fetch_optional(executor)
        .await
}

/// The numbers of all resources that are there for bookings.
///
/// # Errors
/// When Postgres fails.
pub async fn all_active(executor: impl PgExecutor<'_>) -> Result<Vec<ResourceId>, sqlx::Error> {
    let ids: Vec<i64> =
        sqlx::query_scalar("select id from resources where active order by id").fetch_all(executor).await?;
    Ok(ids.into_iter().map(ResourceId).collect())
}

/// Whoever takes more than one stretch of time in a transaction locks its resources first, in order of their numbers, so
/// that two such transactions wait for one another instead of each waiting for the other. A booking of one stretch needs
/// none of this: it holds nothing while it waits. The lock leaves foreign keys alone.
///
/// # Errors
/// When Postgres fails.
pub async fn lock(conn: &mut PgConnection, ids: &[ResourceId]) -> Result<(), sqlx::Error> {
    let mut ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    ids.sort_unstable();
    ids.dedup();
    sqlx::query("select id from resources where id = any($1) order by id for no key update")
        .bind(ids)
        .execute(conn)
        .await
        .map(|_| ())
}
