//! Docker on one host.

mod differs;

use std::{collections::HashMap, path::PathBuf};

use async_trait::async_trait;
use bollard::{
    Docker,
    errors::Error,
    models::{
        BollardDate, ContainerCpuStats, ContainerCreateBody, ContainerStatsResponse, ContainerSummary,
        EndpointSettings, EventMessage, HostConfig, HostConfigLogConfig, NetworkCreateRequest, NetworkingConfig,
        RestartPolicy, RestartPolicyNameEnum,
    },
    query_parameters::{
        CreateContainerOptionsBuilder, EventsOptionsBuilder, InspectContainerOptions, ListContainersOptionsBuilder,
        ListNetworksOptionsBuilder, LogsOptionsBuilder, RemoveContainerOptionsBuilder, RestartContainerOptionsBuilder,
        StartContainerOptions, StatsOptionsBuilder, StopContainerOptionsBuilder,
    },
};
use futures::{
    StreamExt, TryStreamExt,
    future::ready,
    stream::{self, BoxStream},
};
use shared::slug::Slug;

use chrono::{DateTime, Utc};

use super::{Hint, Runtime, RuntimeError, Seen, SeenNetwork, Spec, Usage};

/// The mark of an installation on whatever is its own.
pub(crate) const LABEL_INSTANCE: &str = "slotyard.instance";
pub(crate) const LABEL_TENANT: &str = "slotyard.tenant";
pub(crate) const LABEL_SPEC: &str = "slotyard.spec";

const ENABLE_ICC: &str = "com.docker.network.bridge.enable_icc";

/// What a tenant may take, and what it may never do.
const MEMORY: i64 = 64 << 20;
const PIDS: i64 = 64;
const CPU_SHARES: i64 = 128;
const GRACE_SECONDS: i32 = 10;
const USER: &str = "65532:65532";

/// One Docker engine.
#[derive(Debug)]
pub(crate) struct DockerRuntime {
    docker: Docker,
    instance: String,
}

impl DockerRuntime {
    /// The engine at `host` (`unix:///run/docker.sock`), or at the usual socket. Does not call it yet.
    pub(crate) fn new(host: Option<&str>, instance: &str) -> Result<Self, RuntimeError> {
        let path = match host {
            None => "/var/run/docker.sock",
            Some(host) => host
                .strip_prefix("unix://")
                .ok_or_else(|| RuntimeError::Engine(format!("DOCKER_HOST must be unix:///…, not {host}")))?,
        };
        let docker = Docker::connect_with_unix(path, 120, bollard::API_DEFAULT_VERSION).map_err(engine)?;
        Ok(Self { docker, instance: instance.to_owned() })
    }

