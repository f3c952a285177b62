//! `master-bot tenants …`: the same rows that the bot's screens write and read.

use std::{
    io::{BufRead, Write},
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use shared::{clock::Clock, settings::Env, slug::Slug};

use super::{
    TenantsCommand,
    wishes::{actor, unknown, wish},
};
use crate::{
    config, connect,
    fleet::{
        answers::Answer,
        card::{Card, State},
        desk::{FleetDesk, Heard},
        roster::{Roster, Sought},
    },
    registry::{asks::Question, kept::Kept, tenants::Intent},
};

/// Runs one command and prints its answer to stdout.
///
/// # Errors
/// With what went wrong, and what to do.
pub(crate) async fn run(command: TenantsCommand) -> Result<()> {
    let base = config::Base::read(Env::from_process())?;
    let pool = connect::registry(&base)?;
    drop(pool.acquire().await.context("the registry does not answer (DATABASE_URL)")?);
    let clock = Clock::given(base.clock_url.as_ref()).await;
    let desk = FleetDesk { pool, redis: None, clock, rung: Arc::default() };
    match command {
        TenantsCommand::List { state, search, json } => list(&desk, &sought(state, search)?, json).await,
        TenantsCommand::Show { slug, json } => show(&desk, &slug, json).await,
        TenantsCommand::Stop { slug, reason } => wish(&desk, &slug, Intent::Hold(&reason)).await,
        TenantsCommand::Start { slug } => wish(&desk, &slug, Intent::Release).await,
        TenantsCommand::Restart { slug } => wish(&desk, &slug, Intent::Restart).await,
        TenantsCommand::Token { slug } => super::token::run(&desk, &slug).await,
        TenantsCommand::Logs { slug, lines } => ask(&desk, &slug, Question::Log { lines }).await,
        TenantsCommand::Usage { slug } => ask(&desk, &slug, Question::Usage).await,
        TenantsCommand::Remove { slug, yes } => {
            let what = "takes the bot away; its bookings are kept for a while";
            if !yes && !confirmed(&slug, what)? {
                bail!("nothing was removed");
            }
            wish(&desk, &slug, Intent::Remove).await
        }
        TenantsCommand::Purge { slug, yes } => {
            if !yes && !confirmed(&slug, "erases all bookings that are kept of it for good")? {
                bail!("nothing was erased");
            }
            purge(&desk, &slug).await
        }
    }
}

fn sought(state: Option<String>, search: Option<String>) -> Result<Sought> {
    Ok(match (state, search) {
        (Some(state), _) => {
            let names = || State::ALL.map(State::name).join(", ");
            Sought::Of(State::parse(&state).with_context(|| format!("there is no state «{state}», but {}", names()))?)
        }
        (None, Some(words)) => Sought::Words(words),
        (None, None) => Sought::All,
    })
}

async fn list(desk: &FleetDesk, sought: &Sought, json: bool) -> Result<()> {
    let Roster { lines, found, .. } = desk.roster(sought, (0, usize::MAX)).await?;
    let mut out = std::io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, &lines)?;
        return Ok(writeln!(out)?);
    }
    for line in lines {
        writeln!(out, "{:<12} {:<10} @{:<32} {}", line.slug, line.state.name(), line.bot_username, line.business_name)?;
    }
    Ok(writeln!(out, "{found} in all")?)
}

async fn show(desk: &FleetDesk, slug: &Slug, json: bool) -> Result<()> {
    let card = desk.card(slug).await?.with_context(|| unknown(slug))?;
    let mut out = std::io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, &card)?;
        return Ok(writeln!(out)?);
    }
    print_card(&mut out, &card)
}

fn print_card(out: &mut impl Write, card: &Card) -> Result<()> {
    writeln!(out, "{} · {} · @{}", card.slug, card.business_name, card.bot_username)?;
    let client = card.client.username.as_ref().map(|username| format!(" @{username}")).unwrap_or_default();
    writeln!(out, "client {}{client} · id {}", card.client.name, card.client.telegram_id)?;
    let since = card.since.format("%F %R UTC");
    write!(out, "state {} since {since} · wanted {}", card.state.name(), card.desired)?;
    match &card.hold_reason {
        Some(reason) => writeln!(out, " ({reason})")?,
        None => writeln!(out)?,
    }
    if let Some(until) = card.paid_until {
        writeln!(out, "paid until {}", until.format("%F %R UTC"))?;
    }
    if let Some(image) = &card.image {
        let wanted = card.image_wanted.as_ref().filter(|wanted| *wanted != image);
        writeln!(out, "image {image}{}", wanted.map(|wanted| format!(", to become {wanted}")).unwrap_or_default())?;
    }
    match &card.kept {
        Some(Kept { name, keep_until, dropped_at: None, .. }) => {
            writeln!(out, "data kept in the schema {name} until {}", keep_until.format("%F %R UTC"))?;
        }
        Some(Kept { dropped_at: Some(at), .. }) => writeln!(out, "data erased {}", at.format("%F %R UTC"))?,
        None => {}
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

async fn purge(desk: &FleetDesk, slug: &Slug) -> Result<()> {
    match desk.purge(slug, &actor()).await? {
        Some(true) => Ok(writeln!(
            std::io::stdout(),
            "noted: a fleet process erases it; `master-bot tenants show {slug}` tells when"
        )?),
        Some(false) => Ok(writeln!(std::io::stdout(), "nothing to do: no data of {slug} are kept")?),
        None => bail!(unknown(slug)),
    }
}

/// Asks whoever has the engine's socket; this command needs none.
async fn ask(desk: &FleetDesk, slug: &Slug, question: Question) -> Result<()> {
    let mut out = std::io::stdout();
    match desk.hear(slug, question, &actor()).await? {
        Heard::Answer(Answer::Log(text)) => Ok(out.write_all(text.as_bytes())?),
        Heard::Answer(Answer::Usage(usage)) => Ok(writeln!(
            out,
            "memory {} of {} bytes · processor {:.1} % of a core · {} processes and threads",
            usage.memory, usage.memory_limit, usage.cpu_percent, usage.pids
        )?),
        Heard::Answer(Answer::NoContainer) => {
            bail!("{slug} has no container now; `master-bot tenants show {slug}` tells why")
        }
        Heard::Answer(Answer::Failed(why)) => bail!("the engine did not answer: {why}"),
        Heard::Silence => bail!(
            "no process with the engine's socket has answered. Does `master-bot serve` (--role all or fleet) run? On \
             the engine's host `docker logs {slug}` needs none"
        ),
        Heard::Unknown => bail!(unknown(slug)),
    }
}

fn confirmed(slug: &Slug, what: &str) -> Result<bool> {
    write!(std::io::stderr(), "For {slug} this {what}. Type its name to go on: ")?;
    let mut typed = String::new();
    std::io::stdin().lock().read_line(&mut typed)?;
    Ok(typed.trim() == slug.as_str())
}
