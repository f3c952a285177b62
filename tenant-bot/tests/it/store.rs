//! What the booking tests do not touch of the store: settings, versions, presets, the schema's own promises.

use anyhow::Result;
use chrono_tz::Tz;
use play::database::{Business, TenantSchema};
use shared::texts::Lang;
use tenant_bot::booking::{
    UserId,
    roles::{Member, Role},
};
use tenant_bot::{preset, store};
const SCHEMA_VERSION: i64 = 4;

use crate::shop::{OWNER, Shop, at, monday};

#[tokio::test]
async fn every_kind_of_business_begins_with_its_preset_once() -> Result<()> {
    for kind in ["salon", "barbershop", "clinic", "studio", "restaurant"] {
        let tenant = TenantSchema::create(&Business { kind, now: monday(), ..Business::default() }).await?;
        let pool = tenant.pool(4).await?;
        // Two containers that start at the same moment, as during an upgrade.
        let (one, two) = tokio::join!(preset::apply_once(&pool, monday()), preset::apply_once(&pool, monday()));
        assert_ne!(one?, two?, "{kind}: exactly one of them writes");
        assert!(!preset::apply_once(&pool, monday()).await?, "{kind}");
        let services = store::services::list_offered(&pool).await?;
        assert!(!services.is_empty(), "{kind}");
        for service in services {
            let doers = store::services::doers(&pool, &[service.id]).await?;
            assert!(!doers[&service.id].is_empty(), "{kind}: {}", service.name);
        }
        store::settings::business(&pool).await?;
    }
    Ok(())
}

#[tokio::test]
async fn an_unknown_kind_of_business_is_said_plainly() -> Result<()> {
    let tenant = TenantSchema::create(&Business { kind: "zoo", now: monday(), ..Business::default() }).await?;
    let told = preset::apply_once(&tenant.pool(1).await?, monday()).await.unwrap_err();
    assert!(told.to_string().contains("zoo"), "{told}");
    Ok(())
}

#[tokio::test]
async fn settings_are_read_strictly_and_have_defaults() -> Result<()> {
    let shop = Shop::open().await?;
    let business = store::settings::business(&shop.pool).await?;
    assert_eq!((business.zone, business.language), (Tz::Europe__Moscow, Lang::Ru));
    assert_eq!(business.policy, tenant_bot::booking::policy::Policy::default());
    assert!(store::settings::set_once(&shop.pool, "notice_minutes", "-5", monday()).await?);
    assert!(store::settings::business(&shop.pool).await.is_err(), "a notice of minus five minutes");
    assert!(!store::settings::set_once(&shop.pool, "notice_minutes", "5", monday()).await?);
    sqlx::query("update settings set value = 'Europe/Atlantis' where key = 'zone'").execute(&shop.pool).await?;
    let told = store::settings::business(&shop.pool).await.unwrap_err().to_string();
    assert!(told.contains("Atlantis"), "{told}");
    Ok(())
}

#[tokio::test]
async fn the_schema_says_its_version_and_an_unmade_one_says_none() -> Result<()> {
    let shop = Shop::open().await?;
    let slug = shop.tenant.slug.clone();
    assert_eq!(store::schema::version(&shop.pool).await?, (Some(slug), Some(SCHEMA_VERSION)));
    let bare = play::database::FreshDatabase::create().await?;
    assert_eq!(store::schema::version(&bare.admin_pool().await?).await?, (None, None));
    Ok(())
}

#[tokio::test]
async fn owners_are_known_with_the_language_they_speak() -> Result<()> {
    let shop = Shop::open().await?;
    let owner = Member { id: UserId(OWNER), role: Role::Owner, resource: None };
    assert_eq!(store::admins::told(&shop.pool).await?, [(owner, None)]);
    shop.customer(OWNER).await?;
    assert_eq!(store::admins::told(&shop.pool).await?, [(owner, Some(Lang::Ru))]);
    Ok(())
}

#[tokio::test]
async fn postgres_itself_refuses_two_holders_of_one_time() -> Result<()> {
    let shop = Shop::open().await?;
    let insert = "insert into occupancy (resource_id, during, kind, ref) values (1, tstzrange($1, $2), 'booking', $3)";
    let take =
        |from: &str, to: &str, n: i64| sqlx::query(insert).bind(at(from)).bind(at(to)).bind(n).execute(&shop.pool);
    take("2026-11-24T09:00:00Z", "2026-11-24T10:00:00Z", 1).await?;
    take("2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z", 2).await?;
    let refused = take("2026-11-24T09:59:00Z", "2026-11-24T10:01:00Z", 3).await.unwrap_err();
    assert_eq!(refused.as_database_error().and_then(|e| e.code()).as_deref(), Some("23P01"));
    assert!(take("2026-11-25T09:00:00Z", "2026-11-25T09:00:00Z", 4).await.is_err(), "an empty time");
    Ok(())
}

#[tokio::test]
async fn an_empty_schema_is_small() -> Result<()> {
    let tenant = TenantSchema::create(&Business { now: monday(), ..Business::default() }).await?;
    let bytes: i64 = sqlx::query_scalar(
        "select sum(pg_total_relation_size(c.oid))::bigint from pg_class c
          where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'",
    )
    .fetch_one(&tenant.admin_pool().await?)
    .await?;
    assert!(bytes <= 1 << 20, "{bytes} bytes");
    Ok(())
}
