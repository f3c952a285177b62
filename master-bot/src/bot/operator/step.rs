//! What an operator was asked to write.

use serde::{Deserialize, Serialize};

/// See [`crate::bot::steps`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(crate) enum OperatorStep {}
