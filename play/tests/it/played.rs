//! Time is played: what takes a month here takes seconds, with the shipped programs.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use play::{
    audit, docker, scenes, until,
    world::{Master, Role, Shape, World},
};
use sandbox::wire::{ClockOrder, What};

use crate::cli::{comes_to, shown};

async fn played() -> Result<World> {
    World::shaped(Shape { played_time: true, flood: true, ..Shape::default() }).await
}

/// What would show that something was started or told anew although nothing was wrong.
#[derive(Debug, PartialEq, Eq)]
struct Quiet {
    container: String,
    started: String,
    restarts: i64,
    /// By the kind of event, without what the daily round of evidence leaves.
    events: BTreeMap<String, i64>,
    incidents: i64,
    polls_begun: usize,
    conflicts: usize,
}

async fn quiet(world: &World, slug: &str) -> Result<Quiet> {
    let inspected = docker::inspect(&world.docker, slug).await?.context("no container")?;
    let pool = world.registry().await?;
    let events: Vec<(String, i64)> =
        sqlx::query_as("select event, count(*) from tenant_events where event <> 'step' group by event order by event")
            .fetch_all(&pool)
            .await?;
    let incidents = sqlx::query_scalar("select count(*) from incidents").fetch_one(&pool).await?;
    pool.close().await;
    let told = audit::transcript(world).await?;
    let count = |fits: fn(&What) -> bool| told.iter().filter(|event| fits(&event.what)).count();
    Ok(Quiet {
        container: inspected.id.unwrap_or_default(),
        started: inspected.state.and_then(|state| state.started_at).unwrap_or_default(),
        restarts: inspected.restart_count.unwrap_or_default(),
        events: events.into_iter().collect(),
        incidents,
        polls_begun: count(|what| matches!(what, What::PollingStarted { .. })),
        conflicts: count(|what| matches!(what, What::RequestRefused { code: 409, .. })),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_played_day_by_day_and_the_bot_answers_until_what_was_paid_for_has_passed() -> Result<()> {
    let world = played().await?;
    let sim = world.stage.sim.clone();
    let paid = scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?;
    let slug = world.tenant_of(&paid.bot.username).await?;
    comes_to(&world, &slug, "running").await?;
    audit::at_rest(&world, Duration::from_secs(60)).await?;
    until(Duration::from_secs(30), "the master and the tenant follow the clock, and nobody else", async || {
        Ok((sim.clock().await?.followers == 2).then_some(()))
    })
    .await?;
    let before = quiet(&world, &slug).await?;
    for day in 1..=29 {
        let at = sim.forward(TimeDelta::days(1)).await?.at;
        let customer = world.someone(&format!("Гость {day}")).await?.with(&paid.bot.username);
        let answer = customer.start("Здесь можно записаться").await?;
        assert!(answer.date >= at, "day {day}: {} is before {at}", answer.date);
    }
    // The first time that is free now is soon after the day that is played, and not after the day of the machine.
    scenes::book_a_haircut(&world.someone("Борис").await?.with(&paid.bot.username)).await?;
    let booked: DateTime<Utc> = {
        let pool = world.registry().await?;
        let sql = format!("select max(starts_at) from {slug}.bookings");
        let booked = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&pool).await?;
        pool.close().await;
        booked
    };
    let ahead = booked - sim.clock().await?.at;
    assert!(ahead > TimeDelta::zero() && ahead < TimeDelta::days(7), "{booked}");
    // What was known of the token is a month old; it was looked at anew, and nothing else was done.
    let pool = world.registry().await?;
    let month_ago: DateTime<Utc> = sim.clock().await?.at - TimeDelta::days(2);
    until(Duration::from_secs(60), "old evidence is gathered anew", async || {
        let old =
            "select count(*) from tenant_facts where part in ('token', 'container') and (not known or seen_at < $1)";
        let old: i64 = sqlx::query_scalar(old).bind(month_ago).fetch_one(&pool).await?;
        Ok((old == 0).then_some(()))
    })
    .await?;
    pool.close().await;
    assert_eq!(quiet(&world, &slug).await?, before, "something was done to a bot that nothing was wrong with");
    // A month and more after the sale nobody has paid: the bot is suspended, and everything of it is kept.
    sim.forward(TimeDelta::days(3)).await?;
    comes_to(&world, &slug, "suspended").await?;
    let kept = docker::inspect(&world.docker, &slug).await?.context("the container is gone")?;
    assert_eq!(kept.state.and_then(|state| state.running), Some(false));
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_passes_in_a_moment_and_nobody_who_lives_loses_a_lease() -> Result<()> {
    let mut world = played().await?;
    let sim = world.stage.sim.clone();
    // Two halves and a second front that waits for the first one's lease.
    world.master.stop().await?;
    let polls = sim.bot(&world.bot).await?.polls;
    let mut front = second(&world, "front", Role::Front)?;
    front.start().await?;
    let mut fleet = second(&world, "fleet", Role::Fleet)?;
    fleet.start().await?;
    sim.notify_at(&front.notifications_url()?).await?;
    // From the moment on at which the first front has the lease.
    until(Duration::from_secs(60), "the first front polls", async || {
        Ok((sim.bot(&world.bot).await?.polls > polls).then_some(()))
    })
    .await?;
    let polling = sim.now().await?;
    let mut waiting = second(&world, "waiting", Role::Front)?;
    waiting.set("RUST_LOG", "info,master_bot=debug");
    waiting.start().await?;
    until(Duration::from_secs(60), "the second front waits for the lease", async || {
        Ok(waiting.output().contains("another process polls Telegram").then_some(()))
    })
    .await?;
    for years in 1..=3 {
        let sale = scenes::sign_up(&world.someone(&format!("Покупатель {years}")).await?, "Усы").await?;
        let paid = sale.pay().await?;
        // In the middle of the installation: the fleet holds a lease on the tenant.
        let slug = world.tenant_of(&paid.bot.username).await?;
        sim.forward(TimeDelta::days(365)).await?;
        until(Duration::from_secs(60), "the worker has let go", async || {
            let card: serde_json::Value =
                serde_json::from_str(&world.master.cli(&["tenants", "show", &slug, "--json"]).await?)?;
            Ok((card["state"] == "suspended").then_some(()))
        })
        .await?;
    }
    // Time flies while the second front looks: a lease that went by it would be over at every look.
    let looks = || waiting.output().matches("another process polls Telegram").count();
    let before = looks();
    until(Duration::from_secs(60), "the second front has looked three times", async || {
        sim.forward(TimeDelta::minutes(1)).await?;
        Ok((looks() >= before + 3).then_some(()))
    })
    .await?;
    let told = sim.events(polling, Duration::ZERO).await?.events;
    let begun: Vec<_> = told
        .iter()
        .filter(|e| matches!(&e.what, What::PollingStarted { bot, .. } if bot.id == world.bot.bot.id))
        .collect();
    let conflicts = told.iter().filter(|e| matches!(e.what, What::RequestRefused { code: 409, .. })).count();
    assert_eq!((begun.len(), conflicts), (0, 0), "the lease changed hands: {begun:?}");
    for half in [&front, &waiting] {
        assert!(!half.output().contains("lease was lost"), "{}", half.output());
    }
    for mut half in [front, fleet, waiting] {
        half.stop().await?;
    }
    world.close().await
}

/// One more process of this role, with a folder of its own.
fn second(world: &World, name: &str, role: Role) -> Result<Master> {
    let folder = world.master.output_file().with_file_name(name);
    std::fs::create_dir_all(&folder)?;
    Ok(Master::new(world.master.settings().clone(), folder).in_role(role))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_stands_still_holds_no_sale_up() -> Result<()> {
    // Without flood limits: where no second passes, nobody may write again.
    let world = World::shaped(Shape { played_time: true, ..Shape::default() }).await?;
    let stop = ClockOrder { rate: Some(0.0), ..ClockOrder::default() };
    let at = world.stage.sim.play_clock(&stop).await?.at;
    let paid = scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?;
    let slug = world.tenant_of(&paid.bot.username).await?;
    comes_to(&world, &slug, "running").await?;
    let card = shown(&world, &slug).await?;
    let until: DateTime<Utc> = card["paid_until"].as_str().context("paid until when?")?.parse()?;
    assert_eq!(until.date_naive(), (at + TimeDelta::days(30)).date_naive(), "{card}");
    world.close().await
}
