//! Everything that a business owns, table by table.

use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection};

/// A table that is given away, and the order of its rows.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// What it is called, in the schema and in the archive.
    pub name: &'static str,
    order: &'static str,
}

const fn table(name: &'static str, order: &'static str) -> Table {
    Table { name, order }
}

/// All of them. What is left out says nothing of its own: what takes time (`occupancy`, `seats`, `capped_days`,
/// `freed_times`) and what will fall due (`reminders`) follows from bookings and rules; letters and cards (`outbox`, `work_cards`)
/// are on their way; links (`invites`) are keys; `admin_sessions` is where somebody stands;
/// `service_stage` and the list of migrations are not the business's.
pub const TABLES: [Table; 22] = [
    table("settings", "key"),
    table("text_templates", "key, language"),
    table("admins", "user_id"),
    table("users", "user_id"),
    table("services", "position, id"),
    table("resources", "position, id"),
    table("service_resources", "service_id, resource_id"),
    table("combinations", "id"),
    table("working_hours", "id"),
    table("schedule_exceptions", "id"),
    table("blocked_slots", "id"),
    table("bookings", "id"),
    table("booking_lines", "booking_id, position"),
    table("booking_history", "booking_id, id"),
    table("sessions", "id"),
    table("feedback", "booking_id"),
    table("waitlist", "id"),
    table("work_chats", "chat_id"),
    table("broadcasts", "id"),
    table("broadcast_letters", "broadcast_id, chat_id"),
    table("audit_log", "id"),
    table("analytics", "day, what, source"),
];

/// The names of a table's columns, in their order.
///
/// # Errors
/// When Postgres fails.
pub async fn columns(conn: &mut PgConnection, table: Table) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "select column_name::text from information_schema.columns
          where table_schema = current_schema() and table_name = $1 order by ordinal_position",
    )
    .bind(table.name)
    .fetch_all(conn)
    .await
}

/// From here on the transaction sees everything as it is at this moment. To be asked before anything else.
///
/// # Errors
/// When Postgres fails.
pub async fn stand_still(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("set transaction isolation level repeatable read").execute(conn).await.map(|_| ())
}

/// Begins to read a table; one at a time.
///
/// # Errors
/// When Postgres fails.
pub async fn open(conn: &mut PgConnection, table: Table) -> Result<(), sqlx::Error> {
    let Table { name, order } = table;
    // Both are words of this file.
    let sql = format!(
        "declare given_away no scroll cursor for select row_to_json(t) from (select * from {name} order by {order}) t"
    );
    sqlx::query(AssertSqlSafe(sql)).execute(conn).await.map(|_| ())
}

/// The next rows of the table that is being read, as objects; none are left when there are none.
///
/// # Errors
/// When Postgres fails.
pub async fn next(conn: &mut PgConnection) -> Result<Vec<Value>, sqlx::Error> {
    sqlx::query_scalar("fetch 500 from given_away").fetch_all(conn).await
}

/// Ends reading.
///
/// # Errors
/// When Postgres fails.
pub async fn close(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("close given_away").execute(conn).await.map(|_| ())
}
