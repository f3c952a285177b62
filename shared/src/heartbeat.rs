//! How a tenant says that it lives: a Redis key that expires unless Telegram keeps answering its polls.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How long one `getUpdates` may wait, seconds. Telegram's own ceiling is 50.
pub const POLL_SECONDS: u64 = 50;

/// The key expires after this many polls in a row have brought nothing.
pub const POLLS_UNTIL_SILENT: u64 = 3;

/// Last byte of the key's value that is worth reading: whoever lives under a prefix can write anything there.
pub const LONGEST: isize = 1023;

/// What the key holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// `polling`: Telegram has answered a `getUpdates` of this process.
    pub state: String,
    /// The host name, which in a container is the beginning of the container's id.
    pub container: String,
    /// Version of the tenant bot.
    pub version: String,
    /// When it was written.
    pub at: DateTime<Utc>,
}

/// The key, and the channel that hints at a fresh beat, under the tenant's `prefix` (`client_001:`).
pub fn key(prefix: &str) -> String {
    format!("{prefix}heartbeat")
}
