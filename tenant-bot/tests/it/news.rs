//! News to customers, from the first word to the report, as the owner and the customers see it.

use std::time::Duration;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use play::{album::Album, people::Someone, until};
use sandbox::wire::{ChatMessage, Sent};

use crate::{
    albums::{FOLDER, Tongue},
    running::Play,
    shop::monday,
};

async fn owner_of(play: &Play, code: &str) -> Result<Someone> {
    if code == "ru" {
        return Ok(play.stage.owner.clone());
    }
    let owner = play.stage.english("Olga").await?;
    sqlx::query("insert into admins (user_id, role, name, added_at) values ($1, 'owner', 'Olga', $2)")
        .bind(owner.person.id)
        .bind(play.clock.now())
        .execute(&play.pool)
        .await?;
    Ok(owner)
}

/// Somebody has this from the bot.
async fn reads(who: &Someone, text: &str) -> Result<ChatMessage> {
    who.reads(text).await
}

fn photo(caption: Option<&str>) -> Sent {
    Sent { kind: "photo".to_owned(), caption: caption.map(str::to_owned), ..Sent::default() }
}

/// The console is where the owner left it, and shows this.
async fn console_shows(owner: &Someone, text: &str) -> Result<ChatMessage> {
    let what = format!("the console shows {text:?}");
    until(Duration::from_secs(20), &what, async || {
        let chat = owner.sim.chat(owner.person.id, &owner.bot).await?;
        Ok(chat.messages.into_iter().rev().find(|m| m.from_bot && m.text.contains(text) && m.text.contains('›')))
    })
    .await
}

/// Types something, and waits until the bot is done with it: the words go a moment after the answer has come.
async fn types(who: &Someone, words: &str, expected: &str) -> Result<()> {
    let said = who.sim.say(who.person.id, &who.bot, words).await?;
    who.sim.wait_reply(&said, expected).await?;
    Ok(who.sim.wait_confirmed(&said).await?)
}

