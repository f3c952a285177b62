//! `master-bot keys …`: the key that secrets are sealed with.

use std::io::Write;

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::{clock::Clock, settings::Env, telegram::Telegram};
use sqlx::PgPool;

use super::KeysCommand;
use crate::{
    config, connect,
    keys::{self, lost, rotate},
    registry::{
        sealed::{self, COLUMNS},
        sealing_keys,
    },
};

/// Runs one command and prints its answer to stdout.
///
/// # Errors
/// With what went wrong, and what to do.
pub(crate) async fn run(command: KeysCommand) -> Result<()> {
    match command {
        KeysCommand::Status { json } => status(json).await,
        KeysCommand::Rotate => rotate().await,
        KeysCommand::ReplaceLost { yes } => replace_lost(yes).await,
    }
}

#[derive(Serialize)]
struct KeyStatus {
    key_id: i16,
    created_at: DateTime<Utc>,
    /// The newest: what is sealed now is sealed with it, once all masters have it.
    newest: bool,
    secrets: i64,
    columns: Vec<ColumnStatus>,
}

#[derive(Serialize)]
struct ColumnStatus {
    column: String,
    secrets: i64,
}

/// Needs no key: it opens nothing.
async fn status(json: bool) -> Result<()> {
    let pool = connect::registry(&config::Base::read(Env::from_process())?)?;
    let statuses = statuses(&pool).await?;
    let mut out = std::io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, &statuses)?;
        return Ok(writeln!(out)?);
    }
    if statuses.is_empty() {
        return Ok(writeln!(out, "there is no key yet; the first start of a master registers its MASTER_KEY")?);
    }
    for key in statuses {
        let newest = if key.newest { ", the newest" } else { "" };
        let since = key.created_at.format("%F %R UTC");
        writeln!(out, "key {}, since {since}{newest}: {} secrets", key.key_id, key.secrets)?;
        for column in key.columns {
            writeln!(out, "  {:<30} {}", column.column, column.secrets)?;
        }
    }
    Ok(())
}

async fn statuses(pool: &PgPool) -> Result<Vec<KeyStatus>> {
    let mut db = pool.acquire().await.context("the registry does not answer (DATABASE_URL)")?;
    let rows = sealing_keys::all(&mut *db).await.context("run `master-bot migrate` first")?;
    let mut statuses: Vec<KeyStatus> = rows
        .into_iter()
        .enumerate()
        .map(|(place, row)| KeyStatus {
            key_id: row.key_id,
            created_at: row.created_at,
            newest: place == 0,
            secrets: 0,
            columns: Vec::new(),
        })
        .collect();
    for column in &COLUMNS {
        for (key_id, secrets) in sealed::counts(&mut *db, column).await? {
            if let Some(status) = statuses.iter_mut().find(|status| status.key_id == key_id) {
                status.secrets += secrets;
                status.columns.push(ColumnStatus { column: column.to_string(), secrets });
            }
        }
    }
    Ok(statuses)
}

async fn rotate() -> Result<()> {
    let settings = config::Keys::read(Env::from_process())?;
    let pool = connect::registry(&settings.base)?;
    let sealer = keys::sealer(&pool, &settings.keys, &Clock::given(settings.base.clock_url.as_ref()).await).await?;
    let mut out = std::io::stdout();
    // Whoever does not read on is no reason to stop.
    let rotated = rotate::rotate(&pool, &sealer, |progress| {
        let _ = writeln!(out, "{}: {} sealed anew", progress.column, progress.done);
    })
    .await?;
    writeln!(out, "{} secrets sealed anew with key {}", rotated.done, sealer.key_id())?;
    for key_id in &rotated.forgotten {
        writeln!(out, "key {key_id} is not needed any more")?;
    }
    if !rotated.damaged.is_empty() {
        bail!(
            "these are damaged and open with no key: {}. They stay as they are, and so does their key. Restore them \
             from a backup, or give the bots new tokens (`master-bot tenants token`)",
            rotated.damaged.join(", ")
        );
    }
    let left: Vec<KeyStatus> =
        statuses(&pool).await?.into_iter().filter(|key| key.key_id != i16::from(sealer.key_id())).collect();
    if !left.is_empty() {
        bail!("a master still seals with a former key: restart every master with both keys, then run this again");
    }
    Ok(writeln!(out, "everything is under key {}; MASTER_KEY_OLD can go at the next restart", sealer.key_id())?)
}

async fn replace_lost(yes: bool) -> Result<()> {
    let settings = config::Keys::read(Env::from_process())?;
    let line = config::Line::read(Env::from_process())?;
    let pool = connect::registry(&settings.base)?;
    let lost = lost::extent(&pool, &settings.keys).await?;
    if !yes {
        bail!(
            "{lost} secrets cannot be opened with MASTER_KEY. With --yes they are given up for good: every tenant gets \
             new passwords and is restarted, managed bots' tokens are fetched from Telegram, pasted tokens must be \
             pasted again. Nothing was changed"
        );
    }
    let telegram = Telegram::new(&line.bot_token, &line.telegram_api_url)?;
    let clock = Clock::given(settings.base.clock_url.as_ref()).await;
    let mut out = std::io::stdout();
    match lost::successor(&pool, &settings.keys, &clock).await? {
        None => writeln!(out, "everything is under MASTER_KEY already; nothing is lost")?,
        Some(sealer) => {
            let actor = format!("cli:{}", std::env::var("USER").unwrap_or_else(|_| "somebody".into()));
            let tell = |line: &str| {
                let _ = writeln!(out, "{line}");
            };
            let done = lost::replace(&pool, &sealer, &telegram, &clock, &actor, tell).await?;
            writeln!(out, "{} tenants with new passwords, {} tokens fetched", done.passwords, done.fetched)?;
        }
    }
    let waiting = lost::waiting(&pool).await?;
    if !waiting.is_empty() {
        writeln!(out, "the owners of these bots must give their tokens again (@BotFather, /mybots, API Token):")?;
    }
    for bot in waiting {
        let place = bot.slug.as_deref().unwrap_or("an order that is not paid");
        writeln!(out, "  @{} of {} (Telegram {}): {place}", bot.username, bot.owner, bot.owner_telegram_id)?;
        if let Some(slug) = &bot.slug {
            writeln!(out, "    master-bot tenants token {slug}    reads it from its standard input")?;
        }
    }
    Ok(writeln!(out, "start the masters with this MASTER_KEY; they carry the new passwords to the bots")?)
}
