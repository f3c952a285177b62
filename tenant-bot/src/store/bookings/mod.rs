//! Bookings and their lines.

mod counts;
mod write;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use sqlx::{FromRow, PgExecutor, Row, postgres::PgRow, types::Json};

pub use self::{
    counts::any_stands,
    counts::{Count, counts, lock_days},
    write::{
        NewBooking, confirm_hold, draw_id, insert, mark_cancelled, set_asked_to_move, set_coming, set_name, set_office,
        set_series, set_status,
    },
};
use super::services::{price, small};
use crate::booking::{
    Actor, Answer, Booking, BookingId, Kopecks, Line, Office, Price, ResourceId, ServiceId, SessionId, Status, UserId,
    hours::Span,
};

// A booking of the version before has no lines: then what stands in it is its only one.
macro_rules! select_bookings {
    ($rest:literal) => {
        concat!(
            "select b.id, b.user_id, b.status, b.starts_at, b.ends_at, b.price_kopecks, b.price_to_kopecks, b.party,
                    b.customer_name, b.phone, b.comment, b.answers, b.held_until, b.series_id, b.moved_from,
                    b.cancelled_by_kind, b.cancel_reason, b.coming_at, b.note, b.discount_percent, b.paid_kopecks,
                    b.made_by, b.asked_to_move_at is not null as asked_to_move,
                    coalesce(
                      (select jsonb_agg(jsonb_build_object(
                                'service', l.service_id, 'service_name', s.name, 'resources', l.resource_ids,
                                'names', (select jsonb_agg(r.name order by u.n)
                                            from unnest(l.resource_ids) with ordinality as u (id, n)
                                            join resources r on r.id = u.id),
                                'starts_at', l.starts_at, 'minutes', l.duration_minutes,
                                'before', l.buffer_before_minutes, 'after', l.buffer_after_minutes,
                                'from', l.price_kopecks, 'to', l.price_to_kopecks, 'session', l.session_id)
                                order by l.position)
                         from booking_lines l join services s on s.id = l.service_id
                        where l.booking_id = b.id),
                      (select jsonb_build_array(jsonb_build_object(
                                'service', s.id, 'service_name', s.name, 'resources', array[r.id],
                                'names', array[r.name], 'starts_at', b.starts_at, 'minutes', b.duration_minutes,
                                'before', s.buffer_before_minutes, 'after', s.buffer_after_minutes,
                                'from', b.price_kopecks, 'to', null, 'session', null))
                         from services s, resources r where s.id = b.service_id and r.id = b.resource_id)) as lines
               from bookings b ",
            $rest
        )
    };
}

#[derive(Deserialize)]
struct StoredLine {
    service: i64,
    service_name: String,
    resources: Vec<i64>,
    names: Vec<String>,
    starts_at: DateTime<Utc>,
    minutes: i64,
    before: i64,
    after: i64,
    from: i64,
    to: Option<i64>,
    session: Option<i64>,
}

impl From<StoredLine> for Line {
    fn from(line: StoredLine) -> Self {
        Self {
            service: ServiceId(line.service),
            service_name: line.service_name,
            resources: line.resources.into_iter().map(ResourceId).collect(),
            resource_names: line.names,
            starts_at: line.starts_at,
            duration: TimeDelta::minutes(line.minutes),
            buffer_before: TimeDelta::minutes(line.before),
            buffer_after: TimeDelta::minutes(line.after),
            price: Price { from: Kopecks(line.from), to: line.to.map(Kopecks) },
            session: line.session.map(SessionId),
        }
    }
}

/// A column `discount_percent`, which the table keeps between 0 and 100.
pub(in crate::store) fn percent(row: &PgRow) -> Result<u8, sqlx::Error> {
    Ok(u8::try_from(row.try_get::<i16, _>("discount_percent")?).unwrap_or(0))
}

