//! What is true of the business as a whole.

use std::{collections::HashMap, str::FromStr};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use shared::texts::Lang;
use sqlx::PgExecutor;

use crate::booking::{
    Business, Place,
    policy::{Admits, Approval, Policy},
};

/// A year: beyond it no sum of times could overflow, and nobody means it.
const YEAR_IN_MINUTES: i64 = 525_600;
/// More reminders of one visit than this nobody wants.
const MOST_REMINDERS: usize = 10;

/// All rows, read as what they should be.
struct Rows(HashMap<String, String>);

impl Rows {
    fn text(&self, key: &str) -> Option<String> {
        self.0.get(key).filter(|v| !v.is_empty()).cloned()
    }

    /// A row that cannot be read as what it should be.
    fn unreadable(&self, key: &str) -> sqlx::Error {
        let value = self.0.get(key).map_or("nothing", String::as_str);
        sqlx::Error::Decode(format!("the setting «{key}» is «{value}»").into())
    }

    fn read<T>(&self, key: &str, default: T, read: impl Fn(&str) -> Option<T>) -> Result<T, sqlx::Error> {
        self.0.get(key).map_or(Ok(default), |v| read(v).ok_or_else(|| self.unreadable(key)))
    }

    fn number<T: FromStr>(&self, key: &str, default: T) -> Result<T, sqlx::Error> {
        self.read(key, default, |v| v.parse().ok())
    }

    /// A number, or `off`.
    fn optional<T: FromStr>(&self, key: &str, default: Option<T>) -> Result<Option<T>, sqlx::Error> {
        self.read(key, default, |v| if v == "off" { Some(None) } else { v.parse().ok().map(Some) })
    }

    fn minutes(&self, key: &str, default: TimeDelta, least: i64) -> Result<TimeDelta, sqlx::Error> {
        self.read(key, default, |v| minutes(v, least))
    }

    fn optional_minutes(
        &self,
        key: &str,
        default: Option<TimeDelta>,
        least: i64,
    ) -> Result<Option<TimeDelta>, sqlx::Error> {
        self.read(key, default, |v| if v == "off" { Some(None) } else { minutes(v, least).map(Some) })
    }
}

fn minutes(text: &str, least: i64) -> Option<TimeDelta> {
    text.parse().ok().filter(|n| (least..=YEAR_IN_MINUTES).contains(n)).map(TimeDelta::minutes)
}

/// `1440,120,60`, or nothing for none.
fn leads(text: &str) -> Option<Vec<TimeDelta>> {
    let mut leads: Vec<TimeDelta> =
        text.split(',').filter(|part| !part.is_empty()).map(|part| minutes(part, 5)).collect::<Option<_>>()?;
    leads.sort_unstable();
    leads.dedup();
    (leads.len() <= MOST_REMINDERS && leads.iter().all(|lead| lead.num_days() <= 30)).then_some(leads)
}

fn policy(rows: &Rows) -> Result<Policy, sqlx::Error> {
    let default = Policy::default();
    Ok(Policy {
        step: rows.minutes("step_minutes", default.step, 5)?,
        notice: rows.minutes("notice_minutes", default.notice, 0)?,
        horizon_days: rows.number("horizon_days", default.horizon_days)?.min(365),
        cancel_deadline: rows.minutes("cancel_deadline_minutes", default.cancel_deadline, 0)?,
        move_deadline: rows.minutes("move_deadline_minutes", default.move_deadline, 0)?,
        active_limit: rows.number("active_limit", default.active_limit)?,
        approval: rows.read("approval", default.approval, |v| match v {
            "at_once" => Some(Approval::AtOnce),
            "by_request" => Some(Approval::ByRequest),
            _ => None,
        })?,
        admits: rows.read("admits", default.admits, |v| match v {
            "everyone" => Some(Admits::Everyone),
            "known" => Some(Admits::Known),
            "nobody" => Some(Admits::Nobody),
            _ => None,
        })?,
        no_show_limit: rows.optional("no_show_limit", default.no_show_limit)?,
        daily_cap: rows.optional("daily_cap", default.daily_cap)?,
        resource_daily_cap: rows.optional("resource_daily_cap", default.resource_daily_cap)?,
        customer_daily_cap: rows.optional("customer_daily_cap", default.customer_daily_cap)?,
        hold: rows.minutes("hold_minutes", default.hold, 1)?,
        offer: rows.minutes("offer_minutes", default.offer, 1)?,
        waitlist: rows.read("waitlist", default.waitlist, |v| match v {
            "on" => Some(true),
            "off" => Some(false),
            _ => None,
        })?,
        visit_limit: rows.number("visit_limit", default.visit_limit)?.clamp(1, 8),
        repeat_limit: rows.number("repeat_limit", default.repeat_limit)?.min(52),
        reminders: rows.read("reminder_minutes", default.reminders.clone(), leads)?,
        free_unanswered: rows.optional_minutes("free_unanswered_minutes", default.free_unanswered, 5)?,
        feedback_after: rows.optional_minutes("feedback_minutes", default.feedback_after, 0)?,
    })
}

