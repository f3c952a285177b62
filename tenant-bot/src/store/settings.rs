//! What is true of the business as a whole.

use std::{collections::HashMap, str::FromStr};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use shared::texts::Lang;
use sqlx::PgExecutor;

use crate::booking::{Business, policy::Policy};

/// A row that cannot be read as what it should be.
fn unreadable(key: &str, value: Option<&String>) -> sqlx::Error {
    let value = value.map_or("nothing", String::as_str);
    sqlx::Error::Decode(format!("the setting «{key}» is «{value}»").into())
}

fn number<T: FromStr + Copy>(rows: &HashMap<String, String>, key: &str, default: T) -> Result<T, sqlx::Error> {
    rows.get(key).map_or(Ok(default), |v| v.parse().map_err(|_| unreadable(key, Some(v))))
}

fn minutes(
    rows: &HashMap<String, String>,
    key: &str,
    default: TimeDelta,
    least: i64,
) -> Result<TimeDelta, sqlx::Error> {
    let n: i64 = number(rows, key, default.num_minutes())?;
    // A year: beyond it no sum of times could overflow, and nobody means it.
    if (least..=525_600).contains(&n) { Ok(TimeDelta::minutes(n)) } else { Err(unreadable(key, rows.get(key))) }
}

/// The business, its zone and its policy. A policy value that was never set has its default.
///
/// # Errors
/// When Postgres fails, or a setting is missing or not understood.
pub async fn business(executor: impl PgExecutor<'_>) -> Result<Business, sqlx::Error> {
    let rows: Vec<(String, String)> = sqlx::query_as("select key, value from settings").fetch_all(executor).await?;
    let rows: HashMap<String, String> = rows.into_iter().collect();
    let zone: Option<Tz> = rows.get("zone").and_then(|z| z.parse().ok());
    let default = Policy::default();
    Ok(Business {
        name: rows.get("business_name").ok_or_else(|| unreadable("business_name", None))?.clone(),
        zone: zone.ok_or_else(|| unreadable("zone", rows.get("zone")))?,
        language: Lang::from_code(rows.get("language").map(String::as_str)),
        policy: Policy {
            step: minutes(&rows, "step_minutes", default.step, 5)?,
            notice: minutes(&rows, "notice_minutes", default.notice, 0)?,
            horizon_days: number(&rows, "horizon_days", default.horizon_days)?.min(365),
            cancel_deadline: minutes(&rows, "cancel_deadline_minutes", default.cancel_deadline, 0)?,
            active_limit: number(&rows, "active_limit", default.active_limit)?,
        },
    })
}

/// One setting.
///
/// # Errors
/// When Postgres fails.
pub async fn find(executor: impl PgExecutor<'_>, key: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("select value from settings where key = $1").bind(key).fetch_optional(executor).await
}

/// Writes a setting unless it is there; `false` if it was. Waits for a transaction that is writing the same one.
///
/// # Errors
/// When Postgres fails.
pub async fn set_once(
    executor: impl PgExecutor<'_>,
    key: &str,
    value: &str,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let done =
        sqlx::query("insert into settings (key, value, updated_at) values ($1, $2, $3) on conflict (key) do nothing")
            .bind(key)
            .bind(value)
            .bind(now)
            .execute(executor)
            .await?;
    Ok(done.rows_affected() == 1)
}
