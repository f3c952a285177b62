//! The same probe where little is in its way: root in a container without walls, a superuser of Postgres, Redis's own
//! administrator. What does not succeed here could not have succeeded anywhere, and proves nothing.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    str::FromStr,
};

use anyhow::{Context, Result};
use bollard::{
    models::{ContainerCreateBody, DeviceMapping, HostConfig},
    query_parameters::{CreateContainerOptionsBuilder, StartContainerOptions},
};
use play::{
    database::{self, FreshDatabase, random_name},
    docker, env, until,
};
use serde_json::json;
use sqlx::{AssertSqlSafe, Executor, PgPool, migrate::Migrator, postgres::PgConnectOptions};
use tokio::net::TcpListener;

use super::list::{ATTACKS, ENDED_BY_THE_MASTER, NOISE};

/// What fails even here, and why that is all right.
const EVEN_SO: &[(&str, &str)] = &[
    ("dev-kmsg", "the kernel may keep its log to itself"),
    ("fs-cgroup", "only a privileged container may write there"),
    ("pg-ddl-event-trigger", "there is no function that fits; the right is asked for before the function"),
    ("pg-file-copy-from", "the file is no table; the right is asked for before the file"),
    ("pg-role-login", "the neighbour's password is another"),
    ("pg-superuser-login", "depends on who has started Postgres"),
    ("pg-replication", "pg_hba.conf has no line for it"),
];

/// A Redis whose administrator the probe is.
struct OwnRedis {
    process: Child,
    folder: PathBuf,
}

impl OwnRedis {
    async fn start() -> Result<Self> {
        let folder = env::run_dir().unwrap_or_else(std::env::temp_dir).join(format!("weak-{}", random_name()));
        std::fs::create_dir_all(folder.join("spare"))?;
        std::fs::write(folder.join("spare/a.sock"), "")?;
        let process = Command::new("redis-server")
            .args(["--port", "0", "--requirepass", "slotyard", "--enable-debug-command", "yes", "--save", ""])
            .args(["--unixsocketperm", "777", "--unixsocket"])
            .arg(folder.join("redis.sock"))
            .arg("--dir")
            .arg(&folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let redis = Self { process, folder };
        until(std::time::Duration::from_secs(10), "Redis listens", async || {
            Ok(redis.folder.join("redis.sock").exists().then_some(()))
        })
        .await?;
        Ok(redis)
    }

    fn url(&self, folder: &str) -> String {
        format!("unix://{folder}/redis.sock?user=default&pass=slotyard")
    }
}

impl Drop for OwnRedis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A process of the host's.
struct Victim(Child);

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = (self.0.kill(), self.0.wait());
    }
}

/// What the test has put into Docker.
struct Made(String);

impl Drop for Made {
    fn drop(&mut self) {
        let instance = self.0.clone();
        let gone = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async { docker::remove_instance(&docker::connect()?, &instance).await })
        });
        if !matches!(gone.join(), Ok(Ok(()))) {
            eprintln!("instance {} was left behind", self.0);
        }
    }
}

