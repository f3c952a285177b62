//! How fast one person may talk to the bot.
//!
//! A rate limit whose only memory is how long a key of Redis still lives: each action that is let through makes it live
//! longer by one interval, and as long as it lives for less than a whole burst there is room for another. So the time is
//! the clock of Redis alone, whoever polls and however often it is restarted, and nothing is left of somebody who fell
//! silent. What one person does is handled one after another, so nothing comes between the look and the write.
//!
//! The key holds the number of the update that was let through last: one that failed and is tried again, or that Telegram
//! tells again, is not refused.

use std::time::Duration;

use redis::RedisResult;
use shared::redis::Prefixed;

use crate::booking::UserId;

/// What a person does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Writes.
    Message,
    /// Presses a button.
    Press,
}

/// Whether it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is.
    Go,
    /// It is not, and it is said that this was too fast.
    Say,
    /// It is not, and was said a moment ago.
    Quiet,
}

/// One action in so long, and so many at once.
#[derive(Clone, Copy, Debug)]
struct Rate {
    every: Duration,
    burst: u32,
}

impl Rate {
    /// What the key lives for after another action, when it still lives for `debt`; none: there is no room for one.
    fn after(self, debt: Duration) -> Option<Duration> {
        let after = debt + self.every;
        (after <= self.every * self.burst).then_some(after)
    }
}

/// The limits of all customers.
#[derive(Clone)]
pub(crate) struct Limits {
    redis: Prefixed,
    on: bool,
    message: Rate,
    press: Rate,
    /// Within it a refusal is said once.
    window: Duration,
}

impl Limits {
    /// The limits; `on: false` lets everything through.
    pub(crate) fn new(redis: Prefixed, on: bool) -> Self {
        Self {
            redis,
            on,
            message: Rate { every: Duration::from_secs(2), burst: 3 },
            press: Rate { every: Duration::from_secs(1), burst: 5 },
            window: Duration::from_secs(10),
        }
    }

