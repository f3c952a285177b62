//! A tenant's container dies, or is gone.

use std::time::Instant;

use anyhow::Result;
use bollard::query_parameters::KillContainerOptions;
use play::{audit, docker, scenes, world::World};

use super::{CONVERGES, runs, took};

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_is_killed_or_removed_by_hand_comes_back_and_its_chats_go_on() -> Result<()> {
    let world = World::start().await?;
    let sim = world.stage.sim.clone().with_patience(CONVERGES);
    let paid = scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?;
    let slug = world.tenant_of(&paid.bot.username).await?;
    let customer = world.someone("Борис").await?.with(&paid.bot.username);
    customer.start("Здесь можно записаться").await?;
    customer.press("Записаться", "Выберите услугу").await?;

    let (seq, broken) = (sim.now().await?, Instant::now());
    world.docker.kill_container(&slug, None::<KillContainerOptions>).await?;
    sim.wait_polling(&paid.bot, seq).await?;
    took("docker kill of a tenant: it polls again", broken);
    runs(&world, &slug).await?;
    took("docker kill of a tenant: all is recorded", broken);
    customer.press("Мужская стрижка", "К кому вас записать").await?;

    let (seq, broken) = (sim.now().await?, Instant::now());
    docker::remove_container(&world.docker, &slug).await?;
    sim.wait_polling(&paid.bot, seq).await?;
    took("docker rm -f of a tenant: it polls again", broken);
    runs(&world, &slug).await?;
    took("docker rm -f of a tenant: all is recorded", broken);
    customer.press("Любой мастер", "Когда вам удобно").await?;
    let letters = audit::at_rest(&world, CONVERGES).await?;
    audit::nothing_was_said_twice(&world, letters).await?;
    world.close().await
}
