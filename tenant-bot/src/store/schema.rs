//! Which version the schema is.

use sqlx::PgExecutor;

/// The newest migration that was applied in full, and the schema that the connection works in. `None` if there is no
/// table of migrations, as in a schema that nobody has made yet.
///
/// # Errors
/// When Postgres fails otherwise.
pub async fn version(executor: impl PgExecutor<'_>) -> Result<(Option<String>, Option<i64>), sqlx::Error> {
    let row =
        sqlx::query_as("select current_schema()::text, (select max(version) from _sqlx_migrations where success)")
            .fetch_one(executor)
            .await;
    match row {
        // undefined_table
        Err(sqlx::Error::Database(e)) if e.code().as_deref() == Some("42P01") => Ok((None, None)),
        other => other,
    }
}
