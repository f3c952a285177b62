//! Booking through the tenant's own code, beside pgbench with the same statements on as many connections.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use play::{
    database::{Business, TenantSchema},
    env,
};
use serde_json::json;
use shared::{
    clock::Clock,
    outbox::{Letter, Outbox},
    telegram::{Screen, Telegram},
    texts::Lang,
};
use sqlx::PgPool;
use tenant_bot::booking::{
    self, BookError, Bookings, CONSENT_VERSION, Digest, Ended, Herald, News, Pick, Price, Refusal, ResourceId,
    ServiceId, TeamNews, UserId, Wanted, Wish, Word,
};

use crate::{
    captured::{self, Parameters},
    report::Report,
};

/// How long each rate is measured.
const MEASURED: Duration = Duration::from_secs(8);
const RESOURCES: i64 = 10;
/// Numbers that occur nowhere else, so that they are recognised among a statement's parameters.
const FIRST_RESOURCE: i64 = 700_001;
const SERVICE: i64 = 800_001;
const FIRST_USER: i64 = 41_000_000;
const FIRST_BOOKING: i64 = 987_654_321;
const FIRST_UPDATE: i64 = 555_000_000;
/// Customers, and slots, each of whom books once.
const CUSTOMERS: i64 = 130_000;

pub(crate) async fn run(report: &mut Report) -> Result<()> {
    let tenant = prepared_tenant().await?;
    one_slot(&tenant, report).await?;
    let statements = captured::statements_of(&tenant, || book_one(&tenant, 0)).await?;
    report.note("booking", "statements in one booking", statements.len().to_string(), json!(statements.len()));
    let next = AtomicI64::new(1000);
    for clients in [1, 32] {
        let ours = our_rate(&tenant, clients, &next).await?;
        // pgbench books from the other end of the slots.
        let start = CUSTOMERS / 2 + next.load(Ordering::SeqCst);
        let theirs = pgbench_rate(&tenant, &statements, clients, start).await?;
        let ratio = ours / theirs;
        report.judge(
            "booking",
            format!("distinct slots, {clients} client(s)"),
            format!("{ours:.0}/s, pgbench {theirs:.0}/s, {:.0} %", ratio * 100.0),
            ("≥ 50 % of pgbench", ratio >= 0.5),
            json!({ "ours_per_s": ours, "pgbench_per_s": theirs, "ratio": ratio }),
        );
    }
    Ok(())
}

/// A business that is always open, with enough people and slots that none is wanted twice.
async fn prepared_tenant() -> Result<TenantSchema> {
    let tenant = TenantSchema::create(&Business { now: now(), zone: "Etc/UTC", ..Business::default() }).await?;
    let admin = tenant.admin_pool().await?;
    for statement in [
        format!("insert into settings values ('horizon_days', '365', '{}'), ('preset_applied', '1', '{0}')", now()),
        format!(
            "insert into services (id, name, duration_minutes, price_kopecks) values ({SERVICE}, 'Стрижка', 30, 180000)"
        ),
        format!(
            "insert into resources (id, name, kind) select {FIRST_RESOURCE} + n, 'М' || n, 'person' from generate_series(0, {RESOURCES} - 1) n"
        ),
        format!("insert into service_resources select {SERVICE}, id from resources"),
        "insert into working_hours (weekday, opens, closes) select d, 0, 1440 from generate_series(1, 7) d".to_owned(),
        format!(
            "insert into users (user_id, first_name, language, contact_name, phone, created_at, seen_at, consent_version, consent_at)
             select {FIRST_USER} + n, 'К', 'ru', 'Клиент', '+79990000000', '{}', '{0}', '{CONSENT_VERSION}', '{0}'
               from generate_series(0, {CUSTOMERS}) n",
            now()
        ),
        format!("alter table bookings alter column id restart with {FIRST_BOOKING}"),
        "analyze".to_owned(),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(statement.clone())).execute(&admin).await.context(statement)?;
    }
    admin.close().await;
    // The tenant's limit is five; the comparison wants 32.
    tenant.database.run(&[format!("alter role {} connection limit 50", tenant.slug)]).await?;
    Ok(tenant)
}

