//! An installation of a test's own: its settings, certificates and names; and its end, whatever becomes of the test.

use std::{
    collections::BTreeMap,
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use anyhow::{Context, Result, bail, ensure};
use play::{database::random_name, docker, env};

/// What PUBLIC_URL names; only those who are told know where it is.
pub(super) const DOMAIN: &str = "slotyard.test";

/// The checkout that is tested.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

/// The program: Debian's 1.29, or another one that SLOTYARD_COMPOSE names.
fn program() -> String {
    std::env::var("SLOTYARD_COMPOSE").unwrap_or_else(|_| "docker-compose".into())
}

/// What an installation for real tokens has in its .env, of `.env.example`.
pub(super) fn filled_in() -> BTreeMap<String, String> {
    let secret = || random_name() + &random_name();
    let mut settings: BTreeMap<String, String> = [
        ("MASTER_BOT_TOKEN", format!("1000000001:AA{}{}", secret(), secret())),
        ("OWNER_IDS", "1001".into()),
        ("YOOKASSA_SHOP_ID", "100500".into()),
        ("YOOKASSA_SECRET_KEY", format!("test_{}", secret())),
        ("POSTGRES_PASSWORD", secret()),
        ("REDIS_PASSWORD", secret()),
        ("DOCKER_GID", "0".into()),
        ("VERSION", random_name()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    settings.insert("MASTER_KEY".into(), secret() + &secret());
    settings.insert("COMPOSE_PROJECT_NAME".into(), format!("slotyard-it-{}", random_name()));
    settings
}

/// A folder with an .env, and Compose on it.
pub(super) struct Compose {
    pub(super) settings: BTreeMap<String, String>,
    pub(super) folder: PathBuf,
    files: Vec<PathBuf>,
}

impl Compose {
    pub(super) fn with(settings: BTreeMap<String, String>) -> Result<Self> {
        let name = settings.get("COMPOSE_PROJECT_NAME").context("no name")?;
        let folder = env::run_dir().unwrap_or_else(std::env::temp_dir).join(name);
        fs::create_dir_all(&folder)?;
        let compose = Self { settings, folder, files: vec![root().join("docker-compose.yml")] };
        compose.write()?;
        Ok(compose)
    }

    /// One more file over the first.
    pub(super) fn over(&mut self, file: PathBuf) {
        self.files.push(file);
    }

    pub(super) fn name(&self) -> &str {
        &self.settings["COMPOSE_PROJECT_NAME"]
    }

    pub(super) fn write(&self) -> Result<()> {
        let lines: String = self.settings.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        fs::write(self.folder.join(".env"), lines)?;
        Ok(())
    }

    /// Runs it, whatever comes of it. Nothing of our own environment gets into the settings.
    pub(super) fn output(&self, arguments: &[&str]) -> Result<Output> {
        let mut command = Command::new(program());
        command.env_clear();
        for name in ["PATH", "HOME", "DOCKER_HOST"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        // The classic builder, which every engine has.
        command.env("DOCKER_BUILDKIT", "0").env("LC_ALL", "C.UTF-8");
        command.arg("--project-directory").arg(root()).arg("--env-file").arg(self.folder.join(".env"));
        for file in &self.files {
            command.arg("-f").arg(file);
        }
        command.args(arguments).output().with_context(|| format!("{} cannot be started", program()))
    }

    /// Runs it; it must succeed. Gives what it wrote to stdout.
    pub(super) fn run(&self, arguments: &[&str]) -> Result<String> {
        let output = self.output(arguments)?;
        ensure!(output.status.success(), "compose {}: {}", arguments.join(" "), said(&output));
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

pub(super) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), output.stderr.as_slice()].concat()).into_owned()
}

/// Runs a program; it must succeed.
pub(super) fn sh(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program).args(arguments).output().with_context(|| program.to_owned())?;
    ensure!(output.status.success(), "{program} {}: {}", arguments.join(" "), said(&output));
    Ok(String::from_utf8(output.stdout)?)
}

/// An installation with the profiles tls and sandbox, on images made here.
pub(super) struct Yard {
    pub(super) compose: Compose,
    /// The first three numbers of its network.
    pub(super) prefix: String,
    pub(super) front_port: u16,
    pub(super) https_port: u16,
    pub(super) http_port: u16,
    pub(super) debian: String,
    /// Taken down already.
    removed: bool,
}

impl Yard {
    /// Everything but started.
    pub(super) fn new() -> Result<Self> {
        let mut settings = filled_in();
        let prefix = format!("10.{}.{}", rand::random_range(200..250), rand::random_range(0..250));
        let [front_port, http_port, https_port] = free_ports()?;
        let socket = env::docker_host()?;
        let socket = socket.strip_prefix("unix://").context("DOCKER_HOST must be unix://…")?.to_owned();
        let debian = env::read("SLOTYARD_DEBIAN_IMAGE")?;
        let name = settings["COMPOSE_PROJECT_NAME"].clone();
        docker::remember_project(&name)?;
        for (name, value) in [
            ("COMPOSE_PROFILES", "tls,sandbox".to_owned()),
            ("IMAGE_PREFIX", name.clone()),
            ("BUILD_CONTEXT", env::read("SLOTYARD_IMAGE_CONTEXT")?),
            ("BASE_IMAGE", debian.clone()),
            ("POSTGRES_IMAGE", debian.clone()),
            ("REDIS_IMAGE", debian.clone()),
            ("CADDY_IMAGE", debian.clone()),
            ("DOCKER_GID", sh("stat", &["-Lc", "%g", &socket])?.trim().to_owned()),
            ("DOCKER_SOCKET", socket),
            ("NETWORK_PREFIX", prefix.clone()),
            ("FRONT_PORT", front_port.to_string()),
            ("HTTP_PORT", format!("127.0.0.1:{http_port}")),
            ("HTTPS_PORT", format!("127.0.0.1:{https_port}")),
            ("TELEGRAM_API_URL", "http://sandbox:8081".into()),
            ("TENANT_TELEGRAM_API_URL", format!("http://{prefix}.1:8081")),
            ("YOOKASSA_API_URL", "http://sandbox:8081/yookassa/v3".into()),
            ("CLOCK_URL", "http://sandbox:8081/clock".into()),
            ("TENANT_CLOCK_URL", format!("http://{prefix}.1:8081/clock")),
            ("TENANT_USER_LIMITS", "off".into()),
            ("PUBLIC_URL", format!("https://{DOMAIN}")),
            ("SANDBOX_NOTIFICATION_URL", format!("https://{DOMAIN}/yookassa/notifications")),
            // Of all addresses only the sandbox's YooKassa may notify.
            ("YOOKASSA_SENDERS", format!("{prefix}.3")),
            ("CADDY_TLS", "tls /certs/cert.pem /certs/key.pem".into()),
            // How full this machine is, is no part of the play.
            ("ALERT_DISK_PERCENT", "0".into()),
            ("ALERT_MEMORY_PERCENT", "0".into()),
        ] {
            settings.insert(name.into(), value);
        }
        let mut compose = Compose::with(settings)?;
        let certs = compose.folder.join("certs");
        certify(&certs)?;
        compose.settings.insert("CADDY_CERTS".into(), certs.display().to_string());
        compose.write()?;
        // The domain leads to Caddy for those inside, and the sandbox trusts who signed its certificate.
        let over = serde_json::json!({"services": {
            "caddy": {"networks": {"default": {"ipv4_address": format!("{prefix}.2"), "aliases": [DOMAIN]}}},
            "sandbox": {
                "environment": {"SANDBOX_CA_FILE": "/ca.pem"},
                "volumes": [format!("{}:/ca.pem:ro", certs.join("ca.pem").display())],
            },
        }});
        let file = compose.folder.join("over.yml");
        fs::write(&file, over.to_string())?;
        compose.over(file);
        Ok(Self { compose, prefix, front_port, http_port, https_port, debian, removed: false })
    }

    /// The authority that the domain's certificate is of.
    pub(super) fn authority(&self) -> Result<reqwest::Certificate> {
        Ok(reqwest::Certificate::from_pem(&fs::read(self.compose.folder.join("certs/ca.pem"))?)?)
    }

    /// The whole name of a service's container, which the two versions of Compose make differently.
    pub(super) fn container(&self, service: &str) -> Result<String> {
        let id = self.compose.run(&["ps", "-q", service])?;
        ensure!(!id.trim().is_empty(), "{service} has no container");
        Ok(id.trim().to_owned())
    }

    /// Containers of tenants: those that mount Postgres's socket and are none of Compose's.
    pub(super) fn tenants(&self) -> Result<Vec<String>> {
        let volume = format!("volume={}_postgres_socket", self.compose.name());
        let all = sh("docker", &["ps", "-aq", "--filter", &volume, "--filter", "label=slotyard.tenant"])?;
        Ok(all.lines().map(str::to_owned).collect())
    }

    /// All of it, as docs/OPERATIONS.md says it: Compose's part, the tenants, and their network.
    pub(super) fn remove(&mut self) -> Result<()> {
        self.removed = true;
        self.compose.run(&["down"])?;
        let mut instances = Vec::new();
        for tenant in self.tenants()? {
            instances
                .push(sh("docker", &["inspect", "-f", r#"{{index .Config.Labels "slotyard.instance"}}"#, &tenant])?);
            sh("docker", &["rm", "-f", &tenant])?;
        }
        for instance in instances {
            let label = format!("label=slotyard.instance={}", instance.trim());
            for network in sh("docker", &["network", "ls", "-q", "--filter", &label])?.lines() {
                sh("docker", &["network", "rm", network])?;
            }
        }
        self.compose.run(&["down", "-v"])?;
        for image in ["master", "tenant", "sandbox"] {
            // One that was not built yet is not there.
            let name = format!("{}-{image}:{}", self.compose.name(), self.compose.settings["VERSION"]);
            let _ = Command::new("docker").args(["rmi", &name]).output();
        }
        Ok(())
    }

    /// What is left of it.
    pub(super) fn traces(&self) -> Result<Vec<String>> {
        let mut traces = self.tenants()?;
        let project = format!("label=com.docker.compose.project={}", self.compose.name());
        for what in ["container", "network", "volume"] {
            let all = if what == "container" { "-aq" } else { "-q" };
            traces.extend(sh("docker", &[what, "ls", all, "--filter", &project])?.lines().map(str::to_owned));
        }
        Ok(traces)
    }
}

impl Drop for Yard {
    fn drop(&mut self) {
        if !self.removed || std::env::var_os("SLOTYARD_SHOW_LOGS").is_some() {
            let told = self.compose.output(&["logs", "--no-color", "--tail", "60"]);
            eprintln!("── the installation wrote ──\n{}", told.map(|output| said(&output)).unwrap_or_default());
        }
        if !self.removed
            && let Err(error) = self.remove()
        {
            eprintln!("{} was left behind: {error:#}", self.compose.name());
        }
        let _ = fs::remove_dir_all(&self.compose.folder);
    }
}

/// Ports of the loopback that nobody listens on now.
fn free_ports<const N: usize>() -> Result<[u16; N]> {
    // All at once, so that no two are the same.
    let taken: Vec<TcpListener> = (0..N).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<_, _>>()?;
    let ports: Vec<u16> = taken.iter().map(|l| Ok(l.local_addr()?.port())).collect::<Result<_>>()?;
    ports.try_into().map_err(|_| anyhow::anyhow!("not {N} ports"))
}

/// An authority of the test's own, and the domain's certificate by it.
fn certify(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let file = |name: &str| folder.join(name).display().to_string();
    let (ca, ca_key, cert, key, ask, names) =
        (file("ca.pem"), file("ca.key"), file("cert.pem"), file("key.pem"), file("ask.pem"), file("names"));
    fs::write(&names, format!("subjectAltName=DNS:{DOMAIN}\nbasicConstraints=CA:FALSE\n"))?;
    let ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    sh(
        "openssl",
        &[&["req", "-x509", "-days", "2", "-subj", "/CN=Slotyard test", "-keyout", &ca_key, "-out", &ca][..], &ec]
            .concat(),
    )?;
    sh("openssl", &[&["req", "-subj", &format!("/CN={DOMAIN}"), "-keyout", &key, "-out", &ask][..], &ec].concat())?;
    let signed = [
        "x509",
        "-req",
        "-days",
        "2",
        "-in",
        &ask,
        "-CA",
        &ca,
        "-CAkey",
        &ca_key,
        "-CAcreateserial",
        "-extfile",
        &names,
        "-out",
        &cert,
    ];
    sh("openssl", &signed)?;
    if !Path::new(&cert).exists() {
        bail!("openssl has made no certificate");
    }
    // The sandbox, which is nobody in particular, reads the authority; the key is root's alone.
    fs::set_permissions(&ca, fs::Permissions::from_mode(0o644))?;
    Ok(())
}
