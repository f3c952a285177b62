//! Free times of a month: what computing them costs, and what the whole answer of the desk does.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, ensure};
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use play::database::{Business, TenantSchema};
use serde_json::json;
use tenant_bot::{
    booking::{
        Doer, Pick, Price, ResourceId, Service, ServiceId, UserId, Wanted,
        availability::{Calendar, Calendars, Counts, Part, Rules, Slot, free_slots},
        hours::Span,
        policy::Policy,
        schedule::House,
    },
    store,
};

use crate::{
    booking::desk,
    captured,
    idle::cpu,
    report::{Report, micros, percentile},
};

const RESOURCES: i64 = 10;
const BOOKINGS: i64 = 2_000;
const SERVICE: i64 = 1;
const CUSTOMER: UserId = UserId(1);
/// So often each figure is taken.
const TIMES: usize = 200;
/// The business's clocks change within the month.
const ZONE: &str = "Europe/Berlin";

pub(crate) async fn run(report: &mut Report) -> Result<()> {
    let tenant = busy_tenant().await?;
    let (first, last) = dates()?;

    let computed = computed(&tenant, (first, last)).await?;
    let met = percentile(&computed.took, 0.5) <= Duration::from_millis(5);
    report.judge(
        "slots",
        format!("a month computed: {RESOURCES} resources, {BOOKINGS} bookings, {} free times", computed.found.len()),
        micros(&computed.took),
        ("≤ 5 ms", met),
        json!(computed.took.iter().map(Duration::as_secs_f64).collect::<Vec<_>>()),
    );

    let pool = tenant.pool(1).await?;
    let bookings = desk(pool.clone(), now())?;
    let wanted = Wanted::one(ServiceId(SERVICE), Pick::Any);
    let ask = async || -> Result<Vec<Slot>> {
        let openings = bookings.openings(CUSTOMER, &wanted, Some((first, last))).await?;
        Ok(openings.days.into_values().flatten().collect())
    };
    ensure!(ask().await? == computed.found, "the desk shows something else than was computed");
    let (mut took, before) = (Vec::new(), cpu(std::process::id().into())?);
    for _ in 0..TIMES {
        let asked = Instant::now();
        black_box(ask().await?);
        took.push(asked.elapsed());
    }
    let own = cpu(std::process::id().into())?.saturating_sub(before) / u32::try_from(TIMES)?;
    report.judge(
        "slots",
        "the desk's answer: our own time, reading included",
        format!("{:.1} ms of CPU", own.as_secs_f64() * 1000.0),
        ("≤ 5 ms", own <= Duration::from_millis(5)),
        json!(own.as_secs_f64()),
    );
    report.note("slots", "the desk's answer, Postgres included", micros(&took), json!(took.len()));
    let statements = captured::all_of(&tenant, async || {
        // What is logged is decided when a connection is opened.
        let pool = tenant.pool(1).await?;
        desk(pool.clone(), now())?.openings(CUSTOMER, &wanted, Some((first, last))).await?;
        pool.close().await;
        Ok(())
    })
    .await?;
    let calendars = statements.iter().filter(|s| s.mentions("from occupancy")).count();
    report.judge(
        "slots",
        "questions to Postgres; how many of them read what is taken",
        format!("{}; {calendars}", statements.len()),
        ("one query", statements.len() == 1),
        json!({ "statements": statements.len(), "of_calendars": calendars }),
    );
    pool.close().await;
    Ok(())
}

/// What was found, and how long each time took.
struct Computed {
    found: Vec<Slot>,
    took: Vec<Duration>,
}

/// Only the pure function, over what the store reads.
async fn computed(tenant: &TenantSchema, dates: (NaiveDate, NaiveDate)) -> Result<Computed> {
    let pool = tenant.pool(1).await?;
    let mut conn = pool.acquire().await?;
    let zone = ZONE.parse().map_err(|_| anyhow!("there is no zone {ZONE}"))?;
    let ids: Vec<ResourceId> = (1..=RESOURCES).map(ResourceId).collect();
    let mut rotas = store::schedule::rotas(&mut conn, &ids, dates.0).await?;
    let wide = Span { start: now() - TimeDelta::days(2), end: now() + TimeDelta::days(40) };
    let mut taken = store::occupancy::taken(&mut *conn, &ids, wide, CUSTOMER, None, now()).await?;
    let calendars: Calendars = ids
        .iter()
        .map(|id| {
            let mut blocks = rotas.blocks.clone();
            blocks.extend(rotas.own_blocks.remove(id).unwrap_or_default());
            let rota = rotas.own.remove(id).unwrap_or_default();
            (*id, Calendar { rota, blocks, taken: taken.remove(id).unwrap_or_default(), sessions: Vec::new() })
        })
        .collect();
    let stretches: usize = calendars.values().map(|c| c.taken.len()).sum();
    ensure!(stretches == usize::try_from(BOOKINGS)?, "{stretches} stretches are taken");
    drop(conn);
    pool.close().await;

    let (policy, counts, service) = (Policy::default(), Counts::default(), service());
    let house = House { zone, rota: rotas.house };
    let rules =
        Rules { house: &house, policy: &policy, limits: policy.limits([&service]), counts: &counts, now: now() };
    let doer =
        |id: &ResourceId| Doer { resources: vec![*id], seats: None, duration: service.duration, price: service.price };
    let parts = [Part { service: &service, doers: ids.iter().map(doer).collect() }];
    let find = || free_slots(&rules, &parts, &calendars, 1, dates);
    let took = (0..TIMES).map(|_| {
        let asked = Instant::now();
        black_box(find());
        asked.elapsed()
    });
    Ok(Computed { took: took.collect(), found: find() })
}

