//! Two masters on one registry, as when a new one is rolled out, or when one is kept ready beside the other.

use std::time::Duration;

use anyhow::{Context, Result};
use play::{
    audit, docker, scenes, until,
    world::{Master, World},
};
use sandbox::wire::{Event, What};

/// A second master beside the world's own, with a folder and a port of its own, once it stands ready.
async fn stand_by(world: &World) -> Result<Master> {
    let folder = world.master.output_file().with_file_name("second");
    std::fs::create_dir_all(&folder)?;
    let mut second = Master::new(world.master.settings().clone(), folder);
    second.set("RUST_LOG", "info,master_bot=debug");
    second.start().await?;
    until(Duration::from_secs(60), "the second master has found the first one polling", async || {
        Ok(second.output().contains("another process polls Telegram").then_some(()))
    })
    .await?;
    Ok(second)
}

/// What Telegram answers two who poll at once.
fn conflicts(events: &[Event]) -> impl Iterator<Item = &What> {
    let conflict = |what: &&What| matches!(what, What::RequestRefused { method, code, .. } if method == "getUpdates" || *code == 409);
    events.iter().map(|event| &event.what).filter(conflict)
}

/// The person has a message before the master has written down that it arrived. Killed in between, it leaves the
/// chat's next letters waiting until nobody can be sending any more, which is not what is looked at here.
async fn nothing_is_being_sent(world: &World) -> Result<()> {
    let pool = world.registry().await?;
    until(world.stage.sim.patience(), "what was sent is written down", async || {
        let sending = sqlx::query_scalar::<_, i64>("select count(*) from outbox where state in ('due', 'sending')");
        Ok((sending.fetch_one(&pool).await? == 0).then_some(()))
    })
    .await?;
    pool.close().await;
    Ok(())
}

/// What one sale leaves behind, counted over all sales.
#[derive(Debug, PartialEq, Eq, sqlx::FromRow)]
struct Counts {
    tenants: i64,
    schemas: i64,
    charges: i64,
    periods: i64,
    ready: i64,
}

async fn counts(world: &World) -> Result<Counts> {
    let pool = world.registry().await?;
    let counts = sqlx::query_as(
        "select (select count(*) from tenants) as tenants,
                (select count(*) from pg_namespace where nspname like 'client\\_%') as schemas,
                (select count(*) from ledger where kind = 'payment') as charges,
                (select count(*) from subscription_periods) as periods,
                (select count(*) from outbox where key like 'ready:%') as ready",
    )
    .fetch_one(&pool)
    .await?;
    pool.close().await;
    Ok(counts)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_masters_one_polls_and_the_other_takes_over_when_it_is_killed() -> Result<()> {
    let mut world = World::start().await?;
    let sim = world.stage.sim.clone();
    let master_bot = world.bot.bot.username.clone();
    until(sim.patience(), "the first master polls", async || Ok((sim.bot(&master_bot).await?.polls > 0).then_some(())))
        .await?;
    let mut second = stand_by(&world).await?;

    // Both look after the fleet, one talks; nothing is done twice.
    let first_sale = scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?;
    let one = Counts { tenants: 1, schemas: 1, charges: 1, periods: 1, ready: 1 };
    assert_eq!(counts(&world).await?, one);

    // The one that polls dies without a word, in the middle of a conversation.
    let late = world.someone("Вера").await?;
    late.start("собственный Telegram-бот записи").await?;
    nothing_is_being_sent(&world).await?;
    world.master.kill().await?;
    sim.notify_at(&second.notifications_url()?).await?;
    let second_sale = scenes::sell(&late, "Салон").await?;
    let two = Counts { tenants: 2, schemas: 2, charges: 2, periods: 2, ready: 2 };
    assert_eq!(counts(&world).await?, two);
    let mut slugs = Vec::new();
    for sale in [&first_sale, &second_sale] {
        slugs.push(world.tenant_of(&sale.bot.username).await?);
        let chat = sim.chat(sale.buyer.person.id, &sale.buyer.bot).await?;
        let told = chat.messages.iter().filter(|message| message.text.contains("Ваш бот работает")).count();
        assert_eq!(told, 1, "{} is told once", sale.buyer.person.first_name);
        let customer = world.someone("Борис").await?.with(&sale.bot.username);
        customer.start("Здесь можно записаться").await?;
    }
    slugs.sort();
    assert_eq!(docker::containers(&world.docker, &world.instance).await?, slugs);

    // The two never polled at once.
    let events = audit::transcript(&world).await?;
    assert_eq!(events.first().context("nothing was recorded")?.seq, 1, "the transcript is whole");
    let conflicts: Vec<&What> = conflicts(&events).collect();
    assert!(conflicts.is_empty(), "{conflicts:#?}");
    second.stop().await?;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_that_is_asked_to_end_hands_over_without_losing_a_word() -> Result<()> {
    let mut world = World::start().await?;
    let sim = world.stage.sim.clone();
    let buyer = world.someone("Анна").await?;
    buyer.start("собственный Telegram-бот записи").await?;
    let mut second = stand_by(&world).await?;
    world.master.stop().await?;
    sim.notify_at(&second.notifications_url()?).await?;
    buyer.press("Подключить бота", "На какой срок").await?;
    let chat = sim.chat(buyer.person.id, &buyer.bot).await?;
    let greetings = chat.messages.iter().filter(|m| m.from_bot).count();
    assert_eq!(greetings, 1, "no word is said twice: {chat:#?}");
    let events = audit::transcript(&world).await?;
    let conflicts: Vec<&What> = conflicts(&events).collect();
    assert!(conflicts.is_empty(), "{conflicts:#?}");
    second.stop().await?;
    world.close().await
}
