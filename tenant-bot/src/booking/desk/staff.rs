//! What those who run the business do with one booking: say who came, cancel it, write to it; and what they see of it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{BookError, Bookings, Made, Word, change::kept};
use crate::{
    booking::{
        contact,
        hours::Span,
        model::{Actor, Booking, BookingId, Business, Kopecks, Office, ResourceId, Status, UserId},
        policy::{Act, Person, Refusal, may},
        roles::{Member, Right},
    },
    store::{self, booking_history::Change},
};

/// What happened to a booking, and who did it.
pub use crate::store::booking_history::Deed;

/// What may be marked, in the order in which it is shown.
const MARKS: [Status; 4] = [Status::Arrived, Status::Completed, Status::NoShow, Status::Confirmed];

/// A change of what stands in a booking. An empty note or number takes it away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit<'a> {
    /// The name it goes by, as it was typed.
    Name(&'a str),
    /// The number to call, as it was typed.
    Phone(&'a str),
    /// A note that the customer is not shown, at most 1000 characters.
    Note(&'a str),
    /// What was really taken; none: the price.
    Paid(Option<Kopecks>),
}

/// A booking as the team sees it, and what this one of them may do with it now.
#[derive(Clone, Debug)]
pub struct StaffCard {
    /// The business, for its zone.
    pub business: Business,
    /// The booking.
    pub booking: Booking,
    /// What can be said of the visit.
    pub marks: Vec<Status>,
    /// Whether it can be agreed to or turned down.
    pub waits: bool,
    /// Whether it can be cancelled.
    pub may_cancel: bool,
    /// Whether it can become another visit.
    pub may_move: bool,
    /// Whether anything can be written to it.
    pub may_edit: bool,
    /// Whether its customer's card may be seen.
    pub sees_customer: bool,
    /// Whether its customer may be booked for.
    pub may_book: bool,
    /// The booking that took its place.
    pub moved_to: Option<BookingId>,
    /// How often its customer did not come, this visit aside.
    pub no_shows: u32,
}

/// Somebody of the team, as the policy is asked about them.
pub(super) fn acting(member: Member) -> Person {
    Person { role: member.role, resource: member.resource, ..Person::stranger(member.id) }
}

impl Bookings {
    /// A booking, for those of the team who see it.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`], [`Refusal::NoSuchBooking`], or Postgres.
    pub async fn staff_card(&self, by: UserId, id: BookingId) -> Result<StaffCard, BookError> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        let (business, member) = self.staffed(&mut conn, by, Right::SeeDay).await?;
        let booking = seen(&mut conn, member, id).await?;
        let who = acting(member);
        let can = |act| may(&who, act, &business.policy, business.zone, now).is_ok();
        let moved_to = match booking.status {
            Status::Moved => store::bookings::moved_to(&mut *conn, id).await?,
            _ => None,
        };
        Ok(StaffCard {
            marks: MARKS.into_iter().filter(|to| can(Act::Mark(&booking, *to))).collect(),
            waits: can(Act::Decline(&booking)),
            may_cancel: booking.status != Status::Requested && can(Act::CancelFor(&booking)),
            may_move: can(Act::MoveFor(&booking)),
            may_edit: can(Act::Edit(&booking)),
            sees_customer: member.may_with(Right::SeeCustomers, &booking) && !booking.customer_name.is_empty(),
            may_book: member.may_with(Right::BookFor, &booking) && !booking.customer_name.is_empty(),
            no_shows: store::customers::no_shows(&mut *conn, booking.user, id).await?,
            moved_to,
            business,
            booking,
        })
    }

    /// What happened to a booking, the latest last.
    ///
    /// # Errors
    /// As [`staff_card`](Self::staff_card).
    pub async fn history(&self, by: UserId, id: BookingId) -> Result<(Business, Booking, Vec<Deed>), BookError> {
        let mut conn = self.pool.acquire().await?;
        let (business, member) = self.staffed(&mut conn, by, Right::SeeDay).await?;
        let booking = seen(&mut conn, member, id).await?;
        let deeds = store::booking_history::list(&mut *conn, id).await?;
        Ok((business, booking, deeds))
    }

    /// Notes where a visit stands. That is no news to anybody, and a wrong tap is taken back the same way.
    ///
    /// Who left early, or did not come, leaves the rest of the time free; whoever is back after all has it only if nobody
    /// has taken it meanwhile. Seats in a group stay theirs.
    ///
    /// # Errors
    /// Why it cannot be said now, or Postgres.
    pub async fn mark(&self, by: UserId, id: BookingId, to: Status) -> Result<Made, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let (business, member) = self.staffed(&mut tx, by, Right::RunDay).await?;
        let mut booking = lock(&mut tx, member, id).await?;
        if booking.status == to {
            return Ok(Made { business, booking, repeated: true });
        }
        may(&acting(member), Act::Mark(&booking, to), &business.policy, business.zone, now)?;
        let (was_over, is_over) = (is_over(booking.status), is_over(to));
        if was_over && !is_over {
            self.take_back(&mut tx, &business, &booking, now).await?;
        } else if is_over && !was_over && now < booking.ends_at {
            free_rest(&mut tx, &booking, to, now).await?;
        }
        store::bookings::set_status(&mut *tx, id, (booking.status, to)).await?;
        let change = Change { booking: id, action: to.word(), by: (Actor::Staff, Some(by)), detail: None };
        store::booking_history::append(&mut *tx, &change, now).await?;
        booking.status = to;
        tx.commit().await?;
        self.committed();
        Ok(Made { business, booking, repeated: false })
    }

    /// Takes the time of a booking once more, whole.
    async fn take_back(
        &self,
        conn: &mut PgConnection,
        business: &Business,
        booking: &Booking,
        now: DateTime<Utc>,
    ) -> Result<(), BookError> {
        let stretches = stretches_of(booking);
        self.end_overdue(&mut *conn, business, &stretches, now).await?;
        // It frees and takes, so it waits for whoever does the same.
        let resources: Vec<ResourceId> = stretches.iter().map(|(resource, _)| *resource).collect();
        store::resources::lock(&mut *conn, &resources).await?;
        store::occupancy::free_from(&mut *conn, booking.id, kept(booking).start).await?;
        for (resource, span) in stretches {
            if !store::occupancy::take(&mut *conn, resource, span, ("booking", booking.id.0), None).await? {
                return Err(Refusal::Taken.into());
            }
        }
        Ok(())
    }

    /// Cancels a booking for the business, with a reason (1–200 characters) that the customer is told. Its time is free.
    ///
    /// # Errors
    /// Why it may not be cancelled, or Postgres.
    pub async fn cancel_for(&self, by: UserId, id: BookingId, reason: Option<&str>) -> Result<Made, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let (business, member) = self.staffed(&mut tx, by, Right::RunDay).await?;
        let booking = lock(&mut tx, member, id).await?;
        if booking.status == Status::Cancelled && booking.cancelled_by == Some(Actor::Staff) {
            return Ok(Made { business, booking, repeated: true });
        }
        may(&acting(member), Act::CancelFor(&booking), &business.policy, business.zone, now)?;
        let was_request = booking.status == Status::Requested;
        let booking = self.cancel_in(&mut tx, &business, booking, (Actor::Staff, Some(by)), reason, now).await?;
        let word = if was_request { Word::Declined(&booking) } else { Word::CalledOff(&booking) };
        self.tell_customer(&mut tx, &business, word, now).await?;
        tx.commit().await?;
        self.committed();
        Ok(Made { business, booking, repeated: false })
    }

    /// Changes what stands in a booking. Nobody is told.
    ///
    /// # Errors
    /// Why it may not be changed, [`Refusal::NotUnderstood`] of a name or number that is none, or Postgres.
    pub async fn edit(&self, by: UserId, id: BookingId, edit: Edit<'_>) -> Result<Made, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let (business, member) = self.staffed(&mut tx, by, Right::RunDay).await?;
        let mut booking = lock(&mut tx, member, id).await?;
        may(&acting(member), Act::Edit(&booking), &business.policy, business.zone, now)?;
        let before = booking.clone();
        let field = edited(&mut booking, edit)?;
        if booking == before {
            return Ok(Made { business, booking, repeated: true });
        }
        store::bookings::set_name(&mut *tx, id, &booking.customer_name, &booking.phone).await?;
        store::bookings::set_office(&mut *tx, id, &booking.office).await?;
        // What was written before and after is the customer's; that it was changed, and by whom, is kept.
        let change = Change { booking: id, action: "edited", by: (Actor::Staff, Some(by)), detail: Some(field) };
        store::booking_history::append(&mut *tx, &change, now).await?;
        tx.commit().await?;
        self.cards.notify_one();
        Ok(Made { business, booking, repeated: false })
    }
}

