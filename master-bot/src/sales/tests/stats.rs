//! The figures of `/stats`, against a count that anybody would make by hand.

use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use secrecy::SecretString;
use shared::{seal::Sealer, slug::Slug};
use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    registry::{
        BotId, ClientId, HandSaleId, Kopecks, OrderId, PaymentId,
        ledger::{self, Entry, Line},
        payments::{self, Method, Taken},
        subscriptions,
        tenants::{self, NewTenant},
    },
    sales::stats,
    testing::{self, Registry},
};

/// One payment, and what became of it.
#[derive(Clone, Copy, Debug)]
struct Paid {
    at: DateTime<Utc>,
    method: Method,
    kopecks: i64,
    /// It was found to be owed back then, after it was served.
    owed_back: Option<DateTime<Utc>>,
    /// It was never served, and is a debt from the first.
    debt: bool,
    returned: bool,
}

struct Books {
    registry: Registry,
    sealer: Sealer,
}

impl Books {
    fn pool(&self) -> &PgPool {
        &self.registry.pool
    }

    /// A client with a tenant, made at `at`, that is paid for until then.
    async fn tenant(&self, n: i64, at: DateTime<Utc>, until: DateTime<Utc>) -> Result<(ClientId, OrderId)> {
        let client = testing::client(self.pool(), n, at).await?;
        let order = testing::complete_order(self.pool(), &self.sealer, &client, (BotId(n), "1:token"), at).await?;
        let mut tx = self.pool().begin().await?;
        let slug = Slug::number(tenants::next_number(&mut tx).await?);
        let new = NewTenant {
            slug: &slug,
            client_id: client.id,
            order_id: order.id,
            bot_id: BotId(n),
            business_name: "Усы",
            kind: "barbershop",
            zone: "Europe/Moscow",
            language: "ru",
            owner_telegram_id: n,
            pg_password_sealed: &[],
            redis_password_sealed: &[],
        };
        let tenant = tenants::make(&mut tx, &new, at).await?;
        let asked = (Kopecks(100), &serde_json::Value::Null);
        let payment = payments::intend(&mut tx, order.id, Uuid::new_v4(), asked, at, at).await?;
        subscriptions::start(&mut tx, client.id, tenant, "m1", payment.id, 1, at).await?;
        sqlx::query("update subscriptions set paid_until = $2 where tenant_id = $1")
            .bind(tenant)
            .bind(until)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok((client.id, order.id))
    }

    async fn book(&self, client: ClientId, order: OrderId, paid: &Paid) -> Result<()> {
        let mut tx = self.pool().begin().await?;
        let payment: PaymentId = if paid.method == Method::Yookassa {
            let asked = (Kopecks(paid.kopecks), &serde_json::Value::Null);
            payments::intend(&mut tx, order, Uuid::new_v4(), asked, paid.at, paid.at).await?.id
        } else {
            let sale: HandSaleId = sqlx::query_scalar(
                "insert into hand_sales (seller_id, state, days, amount_kopecks, method, note, agreed_at, money_at, money_by,
                                         settled_at, created_at)
                 values (1, 'settled', 30, $1, $2, '', $3, $3, 1, $3, $3) returning id",
            )
            .bind(paid.kopecks)
            .bind(paid.method)
            .bind(paid.at)
            .fetch_one(&mut *tx)
            .await?;
            let (amount, method) = (Kopecks(paid.kopecks), paid.method);
            let taken = Taken { order, sale, amount, method, by: "operator:1", note: None };
            payments::take(&mut tx, &taken, Uuid::new_v4(), paid.at).await?.id
        };
        let line = |entry| Line { client, order, payment, entry, amount: Kopecks(paid.kopecks), note: None };
        if !paid.debt {
            ledger::write(&mut tx, line(Entry::Payment), paid.at).await?;
        }
        let owed_at = if paid.debt { Some(paid.at) } else { paid.owed_back };
        if let Some(at) = owed_at {
            ledger::write(&mut tx, line(Entry::RefundDue), at).await?;
        }
        tx.commit().await?;
        if paid.returned {
            ledger::refunded(self.pool(), payment, "operator:1", paid.at + TimeDelta::hours(1)).await?;
        }
        Ok(())
    }
}

/// What was earned from `from` up to `to`, counted one by one.
fn naive(all: &[Paid], method: Option<Method>, from: DateTime<Utc>, to: DateTime<Utc>) -> Kopecks {
    let within = |at: DateTime<Utc>| from <= at && at < to;
    let mut sum = 0;
    for paid in all.iter().filter(|paid| !paid.debt && method.is_none_or(|m| m == paid.method)) {
        if within(paid.at) {
            sum += paid.kopecks;
        }
        if paid.owed_back.is_some_and(within) {
            sum -= paid.kopecks;
        }
    }
    Kopecks(sum)
}

