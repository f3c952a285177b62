//! Running containers: what any engine must do for us, and Docker on one host, which does it.

pub(crate) mod docker;

use std::{collections::BTreeMap, fmt, path::PathBuf};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shared::slug::Slug;

/// What a tenant's container is made from. Everything in it takes part in its hash: another spec is another container.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Spec {
    pub(crate) slug: Slug,
    pub(crate) image: String,
    /// Holds secrets.
    pub(crate) env: BTreeMap<String, String>,
    /// The host's folder or the engine's volume → folder inside, read-only.
    pub(crate) mounts: BTreeMap<String, String>,
    pub(crate) network: String,
}

impl fmt::Debug for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Spec({} of {} on {})", self.slug, self.image, self.network)
    }
}

/// Version of the fixed part of a container (limits, capabilities): raise it when that part changes.
const SHAPE: &str = "2";

impl Spec {
    /// Tells this spec from any other. The tokens in it are far too random to be guessed back from it.
    pub(crate) fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        let mut add = |text: &str| {
            hasher.update(text.len().to_le_bytes());
            hasher.update(text.as_bytes());
        };
        for text in [SHAPE, &self.image, &self.network] {
            add(text);
        }
        for (key, value) in self.env.iter().chain(&self.mounts) {
            add(key);
            add(value);
        }
        hex::encode(&hasher.finalize()[..16])
    }
}

/// A container as the engine tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Whether it carries the mark of this installation.
    pub(crate) ours: bool,
    pub(crate) running: bool,
    pub(crate) spec_hash: Option<String>,
    /// In the engine's words: `Up 3 minutes`, `Exited (1) 5 seconds ago`.
    pub(crate) status: String,
    /// Frozen by somebody: it neither runs nor can be started, only restarted.
    pub(crate) paused: bool,
    /// When it was last started; only an inspection tells.
    pub(crate) started_at: Option<DateTime<Utc>>,
    /// Whose its label says that it is, whatever its name.
    pub(crate) tenant: Option<String>,
}

/// `EX_NOPERM`: a tenant's bot ends with it when Telegram does not accept its token.
const REFUSED: &str = "(77)";

impl Seen {
    /// Whether the bot in it ended because Telegram did not accept its token.
    pub(crate) fn was_refused(&self) -> bool {
        !self.running && self.status.contains(REFUSED)
    }

    /// Whether a list shows that it was started again since `known`: the engine restarts what fails by itself, and a
    /// list tells how long something has been up to the second only in its first minute. There is a look far more often.
    pub(crate) fn was_started_since(&self, known: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        let Some(up) = self.status.strip_prefix("Up ") else { return false };
        let seconds = match up.split_once(' ') {
            Some(_) if up.starts_with("Less than a second") => Some(0),
            Some((n, unit)) if unit.starts_with("second") => n.parse().ok(),
            _ => None,
        };
        // Rounded down, and told a moment ago.
        seconds.is_some_and(|seconds: i64| known < now - TimeDelta::seconds(seconds + 3))
    }
}

/// A network as the engine tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SeenNetwork {
    pub(crate) name: String,
    pub(crate) ours: bool,
    /// Whether those on it cannot talk to one another.
    pub(crate) isolates: bool,
}

/// Something happened, says the engine. Nobody believes it: it is a reason to look, and some are lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hint {
    /// To a container of ours, and a list will show it.
    Look,
    /// To the container of this id, perhaps ours, and only an inspection will show it.
    Inspect(String),
}

/// What a container takes of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Usage {
    /// Bytes, without the file cache.
    pub(crate) memory: u64,
    /// Bytes it may take.
    pub(crate) memory_limit: u64,
    /// Per cent of one core over the last second or so.
    pub(crate) cpu_percent: f64,
    /// Processes and threads.
    pub(crate) pids: u64,
}

