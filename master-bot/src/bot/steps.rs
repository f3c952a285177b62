//! What a person's next words mean, where no row says it: a reason that was asked for, an answer that is being changed.
//!
//! A step lives in Redis and is forgotten by itself; what was said and done lives in Postgres. So a lost step costs a
//! person one tap and never a word of what they had said before.

use std::time::Duration;

use anyhow::{Context, Result};
use redis::AsyncCommands;
use serde::{Deserialize, Serialize};
use shared::redis::Connection;

use super::{buyer::BuyerStep, operator::OperatorStep, sale::SaleStep};

/// Whoever comes back within a week goes on where they were.
const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What is awaited of one person. Each area of the bot has its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "area", content = "step", rename_all = "snake_case")]
pub(crate) enum Step {
    Operator(OperatorStep),
    Buyer(BuyerStep),
    Sale(SaleStep),
}

/// Steps of all people, under `master:step:<Telegram id>`.
#[derive(Clone)]
pub(crate) struct Steps {
    redis: Connection,
}

impl Steps {
    pub(crate) fn new(redis: Connection) -> Self {
        Self { redis }
    }

    /// What is awaited of this person. A Redis that does not answer, or a step of an older program, is none: the way
    /// goes on from what the rows say.
    pub(crate) async fn of(&self, person: i64) -> Option<Step> {
        let kept: Option<String> = match self.redis.clone().get(key(person)).await {
            Ok(kept) => kept,
            Err(error) => {
                tracing::warn!(%error, "it is not known what is awaited of a person");
                return None;
            }
        };
        serde_json::from_str(&kept?).ok()
    }

    /// From now on this is awaited.
    ///
    /// # Errors
    /// When Redis does not take it: then nothing must be asked, for the answer would not be understood.
    pub(crate) async fn set(&self, person: i64, step: &Step) -> Result<()> {
        let kept = serde_json::to_string(step)?;
        self.redis.clone().set_ex(key(person), kept, KEPT.as_secs()).await.context("a step could not be kept")
    }

    /// Nothing is awaited any more. One that cannot be forgotten now is forgotten by the next.
    pub(crate) async fn forget(&self, person: i64) {
        if let Err(error) = self.redis.clone().del::<_, ()>(key(person)).await {
            tracing::warn!(%error, "a step could not be forgotten");
        }
    }
}

fn key(person: i64) -> String {
    format!("master:step:{person}")
}
