//! Days that differ from the week.

use chrono::NaiveDate;
use sqlx::{FromRow, PgConnection, PgExecutor, Row, postgres::PgRow};

use super::services::small;
use crate::booking::ResourceId;

/// One interval of such days, or that they are closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionRow {
    /// Its number.
    pub id: i64,
    /// Whose; none: the business's.
    pub resource: Option<ResourceId>,
    /// The first of the dates.
    pub first_day: NaiveDate,
    /// The last of them.
    pub last_day: NaiveDate,
    /// Minutes since midnight; none: closed.
    pub hours: Option<(u16, u16)>,
    /// What for.
    pub note: Option<String>,
}

impl FromRow<'_, PgRow> for ExceptionRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let minute = |column| Ok::<_, sqlx::Error>(row.try_get::<Option<i16>, _>(column)?.map(|m| small(m.into())));
        Ok(Self {
            id: row.try_get("id")?,
            resource: row.try_get::<Option<i64>, _>("resource_id")?.map(ResourceId),
            first_day: row.try_get("first_day")?,
            last_day: row.try_get("last_day")?,
            hours: minute("opens")?.zip(minute("closes")?),
            note: row.try_get("note")?,
        })
    }
}

/// Those that are not over on this date, the nearest first; of resources that were removed none.
///
/// # Errors
/// When Postgres fails.
pub async fn list(executor: impl PgExecutor<'_>, today: NaiveDate) -> Result<Vec<ExceptionRow>, sqlx::Error> {
    sqlx::query_as(
        "select e.id, e.resource_id, e.first_day, e.last_day, e.opens, e.closes, e.note
           from schedule_exceptions e left join resources r on r.id = e.resource_id
          where e.last_day >= $1 and r.removed_at is null
          order by e.first_day, e.last_day, e.resource_id nulls first, e.note, e.opens, e.id",
    )
    .bind(today)
    .fetch_all(executor)
    .await
}

/// Writes one row; its number does not matter.
///
/// # Errors
/// When Postgres fails.
pub async fn insert(conn: &mut PgConnection, new: &ExceptionRow) -> Result<(), sqlx::Error> {
    let minute = |m: u16| i16::try_from(m).unwrap_or(i16::MAX);
    sqlx::query(
        "insert into schedule_exceptions (resource_id, first_day, last_day, opens, closes, note)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(new.resource.map(|r| r.0))
    .bind(new.first_day)
    .bind(new.last_day)
    .bind(new.hours.map(|(opens, _)| minute(opens)))
    .bind(new.hours.map(|(_, closes)| minute(closes)))
    .bind(new.note.as_deref())
    .execute(conn)
    .await
    .map(|_| ())
}

/// Takes rows away; how many there were.
///
/// # Errors
/// When Postgres fails.
pub async fn remove(conn: &mut PgConnection, ids: &[i64]) -> Result<u64, sqlx::Error> {
    let done = sqlx::query("delete from schedule_exceptions where id = any($1)").bind(ids).execute(conn).await?;
    Ok(done.rows_affected())
}
