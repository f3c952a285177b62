//! `master-bot doctor`: is everything that a master needs there, and as it should be? It changes nothing.
//!
//! One file per area. An area looks at one thing after another and gives a [`Check`] for each; what cannot be looked at
//! because something before it is broken is left out, so that one fault is told once. Areas look side by side, and
//! nothing that is asked is waited for longer than [`PATIENCE`]: what hangs is a fault of its own area only.

mod clock;
mod docker;
mod machine;
mod master_key;
mod postgres;
mod public_url;
mod redis;
mod settings;
mod telegram;
mod terms;
mod yookassa;

use std::{fmt::Display, io::Write, time::Duration};

use anyhow::{Result, anyhow, bail};
use futures::future::join_all;
use serde::Serialize;
use shared::clock::Clock;
use tokio::time::timeout;

use self::settings::Given;
use super::Role;

/// One question is waited for so long.
const PATIENCE: Duration = Duration::from_secs(5);

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Ok,
    /// It works, but somebody should look at it.
    Warn,
    /// It does not work.
    Fail,
}

/// What was looked at, what was found, and what to do about it. Holds no secret.
#[derive(Debug, Serialize)]
struct Check {
    /// `area.thing`; machines go by it.
    name: &'static str,
    state: State,
    found: String,
    /// None where nothing is to be done.
    remedy: Option<String>,
}

impl Check {
    fn ok(name: &'static str, found: impl Display) -> Self {
        Self { name, state: State::Ok, found: found.to_string(), remedy: None }
    }

    fn warn(name: &'static str, found: impl Display, remedy: impl Display) -> Self {
        Self { name, state: State::Warn, found: found.to_string(), remedy: Some(remedy.to_string()) }
    }

    fn fail(name: &'static str, found: impl Display, remedy: impl Display) -> Self {
        Self { name, state: State::Fail, found: found.to_string(), remedy: Some(remedy.to_string()) }
    }
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    /// Nothing fails.
    ok: bool,
    role: &'static str,
    checks: &'a [Check],
}

/// Looks at everything, prints what it finds, and fails if something fails.
///
/// # Errors
/// When something fails.
pub(crate) async fn run(role: Role, json: bool) -> Result<()> {
    let clock = Clock::system();
    let (given, faults) = Given::read(role);
    let mut checks = vec![faults];
    let areas = join_all::<Vec<futures::future::BoxFuture<'_, Vec<Check>>>>(vec![
        Box::pin(telegram::look(&given, &clock)),
        Box::pin(yookassa::look(&given)),
        Box::pin(public_url::look(&given)),
        Box::pin(async { terms::look(&given) }),
        Box::pin(postgres::look(&given, &clock)),
        Box::pin(master_key::look(&given)),
        Box::pin(redis::look(&given, &clock)),
        Box::pin(docker::look(&given)),
        Box::pin(machine::look(&given)),
    ]);
    checks.extend(areas.await.into_iter().flatten());
    let failed = checks.iter().filter(|check| check.state == State::Fail).count();
    let mut out = std::io::stdout().lock();
    if json {
        let role = match role {
            Role::All => "all",
            Role::Front => "front",
            Role::Fleet => "fleet",
        };
        serde_json::to_writer_pretty(&mut out, &Report { ok: failed == 0, role, checks: &checks })?;
        writeln!(out)?;
    } else {
        print(&mut out, &checks)?;
    }
    if failed > 0 {
        bail!("{failed} of {} checks fail", checks.len());
    }
    Ok(())
}

fn print(out: &mut impl Write, checks: &[Check]) -> Result<()> {
    for check in checks {
        let mark = match check.state {
            State::Ok => "ok  ",
            State::Warn => "WARN",
            State::Fail => "FAIL",
        };
        writeln!(out, "{mark}  {:<22} {}", check.name, check.found.replace('\n', "\n                             "))?;
        if let Some(remedy) = &check.remedy {
            writeln!(out, "      → {remedy}")?;
        }
    }
    Ok(())
}

/// An answer, if it comes within [`PATIENCE`].
async fn within<T, E: Into<anyhow::Error>>(work: impl Future<Output = Result<T, E>>) -> Result<T> {
    match timeout(PATIENCE, work).await {
        Ok(answer) => answer.map_err(Into::into),
        Err(_) => Err(anyhow!("no answer within {} s", PATIENCE.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remedy_stands_below_what_was_found() {
        let mut out = Vec::new();
        let checks = [Check::ok("redis.version", "7.0"), Check::fail("docker.image", "missing", "build it")];
        print(&mut out, &checks).unwrap();
        let told = String::from_utf8(out).unwrap();
        assert_eq!(told, "ok    redis.version          7.0\nFAIL  docker.image           missing\n      → build it\n");
    }
}
