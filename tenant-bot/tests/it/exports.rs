//! The business's data, taken away: all of it, by its owner only.

use std::{
    collections::BTreeMap,
    io::{Cursor, Read},
};

use anyhow::{Context, Result};
use base64::{Engine, prelude::BASE64_STANDARD};
use play::album::Album;
use serde_json::Value;
use tenant_bot::{
    booking::{AuditFilter, BookError, Refusal, UserId},
    store::export::TABLES,
};

use crate::{
    albums::{FOLDER, Tongue, enters},
    running::Play,
    shop::{OWNER, Shop, at, monday},
};

const OLEG: UserId = UserId(OWNER);

/// What is not given away, and why: see `store::export::TABLES`.
const LEFT_OUT: [&str; 11] = [
    "_sqlx_migrations",
    "admin_sessions",
    "capped_days",
    "freed_times",
    "invites",
    "occupancy",
    "outbox",
    "reminders",
    "seats",
    "service_stage",
    "work_cards",
];

fn unzipped(bytes: Vec<u8>) -> Result<BTreeMap<String, String>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes))?;
    let mut files = BTreeMap::new();
    for n in 0..archive.len() {
        let mut file = archive.by_index(n)?;
        let name = file.name()?.into_owned();
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        files.insert(name, text);
    }
    Ok(files)
}

/// All files of all parts that were written for one update.
async fn exported(shop: &Shop, update_id: i64) -> Result<Vec<BTreeMap<String, String>>> {
    let parts: Vec<String> = sqlx::query_scalar(
        "select body #>> '{document,content}' from outbox where key like 'export:%:' || $1 || ':%' order by id",
    )
    .bind(update_id)
    .fetch_all(&shop.pool)
    .await?;
    parts.into_iter().map(|part| unzipped(BASE64_STANDARD.decode(part)?)).collect()
}

/// The rows of a table in all of its JSON files, and in all of its CSV files.
fn rows(parts: &[BTreeMap<String, String>], table: &str) -> Result<(Vec<Value>, usize)> {
    let (mut json, mut csv) = (Vec::new(), 0);
    for (name, text) in parts.iter().flatten() {
        let Some(rest) = name.strip_prefix(table).filter(|rest| rest.starts_with('.')) else { continue };
        if rest.ends_with(".json") {
            json.extend(serde_json::from_str::<Vec<Value>>(text).with_context(|| name.clone())?);
        } else {
            let text = text.strip_prefix('\u{feff}').context("a mark")?;
            let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(text.as_bytes());
            csv += reader.records().collect::<Result<Vec<_>, _>>().with_context(|| name.clone())?.len();
        }
    }
    Ok((json, csv))
}

/// A business in which every table has a row, if not more.
async fn lived_in(shop: &Shop) -> Result<()> {
    let anna = shop.customer(50).await?;
    for hour in [9, 11] {
        let pick = shop.master("Артём").await?;
        let wish = shop.wish("Мужская стрижка", pick, at(&format!("2026-11-24T{hour:02}:00:00Z"))).await?;
        shop.book(anna, &wish, hour).await.unwrap();
    }
    shop.bookings
        .greet(&tenant_bot::booking::Profile {
            id: UserId(51),
            first_name: "=1+1",
            last_name: None,
            username: None,
            lang: Default::default(),
        })
        .await?;
    for sql in [
        "insert into text_templates values ('menu.again', 'ru', 'Привет', 1, '2026-11-23')",
        "insert into combinations (resource_ids) values ('{1,2}')",
        "insert into schedule_exceptions (first_day, last_day) values ('2027-01-01', '2027-01-08')",
        "insert into blocked_slots (starts_at, ends_at, zone, created_by, created_at)
         values ('2026-12-01', '2026-12-02', 'Europe/Moscow', 1, '2026-11-23')",
        "insert into sessions (service_id, resource_id, starts_at, ends_at, capacity)
         select s.id, r.id, '2026-12-01', '2026-12-02', 5 from services s, resources r limit 1",
        "insert into feedback (booking_id, user_id, rating, created_at) select id, user_id, 5, starts_at from bookings limit 1",
        "insert into waitlist (user_id, visit, wanted, turn_at, created_at, update_id)
         values (50, '[]', '[2026-12-01,2026-12-02)', '2026-11-23', '2026-11-23', 1)",
        "insert into work_chats values (-100, 'Чат', 1, '2026-11-23')",
        "insert into broadcasts (made_by, from_chat_id, message_ids, audience, created_at)
         values (1, 1, '{1}', '{}', '2026-11-23')",
        "insert into broadcast_letters (broadcast_id, chat_id) select id, 50 from broadcasts",
        "insert into audit_log (at, actor_id, actor_name, action, subject)
         values ('2026-11-23', 1, '@Олег', 'service.changed', '-Стрижка')",
    ] {
        shop.run(sql).await.with_context(|| sql.to_owned())?;
    }
    Ok(())
}

