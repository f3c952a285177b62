//! What an operator is shown of a tenant, from the registry and the heartbeats alone.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use redis::AsyncCommands;
use serde::Serialize;
use shared::{clock::Clock, redis::Connection};
use shared::{
    heartbeat::{self, Heartbeat},
    slug::Slug,
};
use sqlx::PgPool;

use super::{
    answers::Answer,
    desired::{Desired, desired},
    plan::Part,
};
use crate::{
    registry::{
        asks,
        events::{self, EventRow},
        facts::{self, FactRow},
        kept::{self, Kept},
        settings,
        tenants::{self, About, Tenant},
    },
    runtime::Usage,
};

/// Older measurements say nothing of now.
const USAGE_SHOWN: TimeDelta = TimeDelta::minutes(2);

/// How a tenant stands, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    Starting,
    Running,
    Failing,
    Stopping,
    Stopped,
    Suspended,
    Removing,
    Removed,
}

impl State {
    pub(crate) const ALL: [Self; 8] = [
        Self::Starting,
        Self::Running,
        Self::Failing,
        Self::Stopping,
        Self::Stopped,
        Self::Suspended,
        Self::Removing,
        Self::Removed,
    ];

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// As machines read it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Failing => "failing",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Suspended => "suspended",
            Self::Removing => "removing",
            Self::Removed => "removed",
        }
    }

    /// For a list on a phone.
    pub(crate) fn icon(self) -> &'static str {
        match self {
            Self::Running => "🟢",
            Self::Starting | Self::Stopping | Self::Removing => "🟡",
            Self::Failing => "🔴",
            Self::Stopped => "⏹",
            Self::Suspended => "💤",
            Self::Removed => "⚫️",
        }
    }
}

/// Follows from the intent and the facts; stored nowhere.
pub(crate) fn state(tenant: &Tenant, facts: &[FactRow], now: DateTime<Utc>) -> State {
    let ready = facts.iter().find(|f| f.part == Part::Ready.name());
    match desired(tenant, now) {
        Desired::Removed if tenant.removed_at.is_some() => State::Removed,
        Desired::Removed => State::Removing,
        Desired::Running if tenant.last_error.is_some() => State::Failing,
        Desired::Running if facts_are_fresh(tenant, facts) && ready.is_some_and(|f| f.known) => State::Running,
        Desired::Running => State::Starting,
        Desired::Stopped | Desired::Suspended if ready.is_some() => State::Stopping,
        Desired::Stopped => State::Stopped,
        Desired::Suspended => State::Suspended,
    }
}

/// A restart that was asked for and not done yet is a start.
fn facts_are_fresh(tenant: &Tenant, facts: &[FactRow]) -> bool {
    facts
        .iter()
        .find(|f| f.part == Part::Container.name())
        .is_some_and(|f| f.known && f.value["restart_generation"] == tenant.restart_generation)
}

/// Everything on the card.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Card {
    pub(crate) slug: Slug,
    pub(crate) business_name: String,
    pub(crate) bot_username: String,
    pub(crate) state: State,
    /// Since when it is so.
    pub(crate) since: DateTime<Utc>,
    pub(crate) desired: Desired,
    pub(crate) hold_reason: Option<String>,
    pub(crate) paid_until: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) ready_at: Option<DateTime<Utc>>,
    /// Whom it was sold to.
    pub(crate) client: Buyer,
    /// What its container was made from, and what the fleet makes containers from now.
    pub(crate) image: Option<String>,
    pub(crate) image_wanted: Option<String>,
    pub(crate) heartbeat: Option<Heartbeat>,
    /// What its container takes, if that was measured lately.
    pub(crate) usage: Option<Usage>,
    pub(crate) last_error: Option<String>,
    pub(crate) attempts: i32,
    pub(crate) next_attempt_at: Option<DateTime<Utc>>,
    pub(crate) generation: i64,
    /// What is kept of it after its removal.
    pub(crate) kept: Option<Kept>,
    pub(crate) events: Vec<EventRow>,
}

/// The client, as an operator needs them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Buyer {
    pub(crate) name: String,
    pub(crate) username: Option<String>,
    pub(crate) telegram_id: i64,
}

