//! What an owner was asked to write about a sale.

use serde::{Deserialize, Serialize};

use crate::{registry::HandSaleId, sales::hand::Ask};

/// See [`crate::bot::steps`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(crate) enum SaleStep {
    /// Words to find a tenant by.
    Find,
    /// The answer to this question of this draft.
    Answer { sale: HandSaleId, ask: Ask },
}
