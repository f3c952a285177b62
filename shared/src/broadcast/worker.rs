//! Sends what is due, one letter after another at an even pace, then sleeps until something will be.
//!
//! One connection to Postgres at a time, and one transaction for a letter: it takes the next letter and settles those whose
//! calls have ended meanwhile. That batches by itself what may be batched: a call that has ended and is not settled yet is
//! remembered here, and a kill in that moment makes it *unknown*, as a kill in the call would. Letters are taken one at a
//! time, for each that is taken and not sent would be unknown too.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    Broadcast, BroadcastId, Broadcasts, Halt, Readers, Turned,
    fate::{Ended, Fate},
    letters::{self, Taken},
    store,
};
use crate::{
    backoff::doubling,
    telegram::{Telegram, TelegramError},
};

/// Calls side by side: enough for thirty a second at a quarter of a second each.
const SIDE_BY_SIDE: usize = 8;
/// Whoever watches is shown how it goes so often at the most.
const SHOWN_EVERY: Duration = Duration::from_secs(3);
/// A broadcast that can begin only so much after its time asks first.
const LATE: TimeDelta = TimeDelta::hours(3);
/// While one broadcast goes on, others may be due to begin: that is looked at so often.
const LOOKED_EVERY: Duration = Duration::from_secs(5);
/// A call that has ended is written down within this, though no other letter is taken.
const SETTLED_WITHIN: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);

/// What is going on: calls in flight, and those that have ended and are not written down yet.
#[derive(Default)]
struct Work {
    calls: JoinSet<Ended>,
    ended: Vec<Ended>,
    /// Calls without a readable answer, one after another.
    in_doubt: u32,
    /// Somebody is being shown how it goes.
    shown: JoinSet<()>,
    shown_at: Option<Instant>,
}

impl<R: Readers> Broadcasts<R> {
    /// Runs until `stop`; calls in flight then are finished and recorded first.
    pub async fn run(&self, stop: CancellationToken) {
        let (mut failures, mut work) = (0, Work::default());
        while !stop.is_cancelled() {
            // Registered before the look, so that a signal between looking and sleeping is not lost.
            let woken = self.wake.notified();
            let looked = async {
                self.give_up_orphans().await?;
                while self.begin_next().await? {}
                match self.send_due(&mut work, &stop).await? {
                    true => self.pause().await,
                    false => Ok(Some(Duration::ZERO)),
                }
            };
            let pause = match looked.await {
                Ok(pause) => {
                    failures = 0;
                    pause
                }
                Err(error) => {
                    failures += 1;
                    tracing::warn!(%error, "broadcasts cannot be read");
                    Some(doubling(failures, Duration::from_secs(1), LONGEST_PAUSE))
                }
            };
            let rest = async {
                match pause {
                    Some(pause) => self.clock.sleep(pause).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = woken => {}
                () = rest => {}
            }
        }
        while let Some(call) = work.calls.join_next().await {
            work.ended.extend(call.ok());
        }
        if let Err(error) = self.settle_all(&mut work).await {
            tracing::warn!(%error, "what was sent last cannot be written down: it will count as unknown");
        }
    }

    async fn give_up_orphans(&self) -> Result<(), sqlx::Error> {
        let orphans = letters::give_up_orphans(&self.pool, &self.clock).await?;
        if orphans > 0 {
            tracing::warn!(
                orphans,
                "letters of a broadcast whose sending was cut off: they may or may not have arrived"
            );
        }
        Ok(())
    }

    /// Begins the next broadcast whose time has come: its letters are written, or nothing is.
    async fn begin_next(&self) -> Result<bool, sqlx::Error> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let Some(broadcast) = store::lock_beginning(&mut *tx, now).await? else { return Ok(false) };
        let late = broadcast.starts_at.is_some_and(|starts_at| now - starts_at > LATE).then_some(Halt::Late);
        self.readers.write_letters(&mut tx, &broadcast, now).await?;
        store::begin(&mut *tx, broadcast.id, late, now).await?;
        if let Some(why) = late
            && let Some(broadcast) = store::find(&mut *tx, broadcast.id).await?
        {
            self.readers.turned(&mut tx, &broadcast, Turned::Halted(why), now).await?;
        }
        tx.commit().await?;
        tracing::info!(broadcast = broadcast.id.0, late = late.is_some(), "a broadcast begins");
        if late.is_some() {
            self.readers.progress(broadcast.id).await;
        }
        Ok(true)
    }

