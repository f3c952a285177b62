//! The container: made from the spec, running, restarted as often as was asked.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::Url;

use super::{Yard, network, token};
use crate::{
    fleet::plan::Part,
    registry::{
        events::{self, Event},
        facts,
        tenants::{self, Lease, Tenant},
    },
    runtime::{Runtime, RuntimeError, Seen, Spec},
};

pub(super) async fn ensure(yard: &Yard, tenant: &Tenant, lease: &Lease) -> Result<Value> {
    // Read anew: the token may have been fetched again a step ago.
    let tenant = &tenants::get(&yard.pool, tenant.id).await?;
    let spec = spec(yard, tenant)?;
    let name = tenant.slug.as_str();
    let runtime = &*yard.runtime;
    let before = last_seen(yard, tenant).await?;
    let restarted = before["restart_generation"].as_i64().unwrap_or(0);
    let known_start = started(&before);
    // What differed just after we had made it is how this engine tells it, and nobody's doing.
    let mut as_told: Vec<String> = serde_json::from_value(before["as_told"].clone()).unwrap_or_default();
    let _turn = yard.pace.starts.acquire().await?;
    // The turn may have been long in coming; the tenant may be somebody else's by now.
    if !tenants::prolong(&yard.pool, lease, yard.clock.machine().now()).await? {
        bail!("the work was taken over while it waited for its turn");
    }
    match owned(runtime, name).await? {
        None => as_told = make(runtime, &spec).await?,
        Some(seen) => {
            let different = differences(runtime, &seen, &spec, &as_told).await?;
            if !different.is_empty() {
                as_told = make_anew(yard, tenant, &spec, &different.join(", ")).await?;
            } else if seen.paused {
                runtime.restart(name).await?;
            } else if !seen.running {
                note_end(yard, tenant, &seen).await?;
                match runtime.start(name).await {
                    // Its network was removed while it stood still; one of the same name is another one.
                    Err(RuntimeError::NotFound(_)) => as_told = make_anew(yard, tenant, &spec, "NetworkID").await?,
                    started => started?,
                }
            // A restart that was cut off is done once more rather than not at all.
            } else if restarted < tenant.restart_generation {
                runtime.restart(name).await?;
            } else if known_start.is_some() && seen.started_at != known_start {
                // It runs, but from another start than ours: the engine gives what fails three more tries.
                note_end(yard, tenant, &Seen { status: "the engine has restarted it".into(), ..seen }).await?;
            }
        }
    }
    let seen = owned(runtime, name).await?.context("the container is gone again")?;
    Ok(json!({
        "container": seen.id,
        "started": seen.started_at,
        "image": spec.image,
        "restart_generation": tenant.restart_generation,
        "as_told": as_told,
    }))
}

/// Whether the container is the one the intent asks for, as far as a list of containers can tell. What it cannot is
/// looked into when the fact has grown old, or when the engine hints that something was changed.
pub(crate) fn is_as_wanted(yard: &Yard, tenant: &Tenant, seen: &Seen, fact: &Value, now: DateTime<Utc>) -> bool {
    seen.running
        && !started(fact).is_some_and(|known| seen.was_started_since(known, now))
        && fact["container"] == *seen.id
        && fact["restart_generation"] == tenant.restart_generation
        && spec(yard, tenant).is_ok_and(|spec| seen.spec_hash == Some(spec.hash()))
}

/// What of the container is not as asked for, by the engine's names.
async fn differences(runtime: &dyn Runtime, seen: &Seen, spec: &Spec, as_told: &[String]) -> Result<Vec<String>> {
    if seen.spec_hash.as_deref() != Some(spec.hash().as_str()) {
        return Ok(vec!["Spec".into()]);
    }
    let mut different = runtime.differences(spec).await?.context("the container is gone again")?;
    different.retain(|name| !as_told.contains(name));
    Ok(different)
}

pub(super) async fn undo(yard: &Yard, tenant: &Tenant) -> Result<()> {
    let name = tenant.slug.as_str();
    if owned(&*yard.runtime, name).await?.is_some() {
        yard.runtime.remove(name).await?;
    }
    Ok(())
}

/// Ends the container's run and keeps the rest.
pub(crate) async fn stop(yard: &Yard, tenant: &Tenant) -> Result<()> {
    let name = tenant.slug.as_str();
    if owned(&*yard.runtime, name).await?.is_some() {
        yard.runtime.stop(name).await?;
    }
    Ok(())
}

/// Makes another in place of one that differs, and writes down what differed.
async fn make_anew(yard: &Yard, tenant: &Tenant, spec: &Spec, why: &str) -> Result<Vec<String>> {
    let (name, runtime) = (tenant.slug.as_str(), &*yard.runtime);
    let (part, detail) = (Some(Part::Container.name()), Some(why));
    let event = Event { actor: events::RECONCILER, event: "differs", part, detail, ..Event::default() };
    events::write(&yard.pool, tenant.id, &event, yard.clock.now()).await?;
    // Asked first: a message in flight that is cut off would be lost from sight.
    runtime.stop(name).await?;
    runtime.remove(name).await?;
    make(runtime, spec).await
}

