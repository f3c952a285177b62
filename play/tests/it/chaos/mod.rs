//! The surroundings break: for real, and nobody helps. Each test says how long it took until all was as it should be.

mod clock;
mod data;
mod disk;
mod engine;
mod providers;
mod tenants;

use std::time::{Duration, Instant};

use anyhow::Result;
use play::{own, redis, stack::Stack, until, world::World};
use sandbox::wire::BotName;

/// Longer than three polls of a bot, or than the longest pause between tries that a fault here leads to.
const CONVERGES: Duration = Duration::from_secs(180);

/// One line of docs/OPERATIONS.md.
fn took(fault: &str, since: Instant) {
    eprintln!("chaos | {fault} | {:.1} s", since.elapsed().as_secs_f64());
}

/// Waits until the tenant is as it should be: it runs, and its heartbeat is there.
async fn runs(world: &World, slug: &str) -> Result<()> {
    until(CONVERGES, &format!("{slug} runs"), async || {
        // Postgres may be what is away.
        let Ok(card) = crate::cli::shown(world, slug).await else { return Ok(None) };
        Ok((card["state"] == "running" && card["last_error"].is_null()).then_some(()))
    })
    .await?;
    until(CONVERGES, &format!("the heartbeat of {slug} is there"), async || {
        let mut connection = redis::admin_at(&world.stack.redis_url).await?;
        let there: bool = ::redis::cmd("EXISTS").arg(format!("{slug}:heartbeat")).query_async(&mut connection).await?;
        Ok(there.then_some(()))
    })
    .await
}

/// Somebody new is answered as on any day: asked for until it is so, each time by somebody else.
async fn answers(world: &World, bot: &BotName) -> Result<()> {
    until(CONVERGES, "a customer is answered", async || {
        let mut customer = world.someone("Зоя").await?.with(&bot.username);
        customer.sim = customer.sim.with_patience(Duration::from_secs(5));
        Ok(customer.start("Здесь можно записаться").await.ok())
    })
    .await
    .map(drop)
}

/// The shared stack with a Postgres and a Redis of its own.
async fn with_own(postgres: Option<&own::Postgres>, redis: Option<&own::Redis>) -> Result<Stack> {
    let mut stack = Stack::shared()?;
    if let Some(postgres) = postgres {
        (stack.pg_admin_url, stack.pg_socket_dir) = (postgres.admin_url(), postgres.socket_dir());
    }
    if let Some(redis) = redis {
        (stack.redis_url, stack.redis_socket_dir) = (redis.url(), redis.socket_dir().to_owned());
    }
    Ok(stack)
}