#[tokio::test]
async fn an_export_holds_every_row_of_every_table_as_json_and_as_csv() -> Result<()> {
    let shop = Shop::open().await?;
    lived_in(&shop).await?;
    let parts = shop.bookings.export_all(OLEG, 1, &|part| format!("часть {part}")).await?;
    assert_eq!(parts, 1);
    let parts = exported(&shop, 1).await?;
    let about: Value = serde_json::from_str(&parts[0]["about.json"])?;
    for table in TABLES {
        // That it was taken is noted after it was.
        let there = format!(
            "select count(*) from {} {}",
            table.name,
            if table.name == "audit_log" { "where action <> 'export.taken'" } else { "" }
        );
        let there: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(there)).fetch_one(&shop.pool).await?;
        let (json, csv) = rows(&parts, table.name)?;
        assert!(there > 0, "{} is empty: the test says nothing of it", table.name);
        assert_eq!((json.len() as i64, csv as i64), (there, there), "{}", table.name);
        assert_eq!(about["rows"][table.name], there, "{}", table.name);
        assert!(json.iter().all(Value::is_object), "{}", table.name);
    }
    let (users, _) = rows(&parts, "users")?;
    assert!(users.iter().any(|user| user["first_name"] == "=1+1"), "JSON has the words as they are");
    assert!(parts[0]["users.csv"].contains(";'=1+1;"), "and a spreadsheet does not compute them");
    assert!(parts[0]["audit_log.csv"].contains(";'@Олег;") && parts[0]["audit_log.csv"].contains(";'-Стрижка;"));
    let (bookings, _) = rows(&parts, "bookings")?;
    assert_eq!(bookings[0]["phone"], "+79161234567");
    Ok(())
}

#[tokio::test]
async fn every_table_is_given_away_or_left_out_on_purpose() -> Result<()> {
    let shop = Shop::open().await?;
    let tables: Vec<String> =
        sqlx::query_scalar("select tablename::text from pg_tables where schemaname = current_schema() order by 1")
            .fetch_all(&shop.tenant.admin_pool().await?)
            .await?;
    let unknown: Vec<&String> = tables
        .iter()
        .filter(|name| !LEFT_OUT.contains(&name.as_str()) && TABLES.iter().all(|table| table.name != name.as_str()))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    Ok(())
}

#[tokio::test]
async fn much_of_it_comes_in_parts_and_nothing_is_lost_between_them() -> Result<()> {
    let shop = Shop::open().await?;
    shop.run(
        "insert into users (user_id, first_name, language, created_at, seen_at, note)
         select n, 'Кто-то', 'ru', '2026-01-01', '2026-01-01', repeat('я', 700) from generate_series(1000, 10999) n",
    )
    .await?;
    let sent = shop.bookings.export_all(OLEG, 1, &|part| part.to_string()).await?;
    let parts = exported(&shop, 1).await?;
    assert!(sent >= 2, "{sent}");
    assert_eq!(parts.len(), usize::from(sent));
    let (users, in_csv) = rows(&parts, "users")?;
    let mut ids: Vec<i64> = users.iter().filter_map(|user| user["user_id"].as_i64()).filter(|id| *id >= 1000).collect();
    ids.dedup();
    assert_eq!(ids.len(), 10_000 + usize::from(OWNER >= 11_000 && users.len() > 10_000));
    assert_eq!(in_csv, users.len());
    Ok(())
}

