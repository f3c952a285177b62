//! Ends what a tenant's role does to Postgres for too long.
//!
//! A role begins with timeouts, but it may lift them for itself: `set statement_timeout = 0` is anybody's right. An
//! endless statement keeps a processor busy, a transaction that stays open keeps the whole server from cleaning up
//! after itself, in every schema. So the master, who may signal other roles' sessions, ends those of tenants.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::steps::Yard;
use crate::registry::{
    TenantId,
    events::{self, Event},
};

/// How long a tenant's session may be at it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// One statement; three times what the role begins with.
    pub(crate) statement: Duration,
    /// One transaction, whether it works or only stands open; twice what the role begins with.
    pub(crate) transaction: Duration,
    /// Between two rounds.
    pub(crate) every: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let [statement, transaction, every] = [30, 60, 5].map(Duration::from_secs);
        Self { statement, transaction, every }
    }
}

/// See the module.
pub(crate) struct Sentinel {
    yard: Arc<Yard>,
    limits: Limits,
}

/// A session that was ended. What it ran is not told: it holds people's data.
#[derive(sqlx::FromRow)]
struct Ended {
    tenant: TenantId,
    slug: String,
    why: String,
    seconds: i64,
}

impl Sentinel {
    pub(crate) fn new(yard: Arc<Yard>, limits: Limits) -> Self {
        Self { yard, limits }
    }

    /// Runs until `stop`. Two masters at once do no harm: a session that is ended twice is ended.
    pub(crate) async fn run(&self, stop: CancellationToken) {
        let mut ticks = interval(self.limits.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! { () = stop.cancelled() => return, _ = ticks.tick() => {} }
            if let Err(error) = self.round().await {
                tracing::warn!(error = format!("{error:#}"), "tenants' sessions cannot be looked at");
            }
        }
    }

    /// Looks once; gives how many sessions were ended.
    ///
    /// # Errors
    /// When the registry fails.
    pub(crate) async fn round(&self) -> Result<usize> {
        // The ages are the server's own, by its own clock: ours may differ. Only roles that carry our mark: others'
        // are none of our business, whatever they are called.
        let ended: Vec<Ended> = sqlx::query_as(
            "with sessions as (
                 select t.id as tenant, t.slug, a.pid, a.state in ('active', 'fastpath function call') as works,
                        extract(epoch from clock_timestamp() - a.query_start)::float8 as statement,
                        extract(epoch from clock_timestamp() - a.xact_start)::float8 as transaction
                   from pg_stat_activity a
                   join tenants t on t.slug = a.usename
                  where shobj_description(a.usesysid, 'pg_authid') = 'slotyard ' || $1 || ' ' || t.slug
             ), old as (
                 select tenant, slug, pid, 'statement' as why, statement as seconds from sessions
                  where works and statement > $2
                 union all
                 select tenant, slug, pid, 'transaction', transaction from sessions
                  where transaction > $3 and not (works and statement > $2)
             )
             select tenant, slug, why, seconds::bigint from old where pg_terminate_backend(pid)",
        )
        .bind(&self.yard.instance)
        .bind(self.limits.statement.as_secs_f64())
        .bind(self.limits.transaction.as_secs_f64())
        .fetch_all(&self.yard.pool)
        .await?;
        for session in &ended {
            let detail = format!("a {} of {} s", session.why, session.seconds);
            tracing::warn!(tenant = session.slug, detail, "a session was ended");
            metrics::counter!("slotyard_sessions_ended", "why" => session.why.clone()).increment(1);
            let detail = Some(detail.as_str());
            let event = Event { actor: events::RECONCILER, event: "session_ended", detail, ..Event::default() };
            events::write(&self.yard.pool, session.tenant, &event, self.yard.clock.now()).await?;
        }
        Ok(ended.len())
    }
}
