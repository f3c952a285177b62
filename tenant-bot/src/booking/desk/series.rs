//! Repeats: several dates, checked and taken in one transaction.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sqlx::PgConnection;

use super::{
    BookError, Bookings, Made, Wish,
    book::{active, may_sign},
    place::{Placing, lock_caps},
    read::Offer,
    sight::{View, read_offer},
};
use crate::{
    booking::{
        hours::{first_moment, local_date},
        model::{Booking, Business, ResourceId, Status, UserId, Wanted},
        policy::{Act, Limits, Permit, Refusal, may},
    },
    store::{self, users::Known},
};

/// The dates after the first may lie beyond the horizon, but not beyond this many days.
const FURTHEST_DAYS: u16 = 400;
/// So many other times of a date are shown.
const INSTEAD: usize = 6;
/// A series that fails by a race is looked at anew; after so many races somebody else may have a try.
const TRIES: usize = 3;

/// Every so many weeks, so often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Repeat {
    /// 1–52.
    pub every_weeks: u8,
    /// Dates in all, the first one included; at least 2.
    pub times: u8,
}

/// One date of a series that is being put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesDate {
    /// When it would begin.
    pub starts_at: DateTime<Utc>,
    /// Why it cannot be had, if it cannot.
    pub conflict: Option<Refusal>,
    /// What can be had instead on that date, the nearest in time first; only with a conflict, at most six.
    pub instead: Vec<DateTime<Utc>>,
}

/// Why a series was not booked: nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum SeriesError {
    /// Some dates cannot be had; all of them, good ones too, as they stand now.
    #[error("some dates cannot be had")]
    Conflicts(Vec<SeriesDate>),
    /// Something else.
    #[error(transparent)]
    Failed(#[from] BookError),
}

/// The beginnings of a series: the wall-clock time of the first one on every date of it. One that a change of clocks skips is
/// as soon after it as there is a time.
pub(super) fn dates(business: &Business, first: DateTime<Utc>, repeat: Repeat) -> Vec<DateTime<Utc>> {
    let local = first.with_timezone(&business.zone).naive_local();
    (0..i64::from(repeat.times))
        .filter_map(|n| local.checked_add_signed(TimeDelta::weeks(n * i64::from(repeat.every_weeks))))
        .map(|local| first_moment(business.zone, local))
        .collect()
}

