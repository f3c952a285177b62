//! What an operator was asked to write.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::slug::Slug;

/// See [`crate::bot::steps`]. What was shown when it was asked goes along: an answer that comes late is held against it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(crate) enum OperatorStep {
    /// What to look for.
    Find,
    /// Why this bot is stopped.
    Reason { slug: Slug, generation: i64 },
    /// The name of the bot that is to be removed.
    Remove { slug: Slug, generation: i64, until: DateTime<Utc> },
}
