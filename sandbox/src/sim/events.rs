//! The transcript, with waiting for what has not happened yet.

use super::{Answer, Complaint};
use crate::{
    state::World,
    wire::{Event, What},
};
use axum::{
    Json,
    extract::{Query, State},
};
use serde::{Deserialize, Serialize};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::timeout_at;

#[derive(Deserialize)]
pub(super) struct Ask {
    #[serde(default)]
    after: u64,
    /// Waits so long for an event when there is none yet.
    #[serde(default)]
    timeout_ms: u64,
    #[serde(default)]
    limit: Option<usize>,
    /// Only events about this bot.
    #[serde(default)]
    bot: Option<String>,
    /// Only events about this person.
    #[serde(default)]
    user: Option<i64>,
    /// Only events about this payment.
    #[serde(default)]
    payment: Option<String>,
    /// Only events of these kinds, separated by commas.
    #[serde(default)]
    kind: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Page {
    events: Vec<Arc<Event>>,
    next: u64,
    oldest: u64,
}

/// The name of an event's kind, as it stands in JSON.
fn kind(what: &What) -> Option<String> {
    serde_json::to_value(what).ok()?.get("kind")?.as_str().map(str::to_owned)
}

pub(super) async fn events(State(world): State<World>, Query(ask): Query<Ask>) -> Answer<Page> {
    let until = Instant::now() + Duration::from_millis(ask.timeout_ms.min(60_000));
    let kinds: Option<Vec<String>> = ask.kind.as_ref().map(|kinds| kinds.split(',').map(str::to_owned).collect());
    // Subscribed before looking, so that nothing is lost in between.
    let mut heard = world.heard();
    let mut after = ask.after;
    loop {
        heard.borrow_and_update();
        let (events, next, oldest) = {
            let state = world.lock();
            // A bot that is still to come can be waited for.
            let bot = ask.bot.as_ref().map(|name| state.find_bot(name).unwrap_or(-1));
            let wanted = |what: &What| {
                bot.is_none_or(|bot| what.bot().is_some_and(|named| named.id == bot))
                    && ask.user.is_none_or(|user| what.person().is_some_and(|person| person.id == user))
                    && ask.payment.as_ref().is_none_or(|payment| what.payment() == Some(payment))
                    && kinds.as_ref().is_none_or(|kinds| kind(what).is_some_and(|kind| kinds.contains(&kind)))
            };
            let (events, next) = state.log.after(after, ask.limit.unwrap_or(1_000).clamp(1, 10_000), wanted);
            (events, next, state.log.oldest())
        };
        if !events.is_empty() || Instant::now() >= until {
            return Ok(Json(Page { events, next, oldest }));
        }
        after = next;
        tokio::select! {
            _ = timeout_at(until.into(), heard.changed()) => {}
            () = world.stop().cancelled() => return Err(Complaint::new("stopping", "the sandbox is stopping")),
        }
    }
}
