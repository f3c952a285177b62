//! Every sealed column of the registry, and what a change of keys does with them.
//!
//! Whoever adds a sealed column adds it here, with a generated column for its key as in `0003_sealing_keys.sql`: a
//! test compares this list with the tables.

use std::fmt::{self, Display};

use sqlx::PgExecutor;

use super::Result;

/// A column with secrets, one per row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) table: &'static str,
    /// The column that names the row.
    pub(crate) id: &'static str,
    pub(crate) column: &'static str,
    /// The generated column with the key's number.
    pub(crate) key: &'static str,
    /// What the secret is called within its row.
    what: &'static str,
}

pub(crate) const TOKEN: Column =
    Column { table: "bots", id: "bot_id", column: "token_sealed", key: "token_key", what: "token" };
pub(crate) const PG_PASSWORD: Column =
    Column { table: "tenants", id: "slug", column: "pg_password_sealed", key: "pg_password_key", what: "pg" };
pub(crate) const REDIS_PASSWORD: Column =
    Column { table: "tenants", id: "slug", column: "redis_password_sealed", key: "redis_password_key", what: "redis" };

pub(crate) const COLUMNS: [Column; 3] = [TOKEN, PG_PASSWORD, REDIS_PASSWORD];

impl Column {
    /// What the secret of row `id` is sealed for.
    pub(crate) fn row(&self, id: impl Display) -> String {
        format!("{}/{id}/{}", self.table, self.what)
    }
}

impl Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.table, self.column)
    }
}

/// How many secrets of the column are under which key.
pub(crate) async fn counts(db: impl PgExecutor<'_>, column: &Column) -> Result<Vec<(i16, i64)>> {
    let Column { table, key, .. } = column;
    let sql = format!("select {key}, count(*) from {table} where {key} is not null group by {key} order by {key}");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(db).await
}

/// The next secrets that are under another key than this, after row `after`: row and blob.
pub(crate) async fn under_other_keys(
    db: impl PgExecutor<'_>,
    column: &Column,
    key_id: u8,
    after: &str,
    most: i64,
) -> Result<Vec<(String, Vec<u8>)>> {
    let Column { table, id, column, key, .. } = column;
    let sql = format!(
        "select {id}::text, {column} from {table} where {key} <> $1 and {id}::text > $2 collate \"C\"
          order by {id}::text collate \"C\" limit $3"
    );
    let query = sqlx::query_as(sqlx::AssertSqlSafe(sql));
    query.bind(i16::from(key_id)).bind(after).bind(most).fetch_all(db).await
}

/// Puts `new` in the place of `old`. `false`: something else stands there by now.
pub(crate) async fn exchange(
    db: impl PgExecutor<'_>,
    column: &Column,
    row: &str,
    old: &[u8],
    new: &[u8],
) -> Result<bool> {
    let Column { table, id, column, .. } = column;
    let sql = format!("update {table} set {column} = $3 where {id}::text = $1 and {column} = $2");
    let done = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(row).bind(old).bind(new).execute(db).await?;
    Ok(done.rows_affected() == 1)
}
