//! Whole conversations: what people see, press by press.

use std::time::Duration;

use anyhow::{Context, Result};
use sandbox::wire::{Fault, FaultKind};

use crate::{
    running::{Play, buttons},
    shop::{at, monday},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_books_looks_and_cancels_and_the_owner_hears_of_it() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    play.setting("address", "Москва, ул. Ленина, 1").await?;
    play.setting("phone", "+74950000000").await?;
    let anna = play.stage.someone("Аня").await?;

    let menu = anna.start("Здравствуйте, Аня! Вас приветствует Барбершоп «Борода».").await?;
    assert_eq!(buttons(&menu), [vec!["📅 Записаться"], vec!["📋 Мои записи"], vec!["⚙️ Настройки", "💬 Помощь"]]);
    let services = anna.press("📅 Записаться", "Что вам нужно? Выберите услугу.").await?;
    assert_eq!(services.id, menu.id, "one message is edited in place");
    assert_eq!(buttons(&services)[0], ["Мужская стрижка · 1\u{a0}800\u{a0}₽ · 1 ч"]);
    let masters = anna.press("Мужская стрижка", "К кому вас записать?").await?;
    assert_eq!(
        buttons(&masters),
        [vec!["Любой мастер"], vec!["Артём"], vec!["Денис"], vec!["Руслан"], vec!["‹ Назад", "‹ В меню"]]
    );
    let month = anna.press("Артём", "Время местное, UTC+3").await?;
    let rows = buttons(&month);
    assert_eq!(rows[0], ["пн", "вт", "ср", "чт", "пт", "сб", "вс"]);
    assert_eq!(rows[1], ["23", "24", "25", "26", "27", "28", "29"], "weeks that are over are left out: {rows:?}");
    assert!(rows.contains(&vec!["Ноябрь 2026", "›"]), "{rows:?}");
    let december = anna.press("›", "Когда вам удобно?").await?;
    assert!(buttons(&december).contains(&vec!["‹", "Декабрь 2026"]), "the horizon ends in December");
    anna.press("‹", "Когда вам удобно?").await?;
    let times = anna.press("24", "вт, 24 ноября. Выберите время (местное, UTC+3).").await?;
    assert_eq!(buttons(&times)[0], ["10:00", "10:30", "11:00", "11:30"]);
    anna.press("12:00", "Согласие на обработку персональных данных").await?;
    let ask = anna.press("✅ Согласен", "Мужская стрижка, вт, 24 ноября, 12:00.").await?;
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
    assert_eq!(buttons(&booked)[0], ["📅 В календарь", "🗺 На карте", "📞 Позвонить"]);
    play.stage.owner.reads("🔔 Новая запись: Анна Иванова, +7").await?;
    let file = anna.press("📅 В календарь", "Откройте файл").await?;
    assert!(file.document.is_some(), "{file:?}");
    let call = anna.tap("📞 Позвонить").await?;
    play.stage.sim.wait_confirmed(&call).await?;
    assert!(anna.screen().await?.contact.is_some_and(|c| c.phone_number.contains("74950000000")));

    anna.press("📋 Мои записи", "Ваши записи").await?;
    anna.press("вт 24.11 12:00 · Мужская стрижка", "Запись подтверждена").await?;
    anna.press("❌ Отменить", "Отменить эту запись?").await?;
    anna.press("Нет, оставить", "Запись подтверждена").await?;
    anna.press("❌ Отменить", "Отменить эту запись?").await?;
    anna.press("Да, отменить", "Запись отменена. Будем рады").await?;
    play.stage.owner.reads("🔕 Запись отменена клиентом").await?;
    assert_eq!(play.count("select count(*) from occupancy").await?, 0);
    anna.press("📋 Мои записи", "Предстоящих записей нет").await?;
    let past = anna.press("🕓 Прошедшие", "Прошедшие и отменённые").await?;
    assert_eq!(buttons(&past)[0], ["❌ вт 24.11 12:00 · Мужская стрижка"]);
    // Once more: the same visit, only its time is asked for.
    anna.press("❌ вт 24.11", "Запись отменена").await?;
    anna.press("🔁 Записаться ещё раз", "Когда вам удобно?").await?;
    anna.press("25", "Выберите время").await?;
    let check = anna.press("10:00", "Проверьте").await?;
    assert!(check.text.contains("✨ Мужская стрижка\n📍 Артём"), "{}", check.text);
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
    anna.press("Любой мастер", "Когда вам удобно?").await?;
    anna.press("25", "Выберите время").await?;
    let check = anna.press("10:00", "Проверьте").await?;
    assert!(check.text.contains("Анна Иванова, +79161234567"), "{}", check.text);
    assert!(check.text.contains("или другой свободный"), "{}", check.text);
    anna.press("✏️ Имя и телефон", "Как вас зовут?").await?;
    anna.press("Аня", "И номер телефона").await?;
    anna.say("номера не дам", "Не похоже на номер").await?;
    anna.say("+7 999 000-00-01", "Аня, +79990000001").await?;
    anna.press("✅ Записаться", "Вы записаны!").await?;
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_english_speaker_is_spoken_to_in_english_until_they_choose_russian() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let ann = play.stage.english("Ann").await?;
    ann.start("Hello, Ann!").await?;
    ann.press("📅 Book a visit", "What would you like?").await?;
    ann.press("Мужская стрижка", "Who would you like to see?").await?;
    ann.press("Anyone", "When would suit you?").await?;
    ann.press("24", "Tue, 24 November. Choose a time (local, UTC+3).").await?;
    ann.press("19:00", "personal data").await?;
    ann.press("✅", "What is your name?").await?;
    ann.press("Ann", "And a phone number").await?;
    let check = ann.say("+44 20 7946 0958", "Please check that all is right").await?;
    assert!(check.text.contains("or another that is free"), "{}", check.text);
    ann.press("✅ Book", "You are booked!").await?;
    let language: String = sqlx::query_scalar("select language from users where user_id = $1")
        .bind(ann.person.id)
        .fetch_one(&play.pool)
        .await?;
    assert_eq!(language, "en");
    play.stage.owner.reads("🔔 Новая запись").await.context("the owner reads their own language")?;
    ann.say("/settings", "Language").await?;
    ann.press("🌐 Говорить по-русски", "Настройки").await?;
    ann.press("‹ В меню", "Чем помочь?").await?;
    ann.say("/my", "Ваши записи").await?;
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_update_books_once_and_is_answered_once() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let anna = play.stage.someone("Аня").await?;
    anna.start("Здравствуйте").await?;
    let sim = &play.stage.sim;
    let say = sim.say(anna.person.id, "boroda_bot", "привет").await?;
    let answer = sim.wait_reply(&say, "Понимаю кнопки").await?;
    let update = say.update_id.context("an update")?;
    sim.redeliver("boroda_bot", update).await?;

    play.looks(&anna).await?;
    anna.press("12:00", "Согласие").await?;
    anna.press("✅ Согласен", "Как вас зовут?").await?;
    let name = sim.say(anna.person.id, "boroda_bot", "Анна").await?;
    sim.wait_reply(&name, "номер телефона").await?;
    // Its repeat is not taken for the number.
    sim.redeliver("boroda_bot", name.update_id.context("an update")?).await?;
    anna.say("89161234567", "Проверьте").await?;
    let confirm = sim.press(anna.person.id, "boroda_bot", "✅ Записаться").await?;
    sim.wait_reply(&confirm, "Вы записаны!").await?;
    sim.redeliver("boroda_bot", confirm.update_id.context("an update")?).await?;
    anna.reads("Запись подтверждена").await?;
    assert_eq!(play.count("select count(*) from bookings where status <> 'cancelled'").await?, 1);

    let chat = sim.chat(anna.person.id, "boroda_bot").await?;
    let answers = chat.messages.iter().filter(|m| m.text.contains("Понимаю кнопки")).count();
    assert!(answers <= 1, "{answers} answers to one message, the first is {}", answer.id);
    let wrong = chat.messages.iter().filter(|m| m.text.contains("Не похоже")).count();
    assert_eq!(wrong, 0);
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_owner_sees_today_and_tomorrow_and_a_stranger_sees_no() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let owner = &play.stage.owner;
    let anna = play.stage.someone("Аня").await?;
    play.books(&anna, "12:00").await?;

    owner.say("/admin", "Что откроем?").await?;
    let today = owner.press("🗓 Расписание", "пн, 23 ноября").await?;
    assert!(today.text.contains("0 записей"), "{}", today.text);
    let tomorrow = owner.press("вт 24.11 ›", "вт, 24 ноября").await?;
    let day = "1 запись\n\nАртём · 10:00–21:00\n▫️ 10:00–12:00 свободно\n12:00–13:00 Мужская стрижка · Анна Иванова";
    assert!(tomorrow.text.contains(day), "{}", tomorrow.text);
    // Buttons of former versions lead there too.
    let former = play.forge(owner, "plan:1:0").await?;
    assert_eq!(play.window(&former).await?, None);

    let no = anna.say("/admin", "Это для тех, кто здесь работает").await?;
    assert!(no.buttons.is_empty() && !no.text.contains("12:00"));
    let before = anna.screen().await?;
    let press = play.forge(&anna, "plan:1:0").await?;
    assert!(play.window(&press).await?.is_some_and(|w| w.contains("Это для тех, кто здесь работает")));
    assert_eq!(anna.screen().await?.text, before.text, "and nothing else changes");
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_being_typed_is_dropped_by_a_command_and_forgotten_after_a_day() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let anna = play.stage.someone("Аня").await?;
    anna.start("Здравствуйте").await?;
    play.looks(&anna).await?;
    anna.press("12:00", "Согласие").await?;
    anna.press("✅ Согласен", "Держим это время за вами до").await?;
    anna.say("12345", "Не похоже на имя").await?;
    anna.say("Анна", "И номер телефона").await?;
    assert_eq!(play.count("select count(*) from bookings where status = 'held'").await?, 1, "the time is kept");
    let keys = play::redis::keys(&format!("{}:talk:{}", play.stage.tenant.slug, anna.person.id)).await?;
    assert_eq!(keys.len(), 1);
    let left: i64 = redis::cmd("TTL").arg(&keys[0]).query_async(&mut play::redis::admin().await?).await?;
    assert!((1..=86_400).contains(&left), "{left}");
    anna.start("Здравствуйте").await?;
    anna.reads("Хорошо, номер пока не нужен.").await?;
    assert_eq!(play.count("select count(*) from bookings where status = 'held'").await?, 0, "and let go");
    anna.say("8 916 123-45-67", "Понимаю кнопки").await?;
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_in_the_middle_loses_nothing_and_an_empty_redis_is_said_kindly() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let anna = play.stage.someone("Аня").await?;
    anna.start("Здравствуйте").await?;
    play.looks(&anna).await?;
    anna.press("12:00", "Согласие").await?;
    anna.press("✅ Согласен", "Как вас зовут?").await?;
    let play = play.restarted().await?;
    anna.say("Анна", "И номер телефона").await?;
    let play = play.restarted().await?;
    // The answer is on the screen a moment before what was said is kept: only then is there something to lose.
    let phone = anna.sim.say(anna.person.id, "boroda_bot", "8 916 123-45-67").await?;
    anna.sim.wait_reply(&phone, "Проверьте").await?;
    anna.sim.wait_confirmed(&phone).await?;
    for key in play::redis::keys(&format!("{}:talk:", play.stage.tenant.slug)).await? {
        redis::cmd("DEL").arg(key).query_async::<i64>(&mut play::redis::admin().await?).await?;
    }
    anna.press("✅ Записаться", "Прошло много времени").await?;
    anna.press("Мужская стрижка", "К кому").await?;
    assert_eq!(play.count("select count(*) from bookings where status = 'confirmed'").await?, 0);
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_message_at_a_time_has_buttons() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let anna = play.stage.someone("Аня").await?;
    for _ in 0..2 {
        anna.start("Здравствуйте").await?;
        let last = anna.say("/my", "Предстоящих записей нет").await?;
        anna.say("стрижка", "Вот что нашлось").await?;
        // The buttons of the one before go a moment after the new ones have come.
        play::until(Duration::from_secs(10), "one message has buttons", async || {
            let chat = play.stage.sim.chat(anna.person.id, "boroda_bot").await?;
            let with: Vec<i32> = chat.messages.iter().filter(|m| !m.buttons.is_empty()).map(|m| m.id).collect();
            Ok((with.len() == 1 && with[0] > last.id).then_some(()))
        })
        .await?;
    }
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deep_link_opens_a_service_or_a_person_and_is_remembered() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let anna = play.stage.someone("Аня").await?;
    let sim = &play.stage.sim;
    let service = play.count("select id from services where name = 'Мужская стрижка'").await?;
    let artyom = play.count("select id from resources where name = 'Артём'").await?;
    let open = async |payload: String, expected: &str| {
        let act = sim.start(anna.person.id, "boroda_bot", Some(&payload)).await?;
        anyhow::Ok(sim.wait_reply(&act, expected).await?)
    };
    open(format!("s{service}"), "К кому вас записать?").await?;
    open(format!("r{artyom}"), "Артём\n\nЧто вам нужно?").await?;
    anna.press("Королевское бритьё", "Когда вам удобно?").await?;
    open("s999".to_owned(), "Этой услуги больше нет").await?;
    open("zzz".to_owned(), "Здравствуйте").await?;
    open(format!("s{service}r{artyom}-insta"), "Когда вам удобно?").await?;
    anna.press("24", "Выберите время").await?;
    play.chooses(&anna, "12:00").await?;
    anna.press("✅ Записаться", "Вы записаны!").await?;
    assert_eq!(play.count("select count(*) from bookings where source = 'insta'").await?, 1);
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visit_is_rated_once_with_stars_and_words() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    play.setting("review_url", "https://yandex.ru/maps/org/1").await?;
    let anna = play.stage.someone("Аня").await?;
    play.books(&anna, "12:00").await?;
    play.clock.set(at("2026-11-24T10:30:00Z"));
    play.run("update bookings set status = 'completed' where status = 'confirmed'").await?;
    let id = play.count("select id from bookings").await?;
    anna.press("📋 Мои записи", "Предстоящих записей нет").await?;
    anna.press("🕓 Прошедшие", "Прошедшие").await?;
    let card = anna.press("вт 24.11 12:00", "Визит состоялся").await?;
    assert!(buttons(&card).contains(&vec!["1 ⭐", "2 ⭐", "3 ⭐", "4 ⭐", "5 ⭐"]), "{:?}", buttons(&card));
    let thanks = anna.press("5 ⭐", "⭐⭐⭐⭐⭐ Спасибо").await?;
    assert_eq!(buttons(&thanks)[0], ["✍️ Оставить отзыв"]);
    anna.say("Всё понравилось", "Спасибо, передали!").await?;
    let press = play.forge(&anna, &format!("rate:{id}:1")).await?;
    play.stage.sim.wait_reply(&press, "Вы уже оценили этот визит: ⭐⭐⭐⭐⭐").await?;
    let (stars, words): (i16, Option<String>) =
        sqlx::query_as("select rating, comment from feedback").fetch_one(&play.pool).await?;
    assert_eq!((stars, words.as_deref()), (5, Some("Всё понравилось")));
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
    anna.say("алло", "Понимаю кнопки").await?;
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
        let names: Vec<&str> = list.commands.iter().filter_map(|c| c["command"].as_str()).collect();
        assert_eq!(names, ["start", "book", "my", "settings", "privacy", "help"]);
    }
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_play_of_the_demo_goes_through() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let boris = play.stage.someone("Борис").await?;
    play::scenes::book_a_haircut(&boris).await?;
    play::scenes::see_the_booking(&play.stage.owner, "Борис").await?;
    play.end().await
}
