//! What ends by itself when its time is over, by this world's clock: pending payments, holds, and idempotence keys.

use super::{outcome, payments};
use crate::state::{State, World, clock};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

/// How long a key stands for its request.
pub(crate) const KEY_LASTS: TimeDelta = TimeDelta::hours(24);

/// How long a buyer has to pay with this method; none: for ever.
pub(crate) fn pending_for(method: Option<&str>) -> Option<TimeDelta> {
    match method.unwrap_or("bank_card") {
        "cash" => None,
        "b2b_sberbank" => Some(TimeDelta::hours(8)),
        "sber_loan" => Some(TimeDelta::hours(72)),
        _ => Some(TimeDelta::hours(1)),
    }
}

/// How long money of this method is held for a shop that has not captured it; none: there are no holds.
pub(crate) fn held_for(method: &str) -> Option<TimeDelta> {
    match method {
        "sber_loan" => Some(TimeDelta::hours(2)),
        "mobile_balance" | "cash" => Some(TimeDelta::hours(6)),
        "sbp" | "alfa_pay" | "b2b_sberbank" | "electronic_certificate" => None,
        _ => Some(TimeDelta::days(7)),
    }
}

/// A key that has grown old is a new one.
pub(crate) fn forget_old_keys(state: &mut State) {
    let now = state.now();
    state.shop.keys.retain(|_, used| now - used.at < KEY_LASTS);
}

/// Ends what is over, for as long as the world lasts.
pub(crate) async fn end_what_is_over(world: World) {
    let mut heard = world.heard();
    let stop = world.stop().clone();
    let work = async {
        loop {
            // Subscribed before looking: a payment that is made in between wakes us.
            heard.borrow_and_update();
            let (next, touches) = {
                let mut state = world.lock();
                end(&world, &mut state);
                (state.shop.next_end(), state.clock.touches())
            };
            tokio::select! {
                () = clock::reaches(touches, next.unwrap_or(DateTime::<Utc>::MAX_UTC)) => {}
                _ = heard.changed() => {}
            }
        }
    };
    let _ = stop.run_until_cancelled(work).await;
}

fn end(world: &World, state: &mut State) {
    for id in state.shop.over(state.now()) {
        let reason = match state.shop.get(&id).map(payments::Record::status) {
            Some("waiting_for_capture") => "expired_on_capture",
            _ => "expired_on_confirmation",
        };
        // It is over either way.
        let _: Result<Value, _> = outcome::cancelled(world, state, &id, "yoo_money", reason);
    }
}
