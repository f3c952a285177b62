//! Sales by hand: whoever taps, in whatever order and however often, each is paid for once and serves once.

use std::sync::Arc;

use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use shared::{clock::Clock, outbox::Outbox, seal::Sealer, slug::Slug, telegram::Telegram, texts::Texts};
use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    bot::words::BotWords,
    payments::{Told, ToldStatus},
    registry::{
        BotId, HandSaleId, Kopecks, PaymentId,
        clients::Client,
        hand_sales::{HandAnswer, HandSaleState},
        incidents, ledger,
        orders::{self, Order, OrderState},
        payments::{self, Method, Payment},
        tenants::{self, Intent},
    },
    sales::{
        hand::{Claim, HandDesk, Tapped},
        money::{Outcome, Till},
        plans::Plans,
        terms::Terms,
    },
    testing::{self, Registry},
};

const OWNER: i64 = 1;
const PARTNER: i64 = 2;
const OPERATORS: i64 = -100;
const SUM: Kopecks = Kopecks(250_000);
const SETTLED: Tapped = Tapped::Done { settled: true };
const WAITS: Tapped = Tapped::Done { settled: false };

/// A registry with an owner's desk in it, and a clock that stands still.
struct Shop {
    registry: Registry,
    desk: HandDesk,
    plans: Plans,
    terms: Terms,
    now: DateTime<Utc>,
}

impl Shop {
    async fn open() -> Result<Self> {
        let registry = Registry::fresh().await?;
        let sealer = Arc::new(Sealer::new(1, &SecretString::from("k".repeat(32)), b"0123456789abcdef")?);
        let now = DateTime::from_timestamp(1_800_000_000, 0).context("no such time")?;
        let clock = Clock::fixed(now);
        let telegram = Telegram::new(&SecretString::from("1:x"), &"http://127.0.0.1:9/".parse()?)?;
        let desk = HandDesk {
            pool: registry.pool.clone(),
            sealer,
            words: Arc::new(BotWords { texts: Arc::new(Texts::load("master")?) }),
            operator_chats: vec![OPERATORS],
            outbox: Outbox::new(registry.pool.clone(), telegram, clock.clone()),
            clock,
        };
        Ok(Self { registry, desk, plans: Plans::embedded()?, terms: Terms::default(), now })
    }

    fn pool(&self) -> &PgPool {
        &self.registry.pool
    }

    /// A person with a complete sign-up that is not paid for, number `n`.
    async fn signed_up(&self, n: i64) -> Result<(Client, Order)> {
        let client = testing::client(self.pool(), n, self.now).await?;
        let bot = (BotId(n), "777:token");
        let order = testing::complete_order(self.pool(), &self.desk.sealer, &client, bot, self.now).await?;
        Ok((client, order))
    }

    /// A draft in which everything is answered, and its revision.
    async fn draft(&self, tenant: Option<&Slug>, days: i32, how: Method) -> Result<(HandSaleId, i32)> {
        let id = self.desk.begin(OWNER, tenant).await?.context("no draft")?.id;
        for (by, answer) in [
            HandAnswer::Days(None, days),
            HandAnswer::Amount(SUM),
            HandAnswer::Method(how),
            HandAnswer::Note("счёт № 5"),
        ]
        .iter()
        .enumerate()
        {
            assert!(self.desk.answer(id, OWNER, answer, i64::try_from(by)?).await?);
        }
        Ok((id, 4))
    }

    /// A sale for somebody new that was agreed to, and its link's code.
    async fn link(&self, days: i32, how: Method) -> Result<(HandSaleId, String)> {
        let (id, revision) = self.draft(None, days, how).await?;
        assert_eq!(self.desk.agree(id, OWNER, revision, 50).await?, WAITS);
        let code = self.desk.new_code(id, 100).await?.context("no link")?;
        Ok((id, code))
    }

    async fn claim(&self, client: &Client, code: &str) -> Result<Claim> {
        Ok(self.desk.claim(client, code, &self.plans).await?)
    }

