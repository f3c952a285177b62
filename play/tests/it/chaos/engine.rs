//! The engine is restarted, and is gone for a minute. It is the test's own, on a machine beside this one.

use std::time::{Duration, Instant};

use anyhow::Result;
use play::{
    audit, own, scenes,
    stack::Stack,
    world::{Shape, World},
};

use super::{CONVERGES, runs, took};

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_restarts_or_is_gone_for_a_minute_has_all_its_bots_again() -> Result<()> {
    let mut own = own::Engine::start().await?;
    let stack = Stack { docker_host: own.host(), ours_for_containers: Some(own.ours()), ..Stack::shared()? };
    let world = World::shaped(Shape { stack: Some(stack), ..Shape::default() }).await?;
    let sim = world.stage.sim.clone().with_patience(CONVERGES);
    let first = scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?;
    let slug = world.tenant_of(&first.bot.username).await?;
    let customer = world.someone("Борис").await?.with(&first.bot.username);
    customer.start("Здесь можно записаться").await?;
    runs(&world, &slug).await?;

    // As `systemctl restart docker` does it: every container is stopped.
    own.stop().await?;
    let (seq, stopped) = (sim.now().await?, Instant::now());
    own.resume().await?;
    sim.wait_polling(&first.bot, seq).await?;
    took("the engine restarted: its bots poll again, since it was stopped", stopped);
    runs(&world, &slug).await?;

    // Killed, and a minute passes; somebody buys meanwhile.
    own.kill().await?;
    let gone = Instant::now();
    let second = scenes::sign_up(&world.someone("Вера").await?, "Усы").await?.pay().await?;
    second.buyer.reads("Оплата получена").await?;
    while gone.elapsed() < Duration::from_secs(60) {
        // It is a minute that is asked for; the fault is the time itself.
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let (seq, back) = (sim.now().await?, Instant::now());
    own.resume().await?;
    second.patient(CONVERGES).ready().await?;
    took("the engine gone for a minute: the bot sold meanwhile is ready, since it is back", back);
    runs(&world, &slug).await?;
    took("the engine gone for a minute: the others are as they should be", back);
    let polls = sim.now().await? > seq;
    assert!(polls);
    let letters = audit::at_rest(&world, CONVERGES).await?;
    audit::sold_once_each(&world, &[first, second]).await?;
    audit::nothing_was_said_twice(&world, letters).await?;
    world.close().await
}
