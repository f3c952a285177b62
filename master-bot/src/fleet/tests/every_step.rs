//! Every step: run twice, cut off and run again, failed at and tried again; removal from every partial state; undo
//! twice.

use super::*;

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
        ground.wish(&tenant, Intent::Remove).await?;
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
        ground.wish(&tenant, Intent::Remove).await?;
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
        ground.wish(&tenant, Intent::Remove).await?;
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
