//! Bookings.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgExecutor, Row, postgres::PgRow};

use crate::booking::{
    Booking, BookingId, Kopecks, ResourceId, Service, ServiceId, Status, UserId, availability, contact::Contact,
    hours::Span,
};

macro_rules! select_bookings {
    ($rest:literal) => {
        concat!(
            "select b.id, b.user_id, b.service_id, s.name as service_name, b.resource_id, r.name as resource_name,
                    b.starts_at, b.ends_at, b.price_kopecks, b.status, b.customer_name, b.phone
               from bookings b join services s on s.id = b.service_id join resources r on r.id = b.resource_id ",
            $rest
        )
    };
}

impl FromRow<'_, PgRow> for Booking {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let status = match row.try_get("status")? {
            "confirmed" => Status::Confirmed,
            "cancelled" => Status::Cancelled,
            other => return Err(sqlx::Error::Decode(format!("a booking that is «{other}»").into())),
        };
        Ok(Self {
            id: BookingId(row.try_get("id")?),
            user: UserId(row.try_get("user_id")?),
            service: ServiceId(row.try_get("service_id")?),
            service_name: row.try_get("service_name")?,
            resource: ResourceId(row.try_get("resource_id")?),
            resource_name: row.try_get("resource_name")?,
            starts_at: row.try_get("starts_at")?,
            ends_at: row.try_get("ends_at")?,
            price: Kopecks(row.try_get("price_kopecks")?),
            status,
            customer_name: row.try_get("customer_name")?,
            phone: row.try_get("phone")?,
        })
    }
}

/// A booking to be made.
#[derive(Clone, Debug)]
pub struct NewBooking<'a> {
    /// For whom.
    pub user: UserId,
    /// What; gives length, buffers and price.
    pub service: &'a Service,
    /// With whom.
    pub resource: ResourceId,
    /// When.
    pub starts_at: DateTime<Utc>,
    /// The customer's name and number.
    pub contact: &'a Contact,
    /// The update that asks for it.
    pub update_id: i64,
}

/// Takes the time and writes the booking, or does neither: `None` means that the time was taken. Waits for
/// transactions that are taking or freeing the same time.
///
/// The number is drawn first and the time is taken before the booking is written, so that the losers of a race
/// leave nothing behind.
///
/// # Errors
/// When Postgres fails.
pub async fn take(
    executor: impl PgExecutor<'_>,
    new: &NewBooking<'_>,
    now: DateTime<Utc>,
) -> Result<Option<BookingId>, sqlx::Error> {
    let Span { start, end } = availability::takes(new.service, new.starts_at);
    let id: Option<i64> = sqlx::query_scalar(
        "with time as (
             insert into occupancy (resource_id, during, kind, ref)
             values ($3, tstzrange($10, $11), 'booking', nextval(pg_get_serial_sequence('bookings', 'id')))
             on conflict do nothing returning ref)
         insert into bookings (id, user_id, service_id, resource_id, starts_at, ends_at, duration_minutes,
                               price_kopecks, status, customer_name, phone, update_id, created_at)
         select ref, $1, $2, $3, $4, $5, $6, $7, 'confirmed', $8, $9, $12, $13 from time
         returning id",
    )
    .bind(new.user.0)
    .bind(new.service.id.0)
    .bind(new.resource.0)
    .bind(new.starts_at)
    .bind(new.starts_at + new.service.duration)
    .bind(i32::try_from(new.service.duration.num_minutes()).unwrap_or(i32::MAX))
    .bind(new.service.price.0)
    .bind(&new.contact.name)
    .bind(&new.contact.phone)
    .bind(start)
    .bind(end)
    .bind(new.update_id)
    .bind(now)
    .fetch_optional(executor)
    .await?;
    Ok(id.map(BookingId))
}

/// The booking that an update has made, whatever became of it since.
///
/// # Errors
/// When Postgres fails.
pub async fn find_made_by(
    executor: impl PgExecutor<'_>,
    user: UserId,
    update_id: i64,
) -> Result<Option<Booking>, sqlx::Error> {
    sqlx::query_as(select_bookings!("where b.user_id = $1 and b.update_id = $2"))
        .bind(user.0)
        .bind(update_id)
        .fetch_optional(executor)
        .await
}

/// A person's confirmed bookings that are not over, the nearest first.
///
/// # Errors
/// When Postgres fails.
pub async fn list_ahead(
    executor: impl PgExecutor<'_>,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<Vec<Booking>, sqlx::Error> {
    sqlx::query_as(select_bookings!(
        "where b.user_id = $1 and b.status = 'confirmed' and b.ends_at > $2 order by b.starts_at, b.id"
    ))
    .bind(user.0)
    .bind(now)
    .fetch_all(executor)
    .await
}

/// A booking by its number.
///
/// # Errors
/// When Postgres fails.
pub async fn find(executor: impl PgExecutor<'_>, id: BookingId) -> Result<Option<Booking>, sqlx::Error> {
    sqlx::query_as(select_bookings!("where b.id = $1")).bind(id.0).fetch_optional(executor).await
}

/// As [`find`], and nobody else changes it until the transaction ends.
///
/// # Errors
/// When Postgres fails.
pub async fn lock(executor: impl PgExecutor<'_>, id: BookingId) -> Result<Option<Booking>, sqlx::Error> {
    sqlx::query_as(select_bookings!("where b.id = $1 for no key update of b")).bind(id.0).fetch_optional(executor).await
}

/// Confirmed bookings that begin within `span`, in order.
///
/// # Errors
/// When Postgres fails.
pub async fn list_within(executor: impl PgExecutor<'_>, span: Span) -> Result<Vec<Booking>, sqlx::Error> {
    sqlx::query_as(select_bookings!(
        "where b.starts_at >= $1 and b.starts_at < $2 and b.status = 'confirmed'
         order by b.starts_at, r.position, b.id"
    ))
    .bind(span.start)
    .bind(span.end)
    .fetch_all(executor)
    .await
}

/// How many confirmed bookings of each resource begin within `span`; a resource without any is left out.
///
/// # Errors
/// When Postgres fails.
pub async fn load(executor: impl PgExecutor<'_>, span: Span) -> Result<Vec<(ResourceId, i64)>, sqlx::Error> {
    let rows: Vec<(i64, i64)> = sqlx::query_as(
        "select resource_id, count(*) from bookings
          where starts_at >= $1 and starts_at < $2 and status = 'confirmed' group by resource_id",
    )
    .bind(span.start)
    .bind(span.end)
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(|(id, n)| (ResourceId(id), n)).collect())
}

/// Marks a booking cancelled.
///
/// # Errors
/// When Postgres fails.
pub async fn mark_cancelled(
    executor: impl PgExecutor<'_>,
    id: BookingId,
    by: UserId,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query("update bookings set status = 'cancelled', cancelled_at = $2, cancelled_by = $3 where id = $1")
        .bind(id.0)
        .bind(now)
        .bind(by.0)
        .execute(executor)
        .await
        .map(|_| ())
}
