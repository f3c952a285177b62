//! Servers that a test starts for itself, because it is going to break them: a Postgres, a Redis, an engine.
//!
//! Everything is in a folder of the run and carries the run's mark in its environment, so that the scripts' broom finds
//! what a killed test leaves.

mod engine;
mod postgres;
mod redis;

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

pub use self::{engine::Engine, postgres::Postgres, redis::Redis};
use crate::{database::random_name, env};

/// A fresh folder that others may pass through; its path is short, because a socket's may have 107 bytes.
fn folder(what: &str) -> Result<PathBuf> {
    let folder = env::run_dir().unwrap_or_else(std::env::temp_dir).join(format!("{what}-{}", random_name()));
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Runs a program to its end.
async fn run(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().await;
    let output = output.with_context(|| format!("starting {program}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} {} failed: {said}", arguments.join(" "));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The same, from where nobody can wait.
fn run_now(program: &str, arguments: &[&str]) {
    let done = std::process::Command::new(program).args(arguments).stdin(Stdio::null()).output();
    if let Err(error) = done {
        eprintln!("{program} {} could not be run: {error}", arguments.join(" "));
    }
}

/// Sends a signal to one process.
fn signal(name: &str, pid: u32) {
    run_now("kill", &[&format!("-{name}"), &pid.to_string()]);
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
