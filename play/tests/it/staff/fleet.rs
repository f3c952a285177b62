//! The list, the search, the card, its events and its log.

use std::time::Duration;

use anyhow::{Context, Result};
use play::{docker, scenes, until, world::World};
use sandbox::wire::{Fault, FaultKind};

use super::{data_of, events, with_a_bot};
use crate::cli;

/// Rows of bots that are gone, so that there is something to turn over.
async fn gone(world: &World, n: i32) -> Result<()> {
    let pool = world.registry().await?;
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "insert into clients (telegram_id, name, username, language, created_at)
           select 900000 + n, 'Борис ' || n, 'boris_' || n, 'ru', now() from generate_series(1, {n}) n;
         insert into bots (bot_id, client_id, username, managed, created_at)
           select 900000 + n, c.id, 'old_' || n || '_bot', true, now()
             from generate_series(1, {n}) n join clients c on c.telegram_id = 900000 + n;
         insert into orders (client_id, state, plan, price_kopecks, days, business_name, kind, zone, contact, bot_id, terms_version,
                             terms_accepted_at, created_at, updated_at)
           select b.client_id, 'ended', 'm1', 100, 30, 'Старый <салон> ' || b.bot_id, 'salon', 'Europe/Moscow', 'x', b.bot_id,
                  'v1', now(), now(), now() from bots b where b.bot_id between 900001 and 900000 + {n} order by b.bot_id;
         insert into tenants (slug, client_id, order_id, bot_id, business_name, kind, zone, language, owner_telegram_id,
                              pg_password_sealed, redis_password_sealed, created_at, removal_wanted_at, removed_at)
           select 'client_' || o.bot_id, o.client_id, o.id, o.bot_id, o.business_name, 'salon', 'Europe/Moscow', 'ru', o.bot_id,
                  '', '', now(), now(), now() from orders o where o.bot_id between 900001 and 900000 + {n} order by o.bot_id;"
    )))
    .execute(&pool)
    .await?;
    pool.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fleet_is_turned_over_filtered_and_searched() -> Result<()> {
    let (world, paid, slug) = with_a_bot("Барбершоп «Чёрный кот»").await?;
    gone(&world, 20).await?;
    let operator = world.operator();
    operator.start("Здравствуйте").await?;
    let list = operator.say("/tenants", "Боты клиентов").await?;
    assert!(list.text.contains("всего 1") && list.button(&slug).is_some(), "{}", list.text);
    assert!(list.button("client_900020").is_none(), "who is gone is not in the way");
    let page = operator.press("удалён: 20", "Страница 1 из 3").await?;
    assert!(page.button("client_900020").is_some() && page.button(&slug).is_none());
    let page = operator.press("→", "Страница 2 из 3").await?;
    assert!(page.button("client_900012").is_some());
    operator.press("→", "Страница 3 из 3").await?;
    operator.press("←", "Страница 2 из 3").await?;
    operator.press("Все: 1", "Страница 1 из 1").await?;

    // The only one that is found is shown at once; of many, a list that can be turned over.
    for words in [
        "черный",
        &slug,
        slug.trim_start_matches("client_"),
        &paid.bot.username,
        &format!("@{}", paid.bot.username),
        "анна",
        &paid.buyer.person.id.to_string(),
    ] {
        operator.say(&format!("/tenants {words}"), "Состояние").await?;
        operator.say(&format!("/tenant {words}"), "Барбершоп «Чёрный кот»").await?;
    }
    operator.press("К списку", "Боты клиентов").await?;
    operator.press("Найти", "Кого ищем").await?;
    let found = operator.say("борис", "найдено 20").await?;
    assert!(found.button("client_900020").is_some());
    operator.press("→", "Страница 2 из 3").await?;
    operator.press("client_900012", "Старый <салон> 900012").await?;
    // Whoever was told is not waited for any more.
    operator.say("борис", "Не понял").await?;
    operator.say("/tenants", "Боты клиентов").await?;
    operator.press("Найти", "Кого ищем").await?;
    operator.say("нет такого", "никого не нашлось").await?;
    operator.press("Искать ещё", "Кого ищем").await?;
    operator.say("::", "Кого ищем").await?;
    operator.say("/tenants", "Боты клиентов").await?;
    operator.say("кот", "Не понял").await?;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_for_is_known_after_a_restart_and_a_second_telling_says_nothing_twice() -> Result<()> {
    let (mut world, _, slug) = with_a_bot("Усы").await?;
    let operator = world.operator();
    operator.say("/tenants", "Боты клиентов").await?;
    operator.press("Найти", "Кого ищем").await?;
    world.master.kill().await?;
    world.start_master().await?;
    operator.say("усы", "Состояние").await?;
    operator.press("События", "бот на связи").await?;
    world.master.kill().await?;
    world.start_master().await?;
    let card = operator.press("К карточке", "Состояние").await?;
    assert!(card.text.contains(&slug));
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_tells_what_is_and_since_when_and_who_did_what() -> Result<()> {
    let (world, paid, slug) = with_a_bot("Усы").await?;
    cli::comes_to(&world, &slug, "running").await?;
    let operator = world.operator();
    scenes::open_card(&operator, &slug).await?;
    let image = world.master.settings()["TENANT_IMAGE"].clone();
    let card = until(world.stage.sim.patience(), "the card is whole", async || {
        let card = operator.screen().await?;
        Ok(card.text.contains("📊 память").then_some(card))
    })
    .await?;
    for word in [
        "Состояние — работает с ",
        "на связи",
        "Оплачен до ",
        "создан ",
        &image,
        "Анна",
        &paid.buyer.person.id.to_string(),
    ] {
        assert!(card.text.contains(word), "{word} in {}", card.text);
    }
    // A container of another image is told apart from the one that is wanted.
    let pool = world.registry().await?;
    sqlx::query("update settings set value = 'slotyard:next' where key = 'tenant_image'").execute(&pool).await?;
    operator.press("Обновить", "→ обновится до slotyard:next").await?;

    scenes::stop(&operator).await?;
    let held = operator.press("События", "остановить: Технические работы — Ольга").await?;
    assert!(held.text.contains("бот на связи"), "{}", held.text);
    operator.press("→", "куплен").await?;
    operator.press("←", "остановить: Технические работы").await?;
    operator.press("К карточке", "Состояние — остановлен").await?;
    assert_eq!(events(&pool, &slug, "hold").await?.len(), 1);
    pool.close().await;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_comes_as_a_file_without_the_bots_secrets_and_the_row_forgets_it() -> Result<()> {
    let (world, paid, slug) = with_a_bot("Усы").await?;
    cli::comes_to(&world, &slug, "running").await?;
    let operator = world.operator();
    scenes::open_card(&operator, &slug).await?;
    let told = scenes::read_logs(&operator).await?;
    let file = told.document.context("it is no file")?;
    assert!(file.file_name.starts_with(&slug) && file.file_name.ends_with(".log"), "{file:?}");
    let content = String::from_utf8(world.stage.sim.file(&file.file_id).await?)?;
    assert!(docker::logs(&world.docker, &slug).await?.contains(content.trim()) && !content.trim().is_empty());
    let token = world.stage.sim.bot(&paid.bot).await?.token;
    assert!(!content.contains(&token));
    let pool = world.registry().await?;
    let kept: i64 = sqlx::query_scalar("select count(*) from outbox where body #> '{document,content}' is not null")
        .fetch_one(&pool)
        .await?;
    assert_eq!(kept, 0);
    pool.close().await;

    // Asked while the bot stands still, and asked twice by one tap.
    scenes::open_card(&operator, &slug).await?;
    let before = files(&world).await?;
    let tap = operator.tap("Журнал").await?;
    world.stage.sim.redeliver(&world.bot, tap.update_id.context("no update")?).await?;
    until(world.stage.sim.patience(), "the file is there", async || {
        Ok((files(&world).await? == before + 1).then_some(()))
    })
    .await?;
    let again = operator.tap("Журнал").await?;
    world.stage.sim.wait_confirmed(&again).await?;
    until(world.stage.sim.patience(), "the next file is there", async || {
        Ok((files(&world).await? >= before + 2).then_some(()))
    })
    .await?;
    assert_eq!(files(&world).await?, before + 2);
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_killed_while_it_sends_a_log_does_not_send_it_twice() -> Result<()> {
    let (mut world, _, slug) = with_a_bot("Усы").await?;
    cli::comes_to(&world, &slug, "running").await?;
    let operator = world.operator();
    scenes::open_card(&operator, &slug).await?;
    world.stage.sim.fault(&Fault::telegram("sendDocument", FaultKind::Hang).of(&world.bot)).await?;
    operator.tap("Журнал").await?;
    until(world.stage.sim.patience(), "Telegram has the file", async || Ok((files(&world).await? == 1).then_some(())))
        .await?;
    world.master.kill().await?;
    world.stage.sim.clear_faults().await?;
    world.start_master().await?;
    let pool = world.registry().await?;
    until(Duration::from_secs(120), "nobody knows of the file", async || {
        let states = sqlx::query_scalar::<_, String>("select state from outbox where key like 'ask:%'");
        Ok((states.fetch_all(&pool).await? == ["unknown"]).then_some(()))
    })
    .await?;
    assert_eq!(files(&world).await?, 1);
    // A person decides.
    operator.say("/tenants", "Боты клиентов").await?;
    operator.press("не дошли: 1", "последние строки").await?;
    operator.press("Ещё раз 1", "Все сообщения дошли").await?;
    until(
        world.stage.sim.patience(),
        "the file is there again",
        async || Ok((files(&world).await? == 2).then_some(())),
    )
    .await?;
    pool.close().await;
    world.close().await
}

/// How many files the owner was sent.
async fn files(world: &World) -> Result<usize> {
    let operator = world.operator();
    let chat = operator.sim.chat(operator.person.id, &operator.bot).await?;
    Ok(chat.messages.iter().filter(|message| message.document.is_some()).count())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tap_on_a_card_that_is_out_of_date_does_nothing() -> Result<()> {
    let (world, _, slug) = with_a_bot("Усы").await?;
    cli::comes_to(&world, &slug, "running").await?;
    let operator = world.operator();
    scenes::open_card(&operator, &slug).await?;
    let restart = data_of(&operator, "Перезапустить").await?;
    let card = operator.screen().await?;
    // Somebody else does something meanwhile.
    world.master.cli(&["tenants", "stop", &slug, "--reason", "долги"]).await?;
    cli::comes_to(&world, &slug, "stopped").await?;
    for data in [restart.clone(), restart.replace("restart", "start"), restart.replace("restart", "hold") + ":0"] {
        let act = operator.sim.forge_press(operator.person.id, &operator.bot, card.id, &data).await?;
        let (note, _) = operator.sim.wait_answer(&act).await?;
        assert!(note.is_some_and(|note| note.contains("изменил кто-то другой")), "{data}");
    }
    let shown = cli::shown(&world, &slug).await?;
    assert_eq!((&shown["state"], &shown["hold_reason"]), (&"stopped".into(), &"долги".into()));
    world.close().await
}