    /// A bot that runs already: its client, its slug, and until when it is paid for.
    async fn sold(&self, n: i64) -> Result<(Client, Order, Slug)> {
        let (client, order) = self.signed_up(n).await?;
        let payment = self.attempt(&order).await?;
        assert!(matches!(self.book(&payment).await?, Outcome::Provisioned(_)));
        let slug: String = sqlx::query_scalar("select slug from tenants where order_id = $1")
            .bind(order.id)
            .fetch_one(self.pool())
            .await?;
        Ok((client, order, slug.parse().map_err(|_| anyhow::anyhow!("no slug"))?))
    }

    /// An attempt to pay by card.
    async fn attempt(&self, order: &Order) -> Result<Payment> {
        let mut tx = self.pool().begin().await?;
        orders::await_payment(&mut tx, order.id, self.now).await?;
        let asked = (order.price_kopecks, &serde_json::Value::Null);
        let payment = payments::intend(&mut tx, order.id, Uuid::new_v4(), asked, self.now, self.now).await?;
        tx.commit().await?;
        Ok(payment)
    }

    /// YooKassa says that it was paid.
    async fn book(&self, payment: &Payment) -> Result<Outcome> {
        let told = Told {
            provider_id: format!("provider-{}", payment.id),
            status: ToldStatus::Succeeded,
            amount: Some(payment.amount_kopecks),
            payment: Some(payment.id),
            confirmation_url: None,
        };
        let till = Till {
            pool: self.pool(),
            sealer: &self.desk.sealer,
            words: &*self.desk.words,
            operator_chats: &self.desk.operator_chats,
        };
        Ok(till.book(payment.id, &told, self.now).await?)
    }

    async fn count(&self, sql: &'static str) -> Result<i64> {
        Ok(sqlx::query_scalar(sql).fetch_one(self.pool()).await?)
    }

    /// Tenants, periods, ledger lines, payments by hand, letters.
    async fn traces(&self) -> Result<[i64; 5]> {
        Ok([
            self.count("select count(*) from tenants").await?,
            self.count("select count(*) from subscription_periods").await?,
            self.count("select count(*) from ledger").await?,
            self.count("select count(*) from payments where method <> 'yookassa'").await?,
            self.count("select count(*) from outbox").await?,
        ])
    }

    async fn paid_until(&self, slug: &Slug) -> Result<DateTime<Utc>> {
        tenants::find(self.pool(), slug).await?.context("no tenant")?.paid_until.context("not paid")
    }

    async fn state(&self, id: HandSaleId) -> Result<HandSaleState> {
        Ok(self.desk.line(id).await?.context("no sale")?.sale.state)
    }
}

#[tokio::test]
async fn a_sale_for_cash_makes_one_tenant_one_period_one_line_and_one_letter_when_its_client_connects() -> Result<()> {
    let shop = Shop::open().await?;
    let (client, order) = shop.signed_up(42).await?;
    let (sale, code) = shop.link(365, Method::Cash).await?;
    assert!(matches!(shop.claim(&client, &code).await?, Claim::Yours(_)));
    let newer = Terms { version: "newer".into(), links: None };
    assert_eq!(shop.desk.connect(&client, order.id, &newer).await?, Tapped::Nothing, "other terms were accepted");
    let stranger = testing::client(shop.pool(), 43, shop.now).await?;
    assert_eq!(shop.desk.connect(&stranger, order.id, &shop.terms).await?, Tapped::Nothing);
    assert_eq!(shop.traces().await?, [0, 0, 0, 0, 0], "nothing is sold before the client says yes");
    assert_eq!(shop.desk.connect(&client, order.id, &shop.terms).await?, SETTLED);
    // The buyer's letter, and the owner's: it was not the owner who tapped.
    assert_eq!(shop.traces().await?, [1, 1, 1, 1, 2]);
    let row: (String, i64, String, String, String, Option<String>, DateTime<Utc>) = sqlx::query_as(
        "select p.method, l.amount_kopecks, p.taken_by, p.note, l.note, p.provider_id, s.paid_until
           from payments p join ledger l on l.payment_id = p.id join tenants t on t.order_id = p.order_id
           join subscriptions s on s.tenant_id = t.id where l.kind = 'payment' and s.plan = '-'",
    )
    .fetch_one(shop.pool())
    .await?;
    let until = shop.now + TimeDelta::days(365);
    let note = || "счёт № 5".to_owned();
    assert_eq!(row, ("cash".into(), SUM.0, "operator:1".into(), note(), note(), None, until));
    assert_eq!(shop.state(sale).await?, HandSaleState::Settled);
    let terms: Option<String> = sqlx::query_scalar("select terms_version from orders").fetch_one(shop.pool()).await?;
    assert_eq!(terms.as_deref(), Some(Terms::default().version.as_str()));
    // Once more, by the same button.
    assert_eq!(shop.desk.connect(&client, order.id, &shop.terms).await?, Tapped::Nothing);
    assert_eq!(shop.traces().await?, [1, 1, 1, 1, 2]);
    Ok(())
}

