//! What the play asks of Docker: a network to listen on, a look at containers, and a broom.

use std::{collections::HashMap, net::IpAddr};

use anyhow::{Context, Result};
use bollard::{
    Docker,
    models::{ContainerInspectResponse, NetworkCreateRequest},
    query_parameters::{
        InspectContainerOptions, InspectNetworkOptions, ListContainersOptionsBuilder, ListNetworksOptionsBuilder,
        LogsOptionsBuilder, RemoveContainerOptionsBuilder, RemoveImageOptions, TagImageOptionsBuilder,
    },
};
use futures::TryStreamExt;

use crate::{
    database::{on_a_thread_of_its_own, random_name},
    env,
};

/// The label that says whose a container or network is.
pub const INSTANCE: &str = "slotyard.instance";

/// The daemon that the scripts found or started.
///
/// # Errors
/// When the stage is not set or the address is no unix socket.
pub fn connect() -> Result<Docker> {
    connect_to(&env::docker_host()?)
}

/// The daemon at an address.
///
/// # Errors
/// When it is no unix socket.
pub fn connect_to(address: &str) -> Result<Docker> {
    let path = address.strip_prefix("unix://").context("DOCKER_HOST must be unix://…")?;
    Ok(Docker::connect_with_unix(path, 120, bollard::API_DEFAULT_VERSION)?)
}

/// Makes the tenants' network of an instance before the master does, so that one can listen on its gateway.
///
/// # Errors
/// When Docker refuses.
pub async fn create_network(docker: &Docker, instance: &str) -> Result<IpAddr> {
    let name = format!("slotyard-{instance}-1");
    docker
        .create_network(NetworkCreateRequest {
            name: name.clone(),
            driver: Some("bridge".into()),
            options: Some(HashMap::from([("com.docker.network.bridge.enable_icc".into(), "false".into())])),
            labels: Some(HashMap::from([(INSTANCE.into(), instance.to_owned())])),
            ..Default::default()
        })
        .await?;
    gateway(docker, &name).await
}

/// A network that no tenant is on, for whoever listens to tenants from elsewhere. It goes away with this value.
#[derive(Debug)]
pub struct Scratch {
    /// The address of this machine on it.
    pub gateway: IpAddr,
    docker: Docker,
    name: String,
}

impl Scratch {
    /// Makes it.
    ///
    /// # Errors
    /// When Docker refuses.
    pub async fn network(docker: &Docker) -> Result<Self> {
        let name = random_name();
        remember_instance(&name)?;
        let gateway = create_network(docker, &name).await?;
        Ok(Self { gateway, docker: docker.clone(), name })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let (docker, name) = (self.docker.clone(), self.name.clone());
        if let Err(error) = on_a_thread_of_its_own(async move { remove_instance(&docker, &name).await }) {
            eprintln!("network {} was left behind: {error:#}", self.name);
        }
    }
}

/// The address of this machine on the network.
///
/// # Errors
/// When there is no such network or it has no gateway.
pub async fn gateway(docker: &Docker, network: &str) -> Result<IpAddr> {
    let found = docker.inspect_network(network, None::<InspectNetworkOptions>).await?;
    let configs = found.ipam.and_then(|ipam| ipam.config).unwrap_or_default();
    let gateway = configs.into_iter().find_map(|config| config.gateway).context("the network has no gateway")?;
    // Some engines answer with the prefix length behind it.
    gateway.split('/').next().unwrap_or_default().parse().context("the gateway is no address")
}

/// Names of an instance's containers, running or not, sorted.
///
/// # Errors
/// When Docker refuses.
pub async fn containers(docker: &Docker, instance: &str) -> Result<Vec<String>> {
    let options = ListContainersOptionsBuilder::default().all(true).filters(&of(instance)).build();
    let found = docker.list_containers(Some(options)).await?;
    let mut names: Vec<String> =
        found.into_iter().filter_map(|container| container.names?.into_iter().next()).collect();
    names.iter_mut().for_each(|name| *name = name.trim_start_matches('/').to_owned());
    names.sort();
    Ok(names)
}

/// Names of an instance's networks.
///
/// # Errors
/// When Docker refuses.
pub async fn networks(docker: &Docker, instance: &str) -> Result<Vec<String>> {
    let options = ListNetworksOptionsBuilder::default().filters(&of(instance)).build();
    let found = docker.list_networks(Some(options)).await?;
    Ok(found.into_iter().filter_map(|network| network.name).collect())
}