async fn from_draft_to_report(code: &str) -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let tongue = Tongue::of(code)?;
    let t = |key: &str| tongue.say(key);
    let customers =
        [play.stage.someone("Аня").await?, play.stage.english("Ann").await?, play.stage.someone("Боря").await?];
    for customer in &customers {
        customer.start("Барбершоп «Борода»").await?;
    }
    play.run("update users set tags = '{VIP}' where first_name = 'Боря'").await?;
    let owner = owner_of(&play, code).await?;
    owner.start("Барбершоп «Борода»").await?;
    play.run("update users set no_broadcasts_since = created_at where user_id in (select user_id from admins)").await?;
    owner.press(&t("menu.admin"), "·").await?;
    let since = play.stage.sim.now().await?;
    owner.press(&t("home.news"), &t("news.none")).await?;
    owner.press(&t("news.new"), &t("news.write")).await?;
    types(&owner, "Скидка 20 % до пятницы", &t("news.draft_text")).await?;
    owner.press(&t("news.by_tag"), &t("news.which_tag")).await?;
    owner.press("VIP", "VIP").await?;
    owner.press(&t("news.by_days"), &t("news.which_days")).await?;
    owner.press(&t("news.other_days"), &t("news.type_days")).await?;
    types(&owner, "-1", &t("news.type_days")).await?;
    types(&owner, "45", "45").await?;
    owner.press(&t("news.to.upcoming"), &t("news.draft_text")).await?;
    owner.press(&t("news.to.all"), &t("news.draft_text")).await?;
    owner.press(&t("news.look"), &t("news.ready")).await?;
    owner.press(&t("news.send_later"), &t("news.when")).await?;
    types(&owner, "???", &t("news.when_wrong")).await?;
    types(&owner, if code == "ru" { "завтра 10:00" } else { "tomorrow 10:00" }, &t("news.will_begin")).await?;
    owner.press(&t("console.save"), &t("news.state.scheduled")).await?;
    owner.press(&t("news.call_off"), &t("news.really_call_off")).await?;
    owner.press(&t("news.call_off_now"), &t("news.state.called_off")).await?;
    owner.press(&t("button.back"), &t("news.about")).await?;
    // An album this time, and at once.
    owner.press(&t("news.new"), &t("news.write")).await?;
    let album = [photo(Some("Весна")), photo(None), photo(None)];
    let sent = play.stage.sim.send_album(owner.person.id, "boroda_bot", &album).await?;
    play.stage.sim.wait_confirmed(&sent).await?;
    owner.reads(if code == "ru" { "альбом, 3 файла" } else { "album, 3 files" }).await?;
    owner.press(&t("news.look"), &t("news.ready")).await?;
    owner.press(&t("news.send_now"), &t("news.state.begins")).await?;
    console_shows(&owner, &t("news.state.done")).await?;
    owner.reads(&t("news.told.done")).await?;
    owner.press(&t("news.told.open"), &t("news.state.done")).await?;
    owner.press(&t("button.back"), &t("news.about")).await?;
    let settings = {
        let mut settings = insta::Settings::clone_current();
        settings.add_filter(r"\(\d+ bytes\)", "(N bytes)");
        settings
    };
    let album = Album::of(&owner, since).await?;
    settings.bind(|| album.assert_snapshot_in(FOLDER, &format!("news_{code}")));
    for customer in &customers {
        let chat = customer.sim.chat(customer.person.id, &customer.bot).await?;
        let texts: Vec<&str> = chat.messages.iter().filter(|m| m.from_bot).skip(1).map(|m| m.text.as_str()).collect();
        assert_eq!(texts[..3], ["Весна", "", ""]);
        assert_eq!(texts.len(), 4, "each once");
    }
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn news_from_a_draft_to_the_report_in_russian() -> Result<()> {
    from_draft_to_report("ru").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn news_from_a_draft_to_the_report_in_english() -> Result<()> {
    from_draft_to_report("en").await
}

/// The owner has written these words, and stands before the button that sends them.
async fn about_to_send(play: &Play, words: &str) -> Result<Someone> {
    let owner = play.stage.owner.clone();
    let asked = owner.sim.say(owner.person.id, &owner.bot, "/admin").await?;
    owner.sim.wait_reply(&asked, "Что откроем?").await?;
    // The console of before loses its buttons, which is an edit that shows its words once more.
    owner.sim.wait_confirmed(&asked).await?;
    owner.press("📣 Рассылки", "Управление › Рассылки").await?;
    owner.press("✍️ Новая рассылка", "Пришлите сообщение").await?;
    owner.say(words, "Сообщение: «").await?;
    owner.press("👀 Посмотреть", "Отправляем?").await?;
    Ok(owner)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_has_a_way_out_in_the_readers_language_and_it_is_taken_once() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let (anna, ann) = (play.stage.someone("Аня").await?, play.stage.english("Ann").await?);
    anna.start("Здравствуйте").await?;
    ann.start("Hello").await?;
    let owner = about_to_send(&play, "Скидка!").await?;
    // Under the trial the button only says what it would do.
    let trial = owner.tap("🔕 Не присылать новости").await?;
    assert!(play.window(&trial).await?.context("a note")?.contains("Здесь она ничего не меняет"));
    owner.press("🚀 Отправить сейчас", "Начинается").await?;
    let letter = reads(&anna, "Скидка!").await?;
    assert_eq!(letter.buttons[0][0].text, "🔕 Не присылать новости");
    assert_eq!(reads(&ann, "Скидка!").await?.buttons[0][0].text, "🔕 No more news");
    let out = anna.tap("🔕 Не присылать новости").await?;
    assert!(play.window(&out).await?.context("a note")?.contains("новостей больше не будет"));
    play.stage.sim.wait_confirmed(&out).await?;
    let letter = reads(&anna, "Скидка!").await?;
    assert!(letter.buttons.is_empty(), "the letter stays, its button has gone");
    console_shows(&owner, "Закончена").await?;
    about_to_send(&play, "Ещё скидка!").await?;
    owner.press("🚀 Отправить сейчас", "Начинается").await?;
    reads(&ann, "Ещё скидка!").await?;
    console_shows(&owner, "Закончена").await?;
    let chat = anna.sim.chat(anna.person.id, &anna.bot).await?;
    assert!(chat.messages.iter().all(|m| m.text != "Ещё скидка!"));
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn progress_is_shown_in_the_console_and_pause_resume_and_stop_do_what_they_say() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    for _ in 0..150 {
        let someone = play.stage.sim.person("Аня").await?;
        let started = play.stage.sim.start(someone.id, "boroda_bot", None).await?;
        play.stage.sim.wait_confirmed(&started).await?;
    }
    let owner = about_to_send(&play, "Скидка!").await?;
    owner.press("🚀 Отправить сейчас: 151 человек", "Начинается").await?;
    console_shows(&owner, "Отправляется").await?;
    owner.press("⏸ Пауза", "На паузе").await?;
    tokio::time::sleep(Duration::from_millis(800)).await;
    let held = play.count("select count(*) from broadcast_letters where state = 'due'").await?;
    assert!(held > 0);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(play.count("select count(*) from broadcast_letters where state = 'due'").await?, held);
    owner.press("▶️ Продолжить", "Отправляется").await?;
    // Whoever goes elsewhere is not brought back by the progress of what they left.
    owner.press("🏠 Управление", "Что откроем?").await?;
    tokio::time::sleep(Duration::from_millis(3_500)).await;
    let chat = owner.sim.chat(owner.person.id, &owner.bot).await?;
    let console = chat.messages.iter().rev().find(|m| m.button("📣 Рассылки").is_some()).context("the console")?;
    assert!(console.text.contains("Что откроем?"), "{}", console.text);
    let elsewhere = chat.messages.iter().find(|m| m.from_bot && m.text.contains("Отправляется"));
    assert!(elsewhere.is_none(), "{elsewhere:?}");
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_leaves_the_rest_unsent_and_says_how_many() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    for _ in 0..90 {
        let someone = play.stage.sim.person("Аня").await?;
        let started = play.stage.sim.start(someone.id, "boroda_bot", None).await?;
        play.stage.sim.wait_confirmed(&started).await?;
    }
    let owner = about_to_send(&play, "Скидка!").await?;
    owner.press("🚀 Отправить сейчас", "Начинается").await?;
    owner.press("🔄 Обновить", "Отправляется").await.or(owner.screen().await)?;
    console_shows(&owner, "Отправляется").await?;
    owner.press("⏹ Остановить", "Остановить рассылку?").await?;
    owner.press("⏹ Да, остановить", "Остановлена").await?;
    let left = play.count("select count(*) from broadcast_letters where state = 'stopped'").await?;
    assert!(left > 0);
    console_shows(&owner, &format!("Не отправлено: {left}")).await?;
    assert_eq!(play.count("select count(*) from broadcast_letters where state = 'due'").await?, 0);
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_cannot_be_copied_is_found_out_before_anybody_gets_it() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let owner = about_to_send(&play, "Скидка!").await?;
    owner.press("‹ Назад", "Сообщение: «").await?;
    play.run("update broadcasts set message_ids = '{9999}'").await?;
    owner.press("👀 Посмотреть", "Не получилось показать").await?;
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn news_of_tomorrow_goes_out_tomorrow_though_the_bot_was_restarted() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let anna = play.stage.someone("Аня").await?;
    anna.start("Здравствуйте").await?;
    let owner = about_to_send(&play, "Доброе утро!").await?;
    owner.press("🕒 В другое время", "Когда начать?").await?;
    owner.say("завтра 10:00", "Рассылка начнётся").await?;
    owner.press("✅ Сохранить", "Начнётся вт, 24 ноября, 10:00").await?;
    let play = play.restarted().await?;
    play.clock.set(monday() + TimeDelta::hours(23));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(play.count("select count(*) from broadcast_letters").await?, 0);
    // The clock of this play is moved by hand, so nobody sleeps until then: a restart looks.
    play.clock.set(monday() + TimeDelta::hours(24));
    let play = play.restarted().await?;
    anna.reads("Доброе утро!").await?;
    play.end().await
}
