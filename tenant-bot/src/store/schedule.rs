//! When one works: weeks, exceptions, blocks. Each resource's, and the business's own.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use sqlx::{PgConnection, PgExecutor, Row, postgres::PgRow};

use crate::booking::{
    ListedBlock, ResourceId, UserId,
    hours::{Hours, Span},
    schedule::{Block, BlockRepeats, Exception, Rota},
};

/// Who works when: the business, and these resources that have rules of their own.
#[derive(Clone, Debug, Default)]
pub struct Rotas {
    /// The business's.
    pub house: Rota,
    /// A resource's own.
    pub own: HashMap<ResourceId, Rota>,
    /// What is blocked for everybody.
    pub blocks: Vec<Block>,
    /// What is blocked for one.
    pub own_blocks: HashMap<ResourceId, Vec<Block>>,
}

impl Rotas {
    fn of(&mut self, resource: Option<i64>) -> &mut Rota {
        match resource {
            None => &mut self.house,
            Some(id) => self.own.entry(ResourceId(id)).or_default(),
        }
    }
}

fn zone(row: &PgRow) -> Result<Tz, sqlx::Error> {
    let name: String = row.try_get("zone")?;
    name.parse().map_err(|_| sqlx::Error::Decode(format!("a block in the zone «{name}»").into()))
}

fn block(row: &PgRow) -> Result<Block, sqlx::Error> {
    let weekdays: Option<Vec<i16>> = row.try_get("weekdays")?;
    let repeats = match weekdays {
        None => None,
        Some(days) => Some(BlockRepeats {
            zone: zone(row)?,
            weekdays: days.into_iter().filter_map(|d| u8::try_from(d).ok()).collect(),
            every_weeks: u8::try_from(row.try_get::<i16, _>("every_weeks")?).unwrap_or(1).max(1),
            until: row.try_get("repeats_until")?,
        }),
    };
    Ok(Block { span: Span { start: row.try_get("starts_at")?, end: row.try_get("ends_at")? }, repeats })
}

/// Reads the rules of the business and of these resources, as far as they matter to the dates from the one before `from`.
///
/// # Errors
/// When Postgres fails.
pub async fn rotas(conn: &mut PgConnection, resources: &[ResourceId], from: NaiveDate) -> Result<Rotas, sqlx::Error> {
    let ids: Vec<i64> = resources.iter().map(|r| r.0).collect();
    // One question for all three: a week is a row without dates, a block one with moments.
    let rows = sqlx::query(
        "select 'hours' as what, resource_id, weekday, opens, closes, null::date as first_day, null::date as last_day,
                null::timestamptz as starts_at, null::timestamptz as ends_at, null::smallint[] as weekdays,
                null::smallint as every_weeks, null::date as repeats_until, null::text as zone
           from working_hours where resource_id is null or resource_id = any($1)
          union all
         select 'exception', resource_id, null, opens, closes, first_day, last_day, null, null, null, null, null, null
           from schedule_exceptions where last_day >= $2 - 2 and (resource_id is null or resource_id = any($1))
          union all
         select 'block', resource_id, null, null, null, null, null, starts_at, ends_at, weekdays, every_weeks,
                repeats_until, zone
           from blocked_slots
          where removed_at is null and (resource_id is null or resource_id = any($1))
            and (weekdays is null and ends_at > ($2 - 2)::timestamp at time zone 'UTC'
                 or weekdays is not null and (repeats_until is null or repeats_until >= $2 - 3))",
    )
    .bind(ids)
    .bind(from)
    .fetch_all(conn)
    .await?;
    let below_zero = || sqlx::Error::Decode("working hours below zero".into());
    let mut rotas = Rotas::default();
    for row in rows {
        let resource: Option<i64> = row.try_get("resource_id")?;
        let hours = |row: &PgRow| -> Result<Option<(u16, u16)>, sqlx::Error> {
            let (opens, closes): (Option<i16>, Option<i16>) = (row.try_get("opens")?, row.try_get("closes")?);
            let Some((opens, closes)) = opens.zip(closes) else { return Ok(None) };
            Ok(Some((opens.try_into().map_err(|_| below_zero())?, closes.try_into().map_err(|_| below_zero())?)))
        };
        match row.try_get::<String, _>("what")?.as_str() {
            "hours" => {
                let (opens, closes) = hours(&row)?.ok_or_else(below_zero)?;
                let weekday = u8::try_from(row.try_get::<i16, _>("weekday")?).map_err(|_| below_zero())?;
                rotas.of(resource).week.push(Hours { weekday, opens, closes });
            }
            "exception" => {
                let (first_day, last_day) = (row.try_get("first_day")?, row.try_get("last_day")?);
                let exception = Exception { first_day, last_day, hours: hours(&row)? };
                rotas.of(resource).exceptions.push(exception);
            }
            _ => match resource {
                None => rotas.blocks.push(block(&row)?),
                Some(id) => rotas.own_blocks.entry(ResourceId(id)).or_default().push(block(&row)?),
            },
        }
    }
    Ok(rotas)
}

