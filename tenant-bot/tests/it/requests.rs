//! Bookings that the business confirms, press by press.

use anyhow::Result;

use crate::{
    running::{Play, buttons},
    shop::monday,
};

/// A request of a new customer, and its number.
async fn requested(play: &Play, name: &str, time: &str) -> Result<(play::people::Someone, i64)> {
    let anna = play.stage.someone(name).await?;
    anna.start("Здравствуйте").await?;
    play.looks(&anna).await?;
    let check = play.chooses(&anna, time).await?;
    assert!(check.text.contains("Запись подтверждает сотрудник"), "{}", check.text);
    let sent = anna.press("✅ Отправить заявку", "Заявка отправлена").await?;
    assert!(sent.text.contains("держим за вами"), "{}", sent.text);
    let id = play.count("select max(id) from bookings where status = 'requested'").await?;
    Ok((anna, id))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_agreed_to_or_turned_down_with_a_reason() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    play.setting("approval", "by_request").await?;
    let owner = &play.stage.owner;
    let (anna, first) = requested(&play, "Аня", "12:00").await?;
    anna.press("📋 Мои записи", "Ваши записи").await?;
    anna.press("⏳ вт 24.11 12:00", "Заявка ждёт ответа").await?;
    owner.reads("Заявка на запись, ждёт вашего ответа").await?;
    let done = owner.press("✅ Подтвердить", "Заявка подтверждена").await?;
    anna.reads("Ваша запись подтверждена. Ждём вас!").await?;
    assert!(done.text.contains("Мужская стрижка"), "{}", done.text);
    let twice = play.forge(owner, &format!("yes:{first}")).await?;
    play.stage.sim.wait_confirmed(&twice).await?;
    assert_eq!(play.count("select count(*) from bookings where status = 'confirmed'").await?, 1);

    let (boris, second) = requested(&play, "Борис", "14:00").await?;
    owner.reads("Заявка на запись, ждёт вашего ответа").await?;
    let why = owner.press("❌ Отказать", "Почему отклоняем?").await?;
    assert_eq!(buttons(&why)[..2], [["Нет времени"], ["Без причины"]]);
    // Whoever goes back is no longer typing: what they say then is no reason.
    owner.press("Другая причина", "Напишите причину").await?;
    owner.press("‹ Назад", "Почему отклоняем?").await?;
    owner.say("алло", "Понимаю кнопки").await?;
    assert_eq!(play.count("select count(*) from bookings where status = 'requested'").await?, 1);
    let press = play.forge(owner, &format!("no:{second}")).await?;
    play.stage.sim.wait_reply(&press, "Почему отклоняем?").await?;
    owner.press("Другая причина", "Напишите причину").await?;
    owner.say(&"я".repeat(201), "не длиннее 200 знаков").await?;
    owner.say("В этот день санитарный час", "Заявка отклонена").await?;
    boris.reads("К сожалению, принять вас не получится").await?;
    boris.say("/my", "Предстоящих записей нет").await?;
    boris.press("🕓 Прошедшие", "Прошедшие").await?;
    boris.press("❌ вт 24.11 14:00", "Причина: В этот день санитарный час").await?;
    assert_eq!(play.count("select count(*) from occupancy").await?, 1, "its time is free");

    let (_, third) = requested(&play, "Вера", "16:00").await?;
    let press = play.forge(owner, &format!("no:{third}:time")).await?;
    play.stage.sim.wait_reply(&press, "Причина: к сожалению, в это время не получится").await?;
    let reason: String = sqlx::query_scalar("select cancel_reason from bookings where id = $1")
        .bind(third)
        .fetch_one(&play.pool)
        .await?;
    assert_eq!(reason, "к сожалению, в это время не получится");
    play.end().await
}
