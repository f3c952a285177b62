//! Figures of a real database against a naive count of its rows; who may see them; how they are shown.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use calamine::{Data, Reader, Xlsx};
use chrono::{Days, NaiveDate, TimeDelta};
use play::{album::Album, people::Someone};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use sqlx::PgPool;
use tenant_bot::{
    booking::{BookError, Profile, Refusal, UserId, roles::Role},
    reports::range::{Range, Unit},
};

use crate::{
    albums::{FOLDER, Tongue, enters, types},
    process,
    running::{Play, Stage},
    shop::{OWNER, Shop, at, monday},
};

const OLEG: UserId = UserId(OWNER);

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// So many visits, begun on these days, in every state; some of the version before, some of people who were forgotten.
async fn some_visits(pool: &PgPool, seed: u64, count: i64, days: i64) -> Result<()> {
    let run = async |sql: &str| sqlx::query(sqlx::AssertSqlSafe(sql.to_owned())).execute(pool).await.map(|_| ());
    let mut rng = StdRng::seed_from_u64(seed);
    run("insert into users (user_id, first_name, language, created_at, seen_at)
         select case when n % 10 = 0 then -n else n end, 'Кто-то', 'ru', '2026-01-01', '2026-01-01'
           from generate_series(1, 60) n")
    .await?;
    let resources: Vec<i64> = sqlx::query_scalar("select id from resources order by id").fetch_all(pool).await?;
    let services: Vec<i64> = sqlx::query_scalar("select id from services order by id").fetch_all(pool).await?;
    const STATUSES: [&str; 8] =
        ["completed", "completed", "completed", "confirmed", "requested", "cancelled", "no_show", "arrived"];
    let begins = monday() - TimeDelta::days(days);
    let mut lines: Vec<String> = Vec::new();
    for n in 0..count {
        let person = rng.random_range(1..=60_i64);
        let user = if person % 10 == 0 { -person } else { person };
        let status = STATUSES[rng.random_range(0..STATUSES.len())];
        let starts = begins + TimeDelta::minutes(15 * rng.random_range(0..days * 2 * 96));
        let price: i64 = rng.random_range(0..5000_i64) * 100;
        let paid = if rng.random_bool(0.3) { (price / 2).to_string() } else { "null".to_owned() };
        let (service, resource) =
            (services[rng.random_range(0..services.len())], resources[rng.random_range(0..resources.len())]);
        let nobody = user < 0;
        let name = if nobody { "" } else { "Анна" };
        let by = ["customer", "staff", "system"][rng.random_range(0..3)];
        let (gone_at, by) = match status {
            "cancelled" => (format!("'{starts}'"), format!("'{by}'")),
            _ => ("null".to_owned(), "null".to_owned()),
        };
        let source = ["null", "'vk'", "'insta'"][rng.random_range(0..3)];
        lines.push(format!(
            "({n}, {user}, {service}, {resource}, '{starts}', '{starts}'::timestamptz + interval '60 minutes', 60, {price}, {paid},
              '{status}', '{name}', '+79161234567', {n}, '2026-01-01', {gone_at}, {by}, {source})"
        ));
    }
    for part in lines.chunks(1000) {
        run(&format!(
            "insert into bookings (id, user_id, service_id, resource_id, starts_at, ends_at, duration_minutes,
                price_kopecks, paid_kopecks, status, customer_name, phone, update_id, created_at, cancelled_at,
                cancelled_by_kind, source) values {}",
            part.join(",")
        ))
        .await?;
    }
    // Every third is of the version before, and has no lines; some visits have two of them.
    run("insert into booking_lines (booking_id, position, service_id, resource_ids, starts_at, duration_minutes,
                                    buffer_before_minutes, buffer_after_minutes, price_kopecks)
         select id, 1, service_id, array[resource_id], starts_at, case when id % 2 = 0 then 60 else 30 end, 0, 0,
                case when id % 2 = 0 then price_kopecks else price_kopecks / 3 end
           from bookings where id % 3 > 0
          union all
         select id, 2, service_id, array[resource_id], starts_at + interval '30 minutes', 30, 0, 0,
                price_kopecks - price_kopecks / 3
           from bookings where id % 3 > 0 and id % 2 = 1")
    .await?;
    run("insert into booking_history (booking_id, action, actor_id, at) select id, 'booked', user_id, created_at from bookings")
        .await?;
    run("insert into feedback (booking_id, user_id, rating, created_at)
         select id, user_id, 1 + id % 5, starts_at from bookings where status = 'completed' and id % 4 = 0")
    .await?;
    // Kept while somebody was typing, and let go: no booking at all.
    run(
        "insert into bookings (id, user_id, service_id, resource_id, starts_at, ends_at, duration_minutes, price_kopecks,
                               status, customer_name, phone, update_id, created_at, cancelled_at, cancelled_by_kind)
         select 1000000 + n, 1, (select min(id) from services), (select min(id) from resources), '2026-11-20T10:00Z',
                '2026-11-20T11:00Z', 60, 100, 'cancelled', '', '', 1000000 + n, '2026-01-01', '2026-01-01', 'system'
           from generate_series(1, 7) n",
    )
    .await?;
    Ok(())
}

