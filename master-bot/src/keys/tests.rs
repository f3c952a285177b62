//! Keys that are known again, changed under other writers' hands, and lost.

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use futures::future::try_join_all;
use play::database::FreshDatabase;
use secrecy::ExposeSecret;
use shared::seal::key_of;

use super::*;
use crate::{
    registry::{
        BotId,
        bots::{self, Bot},
        clients::Client,
    },
    testing::{self, Registry},
};

const FIRST: &str = "the first key, long enough to be one";
const SECOND: &str = "the second key, long enough to be one";

fn secret(text: &str) -> SecretString {
    SecretString::from(text.to_owned())
}

fn given(current: &str, old: Option<&str>) -> MasterKeys {
    MasterKeys { current: secret(current), old: old.map(secret) }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn clock() -> Clock {
    Clock::fixed(now())
}

async fn start(registry: &Registry, current: &str, old: Option<&str>) -> Result<Sealer> {
    sealer(&registry.pool, &given(current, old), &clock()).await
}

/// Bots with these ids whose tokens are `<id>:token`.
async fn keep(registry: &Registry, client: &Client, sealer: &Sealer, ids: impl Iterator<Item = i64>) -> Result<()> {
    for id in ids {
        let token = sealer.seal(&bots::seal_row(BotId(id)), &secret(&format!("{id}:token")))?;
        let bot = Bot {
            bot_id: BotId(id),
            client_id: client.id,
            username: format!("b{id}_bot"),
            managed: false,
            token_sealed: Some(token),
        };
        bots::keep(&registry.pool, &bot, now()).await?;
    }
    Ok(())
}

async fn blob(registry: &Registry, id: i64) -> Result<Vec<u8>> {
    let bot = bots::find(&registry.pool, BotId(id)).await?.context("no such bot")?;
    bot.token_sealed.context("no token")
}

async fn key_ids(registry: &Registry) -> Result<Vec<i16>> {
    Ok(sealing_keys::all(&registry.pool).await?.iter().map(|row| row.key_id).collect())
}

#[tokio::test]
async fn every_sealed_column_of_the_tables_is_in_the_list() -> Result<()> {
    let registry = Registry::without_keys().await?;
    let mut found: Vec<(String, String)> = sqlx::query_as(
        "select table_name::text, column_name::text from information_schema.columns
          where table_schema = 'public' and data_type = 'bytea' and column_name like '%\\_sealed'",
    )
    .fetch_all(&registry.pool)
    .await?;
    found.sort();
    let mut listed: Vec<_> = COLUMNS.iter().map(|c| (c.table.to_owned(), c.column.to_owned())).collect();
    listed.sort();
    assert_eq!(found, listed);
    // And Postgres itself keeps the key of each from being forgotten.
    for column in COLUMNS {
        let kept: bool = sqlx::query_scalar(
            "select exists (select 1 from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and c.conkey = array[a.attnum]
              where c.contype = 'f' and c.conrelid = $1::regclass and c.confrelid = 'sealing_keys'::regclass
                and a.attname = $2 and a.attgenerated = 's')",
        )
        .bind(column.table)
        .bind(column.key)
        .fetch_one(&registry.pool)
        .await?;
        assert!(kept, "{column}");
    }
    let rows =
        [sealed::TOKEN.row(4242), sealed::PG_PASSWORD.row("client_001"), sealed::REDIS_PASSWORD.row("client_001")];
    assert_eq!(rows, ["bots/4242/token", "tenants/client_001/pg", "tenants/client_001/redis"]);
    Ok(())
}

