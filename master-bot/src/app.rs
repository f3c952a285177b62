//! Wiring: the only place that knows every part.

use std::{future::Future, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use chrono::TimeDelta;
use futures::future::BoxFuture;
use secrecy::ExposeSecret;
use shared::{
    clock::Clock,
    outbox::Outbox,
    telegram::{
        Telegram,
        polling::{Poller, PollingEnded},
    },
    telemetry,
    texts::{Lang, Texts},
};
use sqlx::PgPool;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::{Notify, Semaphore, broadcast},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    bot::{self, Access, Front, live::Live, words::BotWords},
    config::Serve,
    connect,
    fleet::{
        reconciler::Reconciler,
        steps::{STARTS_AT_ONCE, Yard},
    },
    payments::yookassa::YooKassa,
    registry::{leases, settings},
    runtime::docker::DockerRuntime,
    sales::{desk::Desk, plans::Plans, watch::Watch},
    watchtower::{Memory, Reach, Watchtower, reach::Noted},
    web::{self, Exporter, Site},
};

/// Telegram lets one process poll. The lease is short, so that another takes over soon after a kill.
const POLLING: &str = "telegram-polling";
const LEASE_LASTS: TimeDelta = TimeDelta::seconds(9);
const LEASE_RENEWED: Duration = Duration::from_secs(3);
/// Everything ends within this after SIGTERM, or is cut off; a container engine kills after ten seconds.
const GRACE: Duration = Duration::from_secs(8);

/// Everything, wired and not yet running.
pub(crate) struct Parts {
    pub(crate) pool: PgPool,
    pub(crate) clock: Clock,
    pub(crate) outbox: Outbox,
    pub(crate) yard: Arc<Yard>,
    pub(crate) watch: Watch,
    pub(crate) front: Arc<Front>,
    pub(crate) tower: Watchtower,
}

/// Makes every part from the settings. None: asked to end while Telegram did not answer.
///
/// # Errors
/// When something that the program cannot live without is wrong.
pub(crate) async fn assemble(config: &Serve, stop: &CancellationToken) -> Result<Option<Parts>> {
    let clock = Clock::system();
    let pool = connect::registry(&config.base)?;
    let sealer = Arc::new(connect::sealer(&pool, &config.master_key).await?);
    let instance = settings::get(&pool, "instance_id").await?.context("run `master-bot migrate` first")?;
    let redis = shared::redis::connect(&config.redis_url).await.context("Redis does not answer (REDIS_URL)")?;
    let texts = Arc::new(Texts::load("master")?);
    let telegram = Telegram::new(&config.bot_token, &config.telegram_api_url)?;
    let Some(me) = get_me(&telegram, stop).await? else { return Ok(None) };
    let outbox = Outbox::new(pool.clone(), telegram.clone(), clock.clone()).looking_every(Duration::from_secs(30));
    let words = Arc::new(BotWords { texts: texts.clone() });
    let reach = Arc::new(Reach::new(clock.clone()));
    // Without a chat of their own the owners are told themselves.
    let chats = config.operator_chat_id.map_or_else(|| config.owner_ids.clone(), |chat| vec![chat]);

    let yard = Arc::new(Yard {
        pool: pool.clone(),
        postgres: connect::options(&config.base)?,
        redis,
        heartbeats: redis::Client::open(config.redis_url.expose_secret())?,
        runtime: Arc::new(DockerRuntime::new(config.fleet.docker_host.as_deref(), &instance)?),
        sealer: sealer.clone(),
        telegram: telegram.clone(),
        telegram_api_url: config.telegram_api_url.clone(),
        fleet: config.fleet.clone(),
        instance,
        clock: clock.clone(),
        outbox: outbox.clone(),
        words: words.clone(),
        beats: broadcast::channel(1024).0,
        progress: Arc::new(Notify::new()),
        starts: Semaphore::new(STARTS_AT_ONCE),
        reach: reach.clone(),
    });
    let shop = YooKassa::new(&config.yookassa_api_url, &config.yookassa_shop_id, config.yookassa_secret_key.clone())?;
    let watch = Watch {
        pool: pool.clone(),
        gateway: Arc::new(Noted { gateway: shop, reach: reach.clone() }),
        sealer,
        words: words.clone(),
        outbox: outbox.clone(),
        clock: clock.clone(),
        operator_chats: chats.clone(),
        return_url: format!("https://t.me/{}", me.username),
        bell: Arc::new(Notify::new()),
        fleet: Arc::new(Notify::new()),
    };
    let tower = Watchtower {
        pool: pool.clone(),
        clock: clock.clone(),
        outbox: outbox.clone(),
        telegram: telegram.clone(),
        words,
        chats,
        reach,
        engine: Some(yard.runtime.clone()),
        least: config.least,
        memory: Memory::default(),
    };
    let desk = Desk { pool: pool.clone(), sealer: yard.sealer.clone(), clock: clock.clone() };
    let front = Arc::new(Front {
        telegram,
        telegram_api_url: config.telegram_api_url.clone(),
        me,
        outbox: outbox.clone(),
        texts,
        clock: clock.clone(),
        plans: Plans::embedded()?,
        access: Access::new(config.owner_ids.clone()),
        desk,
        watch: watch.clone(),
        yard: yard.clone(),
        live: Arc::new(Live::default()),
    });
    Ok(Some(Parts { pool, clock, outbox, yard, watch, front, tower }))
}

