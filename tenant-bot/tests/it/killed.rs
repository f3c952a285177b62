//! The program itself, killed again and again through a day with thousands of visits: every reminder is said once, or
//! dropped with why.

use std::{collections::HashMap, process::Stdio, time::Duration};

use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use shared::outbox;
use tenant_bot::preset;
use tokio::process::{Child, Command};

use crate::{running::Stage, shop::at};

const PEOPLE: i64 = 200;
const VISITS_EACH: i64 = 10;
/// Of a letter that was on its way when the program was killed it is known after 45 seconds that nothing is known.
const REST: Duration = Duration::from_secs(150);

/// Tuesday, six in the morning in Moscow: the first visit begins.
fn first_visit() -> DateTime<Utc> {
    at("2026-11-24T03:00:00Z")
}

fn start(stage: &Stage) -> Result<Child> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenant-bot"));
    command.env_clear().envs(stage.settings()).env("CLOCK_URL", format!("{}/clock", stage.telegram_url()));
    command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    Ok(command.spawn()?)
}

/// People who have spoken to the bot, each with ten visits in one day as the version before has written them.
async fn book_a_day(stage: &Stage, pool: &sqlx::PgPool, now: DateTime<Utc>) -> Result<Vec<i64>> {
    assert!(preset::apply_once(pool, now).await?);
    // Telegram lets no bot write first.
    let (mut people, mut bot) = (Vec::new(), start(stage)?);
    for _ in 0..PEOPLE {
        let person = stage.sim.person("Аня").await?;
        let said = stage.sim.start(person.id, "boroda_bot", None).await?;
        people.push(person.id);
        if people.len() % 20 == 0 {
            stage.sim.wait_confirmed(&said).await?;
        }
    }
    bot.kill().await?;
    sqlx::query(
        "insert into users (user_id, first_name, language, created_at, seen_at)
         select id, 'Аня', 'ru', $2, $2 from unnest($1::bigint[]) as id on conflict do nothing",
    )
    .bind(&people)
    .bind(now)
    .execute(pool)
    .await?;
    sqlx::query(
        "insert into bookings (user_id, service_id, resource_id, starts_at, ends_at, duration_minutes, price_kopecks,
                               status, customer_name, phone, update_id, created_at)
         select id, (select min(id) from services), (select min(id) from resources), t, t + interval '60 minutes', 60,
                180000, 'confirmed', 'Анна', '+79161234567', n, $2
           from unnest($1::bigint[]) with ordinality as p (id, place), generate_series(0, $4::int - 1) as n,
                lateral (select $3 + n * interval '105 minutes' + place % 100 * interval '1 minute' as t) as at",
    )
    .bind(&people)
    .bind(now)
    .bind(first_visit())
    .bind(i32::try_from(VISITS_EACH)?)
    .execute(pool)
    .await?;
    Ok(people)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_is_killed_through_a_day_of_two_thousand_visits_says_all_of_it_once() -> Result<()> {
    let begun = first_visit() - TimeDelta::hours(25);
    let stage = Stage::set("barbershop", begun).await?;
    stage.sim.clock_rate(0.0).await?;
    stage.sim.set_clock(begun).await?;
    let pool = stage.tenant.admin_pool().await?;
    let people = book_a_day(&stage, &pool, begun).await?;
    let seed = rand::random();
    eprintln!("seed {seed}");
    let mut chance = StdRng::seed_from_u64(seed);
    let (mut bot, mut kills) = (start(&stage)?, 0);
    // The last visit begins at a quarter to eleven at night and is asked about two hours later.
    for hour in 0..=50 {
        let now = begun + TimeDelta::hours(hour);
        stage.sim.set_clock(now).await?;
        for _ in 0..chance.random_range(1..=2) {
            tokio::time::sleep(Duration::from_millis(chance.random_range(5..600))).await;
            bot.start_kill()?;
            bot.wait().await?;
            kills += 1;
            bot = start(&stage)?;
        }
        play::until(REST, "all that is due is settled", async || {
            let (all, due): (i64, i64) = sqlx::query_as(
                "select count(*), count(*) filter (where state = 'due' and due_at <= $1) from reminders",
            )
            .bind(now)
            .fetch_one(&pool)
            .await?;
            // All of them from the first hour on: what is made later is not made of what has passed.
            Ok((all == PEOPLE * VISITS_EACH * 4 && due == 0).then_some(()))
        })
        .await
        .with_context(|| format!("at {now}"))?;
    }
    let counts = play::until(REST, "every letter is settled", async || {
        let counts = outbox::counts(&pool).await?;
        Ok((counts.due == 0 && counts.sending == 0).then_some(counts))
    })
    .await?;
    bot.kill().await?;
    eprintln!("{kills} kills: {counts:?}");
    assert_eq!(counts.failed, 0);
    rows_are_settled(&pool).await?;
    chats_hold_each_letter_once(&stage, &pool, &people).await?;
    stage.sim.assert_clean().await?;
    Ok(())
}

