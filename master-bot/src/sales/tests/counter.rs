//! The way from a tap to booked money through YooKassa's stand-in: lost answers, lying and early notifications.

use anyhow::{Context, Result};
use chrono::TimeDelta;
use play::{
    until,
    world::{Shape, World},
};
use sandbox::wire::{Fault, FaultKind};
use serde_json::json;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

use crate::{
    registry::{BotId, OrderId, clients::Client, inbox},
    sales::checkout::{self, Checkout},
    testing,
};

/// A registry with one complete order, YooKassa's stand-in, and a watcher in our hands.
struct Counter {
    world: World,
    parts: testing::Parts,
    client: Client,
    order: OrderId,
}

impl Counter {
    async fn open() -> Result<Self> {
        let world = World::shaped(Shape { without_master: true, ..Shape::default() }).await?;
        let parts = testing::Parts::wired(world.master.settings().clone()).await?;
        let now = parts.clock.now();
        let client = testing::client(&parts.pool, 42, now).await?;
        let bot = (BotId(777), "777:token");
        let order = testing::complete_order(&parts.pool, &parts.yard.sealer, &client, bot, now).await?.id;
        Ok(Self { world, parts, client, order })
    }

    async fn pay(&self) -> Result<Checkout, checkout::CheckoutError> {
        let watch = &self.parts.watch;
        let now = self.parts.clock.now();
        let intended = checkout::intend(&self.parts.pool, &watch.billing, self.client.id, self.order, now).await?;
        checkout::make(&self.parts.pool, &*watch.gateway, &watch.billing, intended, now).await
    }

    async fn count(&self, sql: &'static str) -> Result<i64> {
        Ok(sqlx::query_scalar(sql).fetch_one(&self.parts.pool).await?)
    }

    async fn tenants(&self) -> Result<i64> {
        self.count("select count(*) from tenants").await
    }

    /// Runs the watcher until what is asked for is so.
    async fn watch_until(&self, what: &str, sql: &'static str, wanted: i64) -> Result<()> {
        let stop = CancellationToken::new();
        let running = tokio::spawn({
            let (watch, stop) = (self.parts.watch.clone(), stop.clone());
            async move { watch.run(stop).await }
        });
        let met =
            until(Duration::from_secs(40), what, async || Ok((self.count(sql).await? == wanted).then_some(()))).await;
        stop.cancel();
        running.await?;
        met
    }

    async fn notified(&self, provider_id: &str) -> Result<()> {
        Ok(inbox::keep(&self.parts.pool, "payment.succeeded", provider_id, self.parts.clock.now()).await?)
    }

    async fn close(self) -> Result<()> {
        self.parts.pool.close().await;
        drop(self.parts);
        self.world.close().await
    }
}

