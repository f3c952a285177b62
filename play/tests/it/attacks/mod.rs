//! Attacks by a tenant gone bad: the probe's image in the tenant's place, in a container that the master made.

mod inside;
mod list;
mod weak;

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, Result};
use play::until;
use serde::Deserialize;
use serde_json::Value;

/// What the probe tells of one attack.
#[derive(Clone, Debug, Deserialize)]
struct Told {
    attack: String,
    outcome: String,
    how: String,
}

/// The probe's lines among everything that a container has written, by the attack's name.
fn told(log: &str) -> BTreeMap<String, Told> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Told>(line).ok());
    lines.map(|told| (told.attack.clone(), told)).collect()
}

/// Whom to attack, for the probe to find.
async fn order(connection: &mut impl redis::AsyncCommands, prefix: &str, orders: &Value) -> Result<()> {
    connection.set::<_, _, ()>(format!("{prefix}orders"), orders.to_string()).await?;
    Ok(())
}

/// The probe says that it is done.
async fn is_done(connection: &mut impl redis::AsyncCommands, prefix: &str) -> Result<bool> {
    Ok(connection.get::<_, Option<String>>(format!("{prefix}done")).await?.is_some())
}

/// Waits until the probe says so.
async fn done(connection: &mut impl redis::AsyncCommands, prefix: &str) -> Result<()> {
    let what = format!("the probe of {prefix} is done");
    until(Duration::from_secs(300), &what, async || Ok(is_done(connection, prefix).await?.then_some(()))).await
}

/// The attack's line.
fn of<'a>(all: &'a BTreeMap<String, Told>, name: &str) -> Result<&'a Told> {
    all.get(name).with_context(|| format!("{name} was not tried"))
}

#[test]
fn the_docs_say_of_every_attack_what_stops_it() -> Result<()> {
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/SECURITY.md");
    let docs = std::fs::read_to_string(docs)?;
    for name in list::ATTACKS {
        assert!(docs.contains(&format!("`{name}`")), "docs/SECURITY.md does not speak of {name}");
    }
    Ok(())
}
