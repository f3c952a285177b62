//! Measures what DESIGN.md section 8 promises; `scripts/bench` sets the stage.

mod booking;
mod broadcast;
mod captured;
mod idle;
mod provision;
mod report;
mod slots;
mod updates;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::{Parser, ValueEnum};

use crate::report::Report;

/// Prints a table of what was measured, beside what is aimed at.
#[derive(Debug, Parser)]
struct Arguments {
    /// What to measure; everything when nothing is named.
    what: Vec<What>,
    /// Also write the figures to this file.
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    Provision,
    Idle,
    Booking,
    Slots,
    Updates,
    Broadcast,
}

/// One thread, as the shipped tenant has.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<()> {
    let wanted = |what| arguments.what.is_empty() || arguments.what.contains(&what);
    let mut report = Report::default();
    if wanted(What::Provision) {
        provision::run(&mut report).await?;
    }
    if wanted(What::Idle) {
        idle::run(&mut report).await?;
    }
    if wanted(What::Booking) {
        booking::run(&mut report).await?;
    }
    if wanted(What::Slots) {
        slots::run(&mut report).await?;
    }
    if wanted(What::Updates) {
        updates::run(&mut report).await?;
    }
    if wanted(What::Broadcast) {
        broadcast::run(&mut report).await?;
    }
    print!("{}", report.table());
    if let Some(file) = &arguments.json {
        std::fs::write(file, serde_json::to_vec_pretty(&report.json())?)?;
    }
    Ok(())
}
