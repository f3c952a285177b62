//! What is written of a booking.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgExecutor, types::Json};

use crate::booking::{Actor, Answer, BookingId, Line, Office, Status, UserId, contact::Contact};

/// A booking to be written; its time is taken separately.
#[derive(Clone, Debug)]
pub struct NewBooking<'a> {
    /// Drawn before, by [`draw_id`].
    pub id: BookingId,
    /// For whom.
    pub user: UserId,
    /// Where it begins.
    pub status: Status,
    /// At least one; names are not read.
    pub lines: &'a [Line],
    /// How many people.
    pub party: u16,
    /// The customer's name and number; of a hold they may not be known yet.
    pub contact: Option<&'a Contact>,
    /// What the customer wishes to add.
    pub comment: Option<&'a str>,
    /// What the customer answered.
    pub answers: &'a [Answer],
    /// Of a hold.
    pub held_until: Option<DateTime<Utc>>,
    /// The first booking of its series.
    pub series: Option<BookingId>,
    /// The booking that it takes the place of.
    pub moved_from: Option<BookingId>,
    /// Where the customer came from.
    pub source: Option<&'a str>,
    /// The update that asks for it.
    pub update_id: i64,
    /// The customer's own discount, which the lines' prices are less already.
    pub discount_percent: u8,
}

/// The number of the next booking.
///
/// # Errors
/// When Postgres fails.
pub async fn draw_id(executor: impl PgExecutor<'_>) -> Result<BookingId, sqlx::Error> {
    sqlx::query_scalar("select nextval(pg_get_serial_sequence('bookings', 'id'))")
        .fetch_one(executor)
        .await
        .map(BookingId)
}

fn whole_minutes(length: TimeDelta) -> i32 {
    i32::try_from(length.num_minutes()).unwrap_or(i32::MAX)
}

/// Writes a booking and its lines.
///
/// # Errors
/// When Postgres fails; a booking without lines is refused by it.
pub async fn insert(
    executor: impl PgExecutor<'_>,
    new: &NewBooking<'_>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let (Some(first), Some(last)) = (new.lines.first(), new.lines.last()) else {
        return Err(sqlx::Error::Protocol("a booking without lines".into()));
    };
    let ends_at = last.starts_at + last.duration;
    let price = new.lines[1..].iter().fold(first.price, |sum, line| sum.plus(line.price));
    let lines: Vec<serde_json::Value> = new
        .lines
        .iter()
        .map(|l| {
            serde_json::json!({
                "service_id": l.service, "resource_ids": l.resources, "starts_at": l.starts_at,
                "duration_minutes": l.duration.num_minutes(), "buffer_before_minutes": l.buffer_before.num_minutes(),
                "buffer_after_minutes": l.buffer_after.num_minutes(), "price_kopecks": l.price.from,
                "price_to_kopecks": l.price.to, "session_id": l.session,
            })
        })
        .collect();
    sqlx::query(
        "with made as (
             insert into bookings (id, user_id, service_id, resource_id, starts_at, ends_at, duration_minutes,
                                   price_kopecks, price_to_kopecks, status, customer_name, phone, party, comment, answers,
                                   held_until, series_id, moved_from, source, update_id, created_at, discount_percent)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
                     $23)
             returning id)
         insert into booking_lines (booking_id, position, service_id, resource_ids, starts_at, duration_minutes,
                                    buffer_before_minutes, buffer_after_minutes, price_kopecks, price_to_kopecks,
                                    session_id)
         select made.id, l.position, l.service_id,
                array(select value::bigint from jsonb_array_elements_text(l.resource_ids)), l.starts_at,
                l.duration_minutes, l.buffer_before_minutes, l.buffer_after_minutes, l.price_kopecks,
                l.price_to_kopecks, l.session_id
           from made,
                rows from (jsonb_to_recordset($22) as (service_id bigint, resource_ids jsonb, starts_at timestamptz,
                           duration_minutes int, buffer_before_minutes int, buffer_after_minutes int,
                           price_kopecks bigint, price_to_kopecks bigint, session_id bigint))
                with ordinality as l (service_id, resource_ids, starts_at, duration_minutes, buffer_before_minutes,
                                      buffer_after_minutes, price_kopecks, price_to_kopecks, session_id, position)",
    )
    .bind(new.id.0)
    .bind(new.user.0)
    .bind(first.service.0)
    .bind(first.resources.first().map(|r| r.0))
    .bind(first.starts_at)
    .bind(ends_at)
    .bind(whole_minutes(ends_at - first.starts_at))
    .bind(price.from.0)
    .bind(price.to.map(|k| k.0))
    .bind(new.status.word())
    .bind(new.contact.map_or("", |c| &c.name))
    .bind(new.contact.map_or("", |c| &c.phone))
    .bind(i32::from(new.party))
    .bind(new.comment)
    .bind(Json(new.answers))
    .bind(new.held_until)
    .bind(new.series.map(|s| s.0))
    .bind(new.moved_from.map(|m| m.0))
    .bind(new.source)
    .bind(new.update_id)
    .bind(now)
    .bind(Json(lines))
    .bind(i16::from(new.discount_percent))
    .execute(executor)
    .await
    .map(|_| ())
}

