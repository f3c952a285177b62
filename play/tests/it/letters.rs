//! Letters that did not arrive, or may not have: shown to operators, and sent once more by a tap.

use std::time::Duration;

use anyhow::{Context, Result};
use play::{
    people::Someone,
    scenes, until,
    world::{Shape, World},
};
use sandbox::wire::{Fault, FaultKind, What};

async fn greetings(person: &Someone) -> Result<usize> {
    let chat = person.sim.chat(person.person.id, &person.bot).await?;
    Ok(chat.messages.iter().filter(|m| m.from_bot && m.text.contains("собственный Telegram-бот")).count())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_of_which_nobody_knows_is_sent_once_more_by_an_operators_tap_and_only_once() -> Result<()> {
    let world = World::start().await?;
    let sim = world.stage.sim.clone();
    let operator = world.operator();
    operator.start("Здравствуйте").await?;
    operator.say("/tenants", "Пока ни одного бота").await?;

    let buyer = world.someone("Анна").await?;
    sim.fault(&Fault::telegram("sendMessage", FaultKind::Withhold).of(&world.bot)).await?;
    sim.start(buyer.person.id, &buyer.bot, None).await?;
    let pool = world.registry().await?;
    let state = async |wanted: &str| {
        until(sim.patience(), &format!("the greeting is {wanted}"), async || {
            let states: Vec<String> = sqlx::query_scalar("select state from outbox where chat_id = $1")
                .bind(buyer.person.id)
                .fetch_all(&pool)
                .await?;
            Ok((states == [wanted]).then_some(()))
        })
        .await
    };
    state("unknown").await?;
    assert_eq!(greetings(&buyer).await?, 1, "it had arrived, as a person could know");

    operator.say("/tenants", "Пока ни одного бота").await?;
    let list = operator.press("не дошли: 1", "Не дошли: 1").await?;
    assert!(list.text.contains("Неизвестно") && list.text.contains("Здравствуйте"), "{}", list.text);
    let tap = operator.tap("Ещё раз 1").await?;
    let (note, _) = sim.wait_answer(&tap).await?;
    assert_eq!(note.as_deref(), Some("Отправляем ещё раз."));
    state("sent").await?;
    assert_eq!(greetings(&buyer).await?, 2);
    operator.reads("Все сообщения дошли").await?;

    // Telegram tells of the tap once more, and somebody presses the button of an old screen.
    sim.redeliver(&world.bot, tap.update_id.context("the tap is no update")?).await?;
    let forged = sim.forge_press(operator.person.id, &operator.bot, list.id, "o:resend:1:1").await?;
    sim.wait_confirmed(&forged).await?;
    state("sent").await?;
    assert_eq!(greetings(&buyer).await?, 2);
    let acts: i64 = sqlx::query_scalar("select count(*) from outbox_acts where actor = $1")
        .bind(format!("operator:{}", operator.person.id))
        .fetch_one(&pool)
        .await?;
    assert_eq!(acts, 1, "who did it is written down");
    pool.close().await;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_from_a_stranger_is_refused_and_counted_and_the_money_comes_by_asking() -> Result<()> {
    let settings = vec![("YOOKASSA_SENDERS".to_owned(), "185.71.76.0/27,2a02:5180::/32".to_owned())];
    let world = World::shaped(Shape { settings, ..Shape::default() }).await?;
    let seq = world.stage.sim.now().await?;
    let paid = scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?;
    world
        .stage
        .sim
        .wait_event(seq, "a notification is refused", Duration::from_secs(60), |event| {
            matches!(&event.what, What::NotificationSent { payment_id, status: Some(403), .. } if *payment_id == paid.payment_id)
        })
        .await?;
    let metrics = reqwest::get(format!("{}/metrics", world.master.http()?)).await?.text().await?;
    let counted = metrics.lines().any(|l| l.starts_with("slotyard_notifications_refused") && !l.ends_with(" 0"));
    assert!(counted, "{metrics}");
    let pool = world.registry().await?;
    let kept: i64 = sqlx::query_scalar("select count(*) from payment_inbox").fetch_one(&pool).await?;
    assert_eq!(kept, 0);
    pool.close().await;
    world.close().await
}
