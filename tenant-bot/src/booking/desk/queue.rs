//! Going through the queue for freed times: who is first is offered first, one time to one person at a time.
//!
//! Whoever frees a time writes it down in the same transaction. Here every entry that such a time may suit is marked to be
//! looked for, and then the entries are looked for in the order of the queue: with the rules by which the customer would
//! have chosen, the earliest time that is free is kept for them as a hold. All of it is derived from rows, so a program
//! that dies in between has lost nothing.

use chrono::{DateTime, Days, TimeDelta, Timelike, Utc};
use sqlx::{Acquire, PgConnection};

use super::{
    BookError, Bookings, Word,
    book::active,
    place::Placing,
    sight::{View, read_offer},
};
use crate::{
    booking::{
        hours::{local_date, moment},
        model::{Actor, Booking, Business, Status, WaitId},
        policy::{Act, Refusal, may},
    },
    store::{
        self,
        booking_history::Change,
        users::Known,
        waitlist::{Entry, State},
    },
};

/// So many of the earliest free times are tried when others are faster.
const TRIES: usize = 10;
/// Whoever was faster may still think better of it.
const LOOK_AGAIN: TimeDelta = TimeDelta::minutes(1);

/// What looking for an entry has found.
enum Found {
    /// A time that is kept for it now.
    Hold(Box<Booking>),
    /// Nothing; the next look is due then, or when something becomes free.
    Nothing(Option<DateTime<Utc>>),
}

impl Bookings {
    /// Ends offers whose time is over, and offers what became free. Everybody gets a letter, save the owner of the entry
    /// `asking`, who is looking at the screen.
    pub(crate) async fn serve_queue(&self, asking: Option<WaitId>) -> Result<(), BookError> {
        self.end_overdue_offers().await?;
        self.end_overdue_holds().await?;
        self.spread_freed().await?;
        let mut failed = (Vec::new(), Ok(()));
        loop {
            match self.serve_next(&failed.0, asking).await {
                Ok(true) => {}
                Ok(false) => return failed.1,
                // One entry that cannot be served does not keep the others waiting.
                Err((Some(entry), error)) => {
                    failed.0.push(entry);
                    failed.1 = Err(error);
                }
                Err((None, error)) => return Err(error),
            }
        }
    }

    /// Ends holds of people who stopped typing, while somebody waits: their time is one that became free.
    async fn end_overdue_holds(&self) -> Result<(), BookError> {
        loop {
            let now = self.clock.now();
            let mut tx = self.pool.begin().await?;
            let Some(hold) = store::bookings::claim_overdue(&mut *tx, now).await? else { return Ok(()) };
            let business = store::settings::business(&mut *tx).await?;
            self.cancel_in(&mut tx, &business, hold, (Actor::System, None), Some("overdue"), now).await?;
            tx.commit().await?;
        }
    }

