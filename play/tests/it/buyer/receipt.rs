//! The receipt (54-FZ): asked for when configured, and never changed under the same key.

use anyhow::{Context, Result};
use play::world::{Shape, World};
use sandbox::wire::{Fault, FaultKind, ShopSettings};
use serde_json::Value;

use super::{Buyer, LANGUAGES};

fn settings(vat: &str) -> Vec<(String, String)> {
    vec![("RECEIPT_VAT_CODE".into(), vat.into()), ("RECEIPT_TAX_SYSTEM".into(), "2".into())]
}

/// What the master asked with, of the newest payment.
async fn asked(world: &World) -> Result<Value> {
    let pool = world.registry().await?;
    let asked: Value =
        sqlx::query_scalar("select asked from payments order by id desc limit 1").fetch_one(&pool).await?;
    pool.close().await;
    Ok(asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_that_takes_no_payment_without_a_receipt_gets_one_to_the_mail_or_the_phone() -> Result<()> {
    let world = World::shaped(Shape { settings: settings("11"), ..Shape::default() }).await?;
    world.stage.sim.shop(&ShopSettings { receipts: Some(true), ..ShopSettings::default() }).await?;
    for (language, said) in LANGUAGES.into_iter().zip(["чек", "receipt"]) {
        let buyer = Buyer::speaking(&world, language).await?;
        let question = buyer.goes_to("contact").await?;
        assert!(question.text.contains(said), "{}", question.text);
        buyer.answers("contact").await?;
        buyer.answers("bot").await?;
        let payment = buyer.bill().await?;
        assert_eq!(asked(&world).await?.pointer("/receipt/to/email"), Some(&Value::from("anna@example.ru")));
        // The next bill goes to a phone.
        buyer.0.sim.decline(&payment.id, "general_decline").await?;
        buyer.comes_to("b:pay:").await?;
        buyer.forge("b:ask:contact").await?;
        buyer.write("+7 912 345-67-89").await?;
        buyer.tap_like("b:pay:").await?;
        buyer.comes_to("b:check:").await?;
        let asked = asked(&world).await?;
        assert_eq!(asked.pointer("/receipt/to/phone"), Some(&Value::from("79123456789")));
        assert_eq!(
            (asked.pointer("/receipt/vat_code"), asked.pointer("/receipt/tax_system")),
            (Some(&11.into()), Some(&2.into()))
        );
        let payment = buyer.0.sim.payments().await?.pop().context("no payment")?;
        buyer.0.sim.pay(&payment.id).await?;
        let paid = buyer.0.sim.wait_payment("paid", |p| p.id == payment.id && p.status == "succeeded").await?;
        assert!(paid.object.get("receipt_registration").is_some(), "{}", paid.object);
    }
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_change_do_not_change_a_call_that_is_repeated() -> Result<()> {
    let mut world = World::shaped(Shape { settings: settings("11"), ..Shape::default() }).await?;
    let buyer = Buyer::speaking(&world, "ru").await?;
    buyer.goes_to("sum").await?;
    buyer.tap_like("b:accept:").await?;
    // The payment is made, and the answer lost.
    buyer.0.sim.fault(&Fault::yookassa("POST /payments", FaultKind::Withhold)).await?;
    let act = buyer.0.tap("Оплатить").await?;
    assert!(buyer.0.sim.wait_answer(&act).await?.0.unwrap_or_default().contains("не отвечает"));
    let before = asked(&world).await?;
    world.master.stop().await?;
    world.master.set("RECEIPT_VAT_CODE", "1");
    world.master.unset("RECEIPT_TAX_SYSTEM");
    world.start_master().await?;
    // Another contact, too. The sandbox refuses a key that comes with another body, as the shop does.
    buyer.forge("b:ask:contact").await?;
    buyer.write("other@example.ru").await?;
    buyer.tap_like("b:pay:").await?;
    buyer.comes_to("b:check:").await?;
    assert_eq!(asked(&world).await?, before);
    assert_eq!(buyer.0.sim.payments().await?.len(), 1);
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_without_receipts_is_asked_for_none_and_promises_none() -> Result<()> {
    let world = World::start().await?;
    let buyer = Buyer::speaking(&world, "ru").await?;
    let question = buyer.goes_to("contact").await?;
    assert!(!question.text.contains("чек"), "{}", question.text);
    buyer.answers("contact").await?;
    buyer.answers("bot").await?;
    buyer.bill().await?;
    assert_eq!(asked(&world).await?.get("receipt"), Some(&Value::Null));
    world.close().await
}
