//! When to look, and who works.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use futures::StreamExt;
use shared::clock::remaining;
use tokio::{
    sync::Notify,
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{
    desired::desired,
    doubts::Doubts,
    kept,
    look::{World, look},
    plan::plan,
    steps::Yard,
    strays, worker,
};
use crate::{
    registry::{
        TenantId,
        signals::{self, Bell},
        tenants::LEASE_AT_MOST,
    },
    runtime::Hint,
};

/// The world is looked at so often even if nothing hints that it has changed.
const SLOW_LOOK: Duration = Duration::from_secs(30);
/// And never more often than this.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
/// After a look that failed (the engine, Redis or Postgres is away).
const AFTER_FAILURE: Duration = Duration::from_secs(2);
/// Docker tells of a death some milliseconds before its own list shows it (20.10: seen): after a hint of the engine's
/// the fleet is looked at at once, and once more after this.
const ENGINE_SETTLES: Duration = Duration::from_millis(300);
/// Tenants worked on side by side.
const WORKERS: usize = 16;

/// Looks after the whole fleet.
pub(crate) struct Reconciler {
    yard: Arc<Yard>,
    bell: Arc<Notify>,
    busy: Arc<Mutex<HashSet<Work>>>,
    doubts: Arc<Doubts>,
}

/// What a worker is on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Work {
    Tenant(TenantId),
    /// A container of ours that is nobody's, by its id.
    Stray(String),
    /// The data of a tenant that is gone.
    Kept(TenantId),
}

impl Reconciler {
    /// `bell` is rung when there is a reason to look.
    pub(crate) fn new(yard: Arc<Yard>, bell: Arc<Notify>) -> Self {
        Self { yard, bell, busy: Arc::default(), doubts: Arc::default() }
    }

    /// Runs until `stop`; steps in hand are finished first.
    pub(crate) async fn run(&self, stop: CancellationToken) {
        let hints = tokio::spawn(listen(self.yard.clone(), self.bell.clone(), self.doubts.clone(), stop.clone()));
        let mut workers = JoinSet::new();
        while !stop.is_cancelled() {
            // Registered before the look, so that a ring between looking and sleeping is not lost.
            let rung = self.bell.notified();
            let pause = match self.round(&mut workers, &stop).await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "the fleet cannot be looked at");
                    AFTER_FAILURE
                }
            };
            // However much it rings (any role of the database can notify): not more rounds than these.
            tokio::select! { () = stop.cancelled() => {}, () = sleep(BETWEEN_LOOKS) => {} }
            tokio::select! {
                () = stop.cancelled() => {}
                () = rung => {}
                () = self.yard.clock.sleep(pause) => {}
            }
            while workers.try_join_next().is_some() {}
        }
        while workers.join_next().await.is_some() {}
        hints.abort();
    }

    /// One look, and a worker for every tenant that is not as it should be. Gives the time until the next is due.
    async fn round(&self, workers: &mut JoinSet<()>, stop: &CancellationToken) -> anyhow::Result<Duration> {
        let mut world = look(&self.yard).await?;
        world.doubt(self.doubts.about(world.container_ids(), world.at));
        self.sweep(&world, workers);
        self.let_go(&world, workers);
        let mut pause = SLOW_LOOK;
        let until = |at: DateTime<Utc>| (at - world.at).to_std().unwrap_or_default();
        for tenant in &world.tenants {
            if let Some(at) = world.next_old(tenant) {
                pause = pause.min(until(at));
            }
            let steps = plan(desired(tenant, world.at), &world.observe(&self.yard, tenant));
            if steps.is_empty() {
                continue;
            }
            // The time of the next try, or the end of a lease: whoever holds it may be another process, or dead.
            let left = |at: Option<DateTime<Utc>>, now, most| at.map(|at| remaining(at, now, most)).unwrap_or_default();
            let wait = left(tenant.next_attempt_at, world.at, worker::LONGEST_WAIT).max(left(
                tenant.lease_until,
                world.machine_at,
                LEASE_AT_MOST,
            ));
            if !wait.is_zero() {
                pause = pause.min(wait);
                continue;
            }
            // A worker that ends rings the bell.
            let Some(claim) = self.claim(Work::Tenant(tenant.id), workers) else { continue };
            let (yard, tenant, stop) = (self.yard.clone(), tenant.clone(), stop.clone());
            workers.spawn(async move {
                // Given back also if the work panics.
                let _claim = claim;
                if let Err(error) = worker::work(&yard, &tenant, &steps, &stop).await {
                    tracing::warn!(tenant = %tenant.slug, error = format!("{error:#}"), "the work was cut off");
                    sleep(AFTER_FAILURE).await;
                }
            });
        }
        Ok(pause)
    }

    /// A worker for every container of ours that is nobody's.
    fn sweep(&self, world: &World, workers: &mut JoinSet<()>) {
        for stray in world.strays() {
            let Some(claim) = self.claim(Work::Stray(stray.id.clone()), workers) else { continue };
            let (yard, stray) = (self.yard.clone(), stray.clone());
            workers.spawn(async move {
                let _claim = claim;
                if let Err(error) = strays::remove(&yard, &stray).await {
                    tracing::warn!(
                        container = stray.name,
                        error = format!("{error:#}"),
                        "a stray could not be removed"
                    );
                    sleep(AFTER_FAILURE).await;
                }
            });
        }
    }

    /// A worker for everything that was kept for long enough.
    fn let_go(&self, world: &World, workers: &mut JoinSet<()>) {
        for id in &world.kept_due {
            let Some(claim) = self.claim(Work::Kept(*id), workers) else { continue };
            let (yard, id) = (self.yard.clone(), *id);
            workers.spawn(async move {
                let _claim = claim;
                if let Err(error) = kept::drop(&yard, id).await {
                    tracing::warn!(tenant = %id, error = format!("{error:#}"), "kept data could not be dropped");
                    sleep(AFTER_FAILURE).await;
                }
            });
        }
    }

    /// None: somebody is on it, or there are as many workers as there may be.
    fn claim(&self, work: Work, workers: &JoinSet<()>) -> Option<Claim> {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let free = workers.len() < WORKERS && busy.insert(work.clone());
        free.then(|| Claim { busy: self.busy.clone(), work, bell: self.bell.clone() })
    }
}