impl FromRow<'_, PgRow> for Booking {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let unknown = |what: &str| sqlx::Error::Decode(format!("a booking with «{what}»").into());
        let status: String = row.try_get("status")?;
        let by: Option<String> = row.try_get("cancelled_by_kind")?;
        let lines: Json<Vec<StoredLine>> = row.try_get("lines")?;
        let answers: Json<Vec<Answer>> = row.try_get("answers")?;
        Ok(Self {
            id: BookingId(row.try_get("id")?),
            user: UserId(row.try_get("user_id")?),
            status: Status::from_word(&status).ok_or_else(|| unknown(&status))?,
            lines: lines.0.into_iter().map(Line::from).collect(),
            starts_at: row.try_get("starts_at")?,
            ends_at: row.try_get("ends_at")?,
            price: price(row)?,
            party: small(row.try_get("party")?),
            customer_name: row.try_get("customer_name")?,
            phone: row.try_get("phone")?,
            comment: row.try_get("comment")?,
            answers: answers.0,
            held_until: row.try_get("held_until")?,
            series: row.try_get::<Option<i64>, _>("series_id")?.map(BookingId),
            moved_from: row.try_get::<Option<i64>, _>("moved_from")?.map(BookingId),
            cancelled_by: by.map(|by| Actor::from_word(&by).ok_or_else(|| unknown(&by))).transpose()?,
            cancel_reason: row.try_get("cancel_reason")?,
            coming_at: row.try_get("coming_at")?,
            office: Office {
                note: row.try_get("note")?,
                discount_percent: percent(row)?,
                paid: row.try_get::<Option<i64>, _>("paid_kopecks")?.map(Kopecks),
                made_by: row.try_get::<Option<i64>, _>("made_by")?.map(UserId),
                asked_to_move: row.try_get("asked_to_move")?,
            },
        })
    }
}

/// What an update has made, whatever became of it since; holds are left out.
///
/// # Errors
/// When Postgres fails.
pub async fn find_made_by(
    executor: impl PgExecutor<'_>,
    user: UserId,
    update_id: i64,
) -> Result<Vec<Booking>, sqlx::Error> {
    sqlx::query_as(select_bookings!(
        "where b.user_id = $1 and b.update_id = $2 and b.status <> 'held' and b.customer_name <> ''
          order by b.starts_at, b.id"
    ))
    .bind(user.0)
    .bind(update_id)
    .fetch_all(executor)
    .await
}

/// A person's bookings that are ahead or under way, the nearest first.
///
/// # Errors
/// When Postgres fails.
pub async fn list_ahead(
    executor: impl PgExecutor<'_>,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<Vec<Booking>, sqlx::Error> {
    sqlx::query_as(select_bookings!(
        "where b.user_id = $1 and b.status in ('requested', 'confirmed', 'arrived') and b.ends_at > $2
         order by b.starts_at, b.id"
    ))
    .bind(user.0)
    .bind(now)
    .fetch_all(executor)
    .await
}

/// A page of a person's bookings that are not ahead any more, the latest first. Holds that came to nothing are left out,
/// and so is what was moved: what it became is there.
///
/// # Errors
/// When Postgres fails.
pub async fn list_past(
    executor: impl PgExecutor<'_>,
    user: UserId,
    now: DateTime<Utc>,
    offset: usize,
    most: usize,
) -> Result<Vec<Booking>, sqlx::Error> {
    sqlx::query_as(select_bookings!(
        "where b.user_id = $1 and b.status not in ('held', 'moved') and b.customer_name <> ''
           and (b.status not in ('requested', 'confirmed', 'arrived') or b.ends_at <= $2)
         order by b.starts_at desc, b.id desc offset $3 limit $4"
    ))
    .bind(user.0)
    .bind(now)
    .bind(i64::try_from(offset).unwrap_or(i64::MAX))
    .bind(i64::try_from(most).unwrap_or(i64::MAX))
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

/// Locks these bookings in the order of their numbers.
///
/// # Errors
/// When Postgres fails.
pub async fn lock_all(conn: &mut sqlx::PgConnection, ids: &[BookingId]) -> Result<(), sqlx::Error> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    sqlx::query("select id from bookings where id = any($1) order by id for no key update")
        .bind(ids)
        .execute(conn)
        .await
        .map(|_| ())
}

/// What is kept on hold for a person who is typing, locked; what the waitlist offers them is left out.
///
/// # Errors
/// When Postgres fails.
pub async fn lock_holds(executor: impl PgExecutor<'_>, user: UserId) -> Result<Vec<Booking>, sqlx::Error> {
    sqlx::query_as(select_bookings!("where b.user_id = $1 and b.status = 'held' order by b.id for no key update of b"))
        .bind(user.0)
        .fetch_all(executor)
        .await
}

