//! A Docker daemon in namespaces of its own: it and its containers are a machine beside this one, joined by one cable.
//! When the first process of that machine ends, everything in it ends, mounts and networks too.

use std::{
    fs::File,
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use tokio::process::{Child, Command};

use super::{folder, run, text};
use crate::{docker::connect_to, env, until};

/// See the module.
#[derive(Debug)]
pub struct Engine {
    folder: PathBuf,
    machine: Child,
    first: u32,
    daemon: Option<Child>,
    ours: Ipv4Addr,
}

impl Engine {
    /// Starts the machine and its daemon, and gives it the tenant's image.
    ///
    /// # Errors
    /// When something of it does not start; only root can.
    pub async fn start() -> Result<Self> {
        let folder = folder("engine")?;
        // The first process buries what dies, and ends when asked.
        let mut machine = Command::new("unshare")
            .args(["--net", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc"])
            .args(["bash", "-c", "trap 'exit 0' TERM; sleep infinity & while :; do wait; done"])
            .arg(text(&folder))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .process_group(0)
            .spawn()
            .context("starting unshare")?;
        let unshare = machine.id().context("unshare has ended")?;
        let first = until(Duration::from_secs(10), "the machine has a process", async || {
            ensure!(machine.try_wait()?.is_none(), "unshare has ended: only root can start an engine");
            first_child(Some(unshare))
        })
        .await?;
        let [net, host] = [rand::random_range(0..=255), 4 * rand::random_range(0..=63_u8)];
        let (ours, its) = (Ipv4Addr::new(10, 213, net, host + 1), Ipv4Addr::new(10, 213, net, host + 2));
        let mut engine = Self { folder, machine, first, daemon: None, ours };
        engine.lay_cable(&format!("sy{unshare}"), ours, its).await?;
        engine.resume().await?;
        engine.load(&env::tenant_image()?).await?;
        Ok(engine)
    }

    /// `unix://…`.
    pub fn host(&self) -> String {
        format!("unix://{}/docker.sock", self.folder.display())
    }

    /// Our end of the cable: what its containers reach us by.
    pub fn ours(&self) -> IpAddr {
        self.ours.into()
    }

    /// SIGKILL for the daemon. Its containers are nobody's children now, and go on.
    ///
    /// # Errors
    /// When it does not run.
    pub async fn kill(&mut self) -> Result<()> {
        let mut daemon = self.daemon.take().context("the engine does not run")?;
        super::signal("KILL", first_child(daemon.id())?.context("the engine has ended")?);
        daemon.wait().await?;
        Ok(())
    }

    /// SIGTERM: it ends its containers, then itself.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn stop(&mut self) -> Result<()> {
        let mut daemon = self.daemon.take().context("the engine does not run")?;
        super::signal("TERM", first_child(daemon.id())?.context("the engine has ended")?);
        tokio::time::timeout(Duration::from_secs(40), daemon.wait()).await.context("the engine does not end")??;
        Ok(())
    }

    /// Starts the daemon, also again.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn resume(&mut self) -> Result<()> {
        let at = |name: &str| text(&self.folder.join(name));
        for left in ["docker.pid", "docker.sock"] {
            let _ = std::fs::remove_file(self.folder.join(left));
        }
        let log = File::options().create(true).append(true).open(self.folder.join("docker.log"))?;
        // A process cannot move to another process namespace, only its children are born there.
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.first.to_string(), "--net", "--pid", "--mount", "dockerd"]);
        command.args(["--host", &self.host(), "--data-root", &at("data"), "--exec-root", &at("exec")]);
        command.args(["--pidfile", &at("docker.pid"), "--bridge", "none", "--shutdown-timeout", "10"]);
        command.env_remove("DOCKER_HOST").env("PATH", self.path().await?);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).kill_on_drop(true).process_group(0);
        self.daemon = Some(command.spawn().context("starting dockerd")?);
        let host = self.host();
        let answers = until(Duration::from_secs(60), "the engine answers", async || {
            // Until there is a socket there is nothing to connect to.
            let Ok(docker) = connect_to(&host) else { return Ok(None) };
            Ok(docker.version().await.ok())
        });
        answers.await.with_context(|| self.log())?;
        Ok(())
    }

    /// The end of what the daemon has written.
    pub fn log(&self) -> String {
        let log =
            String::from_utf8_lossy(&std::fs::read(self.folder.join("docker.log")).unwrap_or_default()).into_owned();
        let from = log.lines().count().saturating_sub(30);
        log.lines().skip(from).collect::<Vec<_>>().join("\n")
    }

    async fn lay_cable(&self, name: &str, ours: Ipv4Addr, its: Ipv4Addr) -> Result<()> {
        let first = self.first.to_string();
        let inside = async |arguments: &[&str]| {
            run("nsenter", &[&["--target", first.as_str(), "--net", "ip"], arguments].concat()).await
        };
        run("ip", &["link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", &first]).await?;
        run("ip", &["address", "add", &format!("{ours}/30"), "dev", name]).await?;
        run("ip", &["link", "set", name, "up"]).await?;
        inside(&["link", "set", "lo", "up"]).await?;
        inside(&["address", "add", &format!("{its}/30"), "dev", "eth0"]).await?;
        inside(&["link", "set", "eth0", "up"]).await?;
        inside(&["route", "add", "default", "via", &ours.to_string()]).await?;
        Ok(())
    }

    /// Kernels differ in which of the two iptables they understand.
    async fn path(&self) -> Result<String> {
        let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
        let nat = ["-w", "-t", "nat", "-L", "-n"];
        if run("iptables", &nat).await.is_ok() || run("iptables-legacy", &nat).await.is_err() {
            return Ok(path);
        }
        let bin = self.folder.join("bin");
        std::fs::create_dir_all(&bin)?;
        for name in ["iptables", "ip6tables"] {
            let legacy = run("which", &[&format!("{name}-legacy")]).await?;
            if !bin.join(name).exists() {
                std::os::unix::fs::symlink(legacy.trim(), bin.join(name))?;
            }
        }
        Ok(format!("{}:{path}", bin.display()))
    }

    async fn load(&self, image: &str) -> Result<()> {
        let archive = text(&self.folder.join("image.tar"));
        run("docker", &["--host", &env::docker_host()?, "save", "--output", &archive, image]).await?;
        run("docker", &["--host", &self.host(), "load", "--input", &archive]).await?;
        Ok(())
    }
}

fn first_child(of: Option<u32>) -> Result<Option<u32>> {
    let Some(of) = of else { return Ok(None) };
    let children = std::fs::read_to_string(format!("/proc/{of}/task/{of}/children"))?;
    Ok(children.split_whitespace().next().and_then(|pid| pid.parse().ok()))
}

impl Drop for Engine {
    fn drop(&mut self) {
        // The first process goes with it, and everything else with that.
        let _ = self.machine.start_kill();
        let _ = self.daemon.as_mut().map(Child::start_kill);
        super::run_now("sh", &["-c", &format!("while [ -e /proc/{} ]; do sleep 0.05; done", self.first)]);
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