    /// Sends until nothing is due and nothing in flight, or for a while: others may begin meanwhile. `true`: nothing is left.
    async fn send_due(&self, work: &mut Work, stop: &CancellationToken) -> Result<bool, sqlx::Error> {
        let until = Instant::now() + LOOKED_EVERY;
        while !stop.is_cancelled() && Instant::now() < until {
            // Before a letter is taken: one that is taken and waits is in doubt if the program is killed.
            if !self.finds_room(work, stop).await {
                self.settle_all(work).await?;
                continue;
            }
            let taken = self.settle_and_take(work).await?;
            self.show(work, taken.as_ref().map(|(letter, _)| letter.broadcast));
            match taken {
                Some((letter, calls)) => {
                    let telegram = self.telegram.clone();
                    work.calls.spawn(async move { call(&telegram, letter, calls).await });
                }
                None => match work.calls.join_next().await {
                    Some(call) => work.ended.extend(call.ok()),
                    None => {
                        self.end(work).await?;
                        return Ok(true);
                    }
                },
            }
        }
        Ok(false)
    }

    /// Waits for room for the next letter; not for long, if there is something to be written down.
    async fn finds_room(&self, work: &mut Work, stop: &CancellationToken) -> bool {
        let begun = Instant::now();
        loop {
            while let Some(call) = work.calls.try_join_next() {
                work.ended.extend(call.ok());
            }
            let patience = begun + if work.ended.is_empty() { LOOKED_EVERY } else { SETTLED_WITHIN };
            let full = work.calls.len() >= SIDE_BY_SIDE;
            let room = async {
                if full {
                    std::future::pending::<()>().await;
                }
                self.telegram.until_room_for_many().await;
            };
            tokio::select! {
                () = stop.cancelled() => return false,
                () = room => break,
                Some(call) = work.calls.join_next() => work.ended.extend(call.ok()),
                () = sleep_until(patience) => return false,
            }
        }
        !self.is_silent(work).await
    }

    /// After a call without a readable answer the next letter would soon be unknown too: Telegram is asked something first
    /// that may be asked twice. `true`: it does not answer yet.
    async fn is_silent(&self, work: &mut Work) -> bool {
        let doubts = work.ended.iter().filter(|ended| ended.fate() == Fate::Unknown).count();
        work.in_doubt += u32::try_from(doubts).unwrap_or(u32::MAX);
        if work.in_doubt == 0 {
            return false;
        }
        match self.telegram.get_me().await {
            Ok(_) => {
                work.in_doubt = 0;
                false
            }
            Err(error) => {
                work.in_doubt = work.in_doubt.saturating_add(1);
                tracing::warn!(%error, "Telegram does not answer; the broadcast waits");
                self.telegram.hold_many(doubling(work.in_doubt, Duration::from_secs(1), LONGEST_PAUSE));
                true
            }
        }
    }

    async fn settle_all(&self, work: &mut Work) -> Result<(), sqlx::Error> {
        if work.ended.is_empty() {
            return Ok(());
        }
        let mut tx = self.pool.begin().await?;
        let halted = self.settle(&mut tx, &work.ended).await?;
        tx.commit().await?;
        work.ended.clear();
        self.show_halted(halted).await;
        Ok(())
    }

    async fn show_halted(&self, halted: Vec<BroadcastId>) {
        for broadcast in halted {
            self.readers.progress(broadcast).await;
        }
    }