/// Overdue holds whose time overlaps these spans of these resources (in the same order), locked; those that somebody else
/// is ending just now are left to them.
///
/// # Errors
/// When Postgres fails.
pub async fn lock_overdue(
    executor: impl PgExecutor<'_>,
    wanted: &[(ResourceId, Span)],
    now: DateTime<Utc>,
) -> Result<Vec<Booking>, sqlx::Error> {
    let resources: Vec<i64> = wanted.iter().map(|(r, _)| r.0).collect();
    let starts: Vec<DateTime<Utc>> = wanted.iter().map(|(_, s)| s.start).collect();
    let ends: Vec<DateTime<Utc>> = wanted.iter().map(|(_, s)| s.end).collect();
    sqlx::query_as(select_bookings!(
        "where b.status = 'held' and b.held_until <= $1
           and exists (select 1 from booking_lines l, unnest($2::bigint[], $3::timestamptz[], $4::timestamptz[])
                              as w (resource_id, starts_at, ends_at)
                        where l.booking_id = b.id and w.resource_id = any(l.resource_ids)
                          and l.starts_at - l.buffer_before_minutes * interval '1 minute' < w.ends_at
                          and l.starts_at + (l.duration_minutes + l.buffer_after_minutes) * interval '1 minute'
                              > w.starts_at)
         order by b.id for no key update of b skip locked"
    ))
    .bind(now)
    .bind(resources)
    .bind(starts)
    .bind(ends)
    .fetch_all(executor)
    .await
}

/// One hold whose time is over, while anybody waits for a freed time; locked. What the waitlist offers is left out, and so is
/// one that somebody else is ending just now.
///
/// # Errors
/// When Postgres fails.
pub async fn claim_overdue(executor: impl PgExecutor<'_>, now: DateTime<Utc>) -> Result<Option<Booking>, sqlx::Error> {
    sqlx::query_as(select_bookings!(
        "where b.status = 'held' and b.held_until <= $1
           and exists (select 1 from waitlist w where w.state = 'waiting')
           and not exists (select 1 from waitlist w where w.offer_id = b.id and w.state = 'offered')
         order by b.held_until limit 1 for no key update of b skip locked"
    ))
    .bind(now)
    .fetch_optional(executor)
    .await
}

/// The booking that took the place of this one.
///
/// # Errors
/// When Postgres fails.
pub async fn moved_to(executor: impl PgExecutor<'_>, id: BookingId) -> Result<Option<BookingId>, sqlx::Error> {
    let id: Option<i64> =
        sqlx::query_scalar("select id from bookings where moved_from = $1").bind(id.0).fetch_optional(executor).await?;
    Ok(id.map(BookingId))
}

/// The first booking of those that took one another's place up to this one, and how often that was.
///
/// # Errors
/// When Postgres fails, or there is no such booking.
pub async fn chain(executor: impl PgExecutor<'_>, id: BookingId) -> Result<(BookingId, u32), sqlx::Error> {
    let (first, moves): (i64, i32) = sqlx::query_as(
        "with recursive chain as (
             select id, moved_from, 0 as moves from bookings where id = $1
              union all
             select b.id, b.moved_from, c.moves + 1 from chain c join bookings b on b.id = c.moved_from)
         select id, moves from chain order by moves desc limit 1",
    )
    .bind(id.0)
    .fetch_one(executor)
    .await?;
    Ok((BookingId(first), u32::try_from(moves).unwrap_or(0)))
}

/// Bookings that stand (or took place) and begin within `span`, in order.
///
/// # Errors
/// When Postgres fails.
pub async fn list_within(executor: impl PgExecutor<'_>, span: Span) -> Result<Vec<Booking>, sqlx::Error> {
    sqlx::query_as(select_bookings!(
        "where b.starts_at >= $1 and b.starts_at < $2
           and b.status in ('requested', 'confirmed', 'arrived', 'completed', 'no_show')
         order by b.starts_at, b.resource_id, b.id"
    ))
    .bind(span.start)
    .bind(span.end)
    .fetch_all(executor)
    .await
}

