//! Requests: agreed to or turned down by those who run the business.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{BookError, Bookings, Made, Word};
use crate::{
    booking::{
        model::{Actor, Booking, BookingId, Business, Status, UserId},
        policy::{Act, Refusal, may},
        roles::Right,
    },
    reminders,
    store::{self, booking_history::Change},
};

/// What is said to a request.
#[derive(Clone, Copy, Debug)]
enum Verdict {
    Yes,
    No,
}

impl Bookings {
    /// Agrees to a request. The customer is told.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`], [`Refusal::NoSuchBooking`], [`Refusal::NoLonger`] if it is no request any more, or Postgres.
    pub async fn approve(&self, user: UserId, id: BookingId) -> Result<Made, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let (business, mut booking) = self.asked(&mut tx, (user, id), Verdict::Yes, now).await?;
        if booking.status == Status::Confirmed {
            return Ok(Made { business, booking, repeated: true });
        }
        store::bookings::set_status(&mut *tx, id, (Status::Requested, Status::Confirmed)).await?;
        booking.status = Status::Confirmed;
        let change = Change { booking: id, action: "confirmed", by: (Actor::Staff, Some(user)), detail: None };
        store::booking_history::append(&mut *tx, &change, now).await?;
        store::reminders::drop_all(&mut *tx, id, "approved", now).await?;
        let rows = reminders::plan::rows(&booking, &business.policy, now);
        store::reminders::insert(&mut *tx, id, &rows).await?;
        self.tell_customer(&mut tx, &business, Word::Approved(&booking), now).await?;
        tx.commit().await?;
        self.committed();
        Ok(Made { business, booking, repeated: false })
    }

    /// Turns a request down, with a reason (1–200 characters) for the customer. Its time is free.
    ///
    /// # Errors
    /// As [`approve`](Self::approve).
    pub async fn decline(&self, user: UserId, id: BookingId, reason: Option<&str>) -> Result<Made, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let (business, booking) = self.asked(&mut tx, (user, id), Verdict::No, now).await?;
        if booking.status == Status::Cancelled && booking.cancelled_by == Some(Actor::Staff) {
            return Ok(Made { business, booking, repeated: true });
        }
        let booking = self.cancel_in(&mut tx, &business, booking, (Actor::Staff, Some(user)), reason, now).await?;
        self.tell_customer(&mut tx, &business, Word::Declined(&booking), now).await?;
        tx.commit().await?;
        self.committed();
        Ok(Made { business, booking, repeated: false })
    }

    /// The booking that a member of the business acts on, locked. One whose wish has come true already comes back too.
    async fn asked(
        &self,
        conn: &mut PgConnection,
        (user, id): (UserId, BookingId),
        verdict: Verdict,
        now: DateTime<Utc>,
    ) -> Result<(Business, Booking), BookError> {
        let business = store::settings::business(&mut *conn).await?;
        let who = store::users::find(&mut *conn, user, now).await?.person;
        // A stranger does not even learn whether there is such a booking.
        may(&who, Act::Use(Right::RunDay), &business.policy, business.zone, now)?;
        let booking = store::bookings::lock(&mut *conn, id).await?.ok_or(Refusal::NoSuchBooking)?;
        let (act, done) = match verdict {
            Verdict::Yes => (Act::Approve(&booking), booking.status == Status::Confirmed),
            Verdict::No => (
                Act::Decline(&booking),
                booking.status == Status::Cancelled && booking.cancelled_by == Some(Actor::Staff),
            ),
        };
        if !done {
            may(&who, act, &business.policy, business.zone, now)?;
        }
        Ok((business, booking))
    }

    /// Writes to the customer of a booking, in the language they are known to speak.
    pub(crate) async fn tell_customer(
        &self,
        conn: &mut PgConnection,
        business: &Business,
        word: Word<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), BookError> {
        let booking = word.booking();
        // Whoever called or walked in, or asked to be forgotten, has no chat.
        if booking.user.0 <= 0 {
            return Ok(());
        }
        let lang = store::users::find(&mut *conn, booking.user, now).await?.lang.unwrap_or(business.language);
        let letter = self.herald.letter(business, word, lang, now);
        shared::outbox::Outbox::enqueue(&mut *conn, now, &letter).await?;
        Ok(())
    }
}
