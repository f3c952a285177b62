//! Times that are kept for a while: a hold is a booking that is not yet one.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{
    BookError, Bookings,
    book::{active, is_for},
    place::Placing,
    read::Offer,
    sight::{View, read_offer},
};
use crate::{
    booking::{
        hours::local_date,
        model::{Actor, Booking, Business, Status, UserId, Wanted},
        policy::{Act, Refusal, may},
    },
    store::{self, booking_history::Change, bookings::NewBooking},
};
/// A time that is kept for a while.
#[derive(Clone, Debug)]
pub struct Held {
    /// The hold.
    pub booking: Booking,
    /// Until when it is kept.
    pub until: DateTime<Utc>,
}

impl Bookings {
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
            discount_percent: hold.office.discount_percent,
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
}
