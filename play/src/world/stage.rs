//! The sandbox, listening for us on the loopback and for the containers on their network's gateway.

use std::{
    fs::File,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use sandbox::{Running, Sandbox, SandboxOptions, client::Sim};
use tokio::process::{Child, Command};

use super::{SHOP_ID, SHOP_KEY};
use crate::{env, until};

/// Telegram and YooKassa, as far as this world is concerned.
#[derive(Debug)]
pub struct Stage {
    /// Acts for people, and looks.
    pub sim: Sim,
    host: SocketAddr,
    containers: SocketAddr,
    server: Server,
}

enum Server {
    Within(#[expect(dead_code, reason = "it serves until it is dropped")] Running),
    Beside(Box<Child>),
    Gone,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Within(_) => "Within",
            Self::Beside(_) => "Beside",
            Self::Gone => "Gone",
        })
    }
}

impl Stage {
    /// Starts it within this process, or beside it when it is to last longer than we do.
    ///
    /// # Errors
    /// When it cannot listen. On the gateway only the machine that the Docker daemon runs on can.
    pub(super) async fn start(gateway: IpAddr, folder: &Path, lasting: bool) -> Result<Self> {
        let listen = [SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), SocketAddr::new(gateway, 0)];
        let (addresses, server) = if lasting { beside(&listen, folder).await? } else { within(&listen).await? };
        let [host, containers] = addresses[..] else { bail!("the sandbox listens on {addresses:?}") };
        // Two cores may be busy with other worlds; a wait that ends too early tells nothing.
        let sim = Sim::new(&format!("http://{host}")).with_patience(Duration::from_secs(60));
        Ok(Self { sim, host, containers, server })
    }

    /// For the master.
    pub fn telegram_url(&self) -> String {
        format!("http://{}", self.host)
    }

    /// For the tenants.
    pub fn telegram_url_for_containers(&self) -> String {
        format!("http://{}", self.containers)
    }

    /// For the master.
    pub fn yookassa_url(&self) -> String {
        format!("http://{}/yookassa/v3", self.host)
    }

    /// Lets the process live on without us.
    pub(super) fn let_go(&mut self) -> Option<u32> {
        match std::mem::replace(&mut self.server, Server::Gone) {
            Server::Beside(process) => {
                let pid = process.id();
                // Dropping the handle would kill the process.
                std::mem::forget(process);
                pid
            }
            Server::Within(_) | Server::Gone => None,
        }
    }
}

async fn within(listen: &[SocketAddr]) -> Result<(Vec<SocketAddr>, Server)> {
    let options = SandboxOptions {
        listen: listen.to_vec(),
        shop_id: SHOP_ID.into(),
        secret_key: SHOP_KEY.into(),
        ..SandboxOptions::default()
    };
    let running =
        Sandbox::start(options).await.context("the sandbox cannot listen; is the Docker daemon on this machine?")?;
    Ok((running.addresses().to_vec(), Server::Within(running)))
}

async fn beside(listen: &[SocketAddr], folder: &Path) -> Result<(Vec<SocketAddr>, Server)> {
    let log = folder.join("sandbox.log");
    let mut command = Command::new(env::bin_dir()?.join("sandbox"));
    for address in listen {
        command.arg("--listen").arg(address.to_string());
    }
    let mut process = command
        .env("YOOKASSA_SHOP_ID", SHOP_ID)
        .env("YOOKASSA_SECRET_KEY", SHOP_KEY)
        .stdin(Stdio::null())
        .stdout(File::create(&log)?)
        .stderr(File::create(folder.join("sandbox.err"))?)
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .context("starting the sandbox")?;
    let addresses = until(Duration::from_secs(10), "the sandbox listens", async || {
        if let Some(status) = process.try_wait()? {
            bail!("the sandbox ended at once ({status}): {}", std::fs::read_to_string(folder.join("sandbox.err"))?);
        }
        let told = std::fs::read_to_string(&log)?;
        let first: Option<serde_json::Value> = told.lines().next().and_then(|line| serde_json::from_str(line).ok());
        Ok(first.and_then(|first| serde_json::from_value(first.get("addresses")?.clone()).ok()))
    })
    .await?;
    Ok((addresses, Server::Beside(Box::new(process))))
}
