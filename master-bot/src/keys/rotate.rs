//! Everything that is sealed with a former key is sealed anew with the current one.
//!
//! Row by row, each in a transaction of its own that puts the new blob in the place of just the old one: whoever
//! writes a newer secret meanwhile (a running master, which seals with the current key by then) is not overwritten,
//! and a kill at any row leaves a registry that both keys open. What is done is known by the key that the row names,
//! so another run goes on where this one ended.

use anyhow::{Context, Result};
use shared::seal::Sealer;
use sqlx::PgPool;

use crate::registry::{
    sealed::{self, COLUMNS, Column},
    sealing_keys,
};

/// Secrets read at once.
const BATCH: i64 = 100;

/// How far it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    pub(crate) column: Column,
    /// Secrets of this column that this run has sealed anew.
    pub(crate) done: u64,
}

/// What a run has done.
#[derive(Debug, Default)]
pub(crate) struct Rotated {
    pub(crate) done: u64,
    /// Secrets that open with no key we hold: `bots/4242/token`.
    pub(crate) damaged: Vec<String>,
    /// Keys that nobody needs any more.
    pub(crate) forgotten: Vec<i16>,
}

/// Seals everything anew that is not under the sealer's current key, then forgets the keys that nothing is under.
///
/// # Errors
/// When the registry fails; what is done stays done.
pub(crate) async fn rotate(pool: &PgPool, sealer: &Sealer, mut tell: impl FnMut(Progress)) -> Result<Rotated> {
    let mut all = Rotated::default();
    for column in COLUMNS {
        let mut progress = Progress { column, done: 0 };
        let mut after = String::new();
        loop {
            let batch = sealed::under_other_keys(pool, &column, sealer.key_id(), &after, BATCH).await?;
            let Some((last, _)) = batch.last() else { break };
            after.clone_from(last);
            for (id, old) in &batch {
                let row = column.row(id);
                let Ok(secret) = sealer.open(&row, old) else {
                    all.damaged.push(row);
                    continue;
                };
                let new = sealer.seal(&row, &secret)?;
                if sealed::exchange(pool, &column, id, old, &new).await? {
                    progress.done += 1;
                }
            }
            tell(progress);
        }
        all.done += progress.done;
    }
    let mut db = pool.acquire().await?;
    all.forgotten = match sealing_keys::forget_unused(&mut db, sealer.key_id()).await {
        Ok(forgotten) => forgotten,
        // Something was sealed with one of them in this moment, by a master that was started before the change.
        Err(sqlx::Error::Database(error)) if error.is_foreign_key_violation() => Vec::new(),
        Err(error) => return Err(error).context("forgetting the former keys"),
    };
    Ok(all)
}
