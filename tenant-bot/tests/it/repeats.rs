//! Repeats, press by press.

use anyhow::Result;

use crate::{
    running::{Play, buttons},
    shop::monday,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visit_is_repeated_and_a_date_that_cannot_be_had_is_solved_first() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let (anna, boris) = (play.stage.someone("Аня").await?, play.stage.someone("Борис").await?);
    // Boris has the same hour two weeks later.
    boris.start("Здравствуйте").await?;
    boris.press("📅 Записаться", "Выберите услугу").await?;
    boris.press("Мужская стрижка", "К кому").await?;
    boris.press("Артём", "Когда вам удобно?").await?;
    boris.press("›", "Когда вам удобно?").await?;
    boris.press("8", "вт, 8 декабря. Выберите время").await?;
    play.chooses(&boris, "12:00").await?;
    boris.press("✅ Записаться", "Вы записаны!").await?;

    anna.start("Здравствуйте").await?;
    play.looks(&anna).await?;
    play.chooses(&anna, "12:00").await?;
    anna.press("🔁 Повторять", "Как часто").await?;
    let times = anna.press("Каждую неделю", "Каждую неделю. Сколько всего визитов").await?;
    assert_eq!(buttons(&times)[0], ["2", "3", "4", "5"]);
    let dates = anna.press("4", "Проверьте даты").await?;
    assert!(dates.text.contains("⚠️ вт, 8 декабря, 12:00: не получается"), "{}", dates.text);
    assert!(dates.text.contains("🗓 вт, 15 декабря, 12:00"), "{}", dates.text);
    assert!(!buttons(&dates).concat().iter().any(|b| b.starts_with("✅")), "nothing is booked before it is solved");
    let instead = anna.press("⚠️ вт 08.12 12:00", "Вот что свободно в этот день").await?;
    assert!(buttons(&instead).concat().contains(&"13:00"), "{:?}", buttons(&instead));
    let dates = anna.press("13:00", "Проверьте даты").await?;
    assert!(dates.text.contains("🗓 вт, 8 декабря, 13:00"), "{}", dates.text);
    let booked = anna.press("✅ Записаться на 4 даты", "Вы записаны!").await?;
    assert!(booked.text.contains("вт, 8 декабря, 13:00"), "{}", booked.text);
    assert_eq!(play.count("select count(*) from bookings where series_id is not null").await?, 4);

    anna.press("📋 Мои записи", "Ваши записи").await?;
    let card = anna.press("вт 08.12 13:00", "Это одна из нескольких записей").await?;
    assert!(card.text.contains("вт, 24 ноября, 12:00") && card.text.contains("вт, 15 декабря, 12:00"), "{}", card.text);
    anna.press("❌ Отменить", "Отменить эту запись?").await?;
    anna.press("Да, отменить", "Запись отменена").await?;
    assert_eq!(
        play.count("select count(*) from bookings where series_id is not null and status = 'confirmed'").await?,
        3
    );
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_date_is_dropped_and_one_that_is_lost_meanwhile_is_shown_again() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let (anna, boris) = (play.stage.someone("Аня").await?, play.stage.someone("Борис").await?);
    anna.start("Здравствуйте").await?;
    play.looks(&anna).await?;
    play.chooses(&anna, "12:00").await?;
    anna.press("🔁 Повторять", "Как часто").await?;
    anna.press("Каждые 2 недели", "Каждые 2 недели. Сколько").await?;
    anna.press("3", "Проверьте даты").await?;
    boris.start("Здравствуйте").await?;
    boris.press("📅 Записаться", "Выберите услугу").await?;
    boris.press("Мужская стрижка", "К кому").await?;
    boris.press("Артём", "Когда вам удобно?").await?;
    boris.press("›", "Когда вам удобно?").await?;
    boris.press("8", "вт, 8 декабря. Выберите время").await?;
    play.chooses(&boris, "12:00").await?;
    boris.press("✅ Записаться", "Вы записаны!").await?;
    let fresh = anna.press("✅ Записаться на 3 даты", "часть дат заняли").await?;
    assert!(fresh.text.contains("⚠️ вт, 8 декабря, 12:00"), "{}", fresh.text);
    assert_eq!(play.count("select count(*) from bookings where series_id is not null").await?, 0, "all or nothing");
    anna.press("⚠️ вт 08.12 12:00", "Вот что свободно").await?;
    anna.press("Пропустить эту дату", "Проверьте даты").await?;
    anna.press("✅ Записаться на 2 даты", "Вы записаны!").await?;
    assert_eq!(play.count("select count(*) from bookings where series_id is not null").await?, 2);
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeats_can_be_given_up_for_one_visit() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let anna = play.stage.someone("Аня").await?;
    anna.start("Здравствуйте").await?;
    play.looks(&anna).await?;
    play.chooses(&anna, "12:00").await?;
    anna.press("🔁 Повторять", "Как часто").await?;
    anna.press("Каждые 4 недели", "Сколько").await?;
    anna.press("2", "Проверьте даты").await?;
    // Of two dates one is left out: too few to repeat.
    let dates = anna.screen().await?;
    let data = dates.buttons.iter().flatten().filter_map(|b| b.data.as_deref()).find(|d| d.starts_with("b:"));
    let draft = data.and_then(|d| d.get(..8)).unwrap().to_owned();
    let press = play.forge(&anna, &format!("{draft}:undate:1")).await?;
    let few = play.stage.sim.wait_reply(&press, "дат осталось слишком мало").await?;
    assert!(!buttons(&few).concat().iter().any(|b| b.starts_with("✅")), "{:?}", buttons(&few));
    anna.press("Без повторов", "Проверьте, всё ли верно").await?;
    anna.press("✅ Записаться", "Вы записаны!").await?;
    assert_eq!(play.count("select count(*) from bookings where status = 'confirmed'").await?, 1);
    play.end().await
}
