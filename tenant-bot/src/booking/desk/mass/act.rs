//! A change of many bookings, shown and done.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::{
    After, Fate, MassChange, MassDone, MassPlan, MassWish,
    ground::{meant, planned, resources, sensible},
    plan::takes,
};
use crate::{
    booking::{
        contact::Contact,
        desk::{BookError, Bookings, News, Word, change::kept},
        hours::Span,
        model::{Actor, Booking, BookingId, ResourceId, SessionId, Status, UserId},
        roles::Right,
    },
    reminders,
    store::{
        self,
        audit::Deed,
        booking_history::Change,
        bookings::NewBooking,
        occupancy::{self, NewSession},
    },
};

/// Who acts, in answer to which update, and when.
#[derive(Clone, Copy)]
struct Doing {
    by: UserId,
    update_id: i64,
    now: DateTime<Utc>,
}

impl Bookings {
    /// What would become of every booking that a wish means. Nothing is done.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), why the wish makes no sense as such, or Postgres.
    pub async fn mass_preview(&self, by: UserId, wish: &MassWish) -> Result<MassPlan, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let (business, _) = self.staffed(&mut tx, by, Right::MassChange).await?;
        sensible(wish)?;
        let meant = meant(&mut tx, &business, wish, now).await?;
        planned(&mut tx, business, wish, &meant, now).await
    }

    /// Does what was shown: `digest` is that of the plan. In one transaction everything is freed, and everything taken;
    /// histories, reminders, letters to the customers and one to each of the team are written in it too. If the plan has
    /// become another one, or anybody is faster, nothing is done.
    ///
    /// # Errors
    /// As [`mass_preview`](Self::mass_preview).
    pub async fn mass_change(
        &self,
        by: UserId,
        wish: &MassWish,
        digest: i64,
        update_id: i64,
    ) -> Result<MassDone, BookError> {
        let doing = Doing { by, update_id, now: self.clock.now() };
        let mut tx = self.pool.begin().await?;
        let (business, _) = self.staffed(&mut tx, by, Right::MassChange).await?;
        sensible(wish)?;
        let first = meant(&mut tx, &business, wish, doing.now).await?;
        store::users::lock_all(&mut tx, &first.iter().map(|booking| booking.user).collect::<Vec<_>>()).await?;
        store::bookings::lock_all(&mut tx, &first.iter().map(|booking| booking.id).collect::<Vec<_>>()).await?;
        store::resources::lock(&mut tx, &resources(&first, wish)).await?;
        // Now nobody changes them, and what has changed since is seen.
        let meant = meant(&mut tx, &business, wish, doing.now).await?;
        let plan = planned(&mut tx, business, wish, &meant, doing.now).await?;
        if meant != first || plan.digest() != digest || plan.goes().next().is_none() {
            return Ok(MassDone::Changed(plan));
        }
        let Some(made) = self.carry_out(&mut tx, &plan, wish, doing).await? else {
            drop(tx);
            return Ok(MassDone::Changed(self.mass_preview(by, wish).await?));
        };
        self.tell_others(&mut tx, &plan.business, News::Mass(&plan, &made), Some(by), doing.now).await?;
        let detail = detail(&plan, wish);
        let deed = Deed { by, action: action(&wish.change), subject: None, detail };
        store::audit::append(&mut *tx, &deed, doing.now).await?;
        tx.commit().await?;
        self.committed();
        Ok(MassDone::Done(plan, made))
    }

    /// The new bookings; none if somebody was faster, and then nothing of it may be committed.
    async fn carry_out(
        &self,
        conn: &mut PgConnection,
        plan: &MassPlan,
        wish: &MassWish,
        doing: Doing,
    ) -> Result<Option<Vec<Booking>>, BookError> {
        let now = doing.now;
        let mut moves: Vec<(&Booking, &After, BookingId)> = Vec::new();
        for planned in &plan.all {
            match &planned.fate {
                Fate::Stays(_) => {}
                Fate::Becomes(after) => {
                    moves.push((&planned.old, after, store::bookings::draw_id(&mut *conn).await?));
                }
                Fate::Cancelled => {
                    let MassChange::Cancel(reason) = &wish.change else { continue };
                    let by = (Actor::Staff, Some(doing.by));
                    let old = planned.old.clone();
                    let was_request = old.status == Status::Requested;
                    let booking = self.cancel_unsaid(&mut *conn, old, by, reason.as_deref(), now).await?;
                    let word = if was_request { Word::Declined(&booking) } else { Word::CalledOff(&booking) };
                    self.tell_customer(&mut *conn, &plan.business, word, now).await?;
                }
            }
        }
        let mut wanted: Vec<(ResourceId, Span, BookingId)> = Vec::new();
        for (old, after, id) in &moves {
            wanted.extend(takes(&after.lines, old.party).own.into_iter().map(|(resource, span)| (resource, span, *id)));
        }
        wanted.sort_unstable();
        let mut in_the_way: Vec<(ResourceId, Span)> =
            wanted.iter().map(|(resource, span, _)| (*resource, *span)).collect();
        for (old, after, _) in &moves {
            in_the_way.extend(takes(&after.lines, old.party).seats.into_iter().map(|(key, span, _)| (key.1, span)));
        }
        self.end_overdue(&mut *conn, &plan.business, &in_the_way, now).await?;
        let old: Vec<BookingId> = moves.iter().map(|(old, ..)| old.id).collect();
        occupancy::lock_sessions_of(&mut *conn, &old).await?;
        for id in &old {
            occupancy::free_booking(&mut *conn, *id).await?;
        }
        for (resource, span, id) in &wanted {
            if !occupancy::take(&mut *conn, *resource, *span, ("booking", id.0), None).await? {
                return Ok(None);
            }
        }
        let mut made = Vec::new();
        for (old, after, id) in moves {
            let Some(after) = seated(&mut *conn, old, after, id).await? else { return Ok(None) };
            made.push(self.put_in_place(&mut *conn, plan, (old, &after, id), doing).await?);
        }
        Ok(Some(made))
    }

    /// Writes the booking that takes the place of another one, and what belongs to it.
    async fn put_in_place(
        &self,
        conn: &mut PgConnection,
        plan: &MassPlan,
        (old, after, id): (&Booking, &After, BookingId),
        Doing { by, update_id, now }: Doing,
    ) -> Result<Booking, BookError> {
        store::bookings::set_status(&mut *conn, old.id, (old.status, Status::Moved)).await?;
        let contact = Contact { name: old.customer_name.clone(), phone: old.phone.clone() };
        let new = NewBooking {
            id,
            user: old.user,
            // What was never agreed to is not agreed to by moving it.
            status: old.status,
            lines: &after.lines,
            party: old.party,
            contact: Some(&contact),
            comment: old.comment.as_deref(),
            answers: &old.answers,
            held_until: None,
            series: old.series,
            moved_from: Some(old.id),
            source: None,
            update_id,
            discount_percent: old.office.discount_percent,
        };
        store::bookings::insert(&mut *conn, &new, now).await?;
        store::bookings::set_office(&mut *conn, id, &old.office).await?;
        let booking = store::bookings::find(&mut *conn, id).await?.ok_or(sqlx::Error::RowNotFound)?;
        let actor = (Actor::Staff, Some(by));
        let (forth, back) = (format!("to {}", id.0), format!("from {}", old.id.0));
        for (of, action, detail) in [(old.id, "moved", &forth), (id, "made_by_move", &back)] {
            let change = Change { booking: of, action, by: actor, detail: Some(detail) };
            store::booking_history::append(&mut *conn, &change, now).await?;
        }
        store::reminders::drop_all(&mut *conn, old.id, "moved", now).await?;
        let rows = reminders::plan::rows(&booking, &plan.business.policy, now);
        store::reminders::insert(&mut *conn, id, &rows).await?;
        store::waitlist::note_freed(&mut *conn, kept(old), now).await?;
        let word = Word::Rebooked { from: old, to: &booking };
        self.tell_customer(&mut *conn, &plan.business, word, now).await?;
        Ok(booking)
    }
}

