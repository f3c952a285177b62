//! The key that secrets are sealed with: changed while masters serve and while the change is killed, given wrong, lost.

use std::{collections::HashMap, process::Stdio, time::Duration};

use anyhow::{Context, Result, ensure};
use play::{
    database, docker, env,
    people::Someone,
    scenes, until,
    world::{MASTER_KEY, Master, World},
};
use sandbox::wire::{BotAccount, Fault, FaultKind};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use shared::seal::Sealer;
use sqlx::PgPool;
use tokio::process::{Child, Command};

use crate::cli::{comes_to, said, shown, typed};

const NEW_KEY: &str = "another horse, another battery, another staple";
/// Bots that serve nothing, so that a rotation takes its time.
const IDLE_BOTS: i64 = 1500;
const TOKENS: &str = "select 'bots/' || bot_id || '/token', token_sealed from bots where token_sealed is not null";
const PASSWORDS: &str = "select 'tenants/' || slug || '/pg', pg_password_sealed from tenants
                         union all select 'tenants/' || slug || '/redis', redis_password_sealed from tenants";

/// The sealer of one key, as a master would make it.
async fn sealer(pool: &PgPool, key_id: u8, key: &str) -> Result<Sealer> {
    let salt: Vec<u8> = sqlx::query_scalar("select salt from sealing_keys where key_id = $1")
        .bind(i16::from(key_id))
        .fetch_one(pool)
        .await?;
    let salt = salt.as_slice().try_into().context("a salt of another length")?;
    Ok(Sealer::new(key_id, &SecretString::from(key.to_owned()), salt)?)
}

/// Every secret of the registry, opened with this sealer alone: row and text.
async fn secrets(pool: &PgPool, sealer: &Sealer) -> Result<HashMap<String, String>> {
    let mut rows: Vec<(String, Vec<u8>)> = sqlx::query_as(TOKENS).fetch_all(pool).await?;
    rows.extend(sqlx::query_as::<_, (String, Vec<u8>)>(PASSWORDS).fetch_all(pool).await?);
    let open = |(row, blob): (String, Vec<u8>)| {
        let secret = sealer.open(&row, &blob).with_context(|| row.clone())?;
        Ok((row, secret.expose_secret().to_owned()))
    };
    rows.into_iter().map(open).collect()
}

/// How many secrets are not under this key.
async fn under_others(pool: &PgPool, key_id: i16) -> Result<i64> {
    let left = sqlx::query_scalar(
        "select (select count(*) from bots where token_key <> $1) + (select count(*) from tenants where pg_password_key <> $1)
              + (select count(*) from tenants where redis_password_key <> $1)",
    );
    Ok(left.bind(key_id).fetch_one(pool).await?)
}

/// `master-bot keys …` as a process that can be killed.
fn spawned(master: &Master, arguments: &[&str]) -> Result<Child> {
    let mut command = Command::new(env::bin_dir()?.join("master-bot"));
    command.envs(master.settings()).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    Ok(command.spawn()?)
}

/// A start of the master that must not succeed, and what it said.
async fn refused_start(world: &World, changes: &[(&str, &str)]) -> Result<String> {
    let folder = world.master.output_file().with_file_name(format!("refused-{}", database::random_name()));
    std::fs::create_dir_all(&folder)?;
    let mut settings = world.master.settings().clone();
    settings.remove("MASTER_KEY_OLD");
    settings.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let mut master = Master::new(settings, folder);
    ensure!(master.start().await.is_err(), "a master started with {changes:?}");
    let told = master.output();
    for (_, secret) in changes {
        ensure!(!told.contains(secret), "the key is told: {told}");
    }
    Ok(told)
}

/// The keys that the registry knows, as `keys status --json` tells them: number and secrets.
async fn status(world: &World) -> Result<Vec<(i64, i64)>> {
    let keys: Vec<Value> = serde_json::from_str(&world.master.cli(&["keys", "status", "--json"]).await?)?;
    keys.iter()
        .map(|key| Ok((key["key_id"].as_i64().context("key_id")?, key["secrets"].as_i64().context("secrets")?)))
        .collect()
}