/// Runs until SIGTERM or SIGINT.
///
/// # Errors
/// When something that it cannot live without is wrong at the start, or Telegram refuses the master's token.
pub(crate) async fn serve(config: Serve) -> Result<()> {
    telemetry::init(config.base.log_format);
    let stop = CancellationToken::new();
    tokio::spawn(stop_on_signal(stop.clone()));
    let Some(Parts { pool, clock, outbox, yard, watch, front, tower }) = assemble(&config, &stop).await? else {
        return Ok(());
    };
    if !front.me.can_manage_bots {
        tracing::warn!("bot management is off: buyers can only paste tokens. Switch it on in BotFather's Mini App");
    }
    let site = Site {
        pool: pool.clone(),
        redis: yard.redis.clone(),
        clock: clock.clone(),
        bell: watch.bell.clone(),
        exporter: Arc::new(Exporter::install()?),
        senders: config.yookassa_senders.clone().into(),
    };
    let reconciler = Reconciler::new(yard, watch.fleet.clone());

    let mut tasks = JoinSet::new();
    tasks.spawn(serve_http(listen(&config).await?, site, stop.clone()));
    for task in [
        run_until(&stop, move |stop| async move { outbox.run(stop).await }),
        run_until(&stop, move |stop| async move { watch.run(stop).await }),
        run_until(&stop, move |stop| async move { reconciler.run(stop).await }),
        run_until(&stop, move |stop| async move { tower.run(stop).await }),
        run_until(&stop, {
            let front = front.clone();
            move |stop| async move { bot::live::run(&front, stop).await }
        }),
        run_until(&stop, {
            let front = front.clone();
            move |stop| async move { bot::buyer::silence::run(&front, stop).await }
        }),
    ] {
        tasks.spawn(task);
    }
    tasks.spawn(poll_while_leased(front, pool.clone(), clock, stop.clone()));
    tracing::info!("the master bot is up");
    wait(tasks, &stop).await?;
    // What was cut off may still hold a connection.
    let _ = timeout(Duration::from_secs(1), pool.close()).await;
    tracing::info!("the master bot has ended");
    Ok(())
}