/// The same with the groups that it has seats in; none if one is full or something else has its time.
async fn seated(
    conn: &mut PgConnection,
    old: &Booking,
    after: &After,
    id: BookingId,
) -> Result<Option<After>, BookError> {
    let mut after = after.clone();
    let mut seats = takes(&after.lines, old.party).seats.into_iter();
    for line in after.lines.iter_mut().filter(|line| line.session.is_some()) {
        let Some((key, span, _)) = seats.next() else { continue };
        let service = store::services::find(&mut *conn, &[key.0]).await?;
        let new = NewSession {
            service: key.0,
            resource: key.1,
            visit: Span { start: key.2, end: key.3 },
            span,
            capacity: service.first().map_or(1, |service| service.capacity),
        };
        let session: Option<SessionId> = occupancy::open_session(&mut *conn, &new).await?;
        let Some(session) = session else { return Ok(None) };
        if !occupancy::take_seats(&mut *conn, session, id, old.party).await? {
            return Ok(None);
        }
        line.session = Some(session);
    }
    Ok(Some(after))
}

/// The word in the log.
fn action(change: &MassChange) -> &'static str {
    match change {
        MassChange::Shift(_) => "mass.shifted",
        MassChange::To(_) | MassChange::On(_) => "mass.moved",
        MassChange::Service { .. } => "mass.service_changed",
        MassChange::Cancel(_) => "mass.cancelled",
    }
}

fn detail(plan: &MassPlan, wish: &MassWish) -> Value {
    let (from, to) = wish.scope.days;
    let mut detail = json!({
        "from": from, "to": to,
        "bookings": plan.goes().map(|planned| planned.old.id.0).collect::<Vec<_>>(),
        "left": plan.stays().map(|(booking, _)| booking.id.0).collect::<Vec<_>>(),
    });
    if let (Some(detail), Ok(Value::Object(change))) = (detail.as_object_mut(), serde_json::to_value(&wish.change)) {
        detail.extend(change);
    }
    detail
}