/// By SQL of another kind: the business's clocks said by Postgres, each figure a question of its own.
async fn naive(shop: &Shop, range: Range) -> Result<BTreeMap<&'static str, i64>> {
    let within = "(b.starts_at at time zone 'Europe/Moscow')::date between $1 and $2 and b.id < 1000000";
    let first = "not exists (select 1 from bookings e where e.user_id = b.user_id and e.status = 'completed'
                    and (e.starts_at, e.id) < (b.starts_at, b.id))";
    let questions = [
        ("bookings", "count(*) filter (where b.status not in ('cancelled', 'moved', 'held'))".to_owned()),
        ("completed", "count(*) filter (where b.status = 'completed')".to_owned()),
        ("missed", "count(*) filter (where b.status = 'no_show')".to_owned()),
        ("ahead", "count(*) filter (where b.status in ('requested', 'confirmed', 'arrived'))".to_owned()),
        ("cancelled", "count(*) filter (where b.status = 'cancelled')".to_owned()),
        ("by staff", "count(*) filter (where b.status = 'cancelled' and b.cancelled_by_kind = 'staff')".to_owned()),
        (
            "revenue",
            "coalesce(sum(coalesce(b.paid_kopecks, b.price_kopecks)) filter (where b.status = 'completed'), 0)::bigint"
                .to_owned(),
        ),
        ("customers", "count(distinct b.user_id) filter (where b.status = 'completed')".to_owned()),
        ("new", format!("count(distinct b.user_id) filter (where b.status = 'completed' and {first})")),
        ("from vk", "count(*) filter (where b.source = 'vk' and b.status <> 'cancelled')".to_owned()),
        ("stars", "coalesce(sum((select rating from feedback f where f.booking_id = b.id)), 0)::bigint".to_owned()),
    ];
    let mut counted = BTreeMap::new();
    for (name, what) in questions {
        let sql = format!("select {what} from bookings b where {within}");
        let n: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .bind(range.first)
            .bind(range.last)
            .fetch_one(&shop.pool)
            .await
            .context(name)?;
        counted.insert(name, n);
    }
    Ok(counted)
}