/// The business, its zone, its policy, and where it is. A policy value that was never set has its default.
///
/// # Errors
/// When Postgres fails, or a setting is missing or not understood.
pub async fn business(executor: impl PgExecutor<'_>) -> Result<Business, sqlx::Error> {
    let rows: Vec<(String, String)> = sqlx::query_as("select key, value from settings").fetch_all(executor).await?;
    let rows = Rows(rows.into_iter().collect());
    let zone: Option<Tz> = rows.0.get("zone").and_then(|z| z.parse().ok());
    Ok(Business {
        name: rows.0.get("business_name").ok_or_else(|| rows.unreadable("business_name"))?.clone(),
        zone: zone.ok_or_else(|| rows.unreadable("zone"))?,
        language: Lang::from_code(rows.0.get("language").map(String::as_str)),
        policy: policy(&rows)?,
        place: Place {
            address: rows.text("address"),
            phone: rows.text("phone"),
            review_url: rows.text("review_url").filter(|url| url.starts_with("https://")),
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

/// Takes a setting away if this is its value.
///
/// # Errors
/// When Postgres fails.
pub async fn remove_if(executor: impl PgExecutor<'_>, key: &str, value: &str) -> Result<(), sqlx::Error> {
    sqlx::query("delete from settings where key = $1 and value = $2")
        .bind(key)
        .bind(value)
        .execute(executor)
        .await
        .map(|_| ())
}

/// Writes a setting, whatever it was.
///
/// # Errors
/// When Postgres fails.
pub async fn set(executor: impl PgExecutor<'_>, key: &str, value: &str, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into settings (key, value, updated_at) values ($1, $2, $3)
         on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at",
    )
    .bind(key)
    .bind(value)
    .bind(now)
    .execute(executor)
    .await
    .map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Policy, sqlx::Error> {
        policy(&Rows(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()))
    }

    #[test]
    fn what_was_never_set_has_its_default() {
        assert_eq!(read(&[]).unwrap(), Policy { reminders: read(&[]).unwrap().reminders, ..Policy::default() });
    }

    #[test]
    fn what_is_set_is_read_and_nonsense_is_told_with_its_name() {
        let policy = read(&[
            ("approval", "by_request"),
            ("daily_cap", "12"),
            ("feedback_minutes", "off"),
            ("reminder_minutes", "60,2880"),
        ])
        .unwrap();
        assert_eq!(policy.approval, Approval::ByRequest);
        assert_eq!((policy.daily_cap, policy.feedback_after), (Some(12), None));
        assert_eq!(policy.reminders, [TimeDelta::minutes(60), TimeDelta::minutes(2880)]);
        assert_eq!(read(&[("reminder_minutes", "")]).unwrap().reminders, []);
        for wrong in [("approval", "maybe"), ("daily_cap", "-1"), ("hold_minutes", "0"), ("reminder_minutes", "1,x")] {
            let told = read(&[wrong]).unwrap_err().to_string();
            assert!(told.contains(wrong.0) && told.contains(wrong.1), "{told}");
        }
    }
}
