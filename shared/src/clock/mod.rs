//! Where the time comes from. Nothing below the wiring of a program asks the system for it.
//!
//! What people live by (bookings, periods, reminders, retries that may wait) goes by [`Clock::now`], and a test may
//! play it: [`Clock::following`] takes the time from the sandbox, which can stop it, speed it up and jump. What
//! machines promise one another (leases, heartbeats, who is sending a row right now) goes by [`Clock::machine`]: when
//! a year is played in a second, whoever held a lease still lives and still holds it.

mod played;

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Duration, SubsecRound, Utc};
use url::Url;

use self::played::Played;
use crate::settings::Env;

/// A source of the current time; clones share it.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Fixed(Arc<Mutex<DateTime<Utc>>>),
    Played(Played),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until it is moved by [`set`](Self::set) or [`advance`](Self::advance).
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self(Source::Fixed(Arc::new(Mutex::new(at))))
    }

    /// The clock that the sandbox serves at `url` (`CLOCK_URL`). Waits until it answers once; from then on the clock
    /// is followed for as long as the program runs, and runs on by itself while the sandbox is away.
    pub async fn following(url: &Url) -> Self {
        Self(Source::Played(Played::follow(url.clone()).await))
    }

    /// The clock that the settings ask for: the one that is served at `url`, or the machine's.
    pub async fn given(url: Option<&Url>) -> Self {
        match url {
            Some(url) => Self::following(url).await,
            None => Self::system(),
        }
    }

    /// What machines measure one another by: the machine's own clock when the time is played; the same clock else.
    pub fn machine(&self) -> Self {
        match &self.0 {
            Source::Played(_) => Self::system(),
            Source::System | Source::Fixed(_) => self.clone(),
        }
    }

    /// A moment by the machine's clock, as this clock would have shown it: as long ago by the one as by the other.
    pub fn of_machine(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        match &self.0 {
            Source::Played(_) => self.now() - (self.machine().now() - at),
            Source::System | Source::Fixed(_) => at,
        }
    }

    /// Rests until `pause` has passed by this clock or by the machine's, whichever comes first: a clock that jumps
    /// over the end wakes whoever sleeps, and one that stands still keeps nobody from looking around.
    pub async fn sleep(&self, pause: std::time::Duration) {
        match &self.0 {
            Source::System | Source::Fixed(_) => tokio::time::sleep(pause).await,
            Source::Played(played) => {
                let wake_at = Duration::from_std(pause).ok().and_then(|pause| self.now().checked_add_signed(pause));
                tokio::select! {
                    () = played.reaches(wake_at.unwrap_or(DateTime::<Utc>::MAX_UTC)) => {}
                    () = tokio::time::sleep(pause) => {}
                }
            }
        }
    }

    /// The current time, in whole microseconds: what Postgres can store, so that what is written is what is read.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Source::System => Utc::now().trunc_subsecs(6),
            Source::Fixed(at) => *at.lock().unwrap_or_else(PoisonError::into_inner),
            Source::Played(played) => played.now(),
        }
    }

    /// Moves a fixed clock to `at`; any other is left alone.
    pub fn set(&self, at: DateTime<Utc>) {
        if let Source::Fixed(now) = &self.0 {
            *now.lock().unwrap_or_else(PoisonError::into_inner) = at;
        }
    }

    /// Moves a fixed clock by `step`; any other is left alone.
    pub fn advance(&self, step: Duration) {
        self.set(self.now() + step);
    }
}

/// How long it is until `at`, which was once set no further off than `most`. One that is further off now was set before
/// the machine's clock was put back, and is over.
pub fn remaining(at: DateTime<Utc>, now: DateTime<Utc>, most: Duration) -> std::time::Duration {
    if at - now > most { std::time::Duration::ZERO } else { (at - now).to_std().unwrap_or_default() }
}

/// The setting `name` (`CLOCK_URL`): where a played time comes from. A fault beside a real server: real people would
/// be written to, and real money taken, at times that never were.
pub fn setting<'a>(env: &mut Env, name: &str, servers: impl IntoIterator<Item = &'a Url>) -> Option<Url> {
    let url: Url = env.optional(name, "the sandbox's clock, http://host:port/clock")?;
    if let Some(real) = servers.into_iter().find(|server| is_real(server)) {
        let host = real.host_str().unwrap_or_default();
        env.fault(format!("{name} is for the sandbox only: with {host} the time cannot be played"));
        return None;
    }
    Some(url)
}

/// Whether a server is one that real people and real money are behind.
pub(crate) fn is_real(server: &Url) -> bool {
    let host = server.host_str().unwrap_or_default().trim_end_matches('.');
    let within = |domain: &str| host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    ["telegram.org", "yookassa.ru", "yoomoney.ru"].into_iter().any(within)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use std::time::Duration as Std;

    #[test]
    fn what_no_clock_that_was_right_can_have_set_is_over() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let most = TimeDelta::minutes(5);
        assert_eq!(remaining(now + TimeDelta::seconds(2), now, most), Std::from_secs(2));
        assert_eq!(remaining(now + most, now, most), Std::from_secs(300));
        assert_eq!(remaining(now + TimeDelta::hours(1), now, most), Std::ZERO);
        assert_eq!(remaining(now - TimeDelta::hours(1), now, most), Std::ZERO);
    }

    #[test]
    fn a_played_clock_is_refused_beside_a_real_server() {
        for (server, refused) in [
            ("https://api.telegram.org/", true),
            ("https://API.Telegram.org./", true),
            ("https://api.yookassa.ru/v3", true),
            ("http://127.0.0.1:8081/", false),
            ("http://nottelegram.org/", false),
        ] {
            let mut env = Env::from_pairs([("CLOCK_URL", "http://127.0.0.1:8081/clock")]);
            let read = setting(&mut env, "CLOCK_URL", [&Url::parse(server).unwrap()]);
            assert_eq!(read.is_none(), refused, "{server}");
            assert_eq!(env.check().is_err(), refused, "{server}");
        }
        let mut env = Env::from_pairs::<&str, &str>([]);
        assert_eq!(setting(&mut env, "CLOCK_URL", [&Url::parse("https://api.telegram.org/").unwrap()]), None);
        env.check().unwrap();
    }
}
