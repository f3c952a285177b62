//! The master dies without a word in the middle of a provisioning, and the next one finishes the work.

use std::time::Duration;

use anyhow::Result;
use play::{docker, scenes, until, world::World};

/// Kills the master when `steps` steps of the provisioning are recorded.
async fn killed_after(steps: i64) -> Result<()> {
    let mut world = World::start().await?;
    let unpaid = scenes::sign_up(&world.someone("Анна").await?, "Барбершоп").await?;
    let pool = world.registry().await?;
    let paid = unpaid.pay().await?;
    until(Duration::from_secs(60), "the steps are recorded", async || {
        let done: i64 =
            sqlx::query_scalar("select count(*) from tenant_events where event = 'step'").fetch_one(&pool).await?;
        Ok((done >= steps).then_some(()))
    })
    .await?;
    world.master.kill().await?;
    world.start_master().await?;
    // The dead master's lease on the tenant must run out first.
    paid.patient(Duration::from_secs(240)).ready().await?;

    let slug = world.tenant_of(&paid.bot.username).await?;
    assert_eq!(docker::containers(&world.docker, &world.instance).await?, [slug]);
    let booked: (i64, i64) =
        sqlx::query_as("select (select count(*) from ledger), (select count(*) from subscription_periods)")
            .fetch_one(&pool)
            .await?;
    assert_eq!(booked, (1, 1), "the money was booked once");
    pool.close().await;
    let customer = world.someone("Борис").await?.with(&paid.bot.username);
    customer.start("Здесь можно записаться").await?;
    // Told once, although two masters have worked on it.
    let chat = paid.buyer.sim.chat(paid.buyer.person.id, &paid.buyer.bot).await?;
    let told = chat.messages.iter().filter(|message| message.text.contains("Ваш бот работает")).count();
    assert_eq!(told, 1);
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_killed_after_the_first_step_is_replaced_and_the_work_is_finished() -> Result<()> {
    killed_after(1).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_killed_before_the_container_starts_is_replaced_and_the_work_is_finished() -> Result<()> {
    killed_after(6).await
}