/// Whether nobody is there any more.
fn is_over(status: Status) -> bool {
    matches!(status, Status::Completed | Status::NoShow)
}

/// The rest of a visit that is over before its time is free: after whoever was there, once it was tidied up.
async fn free_rest(
    conn: &mut PgConnection,
    booking: &Booking,
    to: Status,
    now: DateTime<Utc>,
) -> Result<(), BookError> {
    let tidying = booking.lines.iter().map(|line| line.buffer_after).max().filter(|_| to == Status::Completed);
    let from = this_minute(now) + tidying.unwrap_or_default();
    let whole = kept(booking);
    if from < whole.end {
        store::occupancy::free_from(&mut *conn, booking.id, from.max(whole.start)).await?;
        store::waitlist::note_freed(conn, Span { start: from, ..whole }, now).await?;
    }
    Ok(())
}

/// What a booking takes of whom, groups apart: lines of one resource that follow one another are one stretch.
fn stretches_of(booking: &Booking) -> Vec<(ResourceId, Span)> {
    let mut all: Vec<(ResourceId, Span)> = Vec::new();
    for line in booking.lines.iter().filter(|line| line.session.is_none()) {
        let end = line.starts_at + line.duration + line.buffer_after;
        let span = Span { start: line.starts_at - line.buffer_before, end };
        for resource in &line.resources {
            match all.iter_mut().rev().find(|(of, _)| of == resource) {
                Some((_, so_far)) if span.start <= so_far.end => so_far.end = so_far.end.max(span.end),
                _ => all.push((*resource, span)),
            }
        }
    }
    all.sort_unstable();
    all
}

