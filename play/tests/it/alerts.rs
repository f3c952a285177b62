//! What operators are woken for: one message for one thing, edited when it is over.

use std::time::Duration;

use anyhow::{Context, Result};
use bollard::query_parameters::KillContainerOptionsBuilder;
use play::{
    docker,
    people::Someone,
    scenes::{self, Paid},
    until,
    world::{Master, Shape, World},
};
use sandbox::wire::{BotAccount, ChatMessage};

/// An incident must be good for a minute before it is over, and its message is edited some seconds later.
const PATIENCE: Duration = Duration::from_secs(240);

/// The owner, who has opened the master's bot and can be written to.
async fn operator(world: &World) -> Result<Someone> {
    let mut operator = world.operator();
    operator.sim = operator.sim.with_patience(PATIENCE);
    operator.start("Здравствуйте").await?;
    Ok(operator)
}

/// Every alert that the person has, over or not.
async fn alerts(person: &Someone) -> Result<Vec<ChatMessage>> {
    let chat = person.sim.chat(person.person.id, &person.bot).await?;
    Ok(chat.messages.into_iter().filter(|m| m.from_bot && ["🔴", "🟢"].iter().any(|a| m.text.starts_with(a))).collect())
}

/// The only alert there is.
async fn only_alert(person: &Someone) -> Result<ChatMessage> {
    let mut alerts = alerts(person).await?;
    assert_eq!(alerts.len(), 1, "{alerts:#?}");
    alerts.pop().context("no alert")
}

