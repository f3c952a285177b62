//! The program in the tenant's container.

use std::process::ExitCode;

use shared::{clock::Clock, settings::Env, telemetry};
use tenant_bot::{
    app::{self, Unfit},
    config::Config,
};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// `EX_CONFIG`: settings or schema are not what this program needs.
const NOT_CONFIGURED: u8 = 78;
/// `EX_NOPERM`: Telegram does not accept the token.
const NOT_PERMITTED: u8 = 77;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // The only argument there is: whoever sets an installation up can see that the image is there and runs.
    if std::env::args().nth(1).is_some_and(|argument| argument == "--version") {
        println!("tenant-bot {}", env!("CARGO_PKG_VERSION"));
        return ExitCode::SUCCESS;
    }
    let config = match Config::read(Env::from_process()) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(NOT_CONFIGURED);
        }
    };
    telemetry::init(config.log_format);
    let stop = CancellationToken::new();
    if let Err(error) = listen_to_signals(&stop) {
        tracing::error!(%error, "no signal can be heard");
        return ExitCode::FAILURE;
    }
    let clock = tokio::select! {
        clock = Clock::given(config.clock_url.as_ref()) => clock,
        () = stop.cancelled() => return ExitCode::SUCCESS,
    };
    match app::run(config, clock, stop).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(unfit) => {
            tracing::error!("{unfit}");
            ExitCode::from(match unfit {
                Unfit::TokenRefused => NOT_PERMITTED,
                _ => NOT_CONFIGURED,
            })
        }
    }
}

/// As process 1 of a container there is no default action for SIGTERM: unheard, it would be waited out and answered
/// with SIGKILL.
fn listen_to_signals(stop: &CancellationToken) -> std::io::Result<()> {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = stop.clone();
    tokio::spawn(async move {
        tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
        tracing::info!("asked to stop");
        stop.cancel();
    });
    Ok(())
}
