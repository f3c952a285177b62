//! One column of one row of what the business offers: each act writes no more than it is about, so that of two people who
//! edit one service at once neither undoes what the other did to another field.

use serde_json::Value;
use sqlx::{PgConnection, PgExecutor, QueryBuilder};

/// A table of what the business offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Services.
    Services,
    /// Resources.
    Resources,
}

impl Table {
    fn name(self) -> &'static str {
        match self {
            Self::Services => "services",
            Self::Resources => "resources",
        }
    }
}

/// The row as it is, locked; none if it was removed.
///
/// # Errors
/// When Postgres fails.
pub async fn lock(conn: &mut PgConnection, table: Table, id: i64) -> Result<Option<Value>, sqlx::Error> {
    let mut sql = QueryBuilder::new("select to_jsonb(t) from ");
    sql.push(table.name()).push(" t where removed_at is null and id = ").push_bind(id).push(" for no key update");
    sql.build_query_scalar().fetch_optional(conn).await
}

/// Writes columns, each read from JSON as what it is.
///
/// # Errors
/// When Postgres fails, or a value is none of its column's.
pub async fn set(
    conn: &mut PgConnection,
    table: Table,
    id: i64,
    columns: &[(&'static str, Value)],
) -> Result<(), sqlx::Error> {
    let row: serde_json::Map<String, Value> = columns.iter().map(|(c, v)| ((*c).to_owned(), v.clone())).collect();
    let mut sql = QueryBuilder::new("update ");
    sql.push(table.name()).push(" t set ");
    for (n, (column, _)) in columns.iter().enumerate() {
        sql.push(if n > 0 { ", " } else { "" }).push(*column).push(" = r.").push(*column);
    }
    sql.push(" from jsonb_populate_record(null::").push(table.name()).push(", ").push_bind(Value::Object(row));
    sql.push(") r where t.id = ").push_bind(id);
    sql.build().execute(conn).await.map(|_| ())
}

/// The numbers of all that were not removed, in the business's order.
///
/// # Errors
/// When Postgres fails.
pub async fn order(executor: impl PgExecutor<'_>, table: Table) -> Result<Vec<i64>, sqlx::Error> {
    let mut sql = QueryBuilder::new("select id from ");
    sql.push(table.name()).push(" where removed_at is null order by position, id");
    sql.build_query_scalar().fetch_all(executor).await
}

/// Puts them into this order.
///
/// # Errors
/// When Postgres fails.
pub async fn reorder(conn: &mut PgConnection, table: Table, ids: &[i64]) -> Result<(), sqlx::Error> {
    let mut sql = QueryBuilder::new("update ");
    sql.push(table.name()).push(" t set position = u.n::int from unnest(").push_bind(ids.to_vec());
    sql.push("::bigint[]) with ordinality u (id, n) where t.id = u.id");
    sql.build().execute(conn).await.map(|_| ())
}

/// Takes everything of a table away.
///
/// # Errors
/// When Postgres fails.
pub async fn remove_all(
    conn: &mut PgConnection,
    table: Table,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), sqlx::Error> {
    let mut sql = QueryBuilder::new("update ");
    sql.push(table.name()).push(" set active = false, removed_at = ").push_bind(now).push(" where removed_at is null");
    sql.build().execute(conn).await.map(|_| ())
}

/// Bookings that are ahead and name this service or this resource.
///
/// # Errors
/// When Postgres fails.
pub async fn bookings_ahead(
    executor: impl PgExecutor<'_>,
    table: Table,
    id: i64,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<i64, sqlx::Error> {
    let sql = match table {
        Table::Services => {
            "select count(*) from bookings b
              where b.status in ('requested', 'confirmed', 'arrived') and b.ends_at > $2
                and (b.service_id = $1
                     or exists (select 1 from booking_lines l where l.booking_id = b.id and l.service_id = $1))"
        }
        Table::Resources => {
            "select count(*) from bookings b
              where b.status in ('requested', 'confirmed', 'arrived') and b.ends_at > $2
                and (b.resource_id = $1
                     or exists (select 1 from booking_lines l where l.booking_id = b.id and $1 = any(l.resource_ids)))"
        }
    };
    sqlx::query_scalar(sql).bind(id).bind(now).fetch_one(executor).await
}