#[tokio::test]
async fn figures_are_those_of_a_naive_count_of_the_rows() -> Result<()> {
    for seed in 0..3 {
        let shop = Shop::open().await?;
        some_visits(&shop.pool, seed, 400, 20).await?;
        for range in [
            Range::around(Unit::Day, date("2026-11-20")),
            Range::around(Unit::Week, date("2026-11-23")),
            Range::around(Unit::Month, date("2026-11-23")),
            Range::between(date("2026-11-05"), date("2026-12-10")).context("dates")?,
        ] {
            let report = shop.bookings.report(OLEG, range).await?;
            for (figures, of) in [(&report.now, range), (&report.before, range.before())] {
                let stars: u32 = figures.stars.iter().zip(1..).map(|(n, stars)| n * stars).sum();
                let told: BTreeMap<&'static str, i64> = BTreeMap::from([
                    ("bookings", i64::from(figures.bookings)),
                    ("completed", i64::from(figures.completed)),
                    ("missed", i64::from(figures.missed)),
                    ("ahead", i64::from(figures.ahead)),
                    ("cancelled", i64::from(figures.cancelled_in_all())),
                    ("by staff", i64::from(figures.cancelled[1])),
                    ("revenue", figures.revenue),
                    ("customers", i64::from(figures.customers)),
                    ("new", i64::from(figures.new)),
                    ("from vk", figures.sources.get("vk").map_or(0, |vk| i64::from(vk.bookings))),
                    ("stars", i64::from(stars)),
                ]);
                assert_eq!(told, naive(&shop, of).await?, "{of:?} of seed {seed}");
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_month_of_ten_thousand_bookings_is_counted_quickly() -> Result<()> {
    let shop = Shop::open().await?;
    some_visits(&shop.pool, 7, 20_000, 30).await?;
    shop.run("analyze").await.ok();
    let began = Instant::now();
    let report = shop.bookings.report(OLEG, Range::around(Unit::Month, date("2026-11-23"))).await?;
    let took = began.elapsed();
    assert!(report.now.bookings + report.now.cancelled_in_all() > 8_000, "{}", report.now.bookings);
    // Unoptimised, on a busy machine; the bench says what it really takes.
    assert!(took.as_secs() < 8, "{took:?}");
    eprintln!("{} bookings of two months in {took:?}", report.now.bookings + report.before.bookings);
    Ok(())
}

#[tokio::test]
async fn people_are_counted_once_a_day_by_the_link_that_they_came_by() -> Result<()> {
    let shop = Shop::open().await?;
    let person =
        |id| Profile {
            id: UserId(id), first_name: "Кто", last_name: None, username: None, lang: Default::default()
        };
    shop.bookings.greet_from(&person(1), Some("vk")).await?;
    shop.bookings.greet_from(&person(1), Some("vk")).await?;
    shop.bookings.greet_from(&person(2), None).await?;
    shop.bookings.began(UserId(1), Some("vk")).await?;
    shop.bookings.began(UserId(1), Some("vk")).await?;
    // Whoever runs the business is no customer of it.
    shop.bookings.greet_from(&person(OWNER), None).await?;
    shop.bookings.began(OLEG, None).await?;
    // Half past midnight by the business's clocks, still Monday by Greenwich's.
    shop.clock.set(at("2026-11-23T21:30:00Z"));
    shop.bookings.greet_from(&person(1), None).await?;
    let rows: Vec<(NaiveDate, String, String, i32)> =
        sqlx::query_as("select day, what, source, n from analytics order by day, what, source")
            .fetch_all(&shop.pool)
            .await?;
    let row = |day, what: &str, source: &str, n| (date(day), what.to_owned(), source.to_owned(), n);
    assert_eq!(
        rows,
        [
            row("2026-11-23", "began", "vk", 2),
            row("2026-11-23", "new", "", 1),
            row("2026-11-23", "new", "vk", 1),
            row("2026-11-23", "opened", "", 1),
            row("2026-11-23", "opened", "vk", 1),
            row("2026-11-24", "opened", "", 1),
        ]
    );
    let week = shop.bookings.report(OLEG, Range::around(Unit::Week, date("2026-11-23"))).await?;
    let opens = week.now.opens();
    assert_eq!((opens.opened, opens.new, opens.began), (3, 2, 2));
    Ok(())
}

#[tokio::test]
async fn a_time_that_was_only_kept_is_no_cancellation_whoever_it_was_kept_for() -> Result<()> {
    let shop = Shop::open().await?;
    let anna = shop.customer(70).await?;
    let starts_at = at("2026-11-24T09:00:00Z");
    let wish = shop.wish("Мужская стрижка", shop.master("Артём").await?, starts_at).await?;
    shop.bookings.hold(anna, &wish.wanted, starts_at, 1).await?;
    shop.bookings.let_go(anna).await?;
    let made = shop.bookings.book(anna, &wish, 2).await?;
    shop.bookings.cancel(anna, made.booking.id).await?;
    let day = shop.bookings.report(OLEG, Range::around(Unit::Day, date("2026-11-24"))).await?;
    assert_eq!(day.now.cancelled_in_all(), 1);
    Ok(())
}

#[tokio::test]
async fn figures_are_seen_by_owners_managers_and_viewers_only() -> Result<()> {
    let shop = Shop::open().await?;
    let chair: i64 = sqlx::query_scalar("select min(id) from resources").fetch_one(&shop.pool).await?;
    for (id, role) in [(2, Role::Manager), (3, Role::Viewer), (4, Role::Staff)] {
        let (word, whose) = (role.word(), if role == Role::Staff { chair.to_string() } else { "null".to_owned() });
        shop.run(&format!(
            "insert into admins (user_id, role, resource_id, added_at) values ({id}, '{word}', {whose}, '2026-01-01')"
        ))
        .await?;
    }
    let range = Range::around(Unit::Week, date("2026-11-23"));
    for (id, may) in [(OWNER, true), (2, true), (3, true), (4, false), (99, false)] {
        let seen = shop.bookings.report(UserId(id), range).await;
        let refused = matches!(seen, Err(BookError::Refused(Refusal::NotAdmin)));
        assert_eq!((seen.is_ok(), refused), (may, !may), "{id}");
        assert_eq!(shop.bookings.report_with_visits(UserId(id), range).await.is_ok(), may, "{id}");
    }
    Ok(())
}

/// The newest file that somebody was sent, and its name.
async fn file(who: &Someone) -> Result<(String, Vec<u8>)> {
    let chat = who.sim.chat(who.person.id, &who.bot).await?;
    let document = chat.messages.iter().rev().find_map(|m| m.document.clone()).context("a file")?;
    Ok((document.file_name, who.sim.file(&document.file_id).await?))
}

/// Waits for what comes below the console.
async fn sends(who: &Someone, button: &str, caption: &str) -> Result<()> {
    let press = who.tap(button).await?;
    who.sim.wait_confirmed(&press).await?;
    let shown = who.screen().await?;
    assert!(shown.text.contains(caption), "{}", shown.text);
    Ok(())
}

async fn the_owner_looks_at_the_figures(code: &str) -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let tongue = Tongue::of(code)?;
    let t = |key: &str| tongue.say(key);
    let anna = play.stage.someone("Анна").await?;
    play.books(&anna, "12:00").await?;
    let owner = if code == "ru" { play.stage.someone("Ольга").await? } else { play.stage.english("Olga").await? };
    sqlx::query("insert into admins (user_id, role, name, added_at) values ($1, 'owner', 'Olga', $2)")
        .bind(owner.person.id)
        .bind(play.clock.now())
        .execute(&play.pool)
        .await?;
    play.clock.set(at("2026-11-25T15:00:00Z"));
    play.run("update bookings set status = 'completed', paid_kopecks = 200000 where status = 'confirmed'").await?;
    play.run("insert into feedback (booking_id, user_id, rating, comment, created_at) select id, user_id, 5, 'Спасибо <3', ends_at from bookings where status = 'completed'").await?;
    owner.start("Барбершоп «Борода»").await?;
    owner.press(&t("menu.admin"), "·").await?;
    let began = enters(&owner, &t("home.figures"), &t("figures.goes_on")).await?;
    let figures = owner.screen().await?;
    assert!(figures.text.contains("2\u{a0}000\u{a0}₽") && figures.text.contains("Мужская стрижка"), "{}", figures.text);
    owner.press(&t("figures.unit.day"), "25").await?;
    owner.press(&t("button.earlier"), "24").await?;
    owner.press(&t("button.later"), "25").await?;
    owner.press(&t("figures.unit.month"), "2026").await?;
    let reviews = owner.press(&t("figures.reviews"), &t("figures.reviews_head")).await?;
    assert!(reviews.text.contains("⭐⭐⭐⭐⭐") && reviews.text.contains("Мужская стрижка"), "{}", reviews.text);
    owner.press(&t("button.back"), "2026").await?;
    owner.press(&t("figures.advice"), &t("advice.too_few")).await?;
    owner.press(&t("button.back"), "2026").await?;
    owner.press(&t("figures.dates"), &t("figures.which_dates")).await?;
    types(&owner, "??", &t("typed.dates")).await?;
    types(&owner, "01.01.2024 - 01.06.2026", &t("figures.too_long")).await?;
    types(&owner, "01.11 - 25.11", "25.11").await?;
    sends(&owner, &t("figures.picture"), "📊").await?;
    sends(&owner, &t("figures.heat"), "🔥").await?;
    sends(&owner, &t("figures.workbook"), "📗").await?;
    let (name, bytes) = file(&owner).await?;
    assert_eq!(name, "figures-2026-11-01-2026-11-25.xlsx");
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(bytes))?;
    let sheets = book.sheet_names();
    let visits = book.worksheet_range(&sheets[7])?;
    let row = visits.rows().nth(1).context("a visit")?;
    assert_eq!(row[8], Data::Float(2000.0), "what was taken");
    assert!(visits.rows().flatten().all(|cell| !cell.to_string().contains("Анна")), "nobody is named");
    sends(&owner, &t("figures.table"), "📄").await?;
    let (name, bytes) = file(&owner).await?;
    assert_eq!(name, "visits-2026-11-01-2026-11-25.csv");
    let table = String::from_utf8(bytes)?;
    assert!(table.starts_with('\u{feff}') && table.contains(";2026-11-24;") | table.contains(";12:00;60;"), "{table}");
    assert!(!table.contains("Анна") && !table.contains("+7916"), "nobody is named: {table}");
    Album::of(&owner, began).await?.assert_snapshot_in(FOLDER, &format!("figures_{code}"));
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_owner_looks_at_the_figures_in_russian() -> Result<()> {
    the_owner_looks_at_the_figures("ru").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_owner_looks_at_the_figures_in_english() -> Result<()> {
    the_owner_looks_at_the_figures("en").await
}

#[test]
fn a_year_back_is_as_far_as_one_looks_at_once() {
    let day = date("2026-11-23");
    assert!(Range::between(day - Days::new(365), day).is_some());
    assert!(Range::between(day - Days::new(366), day).is_none());
}

/// What the program itself has taken of memory, in kB; pages of its file are not its own.
fn taken(process: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).context("RssAnon")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// A container has 64 MB. Ten thousand visits a month are more than a small business has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_files_and_an_export_of_twenty_thousand_visits_fit_into_a_small_container() -> Result<()> {
    let stage = Stage::set("barbershop", monday()).await?;
    let since = stage.sim.now().await?;
    let mut child = process::program(&stage).spawn()?;
    let id = child.id().context("it runs")?;
    stage.sim.wait_polling("boroda_bot", since).await?;
    let pool = stage.tenant.admin_pool().await?;
    some_visits(&pool, 1, 20_000, 30).await?;
    let owner = &stage.owner;
    owner.start("Здравствуйте").await?;
    let idle = taken(id)?;
    let most = Arc::new(AtomicU64::new(0));
    let watch = tokio::spawn({
        let most = most.clone();
        async move {
            while let Ok(now) = taken(id) {
                most.fetch_max(now, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    });
    let screen = owner.screen().await?.id;
    let mut told = vec![format!("idle {idle} kB")];
    for data in [
        "a:fig:s:month:20261101",
        "a:fig:p:month:20261101",
        "a:fig:h:month:20261101",
        "a:fig:x:month:20261101",
        "a:fig:c:month:20261101",
        "a:fig:all:yes",
    ] {
        most.store(0, Ordering::Relaxed);
        let press = stage.sim.forge_press(owner.person.id, "boroda_bot", screen, data).await?;
        stage.sim.wait_confirmed(&press).await?;
        if data.ends_with("yes") {
            owner.reads("📦 Все данные, часть").await?;
        }
        told.push(format!("{data} {} kB", most.load(Ordering::Relaxed)));
        assert!(most.load(Ordering::Relaxed) < 60_000, "{told:?}");
    }
    eprintln!("{told:?}, and then {} kB", taken(id)?);
    child.kill().await?;
    watch.await?;
    Ok(())
}
