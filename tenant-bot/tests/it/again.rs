//! The same visit once more, press by press.

use anyhow::Result;

use crate::{
    running::{Play, buttons},
    shop::{at, monday},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_longer_there_is_left_out_and_said() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let anna = play.stage.someone("Аня").await?;
    anna.start("Здравствуйте").await?;
    play.looks(&anna).await?;
    play.chooses(&anna, "12:00").await?;
    anna.press("➕ Добавить услугу", "Выберите услугу").await?;
    anna.press("Оформление бороды", "К кому вас записать?").await?;
    anna.press("Артём", "Проверьте").await?;
    anna.press("✅ Записаться", "Вы записаны!").await?;
    play.clock.set(at("2026-11-24T12:00:00Z"));
    let card = async || {
        anna.say("/my", "Предстоящих записей нет").await?;
        anna.press("🕓 Прошедшие", "Прошедшие").await?;
        anna.press("вт 24.11 12:00", "Мужская стрижка").await
    };
    card().await?;
    let month = anna.press("🔁 Записаться ещё раз", "Когда вам удобно?").await?;
    assert!(month.text.contains("Мужская стрижка") && month.text.contains("Оформление бороды"), "{}", month.text);
    assert!(month.text.contains("📍 Артём"), "{}", month.text);

    play.run("update services set active = false where name = 'Оформление бороды'").await?;
    card().await?;
    let month = anna.press("🔁 Записаться ещё раз", "Не всё из прошлого визита").await?;
    assert!(month.text.contains("📍 Артём") && !month.text.contains("Оформление бороды"), "{}", month.text);

    play.run("update resources set active = false where name = 'Артём'").await?;
    card().await?;
    let month = anna.press("🔁 Записаться ещё раз", "Прежний выбор больше не доступен").await?;
    assert!(!month.text.contains("Артём"), "{}", month.text);
    anna.press("25", "Выберите время").await?;
    let check = anna.press("12:00", "Проверьте").await?;
    assert!(check.text.contains("или другой свободный"), "{}", check.text);

    play.run("update services set active = false where name = 'Мужская стрижка'").await?;
    card().await?;
    let services = anna.press("🔁 Записаться ещё раз", "Этой услуги больше нет").await?;
    assert!(buttons(&services).concat().iter().any(|b| b.contains("Детская стрижка")), "{:?}", buttons(&services));
    play.end().await
}