    /// One transaction: what has ended is settled, and the next letter is taken. None: nothing is due.
    async fn settle_and_take(&self, work: &mut Work) -> Result<Option<(Taken, Vec<serde_json::Value>)>, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        let halted = self.settle(&mut tx, &work.ended).await?;
        let mut taken = None;
        while let Some(letter) = letters::take_due(&mut *tx, &self.clock).await? {
            let of = (letter.broadcast, letter.chat_id);
            match self.readers.under(&mut tx, letter.chat_id).await? {
                Some(under) => {
                    let calls = letter.source.calls(letter.chat_id, &under);
                    taken = Some((letter, calls));
                    break;
                }
                None => letters::settle(&mut *tx, of, ("skipped", letter.arrived), None, self.clock.now()).await?,
            }
        }
        tx.commit().await?;
        work.ended.clear();
        self.show_halted(halted).await;
        Ok(taken)
    }

    /// Locks people before broadcasts before letters, as everybody does. Gives those broadcasts that have paused by it.
    async fn settle(&self, conn: &mut sqlx::PgConnection, ended: &[Ended]) -> Result<Vec<BroadcastId>, sqlx::Error> {
        let mut halted = Vec::new();
        if ended.is_empty() {
            return Ok(halted);
        }
        let now = self.clock.now();
        let mut gone: Vec<i64> =
            ended.iter().filter(|ended| ended.fate() == Fate::Blocked).map(|ended| ended.letter.chat_id).collect();
        gone.sort_unstable();
        if !gone.is_empty() {
            self.readers.unreachable(conn, &gone, now).await?;
        }
        let is_back = |fate| matches!(fate, Fate::Onward | Fate::Again(_) | Fate::NoSource);
        let mut back: Vec<BroadcastId> =
            ended.iter().filter(|ended| is_back(ended.fate())).map(|ended| ended.letter.broadcast).collect();
        back.sort_unstable();
        back.dedup();
        for ended in ended.iter().filter(|ended| ended.fate() == Fate::NoSource) {
            if let Some(broadcast) = store::halt(&mut *conn, ended.letter.broadcast, Halt::Source).await? {
                tracing::warn!(broadcast = broadcast.id.0, "what the broadcast copies is no more");
                self.readers.turned(conn, &broadcast, Turned::Halted(Halt::Source), now).await?;
                halted.push(broadcast.id);
            }
        }
        store::share(&mut *conn, &back).await?;
        for ended in ended {
            self.settle_one(conn, ended, now).await?;
        }
        Ok(halted)
    }

    async fn settle_one(
        &self,
        conn: &mut sqlx::PgConnection,
        ended: &Ended,
        now: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        let Ended { letter, came, .. } = ended;
        let of = (letter.broadcast, letter.chat_id);
        let error = came.as_ref().err().map(ToString::to_string);
        let error = error.as_deref();
        let state = match ended.fate() {
            Fate::Onward => return letters::put_back(conn, of, letter.arrived + 1, (None, None), now).await,
            Fate::NoSource => return letters::put_back(conn, of, letter.arrived, (None, error), now).await,
            Fate::Again(pause) => {
                let due_at = TimeDelta::from_std(pause).ok().map(|pause| self.clock.machine().now() + pause);
                return letters::put_back(conn, of, letter.arrived, (due_at, error), now).await;
            }
            Fate::Sent => return letters::settle(conn, of, ("sent", letter.arrived + 1), None, now).await,
            Fate::Blocked => "blocked",
            Fate::Failed => "failed",
            Fate::Unknown => "unknown",
        };
        tracing::info!(broadcast = of.0.0, error, "a letter of a broadcast is {state}");
        letters::settle(conn, of, (state, letter.arrived), error, now).await
    }

    /// Nothing is due: what has nothing in flight either is over.
    async fn end(&self, work: &mut Work) -> Result<(), sqlx::Error> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let over: Vec<Broadcast> = store::end(&mut *tx, now).await?;
        for broadcast in &over {
            self.readers.turned(&mut tx, broadcast, Turned::Done, now).await?;
        }
        tx.commit().await?;
        for broadcast in over {
            tracing::info!(broadcast = broadcast.id.0, "a broadcast is over");
            // Whoever is being shown something older must not be shown it after this.
            while work.shown.join_next().await.is_some() {}
            self.readers.progress(broadcast.id).await;
        }
        Ok(())
    }

    /// Shows whoever watches how it goes, beside the sending.
    fn show(&self, work: &mut Work, broadcast: Option<BroadcastId>) {
        while work.shown.try_join_next().is_some() {}
        let Some(broadcast) = broadcast else { return };
        let soon = work.shown_at.is_some_and(|at| at.elapsed() < SHOWN_EVERY);
        if soon || !work.shown.is_empty() {
            return;
        }
        work.shown_at = Some(Instant::now());
        let readers = self.readers.clone();
        work.shown.spawn(async move {
            // An edit that hangs is given up: the next one shows more.
            let _ = timeout(LONGEST_PAUSE, readers.progress(broadcast)).await;
        });
    }

    /// The time until something is to be looked at; none: nothing will be.
    async fn pause(&self) -> Result<Option<Duration>, sqlx::Error> {
        let ahead = store::ahead(&self.pool, &self.clock).await?;
        let until = |now: DateTime<Utc>, at: Option<DateTime<Utc>>| {
            at.map(|at| (at - now).to_std().unwrap_or(Duration::ZERO).max(SHORTEST_PAUSE))
        };
        let machine = self.clock.machine().now();
        let pauses = [until(self.clock.now(), ahead.begins), until(machine, ahead.due), until(machine, ahead.sending)];
        Ok(pauses.into_iter().flatten().min())
    }
}

/// The next call of a letter.
async fn call(telegram: &Telegram, letter: Taken, calls: Vec<serde_json::Value>) -> Ended {
    let came = match calls.get(usize::from(letter.arrived.unsigned_abs())) {
        Some(body) => telegram.send_to_many(body).await.map(|_| ()),
        None => Ok(()),
    };
    if let Err(TelegramError::NotSent(_) | TelegramError::Unauthorized) = &came {
        // Nothing listens: the next letter would fare no better.
        telegram.hold_many(doubling(letter.attempts.unsigned_abs(), Duration::from_secs(1), LONGEST_PAUSE));
    }
    Ended { letter, calls: calls.len(), came }
}
