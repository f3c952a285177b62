//! Money: whatever the provider says, in whatever order and however often, each payment is booked once.

use std::sync::Arc;

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde_json::Value;
use shared::{outbox, seal::Sealer, texts::Texts};
use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    bot::words::BotWords,
    payments::{Told, ToldStatus},
    registry::{
        BotId, Kopecks, PaymentId,
        bots::{self, Bot},
        incidents, ledger,
        orders::{self, Answer, Order, OrderState},
        payments::{self, Payment, PaymentStatus},
        tenants,
    },
    sales::money::{Outcome, Till},
    testing::{self, Registry},
};

const PRICE: Kopecks = Kopecks(29_900);
const OPERATORS: i64 = -100;

/// A registry with one complete order in it.
struct Shop {
    registry: Registry,
    words: BotWords,
    sealer: Arc<Sealer>,
    order: Order,
    now: DateTime<Utc>,
}

impl Shop {
    async fn open() -> Result<Self> {
        let registry = Registry::fresh().await?;
        let sealer = Sealer::new(1, &SecretString::from("k".repeat(32)), b"0123456789abcdef")?;
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let client = testing::client(&registry.pool, 42, now).await?;
        let order = testing::complete_order(&registry.pool, &sealer, &client, (BotId(777), "777:token"), now).await?;
        let words = BotWords { texts: Arc::new(Texts::load("master")?) };
        Ok(Self { registry, words, sealer: Arc::new(sealer), order, now })
    }

    fn pool(&self) -> &PgPool {
        &self.registry.pool
    }

    /// One more attempt to pay for the order.
    async fn attempt(&self) -> Result<Payment> {
        let mut tx = self.pool().begin().await?;
        orders::accept_terms(&mut *tx, self.order.id, "v1", (None, None), self.now).await?;
        orders::await_payment(&mut tx, self.order.id, self.now).await?;
        let payment =
            payments::intend(&mut tx, self.order.id, Uuid::new_v4(), (PRICE, &Value::Null), self.now, self.now).await?;
        tx.commit().await?;
        Ok(payment)
    }

    async fn book(&self, payment: &Payment, status: ToldStatus) -> Result<Outcome> {
        self.book_told(payment.id, &told(payment, status)).await
    }

    async fn book_told(&self, id: PaymentId, told: &Told) -> Result<Outcome> {
        let till = Till { pool: self.pool(), sealer: &self.sealer, words: &self.words, operator_chats: &[OPERATORS] };
        Ok(till.book(id, told, self.now).await?)
    }

    async fn count(&self, sql: &'static str) -> Result<i64> {
        Ok(sqlx::query_scalar(sql).fetch_one(self.pool()).await?)
    }

    /// Tenants, subscription periods, ledger lines, letters.
    async fn traces(&self) -> Result<[i64; 4]> {
        Ok([
            self.count("select count(*) from tenants").await?,
            self.count("select count(*) from subscription_periods").await?,
            self.count("select count(*) from ledger").await?,
            self.count("select count(*) from outbox").await?,
        ])
    }

    async fn order_state(&self) -> Result<OrderState> {
        let mut tx = self.pool().begin().await?;
        Ok(orders::lock(&mut tx, self.order.id).await?.state)
    }
}

fn told(payment: &Payment, status: ToldStatus) -> Told {
    Told {
        provider_id: format!("provider-{}", payment.id),
        status,
        amount: Some(payment.amount_kopecks),
        payment: Some(payment.id),
        confirmation_url: None,
    }
}

#[tokio::test]
async fn a_payment_makes_one_tenant_one_period_one_line_and_one_letter() -> Result<()> {
    let shop = Shop::open().await?;
    let payment = shop.attempt().await?;
    let outcome = shop.book(&payment, ToldStatus::Succeeded).await?;
    let Outcome::Provisioned(id) = outcome else { panic!("{outcome:?}") };
    assert_eq!(shop.traces().await?, [1, 1, 1, 1]);
    assert_eq!(shop.order_state().await?, OrderState::Paid);
    let tenant = tenants::get(shop.pool(), id).await?;
    assert_eq!(tenant.owner_telegram_id, 42);
    assert_eq!(tenant.paid_until, Some(shop.now + TimeDelta::days(30)));
    assert_ne!(tenant.pg_password_sealed, tenant.redis_password_sealed);
    Ok(())
}

