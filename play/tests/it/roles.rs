//! The two halves of the control plane as processes of their own: the front without the engine's socket, the fleet
//! without a port, and two of each at once.

use std::{fs, path::PathBuf, time::Duration};

use anyhow::{Context, Result, ensure};
use play::{
    docker, scenes, until,
    world::{Master, Role, Shape, World},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::cli::comes_to;

/// A world whose own master is the front, without a word about the engine in its settings.
async fn front() -> Result<World> {
    let mut world = World::shaped(Shape { without_master: true, ..Shape::default() }).await?;
    let folder = world.master.output_file().with_file_name("front");
    fs::create_dir_all(&folder)?;
    let mut front = Master::new(world.master.settings().clone(), folder).in_role(Role::Front);
    for name in ["TENANT_IMAGE", "TENANT_MOUNTS", "TENANT_DATABASE_URL", "TENANT_REDIS_URL"] {
        front.unset(name);
    }
    front.set("DOCKER_HOST", "unix:///nowhere/docker.sock");
    world.master = front;
    world.start_master().await?;
    Ok(world)
}

/// A fleet for the world, with a folder of its own and no word about money or ports in its settings.
async fn fleet(world: &World, settings: &Master, name: &str) -> Result<Master> {
    let folder = world.master.output_file().with_file_name(name);
    fs::create_dir_all(&folder)?;
    let mut fleet = Master::new(settings.settings().clone(), folder).in_role(Role::Fleet);
    for name in ["YOOKASSA_SHOP_ID", "YOOKASSA_SECRET_KEY", "YOOKASSA_API_URL"] {
        fleet.unset(name);
    }
    fleet.start().await?;
    Ok(fleet)
}

/// Settings of a whole master of this world.
fn whole(world: &World) -> Result<Master> {
    let mut whole = Master::new(world.master.settings().clone(), PathBuf::new());
    let socket = |dir: PathBuf, inside: &str| format!("{}:{inside}", dir.display());
    let mounts = [
        socket(play::env::pg_socket_dir()?, "/run/slotyard/postgres"),
        socket(play::env::redis_socket_dir()?, "/run/slotyard/redis"),
    ];
    whole.set("DOCKER_HOST", &play::env::docker_host()?);
    whole.set("TENANT_IMAGE", &play::env::tenant_image()?);
    whole.set("TENANT_MOUNTS", &mounts.join(","));
    let database = world.database.name();
    whole.set("TENANT_DATABASE_URL", &format!("postgres://localhost/{database}?host=/run/slotyard/postgres"));
    whole.set("TENANT_REDIS_URL", "unix:///run/slotyard/redis/redis.sock");
    Ok(whole)
}

/// How many TCP ports a process listens on.
fn ports_of(pid: u32) -> Result<usize> {
    let mut sockets = Vec::new();
    for entry in fs::read_dir(format!("/proc/{pid}/fd"))? {
        let target = fs::read_link(entry?.path()).unwrap_or_default();
        if let Some(inode) = target.to_string_lossy().strip_prefix("socket:[").and_then(|s| s.strip_suffix(']')) {
            sockets.push(inode.to_owned());
        }
    }
    let mut ports = 0;
    for table in ["tcp", "tcp6"] {
        for line in fs::read_to_string(format!("/proc/{pid}/net/{table}"))?.lines().skip(1) {
            let columns: Vec<&str> = line.split_whitespace().collect();
            // State 0A is LISTEN; the tenth column is the socket's inode.
            ports += usize::from(columns[3] == "0A" && sockets.iter().any(|inode| inode == columns[9]));
        }
    }
    Ok(ports)
}

/// What the front answers over HTTP.
async fn said(world: &World, path: &str) -> Result<String> {
    let http = world.master.http()?;
    let mut line = TcpStream::connect(http.trim_start_matches("http://")).await?;
    line.write_all(format!("GET /{path} HTTP/1.0\r\n\r\n").as_bytes()).await?;
    let mut said = String::new();
    line.read_to_string(&mut said).await?;
    Ok(said)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_front_without_the_engine_and_a_fleet_without_a_port_sell_and_run_a_bot_together() -> Result<()> {
    let world = front().await?;
    let mut fleet = fleet(&world, &whole(&world)?, "fleet").await?;
    let paid = scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?;
    let slug = world.tenant_of(&paid.bot.username).await?;
    comes_to(&world, &slug, "running").await?;

    assert_eq!(ports_of(fleet.pid().context("the fleet has ended")?)?, 0, "nobody can reach the fleet");
    assert_eq!(ports_of(world.master.pid().context("the front has ended")?)?, 1, "the count can tell");

    // What only the engine knows is asked for through rows, in the chat and on the command line.
    let operator = world.operator();
    operator.start("Здравствуйте").await?;
    scenes::open_card(&operator, &slug).await?;
    let card = until(world.stage.sim.patience(), "the card shows what the container takes", async || {
        let screen = operator.screen().await?;
        Ok(screen.text.contains("📊 память").then_some(screen.text))
    })
    .await?;
    assert!(card.contains("из 64.0 МБ"), "{card}");
    scenes::read_logs(&operator).await?;
    let log = world.master.cli(&["tenants", "logs", &slug]).await?;
    assert!(docker::logs(&world.docker, &slug).await?.contains(log.trim()) && !log.trim().is_empty(), "{log}");
    let usage = world.master.cli(&["tenants", "usage", &slug]).await?;
    let memory: u64 = usage.split_whitespace().nth(1).context("no figure")?.parse()?;
    assert!((1 << 20..64 << 20).contains(&memory) && usage.contains("of 67108864 bytes"), "{usage}");

    let ready = said(&world, "readyz").await?;
    assert!(ready.contains("fleet: ok"), "{ready}");

    world.master.cli(&["tenants", "restart", &slug]).await?;
    comes_to(&world, &slug, "running").await?;
    fleet.stop().await?;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_the_engine_while_no_fleet_runs_is_told_so() -> Result<()> {
    let world = front().await?;
    let mut fleet = fleet(&world, &whole(&world)?, "fleet").await?;
    let paid = scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?;
    let slug = world.tenant_of(&paid.bot.username).await?;
    comes_to(&world, &slug, "running").await?;
    fleet.kill().await?;
    let pool = world.registry().await?;
    sqlx::query("update leases set until = until - interval '3 minutes' where name = 'fleet-life'")
        .execute(&pool)
        .await?;
    pool.close().await;
    let ready = said(&world, "readyz").await?;
    assert!(ready.contains("fleet: no process"), "{ready}");

    let operator = world.operator();
    operator.start("Здравствуйте").await?;
    operator.reads("Процесс fleet не отвечает").await?;
    scenes::open_card(&operator, &slug).await?;
    operator.tap("📜 Журнал").await?;
    operator.reads("никто с доступом к контейнерам не ответил").await?;
    let asked = world.master.cli_output(&["tenants", "logs", &slug]).await?;
    let told = String::from_utf8_lossy(&asked.stderr).into_owned();
    ensure!(!asked.status.success() && told.contains("--role all or fleet"), "{told}");
    // The bot itself needs neither half.
    world.someone("Борис").await?.with(&paid.bot.username).start("Здесь можно записаться").await?;

    fleet.start().await?;
    until(Duration::from_secs(120), "the alert is edited when there is a fleet again", async || {
        let chat = world.stage.sim.chat(operator.person.id, &operator.bot).await?;
        Ok(chat.messages.iter().any(|m| m.text.contains("Прошло") && m.text.contains("fleet")).then_some(()))
    })
    .await?;
    fleet.stop().await?;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_fronts_and_two_fleets_one_of_each_may_die_in_the_midst_of_a_sale() -> Result<()> {
    let mut world = front().await?;
    let settings = whole(&world)?;
    let mut fleets = [fleet(&world, &settings, "fleet-1").await?, fleet(&world, &settings, "fleet-2").await?];
    let folder = world.master.output_file().with_file_name("front-2");
    fs::create_dir_all(&folder)?;
    let mut second = Master::new(world.master.settings().clone(), folder).in_role(Role::Front);
    second.start().await?;

    let unpaid = scenes::sign_up(&world.someone("Анна").await?, "Барбершоп").await?;
    let paid = unpaid.pay().await?;
    // Whatever they are at this very moment.
    world.master.kill().await?;
    fleets[0].kill().await?;
    world.stage.sim.notify_at(&second.notifications_url()?).await?;
    paid.ready().await?;
    let slug = world.tenant_of(&paid.bot.username).await?;
    comes_to(&world, &slug, "running").await?;
    assert_eq!(docker::containers(&world.docker, &world.instance).await?, [slug]);
    let chat = world.stage.sim.chat(paid.buyer.person.id, &paid.buyer.bot).await?;
    let told = chat.messages.iter().filter(|m| m.text.contains("Ваш бот работает")).count();
    assert!(told <= 1, "the buyer is told {told} times");
    let pool = world.registry().await?;
    until(Duration::from_secs(60), "every letter is settled", async || {
        let open = sqlx::query_scalar::<_, i64>("select count(*) from outbox where state in ('due', 'sending')");
        Ok((open.fetch_one(&pool).await? == 0).then_some(()))
    })
    .await?;
    pool.close().await;
    fleets[1].stop().await?;
    second.stop().await?;
    world.close().await
}