/// Other hours on these days of the week, for the business or a resource; none at all: closed.
///
/// # Errors
/// When Postgres fails.
pub async fn set_days(
    conn: &mut PgConnection,
    resource: Option<ResourceId>,
    weekdays: &[u8],
    hours: &[Hours],
) -> Result<(), sqlx::Error> {
    let days: Vec<i16> = weekdays.iter().map(|d| i16::from(*d)).collect();
    sqlx::query("delete from working_hours where resource_id is not distinct from $1 and weekday = any($2)")
        .bind(resource.map(|r| r.0))
        .bind(days)
        .execute(&mut *conn)
        .await?;
    for interval in hours {
        super::preset::insert_hours(conn, resource, *interval).await?;
    }
    Ok(())
}

/// Writes a block of a business in this zone.
///
/// # Errors
/// When Postgres fails.
pub async fn insert_block(
    executor: impl PgExecutor<'_>,
    resource: Option<ResourceId>,
    (block, zone): (&Block, Tz),
    reason: Option<&str>,
    by: UserId,
    now: DateTime<Utc>,
) -> Result<i64, sqlx::Error> {
    let repeats = block.repeats.as_ref();
    let zone = repeats.map_or(zone, |r| r.zone);
    let weekdays: Option<Vec<i16>> = repeats.map(|r| r.weekdays.iter().map(|d| i16::from(*d)).collect());
    sqlx::query_scalar(
        "insert into blocked_slots (resource_id, starts_at, ends_at, weekdays, every_weeks, repeats_until, reason,
                                    created_by, created_at, zone)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning id",
    )
    .bind(resource.map(|r| r.0))
    .bind(block.span.start)
    .bind(block.span.end)
    .bind(weekdays)
    .bind(repeats.map_or(1, |r| i16::from(r.every_weeks)))
    .bind(repeats.and_then(|r| r.until))
    .bind(reason)
    .bind(by.0)
    .bind(now)
    .bind(zone.name())
    .fetch_one(executor)
    .await
}

/// The blocks that are not over by this moment (those that come back: by this date), in order of beginning.
///
/// # Errors
/// When Postgres fails.
pub async fn blocks_after(
    executor: impl PgExecutor<'_>,
    date: NaiveDate,
    moment: DateTime<Utc>,
) -> Result<Vec<ListedBlock>, sqlx::Error> {
    let rows = sqlx::query(
        "select b.id, b.resource_id, r.name, b.starts_at, b.ends_at, b.weekdays, b.every_weeks, b.repeats_until, b.zone,
                b.reason
           from blocked_slots b left join resources r on r.id = b.resource_id
          where b.removed_at is null
            and (b.weekdays is null and b.ends_at > $1
                 or b.weekdays is not null and (b.repeats_until is null or b.repeats_until >= $2))
          order by b.starts_at, b.id",
    )
    .bind(moment)
    .bind(date)
    .fetch_all(executor)
    .await?;
    let listed = |row: &PgRow| {
        Ok(ListedBlock {
            id: row.try_get("id")?,
            resource: row.try_get::<Option<i64>, _>("resource_id")?.map(ResourceId),
            resource_name: row.try_get("name")?,
            block: block(row)?,
            reason: row.try_get("reason")?,
            may_remove: false,
        })
    };
    rows.iter().map(listed).collect()
}

/// Marks a block removed, and gives it back; none if it was gone.
///
/// # Errors
/// When Postgres fails.
pub async fn remove_block(
    executor: impl PgExecutor<'_>,
    id: i64,
    now: DateTime<Utc>,
) -> Result<Option<(Option<ResourceId>, Block)>, sqlx::Error> {
    let row = sqlx::query(
        "update blocked_slots set removed_at = $2 where id = $1 and removed_at is null
         returning resource_id, starts_at, ends_at, weekdays, every_weeks, repeats_until, zone",
    )
    .bind(id)
    .bind(now)
    .fetch_optional(executor)
    .await?;
    let whose = |row: &PgRow| Ok((row.try_get::<Option<i64>, _>("resource_id")?.map(ResourceId), block(row)?));
    row.as_ref().map(whose).transpose()
}

/// Every block that comes back and was not removed: its number, whose it is, and the block.
///
/// # Errors
/// When Postgres fails.
pub async fn returning_blocks(
    executor: impl PgExecutor<'_>,
) -> Result<Vec<(i64, Option<ResourceId>, Block)>, sqlx::Error> {
    let rows = sqlx::query(
        "select id, resource_id, starts_at, ends_at, weekdays, every_weeks, repeats_until, zone from blocked_slots
          where removed_at is null and weekdays is not null order by id",
    )
    .fetch_all(executor)
    .await?;
    rows.iter()
        .map(|row| {
            let resource: Option<i64> = row.try_get("resource_id")?;
            Ok((row.try_get("id")?, resource.map(ResourceId), block(row)?))
        })
        .collect()
}
