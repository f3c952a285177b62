//! Starting, stopping and starting again: a few at once, and what hangs.

use super::*;

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

/// All of them are sold and made up to the container, which nobody has started.
async fn made(ground: &Ground, n: usize) -> Result<Vec<Tenant>> {
    let mut tenants = Vec::new();
    for _ in 0..n {
        let (tenant, _) = ground.sold().await?;
        tenants.push(ground.settle(&tenant).await?);
    }
    Ok(tenants)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_reboot_twelve_bots_are_started_four_at_a_time() -> Result<()> {
    let mut ground = Ground::new().await?;
    let tenants = made(&ground, 12).await?;
    let engine = ground.world.docker.clone();
    for tenant in &tenants {
        let found = docker::inspect(&engine, tenant.slug.as_str()).await?.context("no container")?;
        let policy = found.host_config.and_then(|h| h.restart_policy).context("no policy")?;
        assert_eq!(
            policy.name.map(|n| n.to_string()).as_deref(),
            Some("on-failure"),
            "the engine would start them all"
        );
        assert_eq!(policy.maximum_retry_count, Some(3));
    }
    // As a reboot leaves them: all ended.
    futures::future::try_join_all(tenants.iter().map(|t| ground.yard.runtime.stop(t.slug.as_str()))).await?;
    let watched = ground.watch(Watched::gated);
    let begun = std::time::Instant::now();
    let (_bell, _running) = ground.reconcile();
    until("all twelve are being worked on, four of them started", async || {
        let sql = "select count(*) from tenant_facts where part = 'container' and not known";
        let waiting: i64 = sqlx::query_scalar(sql).fetch_one(&ground.yard.pool).await?;
        Ok((waiting == 12 && watched.starting().0 >= 4).then_some(()))
    })
    .await?;
    for done in 0..12 {
        watched.let_through(1);
        until("the next one has taken its turn", async || {
            let left = 12 - done - 1;
            let ended = watched.starting().0 <= left.min(4);
            let sql = "select count(*) from tenant_facts where part = 'container' and not known";
            let waiting: i64 = sqlx::query_scalar(sql).fetch_one(&ground.yard.pool).await?;
            Ok((ended && waiting <= i64::try_from(left)?).then_some(()))
        })
        .await?;
    }
    assert_eq!(watched.starting(), (0, 4));
    for tenant in &tenants {
        until("it polls again", async || Ok(ground.plan_of(tenant).await?.1.is_empty().then_some(()))).await?;
        ground.running_container(&tenant.slug).await?;
    }
    eprintln!("twelve bots polled again after {} ms", begun.elapsed().as_millis());
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_runs_and_is_silent_for_three_polls_is_restarted() -> Result<()> {
    let mut ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    let tenant = ground.settle(&tenant).await?;
    let slug = tenant.slug.as_str();
    let started = async || {
        let state = docker::inspect(&ground.world.docker, slug).await?.context("no container")?.state;
        anyhow::Ok(state.and_then(|s| s.started_at))
    };
    let before = started().await?;
    // It hangs: the process is there and does nothing, and its heartbeat runs out.
    let options = bollard::query_parameters::KillContainerOptionsBuilder::default().signal("SIGSTOP").build();
    ground.world.docker.kill_container(slug, Some(options)).await?;
    let forget = async || {
        redis::cmd("DEL")
            .arg(shared::heartbeat::key(&tenant.slug.redis_prefix()))
            .exec_async(&mut play::redis::admin().await?)
            .await?;
        anyhow::Ok(())
    };
    forget().await?;
    let mut impatient = Yard::clone(&ground.yard);
    impatient.pace = Arc::new(steps::Pace { patience: Duration::from_millis(100), ..steps::Pace::default() });
    ground.yard = Arc::new(impatient);
    assert_eq!(ground.plan_of(&tenant).await?.1, [Step::Ensure(Part::Ready)]);
    let error = ground.round(&tenant).await?.context("no error")?;
    assert!(error.contains("has not polled"), "{error}");
    assert_eq!(started().await?, before, "it was given too little time");
    // Three polls later.
    let later = shared::clock::Clock::fixed(ground.now() + TimeDelta::seconds(151));
    let now = ground.yard.clock.clone();
    ground.change(|yard| yard.clock = later);
    let error = ground.round(&tenant).await?.context("no error")?;
    assert!(error.contains("was restarted"), "{error}");
    let state = docker::inspect(&ground.world.docker, slug).await?.context("no container")?.state;
    assert_ne!(state.and_then(|s| s.started_at), before);
    ground.change(|yard| {
        yard.clock = now;
        yard.pace = Arc::default();
    });
    ground.settle(&tenant).await?;
    ground.close().await
}
