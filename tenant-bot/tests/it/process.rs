//! The program itself: how it starts, what it says when it cannot, how it stops.

use std::{
    process::{ExitStatus, Output, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use chrono::Utc;
use shared::heartbeat::{self, Heartbeat};
use tenant_bot::app::{SCHEMA_VERSION, VERSIONS_AHEAD};
use tokio::process::{Child, Command};

use crate::running::Stage;

pub(crate) fn program(stage: &Stage) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenant-bot"));
    command.env_clear().envs(stage.settings()).env("LOG_FORMAT", "json").kill_on_drop(true);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

async fn ends(command: &mut Command) -> Result<Output> {
    tokio::time::timeout(Duration::from_secs(20), command.output())
        .await
        .context("the program does not end")?
        .map_err(Into::into)
}

async fn signalled(child: &mut Child, signal: &str) -> Result<ExitStatus> {
    let id = child.id().context("it has ended already")?;
    Command::new("kill").args([signal, &id.to_string()]).status().await?;
    Ok(tokio::time::timeout(Duration::from_secs(10), child.wait()).await.context("not within ten seconds")??)
}

#[tokio::test]
async fn it_polls_beats_and_ends_well_on_either_signal() -> Result<()> {
    let stage = Stage::set("barbershop", Utc::now()).await?;
    for signal in ["-TERM", "-INT"] {
        let since = stage.sim.now().await?;
        let mut child = program(&stage).spawn()?;
        stage.sim.wait_polling("boroda_bot", since).await?;
        let key = heartbeat::key(&format!("{}:", stage.redis.slug));
        let beat = play::until(Duration::from_secs(10), "the heart beats", async || {
            let mut redis = play::redis::admin().await?;
            Ok(redis::cmd("GET").arg(&key).query_async::<Option<String>>(&mut redis).await?)
        })
        .await?;
        let beat: Heartbeat = serde_json::from_str(&beat)?;
        assert_eq!((beat.state.as_str(), beat.version.as_str()), ("polling", env!("CARGO_PKG_VERSION")));
        let someone = stage.someone("Аня").await?;
        someone.start("Здравствуйте").await?;
        let status = signalled(&mut child, signal).await?;
        assert_eq!(status.code(), Some(0), "{signal}");
    }
    stage.sim.assert_clean().await?;
    Ok(())
}

#[tokio::test]
async fn it_is_stopped_at_once_even_while_it_waits_for_its_servers() -> Result<()> {
    let stage = Stage::set("barbershop", Utc::now()).await?;
    let mut command = program(&stage);
    command.env("REDIS_URL", "unix:///nowhere/redis.sock?user=x&pass=sesame");
    let mut child = command.spawn()?;
    let out = child.stdout.take().context("its output")?;
    let mut lines = tokio::io::AsyncBufReadExt::lines(tokio::io::BufReader::new(out));
    loop {
        let line = lines.next_line().await?.context("it ended instead of waiting")?;
        assert!(!line.contains("sesame"), "{line}");
        if line.contains("Redis does not answer; waiting") {
            break;
        }
    }
    assert_eq!(signalled(&mut child, "-TERM").await?.code(), Some(0));
    Ok(())
}

#[tokio::test]
async fn a_schema_of_another_version_is_refused_with_what_to_do() -> Result<()> {
    let stage = Stage::set("barbershop", Utc::now()).await?;
    let admin = stage.tenant.admin_pool().await?;
    let too_new = SCHEMA_VERSION + VERSIONS_AHEAD + 1;
    let too_new = format!("update _sqlx_migrations set version = {too_new} where version = {SCHEMA_VERSION}");
    for (sql, expected) in [
        (too_new.as_str(), "start a newer image"),
        ("delete from _sqlx_migrations where version > 1", "migrate the tenant first"),
        ("update _sqlx_migrations set success = false", "migrate the tenant first"),
        ("drop table _sqlx_migrations", "migrate the tenant first"),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(sql.to_owned())).execute(&admin).await?;
        let output = ends(&mut program(&stage)).await?;
        assert_eq!(output.status.code(), Some(78), "{sql}: {}", told(&output));
        assert!(told(&output).contains(expected), "{sql}: {}", told(&output));
    }
    Ok(())
}

#[tokio::test]
async fn a_bot_serves_on_the_schema_of_the_next_version() -> Result<()> {
    let stage = Stage::set("barbershop", Utc::now()).await?;
    let admin = stage.tenant.admin_pool().await?;
    // What the next version may do: add. What the running one writes must still be accepted.
    for sql in [
        "alter table bookings add column next_version text not null default 'x'",
        "create table next_version (id bigint primary key)",
        "insert into _sqlx_migrations select max(version) + 1, 'next', now(), true, '', 0 from _sqlx_migrations",
    ] {
        sqlx::query(sql).execute(&admin).await?;
    }
    let since = stage.sim.now().await?;
    let mut child = program(&stage).spawn()?;
    stage.sim.wait_polling("boroda_bot", since).await?;
    stage.someone("Аня").await?.start("Здравствуйте").await?;
    assert_eq!(signalled(&mut child, "-TERM").await?.code(), Some(0));
    Ok(())
}

#[tokio::test]
async fn wrong_settings_and_a_refused_token_end_it_with_a_plain_word() -> Result<()> {
    let stage = Stage::set("barbershop", Utc::now()).await?;
    let output = ends(program(&stage).env_remove("BOT_TOKEN").env("PG_SCHEMA", "client_000")).await?;
    assert_eq!(output.status.code(), Some(78));
    assert!(told(&output).contains("BOT_TOKEN") && told(&output).contains("PG_SCHEMA"), "{}", told(&output));

    let token = format!("{}:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", stage.bot.bot.id);
    let output = ends(program(&stage).env("BOT_TOKEN", &token)).await?;
    assert_eq!(output.status.code(), Some(77), "{}", told(&output));
    assert!(told(&output).contains("Telegram does not accept BOT_TOKEN"), "{}", told(&output));
    assert!(!told(&output).contains(&token), "{}", told(&output));
    Ok(())
}

#[tokio::test]
async fn an_idle_bot_holds_no_connection_to_postgres() -> Result<()> {
    let stage = Stage::set("barbershop", Utc::now()).await?;
    let since = stage.sim.now().await?;
    let started = Instant::now();
    let mut child = program(&stage).spawn()?;
    stage.sim.wait_polling("boroda_bot", since).await?;
    eprintln!("first poll after {} ms", started.elapsed().as_millis());
    let admin = stage.tenant.admin_pool().await?;
    play::until(Duration::from_secs(120), "no connection is held", async || {
        let held: i64 = sqlx::query_scalar("select count(*) from pg_stat_activity where usename = $1")
            .bind(&stage.tenant.slug)
            .fetch_one(&admin)
            .await?;
        Ok((held == 0).then_some(()))
    })
    .await?;
    stage.someone("Аня").await?.start("Здравствуйте").await.context("and it still answers")?;
    assert_eq!(signalled(&mut child, "-TERM").await?.code(), Some(0));
    Ok(())
}
