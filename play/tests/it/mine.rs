//! «Мои боты»: what a client sees of their own bots, and may do with them, and nobody else's.

use std::time::Duration;

use anyhow::{Context, Result};
use play::{
    album::Album,
    audit, docker,
    meddler::Meddler,
    people::Someone,
    scenes, until,
    world::{Shape, World},
};
use sandbox::wire::{Fault, FaultKind, What};

use crate::tongue::Tongue;

const REST: Duration = Duration::from_secs(240);

/// Whatever a client could have done to a tenant: restarts, changes of token, and the token itself.
async fn fate(world: &World, slug: &str) -> Result<(i64, i64, Vec<u8>)> {
    let pool = world.registry().await?;
    let fate = sqlx::query_as(
        "select restart_generation, (select count(*) from tenant_events where tenant_id = t.id and event = 'token_changed'),
                token_sealed from tenants t join bots using (bot_id) where slug = $1",
    )
    .bind(slug)
    .fetch_one(&pool)
    .await?;
    pool.close().await;
    Ok(fate)
}

/// Waits until the bot's container stands still.
async fn gone_quiet(world: &World, slug: &str) -> Result<()> {
    until(REST, "the container stands still", async || {
        let container = docker::inspect(&world.docker, slug).await?;
        let runs = container.and_then(|c| c.state?.running).unwrap_or_default();
        Ok((!runs).then_some(()))
    })
    .await
}

