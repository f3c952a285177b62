//! Containers changed by hand: seen by looking into them, and made anew.

use bollard::{
    models::{
        ContainerCreateBody, ContainerInspectResponse, ContainerUpdateBody, HostConfig, NetworkConnectRequest,
        NetworkCreateRequest, NetworkDisconnectRequest, NetworkingConfig, RestartPolicy, RestartPolicyNameEnum,
    },
    query_parameters::{CreateContainerOptionsBuilder, RenameContainerOptions, StartContainerOptions},
};

use super::*;
use crate::runtime::{Runtime, Spec, docker::DockerRuntime};

const AN_HOUR: TimeDelta = TimeDelta::hours(1);

impl Ground {
    async fn inspected(&self, slug: &str) -> Result<ContainerInspectResponse> {
        docker::inspect(&self.world.docker, slug).await?.context("no container")
    }

    async fn update(&self, slug: &str, body: ContainerUpdateBody) -> Result<()> {
        Ok(self.world.docker.update_container(slug, body).await?)
    }

    /// A second network, taken down with the world.
    async fn another_network(&self) -> Result<String> {
        let name = format!("slotyard-{}-other", self.yard.instance);
        let labels = [(docker::INSTANCE.to_owned(), self.yard.instance.clone())].into();
        let request = NetworkCreateRequest { name: name.clone(), labels: Some(labels), ..Default::default() };
        self.world.docker.create_network(request).await?;
        Ok(name)
    }

    /// Takes a container away and makes another under its name with its labels, changed.
    async fn copy(&self, slug: &str, change: impl FnOnce(&mut ContainerCreateBody)) -> Result<()> {
        let found = self.inspected(slug).await?;
        let config = found.config.context("config")?;
        let host = found.host_config.context("host config")?;
        let network = host.network_mode.clone().context("network")?;
        let mut body = ContainerCreateBody {
            image: config.image,
            env: config.env,
            labels: config.labels,
            user: config.user,
            stop_signal: config.stop_signal,
            stop_timeout: config.stop_timeout,
            host_config: Some(host),
            networking_config: Some(NetworkingConfig {
                endpoints_config: Some([(network, Default::default())].into()),
            }),
            ..Default::default()
        };
        change(&mut body);
        docker::remove_container(&self.world.docker, slug).await?;
        let options = CreateContainerOptionsBuilder::default().name(slug).build();
        self.world.docker.create_container(Some(options), body).await?;
        Ok(self.world.docker.start_container(slug, None::<StartContainerOptions>).await?)
    }