/// The card of one tenant; none if there is no such tenant.
///
/// # Errors
/// When the registry fails. A Redis that does not answer only leaves the heartbeat out.
pub(crate) async fn card(
    pool: &PgPool,
    redis: Option<&Connection>,
    slug: &Slug,
    clock: &Clock,
) -> Result<Option<Card>, sqlx::Error> {
    let now = clock.now();
    let Some(tenant) = tenants::find(pool, slug).await? else { return Ok(None) };
    let facts = facts::of(pool, tenant.id).await?;
    let beat: Option<String> = match redis {
        Some(redis) => redis.clone().get(heartbeat::key(&slug.redis_prefix())).await.unwrap_or_default(),
        None => None,
    };
    let measured = asks::latest_usage(pool, tenant.id, clock.machine().now() - USAGE_SHOWN).await?;
    let usage = match measured.and_then(Answer::read) {
        Some(Answer::Usage(usage)) => Some(usage),
        _ => None,
    };
    let about = tenants::about(pool, tenant.id).await?;
    let state = state(&tenant, &facts, now);
    let container = facts.iter().find(|fact| fact.part == Part::Container.name());
    Ok(Some(Card {
        usage,
        since: since(pool, state, (&tenant, &about), &facts).await?,
        state,
        created_at: about.created_at,
        client: Buyer {
            name: about.client_name,
            username: about.client_username,
            telegram_id: about.client_telegram_id,
        },
        image: container.and_then(|fact| fact.value["image"].as_str().map(str::to_owned)),
        image_wanted: settings::get(pool, settings::TENANT_IMAGE).await?,
        kept: kept::of(pool, tenant.id).await?,
        desired: desired(&tenant, now),
        heartbeat: beat
            .and_then(|b| serde_json::from_str(&b).ok())
            .map(|b: Heartbeat| Heartbeat { at: clock.of_machine(b.at), ..b }),
        events: events::latest(pool, tenant.id, 20).await?,
        slug: tenant.slug,
        business_name: tenant.business_name,
        bot_username: tenant.bot_username,
        hold_reason: tenant.hold_reason,
        paid_until: tenant.paid_until,
        ready_at: tenant.ready_at,
        last_error: tenant.last_error,
        attempts: tenant.attempts,
        next_attempt_at: tenant.next_attempt_at,
        generation: tenant.generation,
    }))
}

/// Since when a tenant stands as it does: from the facts where they tell, otherwise from what was done to it last.
async fn since(
    pool: &PgPool,
    state: State,
    (tenant, about): (&Tenant, &About),
    facts: &[FactRow],
) -> Result<DateTime<Utc>, sqlx::Error> {
    let ready = facts.iter().find(|f| f.part == Part::Ready.name()).map(|f| f.seen_at);
    let last = async |events: &[&str]| {
        let last = events::last_of(pool, tenant.id, events).await?;
        Ok::<_, sqlx::Error>(last.into_values().max())
    };
    let since = match state {
        State::Running => ready,
        State::Failing => about.failing_since,
        State::Starting => last(&["bought", "extended", "release", "restart", "ended", "differs"]).await?,
        State::Stopping if tenant.hold_reason.is_some() => last(&["hold"]).await?,
        State::Stopping => tenant.paid_until,
        State::Stopped => last(&["hold", "stopped"]).await?,
        State::Suspended => last(&["stopped"]).await?.max(tenant.paid_until),
        State::Removing => tenant.removal_wanted_at,
        State::Removed => tenant.removed_at,
    };
    Ok(since.unwrap_or(about.created_at))
}

/// How many tenants are in each state, those that are gone left out.
///
/// # Errors
/// When the registry fails.
pub(crate) async fn count_by_state(pool: &PgPool, now: DateTime<Utc>) -> Result<HashMap<State, u32>, sqlx::Error> {
    let mut by_tenant: HashMap<_, Vec<FactRow>> = HashMap::new();
    for fact in facts::all(pool).await? {
        by_tenant.entry(fact.tenant_id).or_default().push(fact);
    }
    let mut counts = HashMap::new();
    for tenant in tenants::all_present(pool).await? {
        let facts = by_tenant.get(&tenant.id).map(Vec::as_slice).unwrap_or_default();
        *counts.entry(state(&tenant, facts, now)).or_insert(0) += 1;
    }
    Ok(counts)
}
