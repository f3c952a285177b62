//! Bookings that are there: cancelled, moved.

use chrono::{DateTime, Utc};
use shared::texts::Lang;
use sqlx::PgConnection;

use super::{
    BookError, Bookings, Made, News,
    place::Placing,
    read::with_pick,
    sight::{View, read_offer},
};
use crate::{
    booking::{
        contact::Contact,
        hours::{Span, local_date},
        model::{Actor, Booking, BookingId, Business, Pick, ResourceId, Status, UserId},
        policy::{Act, Permit, Refusal, may},
        roles::Right,
    },
    reminders,
    store::{self, booking_history::Change},
};

/// The stretch of time that a booking keeps from others, with its buffers.
pub(super) fn kept(booking: &Booking) -> Span {
    let start = booking.lines.iter().map(|l| l.starts_at - l.buffer_before).min();
    let end = booking.lines.iter().map(|l| l.starts_at + l.duration + l.buffer_after).max();
    Span { start: start.unwrap_or(booking.starts_at), end: end.unwrap_or(booking.ends_at) }
}

impl Bookings {
    /// Cancels, in one transaction: the booking is marked and stays, its time is free, the owners are told, whoever waits for
    /// such a time is looked for.
    ///
    /// # Errors
    /// Why it may not be cancelled, or Postgres.
    pub async fn cancel(&self, user: UserId, id: BookingId) -> Result<Made, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let made = self.cancel_own(&mut tx, user, id, now).await?;
        tx.commit().await?;
        self.committed();
        Ok(made)
    }

    async fn cancel_own(
        &self,
        conn: &mut PgConnection,
        user: UserId,
        id: BookingId,
        now: DateTime<Utc>,
    ) -> Result<Made, BookError> {
        let business = store::settings::business(&mut *conn).await?;
        let booking = store::bookings::lock(&mut *conn, id).await?.ok_or(Refusal::NoSuchBooking)?;
        let who = store::users::find(&mut *conn, user, now).await?.person;
        may(&who, Act::See(&booking), &business.policy, business.zone, now)?;
        if booking.status == Status::Held {
            return Err(Refusal::NoSuchBooking.into());
        }
        if booking.status == Status::Cancelled {
            return Ok(Made { business, booking, repeated: true });
        }
        may(&who, Act::Cancel(&booking), &business.policy, business.zone, now)?;
        let booking = self.cancel_in(&mut *conn, &business, booking, (Actor::Customer, Some(user)), None, now).await?;
        Ok(Made { business, booking, repeated: false })
    }

    /// Cancels a booking that the caller has locked, whatever it is, if the table of moves allows it to this actor: its time
    /// is free, what would fall due is dropped, owners are told (not of a hold), and whoever waits may have it.
    pub(crate) async fn cancel_in(
        &self,
        conn: &mut PgConnection,
        business: &Business,
        booking: Booking,
        by: (Actor, Option<UserId>),
        reason: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Booking, BookError> {
        let was_held = booking.status == Status::Held;
        let booking = self.cancel_unsaid(&mut *conn, booking, by, reason, now).await?;
        if !was_held {
            let who = by.1.filter(|_| by.0 == Actor::Staff);
            self.tell_others(&mut *conn, business, News::Cancelled(&booking), who, now).await?;
        }
        Ok(booking)
    }

    /// The same, and nobody is told.
    pub(super) async fn cancel_unsaid(
        &self,
        conn: &mut PgConnection,
        mut booking: Booking,
        by: (Actor, Option<UserId>),
        reason: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Booking, BookError> {
        if !booking.status.may_become(Status::Cancelled, by.0) {
            return Err(Refusal::NoLonger.into());
        }
        store::bookings::mark_cancelled(&mut *conn, booking.id, by, reason, now).await?;
        store::occupancy::free_booking(&mut *conn, booking.id).await?;
        let action = if booking.status == Status::Held { "lapsed" } else { "cancelled" };
        let change = Change { booking: booking.id, action, by, detail: reason };
        store::booking_history::append(&mut *conn, &change, now).await?;
        store::waitlist::note_freed(&mut *conn, kept(&booking), now).await?;
        let was_held = booking.status == Status::Held;
        booking.status = Status::Cancelled;
        booking.held_until = None;
        booking.cancelled_by = Some(by.0);
        booking.cancel_reason = reason.map(str::to_owned);
        if !was_held {
            store::reminders::drop_all(&mut *conn, booking.id, "cancelled", now).await?;
        }
        Ok(booking)
    }

    /// Moves, in one transaction: a new booking of the same length and price at the new time, the old one marked. If the new
    /// time is not to be had, the old booking stays untouched.
    ///
    /// `pick` is with whom; `None` keeps each service with whom it was where possible, else whoever does it.
    ///
    /// # Errors
    /// Why it may not be moved, or Postgres.
    pub async fn move_to(
        &self,
        user: UserId,
        id: BookingId,
        starts_at: DateTime<Utc>,
        pick: Option<Pick>,
        update_id: i64,
    ) -> Result<Made, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let made = self.move_in(&mut tx, (user, id), (starts_at, pick), update_id, now).await?;
        tx.commit().await?;
        self.committed();
        Ok(made)
    }

    async fn move_in(
        &self,
        conn: &mut PgConnection,
        (user, id): (UserId, BookingId),
        (starts_at, pick): (DateTime<Utc>, Option<Pick>),
        update_id: i64,
        now: DateTime<Utc>,
    ) -> Result<Made, BookError> {
        let business = store::settings::business(&mut *conn).await?;
        let known = store::users::lock(&mut *conn, user, now).await?.ok_or(Refusal::NoSuchBooking)?;
        let made = store::bookings::find_made_by(&mut *conn, user, update_id).await?;
        if let Some(booking) = made.into_iter().find(|b| b.moved_from == Some(id)) {
            return Ok(Made { business, booking, repeated: true });
        }
        let old = store::bookings::lock(&mut *conn, id).await?.ok_or(Refusal::NoSuchBooking)?;
        may(&known.person, Act::See(&old), &business.policy, business.zone, now)?;
        // A second press of the same button finds what the first one made.
        if old.status == Status::Moved
            && let Some(next) = store::bookings::moved_to(&mut *conn, id).await?
            && let Some(booking) = store::bookings::find(&mut *conn, next).await?
            && booking.starts_at == starts_at
            && booking.status.is_ahead()
        {
            return Ok(Made { business, booking, repeated: true });
        }
        let mut wanted = pick.map_or_else(|| old.wanted(), |pick| with_pick(old.wanted(), pick));
        let mut offer = read_offer(&mut *conn, &business, &known, &wanted, Some(&old), now).await;
        if pick.is_none() && matches!(&offer, Err(BookError::Refused(Refusal::NoSuchResource))) {
            wanted = with_pick(wanted, Pick::Any);
            offer = read_offer(&mut *conn, &business, &known, &wanted, Some(&old), now).await;
        }
        let offer = offer?;
        let to = Some((starts_at, View::limits_of(&business, &offer)));
        let permit = may(&known.person, Act::Move { booking: &old, to }, &business.policy, business.zone, now)?;
        if starts_at == old.starts_at && pick.is_none_or(|pick| old.lines.iter().all(|l| pick.allows(&l.resources))) {
            return Ok(Made { business, booking: old, repeated: true });
        }
        self.release_holds(&mut *conn, &business, user, now).await?;
        // It frees one time and wants another; of two that want each other's, one waits here instead of both for ever.
        let everybody = offer.parts.iter().flat_map(|part| &part.everybody).flat_map(|doer| &doer.resources);
        let resources: Vec<ResourceId> =
            everybody.chain(old.lines.iter().flat_map(|line| &line.resources)).copied().collect();
        super::place::lock_caps(&mut *conn, &business, &[local_date(business.zone, starts_at)]).await?;
        store::resources::lock(&mut *conn, &resources).await?;
        store::occupancy::free_booking(&mut *conn, id).await?;
        store::bookings::set_status(&mut *conn, id, (old.status, Status::Moved)).await?;
        let contact = Contact { name: old.customer_name.clone(), phone: old.phone.clone() };
        let placing = Placing {
            user,
            wanted: &wanted,
            starts_at,
            limits: None,
            status: if permit == Permit::ByRequest { Status::Requested } else { Status::Confirmed },
            held_until: None,
            shown: None,
            contact: Some(&contact),
            comment: old.comment.as_deref(),
            answers: &old.answers,
            source: None,
            series: old.series,
            instead_of: Some(&old),
            update_id,
        };
        let placed = self.place(&mut *conn, &business, &offer, &placing, now).await;
        let booking = match placed {
            // With whom it was has no time then; somebody else may.
            Err(BookError::Refused(Refusal::Taken | Refusal::Closed | Refusal::DayFull)) if pick.is_none() => {
                let anybody = with_pick(wanted.clone(), Pick::Any);
                let placing = Placing { wanted: &anybody, ..placing };
                let offer = read_offer(&mut *conn, &business, &known, &anybody, Some(&old), now).await?;
                self.place(&mut *conn, &business, &offer, &placing, now).await?
            }
            other => other?,
        };
        let by = (Actor::Customer, Some(user));
        let to = format!("to {}", booking.id.0);
        store::booking_history::append(
            &mut *conn,
            &Change { booking: id, action: "moved", by, detail: Some(&to) },
            now,
        )
        .await?;
        let from = format!("from {}", id.0);
        store::booking_history::append(
            &mut *conn,
            &Change { booking: booking.id, action: "made_by_move", by, detail: Some(&from) },
            now,
        )
        .await?;
        store::reminders::drop_all(&mut *conn, id, "moved", now).await?;
        let rows = reminders::plan::rows(&booking, &business.policy, now);
        store::reminders::insert(&mut *conn, booking.id, &rows).await?;
        store::waitlist::note_freed(&mut *conn, kept(&old), now).await?;
        self.tell_team(&mut *conn, &business, News::Moved { from: &old, to: &booking }, now).await?;
        Ok(Made { business, booking, repeated: false })
    }

    /// Writes to those of the team who see the booking and want to be told.
    pub(crate) async fn tell_team(
        &self,
        conn: &mut PgConnection,
        business: &Business,
        news: News<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), BookError> {
        self.tell_others(conn, business, news, None, now).await
    }

    /// The same, save for who has done it and sees it on their screen.
    pub(crate) async fn tell_others(
        &self,
        conn: &mut PgConnection,
        business: &Business,
        news: News<'_>,
        but: Option<UserId>,
        now: DateTime<Utc>,
    ) -> Result<(), BookError> {
        let team: Vec<(UserId, Option<Lang>)> = store::admins::told(&mut *conn)
            .await?
            .into_iter()
            .filter(|(member, _)| Some(member.id) != but)
            .filter(|(member, _)| news.bookings().iter().any(|booking| member.may_with(Right::SeeDay, booking)))
            .map(|(member, lang)| (member.id, lang))
            .collect();
        for letter in self.herald.letters(business, news, &team, now) {
            shared::outbox::Outbox::enqueue(&mut *conn, now, &letter).await?;
        }
        self.tell_chats(conn, business, news, now).await
    }
}
