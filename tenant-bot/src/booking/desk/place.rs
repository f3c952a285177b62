//! How a visit takes its time: the one way by which a booking of any kind comes to be.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{Acquire, PgConnection};

use super::{
    BookError, Bookings,
    read::Offer,
    sight::{Sight, View},
};
use crate::{
    booking::{
        availability::{Chain, session_span, stretches},
        contact::Contact,
        hours::{Span, local_date},
        model::{Actor, Answer, Booking, BookingId, Business, Line, Price, ResourceId, Status, UserId, Wanted},
        policy::{Limits, Refusal},
    },
    store::{
        self,
        bookings::NewBooking,
        occupancy::{self, NewSession},
    },
};

/// A visit that is to take its time. Whether this person may do this at all was asked before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placing<'a> {
    /// For whom.
    pub(crate) user: UserId,
    /// What.
    pub(crate) wanted: &'a Wanted,
    /// When.
    pub(crate) starts_at: DateTime<Utc>,
    /// How soon and how far ahead it may begin; none: as its services say.
    pub(crate) limits: Option<Limits>,
    /// Held, requested or confirmed.
    pub(crate) status: Status,
    /// Of a hold.
    pub(crate) held_until: Option<DateTime<Utc>>,
    /// Length in minutes and price that the customer was shown.
    pub(crate) shown: Option<(i64, Price)>,
    /// Name and number; of a hold they may not be known yet.
    pub(crate) contact: Option<&'a Contact>,
    /// What the customer wishes to add.
    pub(crate) comment: Option<&'a str>,
    /// What the customer answered.
    pub(crate) answers: &'a [Answer],
    /// Where the customer came from.
    pub(crate) source: Option<&'a str>,
    /// The first booking of its series.
    pub(crate) series: Option<BookingId>,
    /// The booking that it takes the place of, whose time is free already in this transaction.
    pub(crate) instead_of: Option<&'a Booking>,
    /// The update that asks for it.
    pub(crate) update_id: i64,
}

/// The resources and stretches that a way of having the visit takes, groups included.
fn needs(offer: &Offer, sight: &Sight<'_>, chain: &Chain) -> Vec<(ResourceId, Span)> {
    let mut needs = stretches(&sight.parts(), chain);
    for (part, assigned) in offer.parts.iter().zip(chain) {
        if part.service.is_group()
            && let Some(doer) = part.doers.get(assigned.doer)
        {
            let span = session_span(&part.service, assigned.starts_at, assigned.duration);
            needs.extend(doer.resources.iter().map(|r| (*r, span)));
        }
    }
    needs
}

/// Length in minutes and price of a way of having the visit.
pub(super) fn cost(offer: &Offer, chain: &Chain) -> (i64, Price) {
    let mut minutes = 0;
    let mut price = Price::exactly(0);
    for (part, assigned) in offer.parts.iter().zip(chain) {
        minutes += assigned.duration.num_minutes();
        if let Some(doer) = part.doers.get(assigned.doer) {
            price = price.plus(doer.price);
        }
    }
    (minutes, price)
}

impl Bookings {
    /// Takes the time of a visit and writes the booking, in the caller's transaction, or says why not and leaves nothing. The
    /// offer was read in this transaction. History, reminders and letters are the caller's to write.
    pub(super) async fn place(
        &self,
        conn: &mut PgConnection,
        business: &Business,
        offer: &Offer,
        placing: &Placing<'_>,
        now: DateTime<Utc>,
    ) -> Result<Booking, BookError> {
        let date = local_date(business.zone, placing.starts_at);
        lock_caps(&mut *conn, business, &[date]).await?;
        let view = View {
            business,
            offer,
            party: placing.wanted.party,
            user: placing.user,
            but: placing.instead_of.map(|b| b.id),
            limits: placing.limits.unwrap_or_else(|| View::limits_of(business, offer)),
            now,
        };
        let sight = view.look(&mut *conn, (date, date), true).await?;
        let mut ways = sight.ways(placing.starts_at);
        if ways.is_empty() {
            return Err(sight.why_not(placing.starts_at).into());
        }
        if let Some(shown) = placing.shown {
            ways.retain(|chain| cost(offer, chain) == shown);
            if ways.is_empty() {
                return Err(Refusal::OfferChanged.into());
            }
        }
        // Of two that take several stretches each, one waits here for the other instead of both for one another.
        let most = ways.iter().map(|chain| needs(offer, &sight, chain).len()).max().unwrap_or(0);
        if most > 1 {
            let resources: Vec<ResourceId> =
                ways.iter().flat_map(|chain| needs(offer, &sight, chain)).map(|(r, _)| r).collect();
            store::resources::lock(&mut *conn, &resources).await?;
        }
        let id = store::bookings::draw_id(&mut *conn).await?;
        for chain in &ways {
            let wanted = needs(offer, &sight, chain);
            if let Some(lines) = self.take_way(&mut *conn, offer, &sight, chain, (id, placing)).await? {
                return write(conn, (id, &lines), offer, placing, now).await;
            }
            // Somebody was faster, or only a hold is in the way whose time is over.
            if self.end_overdue(&mut *conn, business, &wanted, now).await?
                && let Some(lines) = self.take_way(&mut *conn, offer, &sight, chain, (id, placing)).await?
            {
                return write(conn, (id, &lines), offer, placing, now).await;
            }
        }
        Err(Refusal::Taken.into())
    }