#[tokio::test]
async fn a_sale_connected_by_twenty_taps_at_once_is_settled_once() -> Result<()> {
    let shop = Shop::open().await?;
    let (client, order) = shop.signed_up(42).await?;
    let (_, code) = shop.link(30, Method::Transfer).await?;
    shop.claim(&client, &code).await?;
    let taps =
        futures::future::try_join_all((0..20).map(|_| shop.desk.connect(&client, order.id, &shop.terms))).await?;
    assert_eq!(taps.iter().filter(|tapped| **tapped == SETTLED).count(), 1, "{taps:?}");
    assert_eq!(shop.traces().await?, [1, 1, 1, 1, 2]);
    Ok(())
}

#[tokio::test]
async fn an_owner_agrees_once_and_to_what_was_on_the_screen() -> Result<()> {
    let shop = Shop::open().await?;
    let (_, _, slug) = shop.sold(42).await?;
    let before = shop.traces().await?;
    let (id, revision) = shop.draft(Some(&slug), 30, Method::Cash).await?;
    // The sum was changed after the summary was shown.
    shop.desk.answer(id, OWNER, &HandAnswer::Amount(Kopecks(100)), 7).await?;
    assert_eq!(shop.desk.agree(id, OWNER, revision, 50).await?, Tapped::Nothing);
    assert_eq!(shop.desk.agree(id, PARTNER, revision + 1, 50).await?, Tapped::Nothing, "it is another owner's draft");
    let taps = futures::future::try_join_all((0..20).map(|_| shop.desk.agree(id, OWNER, revision + 1, 50))).await?;
    assert_eq!(taps.iter().filter(|tapped| **tapped == SETTLED).count(), 1, "{taps:?}");
    let [tenants, periods, lines, by_hand, letters] = before;
    assert_eq!(shop.traces().await?, [tenants, periods + 1, lines + 1, by_hand + 1, letters + 1]);
    // Another term has another price: the sum is to be said anew.
    let (id, revision) = shop.draft(Some(&slug), 30, Method::Cash).await?;
    shop.desk.answer(id, OWNER, &HandAnswer::Days(None, 60), 8).await?;
    assert_eq!(shop.desk.agree(id, OWNER, revision + 1, 50).await?, Tapped::Nothing);
    Ok(())
}

#[tokio::test]
async fn an_invoice_starts_nothing_until_the_money_is_there_and_two_owners_take_it_once() -> Result<()> {
    let shop = Shop::open().await?;
    let (client, order) = shop.signed_up(42).await?;
    let (sale, code) = shop.link(90, Method::Invoice).await?;
    shop.claim(&client, &code).await?;
    for _ in 0..2 {
        assert_eq!(shop.desk.connect(&client, order.id, &shop.terms).await?, WAITS);
    }
    // One letter: to the owner, that everything but the money is there.
    assert_eq!(shop.traces().await?, [0, 0, 0, 0, 1]);
    let taps = futures::future::try_join_all(
        (0..20).map(|n| shop.desk.money_came(sale, if n % 2 == 0 { OWNER } else { PARTNER })),
    )
    .await?;
    assert_eq!(taps.iter().filter(|tapped| **tapped == SETTLED).count(), 1, "{taps:?}");
    let [tenants, periods, lines, by_hand, letters] = shop.traces().await?;
    assert_eq!([tenants, periods, lines, by_hand], [1, 1, 1, 1]);
    assert!((2..=3).contains(&letters), "the owner who sold is told when another took the money");
    Ok(())
}

