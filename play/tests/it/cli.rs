//! `master-bot tenants …` on a sold tenant, and what the program says to people who have made a mistake.

use std::{
    collections::BTreeMap,
    io::Write,
    process::{Output, Stdio},
};

use anyhow::{Context, Result};
use play::{docker, env, scenes, until, world::World};
use serde_json::Value;
use tokio::process::Command;

/// What `tenants show --json` says.
pub(crate) async fn shown(world: &World, slug: &str) -> Result<Value> {
    Ok(serde_json::from_str(&world.master.cli(&["tenants", "show", slug, "--json"]).await?)?)
}

/// Waits until `tenants show` calls the tenant's state this.
pub(crate) async fn comes_to(world: &World, slug: &str, state: &str) -> Result<Value> {
    until(world.stage.sim.patience(), &format!("{slug} is {state}"), async || {
        let card = shown(world, slug).await?;
        Ok((card["state"] == state).then_some(card))
    })
    .await
}

/// Whether the container runs, and since when.
async fn run_of(world: &World, slug: &str) -> Result<(bool, String)> {
    let container = docker::inspect(&world.docker, slug).await?.context("there is no container")?;
    let state = container.state.context("Docker tells no state")?;
    Ok((state.running == Some(true), state.started_at.map(|at| at.to_string()).unwrap_or_default()))
}