fn service() -> Service {
    Service {
        id: ServiceId(SERVICE),
        name: "Стрижка".into(),
        description: None,
        photo: None,
        category: None,
        duration: TimeDelta::minutes(30),
        buffer_before: TimeDelta::zero(),
        buffer_after: TimeDelta::minutes(5),
        price: Price::exactly(180_000),
        step: None,
        offset: TimeDelta::zero(),
        notice: None,
        horizon_days: None,
        capacity: 1,
        questions: Vec::new(),
    }
}

/// Ten people with weeks of their own, vacations and blocks that come back, and seven bookings a day each.
async fn busy_tenant() -> Result<TenantSchema> {
    let tenant = TenantSchema::create(&Business { now: now(), zone: ZONE, ..Business::default() }).await?;
    let admin = tenant.admin_pool().await?;
    let local = format!(
        "('{}'::date + 1 + n % 30 + time '09:00' + (n / 30 % 7 * 95 + r * 5) * interval '1 minute')",
        now().date_naive()
    );
    for statement in [
        format!("insert into settings values ('preset_applied', '1', '{}')", now()),
        "insert into services (id, name, duration_minutes, buffer_after_minutes, price_kopecks)
         values (1, 'Стрижка', 30, 5, 180000)"
            .to_owned(),
        format!("insert into resources (id, name, kind) select n, 'М' || n, 'person' from generate_series(1, {RESOURCES}) n"),
        "insert into service_resources select 1, id from resources".to_owned(),
        "insert into working_hours (weekday, opens, closes) select d, 540, 1260 from generate_series(1, 7) d".to_owned(),
        "insert into working_hours (resource_id, weekday, opens, closes)
         select r.id, d, h.opens, h.closes from resources r, generate_series(1, 6) d, (values (540, 780), (810, 1260)) h(opens, closes)
          where r.id % 2 = 0"
            .to_owned(),
        format!(
            "insert into schedule_exceptions (resource_id, first_day, last_day)
             select id, date '{0}' + 10 + id::int, date '{0}' + 12 + id::int from resources where id <= 3",
            now().date_naive()
        ),
        format!(
            "insert into blocked_slots (resource_id, starts_at, ends_at, weekdays, created_by, created_at, zone)
             select resource, (date '{0}' - 7 + begins) at time zone '{ZONE}', (date '{0}' - 7 + ends) at time zone '{ZONE}',
                    days, 1, timestamptz '{1}', '{ZONE}'
               from (values (null::bigint, time '13:00', time '13:20', array[1, 3, 5]::smallint[]),
                            (5, time '18:00', time '18:45', array[2, 4]::smallint[])) as b (resource, begins, ends, days)",
            now().date_naive(), now()
        ),
        format!("insert into users (user_id, first_name, language, created_at, seen_at) values (1, 'К', 'ru', '{0}', '{0}')", now()),
        format!(
            "insert into bookings (id, user_id, service_id, resource_id, starts_at, ends_at, duration_minutes, price_kopecks, status,
                                   customer_name, phone, update_id, created_at)
             select r * 1000 + n, 1, 1, r, {local} at time zone '{ZONE}', ({local} + interval '30 minutes') at time zone '{ZONE}', 30,
                    180000, 'confirmed', 'К', '+79990000000', r * 1000 + n, '{}'
               from generate_series(1, {RESOURCES}) r, generate_series(0, {BOOKINGS} / {RESOURCES} - 1) n",
            now()
        ),
        "insert into booking_lines (booking_id, position, service_id, resource_ids, starts_at, duration_minutes,
                                    buffer_before_minutes, buffer_after_minutes, price_kopecks)
         select id, 1, 1, array[resource_id], starts_at, 30, 0, 5, 180000 from bookings"
            .to_owned(),
        "insert into occupancy (resource_id, during, kind, ref)
         select resource_id, tstzrange(starts_at, ends_at + interval '5 minutes'), 'booking', id from bookings"
            .to_owned(),
        "analyze".to_owned(),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(statement.clone())).execute(&admin).await.context(statement)?;
    }
    admin.close().await;
    Ok(tenant)
}

/// A Friday in October.
fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn dates() -> Result<(NaiveDate, NaiveDate)> {
    let first = now().date_naive();
    Ok((first, first.checked_add_days(Days::new(30)).context("the end of time")?))
}
