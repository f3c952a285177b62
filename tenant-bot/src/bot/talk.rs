//! What is remembered between two updates of one person: in Redis, as one value, for a day.

use std::time::Duration;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use shared::{redis::Prefixed, texts::Lang};

use super::{
    admin::{BlockDraft, Errand, Form, MassDraft},
    choice::DraftId,
    draft::Draft,
};
use crate::booking::{BookingId, UserId};

/// Somebody who has not answered for so long begins anew.
const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// What the next typed message is taken for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Awaiting {
    /// How many people come.
    Party,
    /// A name.
    Name,
    /// A phone number, for this name.
    Phone(String),
    /// The answer to this question.
    Answer(String),
    /// A comment for the business.
    Comment,
    /// Words about a visit that was rated.
    Feedback(BookingId),
    /// Why this request is turned down.
    Reason(BookingId),
    /// What the form asks.
    Form,
}

/// The language that a person has chosen by hand, once it has been looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Spoken {
    /// None: what Telegram says.
    Telegrams,
    /// Russian.
    Ru,
    /// English.
    En,
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Talk {
    /// The language that was chosen; none: nobody has looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) spoken: Option<Spoken>,
    /// What is being put together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) draft: Option<Draft>,
    /// What the next message is for; none: for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) awaiting: Option<Awaiting>,
    /// What one of the team is asked to type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) form: Option<Form>,
    /// A block that one of the team is putting together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) block: Option<BlockDraft>,
    /// A change of many bookings that one of the team is putting together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mass: Option<MassDraft>,
    /// What one of the team is putting together for somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) errand: Option<Errand>,
    /// The broadcast that stands open in that message, and is shown there as it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) watching: Option<i64>,
    /// The one message that has buttons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) keyboard: Option<i32>,
    /// Whether the key that shares a phone number is there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) phone_key: bool,
    /// The draft that was finished last, and what it became.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) done: Option<(DraftId, Option<BookingId>)>,
    /// Where the person came from, for the next draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<String>,
    /// The newest update whose message was taken for what was awaited: its repeat is not the next answer.
    #[serde(default)]
    pub(crate) heard: i64,
}

impl Spoken {
    /// Of what was chosen.
    pub(crate) fn of(chosen: Option<Lang>) -> Self {
        match chosen {
            None => Self::Telegrams,
            Some(Lang::Ru) => Self::Ru,
            Some(Lang::En) => Self::En,
        }
    }

    /// The language, if one was chosen.
    pub(crate) fn lang(self) -> Option<Lang> {
        match self {
            Self::Telegrams => None,
            Self::Ru => Some(Lang::Ru),
            Self::En => Some(Lang::En),
        }
    }
}

/// What is remembered of all customers.
#[derive(Clone)]
pub(crate) struct Talks(Prefixed);

fn key(user: UserId) -> String {
    format!("talk:{}", user.0)
}

impl Talks {
    pub(crate) fn new(redis: Prefixed) -> Self {
        Self(redis)
    }

    /// What is remembered of a person. What cannot be read, as after an upgrade, is forgotten.
    pub(crate) async fn find(&self, user: UserId) -> Result<Talk> {
        let json = self.0.get(&key(user)).await.context("what was said cannot be read")?;
        Ok(json.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default())
    }

    /// Remembers it, if it is not what was remembered before.
    pub(crate) async fn save(&self, user: UserId, before: &Talk, now: &Talk) -> Result<()> {
        if before == now {
            return Ok(());
        }
        let json = serde_json::to_string(now)?;
        self.0.set_ex(&key(user), &json, PATIENCE).await.context("what was said cannot be kept")
    }
}