#[tokio::test]
async fn a_payment_told_twice_is_booked_once() -> Result<()> {
    let shop = Shop::open().await?;
    let payment = shop.attempt().await?;
    shop.book(&payment, ToldStatus::Succeeded).await?;
    let before = shop.traces().await?;
    for status in [ToldStatus::Succeeded, ToldStatus::Pending, ToldStatus::Canceled("late".into())] {
        assert_eq!(shop.book(&payment, status).await?, Outcome::AlreadySettled);
    }
    assert_eq!(shop.traces().await?, before);
    assert_eq!(shop.order_state().await?, OrderState::Paid);
    Ok(())
}

#[tokio::test]
async fn a_payment_told_by_twenty_at_once_is_booked_once() -> Result<()> {
    let shop = Shop::open().await?;
    let payment = shop.attempt().await?;
    let told = told(&payment, ToldStatus::Succeeded);
    let booked = futures::future::join_all((0..20).map(|_| shop.book_told(payment.id, &told))).await;
    let mut provisioned = 0;
    for outcome in booked {
        match outcome? {
            Outcome::Provisioned(_) => provisioned += 1,
            other => assert_eq!(other, Outcome::AlreadySettled),
        }
    }
    assert_eq!((provisioned, shop.traces().await?), (1, [1, 1, 1, 1]));
    Ok(())
}

#[tokio::test]
async fn an_early_or_reordered_word_books_nothing_before_its_time() -> Result<()> {
    let shop = Shop::open().await?;
    let payment = shop.attempt().await?;
    assert_eq!(shop.book(&payment, ToldStatus::Pending).await?, Outcome::StillPending);
    assert_eq!(shop.traces().await?, [0, 0, 0, 0]);
    // The creation's own answer was lost: the provider's id is still unknown here, its word counts all the same.
    assert_eq!(payment.provider_id, None);
    assert!(matches!(shop.book(&payment, ToldStatus::Succeeded).await?, Outcome::Provisioned(_)));
    let booked = payments::find(shop.pool(), payment.id).await?.unwrap();
    assert_eq!(booked.provider_id, Some(format!("provider-{}", payment.id)));
    assert_eq!(booked.status, PaymentStatus::Succeeded);
    Ok(())
}

#[tokio::test]
async fn an_object_that_is_not_our_payment_books_nothing() -> Result<()> {
    let shop = Shop::open().await?;
    let payment = shop.attempt().await?;
    payments::created(shop.pool(), payment.id, "ours", Some("https://pay"), shop.now).await?;
    let real = Told { provider_id: "ours".into(), ..told(&payment, ToldStatus::Succeeded) };
    let other_object = Told { provider_id: "another".into(), ..real.clone() };
    let other_payment = Told { payment: Some(PaymentId(payment.id.0 + 1)), ..real.clone() };
    assert_eq!(shop.book_told(payment.id, &other_object).await?, Outcome::NotOurs);
    assert_eq!(shop.book_told(payment.id, &other_payment).await?, Outcome::NotOurs);
    assert_eq!(shop.book_told(PaymentId(999), &real).await?, Outcome::NotOurs);
    assert_eq!(shop.traces().await?, [0, 0, 0, 0]);
    Ok(())
}

#[tokio::test]
async fn a_second_payment_for_the_same_order_buys_a_second_period() -> Result<()> {
    let shop = Shop::open().await?;
    let (first, second) = (shop.attempt().await?, shop.attempt().await?);
    let (one, two) = tokio::join!(shop.book(&first, ToldStatus::Succeeded), shop.book(&second, ToldStatus::Succeeded));
    let mut outcomes = [one?, two?];
    outcomes.sort_by_key(|o| matches!(o, Outcome::Extended(..)));
    let [Outcome::Provisioned(made), Outcome::Extended(extended, until)] = outcomes else { panic!("{outcomes:?}") };
    assert_eq!(made, extended);
    assert_eq!(until, shop.now + TimeDelta::days(60));
    assert_eq!(shop.traces().await?, [1, 2, 2, 2]);
    Ok(())
}

#[tokio::test]
async fn a_payment_after_the_order_was_given_up_is_owed_back_and_told() -> Result<()> {
    let shop = Shop::open().await?;
    let payment = shop.attempt().await?;
    assert!(orders::cancel(shop.pool(), shop.order.id, shop.now).await?);
    assert_eq!(shop.book(&payment, ToldStatus::Succeeded).await?, Outcome::RefundDue);
    // One line in the ledger; the buyer and the operators are told.
    assert_eq!(shop.traces().await?, [0, 0, 1, 2]);
    assert_eq!(
        shop.count("select count(*) from ledger where kind = 'refund_due' and amount_kopecks = 29900").await?,
        1
    );
    assert_eq!(shop.count("select count(*) from outbox where chat_id = -100").await?, 1);
    Ok(())
}

