//! One file per part of a tenant, `ensure` above `undo`.
//!
//! Every step may be run again at any moment: names are deterministic, so a step adopts what a process that died left
//! behind, and refuses what carries no mark of ours. A failed step is tried again later and unwinds nothing; `undo`
//! runs only on the way to *removed*.
//!
//! | part | ensure | undo | mark |
//! |---|---|---|---|
//! | token | the token answers `getMe` as the right bot; looked at again every day | a managed bot's token is replaced, ours is wiped | row of `bots` |
//! | schema | made, marked | renamed and kept for a while, then dropped with all in it | COMMENT |
//! | role | made; password, limits, settings and memberships set, others taken back | its sessions ended, dropped | COMMENT |
//! | migrations | run up to the newest, rights granted, owner and service stage written | nothing: it goes with the schema | – |
//! | redis_user | built from nothing upwards | deleted, with all its keys | registry row |
//! | network | made | nothing: others live on it | label |
//! | container | made from the spec and running; made anew when it differs; looked into every hour | removed | label |
//! | ready | its heartbeat says that it polls | nothing | – |

pub(crate) mod container;
pub(crate) mod migrations;
pub(crate) mod network;
pub(crate) mod ready;
pub(crate) mod redis_user;
pub(crate) mod role;
pub(crate) mod schema;
pub(crate) mod token;

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use secrecy::SecretString;
use serde_json::Value;
use shared::{
    clock::Clock,
    heartbeat::POLL_SECONDS,
    redis::Connection,
    seal::Sealer,
    telegram::{Screen, Telegram},
};
use sqlx::{PgPool, postgres::PgConnectOptions};
use tokio::sync::{Semaphore, broadcast};
use url::Url;

use super::plan::Part;
use crate::{
    config,
    peers::Reach,
    registry::tenants::{self, Lease, Tenant},
    runtime::Runtime,
};

/// How many of a kind are done at once, and how long is waited.
pub(crate) struct Pace {
    /// Container starts, also after a reboot: more would only get in one another's way.
    pub(crate) starts: Semaphore,
    /// Tenants whose tables are made or changed; each holds a connection of the pool and keeps a processor busy.
    pub(crate) migrations: Semaphore,
    /// How long a bot that was started is waited for. A start takes a fraction of a second; past this something is
    /// wrong. Longer than one poll, so that a bot whose heartbeat was lost with Redis has written the next one by then.
    pub(crate) patience: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            starts: Semaphore::new(4),
            migrations: Semaphore::new(4),
            patience: Duration::from_secs(POLL_SECONDS + 10),
        }
    }
}

/// The message that a new client waits for; the bot knows the words.
pub(crate) trait ReadyWords: Send + Sync {
    fn ready(&self, tenant: &Tenant) -> Screen;
}

/// Everything that steps work with.
#[derive(Clone)]
pub(crate) struct Yard {
    pub(crate) pool: PgPool,
    /// How the master itself connects.
    pub(crate) postgres: PgConnectOptions,
    pub(crate) redis: Connection,
    /// For a connection of its own that listens to heartbeats.
    pub(crate) heartbeats: redis::Client,
    pub(crate) runtime: Arc<dyn Runtime>,
    pub(crate) sealer: Arc<Sealer>,
    /// The master bot, which manages the bots that were made for it.
    pub(crate) telegram: Telegram,
    pub(crate) telegram_api_url: Url,
    pub(crate) fleet: config::Fleet,
    pub(crate) instance: String,
    pub(crate) clock: Clock,
    pub(crate) words: Arc<dyn ReadyWords>,
    /// Slugs whose heartbeat was just written. Hints: each is checked by reading the key.
    pub(crate) beats: broadcast::Sender<String>,
    pub(crate) pace: Arc<Pace>,
    /// Who asks the engine and Redis notes here whether they answer.
    pub(crate) reach: Arc<Reach>,
}

impl Yard {
    fn password(&self, tenant: &Tenant, what: &str) -> Result<SecretString> {
        let sealed = match what {
            "pg" => &tenant.pg_password_sealed,
            _ => &tenant.redis_password_sealed,
        };
        Ok(self.sealer.open(&tenants::seal_row(&tenant.slug, what), sealed)?)
    }

    /// What stands in the COMMENT of everything in Postgres that is this tenant's.
    pub(crate) fn mark(&self, tenant: &Tenant) -> String {
        format!("slotyard {} {}", self.instance, tenant.slug)
    }
}

/// Makes the part as it should be and tells what to remember of it.
///
/// # Errors
/// A text that an operator can act on and that holds no secret.
pub(crate) async fn ensure(yard: &Yard, tenant: &Tenant, lease: &Lease, part: Part) -> Result<Value> {
    match part {
        Part::Token => token::ensure(yard, tenant).await,
        Part::Schema => schema::ensure(yard, tenant).await,
        Part::Role => role::ensure(yard, tenant).await,
        Part::Migrations => migrations::ensure(yard, tenant).await,
        Part::RedisUser => redis_user::ensure(yard, tenant).await,
        Part::Network => network::ensure(yard, tenant).await,
        Part::Container => container::ensure(yard, tenant, lease).await,
        Part::Ready => ready::ensure(yard, tenant).await,
    }
}

/// Takes the part away, whatever is there.
///
/// # Errors
/// As for [`ensure`].
pub(crate) async fn undo(yard: &Yard, tenant: &Tenant, part: Part) -> Result<()> {
    match part {
        Part::Token => token::undo(yard, tenant).await,
        Part::Schema => schema::undo(yard, tenant).await,
        Part::Role => role::undo(yard, tenant).await,
        Part::RedisUser => redis_user::undo(yard, tenant).await,
        Part::Container => container::undo(yard, tenant).await,
        // Gone with the schema; shared with others; never anything but a look.
        Part::Migrations | Part::Network | Part::Ready => Ok(()),
    }
}