async fn note_of(person: &Someone, button: &str) -> Result<String> {
    let act = person.tap(button).await?;
    Ok(person.sim.wait_answer(&act).await?.0.unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_sees_restarts_and_rekeys_their_own_bot_in_russian_and_in_english() -> Result<()> {
    let world = World::start().await?;
    let sim = world.stage.sim.clone().with_patience(REST);
    let client = world.someone("Анна").await?;
    let paid = scenes::sell(&client, "Барбершоп").await?;
    let slug = world.tenant_of(&paid.bot.username).await?;
    for language in ["ru", "en"] {
        let tongue = Tongue::of(language)?;
        let t = |key: &str| tongue.say(key);
        if language == "en" {
            // Not any news: the card may be keeping up at this moment.
            client.start(&Tongue::of("ru")?.say("buyer.greeting")).await?;
            client.press("English", &t("buyer.greeting")).await?;
        }
        audit::at_rest(&world, REST).await?;
        let from = sim.now().await?;
        client.say("/mybots", &t("client.state.running")).await?;
        client.press(&t("client.help"), &t("client.help_text")).await?;
        client.press(&t("client.back"), &t("client.state.running")).await?;
        client.press(&t("client.token"), &t("client.token_ask")).await?;
        client.press(&t("client.back"), &t("client.state.running")).await?;
        Album::of(&client, from).await?.assert_snapshot(&format!("my_bots_{language}"));
    }
    let tongue = Tongue::of("en")?;
    let t = |key: &str| tongue.say(key);

    // Started anew, once a minute at most.
    let polls = sim.bot(&paid.bot).await?.polls;
    assert_eq!(note_of(&client, &t("client.restart")).await?, t("client.restarting"));
    assert_eq!(note_of(&client, &t("client.restart")).await?, t("client.restart_soon"));
    until(REST, "the bot polls again", async || Ok((sim.bot(&paid.bot).await?.polls > polls).then_some(()))).await?;
    audit::at_rest(&world, REST).await?;
    assert_eq!(fate(&world, &slug).await?.0, 1);
    client.reads(&t("client.state.running")).await?;

    // Another token: the old one is dead, and the bot lives on the new one.
    let before = sim.bot(&paid.bot).await?;
    client.press(&t("client.token"), &t("client.token_ask")).await?;
    assert_eq!(note_of(&client, &t("client.token_yes")).await?, t("client.token_done"));
    until(REST, "the bot polls with the new token", async || {
        let now = sim.bot(&paid.bot).await?;
        Ok((now.token != before.token && now.polls > before.polls).then_some(()))
    })
    .await?;
    audit::at_rest(&world, REST).await?;
    let changed = sim.bot(&paid.bot).await?.token;
    client.reads(&t("client.state.running")).await?;
    // An impatient second tap on the same question changes nothing.
    let card = client.screen().await?;
    let act = client.sim.forge_press(client.person.id, &client.bot, card.id, &format!("c:newtoken:{slug}")).await?;
    client.sim.wait_confirmed(&act).await?;
    assert_eq!((sim.bot(&paid.bot).await?.token, fate(&world, &slug).await?.1), (changed, 1));
    world.someone("Борис").await?.with(&paid.bot.username).start("Здесь можно записаться").await?;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_of_somebody_else_is_no_business_of_a_clients() -> Result<()> {
    let world = World::start().await?;
    let meddler = Meddler::in_world(&world).await?;
    let (anna, boris) = (world.someone("Анна").await?, world.someone("Борис").await?);
    let (annas, boriss) = (scenes::sell(&anna, "Барбершоп").await?, scenes::sell(&boris, "Салон").await?);
    let (slug, own) = (world.tenant_of(&annas.bot.username).await?, world.tenant_of(&boriss.bot.username).await?);
    audit::at_rest(&world, REST).await?;
    let before = fate(&world, &slug).await?;
    let tongue = Tongue::of("ru")?;
    let t = |key: &str| tongue.say(key);
    let card = boris.say("/mybots", &t("client.state.running")).await?;
    assert!(card.text.contains("Салон") && !card.text.contains("Барбершоп"), "{}", card.text);
    for act in ["card", "restart", "token", "newtoken", "help"] {
        for strange in [slug.as_str(), "client_999999999"] {
            let data = format!("c:{act}:{strange}");
            let act = boris.sim.forge_press(boris.person.id, &boris.bot, card.id, &data).await?;
            let (told, alert) = boris.sim.wait_answer(&act).await?;
            assert_eq!((told.unwrap_or_default(), alert), (t("client.gone"), true), "{data}");
        }
    }
    assert_eq!(fate(&world, &slug).await?, before);

    // Every button of one's own, with a stranger before and a second tap after it.
    let boris = boris.meddled_with(&meddler);
    boris.say("/mybots", &t("client.state.running")).await?;
    boris.press(&t("client.help"), &t("client.help_text")).await?;
    boris.press(&t("client.back"), &t("client.state.running")).await?;
    boris.press(&t("client.restart"), "Салон").await?;
    audit::at_rest(&world, REST).await?;
    boris.press(&t("client.refresh"), &t("client.state.running")).await?;
    boris.press(&t("client.token"), &t("client.token_ask")).await?;
    assert_eq!(fate(&world, &own).await?.0, 1, "the second tap came within the minute");
    assert_eq!(fate(&world, &slug).await?, before);
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_is_held_unpaid_or_pasted_says_so_and_what_to_do() -> Result<()> {
    let world = World::start().await?;
    let client = world.someone("Анна").await?;
    let own = world.stage.sim.create_bot_of(client.person.id, "Борода", "boroda_own_bot").await?;
    let paid = scenes::sign_up_with(&client, "Барбершоп", &own).await?.pay().await?;
    paid.patient(REST).ready().await?;
    let slug = world.tenant_of(&paid.bot.username).await?;
    audit::at_rest(&world, REST).await?;
    let pool = world.registry().await?;
    let tongue = Tongue::of("ru")?;
    let t = |key: &str| tongue.say(key);

    // A token that was pasted only its owner can change.
    client.say("/mybots", &t("client.state.running")).await?;
    let how = client.press(&t("client.token"), "/revoke").await?;
    assert!(how.text.contains("@boroda_own_bot") && how.button(&t("client.token_yes")).is_none(), "{}", how.text);
    let act = client.sim.forge_press(client.person.id, &client.bot, how.id, &format!("c:newtoken:{slug}")).await?;
    client.sim.wait_confirmed(&act).await?;
    assert_eq!(world.stage.sim.bot(&own.bot).await?.token, own.token, "it is not ours to change");

    // Held by an operator, with the reason.
    world.master.cli(&["tenants", "stop", &slug, "--reason", "проверка документов"]).await?;
    let card = client.say("/mybots", "проверка документов").await?;
    assert!(card.text.contains(&t("client.state.stopped")), "{}", card.text);
    assert_eq!(note_of(&client, &t("client.restart")).await?, t("client.restart_held"));
    world.master.cli(&["tenants", "start", &slug]).await?;

    // The paid time is over.
    sqlx::query("update subscriptions set paid_until = now() - interval '1 day'").execute(&pool).await?;
    client.say("/mybots", &t("client.state.suspended")).await?;
    assert_eq!(note_of(&client, &t("client.restart")).await?, t("client.restart_unpaid"));
    let (restarts, _, _) = fate(&world, &slug).await?;
    assert_eq!(restarts, 0);
    gone_quiet(&world, &slug).await?;

    // The owner takes cash for another month, and the bot runs again by itself.
    let owner = world.operator();
    owner.say("/sell", &t("sale.home")).await?;
    owner.press(&t("sale.new"), &t("sale.whom")).await?;
    owner.press(&t("sale.find"), &t("sale.find_ask")).await?;
    owner.say(&slug, &t("sale.found")).await?;
    owner.press_first("s:renew:", &t("sale.ask_days")).await?;
    owner.say("30", &t("sale.ask_sum")).await?;
    owner.say("300", &t("sale.ask_how")).await?;
    owner.press(&t("sale.how.cash"), &t("sale.ask_note")).await?;
    owner.press(&t("sale.no_note"), &t("sale.next_renew")).await?;
    owner.press(&t("sale.agree"), &t("sale.state.settled")).await?;
    client.reads(&t("sale.letter.renewed")).await?;
    audit::at_rest(&world, REST).await?;
    let card = client.say("/mybots", &t("client.state.running")).await?;
    assert!(card.text.contains("осталось 30 дней"), "{}", card.text);
    world.someone("Борис").await?.with(&paid.bot.username).start("Здесь можно записаться").await?;
    pool.close().await;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_several_bots_chooses_one_and_finds_the_way_back() -> Result<()> {
    let world = World::start().await?;
    let client = world.someone("Анна").await?;
    scenes::sell(&client, "Барбершоп").await?;
    scenes::sell(&client, &"😀".repeat(64)).await?;
    audit::at_rest(&world, REST).await?;
    let tongue = Tongue::of("ru")?;
    let t = |key: &str| tongue.say(key);
    let list = client.say("/mybots", &t("client.list")).await?;
    assert_eq!(list.buttons.iter().flatten().filter(|b| b.text.starts_with("🟢")).count(), 2, "{list:?}");
    client.press("Барбершоп", &t("client.state.running")).await?;
    client.press(&t("client.back"), &t("client.list")).await?;
    client.press("😀", &t("client.state.running")).await?;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_killed_while_it_changes_a_token_changes_it_once_and_the_bot_lives_on() -> Result<()> {
    for done in [true, false] {
        let mut world = World::shaped(Shape::default()).await?;
        let sim = world.stage.sim.clone().with_patience(REST);
        let client = world.someone("Анна").await?;
        let paid = scenes::sell(&client, "Барбершоп").await?;
        let slug = world.tenant_of(&paid.bot.username).await?;
        audit::at_rest(&world, REST).await?;
        let before = sim.bot(&paid.bot).await?;
        let tongue = Tongue::of("ru")?;
        let t = |key: &str| tongue.say(key);
        client.say("/mybots", &t("client.state.running")).await?;
        client.press(&t("client.token"), &t("client.token_ask")).await?;
        let kind = if done { FaultKind::Hang } else { FaultKind::Delay { delay_ms: 3_600_000 } };
        let seq = sim.now().await?;
        sim.fault(&Fault::telegram("replaceManagedBotToken", kind).of(&world.bot)).await?;
        let tap = client.tap(&t("client.token_yes")).await?;
        let hit = sim.wait_event(seq, "the change is caught", sim.patience(), |event| {
            matches!(event.what, What::FaultStruck { .. })
        });
        hit.await?;
        if done {
            until(REST, "Telegram has changed it", async || {
                Ok((sim.bot(&paid.bot).await?.token != before.token).then_some(()))
            })
            .await?;
        }
        world.master.kill().await?;
        sim.clear_faults().await?;
        let caught = sim.bot(&paid.bot).await?.token;
        assert_eq!(caught != before.token, done);
        world.start_master().await?;
        sim.wait_confirmed(&tap).await?;
        let pool = world.registry().await?;
        until(REST, "the change is written down", async || {
            let sql = "select count(*) from tenant_events where event = 'token_changed'";
            let written: i64 = sqlx::query_scalar(sql).fetch_one(&pool).await?;
            Ok((written == 1).then_some(()))
        })
        .await?;
        pool.close().await;
        audit::at_rest(&world, REST).await?;
        let now = sim.bot(&paid.bot).await?;
        assert_ne!(now.token, before.token, "the old one is dead");
        let customer = world.someone("Борис").await?.with(&paid.bot.username);
        customer.start("Здесь можно записаться").await.context(slug)?;
        world.close().await?;
    }
    Ok(())
}