    /// What was done by hand is found out, and undone: the container is another, and as it should be.
    async fn found_out(&self, tenant: &Tenant, by_hand: &str, expected: &[&str]) -> Result<()> {
        let before = self.inspected(tenant.slug.as_str()).await?.id;
        let told = self.told(tenant, "differs").await?.len();
        self.settle(tenant).await.with_context(|| by_hand.to_owned())?;
        let differs = self.told(tenant, "differs").await?.split_off(told).join(", ");
        assert!(expected.iter().all(|name| differs.contains(name)), "{by_hand}: told {differs:?}");
        let after = self.inspected(tenant.slug.as_str()).await?;
        assert_ne!(before, after.id, "{by_hand}: it was left as it was");
        let host = after.host_config.context("host config")?;
        assert_eq!(
            (host.memory, host.pids_limit, host.privileged),
            (Some(64 << 20), Some(64), Some(false)),
            "{by_hand}"
        );
        let networks = after.network_settings.and_then(|n| n.networks).context("networks")?;
        let network = steps::network::name(&self.yard, tenant);
        assert_eq!(networks.keys().collect::<Vec<_>>(), [&network], "{by_hand}");
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_that_was_changed_by_hand_is_made_anew_when_it_is_looked_into() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    let tenant = ground.settle(&tenant).await?;
    let (slug, engine) = (tenant.slug.as_str(), &ground.world.docker);
    let limits =
        |memory: i64| ContainerUpdateBody { memory: Some(memory), memory_swap: Some(memory), ..Default::default() };
    let other = ground.another_network().await?;
    let look_into = async || {
        assert_eq!(ground.plan_of(&tenant).await?.1, [], "a list of containers shows nothing");
        ground.age(&tenant, Part::Container, AN_HOUR).await?;
        assert_eq!(ground.plan_of(&tenant).await?.1, [Step::Ensure(Part::Container)]);
        anyhow::Ok(())
    };

    ground.update(slug, limits(512 << 20)).await?;
    look_into().await?;
    ground.found_out(&tenant, "more memory", &["Memory", "MemorySwap"]).await?;

    ground.update(slug, ContainerUpdateBody { pids_limit: Some(-1), ..Default::default() }).await?;
    look_into().await?;
    ground.found_out(&tenant, "no limit of processes", &["PidsLimit"]).await?;

    let always = RestartPolicy { name: Some(RestartPolicyNameEnum::ALWAYS), maximum_retry_count: None };
    ground.update(slug, ContainerUpdateBody { restart_policy: Some(always), ..Default::default() }).await?;
    look_into().await?;
    ground.found_out(&tenant, "restarted for ever", &["RestartPolicy"]).await?;

    let request = NetworkConnectRequest { container: slug.into(), endpoint_config: None };
    engine.connect_network(&other, request).await?;
    look_into().await?;
    ground.found_out(&tenant, "one network more", &["Networks"]).await?;

    let own = steps::network::name(&ground.yard, &tenant);
    engine.disconnect_network(&own, NetworkDisconnectRequest { container: slug.into(), force: Some(true) }).await?;
    look_into().await?;
    ground.found_out(&tenant, "no network at all", &["Networks"]).await?;
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_that_is_as_it_should_be_is_not_disturbed_by_a_look_into_it() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    let tenant = ground.settle(&tenant).await?;
    let slug = tenant.slug.as_str();
    let of = |found: ContainerInspectResponse| (found.id, found.state.and_then(|s| s.started_at), found.restart_count);
    let before = of(ground.inspected(slug).await?);
    for _ in 0..2 {
        ground.age(&tenant, Part::Container, AN_HOUR).await?;
        ground.age(&tenant, Part::Token, TimeDelta::hours(24)).await?;
        assert_eq!(ground.plan_of(&tenant).await?.1, [Step::Ensure(Part::Token), Step::Ensure(Part::Container)]);
        ground.settle(&tenant).await?;
    }
    assert_eq!(of(ground.inspected(slug).await?), before);
    assert_eq!(ground.told(&tenant, "differs").await?, Vec::<String>::new());
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_with_our_labels_and_more_rights_or_other_settings_is_made_anew() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    let tenant = ground.settle(&tenant).await?;
    let slug = tenant.slug.as_str();
    type Change = fn(&mut ContainerCreateBody);
    fn host(body: &mut ContainerCreateBody) -> &mut HostConfig {
        body.host_config.get_or_insert_default()
    }
    let changes: [(&str, Change, &[&str]); 7] = [
        ("privileged", |b| host(b).privileged = Some(true), &["Privileged"]),
        ("a capability", |b| host(b).cap_add = Some(vec!["NET_ADMIN".into()]), &["CapAdd"]),
        ("the host's processes", |b| host(b).pid_mode = Some("host".into()), &["PidMode"]),
        ("a writable root", |b| host(b).readonly_rootfs = Some(false), &["ReadonlyRootfs"]),
        ("a folder of the host", |b| host(b).binds.get_or_insert_default().push("/etc:/host:ro".into()), &["Binds"]),
        ("root", |b| b.user = Some("0:0".into()), &["User"]),
        ("one variable more", |b| b.env.get_or_insert_default().push("RUST_LOG=trace".into()), &["Env"]),
    ];
    for (by_hand, change, expected) in changes {
        ground.copy(slug, change).await.context(by_hand)?;
        ground.found_out(&tenant, by_hand, expected).await?;
    }
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_engine_hints_that_something_was_changed_and_nobody_waits_for_an_hour() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    let tenant = ground.settle(&tenant).await?;
    let slug = tenant.slug.as_str();
    let (bell, _running) = ground.reconcile();
    let other = ground.another_network().await?;
    let is_back = async |before: &Option<String>| {
        until("the container is another and limited", async || {
            let Some(found) = docker::inspect(&ground.world.docker, slug).await? else { return Ok(None) };
            let limited = found.host_config.as_ref().is_some_and(|h| h.memory == Some(64 << 20));
            let networks = found.network_settings.and_then(|n| n.networks).is_some_and(|n| n.len() == 1);
            Ok((found.id != *before && limited && networks).then_some(()))
        })
        .await
    };
    // The reconciler has listened and looked, so that what is done now is not from before it.
    bell.notify_one();
    ground.settle(&tenant).await?;
    for act in ["more memory", "one network more"] {
        until("all is well", async || Ok(ground.plan_of(&tenant).await?.1.is_empty().then_some(()))).await?;
        let before = ground.inspected(slug).await?.id;
        let begun = std::time::Instant::now();
        // A hint may be lost while the stream is being opened: done again until it was heard.
        let container = before.clone().unwrap_or_default();
        let acting = async {
            for n in 1_i64.. {
                if act == "more memory" {
                    let more = Some((128 + n) << 20);
                    let body = ContainerUpdateBody { memory: more, memory_swap: more, ..Default::default() };
                    let _ = ground.update(&container, body).await;
                } else {
                    let (engine, container) = (&ground.world.docker, container.clone());
                    let away = NetworkDisconnectRequest { container: container.clone(), force: Some(true) };
                    let _ = engine.disconnect_network(&other, away).await;
                    let request = NetworkConnectRequest { container, endpoint_config: None };
                    let _ = engine.connect_network(&other, request).await;
                }
                tokio::time::sleep(Duration::from_secs(10)).await;
            }
        };
        tokio::select! { done = is_back(&before) => done?, () = acting => {} }
        eprintln!("{act}: mended after {} ms", begun.elapsed().as_millis());
    }
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renamed_container_is_removed_and_never_polls_beside_the_new_one() -> Result<()> {
    let mut ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    let tenant = ground.settle(&tenant).await?;
    let slug = tenant.slug.as_str();
    // What was renamed must be gone before the new one starts.
    let watched = ground.watch(Watched::gated);
    let before = ground.running_container(&tenant.slug).await?;
    let options = RenameContainerOptions { name: format!("{slug}_old") };
    ground.world.docker.rename_container(slug, options).await?;
    let settle = ground.settle(&tenant);
    let see = async {
        until("the new one is about to start", async || Ok((watched.starting().0 == 1).then_some(()))).await?;
        let old = docker::inspect(&ground.world.docker, &before).await?;
        watched.let_through(1);
        anyhow::Ok(old)
    };
    let (settled, old) = tokio::join!(settle, see);
    settled?;
    assert!(old?.is_none(), "two with one token");
    assert_eq!(docker::containers(&ground.world.docker, &ground.yard.instance).await?, [slug]);
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn containers_of_ours_that_are_nobodys_are_swept_and_others_left_alone() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    let tenant = ground.settle(&tenant).await?;
    let engine = &ground.world.docker;
    let spec = |slug: &str| -> Result<Spec> {
        Ok(Spec {
            slug: slug.parse()?,
            image: play::env::tenant_image()?,
            env: Default::default(),
            mounts: Default::default(),
            network: "none".into(),
        })
    };
    // Left by somebody who is gone; a copy of a living one under another name; a stranger's on the same engine.
    let number = rand::random_range(1_000_000_000..2_000_000_000_u32);
    let (gone, foreign) = (format!("client_{number}"), format!("client_{}", number + 1));
    ground.yard.runtime.create(&spec(&gone)?).await?;
    let strangers = DockerRuntime::new(Some(&play::env::docker_host()?), "somebody-else")?;
    strangers.create(&spec(&foreign)?).await?;
    ground.yard.runtime.create(&spec(&format!("client_{}", number + 2))?).await?;
    let (copy, options) = (format!("copy_{number}"), RenameContainerOptions { name: format!("copy_{number}") });
    engine.rename_container(&format!("client_{}", number + 2), options).await?;

    let (_bell, _running) = ground.reconcile();
    until("only the tenant's own is left", async || {
        let left = docker::containers(engine, &ground.yard.instance).await?;
        Ok((left == [tenant.slug.as_str()]).then_some(()))
    })
    .await?;
    assert!(docker::inspect(engine, &foreign).await?.is_some(), "a stranger's was removed");
    assert!(docker::inspect(engine, &copy).await?.is_none());
    assert_eq!(ground.plan_of(&tenant).await?.1, [], "the tenant was disturbed");
    docker::remove_container(engine, &foreign).await?;
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_sold_between_two_glances_is_no_stray() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    let tenant = ground.settle(&tenant).await?;
    let seen = ground.yard.runtime.inspect(tenant.slug.as_str()).await?.context("no container")?;
    // As a look would hold it whose list of tenants is from before the sale.
    crate::fleet::strays::remove(&ground.yard, &seen).await?;
    assert_eq!(ground.running_container(&tenant.slug).await?, seen.id);
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changed_settings_are_another_container() -> Result<()> {
    let mut ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    let tenant = ground.settle(&tenant).await?;
    let before = ground.running_container(&tenant.slug).await?;
    ground.change(|yard| yard.fleet.mounts.reverse());
    assert_eq!(ground.plan_of(&tenant).await?.1, [], "the order of folders is no setting");
    ground.change(|yard| yard.fleet.mounts.push("/tmp:/run/more".parse().unwrap()));
    assert_eq!(ground.plan_of(&tenant).await?.1, [Step::Ensure(Part::Container)]);
    ground.settle(&tenant).await?;
    assert_ne!(ground.running_container(&tenant.slug).await?, before);
    assert_eq!(ground.told(&tenant, "differs").await?, ["Spec"]);
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_was_removed_or_is_not_ours_or_lets_tenants_talk_is_seen() -> Result<()> {
    let ground = Ground::new().await?;
    let (mut tenant, _) = ground.sold().await?;
    let engine = &ground.world.docker;
    sqlx::query("update tenants set placement_network = 7 where id = $1")
        .bind(tenant.id)
        .execute(&ground.yard.pool)
        .await?;
    tenant = tenants::get(&ground.yard.pool, tenant.id).await?;
    let name = steps::network::name(&ground.yard, &tenant);
    let labelled = || [(docker::INSTANCE.to_owned(), ground.yard.instance.clone())].into();
    for (labels, expected) in [(None, "that is not ours"), (Some(labelled()), "lets tenants talk")] {
        let request = NetworkCreateRequest { name: name.clone(), labels, ..Default::default() };
        engine.create_network(request).await?;
        let error = ground.round(&tenant).await?.context("no error")?;
        assert!(error.starts_with("network:") && error.contains(expected), "{error}");
        engine.remove_network(&name).await?;
    }
    // It stands still; its network is removed meanwhile, and one of the same name is another one.
    ground.make_first(&tenants::get(&ground.yard.pool, tenant.id).await?, 7).await?;
    ground.yard.runtime.stop(tenant.slug.as_str()).await?;
    engine.remove_network(&name).await?;
    let before = ground.inspected(tenant.slug.as_str()).await?.id;
    let steps = ground.plan_of(&tenant).await?.1;
    assert_eq!(steps[..2], [Step::Ensure(Part::Network), Step::Ensure(Part::Container)]);
    worker::work(&ground.yard, &ground.plan_of(&tenant).await?.0, &steps[..2], &CancellationToken::new()).await?;
    assert_ne!(ground.running_container(&tenant.slug).await?, before.unwrap_or_default());
    ground.close().await
}