/// 100 customers for one slot, 20 times.
async fn one_slot(tenant: &TenantSchema, report: &mut Report) -> Result<()> {
    let bookings = Arc::new(desk(tenant.pool(32).await?, now())?);
    let started = Instant::now();
    let rounds = 20;
    for round in 0..rounds {
        // Far behind the slots and customers of the other measurements.
        let slot = CUSTOMERS - 1 - round;
        let attempts = (0..100).map(|n| {
            let (bookings, nobody_else) = (bookings.clone(), CUSTOMERS - 3000 + round * 100 + n);
            async move { bookings.book(customer(nobody_else), &wish(slot), FIRST_UPDATE + nobody_else).await }
        });
        let (mut booked, mut told) = (0, 0);
        for outcome in futures::future::join_all(attempts).await {
            match outcome {
                Ok(_) => booked += 1,
                Err(BookError::Refused(Refusal::Taken)) => told += 1,
                Err(error) => bail!("round {round}: {error:?}"),
            }
        }
        ensure!((booked, told) == (1, 99), "round {round}: {booked} booked, {told} told so");
    }
    let took = started.elapsed() / u32::try_from(rounds)?;
    report.judge(
        "booking",
        "100 customers for one slot, 20 rounds",
        format!("1 booked, 99 told so, {} ms a round", took.as_millis()),
        ("0 deadlocks", true),
        json!({ "rounds": rounds, "ms_per_round": took.as_secs_f64() * 1000.0 }),
    );
    Ok(())
}

/// Bookings a second with so many customers at once, on one thread like the shipped bot.
async fn our_rate(tenant: &TenantSchema, clients: u32, next: &AtomicI64) -> Result<f64> {
    let bookings = desk(tenant.pool(clients).await?, now())?;
    let (done, started) = (AtomicI64::new(0), Instant::now());
    let one = async || {
        while started.elapsed() < MEASURED {
            let slot = next.fetch_add(1, Ordering::SeqCst);
            bookings.book(customer(slot), &wish(slot), FIRST_UPDATE + slot).await?;
            done.fetch_add(1, Ordering::SeqCst);
        }
        Ok::<_, BookError>(())
    };
    futures::future::try_join_all((0..clients).map(|_| one())).await?;
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let rate = done.load(Ordering::SeqCst) as f64 / started.elapsed().as_secs_f64();
    Ok(rate)
}

async fn pgbench_rate(
    tenant: &TenantSchema,
    statements: &[captured::Statement],
    clients: u32,
    start: i64,
) -> Result<f64> {
    let parameters = Parameters {
        numbers: vec![
            (FIRST_USER.to_string(), "user"),
            (FIRST_RESOURCE.to_string(), "resource"),
            (FIRST_UPDATE.to_string(), "update"),
        ],
        // The 2000 losers of the one slot have drawn numbers too.
        booking: captured::booking_of(statements)?,
        times: vec![(starts_at(0), "minutes"), (starts_at(0) + TimeDelta::minutes(30), "minutes_end")],
    };
    let mut script = format!(
        "\\set slot {start} + :n * {clients} + :client_id\n\\set n :n + 1\n\\set user {FIRST_USER} + :slot\n\
         \\set update {FIRST_UPDATE} + :slot\n\\set resource {FIRST_RESOURCE} + :slot % {RESOURCES}\n\
         \\set minutes :slot / {RESOURCES} * 30\n\\set minutes_end :minutes + 30\nbegin;\n"
    );
    for statement in statements {
        script.push_str(&statement.for_pgbench(&parameters));
        script.push('\n');
    }
    script.push_str("commit;\n");
    let file = std::env::temp_dir().join(format!("{}.pgbench.sql", tenant.slug));
    std::fs::write(&file, &script)?;
    let output = tokio::process::Command::new(env::pg_bin_dir()?.join("pgbench"))
        .args(["-n", "-M", "prepared", "-D", "n=0", "-c", &clients.to_string(), "-j", &clients.min(2).to_string()])
        .args(["-T", &MEASURED.as_secs().to_string(), "-f"])
        .arg(&file)
        .arg(&tenant.url)
        .output()
        .await
        .context("starting pgbench")?;
    let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "pgbench failed: {errors}\nits script: {}", file.display());
    std::fs::remove_file(&file)?;
    let tps = text.lines().find_map(|line| line.strip_prefix("tps = ")).context("pgbench told no tps")?;
    Ok(tps.split_whitespace().next().unwrap_or_default().parse()?)
}

