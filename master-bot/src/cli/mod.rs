//! The command line.

pub(crate) mod tenants;

use clap::{Parser, Subcommand};
use shared::slug::Slug;

/// Slotyard's control plane. Settings come from the environment: docs/ENVIRONMENT.md.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the master bot until SIGTERM.
    Serve,
    /// Make or bring up to date the master's role, its database and the registry. Safe to run again.
    Migrate,
    /// See and steer clients' bots.
    #[command(subcommand)]
    Tenants(TenantsCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum TenantsCommand {
    /// All tenants, newest first.
    List {
        /// For machines.
        #[arg(long)]
        json: bool,
    },
    /// One tenant: state, error, events.
    Show {
        slug: Slug,
        /// For machines.
        #[arg(long)]
        json: bool,
    },
    /// Hold a tenant stopped until `start`.
    Stop {
        slug: Slug,
        /// Why; shown to every operator.
        #[arg(long, default_value = "stopped from the command line")]
        reason: String,
    },
    /// End the hold.
    Start { slug: Slug },
    /// Restart the container once.
    Restart { slug: Slug },
    /// What the container printed last.
    Logs {
        slug: Slug,
        #[arg(long, default_value_t = 100)]
        lines: u32,
    },
    /// Take a tenant away for good: container, schema with all bookings, role, Redis user and keys, token.
    Remove {
        slug: Slug,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}
