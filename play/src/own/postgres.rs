//! A Postgres as the scripts make theirs, on the disk or in a piece of memory that can be filled.

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use tokio::process::{Child, Command};

use super::{folder, run, run_now, signal, text};
use crate::{database::connect, env, until};

/// See the module.
#[derive(Debug)]
pub struct Postgres {
    folder: PathBuf,
    bounded: bool,
    process: Option<Child>,
}

impl Postgres {
    /// Starts one; with `megabytes`, it has no more room than that.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn start(megabytes: Option<u32>) -> Result<Self> {
        let folder = folder("pg")?;
        let (data, socket) = (folder.join("data"), folder.join("socket"));
        std::fs::create_dir_all(&data)?;
        std::fs::create_dir_all(&socket)?;
        let mut server = Self { folder, bounded: megabytes.is_some(), process: None };
        if let Some(megabytes) = megabytes {
            run("mount", &["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs", &text(&data)]).await?;
        }
        if is_root() {
            run("chown", &["postgres:postgres", &text(&data), &text(&socket)]).await?;
        }
        run("chmod", &["700", &text(&data)]).await?;
        let initdb = server.program("initdb")?;
        let output = as_postgres(&initdb)
            .args(["-U", "postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--auth=reject", "--no-sync", "-D"])
            .arg(&data)
            .output()
            .await?;
        anyhow::ensure!(output.status.success(), "initdb failed: {}", String::from_utf8_lossy(&output.stderr));
        std::fs::write(
            data.join("pg_hba.conf"),
            "local all postgres peer map=superuser\nlocal all all scram-sha-256\n",
        )?;
        let us = run("id", &["-un"]).await?;
        std::fs::write(
            data.join("pg_ident.conf"),
            format!("superuser postgres postgres\nsuperuser {} postgres\n", us.trim()),
        )?;
        let mut conf = File::options().append(true).open(data.join("postgresql.conf"))?;
        writeln!(
            conf,
            "listen_addresses = ''\nunix_socket_directories = '{}'\nmax_connections = 100\nshared_buffers = 32MB\n\
             max_wal_size = 48MB\nmin_wal_size = 32MB\ntimezone = UTC",
            socket.display()
        )?;
        server.resume().await?;
        Ok(server)
    }

    /// The folder of its socket.
    pub fn socket_dir(&self) -> PathBuf {
        self.folder.join("socket")
    }

    /// The superuser's address.
    pub fn admin_url(&self) -> String {
        format!("postgres://postgres@localhost/postgres?host={}", self.socket_dir().display())
    }

    /// What it has written.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.folder.join("postgres.log")).unwrap_or_default()).into_owned()
    }

    /// Ends it at once, without a checkpoint: what a power cut leaves.
    ///
    /// # Errors
    /// When it does not run.
    pub async fn stop_at_once(&mut self) -> Result<()> {
        let mut process = self.process.take().context("Postgres does not run")?;
        signal("QUIT", process.id().context("Postgres has ended")?);
        process.wait().await?;
        Ok(())
    }

    /// Whether its process is still there.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub fn runs(&mut self) -> Result<bool> {
        Ok(match self.process.as_mut() {
            Some(process) => process.try_wait()?.is_none(),
            None => false,
        })
    }

    /// Starts it again.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn resume(&mut self) -> Result<()> {
        let log = File::options().create(true).append(true).open(self.folder.join("postgres.log"))?;
        let mut command = as_postgres(&self.program("postgres")?);
        command.arg("-D").arg(self.folder.join("data"));
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).kill_on_drop(true).process_group(0);
        self.process = Some(command.spawn().context("starting postgres")?);
        let url = self.admin_url();
        until(Duration::from_secs(30), "Postgres answers", async || Ok(connect(&url).await.ok())).await?;
        Ok(())
    }

    /// Leaves no byte free on its disk.
    ///
    /// # Errors
    /// When its disk is not its own.
    pub fn fill_disk(&self) -> Result<()> {
        anyhow::ensure!(self.bounded, "that would fill the machine's disk");
        let mut filler = File::create(self.filler())?;
        let (block, byte) = ([0; 1 << 16], [0]);
        while filler.write(&block).is_ok() {}
        while filler.write(&byte).is_ok() {}
        Ok(())
    }

    /// The room is there again.
    ///
    /// # Errors
    /// When it was not filled.
    pub fn free_disk(&self) -> Result<()> {
        Ok(std::fs::remove_file(self.filler())?)
    }

    fn filler(&self) -> PathBuf {
        self.folder.join("data/filler")
    }

    fn program(&self, name: &str) -> Result<PathBuf> {
        Ok(env::pg_bin_dir()?.join(name))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(pid) = self.process.as_ref().and_then(Child::id) {
            signal("QUIT", pid);
            let asked = Instant::now();
            while matches!(self.runs(), Ok(true)) && asked.elapsed() < Duration::from_secs(5) {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        if self.bounded {
            run_now("umount", &["-l", &text(&self.folder.join("data"))]);
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn is_root() -> bool {
    // Owned by the user that this process runs as.
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
}

/// The server refuses to run as root.
fn as_postgres(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "--"]).arg(program).env("HOME", "/");
    command
}