/// Requests that wait for an answer and whose time has not come, the nearest first.
///
/// # Errors
/// When Postgres fails.
pub async fn list_requests(executor: impl PgExecutor<'_>, now: DateTime<Utc>) -> Result<Vec<Booking>, sqlx::Error> {
    sqlx::query_as(select_bookings!("where b.status = 'requested' and b.starts_at > $1 order by b.starts_at, b.id"))
        .bind(now)
        .fetch_all(executor)
        .await
}

/// Bookings that stand and of which nothing will ever fall due, as the version before has left them: those that end after
/// `since` and whose number is above `after`, at most `most` in order of their numbers.
///
/// # Errors
/// When Postgres fails.
pub async fn list_without_reminders(
    executor: impl PgExecutor<'_>,
    since: DateTime<Utc>,
    after: BookingId,
    most: i64,
) -> Result<Vec<Booking>, sqlx::Error> {
    sqlx::query_as(select_bookings!(
        "where b.status = 'confirmed' and b.ends_at > $1 and b.id > $2
           and not exists (select 1 from reminders r where r.booking_id = b.id)
         order by b.id limit $3"
    ))
    .bind(since)
    .bind(after.0)
    .bind(most)
    .fetch_all(executor)
    .await
}

/// Bookings that stand and whose time on one of these resources, buffers included, lies in one of these stretches; in order.
///
/// # Errors
/// When Postgres fails.
pub async fn list_hit(
    executor: impl PgExecutor<'_>,
    resources: &[ResourceId],
    spans: &[Span],
) -> Result<Vec<Booking>, sqlx::Error> {
    let ids: Vec<i64> = resources.iter().map(|r| r.0).collect();
    let (starts, ends): (Vec<DateTime<Utc>>, Vec<DateTime<Utc>>) = spans.iter().map(|s| (s.start, s.end)).unzip();
    sqlx::query_as(select_bookings!(
        "where b.status in ('requested', 'confirmed', 'arrived')
           and b.id in (
               select case o.kind when 'booking' then o.ref else t.booking_id end
                 from unnest($2::timestamptz[], $3::timestamptz[]) as w (s, e)
                 join occupancy o on o.during && tstzrange(w.s, w.e) and o.resource_id = any($1) and o.kind <> 'block'
                 left join seats t on o.kind = 'session' and t.session_id = o.ref)
         order by b.starts_at, b.id"
    ))
    .bind(ids)
    .bind(starts)
    .bind(ends)
    .fetch_all(executor)
    .await
}

/// Whether a visit was rated.
///
/// # Errors
/// When Postgres fails.
pub async fn is_rated(executor: impl PgExecutor<'_>, id: BookingId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("select exists (select 1 from feedback where booking_id = $1)")
        .bind(id.0)
        .fetch_one(executor)
        .await
}

/// What somebody of the business has made for others by this update.
///
/// # Errors
/// When Postgres fails.
pub async fn find_made_for_others(
    executor: impl PgExecutor<'_>,
    by: UserId,
    update_id: i64,
) -> Result<Option<Booking>, sqlx::Error> {
    sqlx::query_as(select_bookings!("where b.made_by = $1 and b.update_id = $2 order by b.id limit 1"))
        .bind(by.0)
        .bind(update_id)
        .fetch_optional(executor)
        .await
}

/// A page of a person's bookings, the latest first, as far as a resource (none: the whole business) has a part in them. What
/// was moved is left out: what it became is there.
///
/// # Errors
/// When Postgres fails.
pub async fn list_of(
    executor: impl PgExecutor<'_>,
    user: UserId,
    of: Option<ResourceId>,
    (offset, most): (usize, usize),
) -> Result<Vec<Booking>, sqlx::Error> {
    sqlx::query_as(select_bookings!(
        "where b.user_id = $1 and b.status not in ('held', 'moved') and b.customer_name <> ''
           and ($2::bigint is null or b.resource_id = $2
                or exists (select 1 from booking_lines l where l.booking_id = b.id and $2 = any(l.resource_ids)))
         order by b.starts_at desc, b.id desc offset $3 limit $4"
    ))
    .bind(user.0)
    .bind(of.map(|r| r.0))
    .bind(i64::try_from(offset).unwrap_or(i64::MAX))
    .bind(i64::try_from(most).unwrap_or(i64::MAX))
    .fetch_all(executor)
    .await
}
