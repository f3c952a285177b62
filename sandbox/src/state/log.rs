//! The transcript in memory: bounded, numbered, and able to wake whoever waits for more.

use crate::wire::{Event, What};
use chrono::{DateTime, Utc};
use std::{collections::VecDeque, sync::Arc, time::Instant};
use tokio::sync::watch;

/// Events kept; the oldest are forgotten first.
const KEPT: usize = 200_000;

pub(crate) struct Log {
    events: VecDeque<Arc<Event>>,
    last: u64,
    told: watch::Sender<u64>,
    started: Instant,
}

impl Log {
    pub(crate) fn new(told: watch::Sender<u64>, started: Instant) -> Self {
        Self { events: VecDeque::new(), last: 0, told, started }
    }

    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// The number that the next event will have.
    pub(crate) fn next(&self) -> u64 {
        self.last + 1
    }

    pub(crate) fn push(&mut self, at: DateTime<Utc>, what: What) -> u64 {
        self.last += 1;
        let ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.events.push_back(Arc::new(Event { seq: self.last, ms, at, what }));
        if self.events.len() > KEPT {
            self.events.pop_front();
        }
        self.told.send_replace(self.last);
        self.last
    }

    pub(crate) fn oldest(&self) -> u64 {
        self.events.front().map_or(self.last + 1, |event| event.seq)
    }

    /// The events after `after` that `wanted` lets through, at most `limit`, and the number up to which was looked.
    pub(crate) fn after(&self, after: u64, limit: usize, wanted: impl Fn(&What) -> bool) -> (Vec<Arc<Event>>, u64) {
        let skip = usize::try_from(after.saturating_add(1).saturating_sub(self.oldest())).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        for event in self.events.range(skip.min(self.events.len())..) {
            if wanted(&event.what) {
                found.push(Arc::clone(event));
                if found.len() == limit {
                    return (found, event.seq);
                }
            }
        }
        (found, self.last)
    }
}
