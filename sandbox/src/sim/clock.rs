//! The clock: served to whoever follows it, and played with.

use super::{Answer, Body, Complaint};
use crate::{
    state::{State as Shared, World, clock},
    wire::{ClockOrder, ClockView, What},
};
use axum::{
    Json,
    extract::{Query, State},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use std::time::{Duration, Instant};
use tokio::time::timeout_at;

/// Whoever moves the clock waits so long for those who follow it.
const NEWS_TRAVEL: Duration = Duration::from_secs(2);

#[derive(Deserialize)]
pub(crate) struct Ask {
    /// Who asks; a follower keeps to one name.
    #[serde(default)]
    who: Option<String>,
    /// The version that is known already: the answer waits for another.
    #[serde(default)]
    after: Option<u64>,
    #[serde(default)]
    timeout_ms: u64,
}

fn view(state: &Shared) -> ClockView {
    let anchor = state.clock.anchor();
    let followers = state.clock.followers(anchor.version).0;
    ClockView { version: anchor.version, at: anchor.now(), rate: anchor.rate, followers }
}

/// `GET /clock`: the time, how fast it runs, and the number of the last touch; with `after`, once that is another.
pub(crate) async fn served(State(world): State<World>, Query(ask): Query<Ask>) -> Answer<ClockView> {
    let until = Instant::now() + Duration::from_millis(ask.timeout_ms.min(60_000));
    let _end = ask.who.clone().map(|who| Asking { world: world.clone(), who });
    let mut touches = {
        let mut state = world.lock();
        if let Some(who) = &ask.who {
            state.clock.asked(who, ask.after.unwrap_or(0));
        }
        state.clock.touches()
    };
    loop {
        let version = touches.borrow_and_update().version;
        if ask.after != Some(version) || Instant::now() >= until {
            return Ok(Json(view(&world.lock())));
        }
        tokio::select! {
            _ = timeout_at(until.into(), touches.changed()) => {}
            () = world.stop().cancelled() => return Err(Complaint::new("stopping", "the sandbox is stopping")),
        }
    }
}

/// Notes that a question has ended, also when its asker has gone.
struct Asking {
    world: World,
    who: String,
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.world.lock().clock.answered(&self.who);
    }
}

pub(super) async fn look(State(world): State<World>) -> Json<ClockView> {
    Json(view(&world.lock()))
}

/// `POST /sim/clock`: answered when everybody who follows the clock has heard, so that what is played next is played
/// at the new time.
pub(super) async fn play(State(world): State<World>, Body(order): Body<ClockOrder>) -> Answer<ClockView> {
    let mut questions = {
        let mut state = world.lock();
        let (at, rate) = wanted(&state, &order)?;
        state.clock.touch(at, rate);
        state.happened(What::ClockTouched { shows: at, rate });
        state.clock.questions()
    };
    let until = Instant::now() + NEWS_TRAVEL;
    loop {
        questions.borrow_and_update();
        {
            let mut state = world.lock();
            let version = state.clock.anchor().version;
            let waiting = state.clock.followers(version).1;
            if waiting > 0 && Instant::now() >= until {
                state.clock.forget_deaf(version);
            } else if waiting == 0 {
                return Ok(Json(view(&state)));
            }
        }
        let _ = timeout_at(until.into(), questions.changed()).await;
    }
}

/// What the clock is to show, and how fast it is to run.
fn wanted(state: &Shared, order: &ClockOrder) -> Result<(DateTime<Utc>, f64), Complaint> {
    let anchor = state.clock.anchor();
    if order.real {
        return Ok((Utc::now(), 1.0));
    }
    if order.at.is_some() && order.forward_s.is_some() {
        return Err(Complaint::new("clock", "at or forward_s, not both"));
    }
    let rate = order.rate.unwrap_or(anchor.rate);
    if !(0.0..=clock::FASTEST).contains(&rate) {
        return Err(Complaint::new("clock", "rate is 0 (stands still) to 1000000"));
    }
    let forward = TimeDelta::try_milliseconds((order.forward_s.unwrap_or(0.0) * 1e3).round() as i64);
    let at = match order.at {
        Some(at) => Some(at),
        None => forward.and_then(|forward| anchor.now().checked_add_signed(forward)),
    };
    let (first, last) = (DateTime::UNIX_EPOCH, DateTime::from_timestamp(7_258_118_400, 0).unwrap_or_default());
    at.filter(|at| (first..last).contains(at))
        .map(|at| (at, rate))
        .ok_or_else(|| Complaint::new("clock", "the clock shows times from 1970 to 2199"))
}