#[tokio::test]
async fn an_invoice_that_is_paid_before_the_client_has_signed_up_waits_for_the_client() -> Result<()> {
    let shop = Shop::open().await?;
    let (sale, code) = shop.link(90, Method::Invoice).await?;
    assert_eq!(shop.desk.money_came(sale, OWNER).await?, WAITS);
    assert_eq!(shop.desk.money_came(sale, PARTNER).await?, Tapped::Nothing);
    let (client, order) = shop.signed_up(42).await?;
    shop.claim(&client, &code).await?;
    assert_eq!(shop.desk.connect(&client, order.id, &shop.terms).await?, SETTLED);
    assert_eq!(shop.traces().await?[..4], [1, 1, 1, 1]);
    Ok(())
}

#[tokio::test]
async fn a_renewal_goes_on_from_the_end_of_what_is_paid_or_from_now() -> Result<()> {
    let shop = Shop::open().await?;
    let (_, _, slug) = shop.sold(42).await?;
    let (id, revision) = shop.draft(Some(&slug), 365, Method::Transfer).await?;
    assert_eq!(shop.desk.agree(id, OWNER, revision, 50).await?, SETTLED);
    // A year is a year, and not eleven months (the replaced product took thirty days off).
    assert_eq!(shop.paid_until(&slug).await?, shop.now + TimeDelta::days(30 + 365));
    let told: (String, String) = sqlx::query_as("select actor, detail from tenant_events where event = 'extended'")
        .fetch_one(shop.pool())
        .await?;
    assert_eq!(told.0, "operator:1");
    assert!(told.1.contains("2500 ₽ (transfer)") && told.1.ends_with("счёт № 5"), "{}", told.1);
    assert_eq!(shop.count("select count(*) from outbox where chat_id = 42 and key like 'extended:%'").await?, 1);
    // One that ended long ago begins anew now.
    sqlx::query("update subscriptions set paid_until = $1")
        .bind(shop.now - TimeDelta::days(100))
        .execute(shop.pool())
        .await?;
    let (id, revision) = shop.draft(Some(&slug), 1, Method::Cash).await?;
    assert_eq!(shop.desk.agree(id, OWNER, revision, 50).await?, SETTLED);
    assert_eq!(shop.paid_until(&slug).await?, shop.now + TimeDelta::days(1));
    Ok(())
}

#[tokio::test]
async fn what_is_paid_by_card_and_by_hand_buys_both_whichever_comes_first() -> Result<()> {
    let shop = Shop::open().await?;
    // By card first, on a page that was open when the link was: the cash is not lost.
    let (client, order) = shop.signed_up(42).await?;
    let bill = shop.attempt(&order).await?;
    let (sale, code) = shop.link(90, Method::Cash).await?;
    assert!(matches!(shop.claim(&client, &code).await?, Claim::Yours(_)));
    let Outcome::Provisioned(tenant) = shop.book(&bill).await? else { panic!("not provisioned") };
    assert_eq!(shop.state(sale).await?, HandSaleState::Settled);
    assert_eq!(tenants::get(shop.pool(), tenant).await?.paid_until, Some(shop.now + TimeDelta::days(30 + 90)));
    assert_eq!(shop.desk.connect(&client, order.id, &shop.terms).await?, Tapped::Nothing);
    assert_eq!(shop.claim(&client, &code).await?, Claim::Used { by_you: true });

    // By hand first: the card's period comes after it.
    let (client, order) = shop.signed_up(43).await?;
    let bill = shop.attempt(&order).await?;
    let (_, code) = shop.link(90, Method::Cash).await?;
    shop.claim(&client, &code).await?;
    assert_eq!(shop.desk.connect(&client, order.id, &shop.terms).await?, SETTLED);
    let Outcome::Extended(_, until) = shop.book(&bill).await? else { panic!("not extended") };
    assert_eq!(until, shop.now + TimeDelta::days(90 + 30));

    // An invoice that is paid after the card.
    let (client, order) = shop.signed_up(44).await?;
    let bill = shop.attempt(&order).await?;
    let (sale, code) = shop.link(90, Method::Invoice).await?;
    shop.claim(&client, &code).await?;
    assert!(matches!(shop.book(&bill).await?, Outcome::Provisioned(_)));
    assert_eq!(shop.state(sale).await?, HandSaleState::Open);
    assert_eq!(shop.desk.money_came(sale, OWNER).await?, SETTLED);
    assert_eq!(shop.traces().await?[..4], [3, 6, 6, 3]);
    Ok(())
}

