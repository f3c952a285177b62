//! What the bot says when the answer is no.

use anyhow::Result;
use chrono::TimeDelta;

use crate::{
    running::{Play, buttons},
    shop::{at, monday},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slot_lost_meanwhile_is_said_kindly_with_fresh_times() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let (anna, boris) = (play.stage.someone("Аня").await?, play.stage.someone("Борис").await?);
    for who in [&anna, &boris] {
        who.start("Здравствуйте").await?;
        who.press("📅 Записаться", "Выберите услугу").await?;
        who.press("Мужская стрижка", "К кому").await?;
        who.press("Артём", "Вот дни").await?;
        who.press("вт 24.11", "Выберите время").await?;
        who.press("12:00", "Как вас зовут?").await?;
        who.say("Клиент", "номер телефона").await?;
        who.say("89161234567", "Проверьте").await?;
    }
    anna.press("✅ Записаться", "Вы записаны!").await?;
    let fresh = boris.press("✅ Записаться", "Это время только что заняли").await?;
    let offered: Vec<&str> = buttons(&fresh).concat();
    assert!(offered.contains(&"11:00") && offered.contains(&"13:00"), "{offered:?}");
    assert!(!offered.contains(&"12:00") && !offered.contains(&"11:30"), "{offered:?}");
    boris.press("13:00", "Проверьте").await?;
    boris.press("✅ Записаться", "Вы записаны!").await?;
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_stale_and_foreign_buttons_do_nothing_and_say_so() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let (anna, mallory) = (play.stage.someone("Аня").await?, play.stage.someone("Мэлори").await?);
    play.books(&anna, "12:00").await?;
    let id = play.count("select id from bookings").await?;
    mallory.start("Здравствуйте").await?;
    mallory.press("📅 Записаться", "Выберите услугу").await?;
    mallory.press("Мужская стрижка", "К кому").await?;
    mallory.press("Артём", "Вот дни").await?;
    mallory.press("ср 25.11", "Выберите время").await?;
    mallory.press("12:00", "Как вас зовут?").await?;
    mallory.say("Мэлори", "номер").await?;
    mallory.say("89160000000", "Проверьте").await?;

    let minute = |text: &str| at(text).timestamp() / 60;
    let forged = [
        (format!("ok:1:1:{}:60:180000", minute("2020-01-01T00:03:00Z")), "Это время уже прошло"),
        (format!("ok:1:1:{}:60:180000", minute("2026-11-25T00:17:00Z")), "В это время записи нет"),
        (format!("ok:1:1:{}:60:180000", minute("2027-11-25T09:00:00Z")), "Записаться можно не дальше чем на 30 дней"),
        (format!("ok:1:99:{}:60:180000", minute("2026-11-25T09:00:00Z")), "больше не записывают"),
        (format!("ok:99:1:{}:60:180000", minute("2026-11-25T09:00:00Z")), "Этой услуги больше нет"),
        (format!("my:{id}"), "Такой записи у вас нет"),
        (format!("drop:{id}"), "Такой записи у вас нет"),
        (format!("drop!:{id}"), "Такой записи у вас нет"),
        ("plan:0:0".to_owned(), "Это для тех, кто здесь работает"),
        ("удалить всё".to_owned(), "Эта кнопка больше не действует"),
        ("ok:1:1:1".to_owned(), "Эта кнопка больше не действует"),
    ];
    for (data, expected) in forged {
        let press = play.forge(&mallory, &data).await?;
        let window = play.window(&press).await?.unwrap_or_default();
        assert!(window.contains(expected), "{data}: {window}");
    }
    // A cheaper price than the service has: the true one is shown and nothing is booked.
    let press = play.forge(&mallory, &format!("ok:1:1:{}:60:100", minute("2026-11-25T09:00:00Z"))).await?;
    play.stage.sim.wait_reply(&press, "Цена или длительность изменились").await?;
    assert_eq!(play.count("select count(*) from bookings where status = 'confirmed'").await?, 1, "Anna's, as it was");
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_bookings_ahead_are_enough_for_one_customer() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let anna = play.stage.someone("Аня").await?;
    play.books(&anna, "12:00").await?;
    for time in ["13:00", "14:00"] {
        anna.press("‹ В меню", "Чем помочь?").await?;
        anna.press("📅 Записаться", "Выберите услугу").await?;
        anna.press("Мужская стрижка", "К кому").await?;
        anna.press("Артём", "Вот дни").await?;
        anna.press("вт 24.11", "Выберите время").await?;
        anna.press(time, "Проверьте").await?;
        anna.press("✅ Записаться", "Вы записаны!").await?;
    }
    anna.press("‹ В меню", "Чем помочь?").await?;
    anna.press("📅 Записаться", "Выберите услугу").await?;
    anna.press("Стрижка машинкой", "К кому").await?;
    anna.press("Любой мастер", "Вот дни").await?;
    anna.press("ср 25.11", "Выберите время").await?;
    anna.press("10:00", "Проверьте").await?;
    let press = play.stage.sim.press(anna.person.id, "boroda_bot", "✅ Записаться").await?;
    let window = play.window(&press).await?.unwrap_or_default();
    assert!(window.contains("У вас уже 3 предстоящие записи"), "{window}");
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_customer_is_told_that_the_time_has_passed() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let anna = play.stage.someone("Аня").await?;
    play.books(&anna, "12:00").await?;
    anna.press("📋 Мои записи", "Ваши записи").await?;
    anna.press("вт 24.11 12:00", "Запись подтверждена").await?;
    play.clock.set(at("2026-11-24T09:00:00Z") - TimeDelta::minutes(30));
    let press = play.stage.sim.press(anna.person.id, "boroda_bot", "❌ Отменить запись").await?;
    let window = play.window(&press).await?.unwrap_or_default();
    assert!(window.contains("не позднее чем за 2 ч до начала"), "{window}");
    assert_eq!(play.count("select count(*) from occupancy").await?, 1);
    play.end().await
}
