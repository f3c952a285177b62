//! Redis: heartbeats, and a user for each tenant.

use anyhow::Result;
use chrono::DateTime;
use redis::{Cmd, aio::MultiplexedConnection};
use secrecy::ExposeSecret;
use shared::clock::Clock;

use super::{Check, clock::Asked, settings::Given, within};

const REACHABLE: &str = "redis.reachable";
const VERSION: &str = "redis.version";
const RIGHTS: &str = "redis.rights";
const EVICTION: &str = "redis.eviction";
const CLOCK: &str = "clock.redis";

/// Everything that a front does there.
const FRONT: [&str; 2] = ["PING", "GET client_000:heartbeat"];
/// Everything that a fleet does there, as it would be asked.
const FLEET: [&str; 9] = [
    "ACL USERS",
    "ACL GETUSER client_000",
    "ACL SETUSER client_000 reset",
    "ACL DELUSER client_000",
    "MGET client_000:heartbeat",
    "GET client_000:heartbeat",
    "SCAN 0 MATCH client_000:*",
    "UNLINK client_000:heartbeat",
    "PSUBSCRIBE client_*:heartbeat",
];

pub(super) async fn look(given: &Given, clock: &Clock) -> Vec<Check> {
    let Some(url) = &given.redis_url else { return Vec::new() };
    // An address that is none is a fault of the settings.
    let Ok(client) = redis::Client::open(url.expose_secret()) else { return Vec::new() };
    let remedy = "start Redis, and see that REDIS_URL has its address, and a user's name and password";
    let mut redis = match within(client.get_multiplexed_async_connection()).await {
        Ok(redis) => redis,
        Err(error) => return vec![Check::fail(REACHABLE, error, remedy)],
    };
    let mut checks = vec![Check::ok(REACHABLE, "it answers")];
    if let Err(error) = questions(&mut redis, given.role.is_fleet(), clock, &mut checks).await {
        checks.push(Check::fail(REACHABLE, format!("it does not answer a question: {error}"), remedy));
    }
    checks
}

async fn questions(
    redis: &mut MultiplexedConnection,
    fleet: bool,
    clock: &Clock,
    checks: &mut Vec<Check>,
) -> Result<()> {
    let rights = if fleet { rehearsed(redis).await? } else { tried(redis).await? };
    checks.push(if rights.is_empty() {
        Check::ok(RIGHTS, "the master's user may do what it must")
    } else {
        let remedy =
            "let REDIS_URL name the default user or one made by `ACL SETUSER slotyard on >PASSWORD ~* &* +@all`";
        Check::fail(RIGHTS, format!("the master's user may not: {}", rights.join(", ")), remedy)
    });
    let info: String = match within(redis::cmd("INFO").query_async(redis)).await {
        Ok(info) => info,
        // Nobody needs this right but who wants to know.
        Err(error) if is_refusal(&error) => return Ok(()),
        Err(error) => return Err(error),
    };
    checks.push(version(field(&info, "redis_version").unwrap_or("unknown")));
    checks.push(eviction(field(&info, "maxmemory_policy").unwrap_or("unknown")));
    let asked = Asked::now(clock);
    let (seconds, micros): (i64, u32) = within(redis::cmd("TIME").query_async(redis)).await?;
    let theirs = DateTime::from_timestamp(seconds, micros.saturating_mul(1000)).unwrap_or_default();
    checks.push(asked.answered(CLOCK, "Redis's", theirs));
    Ok(())
}

/// The commands of a front that its user may not use. They change nothing, so they are simply done: such a user may
/// well have no right to rehearse.
async fn tried(redis: &mut MultiplexedConnection) -> Result<Vec<&'static str>> {
    let mut missing = Vec::new();
    for command in FRONT {
        let mut trial = Cmd::new();
        command.split(' ').for_each(|word| {
            trial.arg(word);
        });
        match within(trial.query_async::<redis::Value>(redis)).await {
            Ok(_) => {}
            Err(error) if is_refusal(&error) => missing.push(command),
            Err(error) => return Err(error),
        }
    }
    Ok(missing)
}

/// The commands of a fleet that its user may not use; asked as a rehearsal, so nothing is changed.
async fn rehearsed(redis: &mut MultiplexedConnection) -> Result<Vec<&'static str>> {
    let who: String = match within(redis::cmd("ACL").arg("WHOAMI").query_async(redis)).await {
        Ok(who) => who,
        Err(error) if is_refusal(&error) => return Ok(vec!["ACL WHOAMI"]),
        Err(error) => return Err(error),
    };
    let mut missing = Vec::new();
    for command in FLEET {
        let mut rehearsal = Cmd::new();
        rehearsal.arg("ACL").arg("DRYRUN").arg(&who);
        command.split(' ').for_each(|word| {
            rehearsal.arg(word);
        });
        match within(rehearsal.query_async::<String>(redis)).await {
            Ok(answer) if answer == "OK" => {}
            Ok(_) => missing.push(command),
            Err(error) if is_refusal(&error) => return Ok(vec!["ACL DRYRUN"]),
            Err(error) => return Err(error),
        }
    }
    Ok(missing)
}

fn is_refusal(error: &anyhow::Error) -> bool {
    error.downcast_ref::<redis::RedisError>().is_some_and(|e| e.code().is_some())
}

fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

fn version(found: &str) -> Check {
    match found.split('.').next().and_then(|major| major.parse::<u32>().ok()) {
        Some(7..) => Check::ok(VERSION, found),
        _ => Check::fail(VERSION, found, "use Redis 7 or newer: older ones cannot close channels to a tenant"),
    }
}

fn eviction(policy: &str) -> Check {
    if policy == "noeviction" {
        return Check::ok(EVICTION, "Redis forgets nothing for want of memory");
    }
    let remedy = "set `maxmemory-policy noeviction`: otherwise one tenant's keys push out the heartbeats of others";
    Check::warn(EVICTION, format!("maxmemory-policy is {policy}"), remedy)
}

#[cfg(test)]
mod tests {
    use super::{super::State, *};

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let info = "# Server\r\nredis_version:7.0.15\r\nmaxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\n";
        assert_eq!(field(info, "redis_version"), Some("7.0.15"));
        assert_eq!(field(info, "maxmemory_policy"), Some("allkeys-lru"));
        assert_eq!(field(info, "redis"), None);
        for (found, state) in
            [("7.0.15", State::Ok), ("8.2", State::Ok), ("6.2.1", State::Fail), ("unknown", State::Fail)]
        {
            assert_eq!(version(found).state, state, "{found}");
        }
        assert_eq!(eviction("allkeys-lru").state, State::Warn);
    }
}
