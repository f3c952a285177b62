//! The shipped `master-bot` as a process: started with all its settings, killed, started again, asked on the command line.

use std::{
    collections::BTreeMap,
    fs::File,
    net::SocketAddr,
    path::PathBuf,
    process::{Output, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use tokio::process::{Child, Command};

use crate::{env, until};

/// The program, its settings, and its process while it runs.
#[derive(Debug)]
pub struct Master {
    settings: BTreeMap<String, String>,
    folder: PathBuf,
    process: Option<Child>,
    listens: Option<SocketAddr>,
    role: Role,
}

/// Which half of the control plane a process is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Both.
    #[default]
    All,
    /// Telegram and HTTP, no engine.
    Front,
    /// The engine, no port.
    Fleet,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Front => "front",
            Self::Fleet => "fleet",
        }
    }
}

impl Master {
    /// Not started yet. `folder` takes its output and the file with its address.
    pub fn new(settings: BTreeMap<String, String>, folder: PathBuf) -> Self {
        Self { settings, folder, process: None, listens: None, role: Role::All }
    }

    /// The same, as one half.
    #[must_use]
    pub fn in_role(self, role: Role) -> Self {
        Self { role, ..self }
    }

    /// Takes a setting away for the next start.
    pub fn unset(&mut self, name: &str) {
        self.settings.remove(name);
    }

    /// Changes one setting for the next start.
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.insert(name.into(), value.into());
    }

    /// Every setting it is started with.
    pub fn settings(&self) -> &BTreeMap<String, String> {
        &self.settings
    }

    /// Where it takes YooKassa's notifications.
    ///
    /// # Errors
    /// When it was never started.
    pub fn notifications_url(&self) -> Result<String> {
        let address = self.listens.context("the master was never started")?;
        Ok(format!("http://{address}/yookassa/notifications"))
    }

    /// Its HTTP address, such as `http://127.0.0.1:3000`.
    ///
    /// # Errors
    /// When it was never started.
    pub fn http(&self) -> Result<String> {
        Ok(format!("http://{}", self.listens.context("the master was never started")?))
    }

    /// Process id while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.process.as_ref().and_then(Child::id)
    }

    /// Everything it has written so far, all starts together.
    pub fn output(&self) -> String {
        let bytes = std::fs::read(self.output_file()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The file with everything it writes.
    pub fn output_file(&self) -> PathBuf {
        self.folder.join("master.log")
    }

    /// Starts `serve` and waits until it listens. The second start takes the first one's port, as a deployed one would.
    ///
    /// # Errors
    /// When it ends instead, with what it wrote.
    pub async fn start(&mut self) -> Result<()> {
        ensure!(self.process.is_none(), "the master runs already");
        let address_file = self.folder.join("master.address");
        if address_file.exists() {
            std::fs::remove_file(&address_file)?;
        }
        let written = self.output().len();
        let output = File::options().create(true).append(true).open(self.output_file())?;
        let listen = self.listens.map_or_else(|| "127.0.0.1:0".to_owned(), |address| address.to_string());
        let mut process = self
            .command()?
            .args(["serve", "--role", self.role.name()])
            .env("LISTEN_ADDR", listen)
            .env("LISTEN_ADDR_FILE", &address_file)
            .stdout(output.try_clone()?)
            .stderr(output)
            // A Ctrl-C is for whoever started us; we end the master ourselves.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .context("starting master-bot")?;
        let address = until(Duration::from_secs(30), "the master is up", async || {
            if let Some(status) = process.try_wait()? {
                bail!("master-bot ended at once ({status}):\n{}", self.output());
            }
            if self.role == Role::Fleet {
                // It listens nowhere; its log says that it is up.
                return Ok(self.output().get(written..).is_some_and(|new| new.contains("is up")).then_some(None));
            }
            let told = std::fs::read_to_string(&address_file).ok();
            Ok(told.and_then(|text| text.trim().parse().ok()).map(Some))
        })
        .await?;
        self.listens = address;
        self.process = Some(process);
        Ok(())
    }

    /// SIGKILL: it gets no chance to tidy up.
    ///
    /// # Errors
    /// When it does not run.
    pub async fn kill(&mut self) -> Result<()> {
        let mut process = self.process.take().context("the master does not run")?;
        process.kill().await?;
        Ok(())
    }

    /// SIGTERM, then the process must end by itself within 10 s.
    ///
    /// # Errors
    /// When it does not run or does not end.
    pub async fn stop(&mut self) -> Result<()> {
        let mut process = self.process.take().context("the master does not run")?;
        let pid = process.id().context("the master has ended")?;
        let sent = Command::new("kill").args(["-TERM", &pid.to_string()]).status().await?;
        ensure!(sent.success(), "no signal could be sent to the master");
        let ended = tokio::time::timeout(Duration::from_secs(10), process.wait()).await;
        ended.context("the master has not ended 10 s after SIGTERM")??;
        Ok(())
    }

    /// SIGKILL without waiting, when there is nobody left to wait.
    pub(super) fn abandon(&mut self) {
        if let Some(process) = self.process.as_mut() {
            // It may have ended by itself.
            let _ = process.start_kill();
        }
    }

    /// Lets the process live on without us.
    pub fn let_go(&mut self) -> Option<u32> {
        let pid = self.pid();
        if let Some(process) = self.process.take() {
            // Dropping the handle would kill the process.
            std::mem::forget(process);
        }
        pid
    }

    /// Runs `master-bot ARGUMENTS…` with the same settings and returns what it wrote to stdout.
    ///
    /// # Errors
    /// When it fails, with what it wrote to stderr.
    pub async fn cli(&self, arguments: &[&str]) -> Result<String> {
        let output = self.cli_output(arguments).await?;
        ensure!(
            output.status.success(),
            "master-bot {} failed ({}): {}",
            arguments.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8(output.stdout)?)
    }

    /// The same, whatever comes of it.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn cli_output(&self, arguments: &[&str]) -> Result<Output> {
        let run = self.command()?.args(arguments).stdin(Stdio::null()).output();
        tokio::time::timeout(Duration::from_secs(120), run)
            .await
            .context("master-bot did not end within 120 s")?
            .context("starting master-bot")
    }

    fn command(&self) -> Result<Command> {
        let mut command = Command::new(env::bin_dir()?.join("master-bot"));
        command.envs(&self.settings);
        Ok(command)
    }
}
