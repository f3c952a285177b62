//! The business's own words: typed, looked at, said to customers at once and after a restart, and taken back.

use anyhow::Result;
use play::{album::Album, people::Someone};

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

async fn own_words(code: &str) -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let tongue = Tongue::of(code)?;
    let t = |key: &str| tongue.say(key);
    let owner = owner_of(&play, code).await?;
    let customer =
        if code == "ru" { play.stage.someone("Анна").await? } else { play.stage.english("Anna").await? };
    owner.start("Барбершоп «Борода»").await?;
    let since = play.stage.sim.now().await?;
    owner.press(&t("menu.admin"), "·").await?;
    owner.press(&t("home.texts"), &t("texts.about")).await?;
    owner.press(&t("texts.find"), &t("texts.which_words")).await?;
    owner.say("xyzzy", &t("texts.not_found")).await?;
    let (typed, greeting) = if code == "ru" {
        ("вас приветствует", "Здравствуйте")
    } else {
        ("welcome to", "Hello")
    };
    owner.say(typed, if code == "ru" { "Наш" } else { "found" }).await?;
    owner.press(greeting, &t("texts.now")).await?;
    owner.press(&t("texts.change"), &t("texts.type")).await?;
    owner.say("Привет, {surname}!", "surname").await?;
    owner.say("Привет, {name", &t("texts.unfit.brace")).await?;
    // What is typed is echoed with what it leaves out, and nothing is said so before it is agreed to.
    owner.say("Ура, {name}!", "{business}").await?;
    customer.start("«Борода»").await?;
    owner.press(&t("console.redo"), &t("texts.type")).await?;
    owner
        .say(
            "Ура, {name} & {business}!",
            if code == "ru" {
                "Ура, Анна & Барбершоп «Борода»!"
            } else {
                "Ура, Anna & Барбершоп «Борода»!"
            },
        )
        .await?;
    owner.press(&t("console.save"), &t("texts.saved")).await?;
    customer
        .start(if code == "ru" {
            "Ура, Анна & Барбершоп «Борода»!"
        } else {
            "Ура, Anna & Барбершоп «Борода»!"
        })
        .await?;
    let play = play.restarted().await?;
    customer.start("Ура, ").await?;
    owner.press(&t("texts.reset"), &t("texts.ask_reset")).await?;
    owner.press(&t("texts.reset_yes"), &t("texts.was_reset")).await?;
    customer.start(greeting).await?;
    // A plural has its forms.
    owner.press(&t("button.back"), &t("texts.which")).await?;
    Album::of(&owner, since).await?.assert_snapshot_in(FOLDER, &format!("texts_{code}"));
    assert_eq!(play.count("select count(*) from audit_log where action in ('text.changed', 'text.reset')").await?, 2);
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_business_says_it_in_its_own_words_in_russian() -> Result<()> {
    own_words("ru").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_business_says_it_in_its_own_words_in_english() -> Result<()> {
    own_words("en").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_of_a_plural_and_a_button_are_changed_too() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let owner = &play.stage.owner;
    owner.say("/admin", "Что откроем?").await?;
    owner.press("💬 Тексты", "вашими словами").await?;
    owner.press("🔎 Найти по словам", "несколько слов").await?;
    owner.say("записаться", "Наш").await?;
    owner.press("📅 Записаться", "Сейчас бот говорит так").await?;
    owner.press("✏️ Изменить", "Пришлите новый текст").await?;
    owner.say(&"я".repeat(101), "не больше 100 знаков").await?;
    owner.say("💈 К мастеру", "Всё верно?").await?;
    owner.press("✅ Сохранить", "Теперь бот говорит так").await?;
    let anna = play.stage.someone("Аня").await?;
    let menu = anna.start("Здравствуйте").await?;
    assert!(menu.button("💈 К мастеру").is_some() && menu.button("📅 Записаться").is_none());

    owner.say("/admin", "Что откроем?").await?;
    owner.press("💬 Тексты", "вашими словами").await?;
    owner.press("✏️ Изменённые вами", "Какой текст").await?;
    owner.press("К мастеру", "Изначально было так").await?;
    // Somebody who is no longer of the team saves nothing.
    owner.press("✏️ Изменить", "Пришлите новый текст").await?;
    owner.say("Иначе", "Всё верно?").await?;
    play.run("update admins set role = 'viewer'").await?;
    let press = owner.tap("✅ Сохранить").await?;
    assert!(play.window(&press).await?.is_some_and(|window| window.contains("кто здесь работает")));
    assert_eq!(play.count("select count(*) from text_templates where body = 'Иначе'").await?, 0);
    play.end().await
}
