//! Slotyard's master bot: sells booking bots, makes them and keeps them running.

mod app;
mod bot;
mod cli;
mod config;
mod connect;
mod fleet;
#[doc(hidden)]
pub mod fuzzing;
mod keys;
mod payments;
mod peers;
mod registry;
mod runtime;
mod sales;
mod team;
#[cfg(test)]
mod testing;
mod watchtower;
mod web;

use std::{io::Write, process::ExitCode};

use anyhow::Result;
use clap::Parser;
use secrecy::ExposeSecret;
use shared::{postgres, settings::Env};

use crate::{
    cli::{Cli, Command},
    registry::migrate,
};

/// The program.
pub fn main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "no threads can be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(Cli::parse())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "master-bot: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<()> {
    match cli.command {
        Command::Serve { role } => app::serve(config::Serve::read(Env::from_process(), role)?).await,
        Command::Migrate => migrate(config::Migrate::read(Env::from_process())?).await,
        Command::Tenants(command) => cli::tenants::run(command).await,
        Command::Doctor { role, json } => cli::doctor::run(role, json).await,
        Command::Keys(command) => cli::keys::run(command).await,
    }
}

async fn migrate(settings: config::Migrate) -> Result<()> {
    let admin = postgres::options(settings.admin_database_url.expose_secret())
        .map_err(|_| anyhow::anyhow!("ADMIN_DATABASE_URL is no Postgres address"))?;
    let password = url::Url::parse(settings.base.database_url.expose_secret())
        .ok()
        .and_then(|u| Some(percent_decoded(u.password()?)));
    let plan = migrate::Plan { admin, master: connect::options(&settings.base)?, password };
    let instance = migrate::prepare(&plan).await?;
    Ok(writeln!(std::io::stdout(), "the registry is ready; instance {instance}")?)
}

fn percent_decoded(text: &str) -> String {
    // `form_urlencoded` decodes more than userinfo knows ('+'); shield the plus.
    let shielded = format!("x={}", text.replace('+', "%2B"));
    url::form_urlencoded::parse(shielded.as_bytes()).next().map(|(_, v)| v.into_owned()).unwrap_or_default()
}
