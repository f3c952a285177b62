//! Redis forgets everything; Postgres has a power cut.

use std::time::Instant;

use anyhow::Result;
use play::{
    audit, docker, own, redis, scenes,
    world::{Shape, World},
};

use super::{CONVERGES, answers, runs, took, with_own};

/// When the tenant's process was started.
async fn running_since(world: &World, slug: &str) -> Result<Option<String>> {
    let container = docker::inspect(&world.docker, slug).await?;
    Ok(container.and_then(|found| found.state?.started_at).map(|at| at.to_string()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_has_forgotten_everything_is_filled_again() -> Result<()> {
    let mut own = own::Redis::start().await?;
    let stack = with_own(None, Some(&own)).await?;
    let world = World::shaped(Shape { stack: Some(stack), ..Shape::default() }).await?;
    let paid = scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?;
    let slug = world.tenant_of(&paid.bot.username).await?;
    let customer = world.someone("Борис").await?.with(&paid.bot.username);
    customer.start("Здесь можно записаться").await?;
    runs(&world, &slug).await?;

    let broken = Instant::now();
    let () = ::redis::cmd("FLUSHALL").query_async(&mut redis::admin_at(&own.url()).await?).await?;
    customer.press("Записаться", "Выберите услугу").await?;
    runs(&world, &slug).await?;
    took("FLUSHALL under a bot that is talked to: its heartbeat is back", broken);
    let broken = Instant::now();
    let () = ::redis::cmd("FLUSHALL").query_async(&mut redis::admin_at(&own.url()).await?).await?;
    runs(&world, &slug).await?;
    took("FLUSHALL under a silent bot: its heartbeat is back", broken);

    let process = running_since(&world, &slug).await?;
    let broken = Instant::now();
    own.kill().await?;
    own.resume().await?;
    answers(&world, &paid.bot).await?;
    took("Redis restarted empty: a customer is answered", broken);
    runs(&world, &slug).await?;
    took("Redis restarted empty: users and heartbeats are back", broken);
    assert!(world.redis_users().await?.contains(&slug));
    assert_eq!(running_since(&world, &slug).await?, process, "it needed no restart to hear Redis again");
    scenes::book_a_haircut(&world.someone("Вера").await?.with(&paid.bot.username)).await?;
    let letters = audit::at_rest(&world, CONVERGES).await?;
    audit::sold_once_each(&world, &[paid]).await?;
    audit::nothing_was_said_twice(&world, letters).await?;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_dies_in_the_middle_of_a_sale_loses_and_doubles_nothing() -> Result<()> {
    let mut own = own::Postgres::start(None).await?;
    let stack = with_own(Some(&own), None).await?;
    let world = World::shaped(Shape { stack: Some(stack), ..Shape::default() }).await?;
    let first = scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?;
    let customer = world.someone("Борис").await?.with(&first.bot.username);
    customer.start("Здесь можно записаться").await?;
    let unpaid = scenes::sign_up(&world.someone("Вера").await?, "Усы").await?;

    // The power goes while money is being booked and a container made.
    let second = unpaid.pay().await?;
    second.notified_ms().await?;
    let broken = Instant::now();
    own.stop_at_once().await?;
    let asked = customer.tap("Записаться").await?;
    own.resume().await?;
    answers(&world, &first.bot).await?;
    took("Postgres cut off and restarted: a customer is answered", broken);
    assert!(world.stage.sim.wait_confirmed(&asked).await.is_ok());
    second.patient(CONVERGES).ready().await?;
    took("Postgres cut off and restarted: the sale under way is done", broken);
    let letters = audit::at_rest(&world, CONVERGES).await?;
    audit::sold_once_each(&world, &[first, second]).await?;
    audit::nothing_was_said_twice(&world, letters).await?;
    world.close().await
}
