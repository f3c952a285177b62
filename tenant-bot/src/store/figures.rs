//! What figures are counted from.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use futures::TryStreamExt;
use sqlx::{FromRow, PgConnection, PgExecutor};

use crate::{
    booking::{Actor, BookingId, ResourceId, ServiceId, Status, UserId, hours::Span},
    reports::figures::{Opens, Visit, VisitLine},
};

#[derive(FromRow)]
struct Row {
    id: i64,
    user_id: i64,
    status: String,
    starts_at: DateTime<Utc>,
    whole_price: i64,
    money: i64,
    by: Option<String>,
    source: String,
    rating: Option<i16>,
    first: bool,
    service_id: i64,
    resource_ids: Vec<i64>,
    line_starts_at: DateTime<Utc>,
    minutes: i32,
    price: i64,
}

/// Tells every visit that begins within `span`, in order of beginning, one after another: what was moved, and times that
/// were merely kept while somebody was typing, left out.
///
/// # Errors
/// When Postgres fails.
pub async fn visits(conn: &mut PgConnection, span: Span, mut tell: impl FnMut(Visit)) -> Result<(), sqlx::Error> {
    // A booking of the version before has no lines: then what stands in it is its only one. One that was
    // cancelled without ever having been a booking was only a time that was kept for somebody.
    let mut rows = sqlx::query_as::<_, Row>(
        "select b.id, b.user_id, b.status, b.starts_at, b.price_kopecks as whole_price,
                coalesce(b.paid_kopecks, b.price_kopecks) as money,
                b.cancelled_by_kind as by, coalesce(b.source, '') as source, f.rating,
                b.status = 'completed' and not exists (
                    select 1 from bookings e
                     where e.user_id = b.user_id and e.status = 'completed' and e.starts_at <= b.starts_at
                       and (e.starts_at, e.id) < (b.starts_at, b.id)) as first,
                coalesce(l.service_id, b.service_id) as service_id,
                coalesce(l.resource_ids, array[b.resource_id]) as resource_ids,
                coalesce(l.starts_at, b.starts_at) as line_starts_at,
                coalesce(l.duration_minutes, b.duration_minutes) as minutes,
                coalesce(l.price_kopecks, b.price_kopecks) as price
           from bookings b
           left join booking_lines l on l.booking_id = b.id
           left join feedback f on f.booking_id = b.id
          where b.starts_at >= $1 and b.starts_at < $2 and b.status not in ('held', 'moved')
            and not (b.status = 'cancelled'
                     and not exists (select 1 from booking_history h
                                      where h.booking_id = b.id
                                        and h.action in ('booked', 'requested', 'confirmed', 'made_by_move')))
          order by b.starts_at, b.id, l.position",
    )
    .bind(span.start)
    .bind(span.end)
    .fetch(conn);
    let mut last: Option<(i64, Visit)> = None;
    while let Some(row) = rows.try_next().await? {
        let line = VisitLine {
            service: ServiceId(row.service_id),
            resources: row.resource_ids.into_iter().map(ResourceId).collect(),
            starts_at: row.line_starts_at,
            minutes: u32::try_from(row.minutes).unwrap_or(0),
            price: row.price,
        };
        match &mut last {
            Some((id, visit)) if *id == row.id => visit.lines.push(line),
            _ => {
                let unknown = || sqlx::Error::Decode(format!("a booking with «{}»", row.status).into());
                let visit = Visit {
                    id: BookingId(row.id),
                    user: UserId(row.user_id),
                    status: Status::from_word(&row.status).ok_or_else(unknown)?,
                    starts_at: row.starts_at,
                    price: row.whole_price,
                    money: row.money,
                    cancelled_by: row.by.as_deref().and_then(Actor::from_word),
                    source: row.source,
                    rating: row.rating.and_then(|n| u8::try_from(n).ok()),
                    first: row.first,
                    lines: vec![line],
                };
                if let Some((_, done)) = last.replace((row.id, visit)) {
                    tell(done);
                }
            }
        }
    }
    if let Some((_, done)) = last {
        tell(done);
    }
    Ok(())
}

/// How many people came by each link (empty: without one) on these dates.
///
/// # Errors
/// When Postgres fails.
pub async fn opens(
    executor: impl PgExecutor<'_>,
    (first, last): (NaiveDate, NaiveDate),
) -> Result<HashMap<String, Opens>, sqlx::Error> {
    let rows: Vec<(String, i64, i64, i64)> = sqlx::query_as(
        "select source, coalesce(sum(n) filter (where what = 'opened'), 0),
                coalesce(sum(n) filter (where what = 'new'), 0), coalesce(sum(n) filter (where what = 'began'), 0)
           from analytics where day between $1 and $2 group by source",
    )
    .bind(first)
    .bind(last)
    .fetch_all(executor)
    .await?;
    let small = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    let of =
        |(source, opened, new, began)| (source, Opens { opened: small(opened), new: small(new), began: small(began) });
    Ok(rows.into_iter().map(of).collect())
}

/// The names of all services and of all resources, those that are no longer offered too; in the business's order, and of
/// each resource whether it is at work.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Services.
    pub services: Vec<(ServiceId, String)>,
    /// Resources.
    pub resources: Vec<(ResourceId, String, bool)>,
}

/// Reads them.
///
/// # Errors
/// When Postgres fails.
pub async fn names(conn: &mut PgConnection) -> Result<Names, sqlx::Error> {
    let services: Vec<(i64, String)> =
        sqlx::query_as("select id, name from services order by position, id").fetch_all(&mut *conn).await?;
    let resources: Vec<(i64, String, bool)> =
        sqlx::query_as("select id, name, active and removed_at is null from resources order by position, id")
            .fetch_all(&mut *conn)
            .await?;
    Ok(Names {
        services: services.into_iter().map(|(id, name)| (ServiceId(id), name)).collect(),
        resources: resources.into_iter().map(|(id, name, active)| (ResourceId(id), name, active)).collect(),
    })
}