struct Claim {
    busy: Arc<Mutex<HashSet<Work>>>,
    work: Work,
    bell: Arc<Notify>,
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.work);
        self.bell.notify_one();
    }
}

/// Hints from outside this process: containers that die, intents that another process wrote, heartbeats. Each may be
/// lost or forged; all they do is ring.
async fn listen(yard: Arc<Yard>, bell: Arc<Notify>, doubts: Arc<Doubts>, stop: CancellationToken) {
    let engine = async {
        loop {
            let mut hints = yard.runtime.hints();
            // What happened while nobody listened: an engine that comes back has none of its containers running.
            bell.notify_one();
            let mut again = None;
            loop {
                let settled = async {
                    match again {
                        Some(at) => sleep_until(at).await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    hint = hints.next() => match hint {
                        // A container that is none of ours.
                        Some(Hint::Inspect(id)) if !doubts.raise(&id, yard.clock.now()) => continue,
                        Some(_) => again = Some(Instant::now() + ENGINE_SETTLES),
                        None => break,
                    },
                    () = settled => again = None,
                }
                bell.notify_one();
            }
            sleep(AFTER_FAILURE).await;
        }
    };
    let intents = signals::listen(yard.pool.clone(), Bell::Tenants, || bell.notify_one());
    let beats = async {
        loop {
            if let Err(error) = listen_to_heartbeats(&yard, &bell).await {
                tracing::debug!(%error, "not listening to heartbeats for now");
            }
            sleep(AFTER_FAILURE).await;
        }
    };
    tokio::select! { () = stop.cancelled() => {}, () = engine => {}, () = intents => {}, () = beats => {} }
}

async fn listen_to_heartbeats(yard: &Yard, bell: &Notify) -> redis::RedisResult<()> {
    let mut pubsub = yard.heartbeats.get_async_pubsub().await?;
    pubsub.psubscribe("client_*:heartbeat").await?;
    // A Redis that was away may have come back empty, without its users.
    bell.notify_one();
    let mut messages = pubsub.on_message();
    while let Some(message) = messages.next().await {
        if let Some((slug, _)) = message.get_channel_name().split_once(':') {
            // Nobody waiting is no error.
            let _ = yard.beats.send(slug.to_owned());
        }
    }
    Ok(())
}
