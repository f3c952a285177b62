//! What a customer is typing: the only thing that is remembered between two messages, in Redis, for half an hour.

use std::time::Duration;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use shared::redis::Prefixed;

use super::choice::{Choice, Visit};
use crate::booking::UserId;

/// A person who has not answered for so long is no longer answering.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

/// What the next message of a person is taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Draft {
    /// The time they are booking.
    pub(crate) visit: Visit,
    /// The name, once it is given: then a phone number is awaited.
    pub(crate) name: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    visit: String,
    name: Option<String>,
}

/// The drafts of all customers.
#[derive(Clone)]
pub(crate) struct Drafts(Prefixed);

fn key(user: UserId) -> String {
    format!("draft:{}", user.0)
}

impl Drafts {
    pub(crate) fn new(redis: Prefixed) -> Self {
        Self(redis)
    }

    /// The draft of a person. One that cannot be read, as after an upgrade, counts as none.
    pub(crate) async fn find(&self, user: UserId) -> Result<Option<Draft>> {
        let Some(json) = self.0.get(&key(user)).await.context("a draft cannot be read")? else { return Ok(None) };
        let stored: Option<Stored> = serde_json::from_str(&json).ok();
        Ok(stored.and_then(|s| match Choice::parse(&s.visit) {
            Some(Choice::Time(visit)) => Some(Draft { visit, name: s.name }),
            _ => None,
        }))
    }

    pub(crate) async fn save(&self, user: UserId, draft: &Draft) -> Result<()> {
        let stored = Stored { visit: Choice::Time(draft.visit).to_string(), name: draft.name.clone() };
        let json = serde_json::to_string(&stored)?;
        self.0.set_ex(&key(user), &json, PATIENCE).await.context("a draft cannot be kept")
    }

    /// Forgets the draft. If Redis is away, the draft expires by itself, and that is no reason not to answer.
    pub(crate) async fn clear(&self, user: UserId) {
        if let Err(error) = self.0.del(&key(user)).await {
            tracing::warn!(%error, "a draft cannot be forgotten");
        }
    }
}
