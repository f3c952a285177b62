//! Tables (or rooms) that may be put together for one party.

use sqlx::PgExecutor;

use super::services::small;
use crate::booking::{Combination, ResourceId};

/// All of them, with their numbers; one that names a resource that was removed is not shown.
///
/// # Errors
/// When Postgres fails.
pub async fn list(executor: impl PgExecutor<'_>) -> Result<Vec<(i64, Combination)>, sqlx::Error> {
    let rows: Vec<(i64, Vec<i64>, Option<i32>)> = sqlx::query_as(
        "select c.id, c.resource_ids, c.seats from combinations c
          where c.active and not exists (select 1 from resources r
                                          where r.id = any(c.resource_ids) and r.removed_at is not null)
          order by c.id",
    )
    .fetch_all(executor)
    .await?;
    let read = |(id, ids, seats): (i64, Vec<i64>, Option<i32>)| {
        (id, Combination { resources: ids.into_iter().map(ResourceId).collect(), seats: seats.map(small) })
    };
    Ok(rows.into_iter().map(read).collect())
}

/// Writes one.
///
/// # Errors
/// When Postgres fails.
pub async fn insert(executor: impl PgExecutor<'_>, new: &Combination) -> Result<i64, sqlx::Error> {
    let ids: Vec<i64> = new.resources.iter().map(|r| r.0).collect();
    sqlx::query_scalar("insert into combinations (resource_ids, seats) values ($1, $2) returning id")
        .bind(ids)
        .bind(new.seats.map(i32::from))
        .fetch_one(executor)
        .await
}

/// How many people it takes from now on; `false` if it is gone.
///
/// # Errors
/// When Postgres fails.
pub async fn set_seats(executor: impl PgExecutor<'_>, id: i64, seats: Option<u16>) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("update combinations set seats = $2 where id = $1 and active")
        .bind(id)
        .bind(seats.map(i32::from))
        .execute(executor)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes one away; `false` if it was gone.
///
/// # Errors
/// When Postgres fails.
pub async fn remove(executor: impl PgExecutor<'_>, id: i64) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("update combinations set active = false where id = $1 and active")
        .bind(id)
        .execute(executor)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes all of them away.
///
/// # Errors
/// When Postgres fails.
pub async fn remove_all(executor: impl PgExecutor<'_>) -> Result<(), sqlx::Error> {
    sqlx::query("update combinations set active = false where active").execute(executor).await.map(|_| ())
}
