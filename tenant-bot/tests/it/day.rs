//! The day run from the console, in both languages, word for word; and every button of it pressed by a stranger and twice.

use anyhow::Result;
use play::album::Album;

use crate::{
    albums::{FOLDER, Tongue},
    meddled::Watched,
    running::Play,
    shop::{at, monday},
};

/// The owner speaks the language of the album from now on.
async fn speaking(play: &Play, code: &str) -> Result<()> {
    if code == "en" {
        play.stage.owner.say("/settings", "Настройки").await?;
        play.stage.owner.press("English", "Settings").await?;
    }
    Ok(())
}

async fn running_a_day(code: &str) -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let tongue = Tongue::of(code)?;
    let t = |key: &str| tongue.say(key);
    let anna = play.stage.someone("Аня").await?;
    play.books(&anna, "12:00").await?;
    speaking(&play, code).await?;
    let owner = &play.stage.owner;
    owner.say("/admin", "·").await?;
    owner.press(&t("home.day"), &t("days.type_date")).await?;
    owner.say(if code == "ru" { "завтра" } else { "tomorrow" }, "12:00–13:00").await?;
    owner.press("12:00 Анна Иванова", &t("days.status.confirmed")).await?;
    // A note, typed and echoed.
    owner.press(&t("days.edit"), &t("days.ask_edit")).await?;
    owner.press(&t("days.field.note"), &t("days.type.note")).await?;
    owner.say("любит кофе", "любит кофе").await?;
    owner.press(&t("console.save"), &t("days.edited")).await?;
    // Another service: longer and dearer, which is said before.
    owner.press(&t("days.edit"), &t("days.ask_edit")).await?;
    owner.press(&t("days.field.service"), &t("book.what")).await?;
    owner.press("Стрижка и борода", &t("book.who")).await?;
    owner.press("Артём", &t("book.will_be")).await?;
    owner.press(&t("book.yes_move"), &t("days.status.confirmed")).await?;
    anna.reads("Мы изменили вашу запись").await?;
    // Another time, to the minute.
    owner.press(&t("days.move"), &t("book.days")).await?;
    owner.press("25.11", &t("book.times")).await?;
    owner.say("14:20", &t("book.will_be")).await?;
    owner.press(&t("book.yes_move"), "14:20").await?;
    owner.press(&t("days.history"), &t("days.deed.moved")).await?;
    owner.press(&t("button.back"), &t("days.status.confirmed")).await?;
    // The customer's card.
    owner.press(&t("days.customer"), &t("guests.next")).await?;
    owner.press(&t("guests.write.discount"), &t("guests.type.discount")).await?;
    owner.say("10%", "10 %").await?;
    owner.press(&t("console.save"), &t("guests.written")).await?;
    owner.press(&t("guests.write.tag"), &t("guests.type.tag")).await?;
    owner.say("VIP", "#vip").await?;
    owner.press(&t("console.save"), "#vip").await?;
    owner.press(&t("guests.bookings"), &t("guests.latest_first")).await?;
    owner.press("25.11 14:20", &t("days.status.confirmed")).await?;
    // Who came.
    play.clock.set(at("2026-11-25T11:25:00Z"));
    owner.press(&t("days.history"), &t("days.deed.moved")).await?;
    owner.press(&t("button.back"), &t("days.status.confirmed")).await?;
    owner.press(&t("days.mark.arrived"), &t("days.status.arrived")).await?;
    owner.press(&t("days.mark.no_show"), &t("days.status.no_show")).await?;
    owner.press(&t("days.mark.completed"), &t("days.status.completed")).await?;
    owner.press(&t("button.back"), "14:20–15:50").await?;
    owner.press(&t("days.week"), "25.11").await?;
    Album::of(owner, 0).await?.assert_snapshot_in(FOLDER, &format!("day_{code}"));
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_is_run_from_the_console_in_russian() -> Result<()> {
    running_a_day("ru").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_is_run_from_the_console_in_english() -> Result<()> {
    running_a_day("en").await
}

async fn booking_for_others(code: &str) -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let tongue = Tongue::of(code)?;
    let t = |key: &str| tongue.say(key);
    let anna = play.stage.someone("Аня").await?;
    play.books(&anna, "12:00").await?;
    speaking(&play, code).await?;
    let owner = &play.stage.owner;
    owner.say("/admin", "·").await?;
    // Somebody called.
    owner.press(&t("home.book"), &t("book.whom")).await?;
    owner.say("Пётр", "Пётр").await?;
    owner.press(&t("book.new"), &t("book.type_new")).await?;
    owner.say("???", "⚠️").await?;
    owner.say("Пётр 8 903 555-44-33", "+79035554433").await?;
    owner.press(&t("console.save"), &t("book.what")).await?;
    owner.press("Мужская стрижка", &t("book.who")).await?;
    owner.press("Артём", &t("book.days")).await?;
    owner.press("24.11", &t("book.times")).await?;
    owner.press("11:00", &t("book.check")).await?;
    owner.press(&t("book.yes"), &t("book.booked")).await?;
    owner.press(&t("days.cancel"), &t("days.ask_cancel_caller")).await?;
    owner.press(&t("request.typed"), &t("request.type")).await?;
    owner.say("передумал", "передумал").await?;
    owner.press(&t("console.save"), &t("days.cancelled")).await?;
    // Somebody walked in, late in the evening: outside the hours, and that is said.
    play.clock.set(at("2026-11-23T18:10:30Z"));
    owner.press(&t("button.back"), &t("days.type_date")).await?;
    owner.press(&t("days.book"), &t("book.whom")).await?;
    owner.press(&t("book.guest"), &t("book.what")).await?;
    owner.press("Стрижка машинкой", &t("book.who")).await?;
    owner.press(&t("book.anybody"), "24").await?;
    owner.press(&t("button.back"), &t("book.days")).await?;
    owner.press(&t("book.now"), &t("book.outside")).await?;
    owner.press(&t("book.yes_outside"), "21:10–21:40").await?;
    // And somebody who is known.
    owner.press(&t("console.to_home"), "·").await?;
    owner.press(&t("home.guests"), &t("guests.search")).await?;
    owner.say("зоя", "зоя").await?;
    owner.say("ИВАНОВА", &t("guests.next")).await?;
    owner.press(&t("guests.book"), &t("book.what")).await?;
    owner.press("Оформление бороды", &t("book.who")).await?;
    owner.press("Денис", &t("book.days")).await?;
    owner.say("27.11", &t("book.times")).await?;
    owner.press("10:00", &t("book.check")).await?;
    owner.press(&t("book.yes"), &t("book.booked_told")).await?;
    anna.reads("Мы записали вас").await?;
    Album::of(owner, 0).await?.assert_snapshot_in(FOLDER, &format!("for_others_{code}"));
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_are_booked_for_in_russian() -> Result<()> {
    booking_for_others("ru").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_are_booked_for_in_english() -> Result<()> {
    booking_for_others("en").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_and_second_taps_change_nothing_of_the_day() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let anna = play.stage.someone("Аня").await?;
    play.books(&anna, "12:00").await?;
    let watched = Watched::over(&play, &play.stage.owner).await?;
    let owner = &play.stage.owner;
    owner.say("/admin", "управление").await?;
    watched.press("🗓 Расписание", "Другой день?").await?;
    watched.press("24.11 ›", "12:00–13:00").await?;
    watched.press("👤 Чьё расписание", "Чьё расписание показать?").await?;
    watched.press("Артём", "12:00–13:00").await?;
    watched.press("📆 Неделя", "24.11").await?;
    watched.press("вт 24.11 · 1", "12:00–13:00").await?;
    watched.press("12:00 Анна Иванова", "Запись подтверждена").await?;
    watched.press("📜 История", "записали").await?;
    watched.press("Назад", "Запись подтверждена").await?;
    watched.press("✏️ Изменить", "Что изменить?").await?;
    watched.press("👤 Имя", "Как зовут").await?;
    owner.say("Анна", "Анна").await?;
    watched.press("✅ Сохранить", "Изменили").await?;
    watched.press("✏️ Изменить", "Что изменить?").await?;
    watched.press("💰 Оплата", "Сколько").await?;
    owner.say("1 500", "1\u{a0}500").await?;
    watched.press("✅ Сохранить", "Изменили").await?;
    watched.press("🔁 Перенести", "На какой день?").await?;
    watched.press("25.11", "Во сколько?").await?;
    watched.press("15:00", "Будет так").await?;
    watched.press("✅ Сохранить", "Запись подтверждена").await?;
    watched.press("➕ Ещё раз", "На какой день?").await?;
    watched.press("26.11", "Во сколько?").await?;
    watched.press("15:00", "Проверьте").await?;
    watched.press("➕ Ещё услуга", "На какую услугу?").await?;
    watched.press("Оформление бороды", "Кто принимает?").await?;
    watched.press("Артём", "Проверьте").await?;
    watched.press("✅ Записать", "Записали").await?;
    assert_eq!(play.count("select count(*) from bookings where status = 'confirmed'").await?, 2);
    watched.press("👤 Клиент", "Следующий").await?;
    watched.press("⛔️ Не записывать", "Больше не записывать").await?;
    watched.press("⛔️ Да, не записывать", "Не может записываться").await?;
    watched.press("✅ Снова записывать", "Записали").await?;
    watched.press("🏷 Добавить метку", "Напишите метку").await?;
    owner.say("vip", "#vip").await?;
    watched.press("✅ Сохранить", "#vip").await?;
    watched.press("🏷 Убрать метку", "Какую метку").await?;
    watched.press("#vip", "Записали").await?;
    watched.press("📋 Записи", "Сначала самые поздние").await?;
    watched.press("26.11 15:00", "Запись подтверждена").await?;
    watched.press("❌ Отменить", "Отменить эту запись?").await?;
    watched.press("Нет времени", "Отменено").await?;
    play.clock.set(at("2026-11-25T12:05:00Z"));
    watched.press("Управление", "Что откроем?").await?;
    watched.press("🗓 Расписание", "15:00–16:00").await?;
    watched.press("15:00 Анна", "Запись подтверждена").await?;
    watched.press("👋 Пришёл", "Клиент пришёл").await?;
    watched.press("🚫 Не пришёл", "Клиент не пришёл").await?;
    watched.press("↩️ Ещё не пришёл", "Запись подтверждена").await?;
    watched.press("✅ Состоялся", "Визит состоялся").await?;
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_of_the_staff_sees_and_runs_their_own_day_only() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let (anna, artyom) = (play.stage.someone("Аня").await?, play.stage.someone("Артём").await?);
    play.books(&anna, "12:00").await?;
    artyom.start("Здравствуйте").await?;
    sqlx::query(
        "insert into admins (user_id, role, resource_id, added_at)
         select $1, 'staff', id, '2026-11-23T07:00Z' from resources where name = 'Денис'",
    )
    .bind(artyom.person.id)
    .execute(&play.pool)
    .await?;
    artyom.say("/admin", "сотрудник").await?;
    artyom.press("🗓 Расписание", "Денис").await?;
    let tomorrow = artyom.say("завтра", "0 записей").await?;
    assert!(!tomorrow.text.contains("Артём") && !tomorrow.text.contains("Анна"), "{}", tomorrow.text);
    let id: i64 =
        sqlx::query_scalar("select id from bookings where status = 'confirmed'").fetch_one(&play.pool).await?;
    let forged = play.forge(&artyom, &format!("a:day:of:{id}")).await?;
    assert!(play.window(&forged).await?.unwrap_or_default().contains("Это для тех, кто здесь работает"));
    artyom.say("/admin", "сотрудник").await?;
    artyom.press("➕ Записать клиента", "Кого записываем?").await?;
    artyom.press("🚶 Без имени", "На какую услугу?").await?;
    // Nobody else is offered.
    artyom.press("Мужская стрижка", "На какой день?").await?;
    artyom.press("24.11", "Во сколько?").await?;
    artyom.press("12:00", "Проверьте").await?;
    let card = artyom.press("✅ Записать", "Записали").await?;
    assert!(card.text.contains("Денис"), "{}", card.text);
    play.end().await
}
