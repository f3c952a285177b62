//! The wiring: the only place that knows every part.

use std::{
    future::Future,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result};
use shared::{
    backoff::doubling,
    broadcast::Broadcasts,
    clock::Clock,
    outbox::Outbox,
    redis::Prefixed,
    telegram::{
        Telegram, TelegramError,
        polling::{Poller, PollingEnded},
    },
    texts::Texts,
};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::{
    booking::Bookings,
    bot::{ALLOWED_UPDATES, Bot, CardKeeper, Newsroom, OwnersHerald, Parts},
    config::Config,
    connections::Connections,
    preset,
    reminders::Errands,
    store,
};

/// The version of the schema that this program is written for: the newest file of migrations/tenant.
pub const SCHEMA_VERSION: i64 = 4;

/// How far ahead of the program the schema may be: migrations come first and images follow, so for a while every
/// running bot is one version behind. What keeps that safe: `docs/adr/0008-schema-versions.md`.
pub const VERSIONS_AHEAD: i64 = 1;

/// What is in hand when the bot is stopped is finished within this; the container is killed after ten seconds.
const FAREWELL: Duration = Duration::from_secs(8);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Why the bot does not run. Each needs a person, or the master; trying again would change nothing.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// The schema is older than the program.
    #[error(
        "the schema is at version {found}, and this program needs {SCHEMA_VERSION}: migrate the tenant first (the master does it before it starts this version)"
    )]
    SchemaTooOld {
        /// The schema's version; 0 if nothing was migrated yet.
        found: i64,
    },
    /// The schema is newer than the program can work with.
    #[error(
        "the schema is at version {found}, and this program works up to version {newest}: start a newer image of the tenant bot",
        newest = SCHEMA_VERSION + VERSIONS_AHEAD
    )]
    SchemaTooNew {
        /// The schema's version.
        found: i64,
    },
    /// The role's `search_path` leads elsewhere.
    #[error("the database role works in schema {found:?}, and PG_SCHEMA says {wanted}: set the role's search_path")]
    WrongSchema {
        /// Where it leads.
        found: Option<String>,
        /// Where it should.
        wanted: String,
    },
    /// Telegram does not accept the token.
    #[error(
        "Telegram does not accept BOT_TOKEN: the token was revoked or the bot deleted; give the bot a new token in the master bot"
    )]
    TokenRefused,
    /// Something that a test should have found: a broken text, no randomness, an unknown kind of business.
    #[error("the bot cannot start: {0:#}")]
    Broken(anyhow::Error),
}

/// Runs the bot until `stop`, then finishes what is in hand.
///
/// Postgres, Redis or Telegram being away is waited out, at the start and later.
///
/// # Errors
/// [`Unfit`], when waiting is of no use.
pub async fn run(config: Config, clock: Clock, stop: CancellationToken) -> Result<(), Unfit> {
    let telegram = Telegram::new(&config.token, &config.telegram_api_url).map_err(|e| Unfit::Broken(e.into()))?;
    let connections = Connections::open(config.database.0.clone());
    let result = tokio::select! {
        result = serve(&config, clock, telegram, &connections.pool, &stop) => result,
        never = connections.close_when_silent() => never,
    };
    if tokio::time::timeout(Duration::from_secs(1), connections.pool.close()).await.is_err() {
        tracing::warn!("connections to Postgres are still in use, and are dropped");
    }
    result
}

async fn serve(
    config: &Config,
    clock: Clock,
    telegram: Telegram,
    pool: &PgPool,
    stop: &CancellationToken,
) -> Result<(), Unfit> {
    let texts = Arc::new(Texts::load("tenant").map_err(Unfit::Broken)?);
    // Side by side: the slowest of the three decides when the first poll can be sent.
    let ready = async {
        tokio::try_join!(ready_database(config, pool, &clock), ready_redis(config), ready_telegram(&telegram))
    };
    let ((), redis, username) = tokio::select! {
        ready = ready => ready?,
        () = stop.cancelled() => return Ok(()),
    };
    tracing::info!(tenant = %config.tenant, version = env!("CARGO_PKG_VERSION"), "the bot is ready");

    own_words(pool, &texts).await?;

    let outbox = Outbox::new(pool.clone(), telegram.clone(), clock.clone());
    let herald = Arc::new(OwnersHerald::new(texts.clone()));
    let bookings = Bookings::new(pool.clone(), outbox.clone(), clock.clone(), herald);
    let errands = Errands::new(bookings.clone(), jitter(config.tenant.as_str()));
    let cards = CardKeeper::new(bookings.clone(), telegram.clone(), texts.clone());
    let redis = Prefixed::new(redis, config.redis_prefix.clone());
    let newsroom =
        Newsroom::new(pool.clone(), telegram.clone(), outbox.clone(), clock.clone(), (texts.clone(), redis.clone()));
    let broadcasts =
        Broadcasts::new(pool.clone(), telegram.clone(), clock.clone(), Arc::new(newsroom), bookings.news.clone());
    let bot = Arc::new(Bot::new(Parts {
        texts,
        telegram: telegram.clone(),
        outbox: outbox.clone(),
        bookings,
        redis,
        clock,
        user_limits: config.user_limits,
        username,
        container: host_name(),
    }));

    // Both stop after the poller, however it ended: an update that is finished during the farewell may have written a letter.
    let letters_stop = CancellationToken::new();
    let polling = async {
        let ended = Poller::new(telegram, ALLOWED_UPDATES).run(bot.clone(), stop.clone()).await;
        letters_stop.cancel();
        ended
    };
    let commands = async {
        if let Err(error) = bot.set_commands().await {
            tracing::warn!(%error, "the menu of commands could not be set; the next start tries again");
        }
    };
    let work = async {
        tokio::join!(
            polling,
            outbox.run(letters_stop.clone()),
            errands.run(letters_stop.clone()),
            cards.run(letters_stop.clone()),
            broadcasts.run(letters_stop.clone()),
            commands
        )
        .0
    };
    let late = async {
        stop.cancelled().await;
        tokio::time::sleep(FAREWELL).await;
    };
    tokio::select! {
        ended = work => match ended {
            Ok(()) => { tracing::info!("the bot has stopped"); Ok(()) }
            Err(PollingEnded::TokenRefused) => Err(Unfit::TokenRefused),
        },
        () = late => {
            tracing::warn!("something was still in hand and is cut off; Telegram will send its update again");
            Ok(())
        }
    }
}

