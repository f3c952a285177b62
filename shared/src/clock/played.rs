//! A clock that the sandbox serves, followed by a question that the sandbox answers when the clock changes.

use std::time::{Duration, Instant};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde::Deserialize;
use tokio::{sync::watch, time::sleep};
use url::Url;
use uuid::Uuid;

/// How long a question may wait for a change.
const POLL: Duration = Duration::from_secs(30);
/// Beyond the end of the poll: an answer that takes longer will not come.
const PATIENCE: Duration = Duration::from_secs(5);
const AFTER_FAILURE: Duration = Duration::from_millis(200);
/// However fast the clock runs: whoever rests for longer than this rests at least for this.
const SHORTEST_REST: Duration = Duration::from_millis(20);

/// What the sandbox answers.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Told {
    version: u64,
    at: DateTime<Utc>,
    /// Seconds of the clock in a second of the machine; 0 stands still.
    rate: f64,
}

#[derive(Clone, Copy, Debug)]
struct Anchor {
    told: Told,
    heard: Instant,
}

impl Anchor {
    fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::cast_possible_truncation, reason = "a cast of a float keeps to the bounds")]
        let micros = (self.heard.elapsed().as_secs_f64() * self.told.rate * 1e6) as i64;
        let now = self.told.at.checked_add_signed(TimeDelta::microseconds(micros));
        now.unwrap_or(DateTime::<Utc>::MAX_UTC).trunc_subsecs(6)
    }

    /// How long the machine's clock runs until this one shows `at`; none: for ever.
    fn until(&self, at: DateTime<Utc>) -> Option<Duration> {
        let left = (at - self.now()).to_std().unwrap_or_default();
        if left.is_zero() {
            return Some(left);
        }
        Duration::try_from_secs_f64(left.as_secs_f64() / self.told.rate).ok()
    }
}

/// The clock; clones share it.
#[derive(Clone, Debug)]
pub(super) struct Played(watch::Receiver<Anchor>);

impl Played {
    /// Asks until there is an answer, and follows from then on.
    pub(super) async fn follow(url: Url) -> Self {
        let http = reqwest::Client::builder().timeout(POLL + PATIENCE).no_proxy().build().unwrap_or_default();
        let line = Line { http, url, who: Uuid::new_v4() };
        let mut failures = 0_u32;
        let first = loop {
            match line.ask(None).await {
                Ok(told) => break told,
                Err(error) => {
                    failures += 1;
                    if failures % 25 == 1 {
                        tracing::warn!(%error, "the clock (CLOCK_URL) does not answer; waiting");
                    }
                    sleep(AFTER_FAILURE).await;
                }
            }
        };
        tracing::warn!(at = %first.told.at, rate = first.told.rate, "the time is played (CLOCK_URL)");
        let (tell, heard) = watch::channel(first);
        tokio::spawn(async move {
            while !tell.is_closed() {
                let version = tell.borrow().told.version;
                match line.ask(Some(version)).await {
                    Ok(anchor) if anchor.told.version == version => {}
                    Ok(anchor) => {
                        tell.send_replace(anchor);
                    }
                    Err(error) => {
                        tracing::debug!(%error, "the clock does not answer and runs on by itself");
                        sleep(AFTER_FAILURE).await;
                    }
                }
            }
        });
        Self(heard)
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.0.borrow().now()
    }

    /// Returns when the clock shows `at` or more, however it comes there.
    pub(super) async fn reaches(&self, at: DateTime<Utc>) {
        let mut heard = self.0.clone();
        let begun = Instant::now();
        loop {
            let left = heard.borrow_and_update().until(at);
            if left.is_some_and(|left| left.is_zero()) {
                return;
            }
            let rest = async {
                match left {
                    // A second an hour long would otherwise have whoever asks every three seconds ask all the time.
                    Some(left) => sleep(left.max(SHORTEST_REST.saturating_sub(begun.elapsed()))).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = rest => {}
                changed = heard.changed() => if changed.is_err() { std::future::pending::<()>().await },
            }
        }
    }
}

struct Line {
    http: reqwest::Client,
    url: Url,
    /// Tells followers apart, so that who moves the clock can wait until all have heard.
    who: Uuid,
}

impl Line {
    /// Answered at once, or when the clock is no longer as `after` tells.
    async fn ask(&self, after: Option<u64>) -> Result<Anchor, reqwest::Error> {
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair("who", &self.who.to_string());
        if let Some(after) = after {
            let timeout = POLL.as_millis().to_string();
            url.query_pairs_mut().append_pair("after", &after.to_string()).append_pair("timeout_ms", &timeout);
        }
        let told = self.http.get(url).send().await?.error_for_status()?.json().await?;
        Ok(Anchor { told, heard: Instant::now() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anchor(rate: f64) -> Anchor {
        Anchor { told: Told { version: 1, at: DateTime::UNIX_EPOCH, rate }, heard: Instant::now() }
    }

    #[test]
    fn a_fast_clock_comes_there_sooner_and_one_that_stands_still_never() {
        let tomorrow = DateTime::UNIX_EPOCH + TimeDelta::days(1);
        let day = anchor(86_400.0).until(tomorrow).unwrap();
        assert!(day <= Duration::from_secs(1), "{day:?}");
        assert_eq!(anchor(0.0).until(tomorrow), None);
        assert_eq!(anchor(0.0).until(DateTime::UNIX_EPOCH), Some(Duration::ZERO));
        assert_eq!(anchor(0.0).now(), DateTime::UNIX_EPOCH);
    }
}
