//! Docker: the engine, what it has, and what it is to mount. Only who has its socket can look.

use std::{fs, io::ErrorKind, os::unix::fs::FileTypeExt};

use anyhow::Result;
use bollard::Docker;

use super::{Check, machine, settings::Given, within};
use crate::config::Mount;

const REACHABLE: &str = "docker.reachable";
const VERSION: &str = "docker.version";
const STORAGE: &str = "docker.storage";
const LIMITS: &str = "docker.limits";
const IMAGE: &str = "docker.image";
const MOUNTS: &str = "docker.mounts";
const DISK: &str = "disk.docker";

/// The oldest API that this program is tested with (Docker 20.10).
const API: (u32, u32) = (1, 41);

pub(super) async fn look(given: &Given) -> Vec<Check> {
    if !given.role.is_fleet() {
        return Vec::new();
    }
    let host = given.docker_host.as_deref().unwrap_or("unix:///var/run/docker.sock");
    // Anything else is a fault of the settings.
    let Some(path) = host.strip_prefix("unix://") else { return Vec::new() };
    let mut checks = Vec::new();
    let mut engine = None;
    let asked = async {
        let docker = Docker::connect_with_unix(path, 5, bollard::API_DEFAULT_VERSION)?;
        let version = docker.version().await?;
        anyhow::Ok((docker, version))
    };
    match within(asked).await {
        Ok((docker, found)) => {
            checks.push(Check::ok(REACHABLE, "it answers"));
            checks.push(version(found.version.as_deref(), found.api_version.as_deref()));
            if let Err(error) = questions(&docker, given, &mut checks).await {
                let remedy = "look at Docker's own log (`journalctl -u docker`)";
                checks.push(Check::fail(REACHABLE, format!("it does not answer a question: {error}"), remedy));
            }
            engine = Some(docker);
        }
        Err(error) => {
            let remedy = format!(
                "start Docker, let DOCKER_HOST name its socket and this user read it (group docker): {path}. Only a \
                 fleet needs it: --role front does without"
            );
            checks.push(Check::fail(REACHABLE, error, remedy));
        }
    }
    checks.extend(mounts(engine.as_ref(), &given.mounts).await);
    checks
}

async fn questions(docker: &Docker, given: &Given, checks: &mut Vec<Check>) -> Result<()> {
    let info = within(docker.info()).await?;
    checks.push(match info.driver.as_deref().unwrap_or("unknown") {
        "vfs" => {
            let remedy = "use overlay2: with vfs every container is a full copy of the image";
            Check::warn(STORAGE, "vfs", remedy)
        }
        driver => Check::ok(STORAGE, driver),
    });
    checks.push(if info.memory_limit == Some(true) && info.pids_limit == Some(true) {
        Check::ok(LIMITS, "memory and processes of a container can be limited")
    } else {
        let remedy = "switch the cgroup controllers memory and pids on (kernel command line: cgroup_enable=memory)";
        Check::fail(LIMITS, "memory or processes of a container cannot be limited", remedy)
    });
    if let Some(image) = &given.image {
        checks.push(match within(docker.inspect_image(image)).await {
            Ok(_) => Check::ok(IMAGE, image),
            Err(error) if is_missing(&error) => {
                let remedy = "`docker pull` or `docker load` it, or let TENANT_IMAGE name one of `docker images`";
                Check::fail(IMAGE, format!("the engine does not have {image}"), remedy)
            }
            Err(error) => return Err(error),
        });
    }
    // Elsewhere than here it cannot be looked at.
    checks
        .extend(info.docker_root_dir.and_then(|root| machine::disk(DISK, "the disk of Docker's data", root.as_ref())));
    Ok(())
}

fn is_missing(error: &anyhow::Error) -> bool {
    use bollard::errors::Error::DockerResponseServerError;
    matches!(error.downcast_ref(), Some(DockerResponseServerError { status_code: 404, .. }))
}

fn version(engine: Option<&str>, api: Option<&str>) -> Check {
    let found = format!("{} (API {})", engine.unwrap_or("unknown"), api.unwrap_or("unknown"));
    let parsed = api.and_then(|api| api.split_once('.')).and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    match parsed {
        Some(api) if api >= API => Check::ok(VERSION, found),
        _ => Check::fail(VERSION, found, "use Docker 20.10 or newer"),
    }
}

/// The host's folders must be there and hold a socket: Docker itself would make an empty one and say nothing. Into a
/// volume only a container can look; one that is not there at all would be made empty, too.
async fn mounts(engine: Option<&Docker>, mounts: &[Mount]) -> Vec<Check> {
    if mounts.is_empty() {
        return Vec::new();
    }
    let mut faults = Vec::new();
    for mount in mounts {
        faults.extend(match (mount.volume(), engine) {
            (None, _) => fault_of(&mount.host),
            (Some(volume), Some(engine)) => fault_of_volume(engine, volume).await,
            // That the engine does not answer is told already.
            (Some(_), None) => None,
        });
    }
    vec![if faults.is_empty() {
        Check::ok(MOUNTS, "the folders of TENANT_MOUNTS hold sockets, its volumes are there")
    } else {
        let remedy = "let TENANT_MOUNTS name the folders or volumes where Postgres and Redis have their sockets";
        Check::fail(MOUNTS, faults.join("; "), remedy)
    }]
}

async fn fault_of_volume(engine: &Docker, volume: &str) -> Option<String> {
    match within(engine.inspect_volume(volume)).await {
        Ok(_) => None,
        Err(error) if is_missing(&error) => Some(format!("the engine has no volume {volume}")),
        Err(error) => Some(format!("the engine does not tell of the volume {volume}: {error}")),
    }
}

fn fault_of(folder: &str) -> Option<String> {
    let sockets = match fs::read_dir(folder) {
        Ok(entries) => entries.flatten().filter(|e| e.file_type().is_ok_and(|kind| kind.is_socket())).count(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Some(format!("there is no folder {folder}")),
        Err(error) => return Some(format!("{folder} cannot be read: {error}")),
    };
    (sockets == 0).then(|| format!("{folder} holds no socket"))
}

#[cfg(test)]
mod tests {
    use super::{super::State, *};

    #[test]
    fn an_engine_older_than_the_oldest_tested_one_is_refused() {
        for (api, state) in [
            (Some("1.41"), State::Ok),
            (Some("1.53"), State::Ok),
            (Some("2.0"), State::Ok),
            (Some("1.40"), State::Fail),
            (Some("new"), State::Fail),
            (None, State::Fail),
        ] {
            assert_eq!(version(Some("20.10"), api).state, state, "{api:?}");
        }
    }
}
