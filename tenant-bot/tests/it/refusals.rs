//! What the bot says when the answer is no.

use anyhow::{Context, Result};
use chrono::TimeDelta;
use play::people::Someone;
use sandbox::wire::{Fault, FaultKind};

use crate::{
    running::{Play, buttons},
    shop::{at, monday},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slot_lost_meanwhile_is_said_kindly_with_fresh_times() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    // While somebody types their time is kept; to lose one, it takes somebody who is known already and types nothing.
    let (anna, boris) = (play.stage.someone("Аня").await?, play.stage.someone("Борис").await?);
    for (who, time) in [(&anna, "15:00"), (&boris, "16:00")] {
        play.books(who, time).await?;
        who.press("‹ В меню", "Чем помочь?").await?;
        play.looks(who).await?;
    }
    for who in [&anna, &boris] {
        who.press("12:00", "Проверьте").await?;
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
async fn a_time_is_kept_while_its_customer_types_and_let_go_when_they_leave() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let (anna, boris) = (play.stage.someone("Аня").await?, play.stage.someone("Борис").await?);
    anna.start("Здравствуйте").await?;
    play.looks(&anna).await?;
    anna.press("12:00", "Согласие").await?;
    anna.press("✅ Согласен", "Держим это время за вами до").await?;
    boris.start("Здравствуйте").await?;
    let times = play.looks(&boris).await?;
    assert!(!buttons(&times).concat().contains(&"12:00"), "{:?}", buttons(&times));
    anna.say("/cancel", "Хорошо, начатое отложили").await?;
    boris.press("‹ Назад", "Когда вам удобно?").await?;
    let times = boris.press("24", "Выберите время").await?;
    assert!(buttons(&times).concat().contains(&"12:00"), "{:?}", buttons(&times));
    play.end().await
}

/// The beginning of the buttons of what somebody is putting together: `b:00001x`.
async fn draft_of(who: &Someone) -> Result<String> {
    let screen = who.screen().await?;
    let data = screen.buttons.iter().flatten().filter_map(|b| b.data.as_deref()).find(|d| d.starts_with("b:"));
    Ok(data.and_then(|d| d.get(..8)).context("no draft on the screen")?.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_stale_and_foreign_buttons_do_nothing_and_say_so() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let (anna, mallory) = (play.stage.someone("Аня").await?, play.stage.someone("Мэлори").await?);
    play.books(&anna, "12:00").await?;
    let id = play.count("select id from bookings where status = 'confirmed'").await?;
    mallory.start("Здравствуйте").await?;
    play.looks(&mallory).await?;
    play.chooses(&mallory, "14:00").await?;

    let foreign = [
        (format!("my:{id}"), "Такой записи у вас нет"),
        (format!("drop:{id}"), "Такой записи у вас нет"),
        (format!("drop!:{id}"), "Такой записи у вас нет"),
        (format!("move:{id}"), "Такой записи у вас нет"),
        (format!("again:{id}"), "Такой записи у вас нет"),
        (format!("ics:{id}"), "Такой записи у вас нет"),
        (format!("come:{id}"), "Такой записи у вас нет"),
        (format!("rate:{id}:5"), "Такой записи у вас нет"),
        (format!("take:{id}"), "предложение уже не действует"),
        (format!("pass:{id}"), "предложение уже не действует"),
        (format!("yes:{id}"), "Это для тех, кто здесь работает"),
        (format!("no:{id}"), "Это для тех, кто здесь работает"),
        (format!("no:{id}:time"), "Это для тех, кто здесь работает"),
        (format!("no:{id}:type"), "Это для тех, кто здесь работает"),
        ("plan:0:0".to_owned(), "Это для тех, кто здесь работает"),
        ("wait:999".to_owned(), "предложение уже не действует"),
        ("unwait:999".to_owned(), "Этой очереди уже нет"),
        ("svc:999".to_owned(), "Этой услуги больше нет"),
        ("res:999".to_owned(), "больше не записывают"),
        ("удалить всё".to_owned(), "Эта кнопка больше не действует"),
        ("b:000000:ok:1:1".to_owned(), "Эта кнопка больше не действует"),
    ];
    for (data, expected) in foreign {
        let press = play.forge(&mallory, &data).await?;
        let window = play.window(&press).await?.unwrap_or_default();
        assert!(window.contains(expected), "{data}: {window}");
    }
    assert_eq!(play.count("select count(*) from bookings where status = 'confirmed'").await?, 1, "Anna's, as it was");
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_forged_into_a_draft_is_asked_by_the_rules_all_the_same() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let mallory = play.stage.someone("Мэлори").await?;
    mallory.start("Здравствуйте").await?;
    play.looks(&mallory).await?;
    play.chooses(&mallory, "14:00").await?;
    let mut draft = draft_of(&mallory).await?;
    let minute = |text: &str| at(text).timestamp() / 60;
    let forged = [
        (minute("2020-01-01T00:03:00Z"), "Это время уже прошло"),
        (minute("2026-11-25T00:17:00Z"), "В это время записи нет"),
        (minute("2027-11-25T09:00:00Z"), "Записаться можно не дальше чем на 30 дней"),
    ];
    for (minute, expected) in forged {
        let press = play.forge(&mallory, &format!("{draft}:at:{minute}")).await?;
        let window = play.window(&press).await?.unwrap_or_default();
        assert!(window.contains(expected), "{minute}: {window}");
    }
    for (step, expected) in [("pick:99", "больше не записывают"), ("add:1:99", "Этой услуги больше нет")]
    {
        let press = play.forge(&mallory, &format!("{draft}:{step}")).await?;
        let window = play.window(&press).await?.unwrap_or_default();
        assert!(window.contains(expected), "{step}: {window}");
        play.begins(&mallory).await?;
        play.looks(&mallory).await?;
        mallory.press("14:00", "Проверьте").await?;
        let again = draft_of(&mallory).await?;
        assert_ne!(again, draft);
        // A button of the draft before: it does nothing and says so.
        let press = play.forge(&mallory, &format!("{draft}:check")).await?;
        assert!(play.window(&press).await?.unwrap_or_default().contains("больше не действует"));
        draft = again;
    }
    // Another time or a cheaper price than were shown: the true ones are shown, and nothing is booked.
    let (right, other) = (minute("2026-11-24T11:00:00Z"), minute("2026-11-25T11:00:00Z"));
    for data in [format!("{draft}:ok:{right}:60:100:0"), format!("{draft}:ok:{other}:60:180000:0")] {
        // Another screen lies between, so that the answer is one to this press.
        mallory.press("🔁 Повторять", "Как часто").await?;
        let press = play.forge(&mallory, &data).await?;
        let shown = play.stage.sim.wait_reply(&press, "Цена, длительность или время изменились").await?;
        assert!(shown.text.contains("вт, 24 ноября, 14:00") && shown.text.contains("1\u{a0}800"), "{}", shown.text);
    }
    assert_eq!(play.count("select count(*) from bookings where status = 'confirmed'").await?, 0);
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_bookings_ahead_are_enough_for_one_customer() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let anna = play.stage.someone("Аня").await?;
    play.books(&anna, "12:00").await?;
    for time in ["13:00", "14:00"] {
        anna.press("‹ В меню", "Чем помочь?").await?;
        play.looks(&anna).await?;
        anna.press(time, "Проверьте").await?;
        anna.press("✅ Записаться", "Вы записаны!").await?;
    }
    anna.press("‹ В меню", "Чем помочь?").await?;
    play.looks(&anna).await?;
    let press = anna.tap("16:00").await?;
    let window = play.window(&press).await?.unwrap_or_default();
    assert!(window.contains("У вас уже 3 предстоящие записи"), "{window}");
    anna.reads("Ваши записи").await?;
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
    for (button, expected) in
        [("❌ Отменить", "Отменить в боте можно не позднее чем за 2 ч"), ("🔄 Перенести", "Перенести")]
    {
        let id = play.count("select id from bookings where status = 'confirmed'").await?;
        let data = if button.contains("Перенести") { format!("move:{id}") } else { format!("drop:{id}") };
        let press = play.forge(&anna, &data).await?;
        let window = play.window(&press).await?.unwrap_or_default();
        assert!(window.contains(expected), "{window}");
    }
    let card = anna.screen().await?;
    assert!(card.text.contains("Перенести в боте можно не позднее чем за 2 ч до начала"), "{}", card.text);
    assert!(!buttons(&card).concat().iter().any(|b| b.contains("Отменить") || b.contains("Перенести")));
    assert_eq!(play.count("select count(*) from occupancy").await?, 1);
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_business_that_takes_no_bookings_says_so_and_keeps_its_menu() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let anna = play.stage.someone("Аня").await?;
    anna.start("Здравствуйте").await?;
    for (admits, expected) in [("nobody", "не принимаем новые записи"), ("known", "только тех, кто уже у нас бывал")]
    {
        play.setting("admits", admits).await?;
        anna.press("📅 Записаться", "Выберите услугу").await?;
        let menu = anna.press("Мужская стрижка", expected).await?;
        assert_eq!(buttons(&menu)[0], ["📅 Записаться"]);
    }
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_of_what_was_typed_is_said_above_what_comes_instead() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let anna = play.stage.someone("Аня").await?;
    anna.start("Здравствуйте").await?;
    play.looks(&anna).await?;
    anna.press("12:00", "Согласие").await?;
    anna.press("✅ Согласен", "Как вас зовут?").await?;
    anna.say("Анна", "номер телефона").await?;
    play.setting("admits", "nobody").await?;
    let menu = anna.say("89161234567", "Сейчас мы не принимаем новые записи").await?;
    assert!(buttons(&menu).concat().contains(&"📅 Записаться"), "{:?}", buttons(&menu));
    anna.reads("Хорошо, номер пока не нужен").await?;
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buttons_of_an_older_draft_that_were_left_behind_say_so_and_go() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let anna = play.stage.someone("Аня").await?;
    play.begins(&anna).await?;
    let old = play.looks(&anna).await?;
    // Telegram does not take the old buttons away.
    let down = FaultKind::Status { code: 500, retry_after: None, after_effect: false };
    play.stage.sim.fault(&Fault::telegram("editMessageReplyMarkup", down).of("boroda_bot").times(1)).await?;
    play.begins(&anna).await?;
    let new = play.looks(&anna).await?;
    assert_ne!(old.id, new.id);
    let press = play.stage.sim.press_on(anna.person.id, "boroda_bot", old.id, "12:00").await?;
    assert!(play.window(&press).await?.unwrap_or_default().contains("Эта кнопка больше не действует"));
    play.stage.sim.wait_confirmed(&press).await?;
    let chat = play.stage.sim.chat(anna.person.id, "boroda_bot").await?;
    let with: Vec<i32> = chat.messages.iter().filter(|m| !m.buttons.is_empty()).map(|m| m.id).collect();
    assert_eq!(with, [new.id]);
    assert_eq!(play.count("select count(*) from bookings").await?, 0, "nothing was kept for it");
    play.end().await
}
