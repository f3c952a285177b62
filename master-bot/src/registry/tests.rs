//! What the registry promises by itself: money is read as written, history stays, networks do not overfill.

use anyhow::{Context, Result};
use chrono::DateTime;
use secrecy::SecretString;
use shared::{seal::Sealer, slug::Slug, telegram::incoming::Person, texts::Lang};
use sqlx::PgPool;

use super::{
    BotId, Kopecks, clients,
    events::{self, Event},
    tenants::{self, NewTenant},
};
use crate::testing::{self, Registry};

#[test]
fn money_is_read_as_it_is_written() {
    assert_eq!(Kopecks(29_900).decimal(), "299.00");
    assert_eq!(Kopecks::from_decimal("299.05"), Some(Kopecks(29_905)));
    for wrong in ["299", "-1.00", "1.5", "1.005", "", ".00", "1,00", "99999999999999999999.00"] {
        assert_eq!(Kopecks::from_decimal(wrong), None, "{wrong}");
    }
    assert_eq!((Kopecks(29_900).to_string(), Kopecks(5).to_string()), ("299 ₽".into(), "0,05 ₽".into()));
}

#[tokio::test]
async fn a_chosen_language_outlives_what_telegram_says_and_one_that_was_not_chosen_follows_it() -> Result<()> {
    let registry = Registry::fresh().await?;
    let (pool, now) = (&registry.pool, DateTime::UNIX_EPOCH);
    let says = |code: Option<&str>| Person {
        id: 7,
        first_name: "Анна".into(),
        last_name: None,
        username: None,
        language_code: code.map(str::to_owned),
    };
    let meet = async |code| anyhow::Ok(clients::meet(pool, &says(code), now).await?.lang());
    assert_eq!(meet(Some("ru")).await?, Lang::Ru);
    assert_eq!(meet(Some("en-GB")).await?, Lang::En);
    // Not every account tells; that is no word for Russian.
    assert_eq!(meet(None).await?, Lang::En);
    let client = clients::meet(pool, &says(None), now).await?;
    assert_eq!(clients::choose_language(pool, client.id, Lang::Ru).await?.lang(), Lang::Ru);
    assert_eq!(meet(Some("en")).await?, Lang::Ru);
    assert_eq!((clients::language_of(pool, 7).await?, clients::language_of(pool, 8).await?), (Some(Lang::Ru), None));
    Ok(())
}

/// The row of a tenant of its own client, order and bot, numbered `n`.
async fn sell(pool: &PgPool, sealer: &Sealer, n: i64) -> Result<super::TenantId> {
    let now = DateTime::UNIX_EPOCH;
    let client = testing::client(pool, n, now).await?;
    let order = testing::complete_order(pool, sealer, &client, (BotId(n), "1:token"), now).await?;
    let mut tx = pool.begin().await?;
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
    let id = tenants::make(&mut tx, &new, now).await?;
    // Somebody else's statement comes between this one and its commit.
    tokio::task::yield_now().await;
    tx.commit().await?;
    Ok(id)
}

fn sealer() -> Result<Sealer> {
    Ok(Sealer::new(1, &SecretString::from("k".repeat(32)), b"0123456789abcdef")?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sales_at_once_fill_one_network_after_another_and_none_beyond_its_limit() -> Result<()> {
    let registry = Registry::fresh().await?;
    let (pool, sealer) = (&registry.pool, sealer()?);
    let most: String =
        sqlx::query_scalar("select value from settings where key = 'tenants_per_network'").fetch_one(pool).await?;
    assert_eq!(most, "500");
    sqlx::query("update settings set value = '5' where key = 'tenants_per_network'").execute(pool).await?;
    futures::future::try_join_all((1..=11).map(|n| sell(pool, &sealer, n))).await?;
    let spread = async || {
        let sql = "select placement_network, count(*) from tenants where removed_at is null group by 1 order by 1";
        anyhow::Ok(sqlx::query_as::<_, (i32, i64)>(sql).fetch_all(pool).await?)
    };
    assert_eq!(spread().await?, [(1, 5), (2, 5), (3, 1)]);
    // Whoever is gone leaves a place, and the lowest is filled first.
    sqlx::query(
        "update tenants set removed_at = now() where id = (select min(id) from tenants where placement_network = 1)",
    )
    .execute(pool)
    .await?;
    sell(pool, &sealer, 12).await?;
    assert_eq!(spread().await?, [(1, 5), (2, 5), (3, 1)]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_and_money_are_appended_to_and_never_changed() -> Result<()> {
    let registry = Registry::fresh().await?;
    let pool = &registry.pool;
    let tenant = sell(pool, &sealer()?, 1).await?;
    let event = Event { actor: "test", event: "bought", ..Event::default() };
    events::write(pool, tenant, &event, DateTime::UNIX_EPOCH).await?;
    for table in ["tenant_events", "ledger"] {
        for sql in [format!("update {table} set at = at"), format!("delete from {table}"), format!("truncate {table}")]
        {
            let refused = sqlx::query(sqlx::AssertSqlSafe(sql.clone())).execute(pool).await.err().context(sql)?;
            assert!(refused.to_string().contains("append-only"), "{refused}");
        }
    }
    assert_eq!(events::latest(pool, tenant, 10).await?.len(), 1);
    Ok(())
}
