//! The tenant bot is killed in the middle of its messages. It keeps them as the master does.

use anyhow::{Context, Result};
use play::{audit, scenes, until, world::World};
use sandbox::wire::{Fault, FaultKind, What};
use sqlx::AssertSqlSafe;

use super::{REST, struck};

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_killed_while_it_tells_of_a_booking_has_booked_once_and_says_nothing_twice() -> Result<()> {
    let world = World::start().await?;
    let sim = world.stage.sim.clone();
    let buyer = world.someone("Анна").await?;
    let paid = scenes::sell(&buyer, "Барбершоп").await?;
    let slug = world.tenant_of(&paid.bot.username).await?;
    let owner = buyer.with(&paid.bot.username);
    owner.start("Это ваш бот для записи").await?;
    audit::at_rest(&world, REST).await?;

    // The letter to the owner, and the customer's next words while it is on its way.
    let customer = world.someone("Борис").await?.with(&paid.bot.username);
    let seq = sim.now().await?;
    sim.fault(&Fault::telegram("sendMessage", FaultKind::Hang).of(&paid.bot).saying("Новая запись")).await?;
    scenes::book_a_haircut(&customer).await?;
    struck(&world, seq, 1).await?;
    let stranger = world.someone("Вера").await?.with(&paid.bot.username);
    let seq = sim.now().await?;
    sim.fault(&Fault::telegram("sendMessage", FaultKind::Hang).of(&paid.bot)).await?;
    let greeted = sim.start(stranger.person.id, &stranger.bot, None).await?;
    sim.wait_event(
        seq,
        "the greeting arrives",
        sim.patience(),
        |event| matches!(&event.what, What::BotSent { person, .. } if person.id == stranger.person.id),
    )
    .await?;
    let killed = std::time::Instant::now();
    world.docker.kill_container(&slug, None::<bollard::query_parameters::KillContainerOptions>).await?;
    sim.clear_faults().await?;

    // Started by the reconciler; the greeting's update comes again and is not answered again.
    sim.wait_confirmed(&greeted).await?;
    eprintln!("a tenant killed while it sent was heard again after {:.1} s", killed.elapsed().as_secs_f64());
    let pool = world.registry().await?;
    let states = format!("select state, count(*) from {slug}.outbox group by state order by state");
    let counts = until(REST, "every letter of the tenant is settled", async || {
        let found: Vec<(String, i64)> = sqlx::query_as(AssertSqlSafe(states.clone())).fetch_all(&pool).await?;
        Ok((!found.iter().any(|(state, _)| state == "due" || state == "sending")).then_some(found))
    })
    .await?;
    eprintln!(
        "a tenant killed while it sent had settled its letters after {:.1} s: {counts:?}",
        killed.elapsed().as_secs_f64()
    );
    let unknown = counts.iter().find(|(state, _)| state == "unknown").context("nothing is unknown")?;
    assert_eq!(unknown.1, 2, "{counts:?}");
    let bookings: i64 =
        sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {slug}.bookings"))).fetch_one(&pool).await?;
    assert_eq!(bookings, 1);
    pool.close().await;
    let letters = audit::at_rest(&world, REST).await?;
    audit::nothing_was_said_twice(&world, letters).await?;
    customer.press("Мои записи", "Ваши записи").await?;
    world.close().await
}
