//! Weeks of work.

use std::collections::HashMap;

use sqlx::PgExecutor;

use crate::booking::{ResourceId, hours::Hours};

/// The week of the business, and those of these resources that have one of their own.
#[derive(Clone, Debug, Default)]
pub struct Weeks {
    /// The business's.
    pub business: Vec<Hours>,
    /// A resource's own.
    pub own: HashMap<ResourceId, Vec<Hours>>,
}

/// Reads the weeks.
///
/// # Errors
/// When Postgres fails.
pub async fn weeks(executor: impl PgExecutor<'_>, resources: &[ResourceId]) -> Result<Weeks, sqlx::Error> {
    let ids: Vec<i64> = resources.iter().map(|r| r.0).collect();
    let rows: Vec<(Option<i64>, i16, i16, i16)> = sqlx::query_as(
        "select resource_id, weekday, opens, closes from working_hours
          where resource_id is null or resource_id = any($1)",
    )
    .bind(ids)
    .fetch_all(executor)
    .await?;
    let mut weeks = Weeks::default();
    for (resource, weekday, opens, closes) in rows {
        let (Ok(weekday), Ok(opens), Ok(closes)) = (weekday.try_into(), opens.try_into(), closes.try_into()) else {
            return Err(sqlx::Error::Decode("working hours below zero".into()));
        };
        let hours = Hours { weekday, opens, closes };
        match resource {
            None => weeks.business.push(hours),
            Some(id) => weeks.own.entry(ResourceId(id)).or_default().push(hours),
        }
    }
    Ok(weeks)
}
