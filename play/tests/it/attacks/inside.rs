//! From within the container that the master makes, with what the master gives.

use std::{
    net::{IpAddr, SocketAddr},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use play::{
    docker::{self, ImageName},
    env,
    people::Someone,
    redis, scenes, until,
    world::{Shape, World},
};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};

use super::list::{ATTACKS, ENDED_BY_THE_MASTER, NOISE};
use crate::cli;

/// Where a neighbour listens.
const PORT: u16 = 7777;
/// One tenant may write so much, and the engine a little more before it turns the file over.
const LOG: u64 = 11 << 20;

/// A world in which the first tenant is what it should be, and all later ones are probes.
struct Yard {
    world: World,
    neighbour: String,
    customer: Someone,
    // Dropped last: containers are made from it.
    _image: ImageName,
}

impl Yard {
    async fn new() -> Result<Self> {
        let image = ImageName::create("slotyard-attacked", &env::tenant_image()?).await?;
        let settings = vec![("TENANT_IMAGE".to_owned(), image.name.clone())];
        let world = World::shaped(Shape { settings, ..Shape::default() }).await?;
        let paid = scenes::sell(&world.someone("Анна").await?, "Барбершоп «Борода»").await?;
        let neighbour = world.tenant_of(&paid.bot.username).await?;
        let customer = world.someone("Борис").await?.with(&paid.bot.username);
        customer.start("Здесь можно записаться").await?;
        image.point_at(&env::probe_image()?).await?;
        Ok(Self { world, neighbour, customer, _image: image })
    }

    /// The master sells and starts one more, and is content with it.
    async fn probe(&self, buyer: &str) -> Result<String> {
        let paid = scenes::sell(&self.world.someone(buyer).await?, "Салон").await?;
        self.world.tenant_of(&paid.bot.username).await
    }

    fn network(&self) -> String {
        format!("slotyard-{}-1", self.world.instance)
    }

    async fn gateway(&self) -> Result<IpAddr> {
        docker::gateway(&self.world.docker, &self.network()).await
    }

    /// What the neighbour and the registry hold, but for what the attacker's own tenant is told of.
    async fn state(&self, attacker: &str) -> Result<Vec<String>> {
        let pool = self.world.registry().await?;
        let mut state = Vec::new();
        for sql in [
            "select t::text from (select slug, generation, restart_generation, placement_network, hold_reason, bot_id
               from tenants where slug <> $1 order by id) t",
            "select e::text from (select event, detail from tenant_events join tenants t on t.id = tenant_id
               where t.slug <> $1 and event <> 'ready' order by tenant_events.id) e",
            "select l::text from (select kind, payment_id from ledger where $1 <> '' order by id) l",
            "select rolname || rolconnlimit || rolsuper || rolcreatedb from pg_roles
              where rolname <> $1 and rolname = any (select slug from tenants) order by 1",
        ] {
            state.extend(sqlx::query_scalar::<_, String>(sql).bind(attacker).fetch_all(&pool).await?);
        }
        for table in ["admins", "services", "resources", "working_hours", "settings"] {
            let sql = format!("select row_to_json(t)::text from {}.{table} t order by 1", self.neighbour);
            state.extend(sqlx::query_scalar::<_, String>(sqlx::AssertSqlSafe(sql)).fetch_all(&pool).await?);
        }
        pool.close().await;
        Ok(state)
    }
}

/// The most memory that a process ever had, in kB.
fn peak(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// Bytes of a container's log on the disk, all turns together.
async fn logged(world: &World, slug: &str) -> Result<u64> {
    let container = docker::inspect(&world.docker, slug).await?.context("the container is not there")?;
    let path = container.log_path.context("it has no log")?;
    let path = Path::new(&path);
    let (folder, name) = (path.parent().context("no folder")?, path.file_name().context("no name")?.to_string_lossy());
    let mut sum = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&*name) {
            sum += entry.metadata()?.len();
        }
    }
    Ok(sum)
}

async fn started_at(world: &World, slug: &str) -> Result<Option<String>> {
    let container = docker::inspect(&world.docker, slug).await?;
    Ok(container.and_then(|container| container.state?.started_at).map(|at| at.to_string()))
}

/// The line of `docs/SECURITY.md`, for one port only: others play on this machine.
struct Firewall {
    program: &'static str,
    rule: Vec<String>,
}

impl Firewall {
    fn raise(bridge: &str, port: u16) -> Result<Self> {
        let rule = format!("INPUT -i {bridge} -p tcp --dport {port} -m conntrack --ctstate NEW -j DROP");
        let rule: Vec<String> = rule.split(' ').map(str::to_owned).collect();
        // Kernels differ in which of the two they understand.
        for program in ["iptables", "iptables-legacy"] {
            if Command::new(program).args(["-w", "-I"]).args(&rule).status().is_ok_and(|status| status.success()) {
                return Ok(Self { program, rule });
            }
        }
        bail!("no line can be put into the firewall: this test needs root and iptables, as the line itself does")
    }
}

impl Drop for Firewall {
    fn drop(&mut self) {
        let _ = Command::new(self.program).args(["-w", "-D"]).args(&self.rule).status();
    }
}

