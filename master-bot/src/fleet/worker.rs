//! Work on one tenant, under its lease.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use chrono::TimeDelta;
use shared::outbox::{Letter, Outbox};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    plan::{Part, Step},
    steps::{self, Yard, container, migrations, token::TokenDead},
};
use crate::registry::{
    events::{self, Event},
    facts, orders,
    signals::{self, Bell},
    tenants::{self, Failure, Lease, Tenant},
};

/// After a failed step: this long, doubling…
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// …up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// No next attempt is further off than this.
pub(super) const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(5);
/// A step that takes longer has hung.
const STEP_PATIENCE: Duration = Duration::from_secs(90);
/// Characters of an error that are kept.
const TOLD: usize = 600;
/// A worker shows so often that it lives.
const LEASE_PROLONGED: Duration = Duration::from_secs(5);

/// Takes the tenant's lease and walks the steps. Nothing happens if somebody else works on it.
///
/// # Errors
/// Only when the registry cannot be reached; a failed step is recorded and tried again later.
pub(crate) async fn work(yard: &Yard, tenant: &Tenant, steps: &[Step], stop: &CancellationToken) -> Result<()> {
    let token = Uuid::new_v4();
    let Some(lease) = tenants::lease(&yard.pool, tenant.id, token, yard.clock.machine().now()).await? else {
        return Ok(());
    };
    // The plan was made before the lease was taken: a newer intent is worked on with a newer plan.
    if lease.generation != tenant.generation {
        return Ok(tenants::give_back(&yard.pool, &lease, None, yard.clock.now()).await?);
    }
    let mut failed = None;
    for step in steps {
        if stop.is_cancelled() {
            break;
        }
        let walked = tokio::select! {
            walked = walk(yard, tenant, &lease, *step) => walked,
            // Waiting for a bot is no work that must be finished; everything else is short, and is.
            () = stop.cancelled(), if *step == Step::Ensure(Part::Ready) => break,
        };
        match walked {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                failed = Some((*step, format!("{}: {}", name(*step), told(&error)), trouble(&error)));
                if *step == Step::Ensure(Part::Ready) {
                    // A bot that does not come up may have lost its token: that is no longer taken for granted.
                    facts::unknown(&yard.pool, &lease, Part::Token.name(), yard.clock.now()).await?;
                }
                break;
            }
        }
        tell_front(yard).await;
    }
    let now = yard.clock.now();
    match &failed {
        None => tenants::give_back(&yard.pool, &lease, None, now).await?,
        Some((step, text, trouble)) => {
            let attempt = tenant.attempts.unsigned_abs() + 1;
            let pause = shared::backoff::doubling(attempt, FIRST_PAUSE, LONGEST_PAUSE);
            let at = now + TimeDelta::from_std(pause).unwrap_or(TimeDelta::minutes(5));
            tracing::warn!(tenant = %tenant.slug, attempt, pause_s = pause.as_secs(), error = text, "a step failed");
            let event =
                Event { actor: events::RECONCILER, event: "step_failed", detail: Some(text), ..Event::default() };
            events::write(&yard.pool, tenant.id, &event, now).await?;
            let part = match step {
                Step::Ensure(part) => Some(part.name()),
                Step::Undo(_) | Step::Stop | Step::Finish => None,
            };
            let failure = Failure { text: text.clone(), part, trouble: *trouble, next_attempt_at: at };
            tenants::give_back(&yard.pool, &lease, Some(&failure), now).await?;
        }
    }
    tell_front(yard).await;
    Ok(())
}

/// Whoever shows progress may look. A hint: nobody waits for it.
async fn tell_front(yard: &Yard) {
    if let Err(error) = signals::ring(&yard.pool, Bell::Front).await {
        tracing::debug!(%error, "the front was not told");
    }
}

/// An error and its causes on one line; a cause that its error has quoted already is left out.
fn told(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !line.contains(&cause) {
            line.push_str(if line.is_empty() { "" } else { ": " });
            line.push_str(&cause);
        }
    }
    // Some of it may be a tenant's own words: Postgres takes no NUL, and nobody reads more than this.
    line.chars().filter(|c| !c.is_control()).take(TOLD).collect()
}

/// What a failure means, where its step could tell for sure.
fn trouble(error: &anyhow::Error) -> Option<&'static str> {
    error.chain().find_map(|cause| cause.downcast_ref::<TokenDead>()).map(|dead| dead.0.name())
}

