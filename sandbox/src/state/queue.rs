//! The updates that wait for a bot: numbered, filtered by what it wants, kept until they are confirmed.

use super::clock::Anchor;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};
use tokio::sync::{Notify, watch};

/// Kinds of update that come only when asked for by name.
const ONLY_ON_REQUEST: [&str; 3] = ["chat_member", "message_reaction", "message_reaction_count"];
/// Confirmed updates that can still be delivered again by hand.
const REMEMBERED: usize = 1_000;
/// Telegram keeps an update for a day, and a press for as long as it can be answered.
const UPDATE_LIVES: TimeDelta = TimeDelta::hours(24);
const PRESS_LIVES: TimeDelta = TimeDelta::seconds(150);

#[derive(Clone)]
struct Update {
    id: i64,
    json: Arc<str>,
    /// Past this Telegram forgets it, fetched or not.
    until: DateTime<Utc>,
    /// The chat it is about: a webhook gets the updates of one chat in their order.
    lane: i64,
    /// A repeat by hand: delivered once, whatever the offset.
    forced: bool,
}

/// The chat that an update is about, or the person.
fn lane(content: &Value) -> i64 {
    ["/chat/id", "/message/chat/id", "/from/id", "/user/id"]
        .iter()
        .find_map(|pointer| content.pointer(pointer).and_then(Value::as_i64))
        .unwrap_or(0)
}

/// The updates that wait for a bot.
pub(crate) struct Queue {
    waiting: VecDeque<Update>,
    confirmed: VecDeque<Update>,
    next: i64,
    /// `None` is the default set.
    allowed: Option<HashSet<String>>,
    clock: watch::Receiver<Anchor>,
    pub(crate) wake: Arc<Notify>,
}

impl Queue {
    pub(crate) fn new(first: i64, clock: watch::Receiver<Anchor>) -> Self {
        let (waiting, confirmed) = (VecDeque::new(), VecDeque::new());
        Self { waiting, confirmed, next: first, allowed: None, clock, wake: Arc::default() }
    }

    pub(crate) fn pending(&self) -> usize {
        let now = self.now();
        self.waiting.iter().filter(|update| update.until > now).count()
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.borrow().now()
    }

    pub(crate) fn allowed(&self) -> Option<&HashSet<String>> {
        self.allowed.as_ref()
    }

    /// The wish of a `getUpdates`: it stays until the next one. An empty list stands for the default set.
    pub(crate) fn allow(&mut self, kinds: HashSet<String>) {
        self.allowed = (!kinds.is_empty()).then_some(kinds);
    }

    pub(crate) fn wants(&self, kind: &str) -> bool {
        self.allowed.as_ref().map_or_else(|| !ONLY_ON_REQUEST.contains(&kind), |allowed| allowed.contains(kind))
    }

    /// Puts an update in, if the bot wants its kind, and returns its number.
    pub(crate) fn push(&mut self, kind: &str, content: &Value) -> Option<i64> {
        if !self.wants(kind) {
            return None;
        }
        let id = self.next;
        self.next += 1;
        self.insert(id, kind, lane(content), format!("{{\"update_id\":{id},\"{kind}\":{content}}}"), false);
        Some(id)
    }

    /// Puts in an update made by hand. With a number that was given out before, it is delivered once more, whatever
    /// the bot has confirmed; with a greater one, numbers go on from there.
    pub(crate) fn push_raw(&mut self, mut update: Value) -> i64 {
        let id = update.get("update_id").and_then(Value::as_i64).unwrap_or(self.next);
        update["update_id"] = id.into();
        let repeat = id < self.next;
        self.next = self.next.max(id.saturating_add(1));
        let press = if update.get("callback_query").is_some() { "callback_query" } else { "" };
        let about = update.as_object().into_iter().flatten().find(|(name, _)| *name != "update_id");
        let lane = about.map_or(0, |(_, content)| lane(content));
        self.insert(id, press, lane, update.to_string(), repeat);
        id
    }

    /// Delivers an update once more.
    pub(crate) fn redeliver(&mut self, id: i64) -> bool {
        let found = self.confirmed.iter().chain(&self.waiting).find(|update| update.id == id).cloned();
        let Some(update) = found else { return false };
        let until = self.now() + UPDATE_LIVES;
        self.waiting.push_back(Update { forced: true, until, ..update });
        self.wake.notify_waiters();
        true
    }

    fn insert(&mut self, id: i64, kind: &str, lane: i64, json: String, forced: bool) {
        let until = self.now() + if kind == "callback_query" { PRESS_LIVES } else { UPDATE_LIVES };
        self.waiting.push_back(Update { id, json: json.into(), until, lane, forced });
        self.wake.notify_waiters();
    }

    /// Forgets what `offset` confirms; a negative one leaves only so many at the end.
    pub(crate) fn confirm(&mut self, offset: i64) {
        let keep_from = if offset < 0 {
            let keep = usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX);
            let skip = self.waiting.len().saturating_sub(keep);
            match self.waiting.get(skip) {
                Some(update) => update.id,
                None => return,
            }
        } else {
            offset
        };
        if self.waiting.front().is_none_or(|update| update.id >= keep_from && !update.forced) {
            return;
        }
        let (kept, gone): (VecDeque<_>, VecDeque<_>) =
            self.waiting.drain(..).partition(|update| update.forced || update.id >= keep_from);
        self.waiting = kept;
        self.confirmed.extend(gone);
        let surplus = self.confirmed.len().saturating_sub(REMEMBERED);
        self.confirmed.drain(..surplus);
    }

    /// The first update that is about none of these chats: its number, its chat, and itself.
    pub(crate) fn next_for(&self, busy: &HashSet<i64>) -> Option<(i64, i64, Arc<str>)> {
        let now = self.now();
        let fits = |update: &&Update| update.until > now && !busy.contains(&update.lane);
        self.waiting.iter().find(fits).map(|update| (update.id, update.lane, Arc::clone(&update.json)))
    }

    /// A webhook has taken an update.
    pub(crate) fn delivered(&mut self, id: i64) {
        if let Some(place) = self.waiting.iter().position(|update| update.id == id)
            && let Some(update) = self.waiting.remove(place)
        {
            self.confirmed.push_back(update);
        }
    }

    /// Whether an update still waits to be confirmed.
    pub(crate) fn holds(&self, id: i64) -> bool {
        let now = self.now();
        self.waiting.iter().any(|update| update.id == id && update.until > now)
    }

    pub(crate) fn drop_all(&mut self) {
        self.waiting.clear();
    }

    /// The next updates as a JSON array. They stay until they are confirmed.
    pub(crate) fn batch(&mut self, limit: usize) -> Option<String> {
        let now = self.now();
        self.waiting.retain(|update| update.until > now);
        if self.waiting.is_empty() {
            return None;
        }
        let mut array = String::from("[");
        for update in self.waiting.iter().take(limit) {
            if array.len() > 1 {
                array.push(',');
            }
            array.push_str(&update.json);
        }
        array.push(']');
        let mut place = 0;
        self.waiting.retain(|update| {
            place += 1;
            !update.forced || place > limit
        });
        Some(array)
    }
}