#[tokio::test]
async fn an_export_is_its_owners_alone_and_is_made_once_for_one_press() -> Result<()> {
    let shop = Shop::open().await?;
    for (id, role) in [(2, "manager"), (3, "viewer")] {
        shop.run(&format!("insert into admins (user_id, role, added_at) values ({id}, '{role}', '2026-01-01')"))
            .await?;
    }
    for id in [2, 3, 99] {
        let refused = shop.bookings.export_all(UserId(id), 5, &|part| part.to_string()).await;
        assert!(matches!(refused, Err(BookError::Refused(Refusal::NotAdmin))), "{id}");
        let refused = shop.bookings.audit_file(UserId(id), &AuditFilter::default()).await;
        assert!(matches!(refused, Err(BookError::Refused(Refusal::NotAdmin))), "{id}");
    }
    assert_eq!(shop.count("outbox").await?, 0);
    assert_eq!(shop.bookings.export_all(OLEG, 7, &|part| part.to_string()).await?, 1);
    assert_eq!(shop.bookings.export_all(OLEG, 7, &|part| part.to_string()).await?, 0, "the update told twice");
    assert_eq!(shop.count("outbox").await?, 1);
    let noted: i64 = sqlx::query_scalar("select count(*) from audit_log where action = 'export.taken'")
        .fetch_one(&shop.pool)
        .await?;
    assert_eq!(noted, 1);
    Ok(())
}

#[tokio::test]
async fn the_log_is_taken_away_as_a_table_whole_or_in_part() -> Result<()> {
    let shop = Shop::open().await?;
    shop.run(
        "insert into audit_log (at, actor_id, actor_name, action, subject, detail)
         select '2026-11-23T07:00Z', n % 2 + 1, '=Имя', case when n % 3 = 0 then 'team.changed' else 'service.changed' end,
                'Услуга; «с кавычками» \"и\" точкой с запятой', '{\"field\": \"price\"}' from generate_series(1, 1200) n",
    )
    .await?;
    let read = |bytes: Vec<u8>| -> Result<Vec<csv::StringRecord>> {
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").context("a mark")?.to_vec();
        let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(text.as_slice());
        Ok(reader.records().collect::<Result<_, _>>()?)
    };
    let team = AuditFilter { area: Some("team".into()), by: None };
    let rows = read(shop.bookings.audit_file(OLEG, &team).await?.content)?;
    assert_eq!(rows.len(), 400);
    let all = read(shop.bookings.audit_file(OLEG, &AuditFilter::default()).await?.content)?;
    assert_eq!(all.len(), 1201, "and that it was taken before");
    let mut numbers: Vec<&str> = all.iter().map(|row| &row[0]).collect();
    numbers.dedup();
    assert_eq!(numbers.len(), 1201);
    let row = all.last().context("a row")?;
    assert_eq!(&row[1], "2026-11-23 10:00:00", "by the business's clocks");
    assert_eq!((&row[2], &row[6]), ("'=Имя", r#"{"field":"price"}"#));
    Ok(())
}

async fn the_owner_takes_the_data(code: &str) -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let tongue = Tongue::of(code)?;
    let t = |key: &str| tongue.say(key);
    let owner = if code == "ru" { play.stage.someone("Ольга").await? } else { play.stage.english("Olga").await? };
    sqlx::query("insert into admins (user_id, role, name, added_at) values ($1, 'owner', 'Olga', $2)")
        .bind(owner.person.id)
        .bind(play.clock.now())
        .execute(&play.pool)
        .await?;
    owner.start("Барбершоп «Борода»").await?;
    owner.press(&t("menu.admin"), "·").await?;
    let began = enters(&owner, &t("home.export"), &t("figures.export.ask")).await? - 1;
    // What comes after it comes in no certain order.
    Album::of(&owner, began).await?.assert_snapshot_in(FOLDER, &format!("export_{code}"));
    owner.press(&t("figures.export.yes"), &t("figures.export.done")).await?;
    owner.reads(&t("figures.export.caption")).await?;
    let chat = owner.sim.chat(owner.person.id, &owner.bot).await?;
    let document = chat.messages.iter().rev().find_map(|m| m.document.clone()).context("a file")?;
    assert_eq!(document.file_name, "slotyard-2026-11-23-1.zip");
    let files = unzipped(owner.sim.file(&document.file_id).await?)?;
    assert!(files.contains_key("services.json") && files.contains_key("services.csv"), "{:?}", files.keys());
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_owner_takes_the_data_in_russian() -> Result<()> {
    the_owner_takes_the_data("ru").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_owner_takes_the_data_in_english() -> Result<()> {
    the_owner_takes_the_data("en").await
}