    async fn spread_freed(&self) -> Result<(), BookError> {
        let mut tx = self.pool.begin().await?;
        store::waitlist::spread_freed(&mut tx, self.clock.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Looks for the first entry that is to be looked for, those `but` left out; `false` if there is none.
    async fn serve_next(&self, but: &[WaitId], asking: Option<WaitId>) -> Result<bool, (Option<WaitId>, BookError)> {
        let begun = |error: sqlx::Error| (None, BookError::from(error));
        let now = self.clock.now();
        let mut tx = self.pool.begin().await.map_err(begun)?;
        let next = store::waitlist::next_to_look(&mut *tx, but, now).await.map_err(begun)?;
        let Some((id, user)) = next else { return Ok(false) };
        let served = async {
            // Of several who go through the queue all but one wait here for the first in it, instead of passing it by.
            let known = store::users::lock(&mut *tx, user, now).await?;
            let entry = store::waitlist::lock(&mut *tx, id).await?;
            // That may have taken a while, and what is kept now is kept from now on.
            let now = self.clock.now();
            if let (Some(known), Some(entry)) = (known, entry)
                && entry.state == State::Waiting
            {
                self.serve(&mut tx, (&known, &entry), asking == Some(id), now).await?;
            }
            Ok(tx.commit().await?)
        };
        served.await.map_err(|error: BookError| (Some(id), error))?;
        self.outbox.wake();
        Ok(true)
    }

    /// Looks for one entry, which is locked with its owner; `quietly`: its owner gets no letter.
    async fn serve(
        &self,
        conn: &mut PgConnection,
        (known, entry): (&Known, &Entry),
        quietly: bool,
        now: DateTime<Utc>,
    ) -> Result<(), BookError> {
        let business = store::settings::business(&mut *conn).await?;
        let hold = match self.find_time(&mut *conn, &business, known, entry, now).await? {
            Found::Hold(hold) => hold,
            Found::Nothing(next) => return Ok(store::waitlist::set_looked(conn, entry.id, next).await?),
        };
        let until = hold.held_until.unwrap_or(now);
        let change = Change { booking: hold.id, action: "held", by: (Actor::System, None), detail: Some("waitlist") };
        store::booking_history::append(&mut *conn, &change, now).await?;
        store::waitlist::set_offered(&mut *conn, entry.id, hold.id, until).await?;
        if quietly {
            return Ok(());
        }
        self.tell_customer(conn, &business, Word::Offer(&hold, until), now).await
    }

    /// Keeps the earliest time that is free for an entry by the rules of now.
    async fn find_time(
        &self,
        conn: &mut PgConnection,
        business: &Business,
        known: &Known,
        entry: &Entry,
        now: DateTime<Utc>,
    ) -> Result<Found, BookError> {
        if !business.policy.waitlist {
            return Ok(Found::Nothing(None));
        }
        let offer = match read_offer(&mut *conn, business, known, &entry.wanted, None, now).await {
            // What is not offered today, or not to this person, may be tomorrow.
            Err(BookError::Refused(_)) => return Ok(Found::Nothing(None)),
            offer => offer?,
        };
        let limits = View::limits_of(business, &offer);
        let view =
            View { business, offer: &offer, party: entry.wanted.party, user: entry.user, but: None, limits, now };
        let (zone, (first, last)) = (business.zone, view.within());
        let dates = (
            first.max(local_date(zone, entry.within.start)),
            last.min(local_date(zone, entry.within.end - TimeDelta::seconds(1))),
        );
        // Every midnight one more day of the window can be booked.
        let more = (moment(zone, last + Days::new(1), 0) < entry.within.end)
            .then(|| moment(zone, local_date(zone, now) + Days::new(1), 0));
        if dates.0 > dates.1 {
            return Ok(Found::Nothing(more));
        }
        let ahead = active(&store::bookings::list_ahead(&mut *conn, entry.user, now).await?);
        let minute = |at: DateTime<Utc>| {
            let local = at.with_timezone(&zone);
            local.hour() * 60 + local.minute()
        };
        let suits = |at: &DateTime<Utc>| {
            entry.within.start <= *at
                && *at < entry.within.end
                && entry.hours.is_none_or(|(from, to)| (u32::from(from)..u32::from(to)).contains(&minute(*at)))
                && !entry.passed.contains(at)
                && may(&known.person, Act::Book { starts_at: *at, limits, active: ahead }, &business.policy, zone, now)
                    .is_ok()
        };
        let slots = view.look(&mut *conn, dates, false).await?.slots(dates);
        let beginnings: Vec<DateTime<Utc>> = slots.into_iter().map(|slot| slot.starts_at).filter(suits).collect();
        for starts_at in beginnings.iter().copied().take(TRIES) {
            let placing = Placing {
                user: entry.user,
                wanted: &entry.wanted,
                starts_at,
                limits: None,
                status: Status::Held,
                held_until: Some((now + business.policy.offer).min(starts_at)),
                shown: None,
                contact: known.contact.as_ref(),
                comment: None,
                answers: &[],
                source: None,
                series: None,
                instead_of: None,
                update_id: 0,
            };
            let mut attempt = conn.begin().await?;
            match self.place(&mut attempt, business, &offer, &placing, now).await {
                Ok(hold) => {
                    attempt.commit().await?;
                    return Ok(Found::Hold(Box::new(hold)));
                }
                // Somebody is taking it at this very moment.
                Err(BookError::Refused(_)) => attempt.rollback().await?,
                Err(error) => return Err(error),
            }
        }
        Ok(Found::Nothing(if beginnings.is_empty() { more } else { Some(now + LOOK_AGAIN) }))
    }

    /// Ends offers whose time is over; each goes to the next who waits.
    async fn end_overdue_offers(&self) -> Result<(), BookError> {
        let mut after = WaitId(0);
        loop {
            let now = self.clock.now();
            let mut tx = self.pool.begin().await?;
            let Some((id, offer)) = store::waitlist::claim_overdue(&mut *tx, after, now).await? else { return Ok(()) };
            after = id;
            let hold = store::bookings::lock(&mut *tx, offer).await?;
            let entry = store::waitlist::lock(&mut *tx, id).await?;
            let (Some(hold), Some(entry)) = (hold, entry) else { continue };
            if entry.state != State::Offered || entry.offer != Some(hold.id) {
                continue;
            }
            let business = store::settings::business(&mut *tx).await?;
            self.pass(&mut tx, &business, (&entry, hold), (Actor::System, None), now).await?;
            tx.commit().await?;
        }
    }

    /// What is offered is let go, and the entry waits on at the end of the queue. Both are locked.
    pub(super) async fn pass(
        &self,
        conn: &mut PgConnection,
        business: &Business,
        (entry, hold): (&Entry, Booking),
        by: (Actor, Option<crate::booking::UserId>),
        now: DateTime<Utc>,
    ) -> Result<(), BookError> {
        let starts_at = hold.starts_at;
        // Whoever wanted its time has ended an overdue hold already.
        if hold.status == Status::Held {
            self.cancel_in(&mut *conn, business, hold, by, None, now).await?;
        }
        Ok(store::waitlist::set_passed(conn, entry.id, Some(starts_at), now).await?)
    }

    /// A hold and the entry that it is offered to, both locked after their owner.
    ///
    /// # Errors
    /// [`Refusal::OfferOver`] unless it is still offered, to this person and now; or Postgres.
    pub(super) fn standing(entry: Option<Entry>, hold: &Booking, now: DateTime<Utc>) -> Result<Entry, Refusal> {
        entry
            .filter(|entry| entry.state == State::Offered && entry.user == hold.user)
            .filter(|entry| entry.offered_until.is_some_and(|until| now < until))
            .filter(|_| hold.status == Status::Held && !hold.is_overdue(now))
            .ok_or(Refusal::OfferOver)
    }
}
