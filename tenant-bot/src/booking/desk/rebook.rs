//! Bookings that the business gives another time, another service, somebody else to do them. As with customers, what it
//! becomes is another booking. Deadlines do not bind here, and what changes length and price is shown before it is done.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;

use super::{
    BookError, Bookings, Made, News, Word,
    behalf::only_theirs,
    book::Quote,
    by_hand::{Hand, unbound},
    change::kept,
    place::Placing,
    read::{Openings, open_days},
    staff::acting,
};
use crate::{
    booking::{
        contact::Contact,
        model::{Actor, Booking, BookingId, Price, ResourceId, Status, UserId, Wanted},
        policy::{Act, Refusal, may},
        roles::Right,
    },
    reminders,
    store::{self, booking_history::Change},
};

/// What a booking is to become.
#[derive(Clone, Debug)]
pub struct NewVisit {
    /// The visit; none: as it is.
    pub wanted: Option<Wanted>,
    /// When it begins, to the minute.
    pub starts_at: DateTime<Utc>,
    /// Whether it may lie outside the hours of work.
    pub outside: bool,
    /// Length in minutes and price, as they were shown; none: whatever they are.
    pub shown: Option<(i64, Price)>,
}

/// What a booking would become.
#[derive(Clone, Debug)]
pub struct Rebooking {
    /// As it is.
    pub old: Booking,
    /// As it would be. With the same services it keeps its length and its price.
    pub new: Quote,
    /// Whether that is outside the hours of work.
    pub outside: bool,
}