fn name(step: Step) -> String {
    match step {
        Step::Ensure(part) => part.to_string(),
        Step::Undo(part) => format!("undo {part}"),
        Step::Stop => "stop".into(),
        Step::Finish => "finish".into(),
    }
}

/// One step, and the record of it. `false`: the lease is lost or the intent has changed, and the work ends here.
async fn walk(yard: &Yard, tenant: &Tenant, lease: &Lease, step: Step) -> Result<bool> {
    let begun = Instant::now();
    if !tenants::prolong(&yard.pool, lease, yard.clock.machine().now()).await? {
        return Ok(false);
    }
    let act = async {
        match step {
            Step::Ensure(part) => ensure(yard, tenant, lease, part).await,
            Step::Undo(part) => undo(yard, tenant, lease, part).await,
            Step::Stop => {
                container::stop(yard, tenant).await?;
                migrations::suspend(yard, tenant).await?;
                // That it was ready, and that its schema says so: both are to be seen anew when it runs again.
                for part in [Part::Ready, Part::Migrations] {
                    facts::forget(&yard.pool, lease, part.name()).await?;
                }
                Ok(true)
            }
            Step::Finish => finish(yard, tenant, lease).await,
        }
    };
    let held = tokio::select! {
        done = timeout(STEP_PATIENCE, act) => done.context("it took too long")??,
        // Whatever was cut off is found *unknown* by whoever works on it next.
        () = until_lost(yard, lease) => return Ok(false),
    };
    if !held {
        return Ok(false);
    }
    let took = begun.elapsed();
    let (event, part) = match step {
        Step::Ensure(part) => ("step", Some(part.name())),
        Step::Undo(part) => ("undone", Some(part.name())),
        Step::Stop => ("stopped", None),
        Step::Finish => ("removed", None),
    };
    let took_ms = i32::try_from(took.as_millis()).ok();
    let line = Event { actor: events::RECONCILER, event, part, took_ms, ..Event::default() };
    events::write(&yard.pool, tenant.id, &line, yard.clock.now()).await?;
    tracing::info!(tenant = %tenant.slug, event, part, took_ms, "step done");
    Ok(true)
}

/// Prolongs the lease for as long as it is ours.
async fn until_lost(yard: &Yard, lease: &Lease) {
    loop {
        sleep(LEASE_PROLONGED).await;
        match tenants::prolong(&yard.pool, lease, yard.clock.machine().now()).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => tracing::warn!(%error, "a lease could not be prolonged"),
        }
    }
}

async fn ensure(yard: &Yard, tenant: &Tenant, lease: &Lease, part: Part) -> Result<bool> {
    // While the call is in flight nothing is known of the part; should this process die, the next one looks anew.
    if !facts::unknown(&yard.pool, lease, part.name(), yard.clock.now()).await? {
        return Ok(false);
    }
    let value = steps::ensure(yard, tenant, lease, part).await?;
    let now = yard.clock.now();
    let mut tx = yard.pool.begin().await?;
    if !facts::known(&mut *tx, lease, part.name(), &value, now).await? {
        return Ok(false);
    }
    if part == Part::Ready && tenants::first_ready(&mut tx, lease, now).await? {
        let event = Event { actor: events::RECONCILER, event: "ready", ..Event::default() };
        events::write(&mut *tx, tenant.id, &event, now).await?;
        let letter = Letter {
            key: format!("ready:{}", tenant.slug),
            chat_id: tenant.owner_telegram_id,
            screen: yard.words.ready(tenant),
            due_at: now,
        };
        // The ring after the step has it sent.
        Outbox::enqueue(&mut tx, now, &letter).await?;
    }
    tx.commit().await?;
    Ok(true)
}

async fn undo(yard: &Yard, tenant: &Tenant, lease: &Lease, part: Part) -> Result<bool> {
    if !facts::unknown(&yard.pool, lease, part.name(), yard.clock.now()).await? {
        return Ok(false);
    }
    steps::undo(yard, tenant, part).await?;
    facts::forget(&yard.pool, lease, part.name()).await?;
    Ok(true)
}

async fn finish(yard: &Yard, tenant: &Tenant, lease: &Lease) -> Result<bool> {
    let now = yard.clock.now();
    let mut tx = yard.pool.begin().await?;
    if !tenants::gone(&mut *tx, lease, now).await? {
        return Ok(false);
    }
    orders::end_of(&mut tx, tenant.id, now).await?;
    tx.commit().await?;
    Ok(true)
}
