//! New bookings: quoted, and made.

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
        availability::Chain,
        contact::Contact,
        hours::local_date,
        model::{Actor, Booking, BookingId, Business, Pick, Price, Status, UserId, Wanted},
        policy::{Act, Permit, Refusal, may},
    },
    reminders,
    store::{self, booking_history::Change, users::Known},
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
    /// The customer's own discount, which the prices are less already.
    pub discount_percent: u8,
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
        let offer = Offer { permit, ..offer };
        let view = View { business: &business, offer: &offer, party: wanted.party, user, but: None, limits, now };
        let date = local_date(business.zone, starts_at);
        let sight = view.look(&mut conn, (date, date), true).await?;
        let Some(best) = sight.ways(starts_at).into_iter().next() else {
            return Err(sight.why_not(starts_at).into());
        };
        Ok(quoted(business.clone(), &offer, wanted, starts_at, &best))
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
        self.tell_team(conn, business, news, now).await
    }
}

/// A visit of this offer, had in this way.
pub(super) fn quoted(
    business: Business,
    offer: &Offer,
    wanted: &Wanted,
    starts_at: DateTime<Utc>,
    way: &Chain,
) -> Quote {
    let (_, price) = cost(offer, way);
    let mut ends_at = starts_at;
    let mut lines = Vec::with_capacity(way.len());
    for ((part, want), assigned) in offer.parts.iter().zip(&wanted.wants).zip(way) {
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
    let (permit, discount_percent) = (offer.permit, offer.discount_percent);
    Quote { lines, starts_at, ends_at, price, discount_percent, permit, business }
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
