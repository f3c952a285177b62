//! The first rows of a new business, over several tables.

use sqlx::PgConnection;

use crate::booking::{ResourceId, ResourceKind, ServiceId, hours::Hours};

/// A service to begin with.
#[derive(Clone, Debug)]
pub struct NewService<'a> {
    /// Its name.
    pub name: &'a str,
    /// Length of the visit.
    pub duration_minutes: i32,
    /// Kept free before it.
    pub buffer_before_minutes: i32,
    /// Kept free after it.
    pub buffer_after_minutes: i32,
    /// Its price, or the least.
    pub price_kopecks: i64,
    /// The most, more than that.
    pub price_to_kopecks: Option<i64>,
    /// The heading it stands under.
    pub category: Option<&'a str>,
    /// More about it.
    pub description: Option<&'a str>,
    /// Seats of a group, at least 1.
    pub capacity: i32,
    /// Its place in the list.
    pub position: i32,
}

/// Writes a service.
///
/// # Errors
/// When Postgres fails.
pub async fn insert_service(conn: &mut PgConnection, new: &NewService<'_>) -> Result<ServiceId, sqlx::Error> {
    sqlx::query_scalar(
        "insert into services (name, duration_minutes, buffer_before_minutes, buffer_after_minutes, price_kopecks, position,
           price_to_kopecks, category, description, capacity)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning id",
    )
    .bind(new.name)
    .bind(new.duration_minutes)
    .bind(new.buffer_before_minutes)
    .bind(new.buffer_after_minutes)
    .bind(new.price_kopecks)
    .bind(new.position)
    .bind(new.price_to_kopecks)
    .bind(new.category)
    .bind(new.description)
    .bind(new.capacity)
    .fetch_one(conn)
    .await
    .map(ServiceId)
}

/// A resource to begin with.
#[derive(Clone, Debug)]
pub struct NewResource<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it is.
    pub kind: ResourceKind,
    /// More about it.
    pub description: Option<&'a str>,
    /// How many people it takes at once; none: as many as come.
    pub seats: Option<i32>,
    /// Its place in the list.
    pub position: i32,
}

/// Writes a resource.
///
/// # Errors
/// When Postgres fails.
pub async fn insert_resource(conn: &mut PgConnection, new: &NewResource<'_>) -> Result<ResourceId, sqlx::Error> {
    sqlx::query_scalar(
        "insert into resources (name, kind, position, description, seats) values ($1, $2, $3, $4, $5) returning id",
    )
    .bind(new.name)
    .bind(new.kind.word())
    .bind(new.position)
    .bind(new.description)
    .bind(new.seats)
    .fetch_one(conn)
    .await
    .map(ResourceId)
}

/// Says that these may be put together, for the sum of their seats.
///
/// # Errors
/// When Postgres fails.
pub async fn insert_combination(conn: &mut PgConnection, resources: &[ResourceId]) -> Result<(), sqlx::Error> {
    let ids: Vec<i64> = resources.iter().map(|r| r.0).collect();
    sqlx::query("insert into combinations (resource_ids) values ($1)").bind(ids).execute(conn).await.map(|_| ())
}

/// Says that a resource does a service.
///
/// # Errors
/// When Postgres fails.
pub async fn link(conn: &mut PgConnection, service: ServiceId, resource: ResourceId) -> Result<(), sqlx::Error> {
    sqlx::query("insert into service_resources (service_id, resource_id) values ($1, $2)")
        .bind(service.0)
        .bind(resource.0)
        .execute(conn)
        .await
        .map(|_| ())
}

/// Writes one interval of the business's week, or of a resource's own.
///
/// # Errors
/// When Postgres fails.
pub async fn insert_hours(
    conn: &mut PgConnection,
    resource: Option<ResourceId>,
    hours: Hours,
) -> Result<(), sqlx::Error> {
    sqlx::query("insert into working_hours (resource_id, weekday, opens, closes) values ($1, $2, $3, $4)")
        .bind(resource.map(|r| r.0))
        .bind(i16::from(hours.weekday))
        .bind(i16::try_from(hours.opens).unwrap_or(i16::MAX))
        .bind(i16::try_from(hours.closes).unwrap_or(i16::MAX))
        .execute(conn)
        .await
        .map(|_| ())
}
