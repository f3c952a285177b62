//! The front: Telegram, screens, HTTP, money. It has no engine's socket.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result};
use shared::{
    outbox::Outbox,
    telegram::{Me, Telegram, TelegramError},
};
use tokio::{net::TcpListener, sync::Notify, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Common, Tasks, patience, polling};
use crate::{
    bot::{self, Access, Front, live::Live, steps::Steps, words::BotWords},
    config,
    fleet::desk::FleetDesk,
    payments::{noted::Noted, yookassa::YooKassa},
    registry::signals::{self, Bell},
    sales::{checkout::Billing, cities::Cities, desk::Desk, hand::HandDesk, plans::Plans, watch::Watch},
    team::Team,
    web::{self, Exporter, Site},
};

/// At the end, taps that wait for a provider have so long.
const ASIDE_ENDS: Duration = Duration::from_secs(5);

/// The front, wired and not yet running.
pub(crate) struct FrontParts {
    pub(crate) outbox: Outbox,
    pub(crate) watch: Watch,
    pub(crate) front: Arc<Front>,
}

/// Makes the front's parts. None: asked to end while Telegram did not answer.
pub(super) async fn assemble(
    common: &Common,
    config: &config::Front,
    stop: &CancellationToken,
) -> Result<Option<FrontParts>> {
    let Common { pool, clock, telegram, texts, sealer, redis, .. } = common;
    let Some(me) = get_me(telegram, stop).await? else { return Ok(None) };
    let outbox = Outbox::new(pool.clone(), telegram.clone(), clock.clone()).looking_every(Duration::from_secs(30));
    let words = Arc::new(BotWords { texts: texts.clone() });
    let plans = Plans::embedded()?;
    let shop = YooKassa::new(&config.yookassa_api_url, &config.yookassa_shop_id, config.yookassa_secret_key.clone())?;
    let watch = Watch {
        pool: pool.clone(),
        gateway: Arc::new(Noted { gateway: shop, reach: common.reach.clone() }),
        sealer: sealer.clone(),
        words,
        outbox: outbox.clone(),
        clock: clock.clone(),
        operator_chats: common.operator_chats.clone(),
        billing: Arc::new(Billing {
            return_url: format!("https://t.me/{}", me.username),
            receipts: config.shop.receipts,
            terms: config.shop.terms.clone(),
            plans: plans.clone(),
        }),
        bell: Arc::new(Notify::new()),
    };
    let front = Arc::new(Front {
        telegram: telegram.clone(),
        telegram_api_url: common.telegram_api_url.clone(),
        me,
        outbox: outbox.clone(),
        texts: texts.clone(),
        clock: clock.clone(),
        plans,
        access: Access::new(Team { pool: pool.clone(), clock: clock.clone(), owners: common.owner_ids.clone() }),
        steps: Steps::new(redis.clone()),
        desk: Desk { pool: pool.clone(), sealer: sealer.clone(), clock: clock.clone() },
        hand: HandDesk {
            pool: pool.clone(),
            sealer: sealer.clone(),
            words: watch.words.clone(),
            operator_chats: common.operator_chats.clone(),
            outbox: outbox.clone(),
            clock: clock.clone(),
        },
        fleet: FleetDesk { pool: pool.clone(), redis: Some(redis.clone()), clock: clock.clone(), rung: Arc::default() },
        watch: watch.clone(),
        live: Arc::new(Live::default()),
        shop: config.shop.clone(),
        kinds: shared::presets::kinds()?.into(),
        cities: Arc::new(Cities::embedded()?),
        aside: TaskTracker::new(),
        asked: bot::asked::Asked::default(),
    });
    Ok(Some(FrontParts { outbox, watch, front }))
}

/// Starts all that the front does.
pub(super) async fn run(common: &Common, config: &config::Front, parts: FrontParts, tasks: &mut Tasks) -> Result<()> {
    let FrontParts { outbox, watch, front } = parts;
    if !front.me.can_manage_bots {
        tracing::warn!("bot management is off: buyers can only paste tokens. Switch it on in BotFather's Mini App");
    }
    let site = Site {
        pool: common.pool.clone(),
        redis: common.redis.clone(),
        clock: common.clock.clone(),
        bell: watch.bell.clone(),
        exporter: Arc::new(Exporter::install()?),
        senders: config.yookassa_senders.clone().into(),
        proxies: config.trusted_proxies.clone().into(),
    };
    let listener = listen(config).await?;
    tasks.spawn(|stop| async move {
        Ok(axum::serve(listener, web::service(site)).with_graceful_shutdown(stop.cancelled_owned()).await?)
    });
    let (letters, rung) = (outbox.clone(), front.fleet.rung.clone());
    let hints = signals::listen(common.pool.clone(), Bell::Front, move || {
        letters.wake();
        rung.notify_waiters();
    });
    tasks.run(|stop| async move {
        tokio::select! { () = stop.cancelled() => {}, () = hints => {} }
    });
    tasks.run(|stop| async move { outbox.run(stop).await });
    tasks.run(|stop| async move { watch.run(stop).await });
    let shown = front.clone();
    tasks.run(|stop| async move { bot::live::run(&shown, stop).await });
    let told = front.clone();
    tasks.run(|stop| async move { bot::answers::run(&told, stop).await });
    let hinted = front.clone();
    tasks.run(|stop| async move { bot::buyer::silence::run(&hinted, stop).await });
    let aside = front.aside.clone();
    tasks.run(|stop| async move {
        stop.cancelled().await;
        // Taps that were taken are seen through, as far as there is time.
        aside.close();
        let _ = timeout(ASIDE_ENDS, aside.wait()).await;
    });
    let (pool, clock) = (common.pool.clone(), common.clock.machine());
    tasks.spawn(|stop| polling::poll_while_leased(front, pool, clock, stop));
    Ok(())
}

/// Who we are; Telegram may be away for a while. None: asked to end meanwhile.
async fn get_me(telegram: &Telegram, stop: &CancellationToken) -> Result<Option<Me>> {
    let passes = |error: &TelegramError| *error != TelegramError::Unauthorized;
    let me = patience::until_there("Telegram (TELEGRAM_API_URL)", stop, || telegram.get_me(), passes).await;
    me.context("MASTER_BOT_TOKEN is not good: copy it from @BotFather again")
}

async fn listen(config: &config::Front) -> Result<TcpListener> {
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
