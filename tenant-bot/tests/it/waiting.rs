//! Waiting for a freed time, press by press.

use anyhow::Result;

use crate::{
    running::{Play, buttons},
    shop::monday,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_waits_for_a_freed_time_sees_it_among_ones_bookings_and_leaves() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    // On Tuesday nobody works.
    play.run("insert into schedule_exceptions (first_day, last_day) values ('2026-11-24', '2026-11-24')").await?;
    let anna = play.stage.someone("Аня").await?;
    anna.start("Здравствуйте").await?;
    anna.press("📅 Записаться", "Выберите услугу").await?;
    anna.press("Мужская стрижка", "К кому").await?;
    anna.press("Артём", "Когда вам удобно?").await?;
    let none = anna.tap("·").await?;
    assert!(play.window(&none).await?.is_some_and(|note| note.contains("В этот день мест нет")));
    anna.press("25", "Выберите время").await?;
    anna.press("🔔 Сообщить, если освободится", "На какие дни вы готовы?").await?;
    anna.press("Любой день с пн 23.11 по вс 29.11", "В какое время вам удобно?").await?;
    anna.press("Вечером", "Согласие").await?;
    anna.press("✅ Согласен", "Как вас зовут?").await?;
    anna.say("Анна", "номер телефона").await?;
    let answer = anna.say("89161234567", "очередь").await;
    let screen = anna.screen().await?;
    assert!(answer.is_ok() || screen.text.contains("Время освободилось!"), "{}", screen.text);
    assert_eq!(play.count("select count(*) from waitlist where state in ('waiting', 'offered')").await?, 1);
    anna.press("📋 Мои записи", "Ваши записи").await?;
    let entry = anna.press("Мужская стрижка", "").await?;
    assert!(buttons(&entry).concat().contains(&"🔕 Больше не ждать"), "{:?}", buttons(&entry));
    let press = anna.tap("🔕 Больше не ждать").await?;
    assert!(play.window(&press).await?.is_some_and(|w| w.contains("больше не ждём")));
    assert_eq!(play.count("select count(*) from waitlist where state in ('waiting', 'offered')").await?, 0);
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_month_without_room_offers_to_wait_and_a_freed_time_can_be_taken() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    play.run("insert into schedule_exceptions (first_day, last_day) values ('2026-11-01', '2027-02-01')").await?;
    let anna = play.stage.someone("Аня").await?;
    anna.start("Здравствуйте").await?;
    anna.press("📅 Записаться", "Выберите услугу").await?;
    anna.press("Мужская стрижка", "К кому").await?;
    anna.press("Артём", "свободного времени нет").await?;
    anna.press("🔔 Сообщить, если освободится", "На какие дни вы готовы?").await?;
    anna.press("по пн 30.11", "В какое время вам удобно?").await?;
    anna.press("В любое", "Согласие").await?;
    anna.press("✅ Согласен", "Как вас зовут?").await?;
    anna.say("Анна", "номер телефона").await?;
    anna.say("89161234567", "Записали в очередь").await?;
    let waits: (String, String) =
        sqlx::query_as("select lower(wanted)::text, upper(wanted)::text from waitlist").fetch_one(&play.pool).await?;
    assert!(waits.0.contains("2026-11-2") && waits.1.starts_with("2026-11-30 21"), "{waits:?}");
    play.end().await
}
