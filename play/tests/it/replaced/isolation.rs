//! S1–S12: nobody gets what is not theirs.

use anyhow::{Context, Result};
use play::{docker, env, scenes, world::World};
use serde_json::json;
use std::time::Duration;
use tokio::process::Command;

use super::{all_followed, count, delivered, sold, variable};

#[tokio::test(flavor = "multi_thread")]
async fn s1_a_forged_notification_gives_nobody_anything() -> Result<()> {
    let world = World::start().await?;
    let unpaid = scenes::sign_up(&world.someone("Злодей").await?, "Барбершоп").await?;
    let sim = &world.stage.sim;
    // Just the words that worked there: it is paid, for a hundred years, for a rouble.
    let lie = json!({ "status": "succeeded", "paid": true, "amount": { "value": "1.00", "currency": "RUB" },
        "metadata": { "days": "36500", "payment": "1" } });
    sim.forge_notification(&unpaid.payment_id, "payment.succeeded", lie.clone()).await?;
    sim.forge_notification("2a1b3c4d-000f-5000-9000-1b2c3d4e5f60", "payment.succeeded", lie).await?;
    all_followed(&world, 2).await?;
    assert_eq!(delivered(&world).await?, [0; 4]);
    assert_eq!(docker::containers(&world.docker, &world.instance).await?, Vec::<String>::new());
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn s5_a_name_that_is_sql_is_a_name() -> Result<()> {
    let world = World::start().await?;
    let evil = "x'; DROP SCHEMA public CASCADE; --";
    let paid = scenes::sell(&world.someone("Злодей").await?, evil).await?;
    let slug = world.tenant_of(&paid.bot.username).await?;
    let digits = slug.strip_prefix("client_").context("a name made by us")?;
    assert!(digits.len() >= 3 && digits.bytes().all(|b| b.is_ascii_digit()), "{slug}");
    let pool = world.registry().await?;
    let kept = sqlx::query_scalar::<_, String>(sqlx::AssertSqlSafe(format!(
        "select value from {slug}.settings where key = 'business_name'"
    )));
    assert_eq!(kept.fetch_one(&pool).await?, evil);
    pool.close().await;
    let named = world.master.cli_output(&["tenants", "show", &format!("{slug}; drop schema {slug} cascade")]).await?;
    assert!(!named.status.success());
    assert!(world.master.cli(&["tenants", "list"]).await?.contains(&slug));
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn s6_and_s9_two_tenants_share_no_role_no_schema_and_no_prefix() -> Result<()> {
    let (world, _, first) = sold().await?;
    let paid = scenes::sell(&world.someone("Вера").await?, "Салон").await?;
    let second = world.tenant_of(&paid.bot.username).await?;
    for name in ["PG_SCHEMA", "REDIS_KEY_PREFIX", "DATABASE_URL", "REDIS_URL", "BOT_TOKEN"] {
        assert_ne!(variable(&world, &first, name).await?, variable(&world, &second, name).await?, "{name}");
    }
    let pool = world.registry().await?;
    for slug in [&first, &second] {
        assert_eq!(&variable(&world, slug, "PG_SCHEMA").await?, slug);
        assert_eq!(variable(&world, slug, "REDIS_KEY_PREFIX").await?, format!("{slug}:"));
        assert!(variable(&world, slug, "DATABASE_URL").await?.starts_with(&format!("postgres://{slug}:")));
        let powers = format!(
            "select count(*) from pg_roles r where rolname = '{slug}' and (rolsuper or rolcreaterole or rolcreatedb
                or rolbypassrls or rolreplication or exists (select 1 from pg_class where relowner = r.oid)
                or exists (select 1 from pg_namespace where nspowner = r.oid))"
        );
        assert_eq!(count(&pool, powers).await?, 0, "{slug} owns nothing and rules nobody");
    }
    // The default of that product, where everybody ended up.
    let tables = "select count(*) from pg_tables where schemaname = 'public' and tablename in ('bookings', 'services')";
    assert_eq!(count(&pool, tables).await?, 0);
    pool.close().await;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn s8_no_secret_has_a_default_and_no_port_is_open() -> Result<()> {
    let (mut world, _, slug) = sold().await?;
    let container = docker::inspect(&world.docker, &slug).await?.context("the container is not there")?;
    assert!(container.host_config.and_then(|host| host.port_bindings).unwrap_or_default().is_empty());
    world.master.stop().await?;
    for name in ["MASTER_BOT_TOKEN", "MASTER_KEY", "YOOKASSA_SECRET_KEY", "DATABASE_URL", "REDIS_URL", "OWNER_IDS"] {
        let settings = world.master.settings().iter().filter(|(other, _)| *other != name);
        let mut command = Command::new(env::bin_dir()?.join("master-bot"));
        command.env_clear().envs(settings).arg("serve").kill_on_drop(true);
        let ended = tokio::time::timeout(Duration::from_secs(30), command.output()).await;
        let ended = ended.with_context(|| format!("it serves without {name}"))??;
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(!ended.status.success() && said.contains(name), "{name}: {said}");
    }
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn s12_another_customers_booking_is_nobody_elses() -> Result<()> {
    let (world, paid, slug) = sold().await?;
    let customer = world.someone("Борис").await?.with(&paid.bot.username);
    scenes::book_a_haircut(&customer).await?;
    let stranger = world.someone("Злодей").await?.with(&paid.bot.username);
    let menu = stranger.start("Здесь можно записаться").await?;
    for data in ["my:1", "drop:1", "drop!:1", "my:999", "drop!:999"] {
        let act = stranger.sim.forge_press(stranger.person.id, &stranger.bot, menu.id, data).await?;
        let (note, _) = stranger.sim.wait_answer(&act).await?;
        let screen = stranger.screen().await?.text;
        assert!(!screen.contains("Мужская стрижка"), "{data} shows {screen:?} and says {note:?}");
    }
    let pool = world.registry().await?;
    let left = format!("select count(*) from {slug}.bookings where status <> 'cancelled'");
    assert_eq!(count(&pool, left).await?, 1);
    pool.close().await;
    world.close().await
}