#[tokio::test]
async fn card_and_cash_at_the_same_moment_neither_lose_anything_nor_wait_for_one_another_for_ever() -> Result<()> {
    let shop = Shop::open().await?;
    for n in 42..52 {
        let (client, order) = shop.signed_up(n).await?;
        let bill = shop.attempt(&order).await?;
        let (sale, code) = shop.link(90, Method::Invoice).await?;
        shop.claim(&client, &code).await?;
        let (card, connected, money) = tokio::join!(
            shop.book(&bill),
            shop.desk.connect(&client, order.id, &shop.terms),
            shop.desk.money_came(sale, OWNER)
        );
        card?;
        connected?;
        money?;
        // Whoever was last may have found nothing to do; a tap more changes nothing.
        shop.desk.connect(&client, order.id, &shop.terms).await?;
        assert_eq!(shop.state(sale).await?, HandSaleState::Settled);
        let until: DateTime<Utc> = sqlx::query_scalar(
            "select paid_until from subscriptions s join tenants t on t.id = s.tenant_id where order_id = $1",
        )
        .bind(order.id)
        .fetch_one(shop.pool())
        .await?;
        assert_eq!(until, shop.now + TimeDelta::days(120));
    }
    assert_eq!(shop.traces().await?[..4], [10, 20, 20, 10]);
    Ok(())
}

#[tokio::test]
async fn a_link_serves_one_person_and_is_given_back_by_who_gives_up() -> Result<()> {
    let shop = Shop::open().await?;
    let (_, code) = shop.link(30, Method::Cash).await?;
    let (first, second) =
        (testing::client(shop.pool(), 42, shop.now).await?, testing::client(shop.pool(), 43, shop.now).await?);
    let (one, two) = tokio::join!(shop.claim(&first, &code), shop.claim(&second, &code));
    let claims = [one?, two?];
    assert_eq!(claims.iter().filter(|claim| matches!(claim, Claim::Yours(_))).count(), 1, "{claims:?}");
    assert_eq!(claims.iter().filter(|claim| **claim == Claim::Taken).count(), 1, "{claims:?}");
    let (holder, other) = if claims[0] == Claim::Taken { (&second, &first) } else { (&first, &second) };
    // Who was refused has no order that they never asked for.
    assert!(orders::open_of(shop.pool(), other.id).await?.is_none());
    assert!(matches!(shop.claim(holder, &code).await?, Claim::Yours(_)), "opened again, it goes on");
    let order = orders::open_of(shop.pool(), holder.id).await?.context("no order")?;
    let (_, another) = shop.link(30, Method::Cash).await?;
    assert_eq!(shop.claim(holder, &another).await?, Claim::OneAtATime);
    assert!(orders::cancel(shop.pool(), order.id, shop.now).await?);
    assert!(matches!(shop.claim(other, &code).await?, Claim::Yours(_)));
    assert_eq!(shop.claim(holder, "0123456789abcdef").await?, Claim::Gone);
    Ok(())
}

#[tokio::test]
async fn a_new_link_kills_the_former_one_and_a_repeated_tap_makes_none() -> Result<()> {
    let shop = Shop::open().await?;
    let client = testing::client(shop.pool(), 42, shop.now).await?;
    let (sale, first) = shop.link(30, Method::Cash).await?;
    let second = shop.desk.new_code(sale, 101).await?.context("no link")?;
    assert_eq!(shop.desk.new_code(sale, 101).await?, None, "the link on the screen goes on working");
    assert_eq!(shop.claim(&client, &first).await?, Claim::Gone);
    assert!(matches!(shop.claim(&client, &second).await?, Claim::Yours(_)));
    assert_eq!(shop.desk.new_code(sale, 102).await?, None, "nobody is put out of a sign-up");
    let rows: Vec<String> = sqlx::query_scalar(
        "select hand_sales::text || (select coalesce(string_agg(body::text, ''), '') from outbox) from hand_sales",
    )
    .fetch_all(shop.pool())
    .await?;
    assert!(rows.iter().all(|row| !row.contains(&first) && !row.contains(&second)), "a code is kept in the clear");
    Ok(())
}