    fn our_filter(&self) -> HashMap<&'static str, Vec<String>> {
        HashMap::from([("label", vec![format!("{LABEL_INSTANCE}={}", self.instance)])])
    }

    fn is_ours(&self, labels: Option<&HashMap<String, String>>) -> bool {
        labels.and_then(|l| l.get(LABEL_INSTANCE)) == Some(&self.instance)
    }

    async fn list_where(&self, filter: &HashMap<&'static str, Vec<String>>) -> Result<Vec<Seen>, RuntimeError> {
        let options = ListContainersOptionsBuilder::default().all(true).filters(filter).build();
        let list = self.docker.list_containers(Some(options)).await.map_err(engine)?;
        Ok(list.into_iter().filter_map(listed).collect())
    }

    fn body(&self, spec: &Spec) -> ContainerCreateBody {
        let labels = HashMap::from([
            (LABEL_INSTANCE.to_owned(), self.instance.clone()),
            (LABEL_TENANT.to_owned(), spec.slug.to_string()),
            (LABEL_SPEC.to_owned(), spec.hash()),
        ]);
        ContainerCreateBody {
            image: Some(spec.image.clone()),
            env: Some(spec.env.iter().map(|(k, v)| format!("{k}={v}")).collect()),
            labels: Some(labels),
            user: Some(USER.into()),
            stop_signal: Some("SIGTERM".into()),
            stop_timeout: Some(GRACE_SECONDS.into()),
            host_config: Some(HostConfig {
                memory: Some(MEMORY),
                memory_swap: Some(MEMORY),
                pids_limit: Some(PIDS),
                cpu_shares: Some(CPU_SHARES),
                readonly_rootfs: Some(true),
                cap_drop: Some(vec!["ALL".into()]),
                security_opt: Some(vec!["no-new-privileges:true".into()]),
                binds: Some(spec.mounts.iter().map(|(host, inside)| format!("{host}:{inside}:ro")).collect()),
                network_mode: Some(spec.network.clone()),
                // Three tries of the engine's own; starting what should run is the reconciler's work, four at a time,
                // so that a reboot does not start a thousand at once.
                restart_policy: Some(RestartPolicy {
                    name: Some(RestartPolicyNameEnum::ON_FAILURE),
                    maximum_retry_count: Some(3),
                }),
                log_config: Some(HostConfigLogConfig {
                    typ: Some("json-file".into()),
                    config: Some(HashMap::from([("max-size".into(), "5m".into()), ("max-file".into(), "2".into())])),
                }),
                ..Default::default()
            }),
            networking_config: Some(NetworkingConfig {
                endpoints_config: Some(HashMap::from([(spec.network.clone(), EndpointSettings::default())])),
            }),
            ..Default::default()
        }
    }
}

fn engine(error: Error) -> RuntimeError {
    match error {
        Error::DockerResponseServerError { status_code: 404, message } => RuntimeError::NotFound(message),
        Error::DockerResponseServerError { status_code: 409, message } => RuntimeError::Conflict(message),
        other => RuntimeError::Engine(other.to_string()),
    }
}

/// What is so already is no error.
fn unless_missing(result: Result<(), Error>) -> Result<(), RuntimeError> {
    match result.map_err(engine) {
        Err(RuntimeError::NotFound(_)) => Ok(()),
        other => other,
    }
}

/// As `docker stats` reckons it: memory without the cache of files, the processor as a share of one core.
#[expect(clippy::cast_precision_loss, reason = "nanoseconds of seconds")]
fn usage(stats: &ContainerStatsResponse) -> Usage {
    let memory = stats.memory_stats.as_ref();
    let cache = memory.and_then(|m| m.stats.as_ref()).and_then(|s| s.get("inactive_file")).copied().unwrap_or(0);
    let busy = |cpu: Option<&ContainerCpuStats>| cpu.and_then(|c| c.cpu_usage.as_ref()?.total_usage).unwrap_or(0);
    let spent = busy(stats.cpu_stats.as_ref()).saturating_sub(busy(stats.precpu_stats.as_ref()));
    let time = |at: Option<&BollardDate>| at.and_then(|at| at.to_string().parse::<DateTime<Utc>>().ok());
    let passed = match (time(stats.preread.as_ref()), time(stats.read.as_ref())) {
        (Some(from), Some(to)) => (to - from).num_nanoseconds().unwrap_or(0).max(1),
        _ => i64::MAX,
    };
    Usage {
        memory: memory.and_then(|m| m.usage).unwrap_or(0).saturating_sub(cache),
        memory_limit: memory.and_then(|m| m.limit).unwrap_or(0),
        cpu_percent: 100.0 * spent as f64 / passed as f64,
        pids: stats.pids_stats.as_ref().and_then(|p| p.current).unwrap_or(0),
    }
}

#[async_trait]
impl Runtime for DockerRuntime {
    async fn list(&self) -> Result<Vec<Seen>, RuntimeError> {
        self.list_where(&self.our_filter()).await
    }

    async fn of_tenant(&self, slug: &Slug) -> Result<Vec<Seen>, RuntimeError> {
        let mut filter = self.our_filter();
        filter.entry("label").or_default().push(format!("{LABEL_TENANT}={slug}"));
        self.list_where(&filter).await
    }

