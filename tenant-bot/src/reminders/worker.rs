//! Does what is due, then sleeps until something will be.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use shared::backoff;
use tokio_util::sync::CancellationToken;

use super::{
    digests::Told,
    plan,
    useful::{Matter, Verdict, verdict},
};
use crate::{
    booking::{Actor, BookError, Booking, BookingId, Bookings, Business, Ended, Status, Word},
    store::{
        self,
        booking_history::Change,
        reminders::{Due, Kind},
    },
};

const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// What is due already and could not be done, because somebody is serving its customer, is looked at again after this.
const SHORTEST_PAUSE: Duration = Duration::from_millis(200);
/// Visits of the version before that ended longer ago are left alone.
const TAKEN_OVER_WITHIN: TimeDelta = TimeDelta::days(3);
/// So many bookings are read at once.
const BATCH: i64 = 100;

/// Does what falls due by itself. Any number of them may run beside one another.
pub struct Errands {
    pub(super) desk: Bookings,
    jitter: Duration,
    pub(super) told: Told,
}

impl Errands {
    /// What `desk` writes down is done so much after its time: different for every tenant of a machine, so that they do
    /// not all wake in the same second.
    pub fn new(desk: Bookings, jitter: Duration) -> Self {
        Self { desk, jitter, told: Told::default() }
    }

    /// Runs until `stop`; what is in hand then is finished first.
    pub async fn run(&self, stop: CancellationToken) {
        let mut failures = 0;
        let mut taken_over = false;
        while !stop.is_cancelled() {
            // Registered before the look, so that a signal between looking and sleeping is not lost.
            let woken = self.desk.errands.notified();
            let looked = async {
                if !taken_over {
                    self.take_over().await?;
                }
                self.do_due(&stop).await?;
                self.pause().await
            };
            let pause = match looked.await {
                Ok(pause) => {
                    (failures, taken_over) = (0, true);
                    pause
                }
                Err(error) => {
                    failures += 1;
                    tracing::warn!(error = &error as &dyn std::error::Error, "what is due is not done yet");
                    Some(backoff::doubling(failures, Duration::from_secs(1), LONGEST_PAUSE))
                }
            };
            let rest = async {
                match pause {
                    Some(pause) => self.desk.clock.sleep(pause).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = woken => {}
                () = rest => {}
            }
        }
    }

    /// Does all that is due by now.
    ///
    /// # Errors
    /// When Postgres fails; then what is not done is still due. One row that cannot be done does not keep others from
    /// being done, and its error comes last.
    pub async fn do_due(&self, stop: &CancellationToken) -> Result<(), BookError> {
        let mut failed = Ok(());
        let mut after = (DateTime::UNIX_EPOCH, 0);
        while !stop.is_cancelled() {
            match self.do_next(&mut after).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(
                    error @ BookError::Store(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed),
                ) => {
                    return Err(error);
                }
                Err(error) => failed = Err(error),
            }
        }
        self.desk.serve_queue(None).await?;
        self.tell_digests().await?;
        failed
    }

    /// The time until something is due; none: nothing will be.
    async fn pause(&self) -> Result<Option<Duration>, BookError> {
        let mut conn = self.desk.pool.acquire().await?;
        let reminder = store::reminders::next_due(&mut *conn).await?;
        let queue = store::waitlist::next_due(&mut *conn).await?;
        let digest = self.next_digest(&mut conn).await?;
        let now = self.desk.clock.now();
        Ok([reminder, queue, digest]
            .into_iter()
            .flatten()
            .min()
            .map(|due| (due - now).to_std().map_or(SHORTEST_PAUSE, |until| until + self.jitter)))
    }

    /// Does the next row after `after`, in a transaction of its own, and steps on; `false`: there is none.
    async fn do_next(&self, after: &mut (DateTime<Utc>, i64)) -> Result<bool, BookError> {
        let now = self.desk.clock.now();
        let mut tx = self.desk.pool.begin().await?;
        let Some(due) = store::reminders::claim_due(&mut *tx, *after, now).await? else { return Ok(false) };
        *after = (due.due_at, due.id);
        let booking = store::bookings::lock(&mut *tx, due.booking).await?;
        // Another worker, or the desk, may have been faster.
        if let Some(booking) = booking
            && store::reminders::lock(&mut *tx, due.id).await?
        {
            self.settle(&mut tx, due, booking, now).await?;
            tx.commit().await?;
            self.desk.outbox.wake();
        }
        Ok(true)
    }

