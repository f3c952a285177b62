//! What the booking service writes: each change is one transaction.

use chrono::{DateTime, Utc};
use shared::outbox::Outbox;
use sqlx::PgConnection;

use super::{
    availability::{Rules, is_ever_offered},
    hours::local_date,
    model::{Booking, BookingId, Business, ResourceId, Status, UserId},
    policy::{Act, Refusal, Role, may},
    service::{BookError, Bookings, Made, News, Offer, Wish, day_of, read_offer},
};
use crate::store::{self, bookings::NewBooking};

impl Bookings {
    /// Books, in one transaction: the time, the booking, its history and the letters to the owners.
    ///
    /// Pressing twice, or an update that Telegram repeats, finds the booking that was made the first time.
    ///
    /// # Errors
    /// Any [`Refusal`] of a booking, or Postgres.
    pub async fn book(&self, user: UserId, wish: &Wish, update_id: i64) -> Result<Made, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        match self.book_in(&mut tx, user, wish, update_id, now).await {
            Ok(made) => {
                tx.commit().await?;
                self.outbox.wake();
                Ok(made)
            }
            Err(error) => {
                tx.rollback().await?;
                Err(error)
            }
        }
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
        let contact = store::users::lock_contact(&mut *conn, user).await?.ok_or(Refusal::NoContact)?;
        if let Some(booking) = store::bookings::find_made_by(&mut *conn, user, update_id).await? {
            return Ok(Made { business, booking, repeated: true });
        }
        let ahead = store::bookings::list_ahead(&mut *conn, user, now).await?;
        let same =
            |b: &&Booking| b.service == wish.service && b.starts_at == wish.starts_at && wish.pick.allows(b.resource);
        if let Some(booking) = ahead.iter().find(same) {
            return Ok(Made { business, booking: booking.clone(), repeated: true });
        }
        let act = Act::Book { starts_at: wish.starts_at, active: ahead.len() };
        may((user, Role::Customer), act, &business.policy, business.zone, now)?;

        let offer = read_offer(&mut *conn, wish.service, wish.pick).await?;
        if wish.shown != (offer.service.duration.num_minutes(), offer.service.price) {
            return Err(Refusal::OfferChanged.into());
        }
        let candidates = candidates(&mut *conn, &business, &offer, wish, now).await?;
        for resource in candidates {
            let new = NewBooking {
                user,
                service: &offer.service,
                resource,
                starts_at: wish.starts_at,
                contact: &contact,
                update_id,
            };
            let Some(id) = store::bookings::take(&mut *conn, &new, now).await? else { continue };
            store::booking_history::append(&mut *conn, id, Status::Confirmed, user, now).await?;
            let booking = store::bookings::find(&mut *conn, id).await?.ok_or(sqlx::Error::RowNotFound)?;
            self.tell_owners(&mut *conn, &business, News::Booked(&booking), now).await?;
            return Ok(Made { business, booking, repeated: false });
        }
        Err(Refusal::Taken.into())
    }

    /// Cancels, in one transaction: the booking is marked and stays, its time is free, the owners are told.
    ///
    /// # Errors
    /// [`Refusal::NoSuchBooking`], [`Refusal::Past`], [`Refusal::TooLateToCancel`], or Postgres.
    pub async fn cancel(&self, user: UserId, id: BookingId) -> Result<Made, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        match self.cancel_in(&mut tx, user, id, now).await {
            Ok(made) => {
                tx.commit().await?;
                self.outbox.wake();
                Ok(made)
            }
            Err(error) => {
                tx.rollback().await?;
                Err(error)
            }
        }
    }

    async fn cancel_in(
        &self,
        conn: &mut PgConnection,
        user: UserId,
        id: BookingId,
        now: DateTime<Utc>,
    ) -> Result<Made, BookError> {
        let business = store::settings::business(&mut *conn).await?;
        let mut booking = store::bookings::lock(&mut *conn, id).await?.ok_or(Refusal::NoSuchBooking)?;
        let who = (user, Role::Customer);
        may(who, Act::See(&booking), &business.policy, business.zone, now)?;
        if booking.status == Status::Cancelled {
            return Ok(Made { business, booking, repeated: true });
        }
        may(who, Act::Cancel(&booking), &business.policy, business.zone, now)?;
        store::bookings::mark_cancelled(&mut *conn, id, user, now).await?;
        store::occupancy::free_booking(&mut *conn, id).await?;
        store::booking_history::append(&mut *conn, id, Status::Cancelled, user, now).await?;
        booking.status = Status::Cancelled;
        self.tell_owners(&mut *conn, &business, News::Cancelled(&booking), now).await?;
        Ok(Made { business, booking, repeated: false })
    }

    async fn tell_owners(
        &self,
        conn: &mut PgConnection,
        business: &Business,
        news: News<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), BookError> {
        let owners = store::admins::owners(&mut *conn).await?;
        for letter in self.herald.letters(business, news, &owners, now) {
            Outbox::enqueue(&mut *conn, now, &letter).await?;
        }
        Ok(())
    }
}

/// Who could take the wish if nothing were booked, the least busy of that day first.
async fn candidates(
    conn: &mut PgConnection,
    business: &Business,
    offer: &Offer,
    wish: &Wish,
    now: DateTime<Utc>,
) -> Result<Vec<ResourceId>, BookError> {
    let mut ids: Vec<ResourceId> = offer.resources.iter().map(|r| r.id).filter(|id| wish.pick.allows(*id)).collect();
    let weeks = store::working_hours::weeks(&mut *conn, &ids).await?;
    let rules = Rules {
        zone: business.zone,
        policy: &business.policy,
        business_hours: &weeks.business,
        service: &offer.service,
    };
    ids.retain(|id| {
        let own = weeks.own.get(id).map(Vec::as_slice).unwrap_or_default();
        is_ever_offered(&rules, own, *id, wish.starts_at, now)
    });
    if ids.is_empty() {
        return Err(Refusal::Closed.into());
    }
    if ids.len() > 1 {
        let day = day_of(business, local_date(business.zone, wish.starts_at));
        let load = store::bookings::load(&mut *conn, day).await?;
        // Stable: equally busy ones stay in the business's order.
        ids.sort_by_key(|id| load.iter().find(|(r, _)| r == id).map_or(0, |(_, n)| *n));
    }
    Ok(ids)
}
