//! What can be booked.

use std::collections::HashMap;

use chrono::TimeDelta;
use sqlx::{FromRow, PgExecutor, Row, postgres::PgRow, types::Json};

use crate::booking::{Doer, Kopecks, Price, Question, ResourceId, Service, ServiceId};

macro_rules! select_services {
    ($rest:literal) => {
        concat!(
            "select s.id, s.name, s.description, s.photo, s.category, s.duration_minutes, s.buffer_before_minutes,
                    s.buffer_after_minutes, s.price_kopecks, s.price_to_kopecks, s.step_minutes, s.step_offset_minutes,
                    s.notice_minutes, s.horizon_days, s.capacity, s.questions, s.active
               from services s ",
            $rest
        )
    };
}

/// A number of a row that no check lets be negative or large.
pub(super) fn small(n: i32) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

pub(super) fn minutes(n: i32) -> TimeDelta {
    TimeDelta::minutes(n.into())
}

pub(super) fn price(row: &PgRow) -> Result<Price, sqlx::Error> {
    let to: Option<i64> = row.try_get("price_to_kopecks")?;
    Ok(Price { from: Kopecks(row.try_get("price_kopecks")?), to: to.map(Kopecks) })
}

impl FromRow<'_, PgRow> for Service {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let length = |column| Ok::<_, sqlx::Error>(minutes(row.try_get::<i32, _>(column)?));
        let questions: Json<Vec<Question>> = row.try_get("questions")?;
        Ok(Self {
            id: ServiceId(row.try_get("id")?),
            name: row.try_get("name")?,
            description: row.try_get("description")?,
            photo: row.try_get("photo")?,
            category: row.try_get("category")?,
            duration: length("duration_minutes")?,
            buffer_before: length("buffer_before_minutes")?,
            buffer_after: length("buffer_after_minutes")?,
            price: price(row)?,
            step: row.try_get::<Option<i32>, _>("step_minutes")?.map(minutes),
            offset: length("step_offset_minutes")?,
            notice: row.try_get::<Option<i32>, _>("notice_minutes")?.map(minutes),
            horizon_days: row.try_get::<Option<i32>, _>("horizon_days")?.map(small),
            capacity: small(row.try_get("capacity")?).max(1),
            questions: questions.0,
        })
    }
}

/// Every service that somebody does, in the business's order.
///
/// # Errors
/// When Postgres fails.
pub async fn list_offered(executor: impl PgExecutor<'_>) -> Result<Vec<Service>, sqlx::Error> {
    sqlx::query_as(select_services!(
        "where s.active
            and exists (select 1 from service_resources sr join resources r on r.id = sr.resource_id
                         where sr.service_id = s.id and r.active)
          order by s.position, s.id"
    ))
    .fetch_all(executor)
    .await
}

/// Every service that was not removed, offered or not, in the business's order, and whether it is offered.
///
/// # Errors
/// When Postgres fails.
pub async fn list_kept(executor: impl PgExecutor<'_>) -> Result<Vec<(Service, bool)>, sqlx::Error> {
    let rows = sqlx::query(select_services!("where s.removed_at is null order by s.position, s.id"))
        .fetch_all(executor)
        .await?;
    rows.iter().map(|row| Ok((Service::from_row(row)?, row.try_get("active")?))).collect()
}

/// The same service once more at the end of the list, under this name, done by the same; none if it was removed.
///
/// # Errors
/// When Postgres fails.
pub async fn copy(conn: &mut sqlx::PgConnection, id: ServiceId, name: &str) -> Result<Option<ServiceId>, sqlx::Error> {
    let copy: Option<i64> = sqlx::query_scalar(
        "insert into services (name, duration_minutes, buffer_before_minutes, buffer_after_minutes, price_kopecks, position,
                active, description, photo, category, price_to_kopecks, step_minutes, step_offset_minutes, notice_minutes,
                horizon_days, capacity, questions)
         select $2, duration_minutes, buffer_before_minutes, buffer_after_minutes, price_kopecks,
                (select max(position) + 1 from services), active, description, photo, category, price_to_kopecks,
                step_minutes, step_offset_minutes, notice_minutes, horizon_days, capacity, questions
           from services where id = $1 and removed_at is null
         returning id",
    )
    .bind(id.0)
    .bind(name)
    .fetch_optional(&mut *conn)
    .await?;
    let Some(copy) = copy else { return Ok(None) };
    sqlx::query(
        "insert into service_resources (service_id, resource_id, duration_minutes, price_kopecks, price_to_kopecks)
         select $2, resource_id, duration_minutes, price_kopecks, price_to_kopecks from service_resources
          where service_id = $1",
    )
    .bind(id.0)
    .bind(copy)
    .execute(conn)
    .await?;
    Ok(Some(ServiceId(copy)))
}

