//! The keys that secrets are sealed with: known again at the start, changed, and replaced when lost.
//!
//! A key is made from `MASTER_KEY` and a salt; its row in `sealing_keys` lets us see at the start whether what we
//! were given is the right one. Every blob names its key, so several can be in use at once, and a change of keys is
//! this: every master is started with the new key as `MASTER_KEY` and the former one as `MASTER_KEY_OLD`. From then
//! on all seal with the new one and open both, and [`rotate`] seals anew what is still under the former one, at
//! leisure. When nothing is, its row is forgotten, and nobody needs it any more.
//!
//! What nobody may do is go on with a key that is not known: it would seal new secrets with one key while the old
//! ones need another. So an unknown key is refused, unless the former one beside it proves that the change is meant.

pub(crate) mod lost;
pub(crate) mod rotate;
#[cfg(test)]
mod tests;

use anyhow::{Context, Result, bail};
use secrecy::SecretString;
use shared::{
    clock::Clock,
    seal::{SALT, SealError, Sealer},
};
use sqlx::PgPool;

use crate::{
    config::MasterKeys,
    registry::{
        sealed::{self, COLUMNS},
        sealing_keys::{self, SealingKey},
    },
};

/// What is sealed as proof of a key, and what for.
const PROOF: &str = "slotyard";
const PROOF_ROW: &str = "settings/sealing_check";

/// What is not sealed, and so cannot be lost with a key.
const SAFE: &str = "Bookings, clients and payments are not sealed and are safe in any case. Sealed are the bots' tokens \
                    and the passwords of their databases and Redis users.";

/// What the keys that were given are to this registry.
#[derive(Debug)]
pub(crate) enum Standing {
    /// There is no key yet: nothing was ever sealed here.
    Fresh,
    /// `MASTER_KEY` is known. The sealer holds what opens of the other one too.
    Known(Sealer),
    /// `MASTER_KEY` is not known, but `MASTER_KEY_OLD` is: the key is being changed.
    New(Sealer),
    /// Neither is known.
    Unknown,
}

/// The result of a look; nothing is written for it.
#[derive(Debug)]
pub(crate) struct Recognised {
    pub(crate) standing: Standing,
    /// All keys there are.
    pub(crate) rows: Vec<SealingKey>,
    /// How many secrets are under which key that was not given.
    pub(crate) shut: Vec<(i16, i64)>,
}

/// Matches the keys that were given with those that the registry knows.
///
/// # Errors
/// When the registry does not answer or has no tables yet.
pub(crate) async fn recognise(pool: &PgPool, keys: &MasterKeys) -> Result<Recognised> {
    let mut db = pool.acquire().await.context("the registry does not answer (DATABASE_URL)")?;
    let rows = sealing_keys::all(&mut *db)
        .await
        .context("the registry's tables are missing or old: run `master-bot migrate`")?;
    let standing = if rows.is_empty() {
        Standing::Fresh
    } else {
        match (opened(&rows, &keys.current).await?, &keys.old) {
            // Each try costs 64 MiB and some 100 ms: the second key is tried only where there is a second row.
            (Some(sealer), Some(old)) if rows.len() > 1 => {
                let rest: Vec<_> =
                    rows.iter().filter(|row| row.key_id != i16::from(sealer.key_id())).cloned().collect();
                Standing::Known(match opened(&rest, old).await? {
                    Some(older) => sealer.also_opening(older),
                    None => sealer,
                })
            }
            (Some(sealer), _) => Standing::Known(sealer),
            (None, Some(old)) => opened(&rows, old).await?.map_or(Standing::Unknown, Standing::New),
            (None, None) => Standing::Unknown,
        }
    };
    let holds = |key_id: i16| match &standing {
        Standing::Known(sealer) | Standing::New(sealer) => u8::try_from(key_id).is_ok_and(|id| sealer.holds(id)),
        Standing::Fresh | Standing::Unknown => false,
    };
    let mut shut: Vec<(i16, i64)> = Vec::new();
    for column in &COLUMNS {
        for (key_id, n) in sealed::counts(&mut *db, column).await? {
            match shut.iter_mut().find(|(known, _)| *known == key_id) {
                _ if holds(key_id) => {}
                Some((_, sum)) => *sum += n,
                None => shut.push((key_id, n)),
            }
        }
    }
    Ok(Recognised { standing, rows, shut })
}