    /// Takes every stretch and seat of one way, or none.
    async fn take_way(
        &self,
        conn: &mut PgConnection,
        offer: &Offer,
        sight: &Sight<'_>,
        chain: &Chain,
        (id, placing): (BookingId, &Placing<'_>),
    ) -> Result<Option<Vec<Line>>, BookError> {
        let mut own = stretches(&sight.parts(), chain);
        own.sort_unstable();
        let is_group = offer.parts.iter().any(|part| part.service.is_group());
        // One stretch is taken or not; only of several some may have to be given back.
        if !is_group && let [(resource, span)] = own[..] {
            let taken = occupancy::take(conn, resource, span, ("booking", id.0), placing.held_until).await?;
            return Ok(if taken { lines(offer, chain, &[]) } else { None });
        }
        let mut tx = conn.begin().await?;
        for (resource, span) in own {
            if !occupancy::take(&mut *tx, resource, span, ("booking", id.0), placing.held_until).await? {
                tx.rollback().await?;
                return Ok(None);
            }
        }
        let mut sessions = Vec::new();
        for (place, (part, assigned)) in offer.parts.iter().zip(chain).enumerate() {
            let doer = part.doers.get(assigned.doer).and_then(|d| d.resources.first());
            let (true, Some(resource)) = (part.service.is_group(), doer) else { continue };
            let new = NewSession {
                service: part.service.id,
                resource: *resource,
                visit: Span { start: assigned.starts_at, end: assigned.starts_at + assigned.duration },
                span: session_span(&part.service, assigned.starts_at, assigned.duration),
                capacity: part.service.capacity,
            };
            let session = match occupancy::open_session(&mut tx, &new).await? {
                Some(session) if occupancy::take_seats(&mut tx, session, id, placing.wanted.party).await? => session,
                _ => {
                    tx.rollback().await?;
                    return Ok(None);
                }
            };
            sessions.push((place, session));
        }
        tx.commit().await?;
        Ok(lines(offer, chain, &sessions))
    }

    /// Ends holds whose time is over and that stand in the way of these stretches; whether there was any.
    pub(super) async fn end_overdue(
        &self,
        conn: &mut PgConnection,
        business: &Business,
        wanted: &[(ResourceId, Span)],
        now: DateTime<Utc>,
    ) -> Result<bool, BookError> {
        let overdue = store::bookings::lock_overdue(&mut *conn, wanted, now).await?;
        let any = !overdue.is_empty();
        for hold in overdue {
            self.cancel_in(&mut *conn, business, hold, (Actor::System, None), Some("overdue"), now).await?;
        }
        Ok(any)
    }
}

/// Under a daily cap bookings of one day are made one after another.
pub(super) async fn lock_caps(
    conn: &mut PgConnection,
    business: &Business,
    days: &[NaiveDate],
) -> Result<(), sqlx::Error> {
    if business.policy.caps_days() { store::bookings::lock_days(conn, days).await } else { Ok(()) }
}

/// The lines of a way; none if it does not fit the offer, which it always does.
fn lines(offer: &Offer, chain: &Chain, sessions: &[(usize, crate::booking::SessionId)]) -> Option<Vec<Line>> {
    offer
        .parts
        .iter()
        .zip(chain)
        .enumerate()
        .map(|(place, (part, assigned))| {
            let doer = part.doers.get(assigned.doer)?;
            Some(Line {
                service: part.service.id,
                service_name: part.service.name.clone(),
                resources: doer.resources.clone(),
                resource_names: Vec::new(),
                starts_at: assigned.starts_at,
                duration: assigned.duration,
                buffer_before: part.service.buffer_before,
                buffer_after: part.service.buffer_after,
                price: doer.price,
                session: sessions.iter().find(|(at, _)| *at == place).map(|(_, session)| *session),
            })
        })
        .collect()
}

/// Writes the booking whose time and seats are taken.
async fn write(
    conn: &mut PgConnection,
    (id, lines): (BookingId, &[Line]),
    offer: &Offer,
    placing: &Placing<'_>,
    now: DateTime<Utc>,
) -> Result<Booking, BookError> {
    let new = NewBooking {
        id,
        user: placing.user,
        status: placing.status,
        lines,
        party: placing.wanted.party,
        contact: placing.contact,
        comment: placing.comment,
        answers: placing.answers,
        held_until: placing.held_until,
        series: placing.series,
        moved_from: placing.instead_of.map(|b| b.id),
        source: placing.source,
        update_id: placing.update_id,
        discount_percent: offer.discount_percent,
    };
    store::bookings::insert(&mut *conn, &new, now).await?;
    // What the business has noted stays with the visit, whichever booking it is.
    if let Some(old) = placing.instead_of {
        store::bookings::set_office(&mut *conn, id, &old.office).await?;
    }
    Ok(store::bookings::find(&mut *conn, id).await?.ok_or(sqlx::Error::RowNotFound)?)
}
