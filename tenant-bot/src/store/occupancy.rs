//! What takes time of resources: stretches of bookings, groups and blocks.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor, Row};

use crate::booking::{BookingId, ResourceId, ServiceId, SessionId, UserId, availability::Session, hours::Span};

// Who really sits in a group, as far as the person `$5` is concerned: not an overdue hold (`$4` is now), not what they keep
// on hold themselves unless it was offered to them, not the booking `$6`.
macro_rules! sits {
    () => {
        "b.id is distinct from $6
         and (b.status <> 'held'
              or b.held_until > $4
                 and (b.user_id <> $5 or exists (select 1 from waitlist w where w.offer_id = b.id)))"
    };
}

/// What is taken of these resources within `window`, each resource's in order of beginning. Overdue holds do not count,
/// nor do those of `user` (unless they are offers of the waitlist), nor the booking `but`; nor does a group in which only such
/// ones sit.
///
/// # Errors
/// When Postgres fails.
pub async fn taken(
    executor: impl PgExecutor<'_>,
    resources: &[ResourceId],
    window: Span,
    user: UserId,
    but: Option<BookingId>,
    now: DateTime<Utc>,
) -> Result<HashMap<ResourceId, Vec<Span>>, sqlx::Error> {
    let ids: Vec<i64> = resources.iter().map(|r| r.0).collect();
    let rows: Vec<(i64, DateTime<Utc>, DateTime<Utc>)> = sqlx::query_as(concat!(
        "select o.resource_id, lower(o.during), upper(o.during) from occupancy o
          where o.resource_id = any($1) and o.during && tstzrange($2, $3)
            and (o.held_until is null
                 or o.held_until > $4
                    and not exists (select 1 from bookings b
                                     where o.kind = 'booking' and b.id = o.ref and b.user_id = $5
                                       and not exists (select 1 from waitlist w where w.offer_id = b.id)))
            and not (o.kind = 'booking' and o.ref is not distinct from $6)
            and (o.kind <> 'session'
                 or exists (select 1 from seats t join bookings b on b.id = t.booking_id
                             where t.session_id = o.ref and ",
        sits!(),
        "))
          order by lower(o.during)"
    ))
    .bind(ids)
    .bind(window.start)
    .bind(window.end)
    .bind(now)
    .bind(user.0)
    .bind(but.map(|b| b.0))
    .fetch_all(executor)
    .await?;
    let mut taken: HashMap<ResourceId, Vec<Span>> = HashMap::new();
    for (resource, start, end) in rows {
        taken.entry(ResourceId(resource)).or_default().push(Span { start, end });
    }
    Ok(taken)
}

/// What others than these bookings have taken of these resources within `window`: stretches of bookings, not of groups or
/// blocks, each resource's in order of beginning. Overdue holds do not count.
///
/// # Errors
/// When Postgres fails.
pub async fn taken_by_others(
    executor: impl PgExecutor<'_>,
    resources: &[ResourceId],
    window: Span,
    but: &[BookingId],
    now: DateTime<Utc>,
) -> Result<HashMap<ResourceId, Vec<Span>>, sqlx::Error> {
    let ids: Vec<i64> = resources.iter().map(|r| r.0).collect();
    let but: Vec<i64> = but.iter().map(|b| b.0).collect();
    let rows: Vec<(i64, DateTime<Utc>, DateTime<Utc>)> = sqlx::query_as(
        "select resource_id, lower(during), upper(during) from occupancy
          where resource_id = any($1) and during && tstzrange($2, $3) and kind = 'booking' and ref <> all($4)
            and (held_until is null or held_until > $5)
          order by lower(during)",
    )
    .bind(ids)
    .bind(window.start)
    .bind(window.end)
    .bind(but)
    .bind(now)
    .fetch_all(executor)
    .await?;
    let mut taken: HashMap<ResourceId, Vec<Span>> = HashMap::new();
    for (resource, start, end) in rows {
        taken.entry(ResourceId(resource)).or_default().push(Span { start, end });
    }
    Ok(taken)
}

/// A group, and how many sit in it.
#[derive(Clone, Copy, Debug)]
pub struct Seated {
    /// Of which service.
    pub service: ServiceId,
    /// With whom.
    pub resource: ResourceId,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// The same with its buffers.
    pub span: Span,
    /// Its seats.
    pub capacity: u32,
    /// Those that others than the asked bookings have.
    pub seated: u32,
}

/// The groups of these resources within `window`, and how many seats others than these bookings have. Overdue holds do not
/// count.
///
/// # Errors
/// When Postgres fails.
pub async fn groups(
    executor: impl PgExecutor<'_>,
    resources: &[ResourceId],
    window: Span,
    but: &[BookingId],
    now: DateTime<Utc>,
) -> Result<Vec<Seated>, sqlx::Error> {
    let ids: Vec<i64> = resources.iter().map(|r| r.0).collect();
    let but: Vec<i64> = but.iter().map(|b| b.0).collect();
    let rows = sqlx::query(
        "select s.service_id, s.resource_id, s.starts_at, s.ends_at, s.capacity, lower(o.during) as from_at,
                upper(o.during) as to_at,
                (select count(*) from seats t join bookings b on b.id = t.booking_id
                  where t.session_id = s.id and t.booking_id <> all($4)
                    and (b.status <> 'held' or b.held_until > $5))::int as seated
           from sessions s join occupancy o on o.kind = 'session' and o.ref = s.id
          where s.resource_id = any($1) and o.during && tstzrange($2, $3)
          order by s.id",
    )
    .bind(ids)
    .bind(window.start)
    .bind(window.end)
    .bind(but)
    .bind(now)
    .fetch_all(executor)
    .await?;
    rows.iter()
        .map(|row| {
            let number = |column| Ok::<_, sqlx::Error>(row.try_get::<i32, _>(column)?.unsigned_abs());
            Ok(Seated {
                service: ServiceId(row.try_get("service_id")?),
                resource: ResourceId(row.try_get("resource_id")?),
                starts_at: row.try_get("starts_at")?,
                ends_at: row.try_get("ends_at")?,
                span: Span { start: row.try_get("from_at")?, end: row.try_get("to_at")? },
                capacity: number("capacity")?,
                seated: number("seated")?,
            })
        })
        .collect()
}

/// Locks the groups that these bookings sit in, in the order of their numbers, as whoever takes or leaves a seat does.
///
/// # Errors
/// When Postgres fails.
pub async fn lock_sessions_of(conn: &mut PgConnection, bookings: &[BookingId]) -> Result<(), sqlx::Error> {
    let ids: Vec<i64> = bookings.iter().map(|b| b.0).collect();
    sqlx::query(
        "select id from sessions where id in (select session_id from seats where booking_id = any($1))
          order by id for update",
    )
    .bind(ids)
    .execute(conn)
    .await
    .map(|_| ())
}

/// Takes a stretch of one resource, or does not: `false` means that it was taken. Waits for transactions that are taking or
/// freeing the same time.
///
/// # Errors
/// When Postgres fails.
pub async fn take(
    executor: impl PgExecutor<'_>,
    resource: ResourceId,
    span: Span,
    (kind, owner): (&'static str, i64),
    held_until: Option<DateTime<Utc>>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "insert into occupancy (resource_id, during, kind, ref, held_until)
         values ($1, tstzrange($2, $3), $4, $5, $6) on conflict do nothing",
    )
    .bind(resource.0)
    .bind(span.start)
    .bind(span.end)
    .bind(kind)
    .bind(owner)
    .bind(held_until)
    .execute(executor)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What a booking took stays its own for good: it is no hold any more.
///
/// # Errors
/// When Postgres fails.
pub async fn keep(executor: impl PgExecutor<'_>, booking: BookingId) -> Result<(), sqlx::Error> {
    sqlx::query("update occupancy set held_until = null where kind = 'booking' and ref = $1")
        .bind(booking.0)
        .execute(executor)
        .await
        .map(|_| ())
}

/// Frees what a booking has of resources from a moment on; its seats in groups stay.
///
/// # Errors
/// When Postgres fails.
pub async fn free_from(conn: &mut PgConnection, booking: BookingId, from: DateTime<Utc>) -> Result<(), sqlx::Error> {
    for sql in [
        "delete from occupancy where kind = 'booking' and ref = $1 and lower(during) >= $2",
        "update occupancy set during = tstzrange(lower(during), $2)
          where kind = 'booking' and ref = $1 and upper(during) > $2",
    ] {
        sqlx::query(sql).bind(booking.0).bind(from).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Frees what a booking took of resources, and its seats; a group that nobody sits in any more goes.
///
/// # Errors
/// When Postgres fails.
pub async fn free_booking(conn: &mut PgConnection, booking: BookingId) -> Result<(), sqlx::Error> {
    sqlx::query("delete from occupancy where kind = 'booking' and ref = $1")
        .bind(booking.0)
        .execute(&mut *conn)
        .await?;
    // Whoever takes or leaves a seat holds the group's row, so nobody sits down in a group that is just closed.
    let sessions: Vec<i64> = sqlx::query_scalar(
        "select id from sessions where id in (select session_id from seats where booking_id = $1) order by id for update",
    )
    .bind(booking.0)
    .fetch_all(&mut *conn)
    .await?;
    if sessions.is_empty() {
        return Ok(());
    }
    sqlx::query("delete from seats where booking_id = $1").bind(booking.0).execute(&mut *conn).await?;
    sqlx::query(
        "with closed as (
             delete from sessions s where s.id = any($1)
                and not exists (select 1 from seats where session_id = s.id) returning id)
         delete from occupancy where kind = 'session' and ref in (select id from closed)",
    )
    .bind(sessions)
    .execute(&mut *conn)
    .await
    .map(|_| ())
}

/// Takes for a block whatever is free of these stretches of a resource; how many pieces it took. A piece that somebody is
/// taking just now is waited for and left to them: to be sure that nothing free is left, call it until it takes none.
///
/// # Errors
/// When Postgres fails.
pub async fn take_gaps(
    executor: impl PgExecutor<'_>,
    resource: ResourceId,
    spans: &[Span],
    block: i64,
) -> Result<u64, sqlx::Error> {
    let (starts, ends): (Vec<DateTime<Utc>>, Vec<DateTime<Utc>>) = spans.iter().map(|s| (s.start, s.end)).unzip();
    let done = sqlx::query(
        "insert into occupancy (resource_id, during, kind, ref)
         select $1, gap, 'block', $4
           from unnest($2::timestamptz[], $3::timestamptz[]) as w (s, e),
                unnest(tstzmultirange(tstzrange(w.s, w.e))
                       - coalesce((select range_agg(o.during) from occupancy o
                                    where o.resource_id = $1 and o.during && tstzrange(w.s, w.e)),
                                  '{}'::tstzmultirange)) as gap
          order by gap
         on conflict do nothing",
    )
    .bind(resource.0)
    .bind(starts)
    .bind(ends)
    .bind(block)
    .execute(executor)
    .await?;
    Ok(done.rows_affected())
}

/// Frees what a block took.
///
/// # Errors
/// When Postgres fails.
pub async fn free_block(executor: impl PgExecutor<'_>, block: i64) -> Result<(), sqlx::Error> {
    sqlx::query("delete from occupancy where kind = 'block' and ref = $1")
        .bind(block)
        .execute(executor)
        .await
        .map(|_| ())
}

/// Resource, number, service, beginning, end, seats left.
type SessionRow = (i64, i64, i64, DateTime<Utc>, DateTime<Utc>, i32);

/// The groups of these resources that begin within `window`. Seats of overdue holds count as free, and so do those of
/// the holds of `user` and of the booking `but`.
///
/// # Errors
/// When Postgres fails.
pub async fn sessions(
    executor: impl PgExecutor<'_>,
    resources: &[ResourceId],
    window: Span,
    user: UserId,
    but: Option<BookingId>,
    now: DateTime<Utc>,
) -> Result<HashMap<ResourceId, Vec<Session>>, sqlx::Error> {
    let ids: Vec<i64> = resources.iter().map(|r| r.0).collect();
    let rows: Vec<SessionRow> = sqlx::query_as(concat!(
        "select s.resource_id, s.id, s.service_id, s.starts_at, s.ends_at,
                s.capacity - (select count(*) from seats t join bookings b on b.id = t.booking_id
                               where t.session_id = s.id and ",
        sits!(),
        ")::int
           from sessions s
          where s.resource_id = any($1) and s.starts_at >= $2 and s.starts_at < $3
          order by s.starts_at, s.id"
    ))
    .bind(ids)
    .bind(window.start)
    .bind(window.end)
    .bind(now)
    .bind(user.0)
    .bind(but.map(|b| b.0))
    .fetch_all(executor)
    .await?;
    let mut sessions: HashMap<ResourceId, Vec<Session>> = HashMap::new();
    for (resource, id, service, starts_at, ends_at, left) in rows {
        sessions.entry(ResourceId(resource)).or_default().push(Session {
            id: SessionId(id),
            service: ServiceId(service),
            starts_at,
            ends_at,
            seats_left: u16::try_from(left).unwrap_or(0),
        });
    }
    Ok(sessions)
}

/// A group to be opened.
#[derive(Clone, Copy, Debug)]
pub struct NewSession {
    /// Of which service.
    pub service: ServiceId,
    /// With whom.
    pub resource: ResourceId,
    /// When it begins and ends.
    pub visit: Span,
    /// The same with its buffers.
    pub span: Span,
    /// How many seats it has.
    pub capacity: u16,
}

/// Opens a group and takes its time, or finds the one that somebody else has opened for the very same time: then, and for
/// one that was just opened, nobody else takes or leaves a seat until the transaction ends. None: something else has the
/// time.
///
/// # Errors
/// When Postgres fails.
pub async fn open_session(conn: &mut PgConnection, new: &NewSession) -> Result<Option<SessionId>, sqlx::Error> {
    let id: i64 =
        sqlx::query_scalar("select nextval(pg_get_serial_sequence('sessions', 'id'))").fetch_one(&mut *conn).await?;
    if take(&mut *conn, new.resource, new.span, ("session", id), None).await? {
        sqlx::query(
            "insert into sessions (id, service_id, resource_id, starts_at, ends_at, capacity)
             values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(id)
        .bind(new.service.0)
        .bind(new.resource.0)
        .bind(new.visit.start)
        .bind(new.visit.end)
        .bind(i32::from(new.capacity))
        .execute(&mut *conn)
        .await?;
        return Ok(Some(SessionId(id)));
    }
    let found: Option<i64> = sqlx::query_scalar(
        "select id from sessions where service_id = $1 and resource_id = $2 and starts_at = $3 and ends_at = $4
          for update",
    )
    .bind(new.service.0)
    .bind(new.resource.0)
    .bind(new.visit.start)
    .bind(new.visit.end)
    .fetch_optional(conn)
    .await?;
    Ok(found.map(SessionId))
}

/// Takes so many seats of a group that [`open_session`] has given, the lowest numbers that are free; `false`, and none
/// taken, if there are not as many.
///
/// # Errors
/// When Postgres fails.
pub async fn take_seats(
    conn: &mut PgConnection,
    session: SessionId,
    booking: BookingId,
    party: u16,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "with free as (
             select n from sessions s, generate_series(1, s.capacity) as n
              where s.id = $1 and not exists (select 1 from seats t where t.session_id = s.id and t.number = n)
              order by n limit $3)
         insert into seats (session_id, number, booking_id)
         select $1, n, $2 from free where (select count(*) from free) = $3",
    )
    .bind(session.0)
    .bind(booking.0)
    .bind(i64::from(party))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}