/// Writes an edit into a booking, and says which field it was.
fn edited(booking: &mut Booking, edit: Edit<'_>) -> Result<&'static str, Refusal> {
    let Office { note, paid, .. } = &mut booking.office;
    match edit {
        Edit::Name(typed) => {
            booking.customer_name = contact::name(typed).ok_or(Refusal::NotUnderstood)?;
            Ok("name")
        }
        Edit::Phone("") => {
            booking.phone.clear();
            Ok("phone")
        }
        Edit::Phone(typed) => {
            booking.phone = contact::phone(typed).ok_or(Refusal::NotUnderstood)?;
            Ok("phone")
        }
        Edit::Note(typed) => {
            let typed = typed.trim();
            if typed.chars().count() > 1000 {
                return Err(Refusal::NotUnderstood);
            }
            *note = (!typed.is_empty()).then(|| typed.to_owned());
            Ok("note")
        }
        Edit::Paid(sum) => {
            if sum.is_some_and(|sum| !(0..=9_999_999_999).contains(&sum.0)) {
                return Err(Refusal::NotUnderstood);
            }
            *paid = sum;
            Ok("paid")
        }
    }
}

/// A booking that this one of the team sees. What is only kept on hold nobody sees.
async fn seen(conn: &mut PgConnection, member: Member, id: BookingId) -> Result<Booking, BookError> {
    let booking = store::bookings::find(conn, id).await?.filter(|b| b.status != Status::Held);
    let booking = booking.ok_or(Refusal::NoSuchBooking)?;
    if !member.may_with(Right::SeeDay, &booking) {
        return Err(Refusal::NotAdmin.into());
    }
    Ok(booking)
}

/// The booking that somebody of the team acts on, locked.
async fn lock(conn: &mut PgConnection, member: Member, id: BookingId) -> Result<Booking, BookError> {
    let booking = store::bookings::lock(conn, id).await?.ok_or(Refusal::NoSuchBooking)?;
    if !member.may_with(Right::RunDay, &booking) {
        return Err(Refusal::NotAdmin.into());
    }
    Ok(booking)
}

/// When a visit that begins now begins: at this very minute.
pub fn this_minute(now: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(now.timestamp().div_euclid(60) * 60, 0).unwrap_or(now)
}
