//! The tenants' network, when nobody has made it before the master: the play does, for the sandbox listens on it.

use std::collections::HashMap;

use anyhow::{Context, Result};
use bollard::{
    models::{NetworkCreateRequest, NetworkInspect},
    query_parameters::InspectNetworkOptions,
};
use play::{docker, scenes, until, world::World};

use crate::cli;

fn name(world: &World) -> String {
    format!("slotyard-{}-1", world.instance)
}

/// The network as Docker tells it, once it carries our label.
async fn of_ours(world: &World) -> Result<NetworkInspect> {
    until(world.stage.sim.patience(), "there is a network with our label", async || {
        let ours = docker::networks(&world.docker, &world.instance).await?.contains(&name(world));
        if !ours {
            return Ok(None);
        }
        Ok(Some(world.docker.inspect_network(&name(world), None::<InspectNetworkOptions>).await?))
    })
    .await
}

/// The container is there and runs on that network.
async fn runs_on_it(world: &World, slug: &str) -> Result<()> {
    let container = until(world.stage.sim.patience(), "the container runs", async || {
        let found = docker::inspect(&world.docker, slug).await?;
        Ok(found.filter(|c| c.state.as_ref().and_then(|state| state.running) == Some(true)))
    })
    .await?;
    let networks = container.network_settings.and_then(|settings| settings.networks).unwrap_or_default();
    assert_eq!(networks.into_keys().collect::<Vec<_>>(), [name(world)]);
    Ok(())
}

fn assert_it_keeps_tenants_apart(network: &NetworkInspect, instance: &str) {
    let option = |name: &str| network.options.as_ref().and_then(|options| options.get(name)).map(String::as_str);
    assert_eq!(option("com.docker.network.bridge.enable_icc"), Some("false"));
    assert_eq!(network.driver.as_deref(), Some("bridge"));
    let label = network.labels.as_ref().and_then(|labels| labels.get(docker::INSTANCE));
    assert_eq!(label.map(String::as_str), Some(instance));
}

/// The sandbox was on the network that is gone, so the bot may never be heard; it goes as it came.
async fn remove(world: World, slug: &str) -> Result<()> {
    world.master.cli(&["tenants", "remove", slug, "--yes"]).await?;
    cli::comes_to(&world, slug, "removed").await?;
    assert_eq!(world.traces_of(slug).await?, Vec::<String>::new());
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_is_not_there_is_made_so_that_tenants_do_not_see_one_another() -> Result<()> {
    let world = World::start().await?;
    let unpaid = scenes::sign_up(&world.someone("Анна").await?, "Барбершоп").await?;
    world.docker.remove_network(&name(&world)).await?;
    let paid = unpaid.pay().await?;
    let slug = world.tenant_of(&paid.bot.username).await?;
    assert_it_keeps_tenants_apart(&of_ours(&world).await?, &world.instance);
    runs_on_it(&world, &slug).await?;
    remove(world, &slug).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_of_somebody_else_by_that_name_is_refused_until_it_is_out_of_the_way() -> Result<()> {
    let world = World::start().await?;
    let unpaid = scenes::sign_up(&world.someone("Анна").await?, "Барбершоп").await?;
    world.docker.remove_network(&name(&world)).await?;
    let foreign = NetworkCreateRequest {
        name: name(&world),
        driver: Some("bridge".into()),
        labels: Some(HashMap::from([("whose".into(), "somebody else's".into())])),
        ..Default::default()
    };
    let foreign = world.docker.create_network(foreign).await?.id;
    let paid = unpaid.pay().await?;
    let slug = world.tenant_of(&paid.bot.username).await?;

    let card = cli::comes_to(&world, &slug, "failing").await?;
    let error = card["last_error"].as_str().context("there is no error")?;
    assert!(error.starts_with("network: ") && error.contains(&name(&world)) && error.contains("remove"), "{error}");
    let told = world.master.cli(&["tenants", "show", &slug]).await?;
    assert!(told.contains(error) && told.contains("next at"), "{told}");
    assert_eq!(docker::containers(&world.docker, &world.instance).await?, Vec::<String>::new());
    let untouched = world.docker.inspect_network(&name(&world), None::<InspectNetworkOptions>).await?;
    assert_eq!(untouched.id.as_deref(), Some(foreign.as_str()));

    // The operator does what the error says, and the next try gets through without a further word.
    world.docker.remove_network(&foreign).await?;
    assert_it_keeps_tenants_apart(&of_ours(&world).await?, &world.instance);
    runs_on_it(&world, &slug).await?;
    remove(world, &slug).await
}
