//! P1–P6: money is booked once, and always.

use anyhow::{Result, ensure};
use play::{scenes, world::World};
use sandbox::wire::{Event, Fault, FaultKind, What};
use serde_json::json;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{all_followed, delivered, sold};

#[tokio::test(flavor = "multi_thread")]
async fn p1_a_payment_told_again_after_a_restart_is_booked_once() -> Result<()> {
    let (mut world, paid, _) = sold().await?;
    world.master.stop().await?;
    world.start_master().await?;
    for _ in 0..3 {
        world.stage.sim.resend_notification(&paid.payment_id).await?;
    }
    all_followed(&world, 2).await?;
    assert_eq!(delivered(&world).await?, [1; 4]);
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_money_that_came_while_the_master_was_down_is_delivered() -> Result<()> {
    let mut world = World::start().await?;
    let unpaid = scenes::sign_up(&world.someone("Анна").await?, "Барбершоп").await?;
    world.master.kill().await?;
    // Nobody hears of it.
    world.stage.sim.notify_by_itself(false).await?;
    let paid = unpaid.pay().await?;
    world.start_master().await?;
    // The dead master's polling of Telegram must run out first.
    paid.patient(Duration::from_secs(120)).ready().await?;
    assert_eq!(delivered(&world).await?, [1; 4]);
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn p3_a_tap_a_poll_and_a_notification_deliver_once_between_them() -> Result<()> {
    let world = World::start().await?;
    let buyer = world.someone("Анна").await?;
    let unpaid = scenes::sign_up(&buyer, "Барбершоп").await?;
    let id = unpaid.payment_id.clone();
    let taps = async {
        for _ in 0..5 {
            // Once it is ready there is no such button any more.
            let _ = buyer.tap("Проверить оплату").await;
        }
    };
    let sim = world.stage.sim.clone();
    let words = async {
        for _ in 0..5 {
            sim.resend_notification(&id).await?;
        }
        anyhow::Ok(())
    };
    let paid = unpaid.pay().await?;
    let ((), told) = tokio::join!(taps, words);
    told?;
    paid.ready().await?;
    all_followed(&world, 1).await?;
    assert_eq!(delivered(&world).await?, [1; 4]);
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_a_refunds_notification_buys_nothing() -> Result<()> {
    let (world, paid, _) = sold().await?;
    let unpaid = scenes::sign_up(&world.someone("Вера").await?, "Салон").await?;
    let sim = &world.stage.sim;
    for id in [&paid.payment_id, &unpaid.payment_id] {
        sim.forge_notification(id, "refund.succeeded", json!({ "status": "succeeded" })).await?;
    }
    // What comes behind them is dealt with, so they are too.
    sim.resend_notification(&paid.payment_id).await?;
    all_followed(&world, 2).await?;
    assert_eq!(delivered(&world).await?, [1; 4]);
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_a_payment_whose_answer_was_lost_is_not_opened_twice() -> Result<()> {
    let world = World::start().await?;
    let sim = &world.stage.sim;
    sim.fault(&Fault::yookassa("POST /payments", FaultKind::Withhold)).await?;
    let buyer = world.someone("Анна").await?;
    // The first tap's answer is lost on its way; the second tap asks with the same key.
    let mut hasty = buyer.clone();
    hasty.sim = sim.clone().with_patience(Duration::from_secs(8));
    ensure!(scenes::sign_up(&hasty, "Барбершоп").await.is_err(), "the buyer was answered");
    buyer.press("Оплатить", "Счёт готов").await?;
    assert_eq!(sim.faults().await?, [], "the fault has struck");
    assert_eq!(sim.payments().await?.len(), 1);
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_a_shop_that_does_not_answer_stops_nothing_else() -> Result<()> {
    let world = World::start().await?;
    let sim = &world.stage.sim;
    let buyer = world.someone("Анна").await?;
    scenes::sign_up(&buyer, "Барбершоп").await?;
    let before = sim.now().await?;
    sim.fault(&Fault::yookassa("GET /payments", FaultKind::Hang).times(9)).await?;
    let tap = buyer.tap("Проверить оплату").await?;
    let struck = |event: &Event| matches!(&event.what, What::FaultStruck { .. });
    sim.wait_event(before, "the shop is asked", sim.patience(), struck).await?;
    // That product's event loop slept in the call: nothing was answered, neither people nor machines.
    let health = get(&world.master.http()?, "/healthz").await?;
    assert!(health.starts_with("HTTP/1.1 200"), "{health}");
    let answer = |event: &Event| matches!(&event.what, What::PressAnswered { query_id, .. } if Some(query_id) == tap.query_id.as_ref());
    let so_far = sim.events(before, Duration::ZERO).await?.events;
    assert!(!so_far.iter().any(answer), "the shop did not hang");
    // Whoever writes meanwhile is answered, and so is the tap, though the shop never answers.
    world.someone("Борис").await?.start("собственный Telegram-бот записи").await?;
    sim.wait_event(before, "the tap is answered all the same", sim.patience(), answer).await?;
    sim.clear_faults().await?;
    world.close().await
}

/// The head and the body of an answer.
async fn get(server: &str, path: &str) -> Result<String> {
    let address = server.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
