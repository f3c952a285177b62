//! Every step: run twice, cut off and run again, failed at and tried again; removal from every partial state; undo
//! twice. On real Postgres, Redis and Docker, with the real tenant image.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use play::{
    docker,
    world::{Shape, World},
};
use redis::AsyncCommands;
use sandbox::{client::Sim, wire::BotAccount};
use shared::slug::Slug;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    desired::{Desired, desired},
    look::look,
    plan::{Part, Step, plan},
    steps::{self, Yard},
    worker,
};
use crate::{
    payments::{Told, ToldStatus},
    registry::{
        BotId, bots, events, facts, orders, payments,
        tenants::{self, Intent, Tenant},
    },
    sales::money::{Outcome, Till},
    testing,
};

/// A world whose master does not run, and the parts of one in our hands.
struct Ground {
    world: World,
    yard: Arc<Yard>,
    parts: testing::Parts,
}

impl Ground {
    async fn new() -> Result<Self> {
        Self::with(&[]).await
    }

    async fn with(changed: &[(&str, String)]) -> Result<Self> {
        let world = World::shaped(Shape { without_master: true, ..Shape::default() }).await?;
        let mut settings = world.master.settings().clone();
        settings.extend(changed.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let parts = testing::Parts::wired(settings).await?;
        Ok(Self { yard: parts.yard.clone(), world, parts })
    }

    fn sim(&self) -> &Sim {
        &self.world.stage.sim
    }

    fn now(&self) -> DateTime<Utc> {
        self.yard.clock.now()
    }

    /// A paid tenant, of which nothing has been made yet.
    async fn sold(&self) -> Result<(Tenant, BotAccount)> {
        let (pool, now) = (&self.yard.pool, self.now());
        let buyer = self.sim().person("Вера").await?;
        let username = format!("usy_{}_bot", buyer.id);
        let made = self
            .sim()
            .open_new_bot(
                buyer.id,
                &format!("https://t.me/newbot/{}/{username}", self.world.bot.bot.username),
                Some("Усы"),
                Some(&username),
            )
            .await?;
        let account = self.sim().bot(made.created.context("no bot was made")?.id).await?;
        let client = testing::client(pool, buyer.id, now).await?;
        let bot = (BotId(account.bot.id), account.token.as_str());
        let order = testing::complete_order(pool, &self.yard.sealer, &client, bot, now).await?;
        let mut tx = pool.begin().await?;
        orders::accept_terms(&mut tx, order.id, "v1", now).await?;
        let payment = payments::intend(&mut tx, order.id, Uuid::new_v4(), order.price_kopecks, now, now).await?;
        tx.commit().await?;
        let watch = &self.parts.watch;
        let till = Till { pool, sealer: &self.yard.sealer, words: &*watch.words, operator_chats: &[] };
        let told = Told {
            provider_id: format!("provider-{}", payment.id),
            status: ToldStatus::Succeeded,
            amount: Some(order.price_kopecks),
            payment: Some(payment.id),
            confirmation_url: None,
        };
        let Outcome::Provisioned(id) = till.book(payment.id, &told, now).await? else {
            anyhow::bail!("nothing was provisioned")
        };
        Ok((tenants::get(pool, id).await?, account))
    }

    async fn plan_of(&self, tenant: &Tenant) -> Result<(Tenant, Vec<Step>)> {
        let world = look(&self.yard).await?;
        let Some(tenant) = world.tenants.iter().find(|t| t.id == tenant.id) else {
            return Ok((tenants::get(&self.yard.pool, tenant.id).await?, Vec::new()));
        };
        Ok((tenant.clone(), plan(desired(tenant, world.at), &world.observe(&self.yard, tenant))))
    }

    /// One round of work; gives the error it ended with.
    async fn round(&self, tenant: &Tenant) -> Result<Option<String>> {
        let (fresh, steps) = self.plan_of(tenant).await?;
        worker::work(&self.yard, &fresh, &steps, &CancellationToken::new()).await?;
        Ok(tenants::get(&self.yard.pool, tenant.id).await?.last_error)
    }

    /// Works, without waiting between tries, until the tenant is as it should be.
    async fn settle(&self, tenant: &Tenant) -> Result<Tenant> {
        let mut errors = Vec::new();
        for _ in 0..6 {
            let (fresh, steps) = self.plan_of(tenant).await?;
            if steps.is_empty() {
                return Ok(fresh);
            }
            worker::work(&self.yard, &fresh, &steps, &CancellationToken::new()).await?;
            errors.extend(tenants::get(&self.yard.pool, tenant.id).await?.last_error);
        }
        anyhow::bail!("{} does not settle: {errors:?}", tenant.slug)
    }

    /// Works on the first `n` parts only, recorded as ever.
    async fn make_first(&self, tenant: &Tenant, n: usize) -> Result<()> {
        let steps: Vec<Step> = Part::ALL[..n].iter().copied().map(Step::Ensure).collect();
        worker::work(&self.yard, tenant, &steps, &CancellationToken::new()).await?;
        let error = tenants::get(&self.yard.pool, tenant.id).await?.last_error;
        ensure!(error.is_none(), "{error:?}");
        Ok(())
    }

    /// The effect of a step whose process was killed before it could record it; the lease was still held.
    async fn effect_without_record(&self, tenant: &Tenant, part: Part) -> Result<()> {
        let (pool, now) = (&self.yard.pool, self.now());
        let lease = tenants::lease(pool, tenant.id, Uuid::new_v4(), now).await?.context("no lease")?;
        ensure!(facts::unknown(pool, &lease, part.name(), now).await?);
        steps::ensure(&self.yard, tenant, &lease, part).await?;
        // Time passes: the dead process's lease runs out.
        sqlx::query("update tenants set lease_until = $2 where id = $1")
            .bind(tenant.id)
            .bind(now - TimeDelta::seconds(1))
            .execute(pool)
            .await?;
        Ok(())
    }

    async fn wish(&self, tenant: &Tenant, intent: Intent<'_>) -> Result<()> {
        super::intent::wish(&self.yard.pool, &tenant.slug, intent, ("test", None), self.now()).await?;
        Ok(())
    }

    async fn assert_gone(&self, tenant: &Tenant) -> Result<()> {
        let traces = self.world.traces_of(tenant.slug.as_str()).await?;
        ensure!(traces.is_empty(), "left behind: {traces:?}");
        ensure!(facts::of(&self.yard.pool, tenant.id).await?.is_empty(), "facts are left");
        let bot = bots::find(&self.yard.pool, tenant.bot_id).await?.context("the bot's row")?;
        ensure!(bot.token_sealed.is_none(), "the token is still kept");
        ensure!(tenants::get(&self.yard.pool, tenant.id).await?.removed_at.is_some(), "not marked as removed");
        Ok(())
    }

    async fn running_container(&self, slug: &Slug) -> Result<String> {
        let found = docker::inspect(&self.world.docker, slug.as_str()).await?.context("no container")?;
        ensure!(found.state.and_then(|s| s.running) == Some(true), "it does not run");
        found.id.context("no id")
    }

    async fn close(self) -> Result<()> {
        let Self { world, parts, yard } = self;
        parts.pool.close().await;
        drop((parts, yard));
        world.close().await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_step_run_twice_changes_nothing_the_second_time() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    let tenant = ground.settle(&tenant).await?;
    let container = ground.running_container(&tenant.slug).await?;
    let lease = tenants::lease(&ground.yard.pool, tenant.id, Uuid::new_v4(), ground.now()).await?.context("lease")?;
    for part in Part::ALL {
        let first = steps::ensure(&ground.yard, &tenant, &lease, part).await.context(part)?;
        let second = steps::ensure(&ground.yard, &tenant, &lease, part).await.context(part)?;
        assert_eq!(first, second, "{part}");
    }
    tenants::give_back(&ground.yard.pool, &lease, None, ground.now()).await?;
    assert_eq!(ground.running_container(&tenant.slug).await?, container);
    assert_eq!(ground.plan_of(&tenant).await?.1, []);
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_whose_record_was_lost_is_taken_up_where_it_was() -> Result<()> {
    let ground = Ground::new().await?;
    for (i, part) in Part::ALL.into_iter().enumerate() {
        let (tenant, _) = ground.sold().await?;
        ground.make_first(&tenant, i).await?;
        ground.effect_without_record(&tenant, part).await.context(part)?;
        let container = docker::inspect(&ground.world.docker, tenant.slug.as_str()).await?.and_then(|c| c.id);
        ground.settle(&tenant).await.context(part)?;
        let now = ground.running_container(&tenant.slug).await?;
        assert!(container.is_none_or(|before| before == now), "{part}: the container was made twice");
        ground.wish(&tenant, Intent::Remove { asked_at: None }).await?;
        ground.settle(&tenant).await.context(part)?;
    }
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn removal_from_every_partial_state_leaves_nothing() -> Result<()> {
    let ground = Ground::new().await?;
    for n in 0..=Part::ALL.len() {
        let (tenant, _) = ground.sold().await?;
        ground.make_first(&tenant, n).await?;
        ground.wish(&tenant, Intent::Remove { asked_at: None }).await?;
        ground.settle(&tenant).await.with_context(|| format!("{n} parts"))?;
        ground.assert_gone(&tenant).await.with_context(|| format!("{n} parts"))?;
    }
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn removal_after_every_effect_that_nobody_recorded_leaves_nothing() -> Result<()> {
    let ground = Ground::new().await?;
    for (n, part) in Part::ALL.into_iter().enumerate() {
        let (tenant, _) = ground.sold().await?;
        ground.make_first(&tenant, n).await?;
        ground.effect_without_record(&tenant, part).await.context(part)?;
        ground.wish(&tenant, Intent::Remove { asked_at: None }).await?;
        ground.settle(&tenant).await.context(part)?;
        ground.assert_gone(&tenant).await.context(part)?;
    }
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_roles_at_once_are_made_without_a_fault() -> Result<()> {
    let ground = Ground::new().await?;
    let mut tenants = Vec::new();
    for _ in 0..16 {
        let (tenant, _) = ground.sold().await?;
        ground.make_first(&tenant, 2).await?;
        tenants.push(tenant);
    }
    let role = [Step::Ensure(Part::Role)];
    let stop = CancellationToken::new();
    let work = tenants.iter().map(|tenant| worker::work(&ground.yard, tenant, &role, &stop));
    futures::future::try_join_all(work).await?;
    for tenant in &tenants {
        assert_eq!(tenants::get(&ground.yard.pool, tenant.id).await?.last_error, None);
    }
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_step_undone_twice_is_undone_once() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    let tenant = ground.settle(&tenant).await?;
    for part in Part::ALL.into_iter().rev() {
        steps::undo(&ground.yard, &tenant, part).await.context(part)?;
        steps::undo(&ground.yard, &tenant, part).await.context(part)?;
    }
    assert_eq!(ground.world.traces_of(tenant.slug.as_str()).await?, Vec::<String>::new());
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_ours_is_refused_and_left_alone_until_it_is_moved_away() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    let slug = tenant.slug.as_str();
    let database = &ground.world.database;
    let obstacles = [
        (format!("create schema {slug}"), format!("drop schema {slug}"), "schema: a schema"),
        (format!("create role {slug}"), format!("drop role {slug}"), "role: a role"),
        (
            format!("create table {slug}.bookings (foreign_thing int)"),
            format!("drop table {slug}.bookings"),
            "migrations:",
        ),
    ];
    for (put, take_away, expected) in obstacles {
        database.run(&[put]).await?;
        let error = ground.round(&tenant).await?.context("no error")?;
        assert!(error.starts_with(expected), "{error}");
        database.run(&[take_away]).await?;
    }
    // A container of somebody else's under our name.
    let foreign = crate::runtime::docker::DockerRuntime::new(Some(&play::env::docker_host()?), "somebody-else")?;
    let spec = crate::runtime::Spec {
        slug: tenant.slug.clone(),
        image: play::env::tenant_image()?,
        env: Default::default(),
        mounts: Default::default(),
        network: "none".into(),
    };
    crate::runtime::Runtime::create(&foreign, &spec).await?;
    let error = ground.round(&tenant).await?.context("no error")?;
    assert!(error.contains("that is not ours"), "{error}");
    docker::remove_container(&ground.world.docker, slug).await?;

    let settled = ground.settle(&tenant).await?;
    assert_eq!((settled.last_error, settled.attempts), (None, 0));
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_refuses_the_user_and_a_bot_that_ends_are_tried_again() -> Result<()> {
    // The master's own Redis user may do everything but what the step needs.
    let name = format!("master_{}", play::database::random_name());
    let mut admin = play::redis::admin().await?;
    let acl = |rules: &[&str]| {
        let mut command = redis::cmd("ACL");
        command.arg("SETUSER").arg(&name).arg(rules);
        command
    };
    let () = acl(&["reset", "on", ">pw", "~*", "&*", "+@all", "-acl|setuser"]).query_async(&mut admin).await?;
    let mut url = url::Url::parse(&play::env::redis_url()?)?;
    url.query_pairs_mut().clear().append_pair("user", &name).append_pair("pass", "pw");
    let ground = Ground::with(&[("REDIS_URL", url.to_string())]).await?;
    let (tenant, account) = ground.sold().await?;
    let error = ground.round(&tenant).await?.context("no error")?;
    assert!(error.starts_with("redis_user:"), "{error}");
    let () = acl(&["+acl|setuser"]).query_async(&mut admin).await?;
    // And the bot itself ends as soon as it starts: its token dies between its check and its start.
    ground.make_first(&tenants::get(&ground.yard.pool, tenant.id).await?, 6).await?;
    ground.sim().revoke_token(account.bot.id, false).await?;
    let error = ground.round(&tenant).await?.context("no error")?;
    assert!(error.starts_with("ready:"), "{error}");
    ground.settle(&tenant).await?;
    ground.running_container(&tenant.slug).await?;
    let _: i64 = redis::cmd("ACL").arg("DELUSER").arg(&name).query_async(&mut admin).await?;
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_step_waits_longer_each_time_and_unwinds_nothing() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, account) = ground.sold().await?;
    ground.sim().revoke_token(account.bot.id, false).await?;
    ground.sim().delete_bot(account.bot.id).await?;
    let mut pauses = Vec::new();
    for attempt in 1..=3 {
        let error = ground.round(&tenant).await?.context("no error")?;
        assert!(error.starts_with("token:"), "{error}");
        let now = tenants::get(&ground.yard.pool, tenant.id).await?;
        assert_eq!(now.attempts, attempt);
        pauses.push((now.next_attempt_at.context("when")? - ground.now()).num_milliseconds());
    }
    assert!(pauses[0] < pauses[1] && pauses[1] < pauses[2], "{pauses:?}");
    // Removing it needs no good token.
    ground.wish(&tenant, Intent::Remove { asked_at: None }).await?;
    ground.settle(&tenant).await?;
    ground.assert_gone(&tenant).await?;
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_changed_by_hand_is_mended() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, account) = ground.sold().await?;
    let tenant = ground.settle(&tenant).await?;
    let slug = tenant.slug.as_str();
    // The container is removed; the Redis user and the heartbeat are gone; the owner revoked the bot's token.
    docker::remove_container(&ground.world.docker, slug).await?;
    assert_eq!(ground.plan_of(&tenant).await?.1, [Step::Ensure(Part::Container), Step::Ensure(Part::Ready)]);
    ground.settle(&tenant).await?;

    play::redis::forget(slug).await?;
    assert_eq!(ground.plan_of(&tenant).await?.1, [Step::Ensure(Part::RedisUser), Step::Ensure(Part::Ready)]);
    // The bot's own connection was cut with its user; it is back when its next poll writes the next beat.
    ground.wish(&tenant, Intent::Restart).await?;
    ground.settle(&tenant).await?;

    // Revoked, nobody is told, and the bot ends: a new token is a new spec, and another container.
    let before = ground.running_container(&tenant.slug).await?;
    ground.sim().revoke_token(account.bot.id, false).await?;
    ground.yard.runtime.restart(slug).await?;
    let gone = async || Ok(ground.running_container(&tenant.slug).await.is_err().then_some(()));
    play::until(std::time::Duration::from_secs(20), "the bot ends without its token", gone).await?;
    ground.settle(&tenant).await?;
    assert_ne!(ground.running_container(&tenant.slug).await?, before);

    // Frozen by hand.
    ground.world.docker.pause_container(slug).await?;
    assert!(ground.plan_of(&tenant).await?.1.contains(&Step::Ensure(Part::Container)));
    ground.settle(&tenant).await?;
    ground.running_container(&tenant.slug).await?;
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_stops_a_start_runs_again_and_a_restart_restarts_once() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    let tenant = ground.settle(&tenant).await?;
    let letters = |key: &'static str| {
        let pool = ground.yard.pool.clone();
        async move {
            let n: i64 =
                sqlx::query_scalar("select count(*) from outbox where key like $1").bind(key).fetch_one(&pool).await?;
            anyhow::Ok(n)
        }
    };
    assert_eq!(letters("ready:%").await?, 1);

    ground.wish(&tenant, Intent::Hold("долги")).await?;
    assert_eq!(ground.plan_of(&tenant).await?.1, [Step::Stop]);
    ground.settle(&tenant).await?;
    assert!(ground.running_container(&tenant.slug).await.is_err());

    ground.wish(&tenant, Intent::Release).await?;
    let running = ground.settle(&tenant).await?;
    assert_eq!(desired(&running, ground.now()), Desired::Running);

    let started = |ground: &Ground| {
        let docker = ground.world.docker.clone();
        let slug = tenant.slug.to_string();
        async move {
            let state = docker::inspect(&docker, &slug).await?.context("no container")?.state;
            state.and_then(|s| s.started_at).context("not started")
        }
    };
    let before = started(&ground).await?;
    ground.wish(&tenant, Intent::Restart).await?;
    ground.settle(&tenant).await?;
    let after = started(&ground).await?;
    assert_ne!(before, after);
    assert_eq!(ground.plan_of(&tenant).await?.1, []);
    assert_eq!(started(&ground).await?, after);
    // Told once that it is ready, however often it comes back.
    assert_eq!(letters("ready:%").await?, 1);
    let told: Vec<String> =
        events::latest(&ground.yard.pool, tenant.id, 50).await?.into_iter().map(|e| e.event).collect();
    for event in ["bought", "ready", "hold", "stopped", "release", "restart"] {
        assert!(told.iter().any(|t| t == event), "{event} in {told:?}");
    }
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_lease_or_a_newer_intent_ends_the_work() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    let pool = &ground.yard.pool;
    let now = ground.now();
    let lease = tenants::lease(pool, tenant.id, Uuid::new_v4(), now).await?.context("lease")?;
    assert!(tenants::lease(pool, tenant.id, Uuid::new_v4(), now).await?.is_none(), "two leases at once");
    // A worker beside it does nothing.
    worker::work(&ground.yard, &tenant, &[Step::Ensure(Part::Schema)], &CancellationToken::new()).await?;
    assert!(ground.world.traces_of(tenant.slug.as_str()).await?.is_empty());
    // A newer intent: what the old worker knows must not be written.
    ground.wish(&tenant, Intent::Hold("тест")).await?;
    assert!(!tenants::prolong(pool, &lease, now).await?);
    assert!(!facts::known(pool, &lease, "schema", &serde_json::json!({}), now).await?);
    // The lease runs out: somebody else takes over, and the first one is out.
    let later = now + tenants::LEASE_LASTS + TimeDelta::seconds(1);
    let second = tenants::lease(pool, tenant.id, Uuid::new_v4(), later).await?.context("second lease")?;
    assert!(!tenants::prolong(pool, &lease, later).await?);
    assert!(tenants::prolong(pool, &second, later).await?);
    ground.close().await
}

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
        "alter role current_user superuser".into(),
    ] {
        let refused = sqlx::query(sqlx::AssertSqlSafe(forbidden.clone())).execute(&mut db).await;
        assert!(refused.is_err(), "allowed: {forbidden}");
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
async fn a_wish_that_is_told_twice_is_done_once() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    let pool = &ground.yard.pool;
    for (cause, restarts) in [("update:7", 1), ("update:7", 1), ("update:8", 2)] {
        let who = ("test", Some(cause));
        super::intent::wish(pool, &tenant.slug, Intent::Restart, who, ground.now()).await?;
        assert_eq!(tenants::get(pool, tenant.id).await?.restart_generation, restarts, "{cause}");
    }
    ground.close().await
}
