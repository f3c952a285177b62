//! What a tenant's own role and Redis user may not do, and what ends what they may.

use super::*;
use crate::fleet::sentinel::{Limits, Sentinel};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_sees_nothing_but_its_own() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    let (other, _) = ground.sold().await?;
    for tenant in [&tenant, &other] {
        ground.make_first(tenant, 6).await?;
    }
    let password = |what: &str, sealed: &[u8]| ground.yard.sealer.open(&tenants::seal_row(&tenant.slug, what), sealed);
    use secrecy::ExposeSecret;
    let pg = password("pg", &tenant.pg_password_sealed)?;
    let url = ground.world.database.url_of(tenant.slug.as_str(), pg.expose_secret());
    let mut db = play::database::connect(&url).await?;
    sqlx::query("select count(*) from bookings").execute(&mut db).await?;
    for forbidden in [
        format!("select * from {}.bookings", other.slug),
        "select * from public.tenants".into(),
        "select * from public.bots".into(),
        "create table x (i int)".into(),
        format!("create table {}.x (i int)", tenant.slug),
        "create temp table x (i int)".into(),
        "create schema mine".into(),
        "drop table bookings".into(),
        "delete from _sqlx_migrations".into(),
        "select pg_advisory_lock(1)".into(),
        "select lo_create(0)".into(),
        "select * from pg_authid".into(),
        "select * from extensions.role_verifiers('x')".into(),
        "create function f() returns int language sql as 'select 1'".into(),
        "create function pg_temp.f() returns int language sql as 'select 1'".into(),
        "do $$ begin null; end $$".into(),
        "create extension hstore".into(),
        "create view v as select 1".into(),
        "create table pg_temp.x (i int)".into(),
        "alter table bookings add column x int".into(),
        "create index on bookings (id)".into(),
        "comment on table bookings is 'mine'".into(),
        "select pg_try_advisory_lock(1)".into(),
        "select pg_advisory_xact_lock(1)".into(),
        "select lo_from_bytea(0, 'x')".into(),
        "select pg_logical_emit_message(false, 'x', 'y')".into(),
        "select pg_read_file('postgresql.conf')".into(),
        "select pg_ls_dir('.')".into(),
        "copy bookings to program 'id'".into(),
        "copy bookings to '/tmp/x'".into(),
        "copy bookings from program 'id'".into(),
        "select * from pg_hba_file_rules".into(),
        "select pg_reload_conf()".into(),
        "set session_preload_libraries = 'x'".into(),
        "set track_activities = off".into(),
        "set temp_file_limit = -1".into(),
        "set log_statement = 'all'".into(),
        format!("set role {}", other.slug),
        format!("set session authorization {}", other.slug),
        format!("grant {} to current_user", other.slug),
        "grant pg_signal_backend to current_user".into(),
        format!("alter role {} password 'x'", other.slug),
        "alter system set work_mem = '1GB'".into(),
        "alter role current_user superuser".into(),
    ] {
        let refused = sqlx::query(sqlx::AssertSqlSafe(forbidden.clone())).execute(&mut db).await;
        assert!(refused.is_err(), "allowed: {forbidden}");
    }
    // Others' sessions are seen without what they run; the server's own databases are shut.
    let told: Vec<String> = sqlx::query_scalar(
        "select distinct query from pg_stat_activity where usename is distinct from current_user and query <> ''",
    )
    .fetch_all(&mut db)
    .await?;
    assert!(told.iter().all(|query| query == "<insufficient privilege>"), "{told:?}");
    for database in ["postgres", "template1"] {
        let mut elsewhere = url::Url::parse(&url)?;
        elsewhere.set_path(database);
        let error = play::database::connect(elsewhere.as_str()).await.err().context("it was let in")?;
        assert!(format!("{error:#}").contains("permission denied"), "{database}: {error:#}");
    }
    let redis = password("redis", &tenant.redis_password_sealed)?;
    let mut url = url::Url::parse(&play::env::redis_url()?)?;
    url.query_pairs_mut().clear().append_pair("user", tenant.slug.as_str()).append_pair("pass", redis.expose_secret());
    let mut redis = redis::Client::open(url.as_str())?.get_multiplexed_async_connection().await?;
    let _: () = redis.set(format!("{}:a", tenant.slug), 1).await?;
    for forbidden in [
        vec!["GET".to_owned(), format!("{}:a", other.slug)],
        vec!["SET".into(), "a".into(), "1".into()],
        vec!["KEYS".into(), "*".into()],
        vec!["SCAN".into(), "0".into()],
        vec!["RANDOMKEY".into()],
        vec!["DBSIZE".into()],
        vec!["FLUSHALL".into()],
        vec!["CONFIG".into(), "GET".into(), "*".into()],
        vec!["EVAL".into(), "return 1".into(), "0".into()],
        vec!["ACL".into(), "LIST".into()],
        vec!["PUBLISH".into(), format!("{}:x", other.slug), "y".into()],
    ] {
        let refused: Result<redis::Value, _> =
            redis::cmd(&forbidden[0]).arg(&forbidden[1..]).query_async(&mut redis).await;
        assert!(refused.is_err(), "allowed: {forbidden:?}");
    }
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_or_a_transaction_that_goes_on_too_long_is_ended() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    let (neighbour, _) = ground.sold().await?;
    for tenant in [&tenant, &neighbour] {
        ground.make_first(tenant, 4).await?;
    }
    let second = Duration::from_secs(1);
    let limits = Limits { statement: second, transaction: 2 * second, every: second / 10 };
    let (sentinel, stop) = (Sentinel::new(ground.yard.clone(), limits), CancellationToken::new());
    let until_stopped = stop.clone();
    let running = tokio::spawn(async move { sentinel.run(until_stopped).await });
    let mut innocent = ground.as_tenant(&neighbour).await?;
    // A role that does not carry our mark is none of our business, whatever it is called.
    let (unmarked, _) = ground.sold().await?;
    ground.make_first(&unmarked, 4).await?;
    ground.world.database.run(&[format!("comment on role {} is 'somebody else'", unmarked.slug)]).await?;
    let mut not_ours = ground.as_tenant(&unmarked).await?;
    sqlx::query("set idle_in_transaction_session_timeout = 0").execute(&mut not_ours).await?;
    sqlx::query("begin").execute(&mut not_ours).await?;
    let endless =
        "with recursive r as (select 1 as i union all select i + 1 from r) select count(*) from r where i < 0";
    let begun = std::time::Instant::now();
    for (sql, ended_because) in
        [("select pg_sleep(600)", "a statement of"), (endless, "a statement of"), ("", "a transaction of")]
    {
        let mut db = ground.as_tenant(&tenant).await?;
        // A role may lift its own timeouts.
        for lifted in ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"] {
            sqlx::query(sqlx::AssertSqlSafe(format!("set {lifted} = 0"))).execute(&mut db).await?;
        }
        if sql.is_empty() {
            // Short statements, one after another, in one transaction.
            sqlx::query("begin").execute(&mut db).await?;
            let ended = async {
                loop {
                    if sqlx::query("select count(*) from bookings").execute(&mut db).await.is_err() {
                        return anyhow::Ok(Some(()));
                    }
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(Duration::from_secs(90), ended).await.context("it goes on and on")??;
        } else {
            let ended = tokio::time::timeout(Duration::from_secs(90), sqlx::query(sql).execute(&mut db)).await;
            assert!(ended.context("it goes on and on")?.is_err(), "{sql}");
        }
        until("it is written down", async || {
            let told = ground.told(&tenant, "session_ended").await?;
            Ok(told.last().is_some_and(|last| last.starts_with(ended_because)).then_some(()))
        })
        .await?;
        eprintln!("{ended_because}: ended, {} ms since the first", begun.elapsed().as_millis());
    }
    // An open transaction in which nothing happens.
    let mut idle = ground.as_tenant(&tenant).await?;
    sqlx::query("begin").execute(&mut idle).await?;
    sqlx::query("set idle_in_transaction_session_timeout = 0").execute(&mut idle).await?;
    let told = ground.told(&tenant, "session_ended").await?.len();
    until("it is ended", async || Ok((ground.told(&tenant, "session_ended").await?.len() > told).then_some(())))
        .await?;
    assert!(sqlx::query("select 1").execute(&mut idle).await.is_err());
    // Whoever does nothing wrong is left alone, idle or not.
    sqlx::query("select count(*) from bookings").execute(&mut innocent).await?;
    sqlx::query("commit").execute(&mut not_ours).await.context("a session that is not ours was ended")?;
    ground
        .world
        .database
        .run(&[format!("comment on role {} is '{}'", unmarked.slug, ground.yard.mark(&unmarked))])
        .await?;
    assert_eq!(ground.told(&neighbour, "session_ended").await?, Vec::<String>::new());
    stop.cancel();
    running.await?;
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_notifications_only_ring_and_never_faster_than_the_bell_may() -> Result<()> {
    let mut ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    let tenant = ground.settle(&tenant).await?;
    let watched = ground.watch(|watched| watched);
    let pool = ground.yard.pool.clone();
    let written = async || {
        let rows: i64 = sqlx::query_scalar("select count(*) from tenant_events").fetch_one(&pool).await?;
        anyhow::Ok((rows, tenants::get(&pool, tenant.id).await?.generation))
    };
    let before = written().await?;
    let mut db = ground.as_tenant(&tenant).await?;
    let looks = watched.looks();
    let (_bell, _running) = ground.reconcile();
    // Far more than can be looked for; no look is ever nearer to the one before than it may be.
    let mut forged = 0;
    while watched.looks() < looks + 20 {
        forged += 1;
        let sql = format!("notify slotyard_tenants, 'remove everybody, {forged}'");
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut db).await?;
    }
    assert!(forged > 20, "the flood was none: {forged}");
    let shortest = watched.shortest_pause().context("no two looks")?;
    assert!(shortest >= Duration::from_millis(50), "{shortest:?}");
    assert_eq!(written().await?, before, "somebody believed a message");
    ground.close().await
}
