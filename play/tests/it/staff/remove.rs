//! A bot is removed by whoever types its name, and its data are kept for a while.

use ::redis::AsyncCommands;
use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use play::{redis, scenes, until, world::World};
use serde_json::Value;

use super::{events, with_a_bot};
use crate::cli;

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_is_removed_by_its_name_and_by_nothing_else_and_once() -> Result<()> {
    let (mut world, _, slug) = with_a_bot("Барбершоп «Борода»").await?;
    cli::comes_to(&world, &slug, "running").await?;
    let operator = world.operator();
    scenes::open_card(&operator, &slug).await?;
    operator.press("Удалить", "Чтобы удалить, напишите").await?;
    for words in ["да", "client_000", "Барбершоп", &slug[..slug.len() - 1]] {
        operator.say(words, "ничего не удалено").await?;
    }
    world.master.kill().await?;
    world.start_master().await?;
    assert_eq!(cli::shown(&world, &slug).await?["state"], "running");
    let act = operator.sim.say(operator.person.id, &operator.bot, "барбершоп «борода»").await?;
    let card = operator.sim.wait_reply(&act, "Состояние — удалён").await?;
    assert!(card.text.contains("Данные хранятся до"), "{}", card.text);
    world.stage.sim.redeliver(&world.bot, act.update_id.context("no update")?).await?;
    operator.say(&slug, "Не понял").await?;
    let pool = world.registry().await?;
    assert_eq!(events(&pool, &slug, "remove").await?.len(), 1);
    pool.close().await;
    assert_eq!(world.traces_of(&slug).await?, Vec::<String>::new());
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_comes_too_late_or_after_somebody_elses_act_removes_nothing() -> Result<()> {
    let (world, _, slug) = with_a_bot("Усы").await?;
    cli::comes_to(&world, &slug, "running").await?;
    let operator = world.operator();
    scenes::open_card(&operator, &slug).await?;
    operator.press("Удалить", "Чтобы удалить, напишите").await?;
    grow_old(&world, operator.person.id).await?;
    operator.say(&slug, "Прошло больше 10 минут").await?;
    operator.press("К карточке", "Состояние — работает").await?;

    operator.press("Удалить", "Чтобы удалить, напишите").await?;
    world.master.cli(&["tenants", "restart", &slug]).await?;
    cli::comes_to(&world, &slug, "running").await?;
    operator.say(&slug, "изменил кто-то другой").await?;

    operator.press("К карточке", "Состояние — работает").await?;
    operator.press("Удалить", "Чтобы удалить, напишите").await?;
    operator.press("Не удалять", "Состояние — работает").await?;
    operator.say(&slug, "Не понял").await?;
    assert_eq!(cli::shown(&world, &slug).await?["state"], "running");
    world.close().await
}

/// The question was asked eleven minutes ago.
async fn grow_old(world: &World, person: i64) -> Result<()> {
    let mut connection = redis::admin_at(&world.stack.redis_url).await?;
    let key = format!("master:step:{person}");
    let kept: String = connection.get(&key).await?;
    let mut step: Value = serde_json::from_str(&kept)?;
    let until: DateTime<Utc> = step["step"]["until"].as_str().context("no time")?.parse()?;
    step["step"]["until"] = (until - TimeDelta::minutes(11)).to_rfc3339().into();
    let () = connection.set_ex(&key, step.to_string(), 600).await?;
    Ok(())
}

/// Whether there is a schema of this name.
async fn exists(world: &World, schema: &str) -> Result<bool> {
    let pool = world.registry().await?;
    let there = sqlx::query_scalar("select exists (select 1 from pg_namespace where nspname = $1)");
    let there = there.bind(schema).fetch_one(&pool).await?;
    pool.close().await;
    Ok(there)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_of_a_removed_bot_is_told_and_erased_by_who_says_so() -> Result<()> {
    let (world, _, slug) = with_a_bot("Усы").await?;
    cli::comes_to(&world, &slug, "running").await?;
    let kept = format!("removed_{slug}");
    let told = world.master.cli(&["tenants", "purge", &slug, "--yes"]).await?;
    assert!(told.contains("nothing to do"), "{told}");
    world.master.cli(&["tenants", "remove", &slug, "--yes"]).await?;
    cli::comes_to(&world, &slug, "removed").await?;
    assert!(exists(&world, &kept).await?);
    let shown = world.master.cli(&["tenants", "show", &slug]).await?;
    assert!(shown.contains(&format!("data kept in the schema {kept} until ")), "{shown}");

    let refused = cli::typed(&world, &["tenants", "purge", &slug], "yes\n").await?;
    assert!(!refused.status.success() && exists(&world, &kept).await?, "{}", cli::said(&refused));
    let done = cli::typed(&world, &["tenants", "purge", &slug], &format!("{slug}\n")).await?;
    assert!(done.status.success(), "{}", cli::said(&done));
    until(world.stage.sim.patience(), "it is erased", async || Ok((!exists(&world, &kept).await?).then_some(())))
        .await?;
    let operator = world.operator();
    operator.say(&format!("/tenant {slug}"), "Данные стёрты").await?;
    operator.press("События", "данные стёрты").await?;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_bot_is_sold_again_while_the_data_of_its_first_life_are_kept() -> Result<()> {
    let (world, paid, slug) = with_a_bot("Усы").await?;
    cli::comes_to(&world, &slug, "running").await?;
    world.master.cli(&["tenants", "remove", &slug, "--yes"]).await?;
    cli::comes_to(&world, &slug, "removed").await?;
    let account = world.stage.sim.bot(&paid.bot).await?;
    let again = scenes::sign_up_with(&paid.buyer, "Снова усы", &account).await?.pay().await?;
    again.ready().await?;
    let second = world.tenant_of(&paid.bot.username).await?;
    assert_ne!(second, slug);
    cli::comes_to(&world, &second, "running").await?;
    assert!(exists(&world, &format!("removed_{slug}")).await? && exists(&world, &second).await?);
    world.close().await
}
