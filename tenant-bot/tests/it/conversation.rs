//! Whole conversations: what people see, press by press.

use std::time::Duration;

use anyhow::{Context, Result};
use sandbox::wire::{Fault, FaultKind};

use crate::{
    running::{Play, buttons},
    shop::monday,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_books_looks_and_cancels_and_the_owner_hears_of_it() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let anna = play.stage.someone("Аня").await?;

    let menu = anna.start("Здравствуйте, Аня! Вас приветствует Барбершоп «Борода».").await?;
    assert_eq!(buttons(&menu), [["📅 Записаться"], ["📋 Мои записи"]]);
    let services = anna.press("📅 Записаться", "Что вам нужно? Выберите услугу.").await?;
    assert_eq!(services.id, menu.id, "one message is edited in place");
    assert_eq!(buttons(&services)[0], ["Мужская стрижка · 1\u{a0}800\u{a0}₽ · 1 ч"]);
    let masters = anna.press("Мужская стрижка", "К кому вас записать?").await?;
    assert_eq!(
        buttons(&masters),
        [vec!["Любой мастер"], vec!["Артём"], vec!["Денис"], vec!["Руслан"], vec!["‹ Назад", "‹ В меню"]]
    );
    let days = anna.press("Артём", "Вот дни, в которые есть места").await?;
    assert_eq!(buttons(&days)[0], ["пн 23.11", "вт 24.11", "ср 25.11"]);
    let times = anna.press("вт 24.11", "вт, 24 ноября. Выберите время (местное, UTC+3).").await?;
    assert_eq!(buttons(&times)[0], ["10:00", "10:30", "11:00", "11:30"]);
    let ask = anna.press("12:00", "Мужская стрижка, вт, 24 ноября, 12:00.").await?;
    assert_eq!(buttons(&ask)[0], ["Аня"]);
    anna.say("Анна Иванова", "И номер телефона на всякий случай.").await?;
    play.stage.sim.share_contact(anna.person.id, "boroda_bot").await?;
    let check = anna.reads("Проверьте, всё ли верно").await?;
    assert!(check.text.contains("🗓 вт, 24 ноября, 12:00–13:00 (UTC+3)"), "{}", check.text);
    assert!(check.text.contains("👤 Анна Иванова, +7"), "{}", check.text);

    let booked = anna.press("✅ Записаться", "✅ Вы записаны!").await?;
    assert!(
        booked.text.contains("✨ Мужская стрижка\n📍 Артём\n🗓 вт, 24 ноября, 12:00–13:00 (UTC+3)"),
        "{}",
        booked.text
    );
    play.stage.owner.reads("🔔 Новая запись: Анна Иванова, +7").await?;

    anna.press("📋 Мои записи", "Ваши записи").await?;
    anna.press("вт 24.11 12:00 · Мужская стрижка", "Запись подтверждена").await?;
    anna.press("❌ Отменить запись", "Отменить эту запись?").await?;
    anna.press("Нет, оставить", "Запись подтверждена").await?;
    anna.press("❌ Отменить запись", "Отменить эту запись?").await?;
    anna.press("Да, отменить", "Запись отменена. Будем рады").await?;
    play.stage.owner.reads("🔕 Запись отменена клиентом").await?;
    assert_eq!(play.count("select count(*) from occupancy").await?, 0);
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_booking_asks_for_nothing_that_is_known() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let anna = play.stage.someone("Аня").await?;
    play.books(&anna, "12:00").await?;
    anna.press("‹ В меню", "Чем помочь?").await?;
    anna.press("📅 Записаться", "Выберите услугу").await?;
    anna.press("Оформление бороды", "К кому").await?;
    anna.press("Любой мастер", "Вот дни").await?;
    anna.press("ср 25.11", "Выберите время").await?;
    let check = anna.press("10:00", "Проверьте").await?;
    assert!(check.text.contains("Анна Иванова, +79161234567"), "{}", check.text);
    anna.press("✏️ Другое имя или номер", "Как вас зовут?").await?;
    anna.press("Аня", "И номер телефона").await?;
    anna.say("номера не дам", "Не похоже на номер").await?;
    anna.say("+7 999 000-00-01", "Аня, +79990000001").await?;
    anna.press("✅ Записаться", "Вы записаны!").await?;
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_english_speaker_is_spoken_to_in_english() -> Result<()> {
    let play = Play::begin("restaurant", monday()).await?;
    let ann = play.stage.english("Ann").await?;
    ann.start("Hello, Ann!").await?;
    ann.press("📅 Book a visit", "What would you like?").await?;
    ann.press("Столик", "Which table would you like?").await?;
    ann.press("Any table", "These days have room").await?;
    ann.press("Tue 24.11", "Tue, 24 November. Choose a time (local, UTC+3).").await?;
    ann.press("19:00", "What is your name?").await?;
    ann.press("Ann", "And a phone number").await?;
    let check = ann.say("+44 20 7946 0958", "Please check that all is right").await?;
    assert!(check.text.contains("📍 Any table") && check.text.contains("💳 free"), "{}", check.text);
    ann.press("✅ Book", "You are booked!").await?;
    let language: String = sqlx::query_scalar("select language from users where user_id = $1")
        .bind(ann.person.id)
        .fetch_one(&play.pool)
        .await?;
    assert_eq!(language, "en");
    play.stage.owner.reads("🔔 Новая запись").await.context("the owner reads their own language")?;
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_update_books_once_and_is_answered_once() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let anna = play.stage.someone("Аня").await?;
    anna.start("Здравствуйте").await?;
    let sim = &play.stage.sim;
    let say = sim.say(anna.person.id, "boroda_bot", "привет").await?;
    let answer = sim.wait_reply(&say, "Понимаю только кнопки").await?;
    let update = say.update_id.context("an update")?;
    sim.redeliver("boroda_bot", update).await?;

    anna.press("📅 Записаться", "Выберите услугу").await?;
    anna.press("Мужская стрижка", "К кому").await?;
    anna.press("Любой мастер", "Вот дни").await?;
    anna.press("вт 24.11", "Выберите время").await?;
    anna.press("12:00", "Как вас зовут?").await?;
    anna.say("Анна", "номер телефона").await?;
    anna.say("89161234567", "Проверьте").await?;
    let confirm = sim.press(anna.person.id, "boroda_bot", "✅ Записаться").await?;
    sim.wait_reply(&confirm, "Вы записаны!").await?;
    sim.redeliver("boroda_bot", confirm.update_id.context("an update")?).await?;
    anna.reads("Запись подтверждена").await?;
    assert_eq!(play.count("select count(*) from bookings").await?, 1);

    let chat = sim.chat(anna.person.id, "boroda_bot").await?;
    let answers = chat.messages.iter().filter(|m| m.text.contains("Понимаю только кнопки")).count();
    assert!(answers <= 1, "{answers} answers to one message, the first is {}", answer.id);
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_owner_sees_today_and_tomorrow_and_a_stranger_sees_no() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let owner = &play.stage.owner;
    let anna = play.stage.someone("Аня").await?;
    play.books(&anna, "12:00").await?;

    let today = owner.say("/admin", "Сегодня, пн, 23 ноября").await?;
    assert!(today.text.contains("0 записей"), "{}", today.text);
    let tomorrow = owner.press("Завтра", "Завтра, вт, 24 ноября").await?;
    assert!(
        tomorrow.text.contains("1 запись\n\n12:00–13:00 Мужская стрижка · Артём\nАнна Иванова, +79161234567"),
        "{}",
        tomorrow.text
    );
    owner.press("‹ В меню", "Чем помочь?").await?;
    owner.press("🗓 Расписание", "Сегодня").await?;

    let no = anna.say("/admin", "Это для тех, кто здесь работает").await?;
    assert!(no.buttons.is_empty() && !no.text.contains("12:00"));
    let before = anna.screen().await?;
    let press = play.forge(&anna, "plan:1:0").await?;
    assert!(play.window(&press).await?.is_some_and(|w| w.contains("Это для тех, кто здесь работает")));
    assert_eq!(anna.screen().await?.text, before.text, "and nothing else changes");
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_being_typed_is_dropped_by_a_command_and_forgotten_after_a_while() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let anna = play.stage.someone("Аня").await?;
    anna.start("Здравствуйте").await?;
    anna.press("📅 Записаться", "Выберите услугу").await?;
    anna.press("Мужская стрижка", "К кому").await?;
    anna.press("Артём", "Вот дни").await?;
    anna.press("вт 24.11", "Выберите время").await?;
    anna.press("12:00", "Как вас зовут?").await?;
    anna.say("12345", "Не похоже на имя").await?;
    anna.say("Анна", "И номер телефона").await?;
    let keys = play::redis::keys(&format!("{}:draft:", play.stage.tenant.slug)).await?;
    assert_eq!(keys.len(), 1);
    let left: i64 = redis::cmd("TTL").arg(&keys[0]).query_async(&mut play::redis::admin().await?).await?;
    assert!((1..=1800).contains(&left), "{left}");
    anna.start("Здравствуйте").await?;
    anna.reads("Хорошо, номер пока не нужен.").await?;
    anna.say("8 916 123-45-67", "Понимаю только кнопки").await?;
    assert_eq!(play.count("select count(*) from bookings").await?, 0);
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn telegrams_hiccups_are_waited_out_and_nothing_is_said_twice() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let anna = play.stage.someone("Аня").await?;
    anna.start("Здравствуйте").await?;
    let sim = &play.stage.sim;
    let flood = FaultKind::Status { code: 429, retry_after: Some(1), after_effect: false };
    sim.fault(&Fault::telegram("editMessageText", flood).of("boroda_bot").times(1)).await?;
    anna.press("📅 Записаться", "Выберите услугу").await?;
    // The message arrives, and the bot is told that it did not: it must not send another.
    let lost = FaultKind::Status { code: 500, retry_after: None, after_effect: true };
    sim.fault(&Fault::telegram("sendMessage", lost).of("boroda_bot").times(1)).await?;
    anna.say("алло", "Понимаю только кнопки").await?;
    anna.press("📅 Записаться", "Выберите услугу").await?;
    let unknown = play.count("select count(*) from outbox where state = 'unknown'").await?;
    assert_eq!(unknown, 1);
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_of_ours_is_admitted_and_the_bot_goes_on() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let anna = play.stage.someone("Аня").await?;
    anna.start("Здравствуйте").await?;
    sqlx::query("alter table services rename to lost").execute(&play.pool).await?;
    let press = play.stage.sim.press(anna.person.id, "boroda_bot", "📅 Записаться").await?;
    assert!(play.window(&press).await?.is_some_and(|w| w.contains("Что-то пошло не так")));
    sqlx::query("alter table lost rename to services").execute(&play.pool).await?;
    anna.press("📅 Записаться", "Выберите услугу").await?;
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_menu_of_commands_speaks_both_languages_and_hides_the_owners() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let lists = play::until(Duration::from_secs(10), "the commands are set", async || {
        let lists = play.stage.sim.bot("boroda_bot").await?.settings.commands;
        Ok((lists.len() == 2).then_some(lists))
    })
    .await?;
    for list in lists {
        assert_eq!(list.commands.len(), 1, "{list:?}");
        assert_eq!(list.commands[0]["command"], "start");
    }
    play.end().await
}