async fn listen(address: IpAddr) -> Result<(SocketAddr, tokio::task::JoinHandle<()>)> {
    let listener = TcpListener::bind((address, 0)).await?;
    let at = listener.local_addr()?;
    let task = tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    TcpStream::connect(at).await.context("nobody could reach it at all")?;
    Ok((at, task))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_gone_bad_reaches_nothing_and_its_neighbours_do_not_notice() -> Result<()> {
    let yard = Yard::new().await?;
    let world = &yard.world;
    let mut redis = redis::admin().await?;
    let (bystander, attacker) = (yard.probe("Вера").await?, yard.probe("Злодей").await?);

    super::order(&mut redis, &format!("{bystander}:"), &json!({ "listen": PORT })).await?;
    super::done(&mut redis, &format!("{bystander}:")).await?;
    let listens = SocketAddr::new(docker::address(&world.docker, &bystander, &yard.network()).await?, PORT);
    TcpStream::connect(listens)
        .await
        .context("the neighbour does not listen, so not to reach it would tell nothing")?;
    let (loopback, _kept) = listen([127, 0, 0, 1].into()).await?;
    let gateway = yard.gateway().await?;
    let master: SocketAddr = world.master.http()?.trim_start_matches("http://").parse()?;

    let before = yard.state(&attacker).await?;
    let pid = world.master.pid().context("the master does not run")?;
    let memory = peak(pid)?;
    let orders = json!({
        "neighbour": yard.neighbour,
        "victim": std::process::id(),
        "only": ATTACKS,
        "addresses": {
            "net-neighbour": listens,
            "net-host-loopback": loopback,
            "net-host-loopback-by-gateway": SocketAddr::new(gateway, loopback.port()),
            "net-master": SocketAddr::new(gateway, master.port()),
        },
    });
    super::order(&mut redis, &format!("{attacker}:"), &orders).await?;

    // Meanwhile others live on, and are answered.
    let buyer = world.someone("Глеб").await?;
    let (begun, mut slowest, mut rounds) = (Instant::now(), Duration::ZERO, 0);
    while !super::is_done(&mut redis, &format!("{attacker}:")).await? {
        ensure!(begun.elapsed() < Duration::from_secs(300), "the attacks do not end");
        let asked = Instant::now();
        yard.customer.start("Здесь можно записаться").await?;
        buyer.start("собственный Telegram-бот записи").await?;
        slowest = slowest.max(asked.elapsed());
        if rounds == 0 {
            scenes::book_a_haircut(&world.someone("Дарья").await?.with(&yard.customer.bot)).await?;
        }
        rounds += 1;
    }
    scenes::book_a_haircut(&world.someone("Егор").await?.with(&yard.customer.bot)).await?;
    eprintln!("attacks took {:?}; {rounds} rounds of talk, the slowest {slowest:?}", begun.elapsed());

    let log = docker::logs(&world.docker, &attacker).await?;
    let told = super::told(&log);
    told.values().for_each(|told| eprintln!("{:36} {:9} {}", told.attack, told.outcome, told.how));
    for name in ATTACKS {
        let told = super::of(&told, name)?;
        let expected = if NOISE.contains(name) { "noise" } else { "refused" };
        assert_eq!(told.outcome, expected, "{told:?}");
        // An attack with a mistake in it proves nothing.
        assert!(!["42601", "42P01", "42883"].iter().any(|code| told.how.starts_with(code)), "{told:?}");
    }
    assert_eq!(told.len(), ATTACKS.len(), "{:?}", told.keys());
    for name in ENDED_BY_THE_MASTER {
        assert!(super::of(&told, name)?.how.contains("57P01"), "ended by an administrator: {:?}", told[*name]);
    }

    let written = logged(world, &attacker).await?;
    assert!((1 << 20..LOG).contains(&written), "{written} bytes of log");
    assert_eq!(yard.state(&attacker).await?, before, "nothing but the attacker's own has changed");
    // The neighbour was never started anew.
    let alive = docker::inspect(&world.docker, &yard.neighbour).await?.context("the neighbour is gone")?;
    assert_eq!(alive.restart_count, Some(0));

    // The master looks at everybody's heartbeat, the endless one too.
    let started = started_at(world, &bystander).await?;
    world.master.cli(&["tenants", "restart", &bystander]).await?;
    until(world.stage.sim.patience(), "the bystander is started anew", async || {
        Ok((started_at(world, &bystander).await? != started).then_some(()))
    })
    .await?;
    let grown = peak(pid)?.saturating_sub(memory);
    assert!(grown < 16 << 10, "the master grew by {grown} kB");

    // What it has left behind goes with it.
    world.master.cli(&["tenants", "remove", &attacker, "--yes"]).await?;
    cli::comes_to(world, &attacker, "removed").await?;
    assert_eq!(world.traces_of(&attacker).await?, Vec::<String>::new());
    yard.world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_host_opens_on_the_tenants_bridge_is_closed_by_the_firewall_line_of_the_docs() -> Result<()> {
    let yard = Yard::new().await?;
    let mut redis = redis::admin().await?;
    let attacker = yard.probe("Злодей").await?;
    let (open, _kept) = listen(yard.gateway().await?).await?;
    let orders = json!({ "only": ["net-host"], "addresses": { "net-host": open } });
    let attack = async |redis: &mut _| -> Result<String> {
        super::order(redis, &format!("{attacker}:"), &orders).await?;
        until(Duration::from_secs(60), "the probe has tried it", async || {
            // Between one container and the next there is none.
            let log = docker::logs(&yard.world.docker, &attacker).await.unwrap_or_default();
            Ok(super::told(&log).remove("net-host").map(|told| told.outcome))
        })
        .await
    };
    // Said in docs/SECURITY.md: the host's own ports are the host's own business.
    assert_eq!(attack(&mut redis).await?, "SUCCEEDED", "the docs are too modest");
    let network = yard.world.docker.inspect_network(&yard.network(), None).await?;
    let bridge = format!("br-{}", &network.id.context("the network has no id")?[..12]);
    let line = Firewall::raise(&bridge, open.port())?;
    ensure!(TcpStream::connect(open).await.is_ok(), "the host itself still reaches it");
    docker::remove_container(&yard.world.docker, &attacker).await?;
    assert_eq!(attack(&mut redis).await?, "refused");
    drop(line);
    yard.world.close().await
}
