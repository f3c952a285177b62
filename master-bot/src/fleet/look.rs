//! What is: the whole fleet in a constant number of calls.

use std::collections::{HashMap, HashSet};

use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use shared::heartbeat::{self, Heartbeat};

use super::{
    plan::{Observed, Part, Standing},
    steps::{
        Yard, container, migrations, network, redis_user,
        role::{self, SeenRole},
    },
};
use crate::{
    peers::Peer,
    registry::{
        TenantId,
        facts::{self, FactRow},
        kept,
        tenants::{self, Tenant},
    },
    runtime::{RuntimeError, Seen},
};

/// Everything that was seen at one moment.
pub(crate) struct World {
    pub(crate) at: DateTime<Utc>,
    /// The same moment by the machine's clock: leases and the engine go by that.
    pub(crate) machine_at: DateTime<Utc>,
    pub(crate) tenants: Vec<Tenant>,
    facts: HashMap<TenantId, Vec<FactRow>>,
    containers: HashMap<String, Seen>,
    networks: HashSet<String>,
    schemas: HashSet<String>,
    roles: HashMap<String, SeenRole>,
    /// A digest of each user's rules.
    redis_users: HashMap<String, String>,
    heartbeats: HashMap<TenantId, Heartbeat>,
    /// Tenants that are gone, and whose data was kept for long enough.
    pub(crate) kept_due: Vec<TenantId>,
    /// Containers that something was done to, and when.
    doubts: HashMap<String, DateTime<Utc>>,
}

/// How long a fact is good for although nothing contradicts it: what Telegram says of a token is seen by no look, and
/// of what a container may do a list of containers tells nothing. Shorter by up to a sixth from tenant to tenant, so
/// that a thousand who came at once do not fall due at once.
fn good_for(part: Part, tenant: TenantId) -> Option<TimeDelta> {
    let most = match part {
        Part::Token => TimeDelta::hours(24),
        Part::Container => TimeDelta::hours(1),
        Part::Schema | Part::Role | Part::Migrations | Part::RedisUser | Part::Network | Part::Ready => return None,
    };
    // Neighbours in number are far apart in time.
    let spread = i32::try_from(tenant.0.wrapping_mul(611_953).rem_euclid(1000)).unwrap_or(0);
    Some(most - most / 6 * spread / 1000)
}

/// Looks at the registry, Postgres, Redis and the engine; how many calls does not depend on how many tenants.
pub(crate) async fn look(yard: &Yard) -> Result<World> {
    let (at, machine_at) = (yard.clock.now(), yard.clock.machine().now());
    let tenants = tenants::all_present(&yard.pool).await.context("tenants")?;
    let mut by_tenant: HashMap<TenantId, Vec<FactRow>> = HashMap::new();
    for fact in facts::all(&yard.pool).await.context("facts")? {
        by_tenant.entry(fact.tenant_id).or_default().push(fact);
    }
    let schemas = async {
        let sql = "select nspname::text from pg_namespace
                    where nspname like 'client\\_%' and nspowner = current_user::regrole";
        anyhow::Ok(sqlx::query_scalar::<_, String>(sql).fetch_all(&yard.pool).await?)
    };
    let (containers, networks, schemas, roles, redis_users, heartbeats) = tokio::try_join!(
        async { yard.reach.ask(Peer::Engine, yard.runtime.list(), engine_is_away).await.context("containers") },
        async { yard.reach.ask(Peer::Engine, yard.runtime.networks(), engine_is_away).await.context("networks") },
        async { schemas.await.context("schemas") },
        async { role::look(yard).await.context("roles") },
        async { yard.reach.ask(Peer::Redis, redis_user::look(yard), |_| true).await.context("Redis users") },
        async { read_heartbeats(yard, &tenants).await.context("heartbeats") },
    )?;
    Ok(World {
        at,
        machine_at,
        kept_due: kept::due(&yard.pool, at).await.context("what is kept")?,
        tenants,
        facts: by_tenant,
        containers: containers.into_iter().map(|c| (c.name.clone(), c)).collect(),
        networks: networks.into_iter().filter(|n| n.ours && n.isolates).map(|n| n.name).collect(),
        schemas: schemas.into_iter().collect(),
        roles: roles.into_iter().map(|role| (role.name.clone(), role)).collect(),
        redis_users,
        heartbeats,
        doubts: HashMap::new(),
    })
}

