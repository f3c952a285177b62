//! The program itself, killed again and again through a broadcast: nobody gets it twice, and nobody is lost silently.

use std::{process::Stdio, time::Duration};

use anyhow::{Context, Result};
use chrono::Utc;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::json;
use shared::broadcast::{self, Source};
use tokio::process::{Child, Command};

use crate::running::Stage;

const PEOPLE: i64 = 240;
const WORDS: &str = "Скидка до пятницы";
/// Of a letter that was on its way when the program was killed it is known after 45 seconds that nothing is known.
const REST: Duration = Duration::from_secs(150);

fn start(stage: &Stage) -> Result<Child> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenant-bot"));
    command.env_clear().envs(stage.settings());
    command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    Ok(command.spawn()?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_is_killed_through_a_broadcast_repeats_nothing_and_loses_nobody_silently() -> Result<()> {
    let stage = Stage::set("barbershop", Utc::now()).await?;
    let pool = stage.tenant.admin_pool().await?;
    // Telegram lets no bot write first.
    let (mut people, mut bot) = (Vec::new(), start(&stage)?);
    for n in 1..=PEOPLE {
        let person = stage.sim.person("Аня").await?;
        let said = stage.sim.start(person.id, "boroda_bot", None).await?;
        people.push(person.id);
        if n % 40 == 0 {
            stage.sim.wait_confirmed(&said).await?;
        }
    }
    let owner = stage.owner.person.id;
    let written = stage.sim.say(owner, "boroda_bot", WORDS).await?;
    stage.sim.wait_confirmed(&written).await?;
    // From now on as real Telegram: too fast is told.
    stage.sim.flood(true).await?;
    let source = Source { chat_id: owner, message_ids: vec![written.message_id.context("a message")?] };
    let audience = json!({ "audience": "all" });
    let id = broadcast::draft(&pool, owner, &source, (None, WORDS), &audience, Utc::now()).await?;
    assert!(broadcast::schedule(&pool, id, Utc::now()).await?);
    let seed = rand::random();
    eprintln!("seed {seed}");
    let (mut chance, mut kills) = (StdRng::seed_from_u64(seed), 0);
    loop {
        bot.start_kill()?;
        bot.wait().await?;
        bot = start(&stage)?;
        kills += 1;
        tokio::time::sleep(Duration::from_millis(chance.random_range(50..1_200))).await;
        let tally = broadcast::tally(&pool, id).await?;
        if tally.all > 0 && tally.due == 0 {
            break;
        }
        assert!(kills < 500, "it does not get on: {tally:?}");
    }
    let tally = play::until(REST, "every letter is settled", async || {
        let tally = broadcast::tally(&pool, id).await?;
        Ok((tally.due == 0 && tally.sending == 0).then_some(tally))
    })
    .await?;
    play::until(REST, "the broadcast is over and its end is told once", async || {
        let told: i64 =
            sqlx::query_scalar("select count(*) from outbox where key like 'news_done:%' and state = 'sent'")
                .fetch_one(&pool)
                .await?;
        Ok((told == 1).then_some(()))
    })
    .await?;
    bot.kill().await?;
    eprintln!("{kills} kills: {tally:?}");
    assert!(kills > 5, "it was over too soon");
    assert_eq!((tally.all, tally.failed, tally.blocked, tally.skipped), (PEOPLE, 0, 0, 0));
    // A kill catches one or two letters in the middle of their calls.
    assert!(tally.unknown <= kills * 2, "{tally:?} in {kills} kills");
    let states: Vec<(i64, String)> =
        sqlx::query_as("select chat_id, state from broadcast_letters").fetch_all(&pool).await?;
    for (chat_id, state) in states {
        let chat = stage.sim.chat(chat_id, "boroda_bot").await?;
        let times = chat.messages.iter().filter(|m| m.from_bot && m.text == WORDS).count();
        match state.as_str() {
            "sent" => assert_eq!(times, 1, "{chat_id}"),
            "unknown" => assert!(times <= 1, "{chat_id} has it {times} times"),
            other => panic!("{chat_id} is {other}"),
        }
    }
    stage.sim.assert_clean().await?;
    Ok(())
}