    async fn differences(&self, spec: &Spec) -> Result<Option<Vec<String>>, RuntimeError> {
        let inspected = self.docker.inspect_container(spec.slug.as_str(), None::<InspectContainerOptions>).await;
        let found = match inspected.map_err(engine) {
            Ok(found) => found,
            Err(RuntimeError::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let image = match self.docker.inspect_image(found.image.as_deref().unwrap_or(&spec.image)).await.map_err(engine)
        {
            Ok(image) => Some(image),
            Err(RuntimeError::NotFound(_)) => None,
            Err(error) => return Err(error),
        };
        Ok(Some(differs::differences(&self.body(spec), &found, image.as_ref())))
    }

    async fn inspect(&self, name: &str) -> Result<Option<Seen>, RuntimeError> {
        let found = match self.docker.inspect_container(name, None::<InspectContainerOptions>).await.map_err(engine) {
            Ok(found) => found,
            Err(RuntimeError::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let labels = found.config.and_then(|c| c.labels);
        let state = found.state;
        let is = |wanted: &str| state.as_ref().and_then(|s| s.status).is_some_and(|s| s.to_string() == wanted);
        let exit = state.as_ref().and_then(|s| s.exit_code);
        Ok(Some(Seen {
            id: found.id.unwrap_or_default(),
            name: found.name.as_deref().unwrap_or(name).trim_start_matches('/').to_owned(),
            ours: self.is_ours(labels.as_ref()),
            running: is("running"),
            paused: is("paused"),
            started_at: state.as_ref().and_then(|s| s.started_at.as_ref()).and_then(|at| at.to_string().parse().ok()),
            tenant: labels.as_ref().and_then(|l| l.get(LABEL_TENANT)).cloned(),
            spec_hash: labels.and_then(|mut l| l.remove(LABEL_SPEC)),
            status: match state.and_then(|s| s.status) {
                Some(status) if exit.is_some_and(|e| e != 0) => format!("{status} ({})", exit.unwrap_or_default()),
                Some(status) => status.to_string(),
                None => String::new(),
            },
        }))
    }

    async fn create(&self, spec: &Spec) -> Result<(), RuntimeError> {
        let options = CreateContainerOptionsBuilder::default().name(spec.slug.as_str()).build();
        self.docker.create_container(Some(options), self.body(spec)).await.map_err(engine).map(|_| ())
    }

    async fn start(&self, name: &str) -> Result<(), RuntimeError> {
        self.docker.start_container(name, None::<StartContainerOptions>).await.map_err(engine)
    }

    async fn stop(&self, name: &str) -> Result<(), RuntimeError> {
        let options = StopContainerOptionsBuilder::default().t(GRACE_SECONDS).build();
        unless_missing(self.docker.stop_container(name, Some(options)).await)
    }

    async fn restart(&self, name: &str) -> Result<(), RuntimeError> {
        let options = RestartContainerOptionsBuilder::default().t(GRACE_SECONDS).build();
        self.docker.restart_container(name, Some(options)).await.map_err(engine)
    }

    async fn remove(&self, name: &str) -> Result<(), RuntimeError> {
        let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
        match unless_missing(self.docker.remove_container(name, Some(options)).await) {
            // Somebody is taking it away already.
            Err(RuntimeError::Conflict(_)) => Ok(()),
            other => other,
        }
    }

    async fn networks(&self) -> Result<Vec<SeenNetwork>, RuntimeError> {
        let options = ListNetworksOptionsBuilder::default().build();
        let list = self.docker.list_networks(Some(options)).await.map_err(engine)?;
        let isolates = |options: Option<&HashMap<String, String>>| {
            options.and_then(|o| o.get(ENABLE_ICC)).is_some_and(|talk| talk == "false")
        };
        let seen = list.into_iter().filter_map(|n| {
            Some(SeenNetwork {
                ours: self.is_ours(n.labels.as_ref()),
                isolates: isolates(n.options.as_ref()),
                name: n.name?,
            })
        });
        Ok(seen.collect())
    }

    async fn create_network(&self, name: &str) -> Result<(), RuntimeError> {
        let request = NetworkCreateRequest {
            name: name.to_owned(),
            driver: Some("bridge".into()),
            // Tenants do not see one another.
            options: Some(HashMap::from([(ENABLE_ICC.into(), "false".into())])),
            labels: Some(HashMap::from([(LABEL_INSTANCE.to_owned(), self.instance.clone())])),
            ..Default::default()
        };
        self.docker.create_network(request).await.map_err(engine).map(|_| ())
    }

    async fn logs(&self, name: &str, lines: u32) -> Result<String, RuntimeError> {
        let options = LogsOptionsBuilder::default().stdout(true).stderr(true).tail(&lines.to_string()).build();
        let parts: Vec<_> = self.docker.logs(name, Some(options)).try_collect().await.map_err(engine)?;
        Ok(parts.iter().map(|p| String::from_utf8_lossy(p.as_ref()).into_owned()).collect())
    }

    async fn folder(&self) -> Result<Option<PathBuf>, RuntimeError> {
        Ok(self.docker.info().await.map_err(engine)?.docker_root_dir.map(PathBuf::from))
    }

    async fn usage(&self, name: &str) -> Result<Usage, RuntimeError> {
        // The second of two readings, so that the processor's share is of the time between them.
        let options = StatsOptionsBuilder::default().stream(false).build();
        let stats = self.docker.stats(name, Some(options)).try_next().await.map_err(engine)?;
        let stats = stats.ok_or_else(|| RuntimeError::NotFound(name.to_owned()))?;
        Ok(usage(&stats))
    }

    fn hints(&self) -> BoxStream<'static, Hint> {
        let events = |kind: &str, names: &[&str], mut filters: HashMap<&'static str, Vec<String>>| {
            filters.insert("type", vec![kind.into()]);
            filters.insert("event", names.iter().map(|&name| name.to_owned()).collect());
            let options = EventsOptionsBuilder::default().filters(&filters).build();
            let events = self.docker.events(Some(options)).map(|event| event.ok().and_then(|event| hint(&event)));
            // With the first error, or the end, of either.
            events.chain(stream::once(ready(None)))
        };
        let ours = events("container", &["die", "destroy", "start", "oom", "rename", "update"], self.our_filter());
        // These carry no labels: whether it is a container of ours is for the listener to know.
        let networks = events("network", &["connect", "disconnect"], HashMap::new());
        stream::select(ours, networks).take_while(|hint| ready(hint.is_some())).filter_map(ready).boxed()
    }
}

fn listed(found: ContainerSummary) -> Option<Seen> {
    let label = |name: &str| found.labels.as_ref().and_then(|labels| labels.get(name)).cloned();
    Some(Seen {
        name: found.names.as_ref()?.first()?.trim_start_matches('/').to_owned(),
        ours: true,
        running: found.state.is_some_and(|s| s.to_string() == "running"),
        paused: found.state.is_some_and(|s| s.to_string() == "paused"),
        started_at: None,
        spec_hash: label(LABEL_SPEC),
        tenant: label(LABEL_TENANT),
        status: found.status.clone().unwrap_or_default(),
        id: found.id?,
    })
}

/// What an event is a reason for. One that names no container is a reason to look, as any is.
fn hint(event: &EventMessage) -> Option<Hint> {
    let actor = event.actor.as_ref();
    let attribute = |name: &str| actor.and_then(|a| a.attributes.as_ref()?.get(name).cloned());
    let id = match event.action.as_deref() {
        Some("update") => actor.and_then(|a| a.id.clone()),
        Some("connect" | "disconnect") => attribute("container"),
        _ => None,
    };
    Some(id.map_or(Hint::Look, Hint::Inspect))
}
