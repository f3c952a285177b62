//! On the way from a running bot to nothing left.

use anyhow::{Context, Result};
use play::{
    audit,
    proxy::{Effect, Proxies, Proxy},
    scenes, until,
    world::{Shape, World},
};

use super::{REST, catch, is_unrecorded, kill_and_restart, removed, struck};

#[tokio::test(flavor = "multi_thread")]
async fn a_master_killed_after_any_effect_of_a_removal_and_before_its_record_leaves_nothing_behind() -> Result<()> {
    on_the_way_down(Effect::Done).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_killed_before_any_effect_of_a_removal_leaves_nothing_behind() -> Result<()> {
    on_the_way_down(Effect::NotDone).await
}

async fn on_the_way_down(effect: Effect) -> Result<()> {
    let mut world = World::shaped(Shape { without_master: true, ..Shape::default() }).await?;
    let proxies = Proxies::before(&mut world.master)?;
    world.start_master().await?;
    let points: [(&str, &Proxy, &[&[&str]]); 5] = [
        ("container", &proxies.docker, &[&["DELETE /", "/containers/client_"]]),
        ("role", &proxies.postgres, &[&["drop role client_"]]),
        ("schema", &proxies.postgres, &[&["alter schema client_"], &["COMMIT"]]),
        ("gone", &proxies.postgres, &[&["removed_at = $4"], &["COMMIT"]]),
        ("redis_user", &proxies.redis, &[&["DELUSER", "client_"]]),
    ];
    let mut sales = Vec::new();
    for name in ["token", "container", "role", "schema", "gone", "redis_user"] {
        let paid = scenes::sell(&world.someone(name).await?, name).await?;
        sales.push((name, world.tenant_of(&paid.bot.username).await?, paid.bot.username));
    }
    audit::at_rest(&world, REST).await?;
    let sale = |name: &str| sales.iter().find(|sale| sale.0 == name).cloned().context("nobody of that name");

    let (_, slug, bot) = sale("token")?;
    let seq = catch(&world, "replaceManagedBotToken", &world.bot.bot.username, effect == Effect::Done).await?;
    world.master.cli(&["tenants", "remove", &slug, "--yes"]).await?;
    struck(&world, seq, 1).await?;
    let mut unrecorded = vec![(bot, "token")];
    for (name, proxy, steps) in points {
        let (_, slug, bot) = sale(name)?;
        let trap = proxy.trap(steps, effect);
        world.master.cli(&["tenants", "remove", &slug, "--yes"]).await?;
        trap.sprung().await.context(name)?;
        unrecorded.push((bot, name));
    }
    world.master.kill().await?;
    let pool = world.registry().await?;
    for (bot, part) in unrecorded.iter().filter(|(_, part)| *part != "gone") {
        is_unrecorded(&pool, bot, part).await?;
    }
    pool.close().await;
    let killed = std::time::Instant::now();
    proxies.disarm();
    world.stage.sim.clear_faults().await?;
    world.start_master().await?;
    removed(&world, 6).await?;
    let letters = audit::at_rest(&world, REST).await?;
    eprintln!("6 removals caught ({effect:?}) had ended {:.1} s after the kill", killed.elapsed().as_secs_f64());
    for (_, slug, bot) in &sales {
        assert_eq!(world.traces_of(slug).await?, Vec::<String>::new(), "{slug}");
        assert_eq!(kept(&world, slug).await?, (true, 1), "{slug}: its data are put aside once");
        // Its token is dead everywhere: nobody polls with it.
        assert_eq!(world.stage.sim.bot(bot).await?.pending, 0);
    }
    audit::nothing_was_said_twice(&world, letters).await?;
    world.close().await
}

/// Whether the data of a removed tenant are there, and how often it was written down that they were put aside.
async fn kept(world: &World, slug: &str) -> Result<(bool, i64)> {
    let pool = world.registry().await?;
    let kept = sqlx::query_as(
        "select exists (select 1 from pg_namespace where nspname = 'removed_' || $1),
                (select count(*) from tenant_events join tenants t on t.id = tenant_id where slug = $1 and event = 'data_kept')",
    )
    .bind(slug)
    .fetch_one(&pool)
    .await?;
    pool.close().await;
    Ok(kept)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_killed_around_the_drop_of_kept_data_drops_them_once() -> Result<()> {
    for effect in [Effect::Done, Effect::NotDone] {
        let mut world = World::shaped(Shape { without_master: true, ..Shape::default() }).await?;
        let proxies = Proxies::before(&mut world.master)?;
        world.start_master().await?;
        let paid = scenes::sell(&world.someone("Анна").await?, "Усы").await?;
        let slug = world.tenant_of(&paid.bot.username).await?;
        world.master.cli(&["tenants", "remove", &slug, "--yes"]).await?;
        removed(&world, 1).await?;
        let trap = proxies.postgres.trap(&[&["drop schema \"removed_client_"], &["COMMIT"]], effect);
        world.master.cli(&["tenants", "purge", &slug, "--yes"]).await?;
        trap.sprung().await?;
        kill_and_restart(&mut world, &proxies).await?;
        until(REST, "the data are dropped", async || Ok((!kept(&world, &slug).await?.0).then_some(()))).await?;
        let pool = world.registry().await?;
        let (told, recorded): (i64, i64) = sqlx::query_as(
            "select (select count(*) from tenant_events where event = 'data_dropped'),
                    (select count(*) from kept_schemas where dropped_at is not null)",
        )
        .fetch_one(&pool)
        .await?;
        assert_eq!((told, recorded), (1, 1), "{effect:?}");
        pool.close().await;
        world.close().await?;
    }
    Ok(())
}
