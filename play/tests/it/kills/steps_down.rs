//! On the way from a running bot to nothing left.

use anyhow::{Context, Result};
use play::{
    audit,
    proxy::{Effect, Proxies, Proxy},
    scenes,
    world::{Shape, World},
};

use super::{REST, catch, is_unrecorded, removed, struck};

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
        ("schema", &proxies.postgres, &[&["drop schema client_"], &["COMMIT"]]),
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
        // Its token is dead everywhere: nobody polls with it.
        assert_eq!(world.stage.sim.bot(bot).await?.pending, 0);
    }
    audit::nothing_was_said_twice(&world, letters).await?;
    world.close().await
}
