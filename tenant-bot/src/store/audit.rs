//! Who of the team did what.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{PgExecutor, QueryBuilder};

use crate::booking::UserId;

/// An act, to be noted in the transaction that does it.
#[derive(Clone, Debug)]
pub struct Deed<'a> {
    /// Who.
    pub by: UserId,
    /// `area.deed`.
    pub action: &'a str,
    /// To what, as people know it; what is longer than 200 characters is cut.
    pub subject: Option<&'a str>,
    /// An object that tells it exactly.
    pub detail: Value,
}

/// A row.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct Row {
    /// Its number; a later act has a higher one.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who, by Telegram's id.
    pub actor_id: i64,
    /// What they were called then; empty if nobody knew.
    pub actor_name: String,
    /// `area.deed`.
    pub action: String,
    /// To what.
    pub subject: Option<String>,
    /// What exactly.
    pub detail: Value,
}

/// Notes an act, with the name that its doer goes by now.
///
/// # Errors
/// When Postgres fails.
pub async fn append(executor: impl PgExecutor<'_>, deed: &Deed<'_>, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let subject: Option<String> = deed.subject.filter(|s| !s.is_empty()).map(|s| s.chars().take(200).collect());
    sqlx::query(
        "insert into audit_log (at, actor_id, actor_name, action, subject, detail)
         values ($1, $2, coalesce((select nullif(concat_ws(' ', first_name, last_name), '') from users where user_id = $2),
                                  (select nullif(name, '') from admins where user_id = $2), ''), $3, $4, $5)",
    )
    .bind(now)
    .bind(deed.by.0)
    .bind(deed.action)
    .bind(subject)
    .bind(&deed.detail)
    .execute(executor)
    .await
    .map(|_| ())
}

/// Rows older than `before` (none: the newest), newest first, of one area or of one person if so wanted.
///
/// # Errors
/// When Postgres fails.
pub async fn list(
    executor: impl PgExecutor<'_>,
    (area, by): (Option<&str>, Option<UserId>),
    before: Option<i64>,
    most: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    let mut sql =
        QueryBuilder::new("select id, at, actor_id, actor_name, action, subject, detail from audit_log where true");
    if let Some(before) = before {
        sql.push(" and id < ").push_bind(before);
    }
    if let Some(area) = area {
        sql.push(" and split_part(action, '.', 1) = ").push_bind(area.to_owned());
    }
    if let Some(by) = by {
        sql.push(" and actor_id = ").push_bind(by.0);
    }
    sql.push(" order by id desc limit ").push_bind(most);
    sql.build_query_as().fetch_all(executor).await
}

/// The number that is higher than that of every act before this moment.
///
/// # Errors
/// When Postgres fails.
pub async fn first_since(executor: impl PgExecutor<'_>, moment: DateTime<Utc>) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("select coalesce(max(id), 0) + 1 from audit_log where at < $1")
        .bind(moment)
        .fetch_one(executor)
        .await
}

/// The areas in which anything was done, and the people who did it, with their newest names.
///
/// # Errors
/// When Postgres fails.
pub async fn filters(executor: impl PgExecutor<'_> + Copy) -> Result<(Vec<String>, Vec<(i64, String)>), sqlx::Error> {
    let areas = sqlx::query_scalar("select distinct split_part(action, '.', 1) from audit_log order by 1")
        .fetch_all(executor)
        .await?;
    let people = sqlx::query_as(
        "select distinct on (actor_id) actor_id, actor_name from audit_log order by actor_id, id desc limit 20",
    )
    .fetch_all(executor)
    .await?;
    Ok((areas, people))
}