/// So much after its time a tenant does what is due: its own place within these seconds.
fn jitter(tenant: &str) -> Duration {
    const WITHIN_MILLIS: u64 = 3000;
    let mut hash = DefaultHasher::new();
    tenant.hash(&mut hash);
    Duration::from_millis(hash.finish() % WITHIN_MILLIS)
}

/// Asks until there is an answer. `ask` gives `Err(Ok(_))` when asking again is of no use.
async fn insist<T, F: Future<Output = Result<T, Result<Unfit, anyhow::Error>>>>(
    what: &str,
    ask: impl Fn() -> F,
) -> Result<T, Unfit> {
    let mut failures = 0;
    loop {
        match ask().await {
            Ok(answer) => return Ok(answer),
            Err(Ok(unfit)) => return Err(unfit),
            Err(Err(error)) => {
                failures += 1;
                let pause = doubling(failures, Duration::from_millis(250), LONGEST_PAUSE);
                tracing::warn!(
                    error = format!("{error:#}"),
                    failures,
                    pause_ms = pause.as_millis(),
                    "{what} does not answer; waiting"
                );
                tokio::time::sleep(pause).await;
            }
        }
    }
}

async fn ready_database(config: &Config, pool: &PgPool, clock: &Clock) -> Result<(), Unfit> {
    insist("Postgres", || async {
        let (schema, version) = store::schema::version(pool).await.map_err(|e| Err(e.into()))?;
        fit(config, schema, version).map_err(Ok)
    })
    .await?;
    insist("Postgres", || async {
        match preset::apply_once(pool, clock.now()).await {
            Ok(true) => {
                tracing::info!("services, resources and hours of this kind of business were written");
                Ok(())
            }
            Ok(false) => Ok(()),
            Err(error) if error.downcast_ref::<sqlx::Error>().is_some() => Err(Err(error)),
            Err(error) => Err(Ok(Unfit::Broken(error))),
        }
    })
    .await
}

fn fit(config: &Config, schema: Option<String>, version: Option<i64>) -> Result<(), Unfit> {
    match (schema, version.unwrap_or(0)) {
        (Some(schema), _) if schema != config.schema => {
            Err(Unfit::WrongSchema { found: Some(schema), wanted: config.schema.clone() })
        }
        (_, found) if found < SCHEMA_VERSION => Err(Unfit::SchemaTooOld { found }),
        (_, found) if found > SCHEMA_VERSION + VERSIONS_AHEAD => Err(Unfit::SchemaTooNew { found }),
        _ => Ok(()),
    }
}

/// The business's own words, in place of ours.
async fn own_words(pool: &PgPool, texts: &Texts) -> Result<(), Unfit> {
    let all =
        insist("Postgres", || async { store::text_templates::all(pool).await.map_err(|e| Err(e.into())) }).await?;
    for words in all {
        texts.set_own(words.lang, &words.key, words.form.as_deref(), Some(&words.body));
    }
    Ok(())
}

async fn ready_redis(config: &Config) -> Result<shared::redis::Connection, Unfit> {
    insist("Redis", || async { shared::redis::connect(&config.redis_url).await.context("no connection").map_err(Err) })
        .await
}

/// The bot's username.
async fn ready_telegram(telegram: &Telegram) -> Result<String, Unfit> {
    insist("Telegram", || async {
        match telegram.get_me().await {
            Ok(me) => {
                tracing::info!(bot = me.username, "Telegram knows the bot");
                Ok(me.username)
            }
            Err(TelegramError::Unauthorized) => Err(Ok(Unfit::TokenRefused)),
            Err(error) => Err(Err(error.into())),
        }
    })
    .await
}

/// In a container, the beginning of its id.
fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").map_or_else(|_| "unknown".to_owned(), |n| n.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_tenants_do_not_wake_in_one_second() {
        let late: Vec<u128> = (0..1000).map(|n| jitter(&format!("client_{n:03}")).as_millis()).collect();
        for second in 0..3 {
            let within = late.iter().filter(|ms| **ms / 1000 == second).count();
            assert!((250..420).contains(&within), "{within} in second {second}");
        }
    }

    #[test]
    fn the_program_is_written_for_the_newest_migration() {
        let newest = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations/tenant"))
            .unwrap()
            .filter_map(|f| f.unwrap().file_name().to_str()?.split_once('_')?.0.parse::<i64>().ok())
            .max();
        assert_eq!(newest, Some(SCHEMA_VERSION));
    }
}
