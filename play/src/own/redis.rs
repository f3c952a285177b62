//! A Redis that keeps nothing on the disk.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result};
use tokio::process::{Child, Command};

use super::{folder, text};
use crate::{database::random_name, redis::admin_at, until};

/// See the module.
#[derive(Debug)]
pub struct Redis {
    folder: PathBuf,
    password: String,
    process: Option<Child>,
}

impl Redis {
    /// Starts one.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn start() -> Result<Self> {
        let mut redis = Self { folder: folder("redis")?, password: random_name(), process: None };
        redis.resume().await?;
        Ok(redis)
    }

    /// The folder of its socket.
    pub fn socket_dir(&self) -> &Path {
        &self.folder
    }

    /// The administrator's address.
    pub fn url(&self) -> String {
        format!("unix://{}/redis.sock?user=default&pass={}", self.folder.display(), self.password)
    }

    /// SIGKILL; everything in it is lost.
    ///
    /// # Errors
    /// When it does not run.
    pub async fn kill(&mut self) -> Result<()> {
        Ok(self.process.take().context("Redis does not run")?.kill().await?)
    }

    /// Starts it again, empty.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn resume(&mut self) -> Result<()> {
        let socket = text(&self.folder.join("redis.sock"));
        let log = File::create(self.folder.join("redis.log"))?;
        let mut command = Command::new("redis-server");
        command.args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocketperm", "777"]);
        command.args(["--unixsocket", &socket, "--requirepass", &self.password, "--dir", &text(&self.folder)]);
        command.stdin(Stdio::null()).stdout(log).kill_on_drop(true).process_group(0);
        self.process = Some(command.spawn().context("starting redis-server")?);
        let url = self.url();
        until(Duration::from_secs(20), "Redis answers", async || Ok(admin_at(&url).await.ok())).await?;
        Ok(())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.as_mut().map(Child::start_kill);
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
