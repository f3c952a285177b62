//! The faults of the product that this one replaces, each by its number there. Every test does to our shipped programs
//! what broke that product. Where another file proves just the same, `docs/SECURITY.md` names that test instead.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use play::{
    docker::{self, ImageName},
    env,
    people::Someone,
    scenes::{self, Paid},
    until,
    world::{Shape, World},
};
use sandbox::wire::{Button, Event, Fault, FaultKind, What};
use serde_json::json;
use sqlx::PgPool;
use tokio::process::Command;

/// A world with one bot sold.
async fn sold() -> Result<(World, Paid, String)> {
    let world = World::start().await?;
    let paid = scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?;
    let slug = world.tenant_of(&paid.bot.username).await?;
    Ok((world, paid, slug))
}

async fn count(pool: &PgPool, sql: impl Into<String> + Send) -> Result<i64> {
    Ok(sqlx::query_scalar(sqlx::AssertSqlSafe(sql.into())).fetch_one(pool).await?)
}

/// Money booked, periods given, tenants made, and letters that one is ready.
async fn delivered(world: &World) -> Result<[i64; 4]> {
    let pool = world.registry().await?;
    let mut counts = [0; 4];
    for (n, sql) in [
        "select count(*) from ledger where kind = 'payment'",
        "select count(*) from subscription_periods",
        "select count(*) from tenants",
        "select count(*) from outbox where key like 'ready:%'",
    ]
    .into_iter()
    .enumerate()
    {
        counts[n] = count(&pool, sql).await?;
    }
    pool.close().await;
    Ok(counts)
}

/// All notifications that came were followed.
async fn all_followed(world: &World, least: i64) -> Result<()> {
    let pool = world.registry().await?;
    until(world.stage.sim.patience(), "every notification is followed", async || {
        let (all, open) = (
            count(&pool, "select count(*) from payment_inbox").await?,
            count(&pool, "select count(*) from payment_inbox where outcome is null").await?,
        );
        Ok((all >= least && open == 0).then_some(()))
    })
    .await?;
    pool.close().await;
    Ok(())
}

