//! From the accepted notification of the money to the tenant bot's first answer, beside creating and starting an empty
//! container with the same limits, network and log options.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use bollard::{
    models::{ContainerCreateBody, HostConfig},
    query_parameters::{CreateContainerOptionsBuilder, StartContainerOptions},
};
use futures::{StreamExt, TryStreamExt, future::try_join_all, stream};
use play::{
    docker, env,
    people::Someone,
    scenes::{self, Unpaid},
    world::World,
};
use sandbox::wire::What;
use serde_json::json;

use crate::report::{Report, millis, p50_p95, percentile};

const TENANTS: usize = 20;
/// So many starts at once is the master's own limit.
const AT_ONCE: usize = 4;

pub(crate) async fn run(report: &mut Report) -> Result<()> {
    let world = World::start().await?;
    let (mut in_turn, mut empty_in_turn, mut like) = (Vec::new(), Vec::new(), None);
    for n in 0..TENANTS {
        let unpaid = signed_up(&world, n).await?;
        in_turn.push(answer_after_money(&world, unpaid, n).await?);
        // One by one beside each other, so that whatever else the machine does falls on both.
        let like = match &like {
            Some(like) => like,
            None => like.insert(limits(&world).await?),
        };
        empty_in_turn.push(empty_container(&world, like, n).await?);
    }
    let like = like.context("nothing was sold")?;
    steps(&world, report).await?;
    let mut unpaid = Vec::new();
    for n in TENANTS..2 * TENANTS {
        unpaid.push(signed_up(&world, n).await?);
    }
    let all = unpaid.into_iter().zip(TENANTS..).map(|(unpaid, n)| answer_after_money(&world, unpaid, n));
    let at_once = try_join_all(all).await?;

    let started = Instant::now();
    let empty_at_once: Vec<Duration> = stream::iter(TENANTS..2 * TENANTS)
        .map(|n| {
            let (world, like) = (&world, &like);
            async move { empty_container(world, like, n).await.map(|_| started.elapsed()) }
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;

    for (how, ours, empty) in [("in turn", in_turn, empty_in_turn), ("at once", at_once, empty_at_once)] {
        let ratio = percentile(&ours, 0.5).as_secs_f64() / percentile(&empty, 0.5).as_secs_f64();
        report.note(
            "provision",
            format!("{TENANTS} empty containers {how}: create and start"),
            p50_p95(&empty),
            millis(&empty),
        );
        report.note(
            "provision",
            format!("{TENANTS} tenants {how}: money accepted → bot answers /start"),
            p50_p95(&ours),
            millis(&ours),
        );
        report.judge(
            "provision",
            format!("ratio of the medians, {how}"),
            format!("{ratio:.2}"),
            ("≤ 2", ratio <= 2.0),
            json!(ratio),
        );
    }
    world.close().await
}

async fn signed_up(world: &World, n: usize) -> Result<Unpaid> {
    scenes::sign_up(&world.someone(&format!("Buyer{n}")).await?, &format!("Salon {n}")).await
}

/// The customer is there before the bot: the message waits at Telegram, so nothing is measured but the bot's coming up.
async fn answer_after_money(world: &World, unpaid: Unpaid, n: usize) -> Result<Duration> {
    let bot = unpaid.bot.clone();
    let person = world.someone(&format!("Customer{n}")).await?.person;
    let customer = Someone::new(world.stage.sim.clone().with_patience(Duration::from_secs(180)), person, &bot.username);
    let act = customer.sim.start(customer.person.id, &bot, None).await?;
    let paid = unpaid.pay().await?;
    let notified_ms = paid.notified_ms().await?;
    let answered = customer.sim.wait_event(act.seq, "the bot answers /start", customer.sim.patience(), |event| {
        matches!(&event.what, What::BotSent { bot: from, person, .. } if from.id == bot.id && person.id == customer.person.id)
    });
    Ok(Duration::from_millis(answered.await?.ms.saturating_sub(notified_ms)))
}

/// Limits, network and log options as the master gives them.
async fn limits(world: &World) -> Result<HostConfig> {
    let slug = world.tenants().await?.first().context("nothing was sold")?.0.clone();
    docker::inspect(&world.docker, &slug).await?.and_then(|found| found.host_config).context("no limits")
}

async fn empty_container(world: &World, like: &HostConfig, n: usize) -> Result<Duration> {
    let name = format!("empty-{}-{n}", world.instance);
    let body = ContainerCreateBody {
        image: Some(env::read("SLOTYARD_EMPTY_IMAGE")?),
        user: Some("65532:65532".into()),
        labels: Some(HashMap::from([(docker::INSTANCE.into(), world.instance.clone())])),
        host_config: Some(like.clone()),
        ..Default::default()
    };
    let started = Instant::now();
    world.docker.create_container(Some(CreateContainerOptionsBuilder::default().name(&name).build()), body).await?;
    world.docker.start_container(&name, None::<StartContainerOptions>).await?;
    let took = started.elapsed();
    docker::remove_container(&world.docker, &name).await?;
    Ok(took)
}

/// Where the time goes: the steps that the registry has recorded.
async fn steps(world: &World, report: &mut Report) -> Result<()> {
    let pool = world.registry().await?;
    let rows: Vec<(String, i32)> = sqlx::query_as(
        "select part, percentile_disc(0.5) within group (order by took_ms)::int from tenant_events
          where event = 'step' group by part order by min(id)",
    )
    .fetch_all(&pool)
    .await?;
    pool.close().await;
    let line = rows.iter().map(|(part, ms)| format!("{part} {ms}")).collect::<Vec<_>>().join(", ");
    report.note("provision", "median of each step in turn, ms", line, json!(rows));
    let from_nothing: i32 = rows
        .iter()
        .filter(|(part, _)| ["schema", "role", "migrations"].contains(&part.as_str()))
        .map(|(_, ms)| ms)
        .sum();
    report.judge(
        "provision",
        "schema, role and all tables, from nothing",
        format!("{from_nothing} ms"),
        ("≤ 60 ms", from_nothing <= 60),
        json!(from_nothing),
    );
    Ok(())
}