/// A sale with a bot of the buyer's own making.
async fn sell_with_pasted_bot(world: &World) -> Result<(Paid, BotAccount)> {
    let buyer = world.someone("Анна").await?;
    let bot = world.stage.sim.create_bot_of(buyer.person.id, "Борода", "boroda_own_bot").await?;
    let paid = scenes::sign_up_with(&buyer, "Барбершоп", &bot).await?.pay().await?;
    paid.ready().await?;
    Ok((paid, bot))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_is_told_once_to_operators_and_its_owner_until_a_new_one_is_given() -> Result<()> {
    let world = World::start().await?;
    let operator = operator(&world).await?;
    let (paid, bot) = sell_with_pasted_bot(&world).await?;
    let mut owner = paid.buyer.clone();
    owner.sim = owner.sim.with_patience(PATIENCE);
    let revoked = world.stage.sim.revoke_token(&bot, false).await?;

    operator.reads("мёртвый токен").await?;
    let told = owner.reads("пришлите сюда новый токен").await?;
    let alert = only_alert(&operator).await?;
    assert!(alert.text.contains("владелец отозвал токен"), "{}", alert.text);

    let polls = world.stage.sim.bot(&bot).await?.polls;
    owner.sim.say(owner.person.id, &owner.bot, &revoked.token).await?;
    owner.reads("Новый токен принят").await?;
    until(PATIENCE, "the bot polls with its new token", async || {
        Ok((world.stage.sim.bot(&bot).await?.polls > polls).then_some(()))
    })
    .await?;
    operator.reads("Прошло").await?;
    let over = only_alert(&operator).await?;
    assert_eq!(over.id, alert.id, "the very message is edited");
    assert!(over.text.contains("мёртвый токен") && over.text.contains(" до "), "{}", over.text);
    assert_eq!(owner.reads("снова работает").await?.id, told.id);
    // The token was in the chat for a moment only.
    let chat = owner.sim.chat(owner.person.id, &owner.bot).await?;
    assert!(!chat.messages.iter().any(|m| m.text.contains(&revoked.token)), "a token stands in the chat");
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_was_killed_thrice_is_told_once() -> Result<()> {
    let world = World::start().await?;
    let operator = operator(&world).await?;
    let paid = scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?;
    let slug = world.tenant_of(&paid.bot.username).await?;
    let sim = &world.stage.sim;
    for _ in 0..3 {
        let polls = sim.bot(&paid.bot).await?.polls;
        let kill = KillContainerOptionsBuilder::default().signal("SIGKILL").build();
        world.docker.kill_container(&slug, Some(kill)).await?;
        until(PATIENCE, "the bot is back", async || Ok((sim.bot(&paid.bot).await?.polls > polls).then_some(())))
            .await?;
    }
    let alert = operator.reads("падает").await?;
    assert!(alert.text.contains(&slug), "{}", alert.text);
    only_alert(&operator).await?;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_its_engine_has_to_restart_thrice_is_told_once() -> Result<()> {
    let world = World::start().await?;
    let operator = operator(&world).await?;
    let paid = scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?;
    let slug = world.tenant_of(&paid.bot.username).await?;
    let pool = world.registry().await?;
    for times in 1..=3 {
        // The engine may be about to start it.
        let pid = until(PATIENCE, "the bot runs", async || {
            let state = docker::inspect(&world.docker, &slug).await?.and_then(|c| c.state).context("no container")?;
            Ok(state.pid.filter(|pid| *pid > 1))
        })
        .await?;
        // Not through the engine, which would take it for a person's wish and leave it down.
        let killed = tokio::process::Command::new("kill").args(["-KILL", &pid.to_string()]).status().await?;
        assert!(killed.success(), "the bot's process is on this machine");
        until(PATIENCE, "the end is written down and the bot is ready again", async || {
            let sql = "select (select count(*) from tenant_events where event = 'ended') >= $1
                         and (select bool_and(known) from tenant_facts)
                         and (select value->>'started' from tenant_facts where part = 'ready')
                          >= (select value->>'started' from tenant_facts where part = 'container')";
            let again: bool = sqlx::query_scalar(sql).bind(i64::from(times)).fetch_one(&pool).await?;
            Ok(again.then_some(()))
        })
        .await?;
    }
    pool.close().await;
    let alert = operator.reads("падает").await?;
    assert!(alert.text.contains(&slug), "{}", alert.text);
    only_alert(&operator).await?;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_is_missing_fails_three_tenants_and_is_told_once() -> Result<()> {
    let settings = vec![("TENANT_IMAGE".to_owned(), "slotyard-nowhere:1".to_owned())];
    let world = World::shaped(Shape { settings, ..Shape::default() }).await?;
    let operator = operator(&world).await?;
    let mut unpaid = Vec::new();
    for name in ["Анна", "Борис", "Вера"] {
        unpaid.push(scenes::sign_up(&world.someone(name).await?, "Барбершоп").await?);
    }
    for bill in unpaid {
        bill.pay().await?;
    }
    let alert = operator.reads("Один и тот же шаг не проходит").await?;
    for (slug, _) in world.tenants().await? {
        assert!(alert.text.contains(&slug), "{slug} in {}", alert.text);
    }
    // Each would be worth a message by now, if it were alone.
    let pool = world.registry().await?;
    until(PATIENCE, "each has failed often", async || {
        let often: i64 =
            sqlx::query_scalar("select count(*) from tenants where attempts >= 5").fetch_one(&pool).await?;
        Ok((often == 3).then_some(()))
    })
    .await?;
    pool.close().await;
    only_alert(&operator).await?;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_masters_one_tells_and_whoever_is_left_tells_the_end() -> Result<()> {
    let mut world = World::start().await?;
    let operator = operator(&world).await?;
    let (paid, bot) = sell_with_pasted_bot(&world).await?;
    let folder = world.master.output_file().with_file_name("second");
    std::fs::create_dir_all(&folder)?;
    let mut second = Master::new(world.master.settings().clone(), folder);
    second.start().await?;

    let revoked = world.stage.sim.revoke_token(&bot, false).await?;
    operator.reads("мёртвый токен").await?;
    // Both have looked again and again meanwhile.
    let pool = world.registry().await?;
    until(PATIENCE, "it was tried often", async || {
        let attempts: i32 = sqlx::query_scalar("select attempts from tenants").fetch_one(&pool).await?;
        Ok((attempts >= 4).then_some(()))
    })
    .await?;
    pool.close().await;
    let alert = only_alert(&operator).await?;

    world.master.kill().await?;
    let mut owner = paid.buyer.clone();
    owner.sim = owner.sim.with_patience(PATIENCE);
    owner.sim.say(owner.person.id, &owner.bot, &revoked.token).await?;
    owner.reads("Новый токен принят").await?;
    operator.reads("Прошло").await?;
    assert_eq!(only_alert(&operator).await?.id, alert.id);
    second.stop().await?;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_runs_short_is_told() -> Result<()> {
    // No disk is wholly free.
    let settings = vec![("ALERT_DISK_PERCENT".to_owned(), "100".to_owned())];
    let world = World::shaped(Shape { settings, without_master: true, ..Shape::default() }).await?;
    let mut world = world;
    // The owner must have opened the bot before the first look: an alert that is refused comes to nobody.
    world.stage.sim.start(world.owner.id, &world.bot, None).await?;
    world.start_master().await?;
    let operator = world.operator();
    let alert = operator.reads("Мало места на диске").await?;
    assert!(alert.text.contains("свободно"), "{}", alert.text);
    let metrics = reqwest::get(format!("{}/metrics", world.master.http()?)).await?.text().await?;
    assert!(
        metrics.lines().any(|l| l.starts_with("slotyard_incidents{kind=\"disk\"}") && !l.ends_with(" 0")),
        "{metrics}"
    );
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_bot_is_told_and_not_asked_for_every_few_seconds_for_ever() -> Result<()> {
    let world = World::start().await?;
    let operator = operator(&world).await?;
    let paid = scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?;
    let slug = world.tenant_of(&paid.bot.username).await?;
    world.stage.sim.delete_bot(&paid.bot).await?;
    operator.reads("владелец удалил бота").await?;
    let mut owner = paid.buyer.clone();
    owner.sim = owner.sim.with_patience(PATIENCE);
    owner.reads("он удалён").await?;
    only_alert(&operator).await?;
    let pool = world.registry().await?;
    until(PATIENCE, "it waits for half a minute", async || {
        let waits: Option<bool> = sqlx::query_scalar("select next_attempt_at > now() + interval '15 s' from tenants")
            .fetch_one(&pool)
            .await?;
        Ok(waits.unwrap_or_default().then_some(()))
    })
    .await?;
    pool.close().await;
    let container = docker::inspect(&world.docker, &slug).await?.and_then(|c| c.state).context("no container")?;
    assert_ne!(container.running, Some(true), "a bot without a token is not started again and again");
    world.close().await
}
