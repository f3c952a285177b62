//! Table `sealing_keys`: by what each key is known again.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};

use super::{Result, sealed::COLUMNS};

#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct SealingKey {
    pub(crate) key_id: i16,
    pub(crate) salt: Vec<u8>,
    /// What everybody knows, sealed with the key.
    pub(crate) proof: Vec<u8>,
    pub(crate) created_at: DateTime<Utc>,
}

/// All keys, the newest first.
pub(crate) async fn all(db: impl PgExecutor<'_>) -> Result<Vec<SealingKey>> {
    sqlx::query_as("select key_id, salt, proof, created_at from sealing_keys order by created_at desc, key_id desc")
        .fetch_all(db)
        .await
}

/// Writes a key down. `false`: its number is taken.
pub(crate) async fn register(db: impl PgExecutor<'_>, key: &SealingKey) -> Result<bool> {
    let done = sqlx::query(
        "insert into sealing_keys (key_id, salt, proof, created_at) values ($1, $2, $3, $4)
         on conflict (key_id) do nothing",
    )
    .bind(key.key_id)
    .bind(&key.salt)
    .bind(&key.proof)
    .bind(key.created_at)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets every key but this one that nothing is sealed with; gives their numbers. Should something be sealed with
/// one in this very moment, Postgres refuses and all stay.
pub(crate) async fn forget_unused(db: &mut PgConnection, but: u8) -> Result<Vec<i16>> {
    let unused: Vec<String> = COLUMNS
        .iter()
        .map(|c| format!("not exists (select 1 from {} where {} = sealing_keys.key_id)", c.table, c.key))
        .collect();
    let sql = format!("delete from sealing_keys where key_id <> $1 and {} returning key_id", unused.join(" and "));
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(i16::from(but)).fetch_all(db).await
}