#[tokio::test]
async fn the_figures_are_those_of_a_count_by_hand() -> Result<()> {
    let registry = Registry::fresh().await?;
    let sealer = Sealer::new(1, &SecretString::from("k".repeat(32)), b"0123456789abcdef")?;
    let books = Books { registry, sealer };
    // In Moscow it is the 15th of March, 00:30.
    let now: DateTime<Utc> = "2026-03-14T21:30:00Z".parse()?;
    let (march, february): (DateTime<Utc>, DateTime<Utc>) =
        ("2026-02-28T21:00:00Z".parse()?, "2026-01-31T21:00:00Z".parse()?);
    let mut random = StdRng::seed_from_u64(20_260_314);
    let mut all = Vec::new();
    let mut ends = Vec::new();
    let mut new = 0;
    for n in 1..=30 {
        let made = now - TimeDelta::hours(random.random_range(1..1500));
        let until = now + TimeDelta::hours(random.random_range(-200..400));
        let (client, order) = books.tenant(n, made, until).await?;
        new += i64::from(made >= march);
        ends.push(until);
        for _ in 0..5 {
            let method = [Method::Yookassa, Method::Cash, Method::Transfer, Method::Invoice][random.random_range(0..4)];
            let at = now - TimeDelta::minutes(random.random_range(1..130_000));
            let fate = random.random_range(0..10);
            let paid = Paid {
                at,
                method,
                kopecks: random.random_range(100..1_000_000),
                owed_back: (fate == 0)
                    .then(|| (at + TimeDelta::days(random.random_range(0..40))).min(now - TimeDelta::minutes(1))),
                debt: fate == 1,
                returned: random.random_bool(0.5),
            };
            books.book(client, order, &paid).await?;
            all.push(paid);
        }
    }
    // At the very edges of a month, and of thirty days.
    let (client, order) = books.tenant(31, march, now + TimeDelta::days(7)).await?;
    let (new, thirty) = (new + 1, now - TimeDelta::days(30));
    for at in [march, march - TimeDelta::microseconds(1), february, february - TimeDelta::microseconds(1), thirty, now]
    {
        let paid = Paid { at, method: Method::Cash, kopecks: 777, owed_back: None, debt: false, returned: false };
        books.book(client, order, &paid).await?;
        all.push(paid);
    }
    testing::client(books.pool(), 99, now).await?;

    let figures = stats::figures(books.pool(), now).await?;
    let before = thirty - TimeDelta::days(30);
    assert_eq!(figures.thirty_days, naive(&all, None, thirty, now));
    assert_eq!(figures.thirty_before, naive(&all, None, before, thirty));
    assert_eq!(figures.this_month, naive(&all, None, march, now));
    assert_eq!(figures.last_month, naive(&all, None, february, march));
    for (method, sum) in &figures.by_method {
        assert_eq!(*sum, naive(&all, Some(*method), thirty, now), "{method:?}");
    }
    assert_eq!(figures.by_method.len(), 4);
    let owed: Vec<i64> = all
        .iter()
        .filter(|paid| !paid.returned && (paid.debt || paid.owed_back.is_some()))
        .map(|paid| paid.kopecks)
        .collect();
    assert_eq!(figures.debts, (i64::try_from(owed.len())?, Kopecks(owed.iter().sum())));
    assert_eq!((figures.visitors, figures.clients, figures.with_bots, figures.new_this_month), (32, 31, 31, new));
    let soon: Vec<_> = ends.iter().filter(|end| now <= **end && **end < now + TimeDelta::days(7)).collect();
    assert_eq!(figures.ending, i64::try_from(soon.len())?);
    let first = figures.soonest.first().context("nothing ends")?;
    assert_eq!(Some(&first.paid_until), soon.into_iter().min());
    assert!(figures.soonest.len() <= 10 && figures.soonest.is_sorted_by_key(|ending| ending.paid_until));

    // Who is gone has no bot any more, and ends nowhere.
    sqlx::query("update tenants set removal_wanted_at = $1, removed_at = $1").bind(now).execute(books.pool()).await?;
    let figures = stats::figures(books.pool(), now).await?;
    assert_eq!((figures.clients, figures.with_bots, figures.ending), (31, 0, 0));
    Ok(())
}
