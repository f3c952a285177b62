//! The operators' chat may be a group: buttons work there for whoever has the role, and words are asked for in private.

use anyhow::{Context, Result};
use play::{scenes, world::World};
use serde_json::json;

use crate::cli;

/// A message with a button in the group, as alerts bring them.
async fn posted(world: &World, group: i64, button: &str, data: &str) -> Result<()> {
    let body = json!({
        "chat_id": group, "text": "Посмотрите", "parse_mode": "HTML",
        "reply_markup": { "inline_keyboard": [[{ "text": button, "callback_data": data }]] },
    });
    let pool = world.registry().await?;
    sqlx::query("insert into outbox (key, chat_id, body, due_at, created_at) values ($1, $2, $3, now(), now())")
        .bind(format!("test:{data}"))
        .bind(group)
        .bind(body)
        .execute(&pool)
        .await?;
    // Somebody who is sent something has the outbox look.
    sqlx::query("notify slotyard_front").execute(&pool).await?;
    pool.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_group_buttons_work_for_who_has_the_role_and_words_are_asked_for_in_private() -> Result<()> {
    let world = World::start().await?;
    let sim = &world.stage.sim;
    let paid = scenes::sell(&world.someone("Анна").await?, "Усы").await?;
    let slug = world.tenant_of(&paid.bot.username).await?;
    cli::comes_to(&world, &slug, "running").await?;
    let owner = world.operator();
    owner.start("Здравствуйте").await?;
    let stranger = world.someone("Гость").await?;
    let group = sim.create_group("Операторы", owner.person.id).await?.group.id;
    sim.join(group, stranger.person.id).await?;
    sim.put_bot(group, &world.bot, "member").await?;
    posted(&world, group, "Карточка", &format!("o:card:{slug}")).await?;
    sim.wait_in(group, "Посмотрите").await?;

    let act = sim.press_in(group, stranger.person.id, "Карточка").await?;
    let (note, alert) = sim.wait_answer(&act).await?;
    assert!(alert && note.is_some_and(|note| note.contains("только для операторов")));
    sim.press_in(group, owner.person.id, "Карточка").await?;
    sim.wait_in(group, "Состояние — работает").await?;
    sim.press_in(group, owner.person.id, "Остановить").await?;
    let asked = sim.wait_in(group, "Выберите причину").await?;
    assert!(!asked.text.contains("напишите свою"), "{}", asked.text);
    // What is written in the group, or in private without having been asked for there, is no reason.
    sim.say_in(group, owner.person.id, "долги").await?;
    owner.say("долги", "Не понял").await?;
    sim.press_in(group, owner.person.id, "Технические работы").await?;
    sim.wait_in(group, "Состояние — остановлен").await?;

    sim.press_in(group, owner.person.id, "Удалить").await?;
    let private = sim.wait_in(group, "в личном чате").await?;
    owner.say(&slug, "Не понял").await?;
    let link = private.button("Открыть в личном чате").and_then(|b| b.url.clone()).context("no link")?;
    sim.open(owner.person.id, &link).await?;
    owner.reads("Состояние — остановлен").await?;
    sim.press_in(group, owner.person.id, "К карточке").await?;
    sim.wait_in(group, "Состояние — остановлен").await?;
    assert!(cli::shown(&world, &slug).await?["state"] == "stopped");
    world.close().await
}
