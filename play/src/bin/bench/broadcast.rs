//! News to many: how fast they go under Telegram's limits, whether Telegram ever has to ask to wait, and how soon somebody
//! who writes meanwhile is answered.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};
use play::{
    people::Someone,
    scenes, until,
    world::{Shape, World},
};
use sandbox::wire::What;
use serde_json::json;

use crate::report::{Report, millis, p50_p95};

const READERS: usize = 900;
/// What Telegram allows a bot in a second.
const LIMIT: f64 = 30.0;
/// So many people write meanwhile, one after another.
const WRITERS: usize = 30;
const WRITES_EVERY: Duration = Duration::from_millis(600);

pub(crate) async fn run(report: &mut Report) -> Result<()> {
    let world = World::shaped(Shape { lasting: true, ..Shape::default() }).await?;
    let anna = world.someone("Анна").await?;
    let paid = scenes::sell(&anna, "Барбершоп").await?;
    let (sim, bot) = (&world.stage.sim, paid.bot.username.clone());
    // Telegram lets no bot write first.
    let mut readers = Vec::new();
    for n in 1..=READERS {
        let reader = sim.person("Клиент").await?;
        let said = sim.start(reader.id, &bot, None).await?;
        readers.push(world.as_person(reader, &bot));
        if n % 50 == 0 {
            sim.wait_confirmed(&said).await?;
        }
    }
    let owner = anna.with(&bot);
    owner.start("Здравствуйте").await?;
    sim.flood(true).await?;

    let silent = send(&owner, "Скидка до пятницы").await?;
    let arrived = arrivals(&world, silent, "Скидка до пятницы").await?;
    let rate = rate(&arrived)?;
    let waits = asked_to_wait(&world, silent).await?;
    report.judge(
        "broadcast",
        format!("{} letters, nobody talks", arrived.len()),
        format!("{rate:.2}/s, {:.1} % of {LIMIT}/s", rate / LIMIT * 100.0),
        ("≥ 95 % of 30/s", rate >= LIMIT * 0.95),
        json!(rate),
    );
    report.judge("broadcast", "429 of Telegram", waits.to_string(), ("0", waits == 0), json!(waits));

    let busy = send(&owner, "И ещё одна новость").await?;
    let mut answered = Vec::new();
    for writer in readers.iter().take(WRITERS) {
        let began = Instant::now();
        writer.say("/help", "Чем поможет").await?;
        answered.push(began.elapsed());
        tokio::time::sleep(WRITES_EVERY).await;
    }
    let arrived = arrivals(&world, busy, "И ещё одна новость").await?;
    let waits = asked_to_wait(&world, busy).await?;
    report.note(
        "broadcast",
        format!("the same, and {WRITERS} people write meanwhile: they are answered after"),
        p50_p95(&answered),
        millis(&answered),
    );
    report.judge(
        "broadcast",
        format!("429 of Telegram in that, {} letters", arrived.len()),
        waits.to_string(),
        ("0", waits == 0),
        json!(waits),
    );
    sim.assert_clean().await?;
    world.close().await
}

/// The owner writes these words and sends them to everybody; gives the number of the event before it.
async fn send(owner: &Someone, words: &str) -> Result<u64> {
    let asked = owner.sim.say(owner.person.id, &owner.bot, "/admin").await?;
    owner.sim.wait_reply(&asked, "Что откроем?").await?;
    owner.sim.wait_confirmed(&asked).await?;
    owner.press("📣 Рассылки", "Управление › Рассылки").await?;
    owner.press("✍️ Новая рассылка", "Пришлите сообщение").await?;
    owner.say(words, "Сообщение: «").await?;
    owner.press("👀 Посмотреть", "Отправляем?").await?;
    // What was said until now has left no trace in Telegram's last second.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = owner.sim.now().await?;
    owner.press("🚀 Отправить сейчас", "Начинается").await?;
    Ok(before)
}

/// When each letter of these words arrived, once all have.
async fn arrivals(world: &World, mut after: u64, words: &str) -> Result<Vec<DateTime<Utc>>> {
    let sim = &world.stage.sim;
    let mut arrived = Vec::new();
    until(Duration::from_secs(120), "everybody has the news", async || {
        let page = sim.events(after, Duration::from_secs(1)).await?;
        after = page.next;
        for event in &page.events {
            if let What::BotSent { message, .. } = &event.what
                && message.text == words
            {
                arrived.push(event.at);
            }
        }
        Ok((arrived.len() >= READERS).then_some(()))
    })
    .await?;
    Ok(arrived)
}

/// Letters a second, from the first to the last.
fn rate(arrived: &[DateTime<Utc>]) -> Result<f64> {
    let (first, last) = arrived.first().zip(arrived.last()).context("nothing arrived")?;
    let took = (*last - *first).to_std()?.as_secs_f64();
    ensure!(took > 1.0, "it took no time: {took}");
    Ok(f64::from(u32::try_from(arrived.len() - 1)?) / took)
}

async fn asked_to_wait(world: &World, mut after: u64) -> Result<usize> {
    let mut waits = 0;
    loop {
        let page = world.stage.sim.events(after, Duration::ZERO).await?;
        if page.events.is_empty() {
            return Ok(waits);
        }
        waits += page.events.iter().filter(|e| matches!(e.what, What::RequestRefused { code: 429, .. })).count();
        after = page.next;
    }
}
