//! What one tenant costs that nobody talks to.

use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result};
use play::{docker, env, scenes, until, world::World};
use sandbox::wire::BotName;
use serde_json::json;

use crate::report::{Report, millis, p50_p95, percentile};

/// Over so long the idle CPU time is taken; two polls and a bit.
const WATCHED: Duration = Duration::from_secs(120);
const STARTS: usize = 10;

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

    let starts = starts(&world, &slug, &paid.bot).await?;
    let met = percentile(&starts, 0.5) <= Duration::from_millis(100);
    report.judge("idle", "process start → first poll", p50_p95(&starts), ("≤ 100 ms", met), millis(&starts));
    world.close().await
}

/// The shipped program outside its container, with the container's settings: so nothing is measured but itself.
async fn starts(world: &World, slug: &str, bot: &BotName) -> Result<Vec<Duration>> {
    let container = docker::inspect(&world.docker, slug).await?.context("the container is not there")?;
    let settings = container.config.and_then(|config| config.env).context("the container has no settings")?;
    let program = std::env::temp_dir().join(format!("{slug}-app"));
    std::fs::copy(format!("/proc/{}/exe", pid(world, slug).await?), &program)?;
    let operator = world.operator();
    operator.start("собственный Telegram-бот записи").await?;
    scenes::open_card(&operator, slug).await?;
    scenes::stop(&operator).await?;

    let (postgres, redis) = (env::pg_socket_dir()?, env::redis_socket_dir()?);
    let here = |setting: &String| {
        let (name, value) = setting.split_once('=')?;
        let value = value.replace("/run/slotyard/postgres", postgres.to_str()?);
        Some((name.to_owned(), value.replace("/run/slotyard/redis", redis.to_str()?)))
    };
    let settings: Vec<(String, String)> = settings.iter().filter_map(here).collect();
    let sim = &world.stage.sim;
    let mut took = Vec::new();
    for _ in 0..STARTS {
        let (seq, polls) = (sim.now().await?, sim.bot(bot).await?.polls);
        let born = SystemTime::now();
        let mut process = tokio::process::Command::new(&program)
            .env_clear()
            .envs(settings.clone())
            .stdout(std::process::Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let polled = SystemTime::from(sim.wait_polling(bot, seq).await?.at);
        took.push(polled.duration_since(born).unwrap_or_default());
        // Only a poll that waits longer tells the next start from a repeat.
        until(sim.patience(), "the bot has settled down", async || {
            Ok((sim.bot(bot).await?.polls >= polls + 2).then_some(()))
        })
        .await?;
        process.kill().await?;
    }
    std::fs::remove_file(&program)?;
    Ok(took)
}

pub(crate) async fn pid(world: &World, slug: &str) -> Result<i64> {
    let found = docker::inspect(&world.docker, slug).await?.context("the container is not there")?;
    found.state.and_then(|state| state.pid).filter(|pid| *pid > 0).context("the container does not run")
}

/// Time on a CPU, all threads, from the scheduler's own nanoseconds.
pub(crate) fn cpu(pid: i64) -> Result<Duration> {
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

#[expect(clippy::cast_precision_loss, reason = "it is for reading")]
fn megabytes(bytes: i64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