/// A container's environment variable.
async fn variable(world: &World, slug: &str, name: &str) -> Result<String> {
    let container = docker::inspect(&world.docker, slug).await?.context("the container is not there")?;
    let lines = container.config.and_then(|config| config.env).unwrap_or_default();
    let found = lines.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    found.map(str::to_owned).with_context(|| format!("{slug} has no {name}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn b1_both_programs_start_and_answer() -> Result<()> {
    let (world, paid, slug) = sold().await?;
    assert!(world.master.cli(&["tenants", "list"]).await?.contains(&slug));
    world.someone("Борис").await?.with(&paid.bot.username).start("Здесь можно записаться").await?;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn b2_a_booking_is_made_with_its_history_and_b3_all_of_it_carries_its_time() -> Result<()> {
    let (world, paid, slug) = sold().await?;
    let customer = world.someone("Борис").await?.with(&paid.bot.username);
    scenes::book_a_haircut(&customer).await?;
    let pool = world.registry().await?;
    let made = format!(
        "select count(*) from {slug}.bookings b join {slug}.booking_history h on h.booking_id = b.id
           join {slug}.users u on u.user_id = b.user_id
          where h.action = 'booked' and b.user_id = {}",
        customer.person.id
    );
    assert_eq!(count(&pool, made).await?, 1);
    // A moment without its zone is what that product could not write.
    let zoneless = format!(
        "select count(*) from information_schema.columns where table_schema in ('public', '{slug}')
            and table_name not like '\\_sqlx%'
            and data_type in ('timestamp without time zone', 'time without time zone', 'date')"
    );
    assert_eq!(count(&pool, zoneless).await?, 0);
    pool.close().await;
    world.close().await
}

/// Presses every button of the screen that `open` shows, each on a fresh one; all are answered without a complaint.
async fn every_button(who: &Someone, open: &str) -> Result<usize> {
    let screen = who.say(open, "").await?;
    let buttons: Vec<Button> = screen.buttons.into_iter().flatten().filter(|button| button.data.is_some()).collect();
    for button in &buttons {
        let fresh = who.say(open, "").await?;
        let act = who.sim.press_on(who.person.id, &who.bot, fresh.id, &button.text).await?;
        let (note, alert) = who.sim.wait_answer(&act).await?;
        ensure!(!alert, "[{}] of {open} is answered with {note:?}", button.text);
    }
    Ok(buttons.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn b4_there_is_something_behind_every_button_that_is_shown() -> Result<()> {
    let (world, paid, slug) = sold().await?;
    let customer = world.someone("Борис").await?.with(&paid.bot.username);
    scenes::book_a_haircut(&customer).await?;
    let owner = paid.buyer.with(&paid.bot.username);
    owner.start("Здесь можно записаться").await?;
    let operator = world.operator();
    operator.start("собственный Telegram-бот записи").await?;
    let buyer = world.someone("Вера").await?;
    buyer.start("собственный Telegram-бот записи").await?;
    for (who, open) in
        [(&customer, "/start"), (&owner, "/start"), (&owner, "/admin"), (&buyer, "/start"), (&operator, "/tenants")]
    {
        ensure!(every_button(who, open).await? > 0, "{open} shows no button");
    }
    scenes::open_card(&operator, &slug).await?;
    scenes::read_logs(&operator).await?;
    world.close().await
}

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
    hasty.sim = sim.with_patience(Duration::from_secs(8));
    ensure!(scenes::sign_up(&hasty, "Барбершоп").await.is_err(), "the buyer was answered");
    buyer.press("Оплатить", "Счёт готов").await?;
    assert_eq!(sim.faults().await?, [], "the fault has struck");
    assert_eq!(sim.payments().await?.len(), 1);
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_a_shop_that_does_not_answer_keeps_nobody_else_waiting() -> Result<()> {
    let world = World::start().await?;
    let sim = &world.stage.sim;
    let buyer = world.someone("Анна").await?;
    scenes::sign_up(&buyer, "Барбершоп").await?;
    let other = world.someone("Борис").await?;
    other.start("собственный Telegram-бот записи").await?;
    let before = sim.now().await?;
    sim.fault(&Fault::yookassa("GET /payments", FaultKind::Delay { delay_ms: 20_000 }).times(9)).await?;
    let tap = buyer.tap("Проверить оплату").await?;
    other.start("собственный Telegram-бот записи").await?;
    let answer = |event: &Event| matches!(&event.what, What::PressAnswered { query_id, .. } if Some(query_id) == tap.query_id.as_ref());
    let so_far = sim.events(before, Duration::ZERO).await?.events;
    assert!(!so_far.iter().any(answer), "the shop was asked and was not slow: {so_far:?}");
    // The first one is not left alone either.
    sim.wait_event(before, "the tap is answered all the same", sim.patience(), answer).await?;
    sim.clear_faults().await?;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn dp1_every_tenant_gets_all_tables_of_the_migrations_and_dp5_as_many_can_be_as_like() -> Result<()> {
    let world = World::shaped(Shape { first_tenant: Some(2_000_000_000), ..Shape::default() }).await?;
    let mut unpaid = Vec::new();
    for name in ["Анна", "Вера", "Глеб"] {
        unpaid.push(scenes::sign_up(&world.someone(name).await?, "Салон").await?);
    }
    // All at the same moment: that product could give two tenants one database.
    let paid = futures::future::try_join_all(unpaid.into_iter().map(scenes::Unpaid::pay)).await?;
    futures::future::try_join_all(paid.iter().map(Paid::ready)).await?;
    let mut slugs: Vec<String> = world.tenants().await?.into_iter().map(|(slug, _)| slug).collect();
    assert_eq!(slugs.len(), 3);
    slugs.dedup();
    assert_eq!(slugs.len(), 3);
    let pool = world.registry().await?;
    let tables = |slug: &str| format!("select count(*) from pg_tables where schemaname = '{slug}'");
    let first = count(&pool, tables(&slugs[0])).await?;
    assert!(first >= 12, "{first} tables");
    for slug in &slugs[1..] {
        assert_eq!(count(&pool, tables(slug)).await?, first);
    }
    pool.close().await;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn dp6_sales_leave_no_connections_behind() -> Result<()> {
    let (world, ..) = sold().await?;
    let pool = world.registry().await?;
    let held = "select count(*) from pg_stat_activity where datname = current_database() and usename like 'master\\_%'";
    for name in ["Вера", "Глеб", "Дарья"] {
        scenes::sell(&world.someone(name).await?, "Салон").await?;
    }
    // The pool's own, whatever the number of sales.
    assert!(count(&pool, held).await? <= 24, "{}", count(&pool, held).await?);
    let waiting =
        "select count(*) from pg_stat_activity where datname = current_database() and usename like 'client\\_%'";
    until(Duration::from_secs(60), "idle bots give their connections back", async || {
        Ok((count(&pool, waiting).await? == 0).then_some(()))
    })
    .await?;
    pool.close().await;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn dp7_a_program_that_is_only_asked_for_help_calls_nobody() -> Result<()> {
    for program in ["master-bot", "sandbox"] {
        let mut command = Command::new(env::bin_dir()?.join(program));
        command.env_clear().env("DOCKER_HOST", "unix:///nowhere/docker.sock").arg("--help").kill_on_drop(true);
        let ended = tokio::time::timeout(Duration::from_secs(30), command.output()).await.context(program)??;
        assert!(ended.status.success() && !ended.stdout.is_empty(), "{program}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn dp8_a_new_image_reaches_the_bots_that_run_a_stop_stops_and_a_removal_leaves_nothing() -> Result<()> {
    let (mut world, paid, slug) = sold().await?;
    let image = ImageName::create("slotyard-next", &env::tenant_image()?).await?;
    world.master.stop().await?;
    world.master.set("TENANT_IMAGE", &image.name);
    world.start_master().await?;
    let runs = async |wanted: bool| {
        until(Duration::from_secs(90), &format!("the new image runs: {wanted}"), async || {
            let found = docker::inspect(&world.docker, &slug).await?;
            let running = found.as_ref().and_then(|c| c.state.as_ref()?.running) == Some(true);
            let new = found.and_then(|c| c.config?.image).as_deref() == Some(image.name.as_str());
            Ok((running == wanted && new).then_some(()))
        })
        .await
    };
    runs(true).await?;
    world.someone("Борис").await?.with(&paid.bot.username).start("Здесь можно записаться").await?;
    world.master.cli(&["tenants", "stop", &slug]).await?;
    runs(false).await?;
    world.master.cli(&["tenants", "remove", &slug, "--yes"]).await?;
    crate::cli::comes_to(&world, &slug, "removed").await?;
    assert_eq!(world.traces_of(&slug).await?, Vec::<String>::new());
    world.close().await
}
