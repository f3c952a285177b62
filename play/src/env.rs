//! What `scripts/test`, `scripts/demo`, `scripts/bench` and `scripts/dev env` tell the programs that they start.

use std::path::PathBuf;

use anyhow::{Result, anyhow};

/// The superuser's address of the private Postgres.
pub const PG_ADMIN_URL: &str = "SLOTYARD_PG_ADMIN_URL";

/// The value of `name`.
///
/// # Errors
/// When it is not set, which means that nobody has set the stage.
pub fn read(name: &str) -> Result<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).ok_or_else(|| {
        anyhow!("{name} is not set: run scripts/test (or: scripts/dev up, then eval \"$(scripts/dev env)\")")
    })
}

/// The superuser's address of the private Postgres, its database `postgres`.
///
/// # Errors
/// Like [`read`].
pub fn pg_admin_url() -> Result<String> {
    read(PG_ADMIN_URL)
}

/// The folder with Postgres's unix socket.
///
/// # Errors
/// Like [`read`].
pub fn pg_socket_dir() -> Result<PathBuf> {
    read("SLOTYARD_PG_SOCKET_DIR").map(PathBuf::from)
}

/// The folder with `pg_dump` and `pgbench` of the server's version.
///
/// # Errors
/// Like [`read`].
pub fn pg_bin_dir() -> Result<PathBuf> {
    read("SLOTYARD_PG_BIN_DIR").map(PathBuf::from)
}

/// The administrator's address of the private Redis.
///
/// # Errors
/// Like [`read`].
pub fn redis_url() -> Result<String> {
    read("SLOTYARD_REDIS_URL")
}

/// The folder with Redis's unix socket.
///
/// # Errors
/// Like [`read`].
pub fn redis_socket_dir() -> Result<PathBuf> {
    read("SLOTYARD_REDIS_SOCKET_DIR").map(PathBuf::from)
}

/// The Docker daemon's address.
///
/// # Errors
/// Like [`read`].
pub fn docker_host() -> Result<String> {
    read("DOCKER_HOST")
}

/// The tag of the tenant's image.
///
/// # Errors
/// Like [`read`].
pub fn tenant_image() -> Result<String> {
    read("SLOTYARD_TENANT_IMAGE")
}

/// The tag of the image of an attacker in a tenant's place.
///
/// # Errors
/// Like [`read`].
pub fn probe_image() -> Result<String> {
    read("SLOTYARD_PROBE_IMAGE")
}

/// The folder with the built programs.
///
/// # Errors
/// Like [`read`].
pub fn bin_dir() -> Result<PathBuf> {
    read("SLOTYARD_BIN_DIR").map(PathBuf::from)
}

/// The folder of this run, if a script started it.
pub fn run_dir() -> Option<PathBuf> {
    read("SLOTYARD_RUN_DIR").ok().map(PathBuf::from)
}
