//! `master-bot tenants …`: the same rows that the bot's screens write and read.

use std::io::{BufRead, Write};

use anyhow::{Context, Result, bail};
use shared::{clock::Clock, settings::Env, slug::Slug};
use sqlx::PgPool;

use super::TenantsCommand;
use crate::{
    config, connect,
    fleet::{
        card::{self, Card},
        intent::{self, Wished},
    },
    registry::{
        settings,
        tenants::{self, Intent},
    },
    runtime::{Runtime, docker::DockerRuntime},
};

/// Runs one command and prints its answer to stdout.
///
/// # Errors
/// With what went wrong, and what to do.
pub(crate) async fn run(command: TenantsCommand) -> Result<()> {
    let base = config::Base::read(Env::from_process())?;
    let pool = connect::registry(&base)?;
    drop(pool.acquire().await.context("the registry does not answer (DATABASE_URL)")?);
    let clock = Clock::system();
    match command {
        TenantsCommand::List { json } => list(&pool, &clock, json).await,
        TenantsCommand::Show { slug, json } => show(&pool, &clock, &slug, json).await,
        TenantsCommand::Stop { slug, reason } => wish(&pool, &clock, &slug, Intent::Hold(&reason)).await,
        TenantsCommand::Start { slug } => wish(&pool, &clock, &slug, Intent::Release).await,
        TenantsCommand::Restart { slug } => wish(&pool, &clock, &slug, Intent::Restart).await,
        TenantsCommand::Logs { slug, lines } => logs(&pool, &slug, lines).await,
        TenantsCommand::Remove { slug, yes } => {
            if !yes && !confirmed(&slug)? {
                bail!("nothing was removed");
            }
            wish(&pool, &clock, &slug, Intent::Remove { asked_at: None }).await
        }
    }
}

async fn list(pool: &PgPool, clock: &Clock, json: bool) -> Result<()> {
    let (lines, all) = card::page(pool, 0, i64::MAX, clock.now()).await?;
    let mut out = std::io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, &lines)?;
        return Ok(writeln!(out)?);
    }
    for line in lines {
        writeln!(out, "{:<12} {:<10} @{:<32} {}", line.slug, line.state.name(), line.bot_username, line.business_name)?;
    }
    Ok(writeln!(out, "{all} in all")?)
}

async fn show(pool: &PgPool, clock: &Clock, slug: &Slug, json: bool) -> Result<()> {
    let card = card::card(pool, None, slug, clock.now()).await?.with_context(|| unknown(slug))?;
    let mut out = std::io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, &card)?;
        return Ok(writeln!(out)?);
    }
    print_card(&mut out, &card)
}

fn print_card(out: &mut impl Write, card: &Card) -> Result<()> {
    writeln!(out, "{} · {} · @{}", card.slug, card.business_name, card.bot_username)?;
    write!(out, "state {} · wanted {}", card.state.name(), card.desired)?;
    match &card.hold_reason {
        Some(reason) => writeln!(out, " ({reason})")?,
        None => writeln!(out)?,
    }
    if let Some(until) = card.paid_until {
        writeln!(out, "paid until {}", until.format("%F %R UTC"))?;
    }
    if let Some(error) = &card.last_error {
        let next = card.next_attempt_at.map(|at| at.format("%T UTC").to_string()).unwrap_or_default();
        writeln!(out, "error: {error}\n  after {} attempts; next at {next}", card.attempts)?;
    }
    writeln!(out, "events, newest first:")?;
    for event in &card.events {
        let words = [Some(event.event.as_str()), event.part.as_deref(), event.detail.as_deref()];
        let words: Vec<&str> = words.into_iter().flatten().collect();
        let took = event.took_ms.map(|ms| format!(" {ms} ms")).unwrap_or_default();
        writeln!(out, "  {}  {:<14} {}{took}", event.at.format("%F %T"), event.actor, words.join(" · "))?;
    }
    Ok(())
}

async fn wish(pool: &PgPool, clock: &Clock, slug: &Slug, intent: Intent<'_>) -> Result<()> {
    let user = std::env::var("USER").unwrap_or_else(|_| "somebody".into());
    match intent::wish(pool, slug, intent, (&format!("cli:{user}"), None), clock.now()).await? {
        Wished::Noted(tenant) => {
            let wanted = crate::fleet::desired::desired(&tenant, clock.now());
            Ok(writeln!(
                std::io::stdout(),
                "noted: {slug} is wanted {wanted}; `master-bot tenants show {slug}` follows it"
            )?)
        }
        Wished::Nothing => Ok(writeln!(std::io::stdout(), "nothing to do: it is so already, or it is being removed")?),
        Wished::Unknown => bail!(unknown(slug)),
    }
}

async fn logs(pool: &PgPool, slug: &Slug, lines: u32) -> Result<()> {
    let instance = settings::get(pool, "instance_id").await?.context("run `master-bot migrate` first")?;
    let host = std::env::var("DOCKER_HOST").ok();
    let runtime = DockerRuntime::new(host.as_deref(), &instance)?;
    match runtime.inspect(slug.as_str()).await? {
        Some(seen) if seen.ours => {
            let text = runtime.logs(slug.as_str(), lines).await?;
            Ok(std::io::stdout().write_all(text.as_bytes())?)
        }
        _ if tenants::find(pool, slug).await?.is_none() => bail!(unknown(slug)),
        _ => bail!("{slug} has no container now; `master-bot tenants show {slug}` tells why"),
    }
}

fn confirmed(slug: &Slug) -> Result<bool> {
    write!(std::io::stderr(), "This removes {slug} with all its bookings for good. Type its name to go on: ")?;
    let mut typed = String::new();
    std::io::stdin().lock().read_line(&mut typed)?;
    Ok(typed.trim() == slug.as_str())
}

fn unknown(slug: &Slug) -> String {
    format!("there is no tenant {slug}; `master-bot tenants list` shows all")
}
