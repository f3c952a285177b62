//! Notifications: sent until the shop answers 200, with pauses that double; or kept back, or sent twice, as ordered.

use crate::{
    state::{State, World, payments::Held},
    wire::{Notification, What},
};
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::time::Duration;

/// YooKassa tries for 24 hours.
const LONGEST: TimeDelta = TimeDelta::hours(24);

/// Starts sending, or keeps back; the sending itself goes on beside.
pub(crate) fn send(world: &World, state: &mut State, about: &str, event: &str, object: Value) {
    if state.shop.notify.url.is_none() {
        return;
    }
    if state.shop.notify.hold {
        state.shop.notify.held.push(Held { about: about.to_owned(), event: event.to_owned(), object });
        return;
    }
    if let Some(sending) = Sending::of(world, state, about, event, &object) {
        tokio::spawn(sending.run());
    }
}

/// Lets go what was kept back; each waits until the one before it was taken, so that the order is kept.
pub(crate) fn release(world: &World, state: &mut State, reversed: bool) -> usize {
    let mut held = std::mem::take(&mut state.shop.notify.held);
    if reversed {
        held.reverse();
    }
    let all: Vec<Sending> =
        held.iter().filter_map(|held| Sending::of(world, state, &held.about, &held.event, &held.object)).collect();
    let count = all.len();
    tokio::spawn(async move {
        for sending in all {
            sending.run().await;
        }
    });
    count
}

struct Sending {
    world: World,
    url: String,
    about: String,
    event: String,
    body: Value,
    pause: Duration,
    longest_pause: Duration,
    copies: u32,
}

impl Sending {
    fn of(world: &World, state: &State, about: &str, event: &str, object: &Value) -> Option<Self> {
        let notify = &state.shop.notify;
        Some(Self {
            world: world.clone(),
            url: notify.url.clone()?,
            about: about.to_owned(),
            event: event.to_owned(),
            body: json!({"type": "notification", "event": event, "object": object}),
            pause: notify.first_retry,
            longest_pause: notify.max_retry,
            copies: notify.copies,
        })
    }

    async fn run(mut self) {
        let stop = self.world.stop().clone();
        let begun = self.world.lock().now();
        stop.run_until_cancelled(async {
            let mut taken = 0;
            for attempt in 1.. {
                if self.attempt(attempt).await {
                    taken += 1;
                    if taken >= self.copies {
                        return;
                    }
                    continue;
                }
                if self.world.lock().now() - begun > LONGEST {
                    return;
                }
                tokio::time::sleep(self.pause).await;
                self.pause = self.pause.saturating_mul(2).min(self.longest_pause);
            }
        })
        .await;
    }

    /// One attempt; true when the shop took it.
    async fn attempt(&self, attempt: u32) -> bool {
        let answer = self.world.http().post(&self.url).json(&self.body).send().await;
        let (status, error) = match answer {
            Ok(response) => (Some(response.status().as_u16()), None),
            Err(error) => (None, Some(error.without_url().to_string())),
        };
        let mut state = self.world.lock();
        let note = Notification { event: self.event.clone(), attempt, at: state.now(), status, error: error.clone() };
        state.shop.note(&self.about, note);
        let (payment_id, event) = (self.about.clone(), self.event.clone());
        state.happened(What::NotificationSent { payment_id, event, attempt, status, error });
        status == Some(200)
    }
}
