//! The key is lost for good: what it had sealed is made anew.
//!
//! Passwords are ours to make: every tenant gets new ones, and the reconciler carries them to Postgres, Redis and the
//! container. A managed bot's token is ours for the asking. Only a token that somebody once pasted is gone, until its
//! owner pastes it again.
//!
//! Everything is done row by row to what is not under the new key, so that another run goes on where a killed one
//! ended.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use shared::{
    backoff,
    clock::Clock,
    seal::Sealer,
    telegram::{Telegram, TelegramError},
};
use sqlx::{PgPool, Postgres, Transaction};
use tokio::time::sleep;

use super::{Standing, recognise, register};
use crate::{
    config::MasterKeys,
    fleet::plan::Part,
    registry::{
        TenantId,
        bots::{self, Speechless},
        events::{self, Event},
        facts, sealed, sealing_keys,
        signals::{self, Bell},
        tenants,
    },
    sales::money::fresh_password,
};

/// Tries of a call to Telegram before the person is asked to come back later.
const TRIES: u32 = 5;

/// What a run has done.
#[derive(Debug, Default)]
pub(crate) struct Replaced {
    /// Tenants with new passwords.
    pub(crate) passwords: u64,
    /// Managed bots whose token was fetched.
    pub(crate) fetched: u64,
}

/// The sealer of the key that takes the lost one's place. None: everything is under this key already.
///
/// # Errors
/// When the registry does not answer.
pub(crate) async fn successor(pool: &PgPool, keys: &MasterKeys, clock: &Clock) -> Result<Option<Sealer>> {
    loop {
        let found = recognise(pool, keys).await?;
        match found.standing {
            Standing::Known(_) if found.shut.is_empty() => return Ok(None),
            Standing::Known(sealer) => return Ok(Some(sealer)),
            Standing::New(_) => {
                bail!("MASTER_KEY_OLD is not lost: it opens what is sealed. Run `master-bot keys rotate`")
            }
            Standing::Fresh => bail!("nothing is lost: nothing was ever sealed in this registry. Start the master"),
            Standing::Unknown => {}
        }
        if let Some(sealer) = register(pool, &keys.current, &found.rows, clock).await? {
            return Ok(Some(sealer));
        }
    }
}

/// How many secrets are lost.
///
/// # Errors
/// As for [`successor`].
pub(crate) async fn extent(pool: &PgPool, keys: &MasterKeys) -> Result<i64> {
    Ok(recognise(pool, keys).await?.shut.iter().map(|(_, n)| n).sum())
}

/// Makes anew everything that is not under the sealer's key. `actor` stands in the tenants' events.
///
/// # Errors
/// When the registry or Telegram fails; what is done stays done, and another run does the rest.
pub(crate) async fn replace(
    pool: &PgPool,
    sealer: &Sealer,
    telegram: &Telegram,
    clock: &Clock,
    actor: &str,
    mut tell: impl FnMut(&str),
) -> Result<Replaced> {
    let mut all = Replaced::default();
    // Tokens first: a tenant whose passwords are new is made anew at once, and better with its token.
    for bot in bots::with_foreign_tokens(pool, sealer.key_id()).await? {
        let name = &bot.username;
        match token_of(telegram, &bot).await.with_context(|| format!("the token of @{name}"))? {
            Some(token) => {
                let blob = sealer.seal(&bots::seal_row(bot.bot_id), &token)?;
                if bots::replace_foreign_token(pool, bot.bot_id, sealer.key_id(), Some(&blob)).await? {
                    all.fetched += 1;
                    tell(&format!("@{name}: its token was fetched from Telegram"));
                }
            }
            None => {
                forget(pool, sealer, &bot, actor, clock.now()).await?;
                tell(&format!("@{name}: its token must be pasted again"));
            }
        }
    }
    for (id, slug) in tenants::with_foreign_passwords(pool, sealer.key_id()).await? {
        let seal = |column: sealed::Column| sealer.seal(&column.row(&slug), &fresh_password());
        let (pg, redis) = (seal(sealed::PG_PASSWORD)?, seal(sealed::REDIS_PASSWORD)?);
        let now = clock.now();
        let mut tx = pool.begin().await?;
        let replaced = tenants::replace_passwords(&mut tx, id, sealer.key_id(), (&pg, &redis), now).await?;
        if replaced == Some(true) {
            // The container is made anew because its environment differs; these two cannot be told by a look.
            facts::doubt(&mut *tx, id, &[Part::Role.name(), Part::RedisUser.name()], now).await?;
            note(&mut tx, id, (actor, "passwords_replaced"), now).await?;
        }
        tx.commit().await?;
        if replaced == Some(true) {
            all.passwords += 1;
            tell(&format!("{slug}: new passwords"));
        }
    }
    let mut db = pool.acquire().await?;
    sealing_keys::forget_unused(&mut db, sealer.key_id()).await.context("forgetting the lost key")?;
    Ok(all)
}

/// All bots that are to serve and wait for their owner to give a token, whoever has lost it.
///
/// # Errors
/// When the registry fails.
pub(crate) async fn waiting(pool: &PgPool) -> Result<Vec<Speechless>> {
    Ok(bots::without_token(pool).await?)
}

/// The token goes, and the token step will say so.
async fn forget(pool: &PgPool, sealer: &Sealer, bot: &Speechless, actor: &str, now: DateTime<Utc>) -> Result<()> {
    let mut tx = pool.begin().await?;
    if bots::replace_foreign_token(&mut *tx, bot.bot_id, sealer.key_id(), None).await?
        && let Some(tenant) = bot.tenant_id
    {
        facts::doubt(&mut *tx, tenant, &[Part::Token.name()], now).await?;
        note(&mut tx, tenant, (actor, "token_lost"), now).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn note(
    tx: &mut Transaction<'_, Postgres>,
    tenant: TenantId,
    (actor, event): (&str, &str),
    now: DateTime<Utc>,
) -> Result<()> {
    let detail = Some("the sealing key was lost");
    events::write(&mut **tx, tenant, &Event { actor, event, detail, ..Event::default() }, now).await?;
    Ok(signals::ring(&mut **tx, Bell::Tenants).await?)
}

/// A managed bot's token, from Telegram. None: only its owner has it.
async fn token_of(telegram: &Telegram, bot: &Speechless) -> Result<Option<SecretString>> {
    if !bot.managed {
        return Ok(None);
    }
    let mut failures = 0;
    loop {
        let error = match telegram.managed_bot_token(bot.bot_id.0).await {
            Ok(token) => return Ok(Some(token)),
            // Deleted, or taken from our management.
            Err(TelegramError::Refused(_)) => return Ok(None),
            Err(TelegramError::Unauthorized) => bail!("MASTER_BOT_TOKEN is not good: copy it from @BotFather again"),
            Err(error) => error,
        };
        failures += 1;
        if failures >= TRIES {
            return Err(error).context("Telegram does not answer; run the command again later, it goes on from here");
        }
        let pause = match error {
            TelegramError::RetryAfter(pause) => pause,
            _ => backoff::doubling(failures, Duration::from_secs(1), Duration::from_secs(8)),
        };
        sleep(pause).await;
    }
}
