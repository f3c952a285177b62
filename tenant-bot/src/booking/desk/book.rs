//! New bookings: quoted, held, made.

use chrono::{DateTime, Utc};

use sqlx::PgConnection;

use super::{
    BookError, Bookings, CONSENT_VERSION, Made, News, Wish,
    place::{Placing, cost},
    read::Offer,
    sight::{View, read_offer},
};
use crate::{
    booking::{
        contact::Contact,
        hours::local_date,
        model::{Actor, Booking, BookingId, Business, Pick, Price, Status, UserId, Wanted},
        policy::{Act, Permit, Refusal, may},
    },
    reminders,
    store::{self, booking_history::Change, bookings::NewBooking, users::Known},
};

/// A visit at a time, as it would be booked now.
#[derive(Clone, Debug)]
pub struct Quote {
    /// The business, for its zone.
    pub business: Business,
    /// Its parts in order.
    pub lines: Vec<QuoteLine>,
    /// Beginning.
    pub starts_at: DateTime<Utc>,
    /// End.
    pub ends_at: DateTime<Utc>,
    /// What all of it costs.
    pub price: Price,
    /// Whether it would stand at once.
    pub permit: Permit,
}

/// One part of a quote.
#[derive(Clone, Debug)]
pub struct QuoteLine {
    /// The service's name.
    pub service_name: String,
    /// The names of who would do it as things stand, put together.
    pub who: String,
    /// Whether the customer asked for this one; if not, who it will be is decided when it is booked.
    pub picked: bool,
    /// Beginning.
    pub starts_at: DateTime<Utc>,
    /// Price.
    pub price: Price,
}

/// A time that is kept for a while.
#[derive(Clone, Debug)]
pub struct Held {
    /// The hold.
    pub booking: Booking,
    /// Until when it is kept.
    pub until: DateTime<Utc>,
}