#[tokio::test]
async fn what_was_returned_is_owed_no_more_and_is_written_once() -> Result<()> {
    let shop = Shop::open().await?;
    let payment = shop.attempt().await?;
    assert!(!ledger::refunded(shop.pool(), payment.id, "operator:1", shop.now).await?, "nothing is owed");
    assert!(orders::cancel(shop.pool(), shop.order.id, shop.now).await?);
    assert_eq!(shop.book(&payment, ToldStatus::Succeeded).await?, Outcome::RefundDue);
    assert_eq!(incidents::debts(shop.pool()).await?, (1, Some(Kopecks(29_900)), Some(shop.now)));
    assert!(ledger::refunded(shop.pool(), payment.id, "operator:1", shop.now).await?);
    assert!(!ledger::refunded(shop.pool(), payment.id, "operator:2", shop.now).await?, "it was returned before");
    assert_eq!(incidents::debts(shop.pool()).await?, (0, None, None));
    Ok(())
}

#[tokio::test]
async fn another_sum_than_asked_starts_nothing_and_is_owed_back() -> Result<()> {
    let shop = Shop::open().await?;
    let (small, none) = (shop.attempt().await?, shop.attempt().await?);
    let paid_one_rouble = Told { amount: Some(Kopecks(100)), ..told(&small, ToldStatus::Succeeded) };
    assert_eq!(shop.book_told(small.id, &paid_one_rouble).await?, Outcome::RefundDue);
    let other_currency = Told { amount: None, ..told(&none, ToldStatus::Succeeded) };
    assert_eq!(shop.book_told(none.id, &other_currency).await?, Outcome::RefundDue);
    assert_eq!(shop.count("select count(*) from tenants").await?, 0);
    assert_eq!(shop.count("select count(*) from payments where status = 'mismatched'").await?, 2);
    assert_eq!(shop.count("select amount_kopecks from ledger where kind = 'refund_due'").await?, 100);
    assert_eq!(shop.order_state().await?, OrderState::AwaitingPayment);
    Ok(())
}

#[tokio::test]
async fn a_canceled_payment_leaves_the_order_to_be_tried_again() -> Result<()> {
    let shop = Shop::open().await?;
    let first = shop.attempt().await?;
    let reason = "insufficient_funds".to_owned();
    assert_eq!(shop.book(&first, ToldStatus::Canceled(reason.clone())).await?, Outcome::Canceled(reason));
    assert_eq!(shop.traces().await?, [0, 0, 0, 1]);
    let second = shop.attempt().await?;
    assert!(matches!(shop.book(&second, ToldStatus::Succeeded).await?, Outcome::Provisioned(_)));
    Ok(())
}

#[tokio::test]
async fn nothing_is_half_booked_when_the_transaction_fails() -> Result<()> {
    let shop = Shop::open().await?;
    let payment = shop.attempt().await?;
    // The very last write of the booking cannot be done.
    sqlx::query("alter table outbox rename to outbox_away").execute(shop.pool()).await?;
    assert!(shop.book(&payment, ToldStatus::Succeeded).await.is_err());
    sqlx::query("alter table outbox_away rename to outbox").execute(shop.pool()).await?;
    assert_eq!(shop.traces().await?, [0, 0, 0, 0]);
    assert_eq!(shop.order_state().await?, OrderState::AwaitingPayment);
    assert!(matches!(shop.book(&payment, ToldStatus::Succeeded).await?, Outcome::Provisioned(_)));
    assert_eq!(outbox::counts(shop.pool()).await?.due, 1);
    Ok(())
}

#[tokio::test]
async fn one_bot_serves_one_order() -> Result<()> {
    let shop = Shop::open().await?;
    let other = testing::client(shop.pool(), 43, shop.now).await?;
    let order = orders::open(shop.pool(), other.id, "m1", PRICE, 30, shop.now).await?.unwrap();
    let taken = orders::answer(shop.pool(), order.id, &Answer::Bot(BotId(777)), None, shop.now).await.unwrap_err();
    assert_eq!(taken.into_database_error().unwrap().constraint(), Some("orders_one_bot"));
    // And the row of a bot cannot be taken over with another token.
    let theirs = Bot {
        bot_id: BotId(777),
        client_id: other.id,
        username: "x_bot".into(),
        managed: false,
        token_sealed: Some(vec![1]),
    };
    assert!(!bots::keep(shop.pool(), &theirs, shop.now).await?);
    Ok(())
}