/// The container's id and its environment.
async fn container(world: &World, slug: &str) -> Result<(String, HashMap<String, String>)> {
    let found = docker::inspect(&world.docker, slug).await?.context("there is no container")?;
    let lines = found.config.and_then(|config| config.env).unwrap_or_default();
    let pairs = lines.iter().filter_map(|line| line.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned()));
    Ok((found.id.context("no id")?, pairs.collect()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_killed_at_random_rows_is_finished_by_the_next_one_while_masters_serve() -> Result<()> {
    let mut world = World::start().await?;
    let first = scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?;
    let slug = world.tenant_of(&first.bot.username).await?;
    comes_to(&world, &slug, "running").await?;
    let before = container(&world, &slug).await?;
    let pool = world.registry().await?;
    let old = sealer(&pool, 1, MASTER_KEY).await?;
    for id in 1..=IDLE_BOTS {
        let token = old.seal(&format!("bots/{id}/token"), &SecretString::from(format!("{id}:idle")))?;
        sqlx::query(
            "insert into bots (bot_id, client_id, username, managed, token_sealed, created_at)
             select $1, min(id), 'idle', false, $2, '2026-01-01' from clients",
        )
        .bind(id)
        .bind(token)
        .execute(&pool)
        .await?;
    }
    let secrets_before = secrets(&pool, &old).await?;

    // Two masters go on with both keys.
    world.master.stop().await?;
    world.master.set("MASTER_KEY", NEW_KEY);
    world.master.set("MASTER_KEY_OLD", MASTER_KEY);
    world.start_master().await?;
    let folder = world.master.output_file().with_file_name("second");
    std::fs::create_dir_all(&folder)?;
    let mut second = Master::new(world.master.settings().clone(), folder);
    second.start().await?;
    let told = refused_start(&world, &[("MASTER_KEY", NEW_KEY)]).await?;
    assert!(
        told.contains("1503 secrets") && told.contains("set MASTER_KEY_OLD") && told.contains("keys rotate"),
        "{told}"
    );

    let mut kills = 0;
    let mut second_sale = None;
    loop {
        let left = under_others(&pool, 2).await?;
        let mut rotation = spawned(&world.master, &["keys", "rotate"])?;
        // Somewhere in the next part of what is left.
        let goal = left - rand::random_range(1..=(IDLE_BOTS / 5));
        let ended = until(Duration::from_secs(60), "the rotation goes on", async || {
            if let Some(ended) = rotation.try_wait()? {
                return Ok(Some(Some(ended)));
            }
            Ok((under_others(&pool, 2).await? <= goal && goal > 0).then_some(None))
        })
        .await?;
        if let Some(ended) = ended {
            ensure!(ended.success(), "the rotation failed: {ended}");
            break;
        }
        rotation.kill().await?;
        kills += 1;
        if second_sale.is_none() {
            // Half of it is under one key, half under the other, and somebody buys.
            assert!(under_others(&pool, 2).await? > 0, "it was cut off in the middle");
            second_sale = Some(scenes::sell(&world.someone("Вера").await?, "Салон").await?);
        }
    }
    assert!(kills >= 3, "it was killed {kills} times only");
    assert_eq!(under_others(&pool, 2).await?, 0);

    // Every secret is what it was, under the new key alone.
    let new = sealer(&pool, 2, NEW_KEY).await?;
    let secrets_after = secrets(&pool, &new).await?;
    assert_eq!(secrets_after.len(), secrets_before.len() + 3, "those of the second sale besides");
    for (row, secret) in &secrets_before {
        assert!(secrets_after.get(row) == Some(secret), "{row} is another secret now");
    }
    assert_eq!(status(&world).await?, [(2, IDLE_BOTS + 6)]);
    let told = world.master.cli(&["keys", "status"]).await?;
    assert!(told.contains("key 2") && told.contains("the newest") && told.contains("bots.token_sealed"), "{told}");
    let again = world.master.cli(&["keys", "rotate"]).await?;
    assert!(again.contains("0 secrets sealed anew") && again.contains("MASTER_KEY_OLD can go"), "{again}");

    // Nobody's bot has noticed, and the new key alone keeps them.
    assert_eq!(container(&world, &slug).await?.0, before.0, "the container was not made anew");
    second.stop().await?;
    world.master.stop().await?;
    world.master.set("MASTER_KEY_OLD", "");
    world.start_master().await?;
    let second_sale = second_sale.context("nobody has bought meanwhile")?;
    for sale in [&first, &second_sale] {
        let slug = world.tenant_of(&sale.bot.username).await?;
        world.master.cli(&["tenants", "restart", &slug]).await?;
        comes_to(&world, &slug, "running").await?;
        world.someone("Борис").await?.with(&sale.bot.username).start("Здесь можно записаться").await?;
    }
    let told = refused_start(&world, &[("MASTER_KEY", MASTER_KEY)]).await?;
    assert!(told.contains("MASTER_KEY is not the key") && told.contains("keys replace-lost"), "{told}");
    pool.close().await;
    world.close().await
}

/// A sale of a bot whose token its owner pastes.
async fn sell_by_token(world: &World, buyer: &Someone) -> Result<BotAccount> {
    let own = world.stage.sim.create_bot_of(buyer.person.id, "Усы", "own_usy_bot").await?;
    buyer.start("собственный Telegram-бот записи").await?;
    buyer.press("Подключить бота", "На какой срок").await?;
    buyer.press("1 месяц", "Как называется ваш бизнес").await?;
    buyer.say("Усы", "Чем занимается").await?;
    buyer.press("Барбершоп", "По какому времени").await?;
    buyer.press("Москва", "Как с вами связаться").await?;
    buyer.say("buyer@example.ru", "Создадим вашего бота").await?;
    buyer.say(&own.token, "создан и привязан").await?;
    buyer.reads("Проверьте заказ").await?;
    scenes::accept(buyer).await?;
    buyer.press("Оплатить", "Счёт готов").await?;
    let payments = world.stage.sim.payments().await?;
    world.stage.sim.pay(&payments.last().context("no payment")?.id).await?;
    buyer.reads("Ваш бот работает").await?;
    Ok(own)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_key_is_told_and_replaced_and_the_tenants_poll_again_with_new_passwords() -> Result<()> {
    let mut world = World::start().await?;
    let sim = world.stage.sim.clone();
    let managed = scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?;
    let own = sell_by_token(&world, &world.someone("Вера").await?).await?;
    let slug = world.tenant_of(&managed.bot.username).await?;
    let own_slug = world.tenant_of(&own.bot.username).await?;
    comes_to(&world, &slug, "running").await?;
    comes_to(&world, &own_slug, "running").await?;
    let (before, env_before) = container(&world, &slug).await?;
    let (own_before, _) = container(&world, &own_slug).await?;

    // The key is gone.
    world.master.stop().await?;
    let told = refused_start(&world, &[("MASTER_KEY", NEW_KEY)]).await?;
    let wrong_old = [("MASTER_KEY", NEW_KEY), ("MASTER_KEY_OLD", "neither is this one")];
    let told_old = refused_start(&world, &wrong_old).await?;
    for told in [&told, &told_old] {
        for words in [
            "MASTER_KEY is not the key",
            "6 secrets",
            "Nothing is lost as long as that key exists",
            "Bookings, clients and payments are not sealed",
            "keys replace-lost",
        ] {
            assert!(told.contains(words), "{words} in {told}");
        }
    }
    assert!(told_old.contains("neither is MASTER_KEY_OLD"), "{told_old}");
    world.master.set("MASTER_KEY", NEW_KEY);
    for command in [&["keys", "rotate"][..], &["keys", "replace-lost"]] {
        let output = world.master.cli_output(command).await?;
        assert!(!output.status.success(), "{command:?}: {}", said(&output));
    }
    assert_eq!(status(&world).await?, [(1, 6)], "nothing was done by who did not mean it");

    // It is cut off while Telegram is slow, fails while Telegram is away, and then ends what it has begun.
    let replace = ["keys", "replace-lost", "--yes"];
    sim.fault(&Fault::telegram("getManagedBotToken", FaultKind::Hang)).await?;
    let mut cut_off = spawned(&world.master, &replace)?;
    until(sim.patience(), "Telegram is asked for the token", async || Ok(sim.faults().await?.is_empty().then_some(())))
        .await?;
    cut_off.kill().await?;
    assert_eq!(status(&world).await?.len(), 2, "the new key is known already");
    for _ in 0..5 {
        sim.fault(&Fault::telegram("getManagedBotToken", FaultKind::Down)).await?;
    }
    let output = world.master.cli_output(&replace).await?;
    assert!(!output.status.success() && said(&output).contains("run the command again later"), "{}", said(&output));
    let told = refused_start(&world, &[("MASTER_KEY", NEW_KEY)]).await?;
    assert!(told.contains("keys replace-lost"), "{told}");
    let told = world.master.cli(&replace).await?;
    assert!(told.contains(&format!("@{}", own.bot.username)) && told.contains("Вера"), "{told}");
    assert!(
        told.contains(&format!("tenants token {own_slug}")) && !told.contains(&format!("tenants token {slug}")),
        "{told}"
    );
    assert_eq!(status(&world).await?, [(2, 5)], "all but the pasted token");
    let again = world.master.cli(&replace).await?;
    assert!(again.contains("nothing is lost") && again.contains(&format!("tenants token {own_slug}")), "{again}");

    // The managed bot comes back by itself, with passwords that nobody had before.
    world.start_master().await?;
    until(sim.patience(), "the container is made anew", async || {
        Ok(container(&world, &slug).await.is_ok_and(|(id, _)| id != before).then_some(()))
    })
    .await?;
    comes_to(&world, &slug, "running").await?;
    let (_, env_after) = container(&world, &slug).await?;
    for name in ["DATABASE_URL", "REDIS_URL"] {
        assert_ne!(env_before.get(name), env_after.get(name), "{name}");
    }
    assert_eq!(env_before.get("BOT_TOKEN"), env_after.get("BOT_TOKEN"));
    let customer = world.someone("Борис").await?.with(&managed.bot.username);
    scenes::book_a_haircut(&customer).await?;
    let password = |env: &HashMap<String, String>| {
        let url = env.get("DATABASE_URL").map(String::as_str).unwrap_or_default();
        Ok::<_, anyhow::Error>(url::Url::parse(url)?.password().context("no password")?.to_owned())
    };
    let knock = async |password: String| database::connect(&world.database.url_of(&slug, &password)).await;
    assert!(knock(password(&env_before)?).await.is_err(), "the old password opens nothing");
    knock(password(&env_after)?).await?;

    // The other goes on as it was, and waits for its token.
    let card = until(sim.patience(), "the token is asked for", async || {
        let card = shown(&world, &own_slug).await?;
        Ok(card["last_error"].as_str().is_some_and(|e| e.contains("must give the token again")).then_some(card))
    })
    .await?;
    assert!(card["events"].to_string().contains("token_lost"), "{card}");
    assert_eq!(container(&world, &own_slug).await?.0, own_before);
    let paste = ["tenants", "token", &own_slug];
    for (words, wrong) in [("of another bot", world.bot.token.clone()), ("does not accept", "1:nobody".into())] {
        let output = typed(&world, &paste, &format!("{wrong}\n")).await?;
        assert!(!output.status.success() && said(&output).contains(words), "{}", said(&output));
        assert!(!said(&output).contains(&wrong), "a token is told");
    }
    let output = typed(&world, &paste, &format!("{}\n", own.token)).await?;
    assert!(output.status.success(), "{}", said(&output));
    until(sim.patience(), "the second container is made anew", async || {
        Ok(container(&world, &own_slug).await.is_ok_and(|(id, _)| id != own_before).then_some(()))
    })
    .await?;
    comes_to(&world, &own_slug, "running").await?;
    world.someone("Глеб").await?.with(&own.bot.username).start("Здесь можно записаться").await?;
    assert_eq!(status(&world).await?, [(2, 6)]);
    world.close().await
}
