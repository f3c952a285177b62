//! Prices: what changes while an order is under way is said before anybody pays.

use anyhow::Result;
use play::world::World;

use super::{Buyer, carried, order};

/// As if the plan had cost this when it was chosen, so many days ago.
async fn chosen_at(world: &World, plan: &str, kopecks: i64, days_ago: i32) -> Result<()> {
    let pool = world.registry().await?;
    sqlx::query("update orders set plan = $1, price_kopecks = $2, priced_at = now() - make_interval(days => $3)")
        .bind(plan)
        .bind(kopecks)
        .bind(days_ago)
        .execute(&pool)
        .await?;
    pool.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_that_rose_holds_for_a_week_and_is_told_of_before_it_is_paid() -> Result<()> {
    let world = World::start().await?;
    for (language, told) in [("ru", "было 199 ₽, стало 299 ₽"), ("en", "it was 199 ₽, it is 299 ₽")] {
        let buyer = Buyer::speaking(&world, language).await?;
        buyer.goes_to("sum").await?;
        buyer.tap_like("b:accept:").await?;
        chosen_at(&world, "m1", 19_900, 6).await?;
        let held = buyer.write("/start").await?;
        assert!(held.buttons.len() > 2);
        let held = buyer.tap("b:on").await?;
        assert!(held.text.contains("199 ₽") && !held.text.contains("299 ₽"), "{}", held.text);
        chosen_at(&world, "m1", 19_900, 8).await?;
        // The button still says the old price: no bill is made before the new one was seen.
        let screen = buyer.tap_like("b:pay:").await?;
        assert!(screen.text.contains(told), "{}", screen.text);
        assert_eq!(order(&world).await?.price_kopecks, 29_900);
        buyer.tap_like("b:pay:").await?;
        buyer.comes_to("b:check:").await?;
    }
    let payments = world.stage.sim.payments().await?;
    let asked = |p: &sandbox::wire::Payment| p.object.pointer("/amount/value").cloned();
    assert_eq!(payments.iter().filter_map(asked).collect::<Vec<_>>(), ["299.00", "299.00"]);
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_that_fell_falls_at_once_and_a_plan_that_is_gone_is_chosen_anew() -> Result<()> {
    let world = World::start().await?;
    let buyer = Buyer::speaking(&world, "ru").await?;
    buyer.goes_to("sum").await?;
    chosen_at(&world, "m1", 39_900, 0).await?;
    buyer.write("/start").await?;
    let fell = buyer.tap("b:on").await?;
    assert!(fell.text.contains("было 399 ₽, стало 299 ₽"), "{}", fell.text);
    chosen_at(&world, "w1", 9_900, 0).await?;
    buyer.write("/start").await?;
    let gone = buyer.tap("b:on").await?;
    assert!(gone.text.contains("больше не продаётся") && carried(&gone).contains(&"b:plan:m3".to_owned()), "{gone:?}");
    let summary = buyer.tap("b:plan:m3").await?;
    assert!(summary.text.contains("3 месяца — 799 ₽") && !summary.text.contains("цена изменилась"), "{}", summary.text);
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plan_of_a_bill_that_can_be_paid_stays() -> Result<()> {
    let world = World::start().await?;
    let buyer = Buyer::speaking(&world, "ru").await?;
    buyer.goes_to("sum").await?;
    let payment = buyer.bill().await?;
    let note = buyer.forge("b:plan:m12").await?;
    assert!(note.contains("уже есть счёт"), "{note}");
    assert_eq!(order(&world).await?.plan, "m1");
    // What the bill does not depend on can still be mended.
    buyer.forge("b:ask:name").await?;
    buyer.write("Борода").await?;
    assert_eq!(order(&world).await?.business_name.as_deref(), Some("Борода"));
    // The bill is closed unpaid: now another plan can be chosen, and the next bill is of that.
    buyer.0.sim.decline(&payment.id, "expired_on_confirmation").await?;
    buyer.0.reads("время на оплату вышло").await?;
    buyer.forge("b:plan:m12").await?;
    let order = order(&world).await?;
    assert_eq!((order.plan.as_str(), order.price_kopecks), ("m12", 249_900));
    buyer.0.press("Оплатить 2499", "Счёт готов: 2499 ₽").await?;
    world.close().await
}
