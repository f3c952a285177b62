//! The queue for a time that may become free.

use chrono::{DateTime, Days, NaiveDate, Utc};
use sqlx::PgConnection;

use super::{
    BookError, Bookings, Made,
    book::{active, may_sign},
    place::Placing,
    sight::read_offer,
};
use crate::{
    booking::{
        hours::{Span, moment},
        model::{Actor, Booking, BookingId, Business, Status, UserId, WaitId, Wanted},
        policy::{Act, Limits, Permit, Refusal, may},
    },
    store::{
        self,
        users::Known,
        waitlist::{Entry, NewEntry, State},
    },
};

/// Nobody waits more often than this at once.
const MOST_ENTRIES: usize = 5;
/// A window is no wider than this.
const MOST_DAYS: u64 = 31;

/// What somebody waits for.
#[derive(Clone, Debug)]
pub struct WaitWish {
    /// The visit.
    pub wanted: Wanted,
    /// It begins on one of these dates, both included, at most 31 days.
    pub dates: (NaiveDate, NaiveDate),
    /// And not before this minute of the day and before that one, by the business's clocks (0–1440); none: at any time.
    pub hours: Option<(u16, u16)>,
}

/// An entry of the queue.
#[derive(Clone, Debug)]
pub struct Wait {
    /// Its number.
    pub id: WaitId,
    /// The visit.
    pub wanted: Wanted,
    /// The names of the services that are still there, put together.
    pub what: String,
    /// The visit begins within it.
    pub from: DateTime<Utc>,
    /// See above; half-open.
    pub until: DateTime<Utc>,
    /// And between these minutes of the business's day, the second one excluded.
    pub hours: Option<(u16, u16)>,
    /// Where it stands.
    pub state: WaitState,
}

/// Where an entry stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaitState {
    /// It waits.
    Waiting,
    /// A time is kept for it until then.
    Offered(Box<Booking>, DateTime<Utc>),
}

impl Bookings {
    /// Joins the queue. If such a time is free at the moment, it is offered at once, in what comes back. Who waits for the
    /// very same already is not written down twice.
    ///
    /// # Errors
    /// Why one may not wait, [`NoWaiting`](crate::booking::Refusal::NoWaiting) with five entries already, or Postgres.
    pub async fn wait(&self, user: UserId, wish: &WaitWish, update_id: i64) -> Result<Wait, BookError> {
        let mut tx = self.pool.begin().await?;
        let id = self.join(&mut tx, user, wish, update_id).await?;
        tx.commit().await?;
        // In the queue's order: who came before may want the same time. If it fails, it is done later.
        if let Err(error) = self.serve_queue(Some(id)).await {
            tracing::warn!(%error, "the queue could not be gone through at once");
        }
        self.committed();
        let mut conn = self.pool.acquire().await?;
        let entry = store::waitlist::find(&mut *conn, id).await?.ok_or(sqlx::Error::RowNotFound)?;
        shown(&mut conn, entry).await
    }

    async fn join(
        &self,
        conn: &mut PgConnection,
        user: UserId,
        wish: &WaitWish,
        update_id: i64,
    ) -> Result<WaitId, BookError> {
        let now = self.clock.now();
        let business = store::settings::business(&mut *conn).await?;
        let known = store::users::lock(&mut *conn, user, now).await?.ok_or(Refusal::NoContact)?;
        if let Some(entry) = store::waitlist::find_made_by(&mut *conn, user, update_id).await? {
            return Ok(entry.id);
        }
        let within = window(&business, wish, now)?;
        may(&known.person, Act::Wait { until: within.end }, &business.policy, business.zone, now)?;
        let offer = read_offer(&mut *conn, &business, &known, &wish.wanted, None, now).await?;
        let limits = super::sight::View::limits_of(&business, &offer);
        if limits.window(business.zone, now).end <= within.start {
            return Err(Refusal::TooFar(limits.horizon_days).into());
        }
        may_sign(&known)?;
        let mine = store::waitlist::list(&mut *conn, user, now).await?;
        let same = |entry: &&Entry| entry.wanted == wish.wanted && entry.within == within && entry.hours == wish.hours;
        if let Some(entry) = mine.iter().find(same) {
            return Ok(entry.id);
        }
        if mine.len() >= MOST_ENTRIES {
            return Err(Refusal::NoWaiting.into());
        }
        let new = NewEntry { user, wanted: &wish.wanted, within, hours: wish.hours, update_id };
        Ok(store::waitlist::insert(conn, &new, now).await?)
    }

