//! Paying: a page that closes, a shop that takes its time, taps that come at the wrong moment.

use std::time::Duration;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use play::world::{Shape, World};
use sandbox::wire::{Event, Fault, FaultKind, What};

use super::{Buyer, LANGUAGES, carried, order};

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_was_open_too_long_is_replaced_by_one_tap() -> Result<()> {
    let world = World::shaped(Shape { played_time: true, ..Shape::default() }).await?;
    for (language, closed) in [("ru", "время на оплату вышло"), ("en", "the time to pay has run out")]
    {
        let buyer = Buyer::speaking(&world, language).await?;
        buyer.goes_to("sum").await?;
        let first = buyer.bill().await?;
        buyer.0.sim.forward(TimeDelta::minutes(61)).await?;
        buyer.0.reads(closed).await?;
        // A look at the old bill tells the truth, and offers the new one.
        let old = buyer.data_like("b:check:").await?;
        let told = buyer.tap(&old).await?;
        assert!(told.text.contains(closed) || carried(&told).iter().any(|d| d.starts_with("b:pay:")), "{told:?}");
        buyer.tap_like("b:pay:").await?;
        buyer.comes_to("b:check:").await?;
        let second = buyer.0.sim.payments().await?.pop().context("no payment")?;
        assert_ne!(second.id, first.id);
        assert_eq!(
            (second.status.as_str(), buyer.0.sim.payment(&first.id).await?.status.as_str()),
            ("pending", "canceled")
        );
        buyer.0.sim.pay(&second.id).await?;
        buyer.0.reads(if language == "ru" { "Оплата получена" } else { "Payment received" }).await?;
    }
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_that_takes_its_time_holds_up_nobody_and_its_answer_comes_into_the_chat() -> Result<()> {
    let world = World::start().await?;
    for (language, asking, wait) in [
        ("ru", "Спрашиваем ЮKassa", "пока не подтвердила"),
        ("en", "We are asking YooKassa", "has not confirmed the payment yet"),
    ] {
        let buyer = Buyer::speaking(&world, language).await?;
        let sim = buyer.0.sim.clone();
        buyer.goes_to("sum").await?;
        buyer.tap_like("b:accept:").await?;
        let slow = FaultKind::Delay { delay_ms: 5000 };
        let before = sim.now().await?;
        sim.fault(&Fault::yookassa("POST /payments", slow.clone())).await?;
        let act = sim.press_data(buyer.0.person.id, &buyer.0.bot, &buyer.data_like("b:pay:").await?).await?;
        // The update is done with long before the shop has answered, and whoever writes meanwhile is answered.
        sim.wait_confirmed(&act).await?;
        let other = Buyer::speaking(&world, language).await?;
        other.write("/start").await?;
        let made = |event: &Event| matches!(event.what, What::PaymentCreated { .. });
        assert!(!sim.events(before, Duration::ZERO).await?.events.iter().any(made), "the shop was not slow");
        assert!(sim.wait_answer(&act).await?.0.unwrap_or_default().contains(asking));
        buyer.comes_to("b:check:").await?;
        // The same of a look whether the money has come.
        let before = sim.now().await?;
        sim.fault(&Fault::yookassa("GET /payments", slow).times(100)).await?;
        let check = buyer.data_like("b:check:").await?;
        let act = sim.press_data(buyer.0.person.id, &buyer.0.bot, &check).await?;
        sim.wait_confirmed(&act).await?;
        // However often somebody taps meanwhile, the shop is asked for them once; our own polling asks besides.
        for _ in 0..20 {
            let again = sim.press_data(buyer.0.person.id, &buyer.0.bot, &check).await?;
            assert!(sim.wait_answer(&again).await?.0.unwrap_or_default().contains(asking));
        }
        let struck = |event: &&Event| matches!(event.what, What::FaultStruck { .. });
        let asked = sim.events(before, Duration::ZERO).await?.events.iter().filter(struck).count();
        assert!(asked < 10, "{asked} questions for one button");
        assert!(sim.wait_answer(&act).await?.0.unwrap_or_default().contains(asking));
        buyer.0.reads(wait).await?;
        sim.clear_faults().await?;
    }
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn giving_up_an_order_whose_money_has_just_come_gives_up_nothing() -> Result<()> {
    let world = World::start().await?;
    for language in LANGUAGES {
        let buyer = Buyer::speaking(&world, language).await?;
        buyer.goes_to("sum").await?;
        // The shop says nothing by itself, and the tap is quicker than the next look.
        buyer.0.sim.notify_by_itself(false).await?;
        let payment = buyer.bill().await?;
        buyer.tap_like("b:drop:").await?;
        buyer.0.sim.pay(&payment.id).await?;
        buyer.tap_like("b:over:").await?;
        buyer.0.reads(if language == "ru" { "Оплата получена" } else { "Payment received" }).await?;
        assert_eq!(order(&world).await?.state, "paid");
    }
    world.close().await
}