/// Why an engine did not do it.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum RuntimeError {
    /// There is no such container, network or image.
    #[error("there is no such thing: {0}")]
    NotFound(String),
    /// The name is taken.
    #[error("the name is taken: {0}")]
    Conflict(String),
    /// The engine cannot be reached, or failed.
    #[error("the engine: {0}")]
    Engine(String),
}

/// An engine that runs containers. Every call may be repeated: what is so already is no error.
#[async_trait]
pub(crate) trait Runtime: Send + Sync {
    /// All containers that carry our mark, running or not; one call.
    async fn list(&self) -> Result<Vec<Seen>, RuntimeError>;
    /// One container by its name or its id, whosever it is.
    async fn inspect(&self, name: &str) -> Result<Option<Seen>, RuntimeError>;
    /// What of a container is not as `spec` asks for, by the engine's names and without values; [`None`]: it is gone.
    async fn differences(&self, spec: &Spec) -> Result<Option<Vec<String>>, RuntimeError>;
    /// All containers that carry our mark and this tenant's, whatever their names.
    async fn of_tenant(&self, slug: &Slug) -> Result<Vec<Seen>, RuntimeError>;
    /// Makes a container, not started. [`RuntimeError::Conflict`] when the name is taken.
    async fn create(&self, spec: &Spec) -> Result<(), RuntimeError>;
    async fn start(&self, name: &str) -> Result<(), RuntimeError>;
    /// Asks it to end, and kills it after its grace of 10 s.
    async fn stop(&self, name: &str) -> Result<(), RuntimeError>;
    async fn restart(&self, name: &str) -> Result<(), RuntimeError>;
    /// Takes it away, running or not; by name or by id.
    async fn remove(&self, name: &str) -> Result<(), RuntimeError>;
    /// Our networks; one call.
    async fn networks(&self) -> Result<Vec<SeenNetwork>, RuntimeError>;
    async fn create_network(&self, name: &str) -> Result<(), RuntimeError>;
    /// The last `lines` of what it printed.
    async fn logs(&self, name: &str, lines: u32) -> Result<String, RuntimeError>;
    /// The folder where the engine keeps what it runs, on its own machine; none if it does not say.
    async fn folder(&self) -> Result<Option<PathBuf>, RuntimeError>;
    /// What it takes of the machine; needs about two seconds. [`RuntimeError::NotFound`] when there is no such container.
    async fn usage(&self, name: &str) -> Result<Usage, RuntimeError>;
    /// One item whenever something happened. Ends when the engine goes away.
    fn hints(&self) -> BoxStream<'static, Hint>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(running: bool, status: &str) -> Seen {
        Seen { running, status: status.into(), ..bare() }
    }

    fn bare() -> Seen {
        Seen {
            id: "c".into(),
            name: "client_001".into(),
            ours: true,
            running: true,
            spec_hash: None,
            status: String::new(),
            paused: false,
            started_at: None,
            tenant: None,
        }
    }

    #[test]
    fn a_start_that_was_not_ours_shows_in_the_first_minute() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        for (status, known_ago, since) in [
            ("Up Less than a second", 60, true),
            ("Up Less than a second", 2, false),
            ("Up 1 second", 60, true),
            ("Up 5 seconds", 60, true),
            ("Up 5 seconds", 8, false),
            ("Up 5 seconds (Paused)", 9, true),
            ("Up About a minute", 3600, false),
            ("Up 3 hours", 30, false),
            ("Exited (1) 5 seconds ago", 60, false),
            ("", 60, false),
        ] {
            let known = now - TimeDelta::seconds(known_ago);
            assert_eq!(seen(true, status).was_started_since(known, now), since, "{status}, known {known_ago} s ago");
        }
    }

    #[test]
    fn a_refusal_is_known_by_its_exit_code() {
        assert!(seen(false, "Exited (77) 5 seconds ago").was_refused());
        assert!(seen(false, "Restarting (77) Less than a second ago").was_refused());
        assert!(!seen(false, "Exited (1) 77 seconds ago").was_refused());
        assert!(!seen(true, "Up 77 seconds (77)").was_refused());
    }
}
