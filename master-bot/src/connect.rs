//! Opening the registry, and the seal on what is secret in it.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use secrecy::{ExposeSecret, SecretString};
use shared::{
    postgres::{self, PoolShape},
    seal::{SALT, SealError, Sealer},
};
use sqlx::{PgPool, postgres::PgConnectOptions};

use crate::{config::Base, registry::settings};

/// Sealed with the key of this installation, so that another key is recognised at start.
const CHECK: &str = "slotyard";
const KEY_ID: u8 = 1;

/// How the master's role connects.
///
/// # Errors
/// When `DATABASE_URL` is no Postgres address.
pub(crate) fn options(base: &Base) -> Result<PgConnectOptions> {
    postgres::options(base.database_url.expose_secret())
        .map(|o| o.application_name("slotyard master"))
        // The parser's own words could quote the address, password and all.
        .map_err(|_| anyhow::anyhow!("DATABASE_URL is no Postgres address: postgres://user:password@host/database"))
}

/// The registry, connected to when first asked.
///
/// # Errors
/// As for [`options`].
pub(crate) fn registry(base: &Base) -> Result<PgPool> {
    Ok(postgres::pool(options(base)?, PoolShape { most: 24, idle: Duration::from_secs(60) }))
}

/// The sealer of this installation; the first start makes its salt and its check.
///
/// # Errors
/// When `MASTER_KEY` is not the one that this registry was sealed with.
pub(crate) async fn sealer(pool: &PgPool, master_key: &SecretString) -> Result<Sealer> {
    let mut db = pool.acquire().await.context("the registry does not answer (DATABASE_URL)")?;
    let fresh = hex::encode(rand::random::<[u8; SALT]>());
    let salt = settings::get_or_set(&mut db, "sealing_salt", &fresh)
        .await
        .context("the registry has no tables yet: run `master-bot migrate`")?;
    let salt: [u8; SALT] =
        hex::decode(&salt)?.try_into().map_err(|_| anyhow::anyhow!("settings.sealing_salt is damaged"))?;
    let key = master_key.clone();
    // Some 100 ms of work and 64 MiB: not on a thread that serves people.
    let sealer = tokio::task::spawn_blocking(move || Sealer::new(KEY_ID, &key, &salt)).await??;
    let check = hex::encode(sealer.seal("settings/sealing_check", &SecretString::from(CHECK.to_owned()))?);
    let kept = settings::get_or_set(&mut db, "sealing_check", &check).await?;
    match sealer.open("settings/sealing_check", &hex::decode(kept)?) {
        Ok(_) => Ok(sealer),
        Err(SealError::Shut | SealError::Foreign) => bail!(
            "MASTER_KEY is not the key that this registry was sealed with. Nothing is lost yet: start again with the \
             right key. Without it the bots' tokens cannot be read; bookings, payments and clients are not sealed."
        ),
        Err(error) => Err(error.into()),
    }
}
