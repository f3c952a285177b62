//! Notifications: sent until the shop answers 200, with pauses that double.

use crate::{
    state::{State, World},
    wire::{Notification, What},
};
use serde_json::{Value, json};
use std::time::Duration;

/// YooKassa tries for 24 hours.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Starts sending; the sending itself goes on beside.
pub(crate) fn send(world: &World, state: &State, payment: &str, event: &str, object: Value) {
    let Some(url) = state.shop.notify.url.clone() else { return };
    let sending = Sending {
        world: world.clone(),
        url,
        payment: payment.to_owned(),
        event: event.to_owned(),
        body: json!({"type": "notification", "event": event, "object": object}),
        pause: state.shop.notify.first_retry,
        longest_pause: state.shop.notify.max_retry,
    };
    tokio::spawn(sending.run());
}

struct Sending {
    world: World,
    url: String,
    payment: String,
    event: String,
    body: Value,
    pause: Duration,
    longest_pause: Duration,
}

impl Sending {
    async fn run(mut self) {
        let stop = self.world.stop().clone();
        stop.run_until_cancelled(async {
            let mut waited = Duration::ZERO;
            for attempt in 1.. {
                if self.attempt(attempt).await || waited > LONGEST {
                    return;
                }
                tokio::time::sleep(self.pause).await;
                waited = waited.saturating_add(self.pause);
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
        if let Some(record) = state.shop.get_mut(&self.payment) {
            record.notifications.push(note);
        }
        let (payment_id, event) = (self.payment.clone(), self.event.clone());
        state.happened(What::NotificationSent { payment_id, event, attempt, status, error });
        status == Some(200)
    }
}
