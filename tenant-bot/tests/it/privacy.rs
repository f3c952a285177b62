//! Conversations about a person's own data and settings, and with people who are too quick.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use play::{album::Album, people::Someone, until};
use sandbox::wire::What;
use serde_json::Value;

use crate::{
    person::traces,
    running::Play,
    shop::{at, monday},
};

/// Compares the chat with the snapshot `name`.
async fn snapshot(someone: &Someone, name: &str) -> Result<()> {
    let album = Album::of(someone, 0).await?;
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"\(\d+ bytes\)", "(N bytes)");
    settings.bind(|| album.assert_snapshot_in(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots"), name));
    Ok(())
}

/// The newest file in the chat.
async fn file(someone: &Someone) -> Result<Value> {
    let chat = someone.sim.chat(someone.person.id, &someone.bot).await?;
    let document = chat.messages.iter().rev().find_map(|m| m.document.as_ref()).context("a file")?;
    Ok(serde_json::from_slice(&someone.sim.file(&document.file_id).await?)?)
}

/// `/help`, `/privacy`, consent, the file, settings, language, news, deletion, and the beginning anew; `say` gives the
/// buttons and what is answered in the person's language.
async fn walk(play: &Play, who: &Someone, english: bool) -> Result<()> {
    let say = |ru: &'static str, en: &'static str| if english { en } else { ru };
    who.start(say("Здравствуйте", "Hello")).await?;
    who.say("/help", say("Чем поможет этот бот", "What this bot can do")).await?;
    who.say("/privacy", say("ещё не давали", "have not agreed")).await?;
    who.press(say("✅ Согласен", "✅ I agree"), say("согласие записано", "consent is noted")).await?;
    who.say("/privacy", say("Вы согласились", "You have agreed")).await?;
    who.press(say("📄 Мои данные файлом", "📄 My data as a file"), say("Всё, что", "Everything")).await?;
    let kept = file(who).await?;
    assert_eq!(kept["person"]["telegram_id"], who.person.id);
    assert_eq!(kept["person"]["first_name"], who.person.first_name);
    assert!(kept["messages_to_you"].as_array().is_some_and(|m| m.len() > 2), "{kept:#}");

    who.say("/settings", say("Настройки", "Settings")).await?;
    who.press(say("🔕 Не напоминать", "🔕 Do not remind"), say("визитах: не приходят", "visits: off")).await?;
    who.press(say("🔔 Напоминать", "🔔 Remind me"), say("визитах: приходят", "visits: on")).await?;
    who.say("/stop", say("новостей больше не будет", "no more news")).await?;
    who.press(say("⚙️ Настройки", "⚙️ Settings"), say("Новости: не приходят", "News: off")).await?;
    who.press(say("📣 Присылать", "📣 Send me"), say("Новости: приходят", "News: on")).await?;
    who.press(say("🌐 Speak English", "🌐 Говорить по-русски"), say("Language: English", "Язык: русский")).await?;
    who.say("/help", say("What this bot can do", "Чем поможет этот бот")).await?;
    // The buttons of the message before go a moment later, and its words are the very same.
    until(Duration::from_secs(10), "one message has buttons", async || {
        let chat = who.sim.chat(who.person.id, &who.bot).await?;
        Ok((chat.messages.iter().filter(|m| !m.buttons.is_empty()).count() == 1).then_some(()))
    })
    .await?;
    who.say("/settings", say("Settings", "Настройки")).await?;
    who.press(say("🌐 Говорить по-русски", "🌐 Speak English"), say("Язык: русский", "Language: English")).await?;

    who.press(say("🔒 Персональные данные", "🔒 Personal data"), say("Кто отвечает", "Who is responsible")).await?;
    who.press(say("🗑 Удалить мои данные", "🗑 Delete my data"), say("вернуть ничего", "brought back")).await?;
    who.press(say("Нет, оставить", "No, keep it"), say("Кто отвечает", "Who is responsible")).await?;
    who.press(say("🗑 Удалить мои данные", "🗑 Delete my data"), say("вернуть ничего", "brought back")).await?;
    who.press(say("Да, удалить", "Yes, delete"), say("Ваши данные удалены", "Your data is deleted")).await?;
    for trace in [who.person.id.to_string(), who.person.first_name.clone()] {
        assert_eq!(traces(&play.pool, &trace).await?, [""; 0], "{trace}");
    }
    who.start(say("Здравствуйте", "Hello")).await?;
    who.say("/privacy", say("ещё не давали", "have not agreed")).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ones_own_data_is_shown_taken_along_and_deleted_in_both_languages() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    sqlx::query(
        "insert into settings (key, value, updated_at)
         values ('address', 'Москва, ул. Лесная, 5', $1), ('phone', '+74951234567', $1)",
    )
    .bind(monday())
    .execute(&play.pool)
    .await?;
    let (ru, en) = (play.stage.someone("Аделаида").await?, play.stage.english("Adelaide").await?);
    walk(&play, &ru, false).await?;
    snapshot(&ru, "person_ru").await?;
    walk(&play, &en, true).await?;
    snapshot(&en, "person_en").await?;
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_business_of_which_nothing_is_known_says_where_to_ask() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let anna = play.stage.someone("Аня").await?;
    anna.start("Здравствуйте").await?;
    anna.say("/help", "ни адреса, ни телефона").await?;
    anna.say("/privacy", "там, куда вы записываетесь").await?;
    let pressed = play.forge(&anna, "call").await?;
    assert_eq!(play.window(&pressed).await?.as_deref(), Some("Номера телефона здесь пока нет."));
    sqlx::query("insert into settings (key, value, updated_at) values ('phone', '+74951234567', $1)")
        .bind(monday())
        .execute(&play.pool)
        .await?;
    play.forge(&anna, "call").await?;
    until(Duration::from_secs(10), "the card of the business", async || {
        let chat = anna.sim.chat(anna.person.id, &anna.bot).await?;
        Ok(chat.messages.iter().find_map(|m| m.contact.clone()))
    })
    .await
    .map(|card| assert_eq!(card.phone_number, "+74951234567"))?;
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleting_is_asked_first_and_pressing_twice_deletes_once() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let anna = play.stage.someone("Аня").await?;
    anna.start("Здравствуйте").await?;
    anna.say("/privacy", "Персональные данные").await?;
    anna.press("🗑 Удалить мои данные", "Удалить ваши данные?").await?;
    assert_eq!(play.count("select count(*) from users where user_id > 0").await?, 2, "Anna and the owner");
    anna.press("Да, удалить", "Ваши данные удалены").await?;
    let again = play.forge(&anna, "forget!").await?;
    play.window(&again).await?;
    assert_eq!(play.count("select count(*) from users where user_id < 0").await?, 1);
    assert_eq!(play.count("select count(*) from users where user_id > 0").await?, 1);
    // A button of somebody who is not known does not make them known, and breaks nothing.
    for button in ["set", "privacy", "export", "help", "mine", "menu", "forget"] {
        let pressed = play.forge(&anna, button).await?;
        play.window(&pressed).await?;
    }
    assert_eq!(play.count("select count(*) from users where user_id > 0").await?, 1);
    play.end().await
}

/// Books a haircut with Artyom on Tuesday; reads what is agreed to before agreeing.
async fn books(play: &Play, who: &Someone, time: &str) -> Result<()> {
    who.start("Здравствуйте").await?;
    who.press("📅 Записаться", "Выберите услугу").await?;
    who.press("Мужская стрижка", "К кому вас записать?").await?;
    who.press("Артём", "Когда вам удобно?").await?;
    who.press("24", "Выберите время").await?;
    who.press(time, "Согласие на обработку персональных данных").await?;
    who.press("Подробнее", "Кто отвечает за данные").await?;
    who.press("✅ Согласен", "Как вас зовут?").await?;
    who.say("Ада Бармалеева", "номер телефона").await?;
    who.say("8 903 111-22-33", "Проверьте, всё ли верно").await?;
    who.press("✅ Записаться", "Вы записаны!").await?;
    play.stage.owner.reads("Ада Бармалеева").await?;
    Ok(())
}

/// Asks to be forgotten.
async fn leaves(who: &Someone, expected: &str) -> Result<()> {
    who.say("/privacy", "Вы согласились").await?;
    who.press("🗑 Удалить мои данные", "Удалить ваши данные?").await?;
    who.press("Да, удалить", expected).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_booked_and_is_forgotten_leaves_a_free_time_and_no_trace() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let ada = play.stage.someone("Аделаида").await?;
    books(&play, &ada, "12:00").await?;
    let traces_of_ada = ["Аделаида", "Бармалеева", "+79031112233", &ada.person.id.to_string()];
    for trace in traces_of_ada {
        assert!(!traces(&play.pool, trace).await?.is_empty(), "{trace} is kept");
    }
    leaves(&ada, "Отменена 1 предстоящая запись").await?;
    play.stage.owner.reads("клиент, который удалил свои данные").await?;
    for trace in traces_of_ada {
        assert_eq!(traces(&play.pool, trace).await?, [""; 0], "{trace}");
    }
    assert_eq!(play.count("select count(*) from occupancy").await?, 0);
    // The same person is a new one: they are asked for everything again.
    books(&play, &ada, "12:00").await?;
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_owner_sees_a_visit_of_somebody_who_was_forgotten_and_nobody_is_asked_how_it_was() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let ada = play.stage.someone("Аделаида").await?;
    books(&play, &ada, "12:00").await?;
    play.clock.set(at("2026-11-24T09:10:00Z"));
    leaves(&ada, "Ваши данные удалены").await?;
    play.stage.owner.say("/admin", "Что откроем?").await?;
    play.stage.owner.press("🗓 Расписание", "клиент, который удалил свои данные").await?;
    play.clock.set(at("2026-11-24T12:10:00Z"));
    // The clock does not run by itself here; a booking makes the bot look for what is due.
    books(&play, &play.stage.someone("Борис").await?, "18:00").await?;
    until(Duration::from_secs(20), "the visit is over", async || {
        Ok((play.count("select count(*) from bookings where status = 'completed'").await? == 1).then_some(()))
    })
    .await?;
    assert_eq!(play.count("select count(*) from outbox where chat_id < 0 and state <> 'sent'").await?, 0);
    let due = "select count(*) from reminders r join bookings b on b.id = r.booking_id
                where r.state = 'due' and b.user_id < 0";
    assert_eq!(play.count(due).await?, 0);
    play.end().await
}

/// How often somebody was told that they are too fast, in messages and in notes on presses.
async fn told(someone: &Someone) -> Result<(usize, usize)> {
    let chat = someone.sim.chat(someone.person.id, &someone.bot).await?;
    let slowly = "Слишком быстро";
    let messages = chat.messages.iter().filter(|m| m.from_bot && m.text.contains(slowly)).count();
    let mut notes = 0;
    let mut next = 0;
    loop {
        let part = someone.sim.events(next, Duration::ZERO).await?;
        if part.events.is_empty() {
            return Ok((messages, notes));
        }
        next = part.next;
        notes += part
            .events
            .iter()
            .filter(|e| matches!(&e.what, What::PressAnswered { text: Some(text), person, .. } if text.contains(slowly) && person.id == someone.person.id))
            .count();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_talks_too_fast_is_told_so_once_and_nobody_else_notices() -> Result<()> {
    let play = Play::limited("barbershop", monday()).await?;
    let (anna, boris) = (play.stage.someone("Аня").await?, play.stage.someone("Борис").await?);
    anna.start("Здравствуйте").await?;
    let begun = Instant::now();
    // A minute's worth of messages, and half a minute's of presses, in a moment.
    for _ in 0..30 {
        anna.sim.say(anna.person.id, &anna.bot, "/help").await?;
        anna.sim.press(anna.person.id, &anna.bot, "📋 Мои записи").await.ok();
    }
    boris.start("Здравствуйте").await?;
    let (messages, notes) = until(Duration::from_secs(30), "both are told", async || {
        let (messages, notes) = told(&anna).await?;
        Ok((messages > 0 && notes > 0).then_some((messages, notes)))
    })
    .await?;
    boris.say("/help", "Чем поможет этот бот").await?;
    let windows = 1 + usize::try_from(begun.elapsed().as_secs() / 10)?;
    assert!(messages <= windows && notes <= windows, "{messages} messages and {notes} notes in {windows} windows");
    let chat = anna.sim.chat(anna.person.id, &anna.bot).await?;
    let helped = chat.messages.iter().filter(|m| m.from_bot && m.text.contains("Чем поможет")).count();
    let most = 3 + usize::try_from(begun.elapsed().as_secs() / 2)?;
    assert!((1..=most).contains(&helped), "{helped} answers");
    play.end().await
}