impl Bookings {
    /// Free times to which a booking may be moved by the business; with `wanted`, as that visit.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`], [`Refusal::NoLonger`], why the visit is not possible as such, or Postgres.
    pub async fn openings_to_rebook(
        &self,
        by: UserId,
        id: BookingId,
        wanted: Option<&Wanted>,
        dates: Option<(NaiveDate, NaiveDate)>,
    ) -> Result<(Openings, Booking), BookError> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        let (business, member) = self.staffed(&mut conn, by, Right::RunDay).await?;
        let old = store::bookings::find(&mut *conn, id).await?.ok_or(Refusal::NoSuchBooking)?;
        may(&acting(member), Act::MoveFor(&old), &business.policy, business.zone, now)?;
        let known = store::users::find(&mut conn, old.user, now).await?;
        let wanted = wanted.cloned().unwrap_or_else(|| old.wanted());
        let (business_of_hand, user) = (unbound(&business), old.user);
        let hand = Hand { business: business_of_hand, member, user, wanted: &wanted, instead_of: Some(&old), now };
        let offer = hand.offer(&mut conn, &known).await?;
        let (within, days) = open_days(hand.view(&offer), &mut conn, dates).await?;
        drop(hand);
        Ok((Openings { business, offer, within, days }, old))
    }

    /// What a booking would become.
    ///
    /// # Errors
    /// As [`openings_to_rebook`](Self::openings_to_rebook); [`Refusal::Taken`], [`Refusal::Closed`].
    pub async fn quote_rebooking(&self, by: UserId, id: BookingId, to: &NewVisit) -> Result<Rebooking, BookError> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        let (business, member) = self.staffed(&mut conn, by, Right::RunDay).await?;
        let old = store::bookings::find(&mut *conn, id).await?.ok_or(Refusal::NoSuchBooking)?;
        may(&acting(member), Act::MoveFor(&old), &business.policy, business.zone, now)?;
        let known = store::users::find(&mut conn, old.user, now).await?;
        let wanted = to.wanted.clone().unwrap_or_else(|| old.wanted());
        let business = unbound(&business);
        let hand = Hand { business, member, user: old.user, wanted: &wanted, instead_of: Some(&old), now };
        let mut offer = hand.offer(&mut conn, &known).await?;
        let (new, outside) = hand.quote(&mut conn, &mut offer, to.starts_at).await?;
        drop(hand);
        Ok(Rebooking { old, new, outside })
    }

    /// Makes another visit of a booking, in one transaction: if that is not to be had, it stays untouched. A request that is
    /// moved is agreed to. The customer is told, and the team.
    ///
    /// # Errors
    /// As [`quote_rebooking`](Self::quote_rebooking), or [`Refusal::OfferChanged`].
    pub async fn rebook(&self, by: UserId, id: BookingId, to: &NewVisit, update_id: i64) -> Result<Made, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let made = self.rebook_in(&mut tx, (by, id), to, update_id, now).await?;
        tx.commit().await?;
        self.committed();
        Ok(made)
    }

    async fn rebook_in(
        &self,
        conn: &mut PgConnection,
        (by, id): (UserId, BookingId),
        to: &NewVisit,
        update_id: i64,
        now: DateTime<Utc>,
    ) -> Result<Made, BookError> {
        let (business, member) = self.staffed(&mut *conn, by, Right::RunDay).await?;
        // A customer is locked before their bookings, and a booking is nobody else's tomorrow.
        let user = store::bookings::find(&mut *conn, id).await?.ok_or(Refusal::NoSuchBooking)?.user;
        let known = store::users::lock(&mut *conn, user, now).await?.ok_or(Refusal::NoSuchBooking)?;
        let old = store::bookings::lock(&mut *conn, id).await?.ok_or(Refusal::NoSuchBooking)?;
        if !member.may_with(Right::RunDay, &old) {
            return Err(Refusal::NotAdmin.into());
        }
        if old.status == Status::Moved
            && let Some(next) = store::bookings::moved_to(&mut *conn, id).await?
            && let Some(booking) = store::bookings::find(&mut *conn, next).await?
            && booking.starts_at == to.starts_at
            && booking.status.is_ahead()
        {
            return Ok(Made { business, booking, repeated: true });
        }
        may(&acting(member), Act::MoveFor(&old), &business.policy, business.zone, now)?;
        let wanted = to.wanted.clone().unwrap_or_else(|| old.wanted());
        if to.starts_at == old.starts_at && super::book::is_for(&old, &wanted, old.starts_at) {
            return Ok(Made { business, booking: old, repeated: true });
        }
        let hand = Hand { business: unbound(&business), member, user, wanted: &wanted, instead_of: Some(&old), now };
        let mut offer = hand.offer(&mut *conn, &known).await?;
        self.release_holds(&mut *conn, &business, user, now).await?;
        let (_, outside) = hand.quote(&mut *conn, &mut offer, to.starts_at).await?;
        if outside && !to.outside {
            return Err(Refusal::Closed.into());
        }
        // It frees one time and wants another; of two that want each other's, one waits here instead of both for ever.
        let everybody = offer.parts.iter().flat_map(|part| &part.everybody).flat_map(|doer| &doer.resources);
        let resources: Vec<ResourceId> =
            everybody.chain(old.lines.iter().flat_map(|line| &line.resources)).copied().collect();
        store::resources::lock(&mut *conn, &resources).await?;
        store::occupancy::free_booking(&mut *conn, id).await?;
        store::bookings::set_status(&mut *conn, id, (old.status, Status::Moved)).await?;
        let contact = Contact { name: old.customer_name.clone(), phone: old.phone.clone() };
        let placing = Placing {
            user,
            wanted: &wanted,
            starts_at: to.starts_at,
            limits: Some(Hand::limits()),
            status: Status::Confirmed,
            held_until: None,
            shown: to.shown,
            contact: Some(&contact),
            comment: old.comment.as_deref(),
            answers: &old.answers,
            source: None,
            series: old.series,
            instead_of: Some(&old),
            update_id,
        };
        let booking = self.place(&mut *conn, &hand.business, &offer, &placing, now).await?;
        only_theirs(member, Right::RunDay, &booking, Some(&old))?;
        let actor = (Actor::Staff, Some(by));
        let (forth, back) = (format!("to {}", booking.id.0), format!("from {}", id.0));
        for (of, action, detail) in [(id, "moved", &forth), (booking.id, "made_by_move", &back)] {
            let change = Change { booking: of, action, by: actor, detail: Some(detail) };
            store::booking_history::append(&mut *conn, &change, now).await?;
        }
        store::reminders::drop_all(&mut *conn, id, "moved", now).await?;
        let rows = reminders::plan::rows(&booking, &business.policy, now);
        store::reminders::insert(&mut *conn, booking.id, &rows).await?;
        store::waitlist::note_freed(&mut *conn, kept(&old), now).await?;
        self.tell_others(&mut *conn, &business, News::Moved { from: &old, to: &booking }, Some(by), now).await?;
        self.tell_customer(&mut *conn, &business, Word::Rebooked { from: &old, to: &booking }, now).await?;
        drop(hand);
        Ok(Made { business, booking, repeated: false })
    }
}
