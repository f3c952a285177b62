//! Our clock against those of the others: leases, payments and reminders go by it.

use chrono::{DateTime, TimeDelta, Utc};
use shared::clock::Clock;

use super::Check;

const WARN: TimeDelta = TimeDelta::seconds(2);
const FAIL: TimeDelta = TimeDelta::seconds(30);

/// A question of what time it is, which was on its way between two moments of our own.
pub(super) struct Asked<'a> {
    clock: &'a Clock,
    since: DateTime<Utc>,
}

impl<'a> Asked<'a> {
    pub(super) fn now(clock: &'a Clock) -> Self {
        Self { clock, since: clock.now() }
    }

    /// Holds the answer against our own time. `whose`: Postgres's, Telegram's …
    pub(super) fn answered(self, name: &'static str, whose: &str, theirs: DateTime<Utc>) -> Check {
        let between = self.since + (self.clock.now() - self.since) / 2;
        judge(name, whose, between - theirs)
    }
}

fn judge(name: &'static str, whose: &str, ahead: TimeDelta) -> Check {
    let seconds = ahead.num_milliseconds() as f64 / 1000.0;
    let direction = if seconds < 0.0 { "behind" } else { "ahead of" };
    let found = format!("our clock is {:.1} s {direction} {whose}", seconds.abs());
    let remedy = "let chrony, ntpd or systemd-timesyncd keep this machine's time and theirs; `timedatectl` tells";
    match ahead.abs() {
        far if far > FAIL => Check::fail(name, found, remedy),
        some if some > WARN => Check::warn(name, found, remedy),
        _ => Check::ok(name, found),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::State, *};

    #[test]
    fn two_seconds_are_warned_of_and_thirty_are_too_many_in_both_directions() {
        for (ms, state, words) in [
            (0, State::Ok, "0.0 s ahead of"),
            (2_000, State::Ok, "2.0 s ahead of"),
            (-2_001, State::Warn, "2.0 s behind"),
            (30_000, State::Warn, "30.0 s ahead of"),
            (-30_001, State::Fail, "30.0 s behind"),
            (3_600_000, State::Fail, "3600.0 s ahead of"),
        ] {
            let check = judge("clock.postgres", "Postgres's", TimeDelta::milliseconds(ms));
            assert_eq!(check.state, state, "{ms} ms");
            assert!(check.found.contains(words) && check.found.ends_with("Postgres's"), "{}", check.found);
            assert_eq!(check.remedy.is_some(), state != State::Ok);
        }
    }
}