/// Runs a command with these words on its standard input.
pub(crate) async fn typed(world: &World, arguments: &[&str], words: &str) -> Result<Output> {
    let (input, mut typing) = std::io::pipe()?;
    typing.write_all(words.as_bytes())?;
    drop(typing);
    let mut command = Command::new(env::bin_dir()?.join("master-bot"));
    command.envs(world.master.settings()).args(arguments).stdin(Stdio::from(input));
    Ok(command.output().await?)
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fleet_is_seen_stopped_started_and_restarted_from_the_command_line() -> Result<()> {
    let world = World::start().await?;
    let paid = scenes::sell(&world.someone("Анна").await?, "Барбершоп «Борода»").await?;
    let slug = world.tenant_of(&paid.bot.username).await?;
    let master = &world.master;
    let sim = &world.stage.sim;

    // The buyer's message is written with the last step; the worker gives the tenant back a moment later.
    let card = comes_to(&world, &slug, "running").await?;
    assert_eq!((&card["slug"], &card["desired"]), (&Value::from(slug.as_str()), &Value::from("running")));
    assert_eq!(card["bot_username"], paid.bot.username.as_str());
    assert!(card["last_error"].is_null() && card["hold_reason"].is_null(), "{card}");
    let list: Value = serde_json::from_str(&master.cli(&["tenants", "list", "--json"]).await?)?;
    assert_eq!(list.as_array().map(Vec::len), Some(1), "{list}");
    assert_eq!((&list[0]["slug"], &list[0]["state"]), (&card["slug"], &card["state"]));
    for command in [&["tenants", "list"][..], &["tenants", "show", &slug]] {
        let told = master.cli(command).await?;
        for word in [&slug, "running", "Барбершоп «Борода»", &paid.bot.username] {
            assert!(told.contains(word), "{word} in {command:?}: {told}");
        }
    }
    let log = master.cli(&["tenants", "logs", &slug]).await?;
    assert!(!log.trim().is_empty(), "the bot has written something");
    assert!(docker::logs(&world.docker, &slug).await?.contains(log.trim()), "it is what the container has written");
    let last = master.cli(&["tenants", "logs", &slug, "--lines", "1"]).await?;
    assert_eq!(last.trim().lines().count(), 1, "{last}");

    master.cli(&["tenants", "stop", &slug, "--reason", "долги"]).await?;
    let card = comes_to(&world, &slug, "stopped").await?;
    assert_eq!((&card["hold_reason"], &card["desired"]), (&Value::from("долги"), &Value::from("stopped")));
    assert!(!run_of(&world, &slug).await?.0, "the container stands still");
    let told = master.cli(&["tenants", "show", &slug]).await?;
    assert!(told.contains("stopped") && told.contains("долги"), "{told}");
    let again = master.cli(&["tenants", "stop", &slug, "--reason", "долги"]).await?;
    assert!(again.contains("nothing to do"), "{again}");

    let polls = sim.bot(&paid.bot).await?.polls;
    master.cli(&["tenants", "start", &slug]).await?;
    let card = comes_to(&world, &slug, "running").await?;
    assert!(card["hold_reason"].is_null(), "{card}");
    let (runs, since) = run_of(&world, &slug).await?;
    assert!(runs && sim.bot(&paid.bot).await?.polls > polls, "the bot asks Telegram for messages again");

    master.cli(&["tenants", "restart", &slug]).await?;
    comes_to(&world, &slug, "running").await?;
    let (runs, restarted) = run_of(&world, &slug).await?;
    assert!(runs && restarted != since, "it is another run of the container: {restarted}, before {since}");
    // Who has asked for what stands on the card, with the reason.
    let events = shown(&world, &slug).await?["events"].to_string();
    for word in ["hold", "долги", "release", "restart", "cli:"] {
        assert!(events.contains(word), "{word} in {events}");
    }
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_removed_from_the_command_line_only_by_who_says_so_twice() -> Result<()> {
    let world = World::start().await?;
    let paid = scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?;
    let slug = world.tenant_of(&paid.bot.username).await?;
    let remove = ["tenants", "remove", &slug];
    let before = (comes_to(&world, &slug, "running").await?, run_of(&world, &slug).await?);

    for (words, output) in [
        ("nothing", world.master.cli_output(&remove).await?),
        ("an empty line", typed(&world, &remove, "\n").await?),
        ("yes", typed(&world, &remove, "yes\n").await?),
        ("another name", typed(&world, &remove, "client_000\n").await?),
    ] {
        assert!(!output.status.success(), "{words} was typed, and it was taken for a yes");
        assert!(said(&output).contains("nothing was removed"), "{words}: {}", said(&output));
    }
    assert_eq!((shown(&world, &slug).await?, run_of(&world, &slug).await?), before);

    world.master.cli(&["tenants", "remove", &slug, "--yes"]).await?;
    let card = comes_to(&world, &slug, "removed").await?;
    assert_eq!(world.traces_of(&slug).await?, Vec::<String>::new());
    assert_eq!(card["desired"], "removed");
    assert_eq!(world.tenants().await?, [(slug.clone(), true)]);
    // The last word.
    for command in ["start", "restart", "stop"] {
        let told = world.master.cli(&["tenants", command, &slug]).await?;
        assert!(told.contains("nothing to do"), "{command}: {told}");
    }
    assert_eq!(world.traces_of(&slug).await?, Vec::<String>::new());

    // The name itself is the other way to say yes.
    let second = scenes::sell(&world.someone("Вера").await?, "Салон").await?;
    let slug = world.tenant_of(&second.bot.username).await?;
    let output = typed(&world, &["tenants", "remove", &slug], &format!("{slug}\n")).await?;
    assert!(output.status.success(), "{}", said(&output));
    comes_to(&world, &slug, "removed").await?;
    assert_eq!(world.traces_of(&slug).await?, Vec::<String>::new());
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_nobody_has_or_can_have_gets_a_word_on_what_to_do() -> Result<()> {
    let world = World::start().await?;
    let mut unhelpful = Vec::new();
    for (slug, hint) in [("client_000", "tenants list"), ("order", "client_001"), ("client_001;", "client_001")] {
        for command in [
            &["show", slug][..],
            &["show", slug, "--json"],
            &["stop", slug],
            &["start", slug],
            &["restart", slug],
            &["logs", slug],
            &["remove", slug, "--yes"],
        ] {
            let output = world.master.cli_output(&[&["tenants"], command].concat()).await?;
            assert!(!output.status.success() && output.stdout.is_empty(), "{command:?}: {}", said(&output));
            let told = said(&output);
            if !told.contains(hint) || !told.contains(slug) {
                unhelpful.push(format!("{command:?}: {told}"));
            }
        }
    }
    assert!(unhelpful.is_empty(), "these do not say what to do:\n{}", unhelpful.join("\n"));
    world.close().await
}

/// `master-bot ARGUMENTS…` with these settings and no others.
async fn with_only(settings: &BTreeMap<String, String>, arguments: &[&str]) -> Result<Output> {
    let mut command = Command::new(env::bin_dir()?.join("master-bot"));
    command.env_clear().envs(settings).args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    let limit = std::time::Duration::from_secs(60);
    tokio::time::timeout(limit, command.output()).await.context("it serves instead of complaining")?.map_err(Into::into)
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_not_set_is_named_at_once() -> Result<()> {
    for (command, names) in [
        (
            &["serve"][..],
            &[
                "DATABASE_URL",
                "MASTER_BOT_TOKEN",
                "OWNER_IDS",
                "YOOKASSA_SHOP_ID",
                "YOOKASSA_SECRET_KEY",
                "MASTER_KEY",
                "REDIS_URL",
                "TENANT_IMAGE",
            ][..],
        ),
        (&["migrate"], &["DATABASE_URL", "ADMIN_DATABASE_URL"]),
        (&["tenants", "list"], &["DATABASE_URL"]),
    ] {
        let output = with_only(&BTreeMap::new(), command).await?;
        assert!(!output.status.success(), "{command:?}");
        for name in names {
            assert!(said(&output).contains(&format!("{name} ")), "{name} in {command:?}: {}", said(&output));
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_that_is_not_understood_is_named_and_its_secret_is_not_told() -> Result<()> {
    let good = BTreeMap::from(
        [
            ("DATABASE_URL", "postgres://slotyard:geheim@localhost/none?host=/nowhere"),
            ("MASTER_BOT_TOKEN", "100:geheim"),
            ("OWNER_IDS", "1"),
            ("YOOKASSA_SHOP_ID", "1"),
            ("YOOKASSA_SECRET_KEY", "geheim"),
            ("MASTER_KEY", "geheim-geheim-geheim-geheim-geheim"),
            ("REDIS_URL", "unix:///nowhere?user=default&pass=geheim"),
            ("TENANT_IMAGE", "none"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    let mut unnamed = Vec::new();
    for (name, bad) in [
        ("DATABASE_URL", "geheim"),
        ("DATABASE_URL", "mysql://slotyard:geheim@localhost/none"),
        ("REDIS_URL", "geheim"),
        ("REDIS_URL", "http://geheim@localhost"),
        ("MASTER_KEY", "geheim"),
        ("MASTER_KEY_FILE", "/nowhere/key"),
        ("OWNER_IDS", "1, anna"),
        ("TELEGRAM_API_URL", "telegram"),
        ("LISTEN_ADDR", "here"),
        ("TENANT_MOUNTS", "/run/postgresql"),
        ("DOCKER_HOST", "tcp://127.0.0.1:2375"),
    ] {
        let mut settings = good.clone();
        if name == "MASTER_KEY_FILE" {
            settings.remove("MASTER_KEY");
        }
        settings.insert(name.into(), bad.into());
        let output = with_only(&settings, &["serve"]).await?;
        let told = said(&output);
        assert!(!output.status.success(), "{name}={bad}: {told}");
        assert!(!told.contains("geheim"), "{name}={bad} tells a secret: {told}");
        if !told.contains(name) {
            unnamed.push(format!("{name}={bad}: {told}"));
        }
    }
    assert!(unnamed.is_empty(), "these do not name the setting:\n{}", unnamed.join("\n"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_does_not_answer_is_told_by_the_name_of_its_setting() -> Result<()> {
    let here = env::pg_socket_dir()?.display().to_string();
    let mut unnamed = Vec::new();
    for host in [here.as_str(), "/nowhere"] {
        let url = format!("postgres://nobody:geheim@localhost/none?host={host}");
        let settings = BTreeMap::from([("DATABASE_URL".to_owned(), url)]);
        let output = with_only(&settings, &["tenants", "list"]).await?;
        let told = said(&output);
        assert!(!output.status.success() && !told.contains("geheim"), "{told}");
        if !told.contains("DATABASE_URL") {
            unnamed.push(format!("{host}: {told}"));
        }
    }
    assert!(unnamed.is_empty(), "these do not name the setting:\n{}", unnamed.join("\n"));
    Ok(())
}