    /// A person's entries that still wait, the oldest first.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn waits(&self, user: UserId) -> Result<(Business, Vec<Wait>), BookError> {
        let mut conn = self.pool.acquire().await?;
        let business = store::settings::business(&mut *conn).await?;
        let mut waits = Vec::new();
        for entry in store::waitlist::list(&mut *conn, user, self.clock.now()).await? {
            waits.push(shown(&mut conn, entry).await?);
        }
        Ok((business, waits))
    }

    /// What is ahead of a person, and what they wait for: [`ahead`](Self::ahead) and [`waits`](Self::waits) in one.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn mine(&self, user: UserId) -> Result<(Business, Vec<Booking>, Vec<Wait>), BookError> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        let business = store::settings::business(&mut *conn).await?;
        let ahead = store::bookings::list_ahead(&mut *conn, user, now).await?;
        let mut waits = Vec::new();
        for entry in store::waitlist::list(&mut *conn, user, now).await? {
            waits.push(shown(&mut conn, entry).await?);
        }
        Ok((business, ahead, waits))
    }

    /// Leaves the queue, and lets go what was kept; `false` if the entry was gone.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn leave(&self, user: UserId, id: WaitId) -> Result<bool, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if store::users::lock(&mut *tx, user, now).await?.is_none() {
            return Ok(false);
        }
        // Only with its owner's row does an entry get another offer, so this one is still the same when it is locked.
        let offer = store::waitlist::find(&mut *tx, id).await?.and_then(|entry| entry.offer);
        let hold = match offer {
            Some(offer) => store::bookings::lock(&mut *tx, offer).await?,
            None => None,
        };
        let entry = store::waitlist::lock(&mut *tx, id).await?;
        let mine = entry.filter(|e| e.user == user && matches!(e.state, State::Waiting | State::Offered));
        let Some(entry) = mine else { return Ok(false) };
        if let Some(hold) = hold.filter(|hold| entry.state == State::Offered && hold.status == Status::Held) {
            let business = store::settings::business(&mut *tx).await?;
            self.cancel_in(&mut tx, &business, hold, (Actor::Customer, Some(user)), None, now).await?;
        }
        store::waitlist::end(&mut *tx, id, false).await?;
        tx.commit().await?;
        self.committed();
        Ok(true)
    }

    /// Takes what is offered: the hold becomes a booking.
    ///
    /// # Errors
    /// [`OfferOver`](crate::booking::Refusal::OfferOver), any refusal of a booking, or Postgres.
    pub async fn take_offer(&self, user: UserId, offer: BookingId, update_id: i64) -> Result<Made, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let (business, known, hold, entry) = self.offered(&mut tx, user, offer, now).await?;
        if entry.as_ref().is_some_and(|e| e.state == State::Booked) {
            return Ok(Made { business, booking: hold, repeated: true });
        }
        let entry = Self::standing(entry, &hold, now)?;
        let contact = may_sign(&known)?;
        // The offer keeps its word: notice and horizon were asked when it was made.
        let limits = Limits { notice: hold.starts_at - now, horizon_days: u16::MAX };
        let active = active(&store::bookings::list_ahead(&mut *tx, user, now).await?);
        let act = Act::Book { starts_at: hold.starts_at, limits, active };
        let permit = may(&known.person, act, &business.policy, business.zone, now)?;
        let wanted = hold.wanted();
        let placing = Placing {
            user,
            wanted: &wanted,
            starts_at: hold.starts_at,
            limits: Some(limits),
            status: if permit == Permit::ByRequest { Status::Requested } else { Status::Confirmed },
            held_until: None,
            shown: None,
            contact: Some(contact),
            comment: None,
            answers: &[],
            source: None,
            series: None,
            instead_of: None,
            update_id,
        };
        // What was free by the rules of then may be forbidden by those of now.
        let offer = read_offer(&mut tx, &business, &known, &wanted, None, now).await?;
        if !self.still_stands(&mut tx, &business, &offer, (&placing, &hold), now).await? {
            self.pass(&mut tx, &business, (&entry, hold), (Actor::System, None), now).await?;
            tx.commit().await?;
            self.committed();
            return Err(Refusal::OfferOver.into());
        }
        let booking = self.confirm_hold(&mut tx, &hold, &placing, now).await?;
        store::waitlist::end(&mut *tx, entry.id, true).await?;
        self.made(&mut tx, &business, std::slice::from_ref(&booking), now).await?;
        tx.commit().await?;
        self.committed();
        Ok(Made { business, booking, repeated: false })
    }

    /// Lets an offer pass: the time goes to the next who waits, and this one waits on, at the end of the queue.
    ///
    /// # Errors
    /// [`OfferOver`](crate::booking::Refusal::OfferOver), or Postgres.
    pub async fn pass_offer(&self, user: UserId, offer: BookingId) -> Result<(), BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let (business, _, hold, entry) = self.offered(&mut tx, user, offer, now).await?;
        let entry = Self::standing(entry, &hold, now)?;
        self.pass(&mut tx, &business, (&entry, hold), (Actor::Customer, Some(user)), now).await?;
        tx.commit().await?;
        self.committed();
        Ok(())
    }

    /// What is, or was, offered to this person: they, the hold and its entry, locked in this order.
    async fn offered(
        &self,
        conn: &mut PgConnection,
        user: UserId,
        offer: BookingId,
        now: DateTime<Utc>,
    ) -> Result<(Business, Known, Booking, Option<Entry>), BookError> {
        let business = store::settings::business(&mut *conn).await?;
        let known = store::users::lock(&mut *conn, user, now).await?.ok_or(Refusal::OfferOver)?;
        let hold = store::bookings::lock(&mut *conn, offer).await?;
        // Somebody else's is to this person as if it were not there.
        let hold = hold.filter(|hold| hold.user == user).ok_or(Refusal::OfferOver)?;
        let entry = store::waitlist::lock_offered(&mut *conn, offer).await?;
        Ok((business, known, hold, entry))
    }
}

