//! Which of the peers that everything needs answer, as those who ask them anyway have seen it.

use std::{
    collections::HashMap,
    fmt::Display,
    future::Future,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use shared::clock::Clock;

/// What everything needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Peer {
    Engine,
    Redis,
    Telegram,
    Yookassa,
    /// The processes with the engine's socket.
    Fleet,
}

impl Peer {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::Redis => "redis",
            Self::Telegram => "telegram",
            Self::Yookassa => "yookassa",
            Self::Fleet => "fleet",
        }
    }
}

/// What this process knows of a peer.
#[derive(Clone, Debug)]
pub(crate) struct PeerSeen {
    pub(crate) peer: Peer,
    /// Since when it does not answer; none: it does.
    pub(crate) away_since: Option<DateTime<Utc>>,
    pub(crate) error: String,
}

/// A call that has waited so long is as good as a failure.
const HANGS: TimeDelta = TimeDelta::seconds(30);

#[derive(Clone, Debug, Default)]
struct Line {
    /// Since the first of the calls that are under way, unless one was answered since.
    asking_since: Option<DateTime<Utc>>,
    asking: u32,
    failing_since: Option<DateTime<Utc>>,
    answered: bool,
    error: String,
}

/// What this process has seen of its peers. A silence is measured by the machine's clock: when the time is played, a
/// jump makes none longer.
#[derive(Debug)]
pub(crate) struct Reach {
    clock: Clock,
    lines: Mutex<HashMap<Peer, Line>>,
}

impl Reach {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, lines: Mutex::default() }
    }

    /// Makes a call and notes whether the peer answered; `away` tells a silent peer from one that says no.
    ///
    /// # Errors
    /// Those of the call.
    pub(crate) async fn ask<T, E: Display>(
        &self,
        peer: Peer,
        call: impl Future<Output = Result<T, E>>,
        away: impl Fn(&E) -> bool,
    ) -> Result<T, E> {
        let asking = Asking::begin(self, peer);
        let answer = call.await;
        let fault = answer.as_ref().err().filter(|e| away(e)).map(ToString::to_string);
        asking.end(fault);
        answer
    }

    /// What is known of the peers: of one that was never answered by nor has ever failed, nothing is.
    pub(crate) fn seen(&self) -> Vec<PeerSeen> {
        let (now, told_at) = (self.clock.machine().now(), self.clock.now());
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let told = |(peer, line): (&Peer, &Line)| {
            let hanging = line.asking_since.filter(|since| now - *since >= HANGS);
            let away_since = line.failing_since.or(hanging).map(|since| told_at - (now - since));
            let known = line.answered || away_since.is_some();
            known.then(|| PeerSeen { peer: *peer, away_since, error: line.error.clone() })
        };
        let mut seen: Vec<PeerSeen> = lines.iter().filter_map(told).collect();
        seen.sort_by_key(|s| s.peer);
        seen
    }

    fn note(&self, peer: Peer, change: impl FnOnce(&mut Line, DateTime<Utc>)) {
        let now = self.clock.machine().now();
        change(self.lines.lock().unwrap_or_else(PoisonError::into_inner).entry(peer).or_default(), now);
    }
}

/// One call that is under way; one that is given up counts as unanswered.
struct Asking<'a> {
    reach: &'a Reach,
    peer: Peer,
}

impl<'a> Asking<'a> {
    fn begin(reach: &'a Reach, peer: Peer) -> Self {
        reach.note(peer, |line, now| {
            line.asking += 1;
            line.asking_since.get_or_insert(now);
        });
        Self { reach, peer }
    }

    fn end(self, fault: Option<String>) {
        self.reach.note(self.peer, |line, now| match fault {
            Some(error) => {
                line.failing_since = line.failing_since.or(line.asking_since).or(Some(now));
                line.error = error;
            }
            None => {
                // Others may still wait; what they wait for has just answered somebody.
                *line = Line { asking: line.asking, asking_since: Some(now), answered: true, ..Line::default() };
            }
        });
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.reach.note(self.peer, |line, _| {
            line.asking = line.asking.saturating_sub(1);
            if line.asking == 0 {
                line.asking_since = None;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn away(reach: &Reach) -> Option<DateTime<Utc>> {
        let seen = reach.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen[0].away_since
    }

    #[tokio::test]
    async fn a_peer_is_away_from_its_first_silence_until_its_next_word() {
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let clock = Clock::fixed(start);
        let reach = Reach::new(clock.clone());
        assert!(reach.seen().is_empty(), "nothing is known of who was never asked");
        let ask = |answer: Result<(), &'static str>| reach.ask(Peer::Redis, async move { answer }, |e| *e != "no");
        ask(Ok(())).await.unwrap();
        assert_eq!(away(&reach), None);
        for minutes in 1..4 {
            clock.set(start + TimeDelta::minutes(minutes));
            ask(Err("silence")).await.unwrap_err();
            assert_eq!(away(&reach), Some(start + TimeDelta::minutes(1)));
        }
        // To say no is to answer.
        ask(Err("no")).await.unwrap_err();
        assert_eq!(away(&reach), None);
    }

    #[tokio::test]
    async fn a_call_that_hangs_is_a_silence_from_its_beginning() {
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let clock = Clock::fixed(start);
        let reach = Reach::new(clock.clone());
        let call = reach.ask(Peer::Engine, std::future::pending::<Result<(), String>>(), |_| true);
        let mut call = Box::pin(call);
        assert!(futures::poll!(call.as_mut()).is_pending());
        clock.advance(TimeDelta::minutes(2));
        assert_eq!(away(&reach), Some(start));
        drop(call);
        assert!(reach.seen().is_empty(), "a call that was given up tells nothing");
    }
}