/// Brings a booking to another state; `false` if it was no longer in `from`.
///
/// # Errors
/// When Postgres fails.
pub async fn set_status(
    executor: impl PgExecutor<'_>,
    id: BookingId,
    (from, to): (Status, Status),
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("update bookings set status = $3, held_until = null where id = $1 and status = $2")
        .bind(id.0)
        .bind(from.word())
        .bind(to.word())
        .execute(executor)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Marks a booking cancelled.
///
/// # Errors
/// When Postgres fails.
pub async fn mark_cancelled(
    executor: impl PgExecutor<'_>,
    id: BookingId,
    (by, actor): (Actor, Option<UserId>),
    reason: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update bookings set status = 'cancelled', held_until = null, cancelled_at = $2, cancelled_by = $3,
                             cancelled_by_kind = $4, cancel_reason = $5
          where id = $1",
    )
    .bind(id.0)
    .bind(now)
    .bind(actor.map(|a| a.0))
    .bind(by.word())
    .bind(reason)
    .execute(executor)
    .await
    .map(|_| ())
}

/// A hold becomes a booking or a request, with all that was not known when it was made.
///
/// # Errors
/// When Postgres fails.
pub async fn confirm_hold(
    executor: impl PgExecutor<'_>,
    id: BookingId,
    new: &NewBooking<'_>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update bookings set status = $2, held_until = null, customer_name = $3, phone = $4, comment = $5, answers = $6,
                             source = $7, update_id = $8, created_at = $9
          where id = $1 and status = 'held'",
    )
    .bind(id.0)
    .bind(new.status.word())
    .bind(new.contact.map_or("", |c| &c.name))
    .bind(new.contact.map_or("", |c| &c.phone))
    .bind(new.comment)
    .bind(Json(new.answers))
    .bind(new.source)
    .bind(new.update_id)
    .bind(now)
    .execute(executor)
    .await
    .map(|_| ())
}

/// Notes the first booking of a series in a booking of it.
///
/// # Errors
/// When Postgres fails.
pub async fn set_series(executor: impl PgExecutor<'_>, id: BookingId, series: BookingId) -> Result<(), sqlx::Error> {
    sqlx::query("update bookings set series_id = $2 where id = $1")
        .bind(id.0)
        .bind(series.0)
        .execute(executor)
        .await
        .map(|_| ())
}

/// Notes when the customer said that they come.
///
/// # Errors
/// When Postgres fails.
pub async fn set_coming(executor: impl PgExecutor<'_>, id: BookingId, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query("update bookings set coming_at = $2 where id = $1")
        .bind(id.0)
        .bind(now)
        .execute(executor)
        .await
        .map(|_| ())
}

/// Writes what the business keeps of a booking, save for the discount that it was made with.
///
/// # Errors
/// When Postgres fails.
pub async fn set_office(executor: impl PgExecutor<'_>, id: BookingId, office: &Office) -> Result<(), sqlx::Error> {
    sqlx::query("update bookings set note = $2, paid_kopecks = $3, made_by = $4 where id = $1")
        .bind(id.0)
        .bind(&office.note)
        .bind(office.paid.map(|paid| paid.0))
        .bind(office.made_by.map(|by| by.0))
        .execute(executor)
        .await
        .map(|_| ())
}

/// Notes that the business has asked the customer to choose another time; `false` if it had asked already.
///
/// # Errors
/// When Postgres fails.
pub async fn set_asked_to_move(
    executor: impl PgExecutor<'_>,
    id: BookingId,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("update bookings set asked_to_move_at = $2 where id = $1 and asked_to_move_at is null")
        .bind(id.0)
        .bind(now)
        .execute(executor)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes the name and the number that a booking goes by.
///
/// # Errors
/// When Postgres fails.
pub async fn set_name(
    executor: impl PgExecutor<'_>,
    id: BookingId,
    name: &str,
    phone: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query("update bookings set customer_name = $2, phone = $3 where id = $1")
        .bind(id.0)
        .bind(name)
        .bind(phone)
        .execute(executor)
        .await
        .map(|_| ())
}