/// A registry and two tenants' schemas, the probe's role a superuser.
async fn registry(own: &str, neighbour: &str) -> Result<FreshDatabase> {
    let database = FreshDatabase::create().await?;
    for role in [own, neighbour, &format!("{own}_probe")] {
        database.owns_role(role);
    }
    let pool = database.admin_pool().await?;
    pool.execute("create schema extensions; create extension btree_gist schema extensions").await?;
    Migrator::new(database::migrations("registry")).await?.set_locking(false).run(&pool).await?;
    for slug in [own, neighbour] {
        pool.execute(AssertSqlSafe(format!("create schema {slug}"))).await?;
        let options = PgConnectOptions::from_str(&database.admin_url())?.options([("search_path", slug)]);
        let inside = PgPool::connect_with(options).await?;
        Migrator::new(database::migrations("tenant")).await?.set_locking(false).run(&inside).await?;
        inside
            .execute("insert into settings (key, value, updated_at) values ('a', 'b', now()); analyze settings")
            .await?;
        inside.close().await;
    }
    pool.execute(AssertSqlSafe(format!(
        "create role {neighbour}; create role {own} login superuser password 'slotyard';
         alter role {own} set search_path = {own}"
    )))
    .await?;
    pool.close().await;
    Ok(database)
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_stops_the_probe_its_attacks_succeed() -> Result<()> {
    let (own, neighbour) =
        (format!("client_{}", rand::random_range(1_000_000..1_000_000_000)), "client_000".to_owned());
    let database = registry(&own, &neighbour).await?;
    let redis = OwnRedis::start().await?;
    let docker = docker::connect()?;
    let instance = random_name();
    let _made = Made(instance.clone());
    let gateway = docker::create_network(&docker, &instance).await?;
    let open = TcpListener::bind((gateway, 0)).await?;
    let reached = open.local_addr()?;
    let accepting = tokio::spawn(async move { while open.accept().await.is_ok() {} });
    let victim = Victim(Command::new("sleep").arg("600").stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
    // Something of somebody else's to be seen and ended.
    let mut bystander = database::connect(&database.admin_url()).await?;
    bystander.execute("select 'a secret'").await?;

    let pg = format!("postgres://{own}:slotyard@localhost/{}?host=/run/slotyard/postgres", database.name());
    let mounts = [
        format!("{}:/run/slotyard/postgres:ro", env::pg_socket_dir()?.display()),
        format!("{}:/run/redis", redis.folder.display()),
        format!("{}:/run/slotyard/spare", redis.folder.join("spare").display()),
        format!("{}:/var/run/docker.sock", env::docker_host()?.trim_start_matches("unix://")),
    ];
    let body = ContainerCreateBody {
        image: Some(env::probe_image()?),
        user: Some("0:0".into()),
        env: Some(vec![
            format!("CLIENT_ID={own}"),
            format!("DATABASE_URL={pg}"),
            format!("REDIS_URL={}", redis.url("/run/redis")),
            format!("REDIS_KEY_PREFIX={own}:"),
        ]),
        labels: Some([(docker::INSTANCE.to_owned(), instance.clone())].into()),
        host_config: Some(HostConfig {
            // Privileged in all but the name: that takes more than a daemon in a virtual machine may have itself.
            cap_add: Some(["SYS_ADMIN", "SYS_PTRACE"].map(str::to_owned).into()),
            security_opt: Some(["seccomp=unconfined", "apparmor=unconfined"].map(str::to_owned).into()),
            devices: Some(vec![DeviceMapping {
                path_on_host: Some("/dev/kmsg".into()),
                path_in_container: Some("/dev/kmsg".into()),
                cgroup_permissions: Some("r".into()),
            }]),
            masked_paths: Some(vec![]),
            readonly_paths: Some(vec![]),
            pid_mode: Some("host".into()),
            binds: Some(mounts.into()),
            network_mode: Some(format!("slotyard-{instance}-1")),
            ..Default::default()
        }),
        ..Default::default()
    };
    let options = CreateContainerOptionsBuilder::default().name(&own).build();
    docker.create_container(Some(options), body).await?;
    docker.start_container(&own, None::<StartContainerOptions>).await?;

    let wanted: Vec<&str> = ATTACKS
        .iter()
        .copied()
        // What fills or waits succeeds by doing so, and is not worth the wait.
        .filter(|name| !ENDED_BY_THE_MASTER.contains(name) && !NOISE.contains(name))
        .collect();
    let orders = json!({
        "neighbour": neighbour,
        "victim": victim.0.id(),
        "only": wanted,
        "addresses": {
            "net-neighbour": reached,
            "net-host-loopback": reached,
            "net-host-loopback-by-gateway": reached,
            "net-master": reached,
        },
    });
    let prefix = format!("{own}:");
    let outside = redis.url(&redis.folder.display().to_string());
    let mut connection = ::redis::Client::open(outside)?.get_multiplexed_async_connection().await?;
    super::order(&mut connection, &prefix, &orders).await?;
    // Among what succeeds is ending everybody's connection.
    let client = ::redis::Client::open(redis.url(&redis.folder.display().to_string()))?;
    let done = until(std::time::Duration::from_secs(120), "the probe is done", async || {
        let Ok(mut connection) = client.get_multiplexed_async_connection().await else { return Ok(None) };
        Ok(super::is_done(&mut connection, &prefix).await.unwrap_or(false).then_some(()))
    })
    .await;
    let told = super::told(&docker::logs(&docker, &own).await?);
    accepting.abort();
    let probe_database = format!("drop database if exists {own}_probe with (force)");
    database.run(&[probe_database]).await?;
    let _ = std::fs::remove_file("/tmp/slotyard-probe.copy");
    done?;

    let mut wrong = Vec::new();
    for name in wanted {
        let told = super::of(&told, name)?;
        let excused = EVEN_SO.iter().any(|(excused, _)| *excused == name);
        if told.outcome != "SUCCEEDED" && !excused {
            wrong.push(format!("{told:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    told.get("root-capabilities").context("the probe has told nothing").map(drop)
}
