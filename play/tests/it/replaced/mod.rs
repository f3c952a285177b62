//! The faults of the product that this one replaces, each by its number there. Every test does to our shipped programs
//! what broke that product. Where another file proves just the same, `docs/SECURITY.md` names that test instead.

mod deploy;
mod isolation;
mod payments;
mod start;

use anyhow::{Context, Result};
use play::{
    docker,
    scenes::{self, Paid},
    until,
    world::World,
};
use sqlx::PgPool;

/// A world with one bot sold.
async fn sold() -> Result<(World, Paid, String)> {
    let world = World::start().await?;
    let paid = scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?;
    let slug = world.tenant_of(&paid.bot.username).await?;
    Ok((world, paid, slug))
}

async fn count(pool: &PgPool, sql: impl Into<String> + Send) -> Result<i64> {
    Ok(sqlx::query_scalar(sqlx::AssertSqlSafe(sql.into())).fetch_one(pool).await?)
}

/// Money booked, periods given, tenants made, and letters that one is ready.
async fn delivered(world: &World) -> Result<[i64; 4]> {
    let pool = world.registry().await?;
    let mut counts = [0; 4];
    for (n, sql) in [
        "select count(*) from ledger where kind = 'payment'",
        "select count(*) from subscription_periods",
        "select count(*) from tenants",
        "select count(*) from outbox where key like 'ready:%'",
    ]
    .into_iter()
    .enumerate()
    {
        counts[n] = count(&pool, sql).await?;
    }
    pool.close().await;
    Ok(counts)
}

/// All notifications that came were followed.
async fn all_followed(world: &World, least: i64) -> Result<()> {
    let pool = world.registry().await?;
    until(world.stage.sim.patience(), "every notification is followed", async || {
        let (all, open) = (
            count(&pool, "select count(*) from payment_inbox").await?,
            count(&pool, "select count(*) from payment_inbox where outcome is null").await?,
        );
        Ok((all >= least && open == 0).then_some(()))
    })
    .await?;
    pool.close().await;
    Ok(())
}

/// A container's environment variable.
async fn variable(world: &World, slug: &str, name: &str) -> Result<String> {
    let container = docker::inspect(&world.docker, slug).await?.context("the container is not there")?;
    let lines = container.config.and_then(|config| config.env).unwrap_or_default();
    let found = lines.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    found.map(str::to_owned).with_context(|| format!("{slug} has no {name}"))
}
