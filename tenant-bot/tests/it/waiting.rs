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
async fn a_month_without_room_offers_to_wait_for_what_is_left_of_it() -> Result<()> {
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_freed_time_is_offered_by_a_letter_and_taken_with_one_tap() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    // There is one hour to be had, on Tuesday at noon, and Boris has it.
    play.run(
        "insert into schedule_exceptions (first_day, last_day, opens, closes) values
           ('2026-11-23', '2026-11-23', null, null), ('2026-11-24', '2026-11-24', 720, 780),
           ('2026-11-25', '2027-02-01', null, null)",
    )
    .await?;
    let (anna, boris) = (play.stage.someone("Аня").await?, play.stage.someone("Борис").await?);
    play.books(&boris, "12:00").await?;
    anna.start("Здравствуйте").await?;
    anna.press("📅 Записаться", "Выберите услугу").await?;
    anna.press("Мужская стрижка", "К кому").await?;
    anna.press("Артём", "свободного времени нет").await?;
    anna.press("🔔 Сообщить, если освободится", "На какие дни вы готовы?").await?;
    anna.press("по вс 29.11", "В какое время вам удобно?").await?;
    anna.press("Днём", "Согласие").await?;
    anna.press("✅ Согласен", "Как вас зовут?").await?;
    anna.say("Анна", "номер телефона").await?;
    let joined = anna.say("89161234567", "Записали в очередь").await?;
    assert!(joined.text.contains("Между 12:00 и 17:00"), "{}", joined.text);

    boris.press("📋 Мои записи", "Ваши записи").await?;
    boris.press("вт 24.11 12:00", "Запись подтверждена").await?;
    boris.press("❌ Отменить", "Отменить эту запись?").await?;
    boris.press("Да, отменить", "Запись отменена").await?;
    anna.reads("Освободилось время, которого вы ждали!").await?;
    anna.say("/my", "Ваши записи").await?;
    anna.press("🎁", "Время освободилось!").await?;
    let booked = anna.press("✅ Беру", "Вы записаны!").await?;
    assert!(booked.text.contains("вт, 24 ноября, 12:00–13:00"), "{}", booked.text);
    let id = play.count("select id from bookings where status = 'confirmed'").await?;
    for data in [format!("take:{id}"), format!("pass:{id}")] {
        let press = play.forge(&anna, &data).await?;
        play.stage.sim.wait_confirmed(&press).await?;
    }
    assert_eq!(play.count("select count(*) from bookings where status = 'confirmed'").await?, 1);
    play.end().await
}
