//! DP1–DP8: what was sold runs, is renewed and goes away.

use anyhow::{Context, Result};
use play::{
    docker::{self, ImageName},
    env,
    scenes::{self, Paid},
    until,
    world::{Shape, World},
};
use std::time::Duration;
use tokio::process::Command;

use super::{count, sold};

#[tokio::test(flavor = "multi_thread")]
async fn dp1_every_tenant_gets_all_tables_of_the_migrations_and_dp5_as_many_can_be_as_like() -> Result<()> {
    let world = World::shaped(Shape { first_tenant: Some(2_000_000_000), ..Shape::default() }).await?;
    let mut unpaid = Vec::new();
    for name in ["Анна", "Вера", "Глеб"] {
        unpaid.push(scenes::sign_up(&world.someone(name).await?, "Салон").await?);
    }
    // All at the same moment: that product could give two tenants one database.
    let paid = futures::future::try_join_all(unpaid.into_iter().map(scenes::Unpaid::pay)).await?;
    futures::future::try_join_all(paid.iter().map(Paid::ready)).await?;
    let mut slugs: Vec<String> = world.tenants().await?.into_iter().map(|(slug, _)| slug).collect();
    assert_eq!(slugs.len(), 3);
    slugs.dedup();
    assert_eq!(slugs.len(), 3);
    let pool = world.registry().await?;
    let tables = |slug: &str| format!("select count(*) from pg_tables where schemaname = '{slug}'");
    let first = count(&pool, tables(&slugs[0])).await?;
    assert!(first >= 12, "{first} tables");
    for slug in &slugs[1..] {
        assert_eq!(count(&pool, tables(slug)).await?, first);
    }
    pool.close().await;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn dp6_sales_leave_no_connections_behind() -> Result<()> {
    let (world, ..) = sold().await?;
    let pool = world.registry().await?;
    let held = "select count(*) from pg_stat_activity where datname = current_database() and usename like 'master\\_%'";
    for name in ["Вера", "Глеб", "Дарья"] {
        scenes::sell(&world.someone(name).await?, "Салон").await?;
    }
    // The pool's own, whatever the number of sales.
    assert!(count(&pool, held).await? <= 24, "{}", count(&pool, held).await?);
    let waiting =
        "select count(*) from pg_stat_activity where datname = current_database() and usename like 'client\\_%'";
    until(Duration::from_secs(60), "idle bots give their connections back", async || {
        Ok((count(&pool, waiting).await? == 0).then_some(()))
    })
    .await?;
    pool.close().await;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn dp7_a_program_that_is_only_asked_for_help_calls_nobody() -> Result<()> {
    for program in ["master-bot", "sandbox"] {
        let mut command = Command::new(env::bin_dir()?.join(program));
        command.env_clear().env("DOCKER_HOST", "unix:///nowhere/docker.sock").arg("--help").kill_on_drop(true);
        let ended = tokio::time::timeout(Duration::from_secs(30), command.output()).await.context(program)??;
        assert!(ended.status.success() && !ended.stdout.is_empty(), "{program}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn dp8_a_new_image_reaches_the_bots_that_run_a_stop_stops_and_a_removal_leaves_nothing() -> Result<()> {
    let (mut world, paid, slug) = sold().await?;
    let image = ImageName::create("slotyard-next", &env::tenant_image()?).await?;
    world.master.stop().await?;
    world.master.set("TENANT_IMAGE", &image.name);
    world.start_master().await?;
    let runs = async |wanted: bool| {
        until(Duration::from_secs(90), &format!("the new image runs: {wanted}"), async || {
            let found = docker::inspect(&world.docker, &slug).await?;
            let running = found.as_ref().and_then(|c| c.state.as_ref()?.running) == Some(true);
            let new = found.and_then(|c| c.config?.image).as_deref() == Some(image.name.as_str());
            Ok((running == wanted && new).then_some(()))
        })
        .await
    };
    runs(true).await?;
    world.someone("Борис").await?.with(&paid.bot.username).start("Здесь можно записаться").await?;
    world.master.cli(&["tenants", "stop", &slug]).await?;
    runs(false).await?;
    world.master.cli(&["tenants", "remove", &slug, "--yes"]).await?;
    crate::cli::comes_to(&world, &slug, "removed").await?;
    assert_eq!(world.traces_of(&slug).await?, Vec::<String>::new());
    world.close().await
}