/// A part that runs until it is told to stop and cannot fail.
fn run_until<F, Fut>(stop: &CancellationToken, part: F) -> BoxFuture<'static, Result<()>>
where
    F: FnOnce(CancellationToken) -> Fut,
    Fut: Future<Output = ()> + Send + 'static,
{
    let running = part(stop.clone());
    Box::pin(async move {
        running.await;
        Ok(())
    })
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

/// Who we are; Telegram may be away for a while. None: asked to end meanwhile.
async fn get_me(telegram: &Telegram, stop: &CancellationToken) -> Result<Option<shared::telegram::Me>> {
    let mut failures = 0;
    loop {
        match telegram.get_me().await {
            Ok(me) => return Ok(Some(me)),
            Err(error @ shared::telegram::TelegramError::Unauthorized) => {
                return Err(error).context("MASTER_BOT_TOKEN is not good: copy it from @BotFather again");
            }
            Err(error) => {
                failures += 1;
                let pause = shared::backoff::doubling(failures, Duration::from_secs(1), Duration::from_secs(30));
                tracing::warn!(%error, pause_s = pause.as_secs(), "Telegram does not answer yet");
                tokio::select! { () = stop.cancelled() => return Ok(None), () = sleep(pause) => {} }
            }
        }
    }
}

async fn listen(config: &Serve) -> Result<TcpListener> {
    let listener = TcpListener::bind(config.listen_addr)
        .await
        .with_context(|| format!("LISTEN_ADDR {} cannot be listened on", config.listen_addr))?;
    let address = listener.local_addr()?;
    if let Some(file) = &config.listen_addr_file {
        // Whole or not at all for whoever waits for it.
        let draft = file.with_extension("new");
        std::fs::write(&draft, address.to_string())?;
        std::fs::rename(&draft, file)?;
    }
    let notifications = config.public_url.as_ref().and_then(|u| u.join("yookassa/notifications").ok());
    match notifications {
        Some(url) => tracing::info!(%address, notifications = %url, "listening"),
        None => tracing::info!(%address, "listening; without PUBLIC_URL payments are only polled"),
    }
    Ok(listener)
}

async fn serve_http(listener: TcpListener, site: Site, stop: CancellationToken) -> Result<()> {
    axum::serve(listener, web::service(site)).with_graceful_shutdown(stop.cancelled_owned()).await?;
    Ok(())
}

/// Polls Telegram while this process holds the lease, and waits for it while another does.
async fn poll_while_leased(front: Arc<Front>, pool: PgPool, clock: Clock, stop: CancellationToken) -> Result<()> {
    let holder = Uuid::new_v4();
    set_commands(&front).await;
    while !stop.is_cancelled() {
        match leases::take(&pool, POLLING, holder, clock.now(), LEASE_LASTS).await {
            Ok(true) => {
                let turn = stop.child_token();
                let keeper = tokio::spawn(keep_lease(pool.clone(), clock.clone(), holder, turn.clone()));
                let poller = Poller::new(front.telegram.clone(), bot::UPDATES);
                let ended = poller.run(front.clone(), turn.clone()).await;
                turn.cancel();
                let _ = keeper.await;
                let _ = leases::give_back(&pool, POLLING, holder).await;
                if ended == Err(PollingEnded::TokenRefused) {
                    return Err(PollingEnded::TokenRefused).context("MASTER_BOT_TOKEN");
                }
            }
            Ok(false) => tracing::debug!("another process polls Telegram"),
            Err(error) => tracing::warn!(%error, "the polling lease cannot be asked for"),
        }
        tokio::select! { () = stop.cancelled() => {}, () = sleep(LEASE_RENEWED) => {} }
    }
    Ok(())
}

/// Renews the lease until `turn` ends; ends the turn when the lease is lost or may be.
async fn keep_lease(pool: PgPool, clock: Clock, holder: Uuid, turn: CancellationToken) {
    let mut good_until = clock.now() + LEASE_LASTS;
    loop {
        tokio::select! { () = turn.cancelled() => return, () = sleep(LEASE_RENEWED) => {} }
        let asked_at = clock.now();
        let asked = leases::take(&pool, POLLING, holder, asked_at, LEASE_LASTS);
        match timeout(LEASE_RENEWED, asked).await.unwrap_or(Err(sqlx::Error::PoolTimedOut)) {
            Ok(true) => good_until = asked_at + LEASE_LASTS,
            Ok(false) => {
                tracing::warn!("the polling lease was lost");
                return turn.cancel();
            }
            Err(error) => {
                tracing::warn!(%error, "the polling lease could not be renewed");
                if clock.now() >= good_until {
                    return turn.cancel();
                }
            }
        }
    }
}

async fn set_commands(front: &Front) {
    let say = |lang, key| front.texts.plain(lang, key, &[]);
    for (scope, lang) in [(None, Lang::Ru), (Some(Lang::En), Lang::En)] {
        if let Err(error) = front.telegram.set_my_commands(scope, &[("start", &say(lang, "buyer.command"))]).await {
            tracing::warn!(%error, "the list of commands could not be set");
        }
    }
    // The fleet is no buyer's business.
    let (start, tenants) = (say(Lang::Ru, "buyer.command"), say(Lang::Ru, "operator.command"));
    for owner in front.access.owners() {
        let set = front.telegram.set_chat_commands(*owner, &[("start", &start), ("tenants", &tenants)]).await;
        if let Err(error) = set {
            tracing::debug!(owner, %error, "an owner has not opened the bot yet");
        }
    }
}
