//! Another time for a booking, press by press.

use anyhow::Result;

use crate::{
    running::{Play, buttons},
    shop::monday,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_booking_is_moved_to_another_day_and_another_master() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let anna = play.stage.someone("Аня").await?;
    play.books(&anna, "12:00").await?;
    anna.press("📋 Мои записи", "Ваши записи").await?;
    anna.press("вт 24.11 12:00", "Запись подтверждена").await?;
    anna.press("🔄 Перенести", "Когда вам удобно?").await?;
    let masters = anna.press("👤 К другому мастеру", "К кому вас записать?").await?;
    assert!(buttons(&masters).concat().contains(&"Денис"), "{:?}", buttons(&masters));
    anna.press("Денис", "Когда вам удобно?").await?;
    let times = anna.press("24", "Выберите время").await?;
    assert!(!buttons(&times).concat().iter().any(|b| b.contains("🔔")), "one does not wait for a move");
    let ask = anna.press("15:00", "Перенести запись?").await?;
    assert!(ask.text.contains("Было: вт, 24 ноября, 12:00\nСтанет: вт, 24 ноября, 15:00 (UTC+3)"), "{}", ask.text);
    let moved = anna.press("✅ Перенести", "Запись перенесена").await?;
    assert!(moved.text.contains("📍 Денис\n🗓 вт, 24 ноября, 15:00–16:00"), "{}", moved.text);
    // An old letter about it leads to the new one.
    let old = play.count("select id from bookings where status = 'moved'").await?;
    let press = play.forge(&anna, &format!("my:{old}")).await?;
    play.stage.sim.wait_reply(&press, "Запись перенесена").await?;
    anna.press("↪️ Новая запись", "Запись подтверждена").await?;
    let standing = play.count("select count(*) from bookings where status = 'confirmed'").await?;
    assert_eq!((standing, play.count("select count(*) from occupancy").await?), (1, 1));
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_that_is_not_confirmed_changes_nothing_and_a_lost_time_is_said() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let (anna, boris) = (play.stage.someone("Аня").await?, play.stage.someone("Борис").await?);
    play.books(&anna, "12:00").await?;
    anna.press("📋 Мои записи", "Ваши записи").await?;
    anna.press("вт 24.11 12:00", "Запись подтверждена").await?;
    anna.press("🔄 Перенести", "Когда вам удобно?").await?;
    anna.press("24", "Выберите время").await?;
    anna.press("15:00", "Перенести запись?").await?;
    anna.press("Оставить как есть", "Запись подтверждена").await?;
    anna.press("🔄 Перенести", "Когда вам удобно?").await?;
    anna.press("24", "Выберите время").await?;
    anna.press("15:00", "Перенести запись?").await?;
    play.books(&boris, "15:00").await?;
    let fresh = anna.press("✅ Перенести", "Это время только что заняли").await?;
    assert!(buttons(&fresh).concat().contains(&"16:00"), "{:?}", buttons(&fresh));
    let starts = "select count(*) from bookings where status = 'confirmed' and starts_at = '2026-11-24 09:00+00'";
    assert_eq!(play.count(starts).await?, 1, "Anna's stands where it was");
    play.end().await
}