#[tokio::test]
async fn masters_that_start_at_once_agree_on_the_first_key_and_on_the_next() -> Result<()> {
    let registry = Registry::without_keys().await?;
    for (current, old, expected) in [(FIRST, None, 1), (SECOND, Some(FIRST), 2)] {
        let sealers = try_join_all((0..4).map(|_| start(&registry, current, old))).await?;
        let blobs: Vec<_> = sealers.iter().map(|s| s.seal("row", &secret("word"))).collect::<Result<_, _>>()?;
        for sealer in &sealers {
            assert_eq!((sealer.key_id(), sealer.holds(1)), (expected, true));
            for blob in &blobs {
                assert_eq!(sealer.open("row", blob)?.expose_secret(), "word");
            }
        }
    }
    assert_eq!(key_ids(&registry).await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_key_that_nobody_knows_is_refused_and_leaves_nothing_behind() -> Result<()> {
    let registry = Registry::without_keys().await?;
    let first = start(&registry, FIRST, None).await?;
    let client = testing::client(&registry.pool, 42, now()).await?;
    keep(&registry, &client, &first, 1..4).await?;
    for (old, words) in
        [(None, "MASTER_KEY is not the key"), (Some("neither is this one"), "neither is MASTER_KEY_OLD")]
    {
        let told = start(&registry, "no key of this registry", old).await.unwrap_err().to_string();
        for word in
            [words, "3 secrets", "Bookings, clients and payments are not sealed", "MASTER_KEY_OLD", "keys replace-lost"]
        {
            assert!(told.contains(word), "{word} in {told}");
        }
        assert!(!told.contains("no key of this registry") && !told.contains("neither is this one"), "{told}");
    }
    assert_eq!(key_ids(&registry).await?, [1]);
    start(&registry, FIRST, None).await?;
    Ok(())
}

#[tokio::test]
async fn a_change_of_keys_seals_everything_anew_and_then_needs_the_former_one_no_more() -> Result<()> {
    let registry = Registry::without_keys().await?;
    let client = testing::client(&registry.pool, 42, now()).await?;
    keep(&registry, &client, &start(&registry, FIRST, None).await?, 1..251).await?;

    let both = start(&registry, SECOND, Some(FIRST)).await?;
    assert_eq!(both.open("bots/7/token", &blob(&registry, 7).await?)?.expose_secret(), "7:token");
    let told = start(&registry, SECOND, None).await.unwrap_err().to_string();
    assert!(
        told.contains("250 secrets") && told.contains("set MASTER_KEY_OLD") && told.contains("keys rotate"),
        "{told}"
    );

    let mut steps = 0;
    let rotated = rotate::rotate(&registry.pool, &both, |_| steps += 1).await?;
    assert_eq!((rotated.done, rotated.damaged, rotated.forgotten), (250, Vec::new(), vec![1]));
    assert!(steps >= 3, "progress is told: {steps}");
    assert_eq!(key_ids(&registry).await?, [2]);
    let alone = start(&registry, SECOND, None).await?;
    for id in 1..251 {
        let row = bots::seal_row(BotId(id));
        assert_eq!(alone.open(&row, &blob(&registry, id).await?)?.expose_secret(), format!("{id}:token"));
    }
    let again = rotate::rotate(&registry.pool, &alone, |_| ()).await?;
    assert_eq!((again.done, again.forgotten), (0, Vec::new()));
    assert!(start(&registry, FIRST, None).await.is_err(), "the former key opens nothing any more");
    Ok(())
}

#[tokio::test]
async fn what_is_written_during_a_rotation_is_not_overwritten() -> Result<()> {
    let registry = Registry::without_keys().await?;
    let client = testing::client(&registry.pool, 42, now()).await?;
    let first = start(&registry, FIRST, None).await?;
    keep(&registry, &client, &first, 1..2).await?;
    let both = start(&registry, SECOND, Some(FIRST)).await?;

    let read = sealed::under_other_keys(&registry.pool, &sealed::TOKEN, 2, "", 10).await?;
    let [(id, old)] = &read[..] else { panic!("one row: {read:?}") };
    let newer = both.seal("bots/1/token", &secret("1:newer"))?;
    bots::replace_token(&registry.pool, BotId(1), &newer).await?;
    let late = both.seal("bots/1/token", &both.open("bots/1/token", old)?)?;
    assert!(!sealed::exchange(&registry.pool, &sealed::TOKEN, id, old, &late).await?);
    assert_eq!(both.open("bots/1/token", &blob(&registry, 1).await?)?.expose_secret(), "1:newer");
    Ok(())
}

#[tokio::test]
async fn a_damaged_secret_is_named_left_alone_and_keeps_its_key() -> Result<()> {
    let registry = Registry::without_keys().await?;
    let client = testing::client(&registry.pool, 42, now()).await?;
    keep(&registry, &client, &start(&registry, FIRST, None).await?, 1..6).await?;
    let mut damaged = blob(&registry, 3).await?;
    damaged.last_mut().map(|byte| *byte ^= 1).context("an empty blob")?;
    bots::replace_token(&registry.pool, BotId(3), &damaged).await?;

    let both = start(&registry, SECOND, Some(FIRST)).await?;
    let rotated = rotate::rotate(&registry.pool, &both, |_| ()).await?;
    assert_eq!((rotated.done, rotated.damaged, rotated.forgotten), (4, vec!["bots/3/token".to_owned()], Vec::new()));
    assert_eq!(blob(&registry, 3).await?, damaged);
    assert_eq!(key_ids(&registry).await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_master_that_has_slept_through_a_rotation_is_refused_its_write() -> Result<()> {
    let registry = Registry::without_keys().await?;
    let client = testing::client(&registry.pool, 42, now()).await?;
    let sleeper = start(&registry, FIRST, None).await?;
    keep(&registry, &client, &sleeper, 1..2).await?;
    let both = start(&registry, SECOND, Some(FIRST)).await?;
    rotate::rotate(&registry.pool, &both, |_| ()).await?;

    let blob = sleeper.seal("bots/1/token", &secret("1:lost"))?;
    assert_eq!(key_of(&blob), Some(1));
    let refused = bots::replace_token(&registry.pool, BotId(1), &blob).await.unwrap_err();
    assert!(refused.as_database_error().is_some_and(|e| e.is_foreign_key_violation()), "{refused}");
    let there = super::tests::blob(&registry, 1).await?;
    assert_eq!(both.open("bots/1/token", &there)?.expose_secret(), "1:token");
    Ok(())
}

#[tokio::test]
async fn a_registry_of_before_keeps_its_key() -> Result<()> {
    let database = FreshDatabase::create().await?;
    let pool = database.admin_pool().await?;
    sqlx::raw_sql(include_str!("../../../migrations/registry/0001_registry.sql")).execute(&pool).await?;
    let salt = *b"0123456789abcdef";
    let before = Sealer::new(1, &secret(FIRST), &salt)?;
    let proof = before.seal("settings/sealing_check", &secret("slotyard"))?;
    for (key, value) in [("sealing_salt", hex::encode(salt)), ("sealing_check", hex::encode(&proof))] {
        sqlx::query("insert into settings (key, value) values ($1, $2)").bind(key).bind(value).execute(&pool).await?;
    }
    sqlx::query("insert into clients (telegram_id, name, language, created_at) values (1, 'Вера', 'ru', $1)")
        .bind(now())
        .execute(&pool)
        .await?;
    sqlx::query("insert into bots (bot_id, client_id, username, managed, token_sealed, created_at) values (1, 1, 'b', true, $1, $2)")
        .bind(before.seal("bots/1/token", &secret("1:token"))?)
        .bind(now())
        .execute(&pool)
        .await?;
    sqlx::raw_sql(include_str!("../../../migrations/registry/0003_sealing_keys.sql")).execute(&pool).await?;

    let after = sealer(&pool, &given(FIRST, None), &clock()).await?;
    let bot = bots::find(&pool, BotId(1)).await?.and_then(|bot| bot.token_sealed).context("no token")?;
    assert_eq!(after.open("bots/1/token", &bot)?.expose_secret(), "1:token");
    assert!(sealer(&pool, &given(SECOND, None), &clock()).await.is_err());
    pool.close().await;
    Ok(())
}

#[test]
fn a_number_comes_again_only_after_all_others() {
    let row = |key_id: i16| SealingKey { key_id, salt: Vec::new(), proof: Vec::new(), created_at: now() };
    assert_eq!(next_id(&[]), Some(1));
    assert_eq!(next_id(&[row(1)]), Some(2));
    assert_eq!(next_id(&[row(7), row(6)]), Some(8));
    assert_eq!(next_id(&[row(255), row(254)]), Some(1));
    assert_eq!(next_id(&[row(255), row(1)]), Some(2));
    assert_eq!(next_id(&(1..=255).rev().map(row).collect::<Vec<_>>()), None);
}
