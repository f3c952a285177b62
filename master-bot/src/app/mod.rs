//! Wiring: the only place that knows every part.
//!
//! A process is the front, the fleet, or both (`serve --role`). The two halves know nothing of one another: they
//! speak through rows, and ring for one another through `registry::signals`.

mod fleet;
mod front;
mod patience;
mod polling;

use std::{future::Future, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use secrecy::SecretString;
use shared::redis::Connection;
use shared::{clock::Clock, seal::Sealer, telegram::Telegram, telemetry, texts::Texts};
use sqlx::{PgPool, postgres::PgConnectOptions};
use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use url::Url;

pub(crate) use self::front::FrontParts;
use crate::{
    bot::words::BotWords,
    config::Serve,
    connect,
    fleet::steps::Yard,
    keys,
    peers::Reach,
    registry::settings,
    watchtower::{Memory, Watchtower},
};

/// Everything ends within this after SIGTERM, or is cut off; a container engine kills after ten seconds.
const GRACE: Duration = Duration::from_secs(8);

/// What both halves stand on.
pub(crate) struct Common {
    pub(crate) pool: PgPool,
    /// How the master itself connects.
    postgres: PgConnectOptions,
    pub(crate) clock: Clock,
    sealer: Arc<Sealer>,
    instance: String,
    redis: Connection,
    redis_url: SecretString,
    texts: Arc<Texts>,
    /// The master bot.
    telegram: Telegram,
    telegram_api_url: Url,
    owner_ids: Vec<i64>,
    /// Where alerts go: without a chat of their own the owners are told themselves.
    operator_chats: Vec<i64>,
    /// Who asks a peer notes here whether it answers.
    reach: Arc<Reach>,
}

/// Everything, wired and not yet running; a half that is not this process's is none.
pub(crate) struct Parts {
    pub(crate) common: Common,
    pub(crate) front: Option<FrontParts>,
    pub(crate) yard: Option<Arc<Yard>>,
}

/// Makes every part from the settings. None: asked to end while somebody did not answer yet.
///
/// # Errors
/// When something that the program cannot live without is wrong.
pub(crate) async fn assemble(config: &Serve, stop: &CancellationToken) -> Result<Option<Parts>> {
    let pool = connect::registry(&config.base)?;
    let there =
        patience::until_there("the registry (DATABASE_URL)", stop, || pool.acquire(), patience::postgres_may_come);
    if there.await.context("the registry refuses us (DATABASE_URL)")?.is_none() {
        return Ok(None);
    }
    let redis = || shared::redis::connect(&config.redis_url);
    let redis = patience::until_there("Redis (REDIS_URL)", stop, redis, patience::redis_may_come).await;
    let Some(redis) = redis.context("Redis refuses us (REDIS_URL)")? else { return Ok(None) };
    let clock = Clock::given(config.base.clock_url.as_ref());
    let clock = tokio::select! { clock = clock => clock, () = stop.cancelled() => return Ok(None) };
    let sealer = Arc::new(keys::sealer(&pool, &config.keys, &clock).await?);
    let common = Common {
        postgres: connect::options(&config.base)?,
        reach: Arc::new(Reach::new(clock.clone())),
        clock,
        sealer,
        instance: settings::get(&pool, "instance_id").await?.context("run `master-bot migrate` first")?,
        redis,
        redis_url: config.redis_url.clone(),
        texts: Arc::new(Texts::load("master")?),
        telegram: Telegram::new(&config.bot_token, &config.telegram_api_url)?,
        telegram_api_url: config.telegram_api_url.clone(),
        owner_ids: config.owner_ids.clone(),
        operator_chats: config.operator_chat_id.map_or_else(|| config.owner_ids.clone(), |chat| vec![chat]),
        pool,
    };
    let yard = config.fleet.as_ref().map(|settings| fleet::assemble(&common, settings)).transpose()?;
    let front = match &config.front {
        None => None,
        Some(settings) => match front::assemble(&common, settings, stop).await? {
            None => return Ok(None),
            parts => parts,
        },
    };
    Ok(Some(Parts { common, front, yard }))
}

/// Runs until SIGTERM or SIGINT.
///
/// # Errors
/// When something that it cannot live without is wrong at the start, or Telegram refuses the master's token.
pub(crate) async fn serve(config: Serve) -> Result<()> {
    telemetry::init(config.base.log_format);
    let stop = CancellationToken::new();
    tokio::spawn(stop_on_signal(stop.clone()));
    let Some(Parts { common, front, yard }) = assemble(&config, &stop).await? else { return Ok(()) };
    let mut tasks = Tasks { stop: stop.clone(), running: JoinSet::new() };
    // Both halves keep watch: each sees what the other cannot, and one of them tells.
    let tower = Watchtower {
        pool: common.pool.clone(),
        clock: common.clock.clone(),
        telegram: common.telegram.clone(),
        words: Arc::new(BotWords { texts: common.texts.clone() }),
        chats: common.operator_chats.clone(),
        reach: common.reach.clone(),
        engine: yard.as_ref().map(|yard| yard.runtime.clone()),
        least: config.least,
        memory: Memory::default(),
    };
    tasks.run(|stop| async move { tower.run(stop).await });
    if let Some(yard) = yard {
        fleet::run(yard, &mut tasks).await;
    }
    if let (Some(settings), Some(parts)) = (&config.front, front) {
        front::run(&common, settings, parts, &mut tasks).await?;
    }
    tracing::info!(front = config.front.is_some(), fleet = config.fleet.is_some(), "the master bot is up");
    wait(tasks.running, &stop).await?;
    // What was cut off may still hold a connection.
    let _ = timeout(Duration::from_secs(1), common.pool.close()).await;
    tracing::info!("the master bot has ended");
    Ok(())
}

/// The parts that run; all hear the same signal to stop.
struct Tasks {
    stop: CancellationToken,
    running: JoinSet<Result<()>>,
}

impl Tasks {
    /// A part whose failure ends the program.
    fn spawn<F, Fut>(&mut self, part: F)
    where
        F: FnOnce(CancellationToken) -> Fut,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        self.running.spawn(part(self.stop.clone()));
    }

    /// A part that runs until it is told to stop and cannot fail.
    fn run<F, Fut>(&mut self, part: F)
    where
        F: FnOnce(CancellationToken) -> Fut,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let running = part(self.stop.clone());
        self.spawn(|_| async move {
            running.await;
            Ok(())
        });
    }
}

/// Waits for a signal, then for every task; the first failure ends everything.
async fn wait(mut tasks: JoinSet<Result<()>>, stop: &CancellationToken) -> Result<()> {
    let mut outcome = Ok(());
    tokio::select! {
        () = stop.cancelled() => {}
        ended = tasks.join_next() => {
            if let Some(ended) = ended {
                outcome = ended.context("a part of the program panicked").and_then(|r| r);
            }
            stop.cancel();
        }
    }
    let rest = async { while tasks.join_next().await.is_some() {} };
    if timeout(GRACE, rest).await.is_err() {
        tracing::warn!("something did not end in time and is cut off");
    }
    outcome
}

async fn stop_on_signal(stop: CancellationToken) {
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        tracing::error!("signals cannot be heard");
        return;
    };
    tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
    tracing::info!("asked to end");
    stop.cancel();
}
