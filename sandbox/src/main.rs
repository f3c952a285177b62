//! The sandbox as a program: prints where it listens as one line of JSON, and serves until it is told to stop.

use anyhow::Context;
use clap::Parser;
use sandbox::{Cast, Sandbox, SandboxOptions};
use std::{io::Write, net::SocketAddr, path::PathBuf, time::Duration};
use tokio::signal::unix::{SignalKind, signal};

/// Stand-ins for Telegram's Bot API and for YooKassa; see docs/SANDBOX.md.
#[derive(Parser)]
struct Arguments {
    /// Address to listen on; may be given several times; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8081")]
    listen: Vec<SocketAddr>,
    /// The shop's id at YooKassa.
    #[arg(long, env = "YOOKASSA_SHOP_ID", default_value = "100500")]
    shop_id: String,
    /// The shop's secret key.
    #[arg(long, env = "YOOKASSA_SECRET_KEY", default_value = "test_sandbox", hide_env_values = true)]
    secret_key: String,
    /// Where YooKassa's notifications go.
    #[arg(long)]
    notification_url: Option<String>,
    /// Milliseconds before a notification's second attempt; doubles up to ten seconds.
    #[arg(long, default_value_t = 200)]
    first_retry_ms: u64,
    /// Hold bots to Telegram's flood limits.
    #[arg(long)]
    flood: bool,
    /// Let webhooks be plain HTTP and on any port.
    #[arg(long)]
    webhooks_anywhere: bool,
    /// Seed of all made-up ids and tokens.
    #[arg(long)]
    seed: Option<u64>,
    /// Makes @slotyard_bot, which may manage bots, with this token.
    #[arg(long, env = "SANDBOX_MASTER_TOKEN", hide_env_values = true)]
    master_token: Option<String>,
    /// Makes people with these ids, comma-separated.
    #[arg(long, env = "SANDBOX_OWNERS", value_delimiter = ',', value_parser = |id: &str| id.trim().parse::<i64>())]
    owners: Vec<i64>,
    /// Where browsers find the page on which people pay, when that is not the first address.
    #[arg(long)]
    page_url: Option<String>,
    /// A file with certificate authorities (PEM) that notifications trust besides the usual ones.
    #[arg(long, env = "SANDBOX_CA_FILE")]
    ca_file: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let arguments = Arguments::parse();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let running = Sandbox::start(SandboxOptions {
        listen: arguments.listen,
        shop_id: arguments.shop_id,
        secret_key: arguments.secret_key,
        notification_url: arguments.notification_url,
        first_retry: Duration::from_millis(arguments.first_retry_ms),
        flood: arguments.flood,
        webhooks_anywhere: arguments.webhooks_anywhere,
        seed: arguments.seed,
        cast: Cast { master_token: arguments.master_token, owners: arguments.owners },
        page_url: arguments.page_url,
        trusted: match arguments.ca_file {
            Some(path) => std::fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?,
            None => Vec::new(),
        },
        ..SandboxOptions::default()
    })
    .await?;
    let line = serde_json::json!({"addresses": running.addresses(), "yookassa_url": running.yookassa_url()});
    writeln!(std::io::stdout(), "{line}")?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    running.stop().await;
    Ok(())
}
