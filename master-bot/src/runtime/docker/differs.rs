//! A container as it was found, held against the one that would be made today.
//!
//! Labels say what a container was made from; they say nothing of what was done to it since, and anybody who may talk
//! to the engine may write them. So what counts is what the engine itself tells of limits, rights, mounts, networks,
//! image and environment. Names only: values may be secrets.

use bollard::models::{ContainerCreateBody, ContainerInspectResponse, HostConfig, ImageInspect};
use serde_json::Value;

/// Rights and limits that we leave alone, and that must be as nothing: each would let the container out, let somebody
/// in, or take from others. (What engines fill in by themselves, such as `ShmSize` or `Runtime`, is not here.)
const MUST_BE_EMPTY: [&str; 37] = [
    "AutoRemove",
    "BlkioDeviceReadBps",
    "BlkioDeviceWriteBps",
    "BlkioWeight",
    "CapAdd",
    "Cgroup",
    "CgroupParent",
    "CpuPeriod",
    "CpuQuota",
    "CpuRealtimePeriod",
    "CpuRealtimeRuntime",
    "CpusetCpus",
    "CpusetMems",
    "DeviceCgroupRules",
    "DeviceRequests",
    "Devices",
    "Dns",
    "DnsOptions",
    "DnsSearch",
    "ExtraHosts",
    "GroupAdd",
    "Init",
    "Links",
    "MemoryReservation",
    "Mounts",
    "NanoCpus",
    "OomKillDisable",
    "OomScoreAdj",
    "PidMode",
    "PortBindings",
    "Privileged",
    "PublishAllPorts",
    "Sysctls",
    "Tmpfs",
    "UTSMode",
    "UsernsMode",
    "VolumesFrom",
];

/// What differs, by the engine's names. `image` is the image that the container was made from, if it is still there.
pub(super) fn differences(
    wanted: &ContainerCreateBody,
    found: &ContainerInspectResponse,
    image: Option<&ImageInspect>,
) -> Vec<String> {
    let mut different: Vec<&str> = Vec::new();
    let mut must = |holds: bool, name: &'static str| {
        if !holds {
            different.push(name);
        }
    };
    let config = found.config.clone().unwrap_or_default();
    let of_image = image.and_then(|i| i.config.clone());
    must(config.image == wanted.image, "Image");
    must(config.user == wanted.user, "User");
    must(config.stop_signal == wanted.stop_signal, "StopSignal");
    must(config.stop_timeout == wanted.stop_timeout, "StopTimeout");
    let labels = config.labels.unwrap_or_default();
    must(wanted.labels.iter().flatten().all(|(name, value)| labels.get(name) == Some(value)), "Labels");
    let (ours, env) = (wanted.env.clone().unwrap_or_default(), config.env.unwrap_or_default());
    must(ours.iter().all(|line| env.contains(line)), "Env");
    if let Some(image) = of_image {
        let same =
            |one: Option<Vec<String>>, other: Option<Vec<String>>| one.unwrap_or_default() == other.unwrap_or_default();
        let brought = image.env.unwrap_or_default();
        must(env.iter().all(|line| ours.contains(line) || brought.contains(line)), "Env");
        must(same(config.entrypoint, image.entrypoint), "Entrypoint");
        must(same(config.cmd, image.cmd), "Cmd");
        must(config.working_dir.unwrap_or_default() == image.working_dir.unwrap_or_default(), "WorkingDir");
    }
    let networks = |names: Option<Vec<String>>| {
        let mut names = names.unwrap_or_default();
        names.sort();
        names
    };
    let wanted_networks =
        wanted.networking_config.as_ref().and_then(|n| Some(n.endpoints_config.as_ref()?.keys().cloned().collect()));
    let found_networks =
        found.network_settings.as_ref().and_then(|n| Some(n.networks.as_ref()?.keys().cloned().collect()));
    must(networks(wanted_networks) == networks(found_networks), "Networks");
    let mut different: Vec<String> = different.into_iter().map(str::to_owned).collect();
    different.extend(host_differences(
        &wanted.host_config.clone().unwrap_or_default(),
        &found.host_config.clone().unwrap_or_default(),
    ));
    different.dedup();
    different
}

fn host_differences(wanted: &HostConfig, found: &HostConfig) -> Vec<String> {
    // Both are plain structs of texts and numbers: they can always be written as JSON.
    let json = |config: &HostConfig| match serde_json::to_value(config) {
        Ok(Value::Object(map)) => map,
        _ => serde_json::Map::new(),
    };
    let (wanted, mut found_map) = (json(wanted), json(found));
    let mut take = |name: &str| found_map.remove(name).unwrap_or(Value::Null);
    let mut different: Vec<String> =
        wanted.iter().filter(|(name, value)| take(name) != **value).map(|(name, _)| name.clone()).collect();
    different.extend(MUST_BE_EMPTY.iter().filter(|name| !is_empty(&take(name))).map(|name| (*name).to_owned()));
    // Some engines do not tell these; where they are told, they are as an ordinary container has them.
    let shares = |mode: &str| mode == "host" || mode.starts_with("container:");
    if found.ipc_mode.as_deref().is_some_and(shares) {
        different.push("IpcMode".into());
    }
    if [&found.masked_paths, &found.readonly_paths].into_iter().any(|paths| paths.as_ref().is_some_and(Vec::is_empty)) {
        different.push("MaskedPaths".into());
    }
    different
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(true) => false,
    }
}
