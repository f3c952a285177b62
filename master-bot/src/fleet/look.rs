//! What is: the whole fleet in a constant number of calls.

use std::collections::{HashMap, HashSet};

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use serde_json::Value;
use shared::heartbeat::{self, Heartbeat};

use super::{
    plan::{Observed, Part, Standing},
    steps::{Yard, container, migrations, network},
};
use crate::{
    registry::{
        TenantId,
        facts::{self, FactRow},
        tenants::{self, Tenant},
    },
    runtime::{RuntimeError, Seen},
    watchtower::judge::Peer,
};

/// Everything that was seen at one moment.
pub(crate) struct World {
    pub(crate) at: DateTime<Utc>,
    pub(crate) tenants: Vec<Tenant>,
    facts: HashMap<TenantId, Vec<FactRow>>,
    containers: HashMap<String, Seen>,
    networks: HashSet<String>,
    schemas: HashSet<String>,
    roles: HashSet<String>,
    redis_users: HashSet<String>,
    heartbeats: HashMap<TenantId, Heartbeat>,
}

/// Looks at the registry, Postgres, Redis and the engine; how many calls does not depend on how many tenants.
pub(crate) async fn look(yard: &Yard) -> Result<World> {
    let at = yard.clock.now();
    let tenants = tenants::all_present(&yard.pool).await.context("tenants")?;
    let mut by_tenant: HashMap<TenantId, Vec<FactRow>> = HashMap::new();
    for fact in facts::all(&yard.pool).await.context("facts")? {
        by_tenant.entry(fact.tenant_id).or_default().push(fact);
    }
    let catalog = async {
        let rows: Vec<(String, bool)> = sqlx::query_as(
            "select nspname::text, true from pg_namespace where nspname like 'client\\_%'
              union all select rolname::text, false from pg_roles where rolname like 'client\\_%'",
        )
        .fetch_all(&yard.pool)
        .await?;
        anyhow::Ok(rows)
    };
    let (containers, networks, names, redis_users, heartbeats) = tokio::try_join!(
        async { yard.reach.ask(Peer::Engine, yard.runtime.list(), engine_is_away).await.context("containers") },
        async { yard.reach.ask(Peer::Engine, yard.runtime.networks(), engine_is_away).await.context("networks") },
        async { catalog.await.context("schemas and roles") },
        async { yard.reach.ask(Peer::Redis, redis_users(yard), |_| true).await.context("Redis users") },
        async { read_heartbeats(yard, &tenants).await.context("heartbeats") },
    )?;
    let (schemas, roles): (Vec<_>, Vec<_>) = names.into_iter().partition(|(_, is_schema)| *is_schema);
    Ok(World {
        at,
        tenants,
        facts: by_tenant,
        containers: containers.into_iter().map(|c| (c.name.clone(), c)).collect(),
        networks: networks.into_iter().filter(|n| n.ours).map(|n| n.name).collect(),
        schemas: schemas.into_iter().map(|(name, _)| name).collect(),
        roles: roles.into_iter().map(|(name, _)| name).collect(),
        redis_users,
        heartbeats,
    })
}

fn engine_is_away(error: &RuntimeError) -> bool {
    matches!(error, RuntimeError::Engine(_))
}

async fn redis_users(yard: &Yard) -> Result<HashSet<String>> {
    Ok(redis::cmd("ACL").arg("USERS").query_async(&mut yard.redis.clone()).await?)
}

async fn read_heartbeats(yard: &Yard, tenants: &[Tenant]) -> Result<HashMap<TenantId, Heartbeat>> {
    if tenants.is_empty() {
        return Ok(HashMap::new());
    }
    // A tenant can write half a gigabyte there: no more is taken of it than a heartbeat needs.
    let mut pipe = redis::pipe();
    for tenant in tenants {
        pipe.getrange(heartbeat::key(&tenant.slug.redis_prefix()), 0, heartbeat::LONGEST);
    }
    let values: Vec<Vec<u8>> = pipe.query_async(&mut yard.redis.clone()).await?;
    // A value that cannot be read was written by the tenant, whom nobody trusts: it counts as none.
    let read = |value: Vec<u8>| serde_json::from_slice::<Heartbeat>(&value).ok();
    Ok(tenants.iter().zip(values).filter_map(|(t, v)| Some((t.id, read(v)?))).collect())
}

impl World {
    /// The container of a tenant, if there is one of ours.
    pub(crate) fn container(&self, tenant: &Tenant) -> Option<&Seen> {
        self.containers.get(tenant.slug.as_str())
    }

    /// The tenant's latest sign of life.
    pub(crate) fn heartbeat(&self, tenant: &Tenant) -> Option<&Heartbeat> {
        self.heartbeats.get(&tenant.id)
    }

    fn fact(&self, tenant: &Tenant, part: Part) -> Option<&FactRow> {
        self.facts.get(&tenant.id)?.iter().find(|f| f.part == part.name())
    }

    /// What was seen of one tenant, held against what should be seen.
    pub(crate) fn observe(&self, yard: &Yard, tenant: &Tenant) -> Observed {
        let slug = tenant.slug.as_str();
        let container = self.container(tenant);
        let mut observed = Observed::nothing_but(container.is_some_and(|c| c.running));
        for part in Part::ALL {
            let good = |value: &Value| match part {
                // One that ended because Telegram refused its token is not started again before that is looked at.
                Part::Token => value["bot_id"] == tenant.bot_id.0 && !container.is_some_and(Seen::was_refused),
                Part::Schema => self.schemas.contains(slug),
                Part::Role => self.roles.contains(slug),
                Part::Migrations => self.schemas.contains(slug) && value["version"] == migrations::latest(),
                Part::RedisUser => self.redis_users.contains(slug),
                Part::Network => self.networks.contains(&network::name(yard, tenant)),
                Part::Container => container.is_some_and(|c| container::is_as_wanted(yard, tenant, c, value)),
                Part::Ready => container.is_some_and(|c| {
                    value["container"] == *c.id
                        // Started anew since, by us: whether it polls again is to be seen.
                        && self.fact(tenant, Part::Container).is_some_and(|f| f.value["started"] == value["started"])
                        && self.heartbeat(tenant).is_some_and(|beat| super::steps::ready::is_of(beat, &c.id))
                }),
            };
            let standing = match self.fact(tenant, part) {
                None => Standing::Amiss,
                Some(FactRow { known: false, .. }) => Standing::Unknown,
                Some(FactRow { value, .. }) if good(value) => Standing::Good,
                Some(_) => Standing::Amiss,
            };
            observed.set(part, standing);
            let shows = match part {
                Part::Schema => self.schemas.contains(slug),
                Part::Role => self.roles.contains(slug),
                Part::RedisUser => self.redis_users.contains(slug),
                Part::Container => container.is_some(),
                Part::Token => tenant.token_sealed.is_some(),
                Part::Migrations | Part::Network | Part::Ready => false,
            };
            // A fact of any kind means that somebody has begun.
            observed.set_remains(part, shows || self.fact(tenant, part).is_some());
        }
        observed
    }
}