    /// Settles a row that is locked, with its customer and its booking.
    async fn settle(
        &self,
        conn: &mut sqlx::PgConnection,
        due: Due,
        booking: Booking,
        now: DateTime<Utc>,
    ) -> Result<(), BookError> {
        let business = store::settings::business(&mut *conn).await?;
        let known = store::users::find(&mut *conn, due.user, now).await?;
        let rows = store::reminders::of_booking(&mut *conn, due.booking).await?;
        let rated = due.kind == Kind::Finish && store::bookings::is_rated(&mut *conn, due.booking).await?;
        let matter = Matter {
            kind: due.kind,
            due_at: due.due_at,
            booking: &booking,
            rows: &rows,
            // A number that means nobody is what is left of somebody who asked to be forgotten.
            welcome: known.reminders && due.user.0 > 0,
            rated,
            policy: &business.policy,
        };
        let verdict = verdict(&matter, now);
        let dropped = match verdict {
            Verdict::Drop(why) => Some(why),
            Verdict::Finish { ask: Err(why), .. } => why,
            Verdict::Remind | Verdict::Free | Verdict::Lapse | Verdict::Finish { .. } => None,
        };
        // First of all: what cancels a booking drops all of its rows that still wait.
        store::reminders::settle(&mut *conn, due.id, dropped, now).await?;
        match verdict {
            Verdict::Drop(_) => Ok(()),
            Verdict::Remind => self.desk.tell_customer(conn, &business, Word::Reminder(&booking, due.id), now).await,
            Verdict::Free => {
                let booking = self.end(&mut *conn, &business, booking, Ended::Unanswered, now).await?;
                self.desk.tell_customer(conn, &business, Word::Unanswered(&booking), now).await
            }
            Verdict::Lapse => {
                let booking = self.end(&mut *conn, &business, booking, Ended::Lapsed, now).await?;
                self.desk.tell_customer(conn, &business, Word::Lapsed(&booking), now).await
            }
            Verdict::Finish { complete, ask } => {
                if complete {
                    complete_visit(&mut *conn, &booking, now).await?;
                }
                match ask {
                    Ok(()) => self.desk.tell_customer(conn, &business, Word::HowWasIt(&booking), now).await,
                    Err(_) => Ok(()),
                }
            }
        }
    }

    async fn end(
        &self,
        conn: &mut sqlx::PgConnection,
        business: &Business,
        booking: Booking,
        ended: Ended,
        now: DateTime<Utc>,
    ) -> Result<Booking, BookError> {
        let reason = self.desk.herald.reason(business, ended);
        self.desk.cancel_in(conn, business, booking, (Actor::System, None), Some(&reason), now).await
    }

    /// Bookings of the version before have no rows: they get those whose time has not passed.
    async fn take_over(&self) -> Result<(), BookError> {
        let now = self.desk.clock.now();
        let mut after = BookingId(0);
        loop {
            let mut tx = self.desk.pool.begin().await?;
            let bookings =
                store::bookings::list_without_reminders(&mut *tx, now - TAKEN_OVER_WITHIN, after, BATCH).await?;
            let Some(last) = bookings.last() else { return Ok(()) };
            after = last.id;
            let policy = store::settings::business(&mut *tx).await?.policy;
            for booking in &bookings {
                store::reminders::insert(&mut *tx, booking.id, &plan::rows(booking, &policy, now)).await?;
            }
            tx.commit().await?;
            tracing::info!(bookings = bookings.len(), "bookings of the version before will be reminded of");
        }
    }
}

async fn complete_visit(
    conn: &mut sqlx::PgConnection,
    booking: &Booking,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    store::bookings::set_status(&mut *conn, booking.id, (booking.status, Status::Completed)).await?;
    let change = Change { booking: booking.id, action: "completed", by: (Actor::System, None), detail: None };
    store::booking_history::append(conn, &change, now).await
}