async fn book_one(tenant: &TenantSchema, slot: i64) -> Result<()> {
    let pool = tenant.pool(1).await?;
    desk(pool.clone(), now())?.book(customer(slot), &wish(slot), FIRST_UPDATE + slot).await?;
    pool.close().await;
    Ok(())
}

/// The tenant's own desk, at this moment.
pub(crate) fn desk(pool: PgPool, now: DateTime<Utc>) -> Result<Bookings> {
    let clock = Clock::fixed(now);
    // Nothing is sent: the outbox's worker does not run.
    let telegram = Telegram::new(&"1:none".into(), &"http://127.0.0.1:9".parse()?)?;
    let outbox = Outbox::new(pool.clone(), telegram, clock.clone());
    Ok(Bookings::new(pool, outbox, clock, Arc::new(PlainHerald)))
}

/// One letter to each owner, like the shipped one.
struct PlainHerald;

impl Herald for PlainHerald {
    fn letters(
        &self,
        _: &booking::Business,
        news: News<'_>,
        owners: &[(UserId, Option<Lang>)],
        now: DateTime<Utc>,
    ) -> Vec<Letter> {
        let (News::Booked(made) | News::Requested(made) | News::Cancelled(made) | News::Moved { to: made, .. }) = news
        else {
            return Vec::new();
        };
        owners.iter().map(|(owner, _)| letter("owner", made, *owner, now)).collect()
    }

    fn letter(&self, _: &booking::Business, word: Word<'_>, _: Lang, now: DateTime<Utc>) -> Letter {
        letter("customer", word.booking(), word.booking().user, now)
    }

    fn card(&self, _: &booking::Business, booking: &booking::Booking, chat_id: i64, now: DateTime<Utc>) -> Letter {
        letter("card", booking, UserId(chat_id), now)
    }

    fn team_letter(
        &self,
        _: &booking::Business,
        _: TeamNews<'_>,
        (whom, _): (UserId, Lang),
        key: &str,
        now: DateTime<Utc>,
    ) -> Letter {
        Letter { key: key.to_owned(), chat_id: whom.0, screen: Screen::text("team"), due_at: now }
    }

    fn digest(&self, _: &booking::Business, _: &Digest, _: Lang) -> Screen {
        Screen::text("digest")
    }

    fn reason(&self, _: &booking::Business, _: Ended) -> String {
        "Никто не ответил".into()
    }
}

fn letter(to: &str, booking: &booking::Booking, person: UserId, now: DateTime<Utc>) -> Letter {
    let text = format!("<b>{}</b>, {}, {}", booking.what(), booking.who(), booking.starts_at);
    Letter {
        key: format!("{to}:{}:{}", booking.id.0, person.0),
        chat_id: person.0,
        screen: Screen::text(text),
        due_at: now,
    }
}

fn customer(n: i64) -> UserId {
    UserId(FIRST_USER + n)
}

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn starts_at(slot: i64) -> DateTime<Utc> {
    now() + TimeDelta::days(1) + TimeDelta::minutes(slot / RESOURCES * 30)
}

fn wish(slot: i64) -> Wish {
    let pick = Pick::One(ResourceId(FIRST_RESOURCE + slot % RESOURCES));
    Wish {
        wanted: Wanted::one(ServiceId(SERVICE), pick),
        starts_at: starts_at(slot),
        shown: (30, Price::exactly(180_000)),
        comment: None,
        answers: Vec::new(),
        source: None,
    }
}