fn engine_is_away(error: &RuntimeError) -> bool {
    matches!(error, RuntimeError::Engine(_))
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

    /// Ids of all containers that carry our mark.
    pub(crate) fn container_ids(&self) -> HashSet<String> {
        self.containers.values().map(|c| c.id.clone()).collect()
    }

    /// Containers of ours that are nobody's: renamed, or left by a tenant that is gone. What was sold since the registry
    /// was read is among them, so each is asked about once more before anything is done to it.
    pub(crate) fn strays(&self) -> Vec<&Seen> {
        let present: HashSet<&str> = self.tenants.iter().map(|t| t.slug.as_str()).collect();
        let belongs = |c: &Seen| c.tenant.as_deref() == Some(&*c.name) && present.contains(&*c.name);
        self.containers.values().filter(|c| !belongs(c)).collect()
    }

    /// Takes in what the engine has hinted at: containers, by id, that something was done to, and when.
    pub(crate) fn doubt(&mut self, doubts: HashMap<String, DateTime<Utc>>) {
        self.doubts = doubts;
    }

    /// When the first fact of the tenant gets too old that has not yet.
    pub(crate) fn next_old(&self, tenant: &Tenant) -> Option<DateTime<Utc>> {
        let ends = |part: Part| Some(self.fact(tenant, part)?.seen_at + good_for(part, tenant.id)?);
        Part::ALL.into_iter().filter_map(ends).filter(|end| *end > self.at).min()
    }

    /// Whether a fact is too old to count, or what it is about was touched since.
    fn is_doubtful(&self, tenant: &Tenant, part: Part, fact: &FactRow) -> bool {
        let touched = || self.doubts.get(&self.container(tenant)?.id);
        // One from far in the future was written before the machine's clock was put back.
        let is_old = |age| fact.seen_at + age <= self.at || fact.seen_at > self.at + age;
        good_for(part, tenant.id).is_some_and(is_old)
            || part == Part::Container && touched().is_some_and(|at| *at > fact.seen_at)
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
            let good = |value: &Value| {
                match part {
                // One that ended because Telegram refused its token is not started again before that is looked at.
                Part::Token => value["bot_id"] == tenant.bot_id.0 && !container.is_some_and(Seen::was_refused),
                Part::Schema => self.schemas.contains(slug),
                Part::Role => self.roles.get(slug).is_some_and(|seen| role::is_as_wanted(yard, tenant, seen, value)),
                Part::Migrations => self.schemas.contains(slug) && migrations::is_as_wanted(tenant, value),
                Part::RedisUser => redis_user::is_as_wanted(self.redis_users.get(slug), value),
                Part::Network => self.networks.contains(&network::name(yard, tenant)),
                Part::Container => container.is_some_and(|c| container::is_as_wanted(yard, tenant, c, value, self.machine_at)),
                Part::Ready => container.is_some_and(|c| {
                    value["container"] == *c.id
                        // Started anew since, by us: whether it polls again is to be seen. (The engine may have started it
                        // once more since then; that it polls was seen after that.)
                        && self.fact(tenant, Part::Container).is_some_and(|f| container::started(value) >= container::started(&f.value))
                        && self.heartbeat(tenant).is_some_and(|beat| super::steps::ready::is_of(beat, &c.id))
                }),
            }
            };
            let standing = match self.fact(tenant, part) {
                None => Standing::Amiss,
                Some(FactRow { known: false, .. }) => Standing::Unknown,
                Some(fact) if self.is_doubtful(tenant, part, fact) => Standing::Unknown,
                Some(FactRow { value, .. }) if good(value) => Standing::Good,
                Some(_) => Standing::Amiss,
            };
            observed.set(part, standing);
            let shows = match part {
                Part::Schema => self.schemas.contains(slug),
                Part::Role => self.roles.contains_key(slug),
                Part::RedisUser => self.redis_users.contains_key(slug),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_of_a_thousand_tenants_fall_due_apart_and_none_later_than_promised() {
        let due = |id| good_for(Part::Token, TenantId(id)).unwrap();
        let (day, four) = (TimeDelta::hours(24), TimeDelta::hours(4));
        assert!((1..=1000).all(|id| due(id) <= day && due(id) >= day - four));
        // In no quarter of an hour (there are sixteen) fall more than twice as many due as would be fair.
        let mut quarters = HashMap::new();
        for id in 1..=1000 {
            *quarters.entry((day - due(id)).num_minutes() / 15).or_insert(0) += 1;
        }
        assert!(quarters.values().all(|many| *many <= 125), "{quarters:?}");
        assert!(good_for(Part::Container, TenantId(7)).is_some_and(|age| age <= TimeDelta::hours(1)));
        assert_eq!(good_for(Part::Ready, TenantId(7)), None);
    }
}