/// Every service that this resource does, in the business's order.
///
/// # Errors
/// When Postgres fails.
pub async fn list_done_by(executor: impl PgExecutor<'_>, resource: ResourceId) -> Result<Vec<Service>, sqlx::Error> {
    sqlx::query_as(select_services!(
        "join service_resources sr on sr.service_id = s.id
          where s.active and sr.resource_id = $1 order by s.position, s.id"
    ))
    .bind(resource.0)
    .fetch_all(executor)
    .await
}

/// These services, unless they are no longer offered, in no particular order.
///
/// # Errors
/// When Postgres fails.
pub async fn find_active(executor: impl PgExecutor<'_>, ids: &[ServiceId]) -> Result<Vec<Service>, sqlx::Error> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    sqlx::query_as(select_services!("where s.id = any($1) and s.active")).bind(ids).fetch_all(executor).await
}

/// These services, offered or not, in no particular order.
///
/// # Errors
/// When Postgres fails.
pub async fn find(executor: impl PgExecutor<'_>, ids: &[ServiceId]) -> Result<Vec<Service>, sqlx::Error> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    sqlx::query_as(select_services!("where s.id = any($1)")).bind(ids).fetch_all(executor).await
}

/// Who does these services, each in the business's order, at what length and price; combinations after single ones.
/// A combination does what each of its members does; its length is the longest of theirs, its price the highest.
///
/// # Errors
/// When Postgres fails.
pub async fn doers(
    executor: impl PgExecutor<'_>,
    services: &[ServiceId],
) -> Result<HashMap<ServiceId, Vec<Doer>>, sqlx::Error> {
    let ids: Vec<i64> = services.iter().map(|id| id.0).collect();
    let rows = sqlx::query(
        "with one as (
             select s.id as service_id, r.id as resource_id, r.position, r.seats, s.capacity,
                    coalesce(sr.duration_minutes, s.duration_minutes) as duration_minutes,
                    case when sr.price_kopecks is null then s.price_kopecks else sr.price_kopecks end as price_kopecks,
                    case when sr.price_kopecks is null then s.price_to_kopecks else sr.price_to_kopecks end
                        as price_to_kopecks
               from services s
               join service_resources sr on sr.service_id = s.id
               join resources r on r.id = sr.resource_id
              where s.id = any($1) and r.active)
         select service_id, array[resource_id] as resource_ids, seats, duration_minutes, price_kopecks, price_to_kopecks,
                0 as together, position, resource_id as n
           from one
          union all
         select one.service_id, c.resource_ids,
                coalesce(c.seats, case when bool_and(one.seats is not null) then sum(one.seats)::int end),
                max(one.duration_minutes), max(one.price_kopecks),
                nullif(max(coalesce(one.price_to_kopecks, one.price_kopecks)), max(one.price_kopecks)),
                1, 0, c.id
           from combinations c join one on one.resource_id = any(c.resource_ids)
          where c.active and one.capacity = 1
          group by one.service_id, c.id
         having count(*) = cardinality(c.resource_ids)
          order by together, position, n",
    )
    .bind(ids)
    .fetch_all(executor)
    .await?;
    let mut doers: HashMap<ServiceId, Vec<Doer>> = HashMap::new();
    for row in rows {
        let resources: Vec<i64> = row.try_get("resource_ids")?;
        doers.entry(ServiceId(row.try_get("service_id")?)).or_default().push(Doer {
            resources: resources.into_iter().map(ResourceId).collect(),
            seats: row.try_get::<Option<i32>, _>("seats")?.map(small),
            duration: minutes(row.try_get("duration_minutes")?),
            price: price(&row)?,
        });
    }
    Ok(doers)
}