impl Bookings {
    /// What would be booked now. The person's own hold counts as free.
    ///
    /// # Errors
    /// Any refusal of a booking save for contact and consent, or Postgres.
    pub async fn quote(&self, user: UserId, wanted: &Wanted, starts_at: DateTime<Utc>) -> Result<Quote, BookError> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        let business = store::settings::business(&mut *conn).await?;
        let known = store::users::find(&mut conn, user, now).await?;
        let offer = read_offer(&mut conn, &business, &known, wanted, None, now).await?;
        let limits = View::limits_of(&business, &offer);
        let active = active(&store::bookings::list_ahead(&mut *conn, user, now).await?);
        let act = Act::Book { starts_at, limits, active };
        let permit = may(&known.person, act, &business.policy, business.zone, now)?;
        let view = View { business: &business, offer: &offer, party: wanted.party, user, but: None, limits, now };
        let date = local_date(business.zone, starts_at);
        let sight = view.look(&mut conn, (date, date), true).await?;
        let Some(best) = sight.ways(starts_at).into_iter().next() else {
            return Err(sight.why_not(starts_at).into());
        };
        let (_, price) = cost(&offer, &best);
        let mut ends_at = starts_at;
        let mut lines = Vec::with_capacity(best.len());
        for ((part, want), assigned) in offer.parts.iter().zip(&wanted.wants).zip(&best) {
            let Some(doer) = part.doers.get(assigned.doer) else { continue };
            let names: Vec<&str> =
                doer.resources.iter().filter_map(|id| Some(offer.resource(*id)?.name.as_str())).collect();
            ends_at = assigned.starts_at + assigned.duration;
            lines.push(QuoteLine {
                service_name: part.service.name.clone(),
                who: names.join(" + "),
                picked: want.pick != Pick::Any || part.doers.len() == 1,
                starts_at: assigned.starts_at,
                price: doer.price,
            });
        }
        Ok(Quote { lines, starts_at, ends_at, price, permit, business })
    }

    /// Keeps a time while its customer types, instead of whatever was kept for them before; not what is offered to them from
    /// the waitlist.
    ///
    /// # Errors
    /// Any refusal of a booking save for contact and consent, or Postgres.
    pub async fn hold(
        &self,
        user: UserId,
        wanted: &Wanted,
        starts_at: DateTime<Utc>,
        update_id: i64,
    ) -> Result<Held, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let held = self.hold_in(&mut tx, user, wanted, starts_at, (update_id, now)).await?;
        tx.commit().await?;
        self.committed();
        Ok(held)
    }

    async fn hold_in(
        &self,
        conn: &mut PgConnection,
        user: UserId,
        wanted: &Wanted,
        starts_at: DateTime<Utc>,
        (update_id, now): (i64, DateTime<Utc>),
    ) -> Result<Held, BookError> {
        let business = store::settings::business(&mut *conn).await?;
        let known = store::users::lock(&mut *conn, user, now).await?.ok_or(Refusal::NoContact)?;
        for hold in store::bookings::lock_holds(&mut *conn, user).await? {
            if !hold.is_overdue(now)
                && is_for(&hold, wanted, starts_at)
                && let Some(until) = hold.held_until
            {
                return Ok(Held { booking: hold, until });
            }
            self.cancel_in(&mut *conn, &business, hold, (Actor::Customer, Some(user)), None, now).await?;
        }
        let offer = read_offer(&mut *conn, &business, &known, wanted, None, now).await?;
        let ahead = store::bookings::list_ahead(&mut *conn, user, now).await?;
        let act = Act::Book { starts_at, limits: View::limits_of(&business, &offer), active: active(&ahead) };
        may(&known.person, act, &business.policy, business.zone, now)?;
        let until = now + business.policy.hold;
        let placing = Placing {
            user,
            wanted,
            starts_at,
            limits: None,
            status: Status::Held,
            held_until: Some(until),
            shown: None,
            contact: None,
            comment: None,
            answers: &[],
            source: None,
            series: None,
            instead_of: None,
            update_id,
        };
        let booking = self.place(&mut *conn, &business, &offer, &placing, now).await?;
        let change = Change { booking: booking.id, action: "held", by: (Actor::Customer, Some(user)), detail: None };
        store::booking_history::append(&mut *conn, &change, now).await?;
        Ok(Held { booking, until })
    }

    /// Lets go what is kept for a person who is typing.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn let_go(&self, user: UserId) -> Result<(), BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let business = store::settings::business(&mut *tx).await?;
        if self.release_holds(&mut tx, &business, user, now).await? {
            tx.commit().await?;
            self.committed();
        }
        Ok(())
    }

    /// Ends every hold of a person save what the waitlist offers them; whether there was any.
    pub(super) async fn release_holds(
        &self,
        conn: &mut PgConnection,
        business: &Business,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<bool, BookError> {
        let holds = store::bookings::lock_holds(&mut *conn, user).await?;
        let any = !holds.is_empty();
        for hold in holds {
            self.cancel_in(&mut *conn, business, hold, (Actor::Customer, Some(user)), None, now).await?;
        }
        Ok(any)
    }

    /// Books, in one transaction: the time, the booking, its history, its reminders and the letters to the owners.
    ///
    /// Pressing twice, or an update that Telegram repeats, finds the booking that was made the first time.
    ///
    /// # Errors
    /// Any refusal of a booking, or Postgres.
    pub async fn book(&self, user: UserId, wish: &Wish, update_id: i64) -> Result<Made, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let made = self.book_in(&mut tx, user, wish, update_id, now).await?;
        tx.commit().await?;
        self.committed();
        Ok(made)
    }

    async fn book_in(
        &self,
        conn: &mut PgConnection,
        user: UserId,
        wish: &Wish,
        update_id: i64,
        now: DateTime<Utc>,
    ) -> Result<Made, BookError> {
        let business = store::settings::business(&mut *conn).await?;
        // The customer's row is locked first, so that bookings of one person are made one after another: otherwise
        // two of them could both count two and become three and four.
        let known = store::users::lock(&mut *conn, user, now).await?.ok_or(Refusal::NoContact)?;
        if let Some(booking) = store::bookings::find_made_by(&mut *conn, user, update_id).await?.into_iter().next() {
            return Ok(Made { business, booking, repeated: true });
        }
        let ahead = store::bookings::list_ahead(&mut *conn, user, now).await?;
        if let Some(booking) = ahead.iter().find(|b| is_for(b, &wish.wanted, wish.starts_at)) {
            return Ok(Made { business, booking: booking.clone(), repeated: true });
        }
        let contact = may_sign(&known)?;
        let offer = read_offer(&mut *conn, &business, &known, &wish.wanted, None, now).await?;
        let act =
            Act::Book { starts_at: wish.starts_at, limits: View::limits_of(&business, &offer), active: active(&ahead) };
        let permit = may(&known.person, act, &business.policy, business.zone, now)?;
        let status = if permit == Permit::ByRequest { Status::Requested } else { Status::Confirmed };
        let placing = Placing {
            user,
            wanted: &wish.wanted,
            starts_at: wish.starts_at,
            limits: None,
            status,
            held_until: None,
            shown: Some(wish.shown),
            contact: Some(contact),
            comment: wish.comment.as_deref(),
            answers: &wish.answers,
            source: wish.source.as_deref(),
            series: None,
            instead_of: None,
            update_id,
        };
        let booking = match self.take_up_hold(&mut *conn, &business, &offer, &placing, now).await? {
            Some(booking) => booking,
            None => self.place(&mut *conn, &business, &offer, &placing, now).await?,
        };
        self.made(&mut *conn, &business, std::slice::from_ref(&booking), now).await?;
        Ok(Made { business, booking, repeated: false })
    }

    /// The customer's own hold becomes the booking, if it is for this very visit and could still be made now. All others are
    /// ended.
    pub(crate) async fn take_up_hold(
        &self,
        conn: &mut PgConnection,
        business: &Business,
        offer: &Offer,
        placing: &Placing<'_>,
        now: DateTime<Utc>,
    ) -> Result<Option<Booking>, BookError> {
        let mut mine = None;
        for hold in store::bookings::lock_holds(&mut *conn, placing.user).await? {
            let cost = (hold.ends_at - hold.starts_at).num_minutes();
            let shown = placing.shown.is_none_or(|shown| shown == (cost, hold.price));
            if mine.is_none()
                && shown
                && is_for(&hold, placing.wanted, placing.starts_at)
                && self.still_stands(&mut *conn, business, offer, (placing, &hold), now).await?
            {
                mine = Some(hold);
            } else {
                self.cancel_in(&mut *conn, business, hold, (Actor::Customer, Some(placing.user)), None, now).await?;
            }
        }
        let Some(hold) = mine else { return Ok(None) };
        Ok(Some(self.confirm_hold(conn, &hold, placing, now).await?))
    }

    /// Turns a hold that the caller has locked into what `placing` says.
    pub(crate) async fn confirm_hold(
        &self,
        conn: &mut PgConnection,
        hold: &Booking,
        placing: &Placing<'_>,
        now: DateTime<Utc>,
    ) -> Result<Booking, BookError> {
        let new = NewBooking {
            id: hold.id,
            user: placing.user,
            status: placing.status,
            lines: &hold.lines,
            party: hold.party,
            contact: placing.contact,
            comment: placing.comment,
            answers: placing.answers,
            held_until: None,
            series: None,
            moved_from: None,
            source: placing.source,
            update_id: placing.update_id,
        };
        store::bookings::confirm_hold(&mut *conn, hold.id, &new, now).await?;
        store::occupancy::keep(&mut *conn, hold.id).await?;
        Ok(store::bookings::find(&mut *conn, hold.id).await?.ok_or(sqlx::Error::RowNotFound)?)
    }

    /// Whether what a hold keeps could be booked now by the rules of now: they may have changed since.
    pub(crate) async fn still_stands(
        &self,
        conn: &mut PgConnection,
        business: &Business,
        offer: &Offer,
        (placing, hold): (&Placing<'_>, &Booking),
        now: DateTime<Utc>,
    ) -> Result<bool, BookError> {
        let date = local_date(business.zone, placing.starts_at);
        // Its seat of the day is counted already, for whoever counts after it was made.
        let mut free = business.clone();
        (free.policy.daily_cap, free.policy.resource_daily_cap, free.policy.customer_daily_cap) = (None, None, None);
        let view = View {
            business: &free,
            offer,
            party: placing.wanted.party,
            user: placing.user,
            but: Some(hold.id),
            limits: placing.limits.unwrap_or_else(|| View::limits_of(business, offer)),
            now,
        };
        let sight = view.look(&mut *conn, (date, date), false).await?;
        Ok(sight.ways(placing.starts_at).iter().any(|chain| {
            offer.parts.iter().zip(chain).zip(&hold.lines).all(|((part, assigned), line)| {
                part.doers.get(assigned.doer).is_some_and(|d| d.resources == line.resources)
                    && assigned.duration == line.duration
            })
        }))
    }

    /// What follows from bookings that were just made: history, what will fall due, the owners' letters.
    pub(crate) async fn made(
        &self,
        conn: &mut PgConnection,
        business: &Business,
        bookings: &[Booking],
        now: DateTime<Utc>,
    ) -> Result<(), BookError> {
        for booking in bookings {
            let action = if booking.status == Status::Requested { "requested" } else { "booked" };
            let change =
                Change { booking: booking.id, action, by: (Actor::Customer, Some(booking.user)), detail: None };
            store::booking_history::append(&mut *conn, &change, now).await?;
            let rows = reminders::plan::rows(booking, &business.policy, now);
            store::reminders::insert(&mut *conn, booking.id, &rows).await?;
        }
        let news = match bookings {
            [] => return Ok(()),
            [one] if one.status == Status::Requested => News::Requested(one),
            [one] => News::Booked(one),
            many => News::Series(many),
        };
        self.tell_owners(conn, business, news, now).await
    }
}

/// Whether a booking is this very visit.
pub(super) fn is_for(booking: &Booking, wanted: &Wanted, starts_at: DateTime<Utc>) -> bool {
    booking.starts_at == starts_at
        && booking.party == wanted.party
        && booking.lines.len() == wanted.wants.len()
        && booking.lines.iter().zip(&wanted.wants).all(|(l, w)| l.service == w.service && w.pick.allows(&l.resources))
}

/// How many bookings count as ahead: repeats that were made together are one.
pub(super) fn active(ahead: &[Booking]) -> usize {
    let mut all: Vec<BookingId> = ahead.iter().map(|b| b.series.unwrap_or(b.id)).collect();
    all.sort_unstable();
    all.dedup();
    all.len()
}

/// Who may put their name under a booking: whoever has agreed that it is kept, and has given it.
pub(crate) fn may_sign(known: &Known) -> Result<&Contact, Refusal> {
    if known.consent_version.as_deref() != Some(CONSENT_VERSION) {
        return Err(Refusal::NoConsent);
    }
    known.contact.as_ref().ok_or(Refusal::NoContact)
}