/// The window of a wish, by the business's clocks.
fn window(business: &Business, wish: &WaitWish, now: DateTime<Utc>) -> Result<Span, Refusal> {
    let (from, to) = wish.dates;
    let hours_are_some = wish.hours.is_none_or(|(from, to)| from < to && from < 1440 && to <= 1440);
    let day_after = to.checked_add_days(Days::new(1)).ok_or(Refusal::Closed)?;
    if to < from || !hours_are_some || from.checked_add_days(Days::new(MOST_DAYS)).is_none_or(|end| end < day_after) {
        return Err(Refusal::Closed);
    }
    let span = Span { start: moment(business.zone, from, 0), end: moment(business.zone, day_after, 0) };
    if span.end <= now {
        return Err(Refusal::Past);
    }
    Ok(span)
}

/// An entry as its owner sees it.
async fn shown(conn: &mut PgConnection, entry: Entry) -> Result<Wait, BookError> {
    let ids: Vec<_> = entry.wanted.wants.iter().map(|want| want.service).collect();
    let services = store::services::find_active(&mut *conn, &ids).await?;
    let names: Vec<&str> = entry
        .wanted
        .wants
        .iter()
        .filter_map(|want| services.iter().find(|s| s.id == want.service))
        .map(|service| service.name.as_str())
        .collect();
    let what = names.join(" + ");
    let hold = match entry.offer.filter(|_| entry.state == State::Offered) {
        Some(offer) => store::bookings::find(&mut *conn, offer).await?,
        None => None,
    };
    let state = match (hold, entry.offered_until) {
        (Some(hold), Some(until)) => WaitState::Offered(Box::new(hold), until),
        _ => WaitState::Waiting,
    };
    let Span { start: from, end: until } = entry.within;
    Ok(Wait { id: entry.id, what, from, until, hours: entry.hours, state, wanted: entry.wanted })
}
