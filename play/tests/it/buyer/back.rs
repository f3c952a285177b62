//! Going back, keeping, changing, giving up.

use anyhow::{Context, Result};
use play::world::World;

use super::{Buyer, LANGUAGES, carried, order, orders};

/// Questions with a piece of their usual answer, last first.
const BACKWARDS: [(&str, &str); 4] = [("contact", "anna@example.ru"), ("zone", "+1"), ("kind", "💈"), ("name", "Усы")];

#[tokio::test(flavor = "multi_thread")]
async fn every_question_is_gone_back_to_shows_its_answer_and_keeps_it() -> Result<()> {
    let world = World::start().await?;
    for language in LANGUAGES {
        let buyer = Buyer::speaking(&world, language).await?;
        buyer.goes_to("bot").await?;
        let before = order(&world).await?;
        for (question, answer) in BACKWARDS {
            let screen = buyer.tap(&format!("b:ask:{question}")).await?;
            assert!(screen.text.contains(answer), "{question} shows no {answer}: {}", screen.text);
            assert!(carried(&screen).contains(&"b:on".to_owned()), "{question} cannot be kept: {screen:?}");
        }
        // Before the first question stands the plan.
        let plans = buyer.tap("b:plans").await?;
        assert!(plans.buttons.iter().flatten().any(|b| b.text.starts_with("✅")), "{plans:?}");
        buyer.tap("b:on").await?;
        let screen = buyer.tap("b:ask:contact").await?;
        assert!(screen.text.contains("anna@example.ru"));
        let kept = buyer.tap("b:on").await?;
        assert!(carried(&kept).contains(&"b:other".to_owned()), "not at the bot: {kept:?}");
        assert_eq!(order(&world).await?, before, "looking back has changed something");
        // A question gone back to is answered anew, and the way leads on to what is still missing.
        buyer.tap("b:ask:contact").await?;
        buyer.tap("b:ask:zone").await?;
        buyer.tap("b:ask:kind").await?;
        buyer.tap("b:ask:name").await?;
        let next = buyer.write("Борода").await?;
        assert!(carried(&next).contains(&"b:other".to_owned()), "not at the bot: {next:?}");
        let after = order(&world).await?;
        assert_eq!((after.business_name.as_deref(), &after.zone), (Some("Борода"), &before.zone));
        buyer.tap_like("b:drop:").await?;
        buyer.tap_like("b:over:").await?;
    }
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_changed_from_the_summary_and_leads_back_to_it() -> Result<()> {
    let world = World::start().await?;
    let buyer = Buyer::speaking(&world, "ru").await?;
    buyer.goes_to("sum").await?;
    let first = order(&world).await?;
    let change = async |question: &str| {
        buyer.tap("b:edit").await?;
        buyer.tap(question).await
    };
    change("b:ask:name").await?;
    assert!(buyer.write("Борода").await?.text.contains("🏷 Борода"));
    change("b:ask:kind").await?;
    assert!(buyer.tap("b:kind:clinic").await?.text.contains("🩺 Клиника"));
    change("b:ask:zone").await?;
    assert!(buyer.tap("b:zone:Asia/Omsk").await?.text.contains("Омск · МСК+3"));
    change("b:ask:contact").await?;
    assert!(buyer.write("8 912 345 67 89").await?.text.contains("+79123456789"));
    change("b:plans").await?;
    let summary = buyer.tap("b:plan:m12").await?;
    assert!(summary.text.contains("12 месяцев — 2499 ₽"), "{}", summary.text);
    // Another bot takes the place of the first, which can be taken again.
    let asked = change("b:ask:bot").await?;
    assert!(asked.text.contains("Сейчас — @"), "{}", asked.text);
    let link = asked.buttons.iter().flatten().find_map(|b| b.url.clone()).context("no link")?;
    buyer.0.sim.open_new_bot(buyer.0.person.id, &link, None, Some("another_usy_bot")).await?;
    buyer.0.reads("🤖 @another_usy_bot").await?;
    let second = order(&world).await?;
    assert_ne!(second.bot_id, first.bot_id);
    change("b:ask:bot").await?;
    buyer.tap_like("b:take:").await?;
    let third = order(&world).await?;
    assert_eq!(third.bot_id, first.bot_id);
    assert_eq!((third.plan.as_str(), third.price_kopecks, third.state.as_str()), ("m12", 249_900, "draft"));
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_given_up_after_one_more_question_and_by_nothing_else() -> Result<()> {
    let world = World::start().await?;
    for (language, asked) in [("ru", "Отменить заказ?"), ("en", "Cancel the order?")] {
        let buyer = Buyer::speaking(&world, language).await?;
        let nothing = buyer.write("/cancel").await?;
        assert!(!nothing.text.contains(asked), "{}", nothing.text);
        buyer.goes_to("zone").await?;
        for way in ["b:drop:", "/cancel"] {
            let screen = if way == "/cancel" { buyer.write(way).await? } else { buyer.tap_like(way).await? };
            assert!(screen.text.contains(asked), "{}", screen.text);
            assert_eq!(order(&world).await?.state, "draft");
            let back = buyer.tap("b:on").await?;
            assert!(carried(&back).iter().any(|data| data.starts_with("b:zone:")), "{back:?}");
        }
        buyer.tap_like("b:drop:").await?;
        buyer.tap_like("b:over:").await?;
        assert_eq!(order(&world).await?.state, "cancelled");
        // Old buttons of a dead order lead nowhere harmful, and a new one begins.
        let id = order(&world).await?.id;
        buyer.forge(&format!("b:over:{id}")).await?;
        buyer.goes_to("name").await?;
        assert_eq!(order(&world).await?.state, "draft");
        buyer.forge(&format!("b:over:{id}")).await?;
        assert_eq!(order(&world).await?.state, "draft", "the button of another order has given this one up");
    }
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_long_ago_can_be_gone_on_with_or_begun_anew() -> Result<()> {
    let world = World::start().await?;
    let buyer = Buyer::speaking(&world, "ru").await?;
    buyer.goes_to("zone").await?;
    let pool = world.registry().await?;
    sqlx::query(
        "update orders set created_at = created_at - interval '9 days', updated_at = updated_at - interval '9 days'",
    )
    .execute(&pool)
    .await?;
    pool.close().await;
    let greeting = buyer.write("/start").await?;
    assert!(greeting.text.contains("Вы начали оформлять заказ — Усы, 1 месяц"), "{}", greeting.text);
    let asked = buyer.tap("b:on").await?;
    assert!(carried(&asked).iter().any(|data| data.starts_with("b:zone:")), "{asked:?}");
    buyer.write("/start").await?;
    buyer.0.press("Начать заново", "Отменить заказ?").await?;
    buyer.tap_like("b:over:").await?;
    buyer.goes_to("name").await?;
    assert_eq!(orders(&world).await?.len(), 2);
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn buttons_of_questions_that_were_answered_change_nothing_when_pressed_again() -> Result<()> {
    let world = World::start().await?;
    let buyer = Buyer::speaking(&world, "ru").await?;
    buyer.goes_to("sum").await?;
    let before = order(&world).await?;
    for data in
        ["b:kind:clinic", "b:zone:Asia/Omsk", "b:zones:2", "b:share", "b:other", "b:take:1", "b:kind:x", "b:zone:x"]
    {
        buyer.forge(data).await?;
        assert_eq!(order(&world).await?, before, "{data}");
    }
    // At the question itself, what is not offered is no answer.
    buyer.tap("b:edit").await?;
    buyer.tap("b:ask:kind").await?;
    assert!(buyer.forge("b:kind:bank").await?.contains("устарела"));
    buyer.forge("b:ask:zone").await?;
    assert!(buyer.forge("b:zone:Mars/Olympus").await?.contains("устарела"));
    assert_eq!(order(&world).await?, before);
    world.close().await
}
