//! The fleet: whoever has the engine's socket. It listens on no port.

use std::sync::Arc;

use anyhow::Result;
use secrecy::ExposeSecret;
use tokio::sync::{Notify, broadcast};

use super::{Common, Tasks};
use crate::{
    bot::words::BotWords,
    config,
    fleet::{
        answers,
        reconciler::Reconciler,
        sentinel::{Limits, Sentinel},
        steps::Yard,
    },
    registry::settings,
    runtime::docker::DockerRuntime,
};

/// Makes what steps work with.
pub(super) fn assemble(common: &Common, config: &config::Fleet) -> Result<Arc<Yard>> {
    Ok(Arc::new(Yard {
        pool: common.pool.clone(),
        postgres: common.postgres.clone(),
        redis: common.redis.clone(),
        heartbeats: redis::Client::open(common.redis_url.expose_secret())?,
        runtime: Arc::new(DockerRuntime::new(config.docker_host.as_deref(), &common.instance)?),
        sealer: common.sealer.clone(),
        telegram: common.telegram.clone(),
        telegram_api_url: common.telegram_api_url.clone(),
        fleet: config.clone(),
        instance: common.instance.clone(),
        clock: common.clock.clone(),
        words: Arc::new(BotWords { texts: common.texts.clone() }),
        beats: broadcast::channel(1024).0,
        pace: Arc::default(),
        reach: common.reach.clone(),
    }))
}

/// Starts all that the fleet does.
pub(super) async fn run(yard: Arc<Yard>, tasks: &mut Tasks) {
    let days = yard.fleet.removed_kept_days.to_string();
    for (key, value) in [(settings::TENANT_IMAGE, &yard.fleet.image), (settings::REMOVED_KEPT_DAYS, &days)] {
        // For screens alone, so it is no reason not to start.
        if let Err(error) = settings::set(&yard.pool, key, value).await {
            tracing::warn!(%error, key, "screens will not know what the fleet is set to");
        }
    }
    let reconciler = Reconciler::new(yard.clone(), Arc::new(Notify::new()));
    tasks.run(|stop| async move { reconciler.run(stop).await });
    let sentinel = Sentinel::new(yard.clone(), Limits::default());
    tasks.run(|stop| async move { sentinel.run(stop).await });
    tasks.run(|stop| answers::run(yard, stop));
}
