//! What a world stands on: a Postgres, a Redis and an engine. Usually those that the scripts started and all worlds
//! share; a test that breaks one brings its own.

use std::{net::IpAddr, path::PathBuf};

use anyhow::Result;

use crate::env;

/// Addresses.
#[derive(Clone, Debug)]
pub struct Stack {
    /// Postgres as its superuser.
    pub pg_admin_url: String,
    /// The folder of its socket.
    pub pg_socket_dir: PathBuf,
    /// Redis as its administrator.
    pub redis_url: String,
    /// The folder of its socket.
    pub redis_socket_dir: PathBuf,
    /// The engine, `unix://…`.
    pub docker_host: String,
    /// The tenant's image, which the engine has.
    pub tenant_image: String,
    /// An address of ours that the containers reach; that of the tenants' network on this machine when absent.
    pub ours_for_containers: Option<IpAddr>,
}

impl Stack {
    /// The shared one.
    ///
    /// # Errors
    /// When the stage is not set.
    pub fn shared() -> Result<Self> {
        Ok(Self {
            pg_admin_url: env::pg_admin_url()?,
            pg_socket_dir: env::pg_socket_dir()?,
            redis_url: env::redis_url()?,
            redis_socket_dir: env::redis_socket_dir()?,
            docker_host: env::docker_host()?,
            tenant_image: env::tenant_image()?,
            ours_for_containers: None,
        })
    }
}
