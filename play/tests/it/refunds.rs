//! Money that is given back in YooKassa's own cabinet, past us.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use play::{
    audit, scenes,
    world::{SHOP_ID, SHOP_KEY, World},
};
use sandbox::wire::What;
use serde_json::json;

use crate::cli::comes_to;

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_of_a_refund_is_taken_and_books_nothing() -> Result<()> {
    let world = World::start().await?;
    let sim = world.stage.sim.clone();
    let paid = scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?;
    let slug = world.tenant_of(&paid.bot.username).await?;
    comes_to(&world, &slug, "running").await?;
    let letters = audit::at_rest(&world, Duration::from_secs(60)).await?;
    let seq = sim.now().await?;
    let amount = sim.payment(&paid.payment_id).await?.object["amount"].clone();
    let answer = reqwest::Client::new()
        .post(format!("{}/refunds", world.stage.yookassa_url()))
        .basic_auth(SHOP_ID, Some(SHOP_KEY))
        .header("Idempotence-Key", "by-hand-in-the-cabinet")
        .json(&json!({"payment_id": paid.payment_id, "amount": amount}))
        .send()
        .await?;
    ensure!(answer.status().is_success(), "{}", answer.text().await?);
    let refund = sim.refunds().await?.pop().context("no refund")?;
    sim.wait_event(seq, "the master takes the notification", sim.patience(), |event| {
        matches!(&event.what, What::NotificationSent { payment_id, status: Some(200), .. } if *payment_id == refund.id)
    })
    .await?;
    audit::sold_once_each(&world, std::slice::from_ref(&paid)).await?;
    audit::nothing_was_said_twice(&world, letters).await?;
    comes_to(&world, &slug, "running").await?;
    world.close().await
}