/// Makes and starts it. Gives what the engine tells otherwise than it was asked.
async fn make(runtime: &dyn Runtime, spec: &Spec) -> Result<Vec<String>> {
    // One that was renamed would go on polling with the same token, and Telegram would refuse both.
    for other in runtime.of_tenant(&spec.slug).await? {
        runtime.stop(&other.id).await?;
        runtime.remove(&other.id).await?;
    }
    match runtime.create(spec).await {
        // Somebody made it between the look and now; if it is ours the next try adopts it.
        Err(RuntimeError::Conflict(_)) => bail!("the container {} appeared meanwhile", spec.slug),
        Err(RuntimeError::NotFound(why)) => bail!("the image {} is not on the engine: {why}", spec.image),
        made => made?,
    }
    // Before the start, so that nobody has had time to change anything.
    let as_told = runtime.differences(spec).await?.unwrap_or_default();
    runtime.start(spec.slug.as_str()).await?;
    if !as_told.is_empty() {
        tracing::warn!(tenant = %spec.slug, ?as_told, "the engine tells a new container otherwise than it was asked");
    }
    Ok(as_told)
}

/// Writes down that the bot has ended by itself: it was wanted, and stopped by nobody of ours.
async fn note_end(yard: &Yard, tenant: &Tenant, seen: &Seen) -> Result<()> {
    // Whoever stops it forgets that it was ready; one that was only made has not run yet.
    let was_up = facts::of(&yard.pool, tenant.id).await?.iter().any(|f| f.part == Part::Ready.name());
    if was_up && seen.status != "created" {
        let event = Event { actor: events::RECONCILER, event: "ended", detail: Some(&seen.status), ..Event::default() };
        events::write(&yard.pool, tenant.id, &event, yard.clock.now()).await?;
    }
    Ok(())
}

/// The container by that name, if there is one; a foreign one is refused, not touched.
async fn owned(runtime: &dyn Runtime, name: &str) -> Result<Option<Seen>> {
    match runtime.inspect(name).await? {
        Some(seen) if !seen.ours => bail!("a container {name} exists that is not ours: rename or remove it"),
        seen => Ok(seen),
    }
}

/// The start that a fact tells of.
pub(crate) fn started(fact: &Value) -> Option<DateTime<Utc>> {
    fact["started"].as_str()?.parse().ok()
}

/// What was last seen of the container; null if nothing ever was.
async fn last_seen(yard: &Yard, tenant: &Tenant) -> Result<Value> {
    let facts = facts::of(&yard.pool, tenant.id).await?;
    let fact = facts.into_iter().find(|f| f.part == Part::Container.name());
    Ok(fact.map(|f| f.value).unwrap_or_default())
}

/// What the tenant is given. Secrets come from sealed rows; everything else from the settings.
fn spec(yard: &Yard, tenant: &Tenant) -> Result<Spec> {
    let slug = &tenant.slug;
    let token = token::open(yard, tenant.bot_id, tenant.token_sealed.as_deref())?;
    let database = with_credentials(&yard.fleet.tenant_database_url, slug.as_str(), &yard.password(tenant, "pg")?)?;
    let redis = with_credentials(&yard.fleet.tenant_redis_url, slug.as_str(), &yard.password(tenant, "redis")?)?;
    let mut env = BTreeMap::from([
        ("BOT_TOKEN".to_owned(), token.expose_secret().to_owned()),
        ("CLIENT_ID".to_owned(), slug.to_string()),
        ("PG_SCHEMA".to_owned(), slug.to_string()),
        ("DATABASE_URL".to_owned(), database.to_string()),
        ("REDIS_URL".to_owned(), redis.to_string()),
        ("REDIS_KEY_PREFIX".to_owned(), slug.redis_prefix()),
        ("TELEGRAM_API_URL".to_owned(), yard.fleet.tenant_telegram_url.to_string()),
        ("LOG_FORMAT".to_owned(), "pretty".to_owned()),
    ]);
    if let Some(clock) = &yard.fleet.tenant_clock_url {
        env.insert("CLOCK_URL".to_owned(), clock.to_string());
    }
    // Only where it was asked for: with another environment every running container would be made anew.
    if let Some(limits) = yard.fleet.tenant_user_limits {
        env.insert("USER_LIMITS".to_owned(), limits.to_string());
    }
    let mounts = yard.fleet.mounts.iter().map(|m| (m.host.clone(), m.inside.clone())).collect();
    let network = network::name(yard, tenant);
    Ok(Spec { slug: slug.clone(), image: yard.fleet.image.clone(), env, mounts, network })
}

/// An address with a tenant's own name and password. Unix-socket addresses of Redis carry them in the query.
fn with_credentials(base: &Url, user: &str, password: &SecretString) -> Result<Url> {
    let mut url = base.clone();
    if url.host_str().is_some_and(|h| !h.is_empty()) {
        let no = || anyhow::anyhow!("no user can be put into {}", base.scheme());
        url.set_username(user).map_err(|()| no())?;
        url.set_password(Some(password.expose_secret())).map_err(|()| no())?;
    } else {
        url.query_pairs_mut().append_pair("user", user).append_pair("pass", password.expose_secret());
    }
    Ok(url)
}
