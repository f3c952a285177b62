//! The first run, through the chat: from nothing to a booking, left and resumed at every step, with what the owner's
//! Telegram profile says.

use anyhow::Result;
use play::album::Album;
use sandbox::wire::{BusinessProfile, NewPerson};
use serde_json::json;

use crate::{
    albums::{FOLDER, Tongue},
    running::Play,
    shop::monday,
};

fn owner(code: &str) -> NewPerson {
    let hours = json!({ "time_zone_name": "Europe/Moscow", "opening_hours": [
        { "opening_minute": 600, "closing_minute": 1140 }, { "opening_minute": 2040, "closing_minute": 2580 } ] });
    NewPerson {
        first_name: if code == "ru" { "Олег" } else { "Oliver" }.to_owned(),
        language_code: Some(code.to_owned()),
        business: Some(BusinessProfile {
            intro: Some(json!({ "title": "Чайная «Пар»" })),
            location: Some(json!({ "address": "Казань, Баумана, 5" })),
            opening_hours: Some(hours),
        }),
        ..NewPerson::default()
    }
}

/// A blank page becomes a business, and a customer books what it offers.
async fn from_a_blank_page_to_a_booking(code: &str) -> Result<()> {
    let play = Play::untouched("barbershop", monday(), &owner(code)).await?;
    let tongue = Tongue::of(code)?;
    let t = |key: &str| tongue.say(key);
    let o = &play.stage.owner;
    o.start(&t("setup.kind")).await?;
    o.press(&t("setup.empty"), &t("setup.ask_empty")).await?;
    o.press(&t("setup.kind_yes"), &t("setup.no_services")).await?;
    o.press(&t("offer.add_service"), &t("offer.ask_services")).await?;
    o.say("Чай", &t("offer.typed_services")).await?;
    o.say("Чайная церемония, 1,5 ч, 2 000\nЧай с собой, 15, 300", "Чай с собой").await?;
    o.press(&t("console.save"), &t("fill.saved")).await?;
    let step = |n: usize| {
        if code == "ru" { format!("🧭 Настройка: шаг {n}") } else { format!("🧭 Setting up: step {n}") }
    };
    o.press(&step(2), &t("setup.services")).await?;
    o.press(&t("setup.next"), &t("setup.no_resources")).await?;
    o.press(&t("offer.add.person"), &t("offer.ask_new.person")).await?;
    o.say("Анна, Мария", "Мария").await?;
    o.press(&t("console.save"), &t("fill.saved")).await?;
    o.press(&step(3), &t("setup.resources")).await?;
    o.press(&t("setup.next"), &t("setup.hours")).await?;
    // What the profile says is offered, and taken only when pressed.
    assert_eq!(play.count("select count(*) from working_hours where resource_id is null").await?, 0);
    o.press(&t("setup.take_hours"), &t("fill.saved")).await?;
    assert_eq!(play.count("select count(*) from working_hours where resource_id is null").await?, 2);
    o.press(&t("setup.next"), &t("setup.place")).await?;
    o.press(&t("setup.take_address"), "Баумана").await?;
    o.press(&t("rules.field.phone"), &t("rules.ask.phone")).await?;
    o.say("звоните", &t("phone.wrong")).await?;
    o.say("8 916 123-45-67", "+79161234567").await?;
    o.press(&t("console.save"), &t("fill.saved")).await?;
    o.press(&step(5), &t("setup.place")).await?;
    o.press(&t("setup.next"), &t("setup.look")).await?;
    o.press(&t("setup.as_customer"), "").await?;
    o.press(&t("menu.admin"), "·").await?;
    o.press(&step(6), &t("setup.look")).await?;
    o.press(&t("setup.finish"), "https://t.me/boroda_bot").await?;
    assert_eq!(play.count("select count(*) from settings where key = 'setup_step' and value = 'done'").await?, 1);
    Album::of(o, 0).await?.assert_snapshot_in(FOLDER, &format!("setup_{code}"));

    // What was set up is what a customer books.
    let anna = play.stage.someone("Аня").await?;
    anna.start("Здравствуйте").await?;
    anna.press("📅 Записаться", "Выберите услугу").await?;
    anna.press("Чайная церемония", "К кому вас записать?").await?;
    anna.press("Мария", "Когда вам удобно?").await?;
    anna.press("24", "вт, 24 ноября. Выберите время").await?;
    play.chooses(&anna, "12:00").await?;
    anna.press("✅ Записаться", "Вы записаны!").await?;
    assert_eq!(
        play.count("select count(*) from bookings where status = 'confirmed' and price_kopecks = 200000").await?,
        1
    );
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_sets_up_from_a_blank_page_what_a_customer_then_books_in_russian() -> Result<()> {
    from_a_blank_page_to_a_booking("ru").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_sets_up_from_a_blank_page_what_a_customer_then_books_in_english() -> Result<()> {
    from_a_blank_page_to_a_booking("en").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_run_is_resumed_at_every_step_after_a_restart_and_by_another_owner() -> Result<()> {
    let mut play = Play::untouched("barbershop", monday(), &owner("ru")).await?;
    let tongue = Tongue::of("ru")?;
    let t = |key: &str| tongue.say(key);
    play.stage.owner.start(&t("setup.kind")).await?;
    for key in ["setup.services", "setup.resources", "setup.hours", "setup.place", "setup.look"] {
        let next = if key == "setup.services" { "✅ 💈 Барбершоп".to_owned() } else { t("setup.next") };
        play.stage.owner.press(&next, &t(key)).await?;
        play = play.restarted().await?;
        play.stage.owner.start(&t(key)).await?;
    }
    let olga = play.stage.someone("Ольга").await?;
    sqlx::query("insert into admins (user_id, role, added_at) values ($1, 'owner', $2)")
        .bind(olga.person.id)
        .bind(play.clock.now())
        .execute(&play.pool)
        .await?;
    olga.start(&t("setup.look")).await?;
    olga.press(&t("setup.finish"), "https://t.me/boroda_bot").await?;
    play.stage.owner.start("Здравствуйте, Олег!").await?;
    let menu = play.stage.owner.screen().await?;
    assert!(menu.button("📅 Записаться").is_some(), "{}", menu.text);
    play.end().await
}

/// What a console of the shop changes, screen by screen.
async fn the_shop_is_changed(code: &str) -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let tongue = Tongue::of(code)?;
    let t = |key: &str| tongue.say(key);
    let o = match code {
        "ru" => play.stage.someone("Ольга").await?,
        _ => play.stage.english("Olga").await?,
    };
    sqlx::query("insert into admins (user_id, role, added_at) values ($1, 'manager', $2)")
        .bind(o.person.id)
        .bind(play.clock.now())
        .execute(&play.pool)
        .await?;
    o.start("Барбершоп «Борода»").await?;
    o.press(&t("menu.admin"), "·").await?;
    o.press(&t("home.services"), &t("offer.about_services")).await?;
    o.press("Мужская стрижка", &t("offer.done_by")).await?;
    o.press(&t("offer.field.price"), &t("offer.ask.price")).await?;
    o.say("дорого", &t("typed.price")).await?;
    o.say("2к", "2\u{a0}000").await?;
    o.press(&t("console.save"), &t("fill.saved")).await?;
    assert_eq!(play.count("select price_kopecks from services where name = 'Мужская стрижка'").await?, 200_000);
    o.press(&t("offer.field.photo"), &t("offer.ask.photo")).await?;
    o.say("вот", &t("fill.photo")).await?;
    o.press(&t("button.back"), &t("offer.done_by")).await?;
    o.say("/admin", "·").await?;
    o.press(&t("home.hours"), &t("hours.day.d1")).await?;
    o.press(if code == "ru" { "вс" } else { "Sun" }, &t("hours.ask")).await?;
    o.say("11-15, 16-2", "16:00–02:00").await?;
    o.press(&t("console.save"), &t("fill.saved")).await?;
    o.press(&t("hours.days"), &t("hours.no_days")).await?;
    o.press(&t("hours.add_other"), &t("hours.ask_other")).await?;
    o.say("завтра", &t("hours.typed_other")).await?;
    o.say("31.12 10-15 короткий день", "короткий день").await?;
    o.press(&t("console.save"), &t("hours.about_days")).await?;
    o.say("/admin", "·").await?;
    o.press(&t("home.rules"), &t("rules.about")).await?;
    o.press(&t("rules.group.changes"), &t("rules.field.cancel")).await?;
    o.press(&t("rules.field.cancel"), &t("rules.ask.cancel")).await?;
    o.say(if code == "ru" { "1,5 ч" } else { "1.5 h" }, if code == "ru" { "1 ч 30 мин" } else { "1 h 30 min" }).await?;
    o.press(&t("console.save"), &t("fill.saved")).await?;
    o.say("/admin", "·").await?;
    o.press(&t("home.place"), &t("rules.field.name")).await?;
    o.press(&t("rules.zone"), if code == "ru" { "В каком городе вы?" } else { "In which city are you?" }).await?;
    o.say(if code == "ru" { "Казань" } else { "Omsk" }, "UTC+").await?;
    o.press(&t("console.save"), &t("fill.saved")).await?;
    Album::of(&o, 0).await?.assert_snapshot_in(FOLDER, &format!("shop_changed_{code}"));
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prices_hours_special_days_rules_and_zone_are_changed_from_one_menu_in_russian() -> Result<()> {
    the_shop_is_changed("ru").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prices_hours_special_days_rules_and_zone_are_changed_from_one_menu_in_english() -> Result<()> {
    the_shop_is_changed("en").await
}