/// The sealer of a master that starts. A key that is rightly new is registered; two who do that at once agree.
///
/// # Errors
/// When what is sealed cannot be opened with what was given; the words say what is and is not lost, and what to do.
pub(crate) async fn sealer(pool: &PgPool, keys: &MasterKeys, clock: &Clock) -> Result<Sealer> {
    loop {
        let Recognised { standing, rows, shut } = recognise(pool, keys).await?;
        let older = match standing {
            Standing::Unknown => bail!(unknown(keys, &shut)),
            _ if !shut.is_empty() => bail!(under_other_keys(&shut)),
            Standing::Known(sealer) => return Ok(sealer),
            Standing::New(older) => Some(older),
            Standing::Fresh => None,
        };
        // Should somebody else have been quicker, what is there now is looked at again.
        if let Some(sealer) = register(pool, &keys.current, &rows, clock).await? {
            tracing::info!(key = sealer.key_id(), "a sealing key was registered");
            return Ok(match older {
                Some(older) => sealer.also_opening(older),
                None => sealer,
            });
        }
    }
}

/// Writes a new key down under the next number. None: somebody else has taken that number meanwhile.
async fn register(pool: &PgPool, key: &SecretString, rows: &[SealingKey], clock: &Clock) -> Result<Option<Sealer>> {
    let key_id = next_id(rows).context("all 255 sealing keys are in use: `master-bot keys rotate` forgets old ones")?;
    let salt = rand::random::<[u8; SALT]>();
    let sealer = derive(key_id, key, salt).await?;
    let proof = sealer.seal(PROOF_ROW, &SecretString::from(PROOF.to_owned()))?;
    let row = SealingKey { key_id: i16::from(key_id), salt: salt.to_vec(), proof, created_at: clock.now() };
    Ok(sealing_keys::register(pool, &row).await?.then_some(sealer))
}

/// The number after the newest one, round and round: a number comes again as late as possible.
fn next_id(newest_first: &[SealingKey]) -> Option<u8> {
    let taken = |id: u8| newest_first.iter().any(|row| row.key_id == i16::from(id));
    let newest = newest_first.first().and_then(|row| u8::try_from(row.key_id).ok()).unwrap_or(0);
    (newest..u8::MAX).map(|n| n + 1).chain(1..=newest).find(|id| !taken(*id))
}

/// The first of the rows that this key opens, as a sealer.
async fn opened(rows: &[SealingKey], key: &SecretString) -> Result<Option<Sealer>> {
    for row in rows {
        let damaged = || format!("row {} of sealing_keys is damaged: restore the registry from a backup", row.key_id);
        let key_id = u8::try_from(row.key_id).with_context(damaged)?;
        let salt: [u8; SALT] = row.salt.as_slice().try_into().with_context(damaged)?;
        let sealer = derive(key_id, key, salt).await?;
        match sealer.open(PROOF_ROW, &row.proof) {
            Ok(_) => return Ok(Some(sealer)),
            Err(SealError::Shut | SealError::Foreign) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}

async fn derive(key_id: u8, key: &SecretString, salt: [u8; SALT]) -> Result<Sealer> {
    let key = key.clone();
    // Some 100 ms of work and 64 MiB: not on a thread that serves people.
    Ok(tokio::task::spawn_blocking(move || Sealer::new(key_id, &key, &salt)).await??)
}

/// What to tell whoever gave a key that nobody knows.
pub(crate) fn unknown(keys: &MasterKeys, shut: &[(i16, i64)]) -> String {
    let secrets: i64 = shut.iter().map(|(_, n)| n).sum();
    let old = match keys.old {
        Some(_) => ", and neither is MASTER_KEY_OLD",
        None => "",
    };
    format!(
        "MASTER_KEY is not the key that this registry was sealed with{old} ({secrets} secrets are sealed).\n\
         Nothing is lost as long as that key exists: start again with it. A master that still runs has it in its \
         environment. If you are changing the key, give the former one as MASTER_KEY_OLD.\n\
         {SAFE}\n\
         If the key is lost for good: `master-bot keys replace-lost` makes new passwords and fetches the tokens of \
         managed bots from Telegram again; only tokens that were pasted must be pasted again."
    )
}

/// What to tell whoever did not give all the keys that are in use.
pub(crate) fn under_other_keys(shut: &[(i16, i64)]) -> String {
    let secrets: i64 = shut.iter().map(|(_, n)| n).sum();
    let numbers: Vec<String> = shut.iter().map(|(key_id, n)| format!("{n} under key {key_id}")).collect();
    format!(
        "{secrets} secrets are sealed with a key that was not given ({}): set MASTER_KEY_OLD to it and run \
         `master-bot keys rotate`.\n\
         {SAFE}\n\
         If that key is lost for good: `master-bot keys replace-lost`.",
        numbers.join(", ")
    )
}
