//! What operators may do, nobody else does: not by command, not by a button seen, not by bytes made up.

use anyhow::Result;
use play::{docker, scenes, world::World};

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_commands_and_presses_do_nothing() -> Result<()> {
    let world = World::start().await?;
    let paid = scenes::sell(&world.someone("Анна").await?, "Салон").await?;
    let slug = world.tenant_of(&paid.bot.username).await?;
    let before = fate(&world, &slug).await?;

    // The buyer is a stranger too, as far as the fleet is concerned.
    for stranger in [world.someone("Злодей").await?, paid.buyer.clone()] {
        stranger.start("собственный Telegram-бот записи").await?;
        let denied = stranger.say("/tenants", "только для операторов").await?;
        let mut acts: Vec<String> = ["card", "stop", "logs", "ask_rm"].map(|act| format!("o:{act}:{slug}")).into();
        acts.extend((0..4).flat_map(|generation| {
            ["start", "restart", "hold"].map(|act| {
                let more = if act == "hold" { ":0" } else { "" };
                format!("o:{act}:{slug}:{generation}{more}")
            })
        }));
        acts.push(format!("o:events:{slug}:0"));
        let others = [
            "o:list:0",
            "o:list:0:running",
            "o:find",
            "o:found:0:a",
            "o:letters:0",
            "o:resend:1:1",
            "o:dismiss:1:1",
            "o:refunded:1",
            "t:home",
            "t:list:0",
            "t:add",
            "t:invite:owner",
            "t:withdraw:1",
            "t:who:1",
            "t:role:1:owner",
            "t:ask_rm:1",
            "t:rm:1",
            "t:history:0",
        ];
        acts.extend(others.map(String::from));
        for data in acts {
            let act = stranger.sim.forge_press(stranger.person.id, &stranger.bot, denied.id, &data).await?;
            let (told, alert) = stranger.sim.wait_answer(&act).await?;
            assert_eq!((told.as_deref(), alert), (Some("Эта команда только для операторов."), true), "{data}");
            let screen = stranger.screen().await?;
            assert_eq!(screen.text, denied.text, "{data} showed something");
        }
    }
    assert_eq!(fate(&world, &slug).await?, before);
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_plan_is_shown_to_its_owner_only() -> Result<()> {
    let world = World::start().await?;
    let paid = scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?;
    let stranger = world.someone("Злодей").await?.with(&paid.bot.username);
    let menu = stranger.start("Здесь можно записаться").await?;
    assert!(menu.button("Расписание").is_none(), "{menu:?}");
    stranger.say("/admin", "для тех, кто здесь работает").await?;
    let act = stranger.sim.forge_press(stranger.person.id, &stranger.bot, menu.id, "plan:0:0").await?;
    let (told, alert) = stranger.sim.wait_answer(&act).await?;
    assert!(alert && told.is_some_and(|told| told.contains("для тех, кто здесь работает")));
    world.close().await
}

/// Whatever an operator could have changed: intent, events, and the container's life.
async fn fate(world: &World, slug: &str) -> Result<(i64, i64, Option<String>, Option<String>)> {
    let pool = world.registry().await?;
    let (generation, events, hold) = sqlx::query_as(
        "select generation, (select count(*) from tenant_events where tenant_id = t.id), hold_reason
           from tenants t where slug = $1",
    )
    .bind(slug)
    .fetch_one(&pool)
    .await?;
    pool.close().await;
    let container = docker::inspect(&world.docker, slug).await?;
    let started = container.and_then(|container| container.state?.started_at);
    Ok((generation, events, hold, started.map(|at| at.to_string())))
}
