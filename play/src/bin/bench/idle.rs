//! What one tenant costs that nobody talks to.

use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result};
use play::{docker, scenes, until, world::World};
use serde_json::json;

use crate::report::{Report, millis, p50_p95, percentile};

/// Over so long the idle CPU time is taken; two polls and a bit.
const WATCHED: Duration = Duration::from_secs(120);
const RESTARTS: usize = 10;

pub(crate) async fn run(report: &mut Report) -> Result<()> {
    let world = World::start().await?;
    let paid = scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?;
    let slug = world.tenant_of(&paid.bot.username).await?;
    // It has worked once, so that what work leaves behind is counted.
    scenes::book_a_haircut(&world.someone("Борис").await?.with(&paid.bot.username)).await?;

    let image = docker::inspect(&world.docker, &slug).await?.and_then(|found| found.image).context("no image")?;
    let size = world.docker.inspect_image(&image).await?.size.context("the image has no size")?;
    report.judge("idle", "image", megabytes(size), ("≤ 12 MB", size <= 12_000_000), json!(size));

    let pool = world.registry().await?;
    let idle = std::time::Instant::now();
    until(Duration::from_secs(300), "the tenant has given up its connections", async || {
        let open: i64 = sqlx::query_scalar("select count(*) from pg_stat_activity where usename = $1")
            .bind(&slug)
            .fetch_one(&pool)
            .await?;
        Ok((open == 0).then_some(()))
    })
    .await?;
    report.judge(
        "idle",
        "Postgres connections",
        format!("0, {} s after the last word", idle.elapsed().as_secs()),
        ("0", true),
        json!(0),
    );
    pool.close().await;

    let pid = pid(&world, &slug).await?;
    let before = cpu(pid)?;
    tokio::time::sleep(WATCHED).await;
    let share = cpu(pid)?.saturating_sub(before).as_secs_f64() / WATCHED.as_secs_f64() * 100.0;
    report.judge(
        "idle",
        format!("CPU over {} s", WATCHED.as_secs()),
        format!("{share:.4} % of a core"),
        ("≤ 0.05 %", share <= 0.05),
        json!(share),
    );
    let memory = memory(pid)?;
    report.judge("idle", "proportional set size", megabytes(memory), ("≤ 8 MB", memory <= 8_000_000), json!(memory));

    let operator = world.operator();
    operator.start("собственный Telegram-бот записи").await?;
    scenes::open_card(&operator, &slug).await?;
    let mut starts = Vec::new();
    for _ in 0..RESTARTS {
        let seq = world.stage.sim.now().await?;
        scenes::restart(&operator, &paid.bot).await?;
        let born = born(self::pid(&world, &slug).await?)?;
        let events = world.stage.sim.events(seq, Duration::ZERO).await?.events;
        let mut polls = events.iter().filter(
            |event| matches!(&event.what, sandbox::wire::What::PollingStarted { bot, .. } if bot.id == paid.bot.id),
        );
        let polled = SystemTime::from(polls.next_back().context("no poll was recorded")?.at);
        starts.push(polled.duration_since(born).unwrap_or_default());
    }
    let met = percentile(&starts, 0.5) <= Duration::from_millis(100);
    report.judge("idle", "process start → first poll (±10 ms)", p50_p95(&starts), ("≤ 100 ms", met), millis(&starts));
    world.close().await
}

async fn pid(world: &World, slug: &str) -> Result<i64> {
    let found = docker::inspect(&world.docker, slug).await?.context("the container is not there")?;
    found.state.and_then(|state| state.pid).filter(|pid| *pid > 0).context("the container does not run")
}

/// Time on a CPU, all threads, from the scheduler's own nanoseconds.
fn cpu(pid: i64) -> Result<Duration> {
    let mut total = 0;
    for task in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        let text = std::fs::read_to_string(task?.path().join("schedstat"))?;
        total += text.split_whitespace().next().context("an empty schedstat")?.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(total))
}

/// Bytes; pages shared with other processes are shared out among them.
fn memory(pid: i64) -> Result<i64> {
    let text = std::fs::read_to_string(PathBuf::from(format!("/proc/{pid}/smaps_rollup")))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).context("smaps_rollup tells no Pss")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<i64>()? * 1024)
}

/// When a process began, to a hundredth of a second.
fn born(pid: i64) -> Result<SystemTime> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields = stat.rsplit_once(") ").context("an odd stat")?.1;
    let ticks: u32 = fields.split(' ').nth(19).context("an odd stat")?.parse()?;
    let uptime = std::fs::read_to_string("/proc/uptime")?;
    let now = SystemTime::now();
    let up: f64 = uptime.split(' ').next().context("an odd uptime")?.parse()?;
    let age = up - f64::from(ticks) / 100.0;
    Ok(now - Duration::from_secs_f64(age.max(0.0)))
}

#[expect(clippy::cast_precision_loss, reason = "it is for reading")]
fn megabytes(bytes: i64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