/// Everything about a container; `None` when there is none.
///
/// # Errors
/// When Docker refuses.
pub async fn inspect(docker: &Docker, name: &str) -> Result<Option<ContainerInspectResponse>> {
    match docker.inspect_container(name, None::<InspectContainerOptions>).await {
        Ok(found) => Ok(Some(found)),
        Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What a container has written so far.
///
/// # Errors
/// When Docker refuses.
pub async fn logs(docker: &Docker, name: &str) -> Result<String> {
    let options = LogsOptionsBuilder::default().stdout(true).stderr(true).tail("all").build();
    let lines: Vec<_> = docker.logs(name, Some(options)).try_collect().await?;
    Ok(lines.iter().map(ToString::to_string).collect())
}

/// A name of one's own for an image, to be given to another one later; it goes away with this value.
#[derive(Debug)]
pub struct ImageName {
    /// `repository:tag`.
    pub name: String,
}

impl ImageName {
    /// That name for that image.
    ///
    /// # Errors
    /// When Docker refuses.
    pub async fn create(repository: &str, image: &str) -> Result<Self> {
        let named = Self { name: format!("{repository}:{}", random_name()) };
        named.point_at(image).await?;
        Ok(named)
    }

    /// From now on the name means another image.
    ///
    /// # Errors
    /// When Docker refuses.
    pub async fn point_at(&self, image: &str) -> Result<()> {
        let (repository, tag) = self.name.split_once(':').context("the name has no tag")?;
        let options = TagImageOptionsBuilder::default().repo(repository).tag(tag).build();
        Ok(connect()?.tag_image(image, Some(options)).await?)
    }
}

impl Drop for ImageName {
    fn drop(&mut self) {
        let name = self.name.clone();
        let removed = on_a_thread_of_its_own(async move {
            // Only the name: the image has others.
            connect()?.remove_image(&name, None::<RemoveImageOptions>, None).await?;
            Ok(())
        });
        if let Err(error) = removed {
            eprintln!("the image's name {} was left behind: {error:#}", self.name);
        }
    }
}

/// The container's address on that network.
///
/// # Errors
/// When it is not there or has none.
pub async fn address(docker: &Docker, name: &str, network: &str) -> Result<IpAddr> {
    let container = inspect(docker, name).await?.context("there is no such container")?;
    let mut networks = container.network_settings.and_then(|settings| settings.networks).unwrap_or_default();
    let address = networks.remove(network).and_then(|endpoint| endpoint.ip_address).unwrap_or_default();
    address.parse().with_context(|| format!("{name} has no address on {network}"))
}

/// Removes a container by force.
///
/// # Errors
/// When Docker refuses for another reason than that it is gone.
pub async fn remove_container(docker: &Docker, name: &str) -> Result<()> {
    let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
    match docker.remove_container(name, Some(options)).await {
        Ok(()) | Err(bollard::errors::Error::DockerResponseServerError { status_code: 404 | 409, .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Removes all containers and networks of an instance, nothing else.
///
/// # Errors
/// When Docker refuses.
pub async fn remove_instance(docker: &Docker, instance: &str) -> Result<()> {
    for name in containers(docker, instance).await? {
        remove_container(docker, &name).await?;
    }
    for name in networks(docker, instance).await? {
        docker.remove_network(&name).await?;
    }
    Ok(())
}

fn of(instance: &str) -> HashMap<String, Vec<String>> {
    HashMap::from([("label".to_owned(), vec![format!("{INSTANCE}={instance}")])])
}

/// Should we be killed, the next start of a script finds by this what to remove from a Docker that is not its own.
pub(crate) fn remember_instance(instance: &str) -> Result<()> {
    use std::io::Write;
    let Some(run) = env::run_dir() else { return Ok(()) };
    let mut file = std::fs::File::options().create(true).append(true).open(run.join("instances"))?;
    writeln!(file, "{instance}")?;
    Ok(())
}

/// The same for what Compose makes under that name, and the tenants of that installation.
///
/// # Errors
/// When the run's folder cannot be written to.
pub fn remember_project(name: &str) -> Result<()> {
    use std::io::Write;
    let Some(run) = env::run_dir() else { return Ok(()) };
    let mut file = std::fs::File::options().create(true).append(true).open(run.join("projects"))?;
    writeln!(file, "{name}")?;
    Ok(())
}