impl Bookings {
    /// The dates of a series: the same wall-clock time in the business's zone every so many weeks, each with whether it can
    /// be had. Only the first must lie within the horizon.
    ///
    /// # Errors
    /// [`Refusal::TooManyRepeats`], as [`quote`](Self::quote) for what concerns all dates, or Postgres.
    pub async fn series(
        &self,
        user: UserId,
        wanted: &Wanted,
        starts_at: DateTime<Utc>,
        repeat: Repeat,
    ) -> Result<Vec<SeriesDate>, BookError> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        let business = store::settings::business(&mut *conn).await?;
        fits(&business, usize::from(repeat.times))?;
        let known = store::users::find(&mut conn, user, now).await?;
        let starts = dates(&business, starts_at, Repeat { every_weeks: repeat.every_weeks.clamp(1, 52), ..repeat });
        look_at(&mut conn, &business, &known, wanted, &starts, now).await
    }

    /// Books every one of these beginnings (at least 2, different ones), or none. `wish.starts_at` is not read.
    ///
    /// # Errors
    /// [`SeriesError`].
    pub async fn book_series(
        &self,
        user: UserId,
        wish: &Wish,
        starts: &[DateTime<Utc>],
        update_id: i64,
    ) -> Result<Vec<Made>, SeriesError> {
        let mut starts = starts.to_vec();
        starts.sort_unstable();
        starts.dedup();
        let mut seen = Vec::new();
        for _ in 0..TRIES {
            let now = self.clock.now();
            let mut tx = self.pool.begin().await.map_err(BookError::from)?;
            match self.book_all(&mut tx, user, wish, &starts, (update_id, now)).await {
                Ok(made) => {
                    tx.commit().await.map_err(BookError::from)?;
                    self.committed();
                    return Ok(made);
                }
                Err(BookError::Refused(
                    why @ (Refusal::Taken | Refusal::Closed | Refusal::DayFull | Refusal::OfferChanged),
                )) => {
                    tx.rollback().await.map_err(BookError::from)?;
                    seen = self.seen_now(user, wish, &starts, now).await?;
                    if seen.iter().any(|date| date.conflict.is_some()) {
                        return Err(SeriesError::Conflicts(seen));
                    }
                    if why == Refusal::OfferChanged {
                        return Err(BookError::from(why).into());
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(SeriesError::Conflicts(seen))
    }

    async fn seen_now(
        &self,
        user: UserId,
        wish: &Wish,
        starts: &[DateTime<Utc>],
        now: DateTime<Utc>,
    ) -> Result<Vec<SeriesDate>, BookError> {
        let mut conn = self.pool.acquire().await?;
        let business = store::settings::business(&mut *conn).await?;
        let known = store::users::find(&mut conn, user, now).await?;
        look_at(&mut conn, &business, &known, &wish.wanted, starts, now).await
    }

    async fn book_all(
        &self,
        conn: &mut PgConnection,
        user: UserId,
        wish: &Wish,
        starts: &[DateTime<Utc>],
        (update_id, now): (i64, DateTime<Utc>),
    ) -> Result<Vec<Made>, BookError> {
        let business = store::settings::business(&mut *conn).await?;
        let known = store::users::lock(&mut *conn, user, now).await?.ok_or(Refusal::NoContact)?;
        let repeated = store::bookings::find_made_by(&mut *conn, user, update_id).await?;
        if !repeated.is_empty() {
            let made = |booking| Made { business: business.clone(), booking, repeated: true };
            return Ok(repeated.into_iter().map(made).collect());
        }
        fits(&business, starts.len())?;
        let contact = may_sign(&known)?;
        let ahead = store::bookings::list_ahead(&mut *conn, user, now).await?;
        // A second press of the same button finds what the first one made.
        if let Some(same) = same_series(&ahead, wish, starts) {
            let made =
                |booking: &Booking| Made { business: business.clone(), booking: booking.clone(), repeated: true };
            return Ok(same.into_iter().map(made).collect());
        }
        let offer = read_offer(&mut *conn, &business, &known, &wish.wanted, None, now).await?;
        let permit = may_repeat(&known, &business, &offer, starts, active(&ahead), now)?;
        self.release_holds(&mut *conn, &business, user, now).await?;
        // Days, resources, then time: every transaction goes this way, so none waits for one that waits for it.
        let days: Vec<NaiveDate> = starts.iter().map(|at| local_date(business.zone, *at)).collect();
        lock_caps(&mut *conn, &business, &days).await?;
        let resources: Vec<ResourceId> =
            offer.parts.iter().flat_map(|p| &p.doers).flat_map(|d| &d.resources).copied().collect();
        store::resources::lock(&mut *conn, &resources).await?;
        let mut bookings: Vec<Booking> = Vec::with_capacity(starts.len());
        for starts_at in starts {
            let placing = Placing {
                user,
                wanted: &wish.wanted,
                starts_at: *starts_at,
                limits: Some(far(&business, &offer)),
                status: if permit == Permit::ByRequest { Status::Requested } else { Status::Confirmed },
                held_until: None,
                shown: Some(wish.shown),
                contact: Some(contact),
                comment: wish.comment.as_deref(),
                answers: &wish.answers,
                source: wish.source.as_deref(),
                series: bookings.first().map(|b| b.id),
                instead_of: None,
                update_id,
            };
            bookings.push(self.place(&mut *conn, &business, &offer, &placing, now).await?);
        }
        if let Some(first) = bookings.first_mut() {
            store::bookings::set_series(&mut *conn, first.id, first.id).await?;
            first.series = Some(first.id);
        }
        self.made(&mut *conn, &business, &bookings, now).await?;
        Ok(bookings.into_iter().map(|booking| Made { business: business.clone(), booking, repeated: false }).collect())
    }
}

fn fits(business: &Business, times: usize) -> Result<(), Refusal> {
    let limit = business.policy.repeat_limit;
    if (2..=usize::from(limit)).contains(&times) { Ok(()) } else { Err(Refusal::TooManyRepeats(limit)) }
}

/// The limits of the dates after the first.
fn far(business: &Business, offer: &Offer) -> Limits {
    Limits { horizon_days: FURTHEST_DAYS, ..View::limits_of(business, offer) }
}

/// Only the first date answers to the horizon; none may lie further than anybody looks.
fn may_repeat(
    known: &Known,
    business: &Business,
    offer: &Offer,
    starts: &[DateTime<Utc>],
    active: usize,
    now: DateTime<Utc>,
) -> Result<Permit, Refusal> {
    let ask = |starts_at, limits| {
        let act = Act::Book { starts_at, limits, active };
        may(&known.person, act, &business.policy, business.zone, now)
    };
    let (Some(first), Some(last)) = (starts.first(), starts.last()) else { return Err(Refusal::Closed) };
    let permit = ask(*first, View::limits_of(business, offer))?;
    ask(*last, far(business, offer))?;
    Ok(permit)
}

/// Bookings ahead that are exactly this series.
fn same_series<'a>(ahead: &'a [Booking], wish: &Wish, starts: &[DateTime<Utc>]) -> Option<Vec<&'a Booking>> {
    let same: Vec<&Booking> = starts
        .iter()
        .map(|at| ahead.iter().find(|b| b.series.is_some() && super::book::is_for(b, &wish.wanted, *at)))
        .collect::<Option<_>>()?;
    same.iter().all(|b| b.series == same.first().and_then(|first| first.series)).then_some(same)
}

/// Whether each of these beginnings can be had, and what can be had instead.
async fn look_at(
    conn: &mut PgConnection,
    business: &Business,
    known: &Known,
    wanted: &Wanted,
    starts: &[DateTime<Utc>],
    now: DateTime<Utc>,
) -> Result<Vec<SeriesDate>, BookError> {
    let offer = read_offer(&mut *conn, business, known, wanted, None, now).await?;
    let user = known.person.id;
    let ahead = store::bookings::list_ahead(&mut *conn, user, now).await?;
    may_repeat(known, business, &offer, starts, active(&ahead), now)?;
    let limits = far(business, &offer);
    let view = View { business, offer: &offer, party: wanted.party, user, but: None, limits, now };
    let mut seen = Vec::with_capacity(starts.len());
    for starts_at in starts {
        let date = local_date(business.zone, *starts_at);
        let sight = view.look(&mut *conn, (date, date), false).await?;
        if !sight.ways(*starts_at).is_empty() {
            seen.push(SeriesDate { starts_at: *starts_at, conflict: None, instead: Vec::new() });
            continue;
        }
        let mut instead: Vec<DateTime<Utc>> = sight.slots((date, date)).iter().map(|slot| slot.starts_at).collect();
        instead.sort_by_key(|at| (*at - *starts_at).abs());
        instead.truncate(INSTEAD);
        seen.push(SeriesDate { starts_at: *starts_at, conflict: Some(sight.why_not(*starts_at)), instead });
    }
    Ok(seen)
}