const ASKED: &str = "select count(*) from payment_inbox where outcome is not null and next_look_at is null";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_button_pressed_twice_opens_one_payment() -> Result<()> {
    let counter = Counter::open().await?;
    let (one, two) = tokio::join!(counter.pay(), counter.pay());
    let three = counter.pay().await?;
    let ids: Vec<_> = [one?, two?, three].into_iter().map(|c| (c.payment.id, c.payment.confirmation_url)).collect();
    assert!(ids.iter().all(|id| *id == ids[0] && id.1.is_some()), "{ids:?}");
    assert_eq!(counter.world.stage.sim.payments().await?.len(), 1);
    counter.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_whose_creation_was_cut_off_is_asked_for_again_with_its_key() -> Result<()> {
    let counter = Counter::open().await?;
    let sim = &counter.world.stage.sim;
    sim.fault(&Fault::yookassa("POST /payments", FaultKind::Withhold)).await?;
    assert!(counter.pay().await.is_err(), "the answer was withheld");
    // The next tap, or the watcher after a crash, makes the same call: the provider still has one payment.
    let checkout = counter.pay().await?;
    assert!(checkout.payment.confirmation_url.is_some());
    let made = sim.payments().await?;
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].idempotence_key, checkout.payment.idempotence_key.to_string());
    counter.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_a_tap_that_died_goes_to_the_buyer_by_letter_once() -> Result<()> {
    let counter = Counter::open().await?;
    let (parts, now) = (&counter.parts, counter.parts.clock.now());
    // The tap has written what it wants, and nobody lives to ask for it.
    let intended = checkout::intend(&parts.pool, &parts.watch.billing, counter.client.id, counter.order, now).await?;
    sqlx::query("update payments set next_look_at = $1").bind(now).execute(&parts.pool).await?;
    let letter = "select count(*) from outbox where key like 'bill:%'";
    counter.watch_until("the bill is written", letter, 1).await?;
    let body: String = sqlx::query_scalar("select body::text from outbox").fetch_one(&parts.pool).await?;
    let made = counter.world.stage.sim.payments().await?;
    let page = made[0].object.pointer("/confirmation/confirmation_url").and_then(|url| url.as_str());
    assert!(made.len() == 1 && body.contains(page.context("no page")?), "{body}");
    assert_eq!(made[0].idempotence_key, intended.payment.idempotence_key.to_string());
    counter.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_not_accepted_the_terms_of_today_gets_no_bill() -> Result<()> {
    let counter = Counter::open().await?;
    sqlx::query("update orders set terms_version = 'older'").execute(&counter.parts.pool).await?;
    assert!(matches!(counter.pay().await, Err(checkout::CheckoutError::LookFirst)));
    assert_eq!(counter.count("select count(*) from payments").await?, 0);
    counter.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_notification_books_nothing() -> Result<()> {
    let counter = Counter::open().await?;
    let checkout = counter.pay().await?;
    let ours = checkout.payment.provider_id.context("no id")?;
    // "Paid!", says somebody, of a payment that is not, of one that does not exist, and of something that is no id.
    counter.notified(&ours).await?;
    counter.notified("22d6d597-000f-5000-9000-145f6df21d6f").await?;
    counter.notified("../payments").await?;
    counter.watch_until("three notifications are followed", ASKED, 3).await?;
    assert_eq!(counter.tenants().await?, 0);
    assert_eq!(counter.count("select count(*) from ledger").await?, 0);
    counter.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn duplicate_and_reordered_notifications_book_once() -> Result<()> {
    let counter = Counter::open().await?;
    let checkout = counter.pay().await?;
    let id = checkout.payment.provider_id.context("no id")?;
    counter.world.stage.sim.pay(&id).await?;
    for _ in 0..5 {
        counter.notified(&id).await?;
    }
    inbox::keep(&counter.parts.pool, "payment.canceled", &id, counter.parts.clock.now()).await?;
    counter.watch_until("six notifications are followed", ASKED, 6).await?;
    assert_eq!(counter.tenants().await?, 1);
    assert_eq!(counter.count("select count(*) from ledger").await?, 1);
    assert_eq!(counter.count("select count(*) from subscription_periods").await?, 1);
    counter.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notification_earlier_than_our_own_record_is_followed_all_the_same() -> Result<()> {
    let counter = Counter::open().await?;
    let sim = &counter.world.stage.sim;
    sim.fault(&Fault::yookassa("POST /payments", FaultKind::Withhold)).await?;
    assert!(counter.pay().await.is_err());
    let made = sim.payments().await?;
    sim.pay(&made[0].id).await?;
    counter.notified(&made[0].id).await?;
    counter.watch_until("a tenant is wanted", "select count(*) from tenants", 1).await?;
    counter.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_is_down_is_asked_again() -> Result<()> {
    let counter = Counter::open().await?;
    let sim = &counter.world.stage.sim;
    let id = counter.pay().await?.payment.provider_id.context("no id")?;
    sim.pay(&id).await?;
    for kind in [
        FaultKind::Down,
        FaultKind::Status { code: 500, retry_after: None, after_effect: false },
        FaultKind::Status { code: 429, retry_after: None, after_effect: false },
    ] {
        sim.fault(&Fault::yookassa("GET /payments", kind)).await?;
    }
    counter.notified(&id).await?;
    counter.watch_until("a tenant is wanted", "select count(*) from tenants", 1).await?;
    counter.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_any_notification_the_payment_is_polled() -> Result<()> {
    let counter = Counter::open().await?;
    let id = counter.pay().await?.payment.provider_id.context("no id")?;
    counter.world.stage.sim.pay(&id).await?;
    counter.watch_until("a tenant is wanted", "select count(*) from tenants", 1).await?;
    counter.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sum_that_differs_at_the_provider_starts_nothing() -> Result<()> {
    let counter = Counter::open().await?;
    let sim = &counter.world.stage.sim;
    let id = counter.pay().await?.payment.provider_id.context("no id")?;
    sim.show_amount(&id, Some("1.00"), "RUB").await?;
    sim.pay(&id).await?;
    counter.notified(&id).await?;
    counter
        .watch_until("the payment is settled", "select count(*) from payments where status = 'mismatched'", 1)
        .await?;
    assert_eq!(counter.tenants().await?, 0);
    assert_eq!(counter.count("select amount_kopecks from ledger where kind = 'refund_due'").await?, 100);
    counter.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_posted_to_the_notifications_address_is_kept_or_refused() -> Result<()> {
    let mut counter = Counter::open().await?;
    counter.world.start_master().await?;
    let url = counter.world.master.notifications_url()?;
    let http = reqwest::Client::new();
    let post = |body: String| {
        let request = http.post(&url).header("Content-Type", "application/json").body(body);
        async move { anyhow::Ok(request.send().await?.status().as_u16()) }
    };
    let good = json!({ "type": "notification", "event": "payment.succeeded", "object": { "id": "22d6d597-000f-5000-9000-145f6df21d6f" } });
    assert_eq!(post(good.to_string()).await?, 200);
    let refund = json!({ "type": "notification", "event": "refund.succeeded", "object": { "id": "r-1" } });
    assert_eq!(post(refund.to_string()).await?, 200);
    for bad in ["", "[]", "{", r#"{"event":"payment.succeeded","object":{"id":"a b"}}"#, r#"{"event":"x","object":{}}"#]
    {
        assert_eq!(post(bad.into()).await?, 400, "{bad}");
    }
    assert_eq!(post(format!("\"{}\"", "x".repeat(100_000))).await?, 413);
    assert_eq!(counter.count("select count(*) from payment_inbox").await?, 1);
    for (path, expected) in [("healthz", "ok"), ("readyz", "postgres: ok"), ("metrics", "slotyard_tenants")] {
        let text = reqwest::get(format!("{}/{path}", counter.world.master.http()?)).await?.text().await?;
        assert!(text.contains(expected), "{path}: {text}");
    }
    counter.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_that_hangs_keeps_no_other_waiting() -> Result<()> {
    let counter = Counter::open().await?;
    let sim = &counter.world.stage.sim;
    let id = counter.pay().await?.payment.provider_id.context("no id")?;
    sim.pay(&id).await?;
    // YooKassa does not answer the first question, which is about nothing; the money's comes after it.
    let nothing = "22d6d597-000f-5000-9000-145f6df21d6f";
    sim.fault(&Fault::yookassa(&format!("GET /payments/{nothing}"), FaultKind::Hang)).await?;
    counter.notified(nothing).await?;
    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let (watch, stop) = (counter.parts.watch.clone(), stop.clone());
        async move { watch.run(stop).await }
    });
    until(Duration::from_secs(20), "the first question hangs", async || {
        Ok(sim.faults().await?.is_empty().then_some(()))
    })
    .await?;
    counter.notified(&id).await?;
    counter.parts.watch.bell.notify_one();
    until(Duration::from_secs(20), "the money is booked", async || Ok((counter.tenants().await? == 1).then_some(())))
        .await?;
    // Whoever asked first still waits.
    assert_eq!(counter.count("select count(*) from payment_inbox where attempts = 0").await?, 1);
    stop.cancel();
    running.await?;
    counter.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notifications_that_were_followed_are_forgotten_after_a_month_and_no_others() -> Result<()> {
    let counter = Counter::open().await?;
    let now = counter.parts.clock.now();
    for (id, days, open) in [("old", 31, false), ("young", 29, false), ("old-open", 31, true)] {
        sqlx::query(
            "insert into payment_inbox (received_at, event, provider_id, next_look_at) values ($1, 'x', $2, $3)",
        )
        .bind(now - TimeDelta::days(days))
        .bind(id)
        .bind(open.then_some(now + TimeDelta::hours(1)))
        .execute(&counter.parts.pool)
        .await?;
    }
    counter.watch_until("the old one is forgotten", "select count(*) from payment_inbox", 2).await?;
    assert_eq!(counter.count("select count(*) from payment_inbox where provider_id = 'old'").await?, 0);
    counter.close().await
}