    /// May this person do what this update tells of now? It counts as done if so. Without Redis everybody may.
    pub(crate) async fn allows(&self, user: UserId, kind: Kind, update_id: i64) -> Verdict {
        if !self.on {
            return Verdict::Go;
        }
        self.ask(user, kind, &update_id.to_string()).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "how fast somebody talks cannot be known, and is let pass");
            Verdict::Go
        })
    }

    async fn ask(&self, user: UserId, kind: Kind, update: &str) -> RedisResult<Verdict> {
        let (name, rate) = match kind {
            Kind::Message => ("message", self.message),
            Kind::Press => ("press", self.press),
        };
        let key = format!("limit:{name}:{}", user.0);
        let debt = self.redis.pttl(&key).await?.unwrap_or_default();
        if let Some(after) = rate.after(debt) {
            self.redis.set_px(&key, update, after).await?;
            return Ok(Verdict::Go);
        }
        if self.redis.get(&key).await?.as_deref() == Some(update) {
            return Ok(Verdict::Go);
        }
        let first = self.redis.set_px_once(&format!("{key}:said"), "", self.window).await?;
        Ok(if first { Verdict::Say } else { Verdict::Quiet })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use anyhow::Result;
    use play::redis::TenantUser;
    use redis::AsyncCommands;
    use secrecy::SecretString;

    use super::*;

    const SOMEBODY: UserId = UserId(7);
    const HOUR: Duration = Duration::from_secs(3600);

    /// Limits with intervals so long that a slow machine does not matter, and the passing of time by hand.
    struct Gate {
        limits: Limits,
        user: TenantUser,
        updates: AtomicI64,
    }

    impl Gate {
        async fn open() -> Result<Self> {
            let user = TenantUser::create(&format!("client_{}", rand::random_range(1_000_000..1_000_000_000))).await?;
            let connection = shared::redis::connect(&SecretString::from(user.url.clone())).await?;
            let mut limits = Limits::new(Prefixed::new(connection, format!("{}:", user.slug)), true);
            limits.message.every = HOUR;
            limits.press.every = HOUR;
            limits.window = HOUR * 5;
            Ok(Self { limits, user, updates: AtomicI64::new(1) })
        }

        async fn ask(&self, kind: Kind, times: usize) -> Vec<Verdict> {
            let mut verdicts = Vec::new();
            for _ in 0..times {
                let update = self.updates.fetch_add(1, Ordering::Relaxed);
                verdicts.push(self.limits.allows(SOMEBODY, kind, update).await);
            }
            verdicts
        }

        /// Every key is so much older.
        async fn pass(&self, time: Duration) -> Result<()> {
            let mut redis = play::redis::admin().await?;
            for key in play::redis::keys(&format!("{}:", self.user.slug)).await? {
                let left: i64 = redis.pttl(&key).await?;
                let left = left - i64::try_from(time.as_millis())?;
                // At zero or below Redis forgets the key.
                redis.pexpire::<_, ()>(&key, left).await?;
            }
            Ok(())
        }
    }

    use Verdict::{Go, Quiet, Say};

    #[tokio::test]
    async fn a_burst_is_let_through_and_what_follows_is_told_so_once() -> Result<()> {
        let gate = Gate::open().await?;
        assert_eq!(gate.ask(Kind::Message, 6).await, [Go, Go, Go, Say, Quiet, Quiet]);
        // Buttons are counted by themselves, and so is everybody else.
        assert_eq!(gate.ask(Kind::Press, 7).await, [Go, Go, Go, Go, Go, Say, Quiet]);
        assert_eq!(gate.limits.allows(UserId(8), Kind::Message, 99).await, Go);
        Ok(())
    }

    #[tokio::test]
    async fn an_update_that_is_tried_again_is_not_refused() -> Result<()> {
        let gate = Gate::open().await?;
        assert_eq!(gate.ask(Kind::Message, 2).await, [Go, Go]);
        for _ in 0..5 {
            assert_eq!(gate.limits.allows(SOMEBODY, Kind::Message, 77).await, Go);
        }
        assert_eq!(gate.ask(Kind::Message, 1).await, [Say]);
        Ok(())
    }

    #[tokio::test]
    async fn after_it_one_at_a_time_is_let_through_for_ever() -> Result<()> {
        let gate = Gate::open().await?;
        gate.ask(Kind::Message, 9).await;
        for round in 0..10 {
            gate.pass(HOUR).await?;
            let said = gate.ask(Kind::Message, 3).await;
            // Said in the fifth hour again, and not before.
            let wanted = if round % 5 == 4 { [Go, Say, Quiet] } else { [Go, Quiet, Quiet] };
            assert_eq!(said, wanted, "round {round}");
        }
        // Whoever rests long enough may burst again, and no more than that.
        gate.pass(HOUR * 100).await?;
        assert_eq!(gate.ask(Kind::Message, 5).await, [Go, Go, Go, Say, Quiet]);
        Ok(())
    }

    #[tokio::test]
    async fn nothing_is_left_of_who_fell_silent() -> Result<()> {
        let gate = Gate::open().await?;
        gate.ask(Kind::Press, 8).await;
        assert_eq!(play::redis::keys(&gate.user.slug).await?.len(), 2);
        gate.pass(HOUR * 5).await?;
        assert_eq!(play::redis::keys(&gate.user.slug).await?, Vec::<String>::new());
        Ok(())
    }

    #[tokio::test]
    async fn without_redis_and_without_limits_everything_is_let_through() -> Result<()> {
        let gate = Gate::open().await?;
        let off = Limits { on: false, ..gate.limits.clone() };
        for _ in 0..20 {
            assert_eq!(off.allows(SOMEBODY, Kind::Message, 1).await, Go);
        }
        assert_eq!(play::redis::keys(&gate.user.slug).await?, Vec::<String>::new(), "and nothing is counted");
        // As when Redis has forgotten the user.
        gate.ask(Kind::Message, 4).await;
        redis::cmd("ACL").arg("DELUSER").arg(&gate.user.slug).exec_async(&mut play::redis::admin().await?).await?;
        assert_eq!(gate.limits.allows(SOMEBODY, Kind::Message, 99).await, Go);
        Ok(())
    }

    #[test]
    fn a_message_in_two_seconds_and_a_button_in_one_with_a_small_burst() {
        let second = Duration::from_secs(1);
        for (rate, every, burst) in
            [(Rate { every: 2 * second, burst: 3 }, 2 * second, 3), (Rate { every: second, burst: 5 }, second, 5)]
        {
            let mut debt = Duration::ZERO;
            for _ in 0..burst {
                debt = rate.after(debt).unwrap();
            }
            assert_eq!(debt, every * burst);
            assert_eq!(rate.after(debt), None);
            assert_eq!(rate.after(debt - every + Duration::from_millis(1)), None);
            assert_eq!(rate.after(debt - every), Some(debt), "a whole interval later there is room for one");
        }
    }
}