#[tokio::test]
async fn a_sale_that_was_called_off_pays_for_nothing_and_keeps_the_persons_answers() -> Result<()> {
    let shop = Shop::open().await?;
    let (client, order) = shop.signed_up(42).await?;
    let (sale, code) = shop.link(30, Method::Cash).await?;
    shop.claim(&client, &code).await?;
    assert!(shop.desk.revoke(sale, PARTNER).await?);
    assert!(!shop.desk.revoke(sale, PARTNER).await?);
    assert_eq!(shop.desk.connect(&client, order.id, &shop.terms).await?, Tapped::Nothing);
    assert_eq!(shop.desk.money_came(sale, OWNER).await?, Tapped::Nothing);
    assert_eq!(shop.claim(&client, &code).await?, Claim::Gone);
    assert_eq!(shop.traces().await?, [0, 0, 0, 0, 1], "the person is told");
    // The sign-up goes on, at the price of the list.
    let open = orders::open_of(shop.pool(), client.id).await?.context("no order")?;
    assert_eq!((open.id, open.hand_sale_id, open.price_kopecks), (order.id, None, order.price_kopecks));
    assert!(matches!(shop.book(&shop.attempt(&open).await?).await?, Outcome::Provisioned(_)));
    // What is settled is not called off.
    let (client, order) = shop.signed_up(43).await?;
    let (sale, code) = shop.link(30, Method::Cash).await?;
    shop.claim(&client, &code).await?;
    let (settled, revoked) =
        tokio::join!(shop.desk.connect(&client, order.id, &shop.terms), shop.desk.revoke(sale, OWNER));
    assert_ne!(settled? == SETTLED, revoked?, "either the one or the other");
    Ok(())
}

#[tokio::test]
async fn money_by_hand_for_a_tenant_that_is_gone_is_owed_back_told_and_returned() -> Result<()> {
    let shop = Shop::open().await?;
    let (_, _, slug) = shop.sold(42).await?;
    let (invoice, revision) = shop.draft(Some(&slug), 30, Method::Invoice).await?;
    assert_eq!(shop.desk.agree(invoice, OWNER, revision, 50).await?, WAITS);
    let (cash, revision) = shop.draft(Some(&slug), 30, Method::Cash).await?;
    let mut tx = shop.pool().begin().await?;
    let tenant = tenants::find(&mut *tx, &slug).await?.context("no tenant")?;
    assert!(tenants::intend(&mut tx, tenant.id, Intent::Remove, None, shop.now).await?);
    tx.commit().await?;
    // Nobody's cash is taken for it, and no new sale begins.
    assert_eq!(shop.desk.agree(cash, OWNER, revision, 50).await?, Tapped::TenantGone);
    assert!(shop.desk.begin(PARTNER, Some(&slug)).await?.is_none());
    // But the invoice was paid all the same.
    assert_eq!(shop.desk.money_came(invoice, OWNER).await?, SETTLED);
    assert_eq!(incidents::debts(shop.pool()).await?, (1, Some(SUM), Some(shop.now)));
    assert_eq!(shop.count("select count(*) from outbox where key like '%refund_due:%'").await?, 2);
    let words: String =
        sqlx::query_scalar("select body->>'text' from outbox where chat_id = -100").fetch_one(shop.pool()).await?;
    assert!(words.contains("по счёту"), "{words}");
    let payment: PaymentId =
        sqlx::query_scalar("select payment_id from ledger where kind = 'refund_due'").fetch_one(shop.pool()).await?;
    assert!(ledger::refunded(shop.pool(), payment, "operator:1", shop.now).await?);
    assert_eq!(incidents::debts(shop.pool()).await?, (0, None, None));
    Ok(())
}

