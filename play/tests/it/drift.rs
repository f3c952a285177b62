//! Somebody changes by hand what the master has made. The shipped program sees it and mends it, unasked; each with the
//! time it took.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bollard::{
    models::{ContainerInspectResponse, ContainerUpdateBody, NetworkConnectRequest, NetworkCreateRequest},
    query_parameters::{RenameContainerOptions, StopContainerOptions},
};
use play::{
    docker, redis, scenes, until,
    world::{Shape, World},
};

const MEMORY: i64 = 64 << 20;

/// The tenant's container if it is alone, runs, and is as the master makes it.
async fn well(world: &World, slug: &str) -> Result<Option<ContainerInspectResponse>> {
    if docker::containers(&world.docker, &world.instance).await? != [slug] {
        return Ok(None);
    }
    let Some(found) = docker::inspect(&world.docker, slug).await? else { return Ok(None) };
    let state = found.state.clone().unwrap_or_default();
    let host = found.host_config.clone().unwrap_or_default();
    let networks = found.network_settings.clone().and_then(|n| n.networks).unwrap_or_default();
    let beat = redis::get(&format!("{slug}:heartbeat")).await?.unwrap_or_default();
    let id = found.id.clone().context("a container without an id")?;
    let good = state.running == Some(true)
        && state.paused != Some(true)
        && host.memory == Some(MEMORY)
        && networks.len() == 1
        && beat.contains(&id[..12]);
    Ok(good.then_some(found))
}

/// Does something to the container, until that is seen, and waits until all is well again.
async fn mended(world: &World, slug: &str, act: &str) -> Result<()> {
    let before = until(Duration::from_secs(60), "all is well", async || well(world, slug).await).await?;
    let (engine, id) = (&world.docker, before.id.clone().unwrap_or_default());
    let started = before.state.and_then(|s| s.started_at);
    let begun = Instant::now();
    match act {
        "removed" => docker::remove_container(engine, slug).await?,
        "stopped" => engine.stop_container(slug, None::<StopContainerOptions>).await?,
        "frozen" => engine.pause_container(slug).await?,
        "renamed" => {
            engine.rename_container(slug, RenameContainerOptions { name: format!("{slug}_old") }).await?;
        }
        "given more memory" => {
            let more = Some(512 << 20);
            let body = ContainerUpdateBody { memory: more, memory_swap: more, ..Default::default() };
            engine.update_container(slug, body).await?;
        }
        "put on another network" => {
            let name = format!("slotyard-{}-other", world.instance);
            let labels = [(docker::INSTANCE.to_owned(), world.instance.clone())].into();
            let request = NetworkCreateRequest { name: name.clone(), labels: Some(labels), ..Default::default() };
            engine.create_network(request).await?;
            engine
                .connect_network(&name, NetworkConnectRequest { container: id.clone(), endpoint_config: None })
                .await?;
        }
        other => bail!("nobody knows how to do {other}"),
    }
    until(Duration::from_secs(120), "it is mended", async || {
        let Some(found) = well(world, slug).await? else { return Ok(None) };
        let other = found.id.as_deref() != Some(&id) || found.state.and_then(|s| s.started_at) != started;
        Ok(other.then_some(()))
    })
    .await
    .with_context(|| act.to_owned())?;
    eprintln!("{act}: mended after {} ms", begun.elapsed().as_millis());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_was_changed_by_hand_comes_back_by_itself() -> Result<()> {
    let world = World::shaped(Shape::default()).await?;
    let paid = scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?;
    let slug = world.tenant_of(&paid.bot.username).await?;
    for act in ["removed", "stopped", "frozen", "renamed", "given more memory", "put on another network"] {
        mended(&world, &slug, act).await?;
    }
    let customer = world.someone("Борис").await?.with(&paid.bot.username);
    customer.start("Здесь можно записаться").await?;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_that_were_changed_by_hand_come_back_by_themselves() -> Result<()> {
    let world = World::shaped(Shape::default()).await?;
    let paid = scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?;
    let slug = world.tenant_of(&paid.bot.username).await?;
    let pool = world.registry().await?;
    let mut admin = redis::admin().await?;
    let rules = async || {
        let lines: Vec<String> = ::redis::cmd("ACL").arg("LIST").query_async(&mut redis::admin().await?).await?;
        anyhow::Ok(lines.into_iter().find(|line| line.starts_with(&format!("user {slug} "))))
    };
    let role = async || {
        // The superuser sees what the master does not: the password itself, as Postgres keeps it.
        let sql = "select rolconnlimit, rolcanlogin, coalesce(rolpassword, '') like 'SCRAM%',
                          (select string_agg(c, ' ' order by c) from pg_db_role_setting s, unnest(s.setconfig) c where s.setrole = r.oid),
                          (select count(*) from pg_auth_members m where m.member = r.oid)
                     from pg_authid r where rolname = $1";
        let row: (i32, bool, bool, Option<String>, i64) = sqlx::query_as(sql).bind(&slug).fetch_one(&pool).await?;
        anyhow::Ok(row)
    };
    let (rules_before, role_before) = (rules().await?.context("no Redis user")?, role().await?);
    let begun = Instant::now();
    ::redis::cmd("ACL").arg("SETUSER").arg(&slug).arg("+@all").arg("~*").exec_async(&mut admin).await?;
    world
        .database
        .run(&[
            format!("alter role {slug} connection limit 90 password null"),
            format!("alter role {slug} set statement_timeout = 0"),
            format!("grant pg_read_all_data to {slug}"),
        ])
        .await?;
    assert_ne!((rules().await?, role().await?), (Some(rules_before.clone()), role_before.clone()));
    until(Duration::from_secs(120), "both are as they were", async || {
        Ok((rules().await?.as_ref() == Some(&rules_before) && role().await? == role_before).then_some(()))
    })
    .await?;
    eprintln!("Redis rules and a role: mended after {} ms", begun.elapsed().as_millis());
    // The password is the tenant's own again: the bot opens a new connection with it.
    let customer = world.someone("Борис").await?.with(&paid.bot.username);
    customer.start("Здесь можно записаться").await?;
    pool.close().await;
    world.close().await
}
