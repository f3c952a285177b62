//! The clock of this world: runs with the machine's until it is set, stopped, sped up or put forward.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// A follower whose last question ended so long ago, and who has not asked again, is gone.
const GONE: Duration = Duration::from_secs(1);
/// Seconds of the clock in a second of the machine, at most.
pub(crate) const FASTEST: f64 = 1_000_000.0;

/// Where the clock stood when it was last touched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Anchor {
    /// Raised by every touch.
    pub(crate) version: u64,
    at: DateTime<Utc>,
    since: Instant,
    pub(crate) rate: f64,
}

impl Anchor {
    /// Now, in whole microseconds.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::cast_possible_truncation, reason = "a cast of a float keeps to the bounds")]
        let micros = (self.since.elapsed().as_secs_f64() * self.rate * 1e6) as i64;
        let now = self.at.checked_add_signed(TimeDelta::microseconds(micros));
        now.unwrap_or(DateTime::<Utc>::MAX_UTC).trunc_subsecs(6)
    }

    /// How long the machine's clock runs until this one shows `at`; none: for ever.
    pub(crate) fn until(&self, at: DateTime<Utc>) -> Option<Duration> {
        let left = (at - self.now()).to_std().unwrap_or_default();
        if left.is_zero() {
            return Some(left);
        }
        Duration::try_from_secs_f64(left.as_secs_f64() / self.rate).ok()
    }
}

/// The clock, and who goes by it.
pub(crate) struct Clock {
    anchor: watch::Sender<Anchor>,
    /// Who follows, and what they have heard.
    followers: HashMap<String, Follower>,
    /// Rung whenever a follower has asked.
    asked: watch::Sender<u64>,
}

struct Follower {
    heard: u64,
    /// Questions that wait for an answer.
    asking: u32,
    ended: Instant,
}

impl Follower {
    fn lives(&self) -> bool {
        self.asking > 0 || self.ended.elapsed() < GONE
    }
}

impl Clock {
    pub(crate) fn new() -> Self {
        // Another number than that of a former run: whoever followed that one is told at once.
        let version = u64::try_from(Utc::now().timestamp_micros()).unwrap_or(1);
        let anchor = Anchor { version, at: Utc::now(), since: Instant::now(), rate: 1.0 };
        Self { anchor: watch::channel(anchor).0, followers: HashMap::new(), asked: watch::channel(0).0 }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.anchor.borrow().now()
    }

    pub(crate) fn anchor(&self) -> Anchor {
        *self.anchor.borrow()
    }

    /// For whoever waits for a touch of the clock.
    pub(crate) fn touches(&self) -> watch::Receiver<Anchor> {
        self.anchor.subscribe()
    }

    /// From now on it shows `at` and runs at `rate`.
    pub(crate) fn touch(&mut self, at: DateTime<Utc>, rate: f64) {
        let version = self.anchor.borrow().version + 1;
        self.anchor.send_replace(Anchor { version, at, since: Instant::now(), rate });
    }

    /// A follower asks, and has heard of this version.
    pub(crate) fn asked(&mut self, who: &str, heard: u64) {
        self.followers.retain(|_, follower| follower.lives());
        let new = || Follower { heard, asking: 0, ended: Instant::now() };
        let follower = self.followers.entry(who.to_owned()).or_insert_with(new);
        follower.heard = heard;
        follower.asking += 1;
        self.asked.send_modify(|count| *count += 1);
    }

    /// A question was answered, or its asker has gone.
    pub(crate) fn answered(&mut self, who: &str) {
        if let Some(follower) = self.followers.get_mut(who) {
            follower.asking = follower.asking.saturating_sub(1);
            follower.ended = Instant::now();
        }
    }

    pub(crate) fn questions(&self) -> watch::Receiver<u64> {
        self.asked.subscribe()
    }

    /// How many follow, and how many of them have not heard of this version yet.
    pub(crate) fn followers(&self, version: u64) -> (usize, usize) {
        let living = || self.followers.values().filter(|follower| follower.lives());
        (living().count(), living().filter(|follower| follower.heard < version).count())
    }

    /// Whoever does not come back for the news is not waited for again.
    pub(crate) fn forget_deaf(&mut self, version: u64) {
        self.followers.retain(|_, follower| follower.heard >= version);
    }
}

/// Returns when the clock shows `at` or more, however it comes there.
pub(crate) async fn reaches(mut touches: watch::Receiver<Anchor>, at: DateTime<Utc>) {
    loop {
        let left = touches.borrow_and_update().until(at);
        if left.is_some_and(|left| left.is_zero()) {
            return;
        }
        let rest = async {
            match left {
                Some(left) => tokio::time::sleep(left).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = rest => {}
            touched = touches.changed() => if touched.is_err() { return },
        }
    }
}
