//! "My bookings" through polling: how many updates a second one tenant process answers.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chrono::Utc;
use play::{
    scenes, until,
    world::{Shape, World},
};
use sandbox::wire::What;
use serde_json::{Value, json};

use crate::{
    idle::{cpu, pid},
    report::Report,
};

/// Everybody asks so often.
const ROUNDS: usize = 10;
const USERS: i64 = 2_000;
const FIRST_USER: i64 = 62_000_000;

pub(crate) async fn run(report: &mut Report) -> Result<()> {
    // Telegram is a process of its own, so that it takes no time of ours.
    let world = World::shaped(Shape { lasting: true, ..Shape::default() }).await?;
    let paid = scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?;
    let slug = world.tenant_of(&paid.bot.username).await?;
    give_bookings(&world, &slug).await?;
    let pid = pid(&world, &slug).await?;
    let sim = &world.stage.sim;

    // Once without measuring: then everybody's language and menu are known.
    answered(&world, &paid.bot.username, 1).await?;
    let before = cpu(pid)?;
    let took = answered(&world, &paid.bot.username, ROUNDS).await?;
    let spent = cpu(pid)?.saturating_sub(before);
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let updates = (ROUNDS as i64 * USERS) as f64;
    let rate = updates / took.as_secs_f64();
    report.judge(
        "updates",
        format!("\"my bookings\", {updates} updates of {USERS} people"),
        format!("{rate:.0}/s"),
        ("≥ 2,500/s", rate >= 2_500.0),
        json!(rate),
    );
    let share = spent.as_secs_f64() / took.as_secs_f64() * 100.0;
    report.note(
        "updates",
        "the tenant's own CPU time meanwhile",
        format!("{share:.0} % of a core, {:.0} µs an update", spent.as_secs_f64() * 1e6 / updates),
        json!({ "share": share, "updates_per_cpu_second": updates / spent.as_secs_f64() }),
    );
    sim.assert_clean().await?;
    world.close().await
}

/// Two bookings ahead for each.
async fn give_bookings(world: &World, slug: &str) -> Result<()> {
    let pool = world.database.admin_pool().await?;
    let now = Utc::now();
    for statement in [
        format!(
            "insert into {slug}.users (user_id, first_name, language, created_at, seen_at)
             select {FIRST_USER} + n, 'К', 'ru', '{now}', '{now}' from generate_series(0, {USERS} - 1) n"
        ),
        format!(
            "insert into {slug}.bookings (user_id, service_id, resource_id, starts_at, ends_at, duration_minutes, price_kopecks,
                                          status, customer_name, phone, update_id, created_at)
             select {FIRST_USER} + n, s.id, (select min(resource_id) from {slug}.service_resources where service_id = s.id),
                    '{now}'::timestamptz + (d || ' days')::interval, '{now}'::timestamptz + (d || ' days 1 hour')::interval, 60, 180000,
                    'confirmed', 'К', '+79990000000', n * 2 + d, '{now}'
               from generate_series(0, {USERS} - 1) n, (select min(id) as id from {slug}.services) s, generate_series(1, 2) d"
        ),
        format!(
            "insert into {slug}.booking_lines (booking_id, position, service_id, resource_ids, starts_at, duration_minutes,
                                               buffer_before_minutes, buffer_after_minutes, price_kopecks)
             select id, 1, service_id, array[resource_id], starts_at, 60, 0, 0, 180000 from {slug}.bookings
              where user_id >= {FIRST_USER}"
        ),
        format!("analyze {slug}.users, {slug}.bookings, {slug}.booking_lines"),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(statement.clone())).execute(&pool).await.context(statement)?;
    }
    pool.close().await;
    Ok(())
}

/// Everybody asks for their bookings, round after round; how long it took until all had been answered.
async fn answered(world: &World, bot: &str, rounds: usize) -> Result<Duration> {
    let sim = &world.stage.sim;
    let mut after = sim.now().await?;
    let asked: Vec<Value> = (0..rounds).flat_map(|_| (0..USERS).map(|n| ask(FIRST_USER + n))).collect();
    let began = std::time::Instant::now();
    for some in asked.chunks(5_000) {
        sim.push_updates(bot, some).await?;
    }
    let (mut answers, mut last) = (0, None);
    until(Duration::from_secs(120), "everybody is answered", async || {
        let page = sim.events(after, Duration::from_secs(1)).await?;
        after = page.next;
        for event in &page.events {
            if let What::BotSent { message, .. } = &event.what {
                ensure!(message.text.contains("Ваши записи"), "no list of bookings: {}", message.text);
                answers += 1;
                last = Some(event.at);
            }
        }
        Ok((answers >= asked.len()).then_some(()))
    })
    .await?;
    let took = began.elapsed();
    ensure!(answers == asked.len() && last.is_some(), "{answers} answers to {} questions", asked.len());
    Ok(took)
}

fn ask(user: i64) -> Value {
    json!({ "message": {
        "message_id": 1,
        "date": Utc::now().timestamp(),
        "chat": { "id": user, "type": "private", "first_name": "К" },
        "from": { "id": user, "is_bot": false, "first_name": "К", "language_code": "ru" },
        "text": "/my",
        "entities": [{ "type": "bot_command", "offset": 0, "length": 3 }],
    }})
}
