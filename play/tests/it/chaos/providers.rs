//! Telegram and YooKassa: down, slow, busy, or failing with the effect done.

use std::time::{Duration, Instant};

use anyhow::Result;
use play::{
    audit,
    relay::Relay,
    scenes::{self, Paid},
    until,
    world::{Shape, World},
};
use sandbox::wire::{Fault, FaultKind, What};

use super::{CONVERGES, took};

/// A master whose lines to both providers can be cut.
async fn on_a_line() -> Result<(World, Relay)> {
    let mut world = World::shaped(Shape { without_master: true, ..Shape::default() }).await?;
    let line = Relay::to(&world.stage.telegram_url()).await?;
    let (telegram, yookassa) = (world.stage.telegram_url(), world.stage.yookassa_url());
    world.master.set("TELEGRAM_API_URL", &line.by_way(&telegram)?);
    world.master.set("YOOKASSA_API_URL", &line.by_way(&yookassa)?);
    world.start_master().await?;
    Ok((world, line))
}

/// A sale is done in spite of a fault, which has struck since `seq` and is over.
async fn struck(world: &World, fault: &str, (seq, broken): (u64, Instant)) -> Result<()> {
    took(&format!("{fault}: a sale is done"), broken);
    let sim = &world.stage.sim;
    sim.clear_faults().await?;
    sim.wait_event(seq, "the fault strikes", Duration::ZERO, |event| matches!(event.what, What::FaultStruck { .. }))
        .await?;
    Ok(())
}

/// One of everything came of each of the sales.
async fn end(world: World, sales: &[Paid]) -> Result<()> {
    let letters = audit::at_rest(&world, CONVERGES).await?;
    audit::sold_once_each(&world, sales).await?;
    audit::nothing_was_said_twice(&world, letters).await?;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn providers_that_are_down_delay_a_sale_and_lose_nothing_of_it() -> Result<()> {
    let (world, line) = on_a_line().await?;
    let unpaid = scenes::sign_up(&world.someone("Анна").await?, "Барбершоп").await?;
    line.cut();
    // Paid on the page; the notification comes in, and nobody can be asked what it is worth.
    let paid = unpaid.pay().await?;
    paid.notified_ms().await?;
    let pool = world.registry().await?;
    until(CONVERGES, "YooKassa was asked in vain", async || {
        let tries: i64 =
            sqlx::query_scalar("select coalesce(sum(attempts), 0)::bigint from payment_inbox").fetch_one(&pool).await?;
        Ok((tries >= 2).then_some(()))
    })
    .await?;
    let booked: i64 = sqlx::query_scalar("select count(*) from ledger").fetch_one(&pool).await?;
    assert_eq!(booked, 0, "a notification alone books nothing");
    pool.close().await;
    let mended = Instant::now();
    line.mend().await?;
    paid.patient(CONVERGES).ready().await?;
    took("Telegram and YooKassa down in the middle of a sale: it is done, since they are back", mended);
    let letters = audit::at_rest(&world, CONVERGES).await?;
    assert_eq!(letters.unknown + letters.failed, 0, "what was never sent is sent later: {letters:?}");
    end(world, &[paid]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telegram_that_is_slow_busy_or_fails_after_the_effect_delays_a_sale_and_doubles_no_word() -> Result<()> {
    let world = World::start().await?;
    let sim = world.stage.sim.clone();
    let busy = FaultKind::Status { code: 429, retry_after: Some(2), after_effect: false };
    let failing = FaultKind::Status { code: 500, retry_after: None, after_effect: true };
    let mut sales = Vec::new();
    for (fault, orders, unknown) in [
        ("Telegram slow (2 s for every call)", vec![(None, FaultKind::Delay { delay_ms: 2000 }, 12)], 0),
        (
            "Telegram busy (429, retry_after 2 s)",
            vec![(Some("sendMessage"), busy.clone(), 3), (Some("getMe"), busy, 1)],
            0,
        ),
        ("Telegram answers 500 with the message sent", vec![(Some("sendMessage"), failing, 1)], 1),
    ] {
        let unpaid = scenes::sign_up(&world.someone("Анна").await?, fault).await?;
        let before = audit::at_rest(&world, CONVERGES).await?;
        for (method, kind, times) in orders {
            let mut order = Fault::telegram("", kind).times(times);
            order.method = method.map(str::to_owned);
            sim.fault(&order).await?;
        }
        let (seq, broken) = (sim.now().await?, Instant::now());
        let paid = unpaid.pay().await?.patient(CONVERGES);
        paid.ready().await?;
        struck(&world, fault, (seq, broken)).await?;
        let letters = audit::at_rest(&world, CONVERGES).await?;
        assert_eq!(letters.unknown - before.unknown, unknown, "{fault}: {letters:?}");
        sales.push(paid);
    }
    end(world, &sales).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yookassa_that_is_slow_busy_or_fails_after_the_effect_takes_money_once() -> Result<()> {
    let world = World::start().await?;
    let sim = world.stage.sim.clone();
    let busy = FaultKind::Status { code: 429, retry_after: None, after_effect: false };
    let failing = |after_effect| FaultKind::Status { code: 500, retry_after: None, after_effect };
    let mut sales = Vec::new();
    for (fault, kind) in [
        ("YooKassa slow (3 s for every call)", FaultKind::Delay { delay_ms: 3000 }),
        ("YooKassa busy (429)", busy),
        ("YooKassa answers 500", failing(false)),
        ("YooKassa answers 500 with the payment made", failing(true)),
    ] {
        let buyer = world.someone("Анна").await?;
        let bot = scenes::order(&buyer, fault).await?;
        scenes::accept(&buyer).await?;
        let (seq, broken) = (sim.now().await?, Instant::now());
        sim.fault(&Fault::yookassa("POST /payments", kind.clone())).await?;
        let tapped = buyer.tap("Оплатить").await?;
        sim.wait_answer(&tapped).await?;
        // Told to try again, unless it was only slow.
        if matches!(kind, FaultKind::Status { .. }) {
            buyer.press("Оплатить", "Счёт готов").await?;
        }
        buyer.reads("Счёт готов").await?;
        let unpaid = scenes::take_bill(&buyer, bot).await?;
        sim.fault(&Fault::yookassa("GET /payments", kind).times(2)).await?;
        let paid = unpaid.pay().await?.patient(CONVERGES);
        paid.ready().await?;
        struck(&world, fault, (seq, broken)).await?;
        sales.push(paid);
    }
    end(world, &sales).await
}