#[tokio::test]
async fn no_provider_is_asked_about_money_that_was_taken_by_hand_nor_believed() -> Result<()> {
    let shop = Shop::open().await?;
    let (_, order, slug) = shop.sold(42).await?;
    let (id, revision) = shop.draft(Some(&slug), 30, Method::Cash).await?;
    assert_eq!(shop.desk.agree(id, OWNER, revision, 50).await?, SETTLED);
    let later = shop.now + TimeDelta::days(365);
    assert!(payments::to_look_at(shop.pool(), later, 10).await?.iter().all(|p| p.method == Method::Yookassa));
    let payment: PaymentId =
        sqlx::query_scalar("select id from payments where method = 'cash'").fetch_one(shop.pool()).await?;
    let payment = payments::find(shop.pool(), payment).await?.context("no payment")?;
    let before = shop.traces().await?;
    assert_eq!(shop.book(&payment).await?, Outcome::NotOurs);
    assert_eq!(shop.traces().await?, before);
    // Nor is it taken for a bill that could still be paid.
    let mut conn = shop.pool().acquire().await?;
    assert!(payments::open_of(&mut conn, order.id).await?.is_none());
    // The table itself refuses a second payment for one sale.
    let taken =
        payments::Taken { order: order.id, sale: id, amount: SUM, method: Method::Cash, by: "operator:1", note: None };
    let refused = payments::take(&mut conn, &taken, Uuid::new_v4(), shop.now).await.err().context("taken twice")?;
    assert_eq!(refused.as_database_error().and_then(|e| e.constraint()), Some("payments_hand_sale_id_key"));
    Ok(())
}

#[tokio::test]
async fn nothing_of_a_sale_by_hand_is_half_done_when_the_transaction_fails() -> Result<()> {
    let shop = Shop::open().await?;
    let (client, order) = shop.signed_up(42).await?;
    let (sale, code) = shop.link(30, Method::Cash).await?;
    shop.claim(&client, &code).await?;
    sqlx::query("alter table outbox rename to outbox_away").execute(shop.pool()).await?;
    assert!(shop.desk.connect(&client, order.id, &shop.terms).await.is_err());
    sqlx::query("alter table outbox_away rename to outbox").execute(shop.pool()).await?;
    assert_eq!(shop.traces().await?, [0, 0, 0, 0, 0]);
    assert_eq!(shop.state(sale).await?, HandSaleState::Open);
    let mut tx = shop.pool().begin().await?;
    assert_eq!(orders::lock(&mut tx, order.id).await?.state, OrderState::Draft);
    tx.rollback().await?;
    assert_eq!(shop.desk.connect(&client, order.id, &shop.terms).await?, SETTLED);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_people_do_at_the_same_moment_a_sale_comes_to_one_payment_at_most_and_nobody_hangs() -> Result<()> {
    let shop = Shop::open().await?;
    for round in 0..6 {
        let (client, order) = shop.signed_up(42 + round).await?;
        let other = testing::client(shop.pool(), 142 + round, shop.now).await?;
        let bill = shop.attempt(&order).await?;
        let (sale, code) = shop.link(30, Method::Invoice).await?;
        let acts = tokio::join!(
            shop.claim(&client, &code),
            shop.claim(&other, &code),
            shop.desk.money_came(sale, OWNER),
            shop.desk.money_came(sale, PARTNER),
            shop.desk.connect(&client, order.id, &shop.terms),
            shop.book(&bill),
            shop.desk.revoke(sale, OWNER),
            async { Ok::<_, anyhow::Error>(orders::cancel(shop.pool(), order.id, shop.now).await?) },
        );
        let (one, two, three, four, five, six, seven, eight) = acts;
        one?;
        two?;
        three?;
        four?;
        five?;
        six?;
        seven?;
        eight?;
        let by_hand: i64 = sqlx::query_scalar("select count(*) from payments where hand_sale_id = $1")
            .bind(sale)
            .fetch_one(shop.pool())
            .await?;
        assert_eq!(by_hand, i64::from(shop.state(sale).await? == HandSaleState::Settled));
    }
    // The card's money is somewhere each time: a period, or owed back.
    assert_eq!(
        shop.count("select count(*) from ledger l join payments p on p.id = l.payment_id where method = 'yookassa'")
            .await?,
        6
    );
    Ok(())
}
