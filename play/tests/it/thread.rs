//! The whole thread, from a sign-up to nothing left.

use anyhow::{Context, Result};
use bollard::{
    models::{ContainerInspectResponse, RestartPolicyNameEnum},
    query_parameters::InspectNetworkOptions,
};
use play::{
    docker, redis, scenes, until,
    world::{Shape, World},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_becomes_a_container_that_books_haircuts_until_it_is_removed() -> Result<()> {
    let world = World::shaped(Shape { flood: true, ..Shape::default() }).await?;
    let buyer = world.someone("Анна").await?;
    let paid = scenes::sell(&buyer, "Барбершоп «Борода»").await?;
    let bot = &paid.bot;
    let slug = world.tenant_of(&bot.username).await?;

    let container = docker::inspect(&world.docker, &slug).await?.expect("the container exists");
    assert_it_is_shut_in(&world, container).await?;
    let left = world.traces_of(&slug).await?;
    for part in ["container", "schema", "role", "Redis user", "Redis key"] {
        assert!(left.iter().any(|trace| trace.starts_with(part)), "{part} in {left:?}");
    }
    assert_eq!(redis::keys(&format!("{slug}:heartbeat")).await?.len(), 1);

    // A bot may write only to who has opened it.
    let owner = buyer.with(&bot.username);
    owner.start("Это ваш бот для записи").await?;
    let customer = world.someone("Борис").await?.with(&bot.username);
    scenes::book_a_haircut(&customer).await?;
    scenes::see_the_booking(&owner, "Борис").await?;

    let operator = world.operator();
    operator.start("Здравствуйте").await?;
    scenes::open_card(&operator, &slug).await?;
    scenes::stop(&operator).await?;
    scenes::start(&operator, bot).await?;
    scenes::restart(&operator, bot).await?;
    scenes::read_logs(&operator).await?;
    customer.start("Здесь можно записаться").await?;
    customer.press("Мои записи", "Ваши записи").await?;

    scenes::open_card(&operator, &slug).await?;
    scenes::remove(&operator, &slug).await?;
    assert_eq!(world.traces_of(&slug).await?, Vec::<String>::new());
    the_token_is_forgotten(&world, bot.id).await?;
    world.close().await
}

/// Limits, no powers, nothing to write on, and nobody to talk to but Postgres, Redis and the outer world.
async fn assert_it_is_shut_in(world: &World, container: ContainerInspectResponse) -> Result<()> {
    let host = container.host_config.context("it has no limits")?;
    assert_eq!((host.memory, host.memory_swap), (Some(64 << 20), Some(64 << 20)), "no swap besides the memory");
    assert!(host.pids_limit.is_some_and(|limit| (1..=128).contains(&limit)), "{:?}", host.pids_limit);
    assert!(host.cpu_shares.is_some_and(|shares| (2..1024).contains(&shares)), "{:?}", host.cpu_shares);
    assert_eq!(host.readonly_rootfs, Some(true));
    assert_eq!(host.cap_drop, Some(vec!["ALL".to_owned()]));
    assert!(host.cap_add.unwrap_or_default().is_empty() && host.devices.unwrap_or_default().is_empty());
    assert_ne!(host.privileged, Some(true));
    let security = host.security_opt.unwrap_or_default();
    assert!(security.iter().any(|option| option.starts_with("no-new-privileges")), "{security:?}");
    assert!(!security.iter().any(|option| option.contains("unconfined")), "{security:?}");
    let restarts = host.restart_policy.context("it has no restart policy")?;
    assert_eq!((restarts.name, restarts.maximum_retry_count), (Some(RestartPolicyNameEnum::ON_FAILURE), Some(3)));
    let log = host.log_config.context("it has no log settings")?;
    assert_eq!(log.typ.as_deref(), Some("json-file"));
    let limits = log.config.unwrap_or_default();
    assert!(limits.contains_key("max-size") && limits.contains_key("max-file"), "{limits:?}");
    assert!(host.port_bindings.unwrap_or_default().is_empty(), "no port is open");

    let config = container.config.context("it has no settings")?;
    assert_eq!(config.user.as_deref(), Some("65532:65532"));
    let labels = config.labels.unwrap_or_default();
    assert_eq!(labels.get(docker::INSTANCE), Some(&world.instance));

    // The sockets, and nothing else of the host.
    let mounts = container.mounts.unwrap_or_default();
    let mut inside: Vec<_> = mounts.iter().filter_map(|mount| mount.destination.clone()).collect();
    inside.sort();
    assert_eq!(inside, ["/run/slotyard/postgres", "/run/slotyard/redis"]);
    assert!(mounts.iter().all(|mount| mount.rw == Some(false)), "{mounts:?}");

    let network = format!("slotyard-{}-1", world.instance);
    let networks = container.network_settings.and_then(|settings| settings.networks).unwrap_or_default();
    assert_eq!(networks.into_keys().collect::<Vec<_>>(), [network.as_str()]);
    let network = world.docker.inspect_network(&network, None::<InspectNetworkOptions>).await?;
    assert_eq!(network.labels.unwrap_or_default().get(docker::INSTANCE), Some(&world.instance));
    let icc = network.options.unwrap_or_default().remove("com.docker.network.bridge.enable_icc");
    assert_eq!(icc.as_deref(), Some("false"));
    Ok(())
}

/// The removal gives the bot a new token, and Telegram tells the master of it: that one is not kept either.
async fn the_token_is_forgotten(world: &World, bot_id: i64) -> Result<()> {
    let sim = &world.stage.sim;
    until(sim.patience(), "the master has dealt with everything that Telegram has told it", async || {
        Ok((sim.bot(&world.bot).await?.pending == 0).then_some(()))
    })
    .await?;
    let pool = world.registry().await?;
    let forgotten: bool = sqlx::query_scalar("select token_sealed is null from bots where bot_id = $1")
        .bind(bot_id)
        .fetch_one(&pool)
        .await?;
    pool.close().await;
    assert!(forgotten, "the registry has a working token of a bot that was taken out of service");
    Ok(())
}