/// Every row is done and has its one letter, or is dropped, says why and has none.
async fn rows_are_settled(pool: &sqlx::PgPool) -> Result<()> {
    let (rows, due, silent, talkative): (i64, i64, i64, i64) = sqlx::query_as(
        "select count(*), count(*) filter (where r.state = 'due'),
                count(*) filter (where r.state = 'done' and o.id is null),
                count(*) filter (where r.state = 'dropped' and o.id is not null)
           from reminders r
           left join outbox o on o.key = case r.kind when 'before' then 'reminder:' || r.id else 'how:' || r.booking_id end",
    )
    .fetch_one(pool)
    .await?;
    assert_eq!((rows, due, silent, talkative), (PEOPLE * VISITS_EACH * 4, 0, 0, 0));
    let dropped: Vec<(String, i64)> =
        sqlx::query_as("select why, count(*) from reminders where state = 'dropped' group by why")
            .fetch_all(pool)
            .await?;
    eprintln!("dropped: {dropped:?}");
    // The clock went in whole hours, so what comes an hour before mostly comes beside nothing nearer.
    assert!(dropped.iter().map(|(_, n)| n).sum::<i64>() < rows / 3, "{dropped:?}");
    let completed: i64 =
        sqlx::query_scalar("select count(*) from bookings where status = 'completed'").fetch_one(pool).await?;
    let noted: i64 =
        sqlx::query_scalar("select count(*) from booking_history where action = 'completed'").fetch_one(pool).await?;
    assert_eq!((completed, noted), (PEOPLE * VISITS_EACH, PEOPLE * VISITS_EACH));
    Ok(())
}

/// What Telegram was given: each letter that is known to be sent once, one that may have arrived at most once, no other.
async fn chats_hold_each_letter_once(stage: &Stage, pool: &sqlx::PgPool, people: &[i64]) -> Result<()> {
    for person in people {
        let letters: Vec<(String, String)> = sqlx::query_as(
            "select regexp_replace(body->>'text', '<[^>]+>', '', 'g'), state from outbox
              where chat_id = $1 and (key like 'reminder:%' or key like 'how:%')",
        )
        .bind(person)
        .fetch_all(pool)
        .await?;
        let mut arrived: HashMap<String, i64> = HashMap::new();
        for message in stage.sim.chat(*person, "boroda_bot").await?.messages {
            *arrived.entry(message.text).or_default() += 1;
        }
        let mut expected: HashMap<&str, (i64, i64)> = HashMap::new();
        for (text, state) in &letters {
            let (least, most) = expected.entry(text).or_default();
            *least += i64::from(state == "sent");
            *most += 1;
        }
        for (text, (least, most)) in expected {
            let times = arrived.get(text).copied().unwrap_or_default();
            assert!((least..=most).contains(&times), "{times} times and not {least}–{most}: {text}");
            assert_eq!(most, 1, "two letters say the same: {text}");
        }
    }
    Ok(())
}
