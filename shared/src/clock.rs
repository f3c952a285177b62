//! Where the time comes from. Nothing below the wiring of a program asks the system for it.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Duration, SubsecRound, Utc};

/// A source of the current time; clones share it.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Fixed(Arc<Mutex<DateTime<Utc>>>),
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

    /// The current time, in whole microseconds: what Postgres can store, so that what is written is what is read.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Source::System => Utc::now().trunc_subsecs(6),
            Source::Fixed(at) => *at.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Moves a fixed clock to `at`; the system's clock is left alone.
    pub fn set(&self, at: DateTime<Utc>) {
        if let Source::Fixed(now) = &self.0 {
            *now.lock().unwrap_or_else(PoisonError::into_inner) = at;
        }
    }

    /// Moves a fixed clock by `step`; the system's clock is left alone.
    pub fn advance(&self, step: Duration) {
        self.set(self.now() + step);
    }
}

/// How long it is until `at`, which was once set no further off than `most`. One that is further off now was set before
/// the machine's clock was put back, and is over.
pub fn remaining(at: DateTime<Utc>, now: DateTime<Utc>, most: Duration) -> std::time::Duration {
    if at - now > most { std::time::Duration::ZERO } else { (at - now).to_std().unwrap_or_default() }
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
}
