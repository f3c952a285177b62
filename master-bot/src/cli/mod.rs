//! The command line.

pub(crate) mod doctor;
pub(crate) mod keys;
pub(crate) mod tenants;
mod token;
mod wishes;

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
    /// Run the master bot, or one half of it, until SIGTERM.
    Serve {
        /// *front*: Telegram and HTTP, without the engine's socket. *fleet*: the engine's socket, without a port.
        #[arg(long, value_enum, default_value_t = Role::All)]
        role: Role,
    },
    /// Make or bring up to date the master's role, its database and the registry. Safe to run again.
    Migrate,
    /// Look whether everything that a master needs is there and as it should be. Changes nothing.
    Doctor {
        /// What this machine is to run: a front needs no Docker, a fleet no YooKassa.
        #[arg(long, value_enum, default_value_t = Role::All)]
        role: Role,
        /// For machines.
        #[arg(long)]
        json: bool,
    },
    /// See and steer clients' bots.
    #[command(subcommand)]
    Tenants(TenantsCommand),
    /// See, change and replace the key that secrets are sealed with.
    #[command(subcommand)]
    Keys(KeysCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Which keys there are, and how many secrets are under each.
    Status {
        /// For machines.
        #[arg(long)]
        json: bool,
    },
    /// Seal everything anew with MASTER_KEY that is still sealed with MASTER_KEY_OLD. Safe to cut off and run again.
    Rotate,
    /// MASTER_KEY takes the place of a key that is lost for good: new passwords, tokens from Telegram.
    ReplaceLost {
        /// Really.
        #[arg(long)]
        yes: bool,
    },
}

/// Which half of the control plane a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Role {
    /// Both, for one machine and for tests.
    All,
    /// Talks to people, takes money.
    Front,
    /// Runs containers. Whoever has the engine's socket is root on its host, so nobody can reach it from outside.
    Fleet,
}

impl Role {
    pub(crate) fn is_front(self) -> bool {
        self != Self::Fleet
    }

    pub(crate) fn is_fleet(self) -> bool {
        self != Self::Front
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum TenantsCommand {
    /// All tenants, newest first.
    List {
        /// Only those in this state: starting, running, failing, stopping, stopped, suspended, removing, removed.
        #[arg(long, conflicts_with = "search")]
        state: Option<String>,
        /// Only those that a name, a number, a bot or a client points to.
        #[arg(long)]
        search: Option<String>,
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
    /// A bot's new token, from the standard input: when the one we have is lost or revoked.
    Token { slug: Slug },
    /// What the container printed last.
    Logs {
        slug: Slug,
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i32).range(1..=10_000))]
        lines: i32,
    },
    /// What the container takes of the machine.
    Usage { slug: Slug },
    /// Take a tenant away for good: container, role, Redis user and keys, token. Its schema with all bookings is kept under
    /// another name for REMOVED_KEPT_DAYS.
    Remove {
        slug: Slug,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Erase what is kept of a removed tenant now. There is no way back.
    Purge {
        slug: Slug,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}
