//! What the desk reads.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use sqlx::PgConnection;

use super::{
    BookError, Bookings,
    sight::{View, read_offer},
};
use crate::{
    booking::{
        availability::Slot,
        hours::{Span, local_date, moment},
        model::{
            Booking, BookingId, Business, Doer, Pick, Profile, Resource, ResourceId, Service, Status, UserId, Wanted,
        },
        policy::{Act, Permit, Refusal, may},
        roles::Right,
    },
    store,
};

/// The widest stretch of dates that one question is answered for.
const MOST_DAYS: u64 = 62;

/// A wanted visit that is possible as such: each service with who does it.
#[derive(Clone, Debug)]
pub struct Offer {
    /// In the order of the visit; at least one.
    pub parts: Vec<OfferPart>,
    /// Every resource that occurs among the doers of any part.
    pub resources: Vec<Resource>,
    /// Whether the size of the party matters, and the largest that can be had; none: it does not matter.
    pub largest_party: Option<u16>,
    /// Whether bookings of this person stand at once.
    pub permit: Permit,
    /// What the prices are less already, for this person.
    pub discount_percent: u8,
    /// Whether the hours of work do not matter: what is blocked or taken still does.
    pub around_the_clock: bool,
}

/// One service and who does it.
#[derive(Clone, Debug)]
pub struct OfferPart {
    /// What.
    pub service: Service,
    /// Everybody who does it at all, in the business's order: not narrowed by pick or party. Never empty.
    pub everybody: Vec<Doer>,
    /// Who would do for this pick and party, in the business's order. Never empty.
    pub doers: Vec<Doer>,
}

/// When an offer can be had.
#[derive(Clone, Debug)]
pub struct Openings {
    /// The business, for its zone.
    pub business: Business,
    /// What and by whom.
    pub offer: Offer,
    /// The first and the last date on which a visit may begin at all, by notice and horizon.
    pub within: (NaiveDate, NaiveDate),
    /// The days between the asked dates that have room, and their free times.
    pub days: BTreeMap<NaiveDate, Vec<Slot>>,
}

/// A resource, and what it does.
#[derive(Clone, Debug)]
pub struct Performer {
    /// Who.
    pub resource: Resource,
    /// The services that it does, in the business's order.
    pub services: Vec<Service>,
}

impl Offer {
    /// The resource of this number, if it occurs in the offer.
    pub fn resource(&self, id: ResourceId) -> Option<&Resource> {
        self.resources.iter().find(|r| r.id == id)
    }
}

impl Bookings {
    /// The business.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn business(&self) -> Result<Business, BookError> {
        Ok(store::settings::business(&self.pool).await?)
    }

    /// Notes that a person spoke to the bot.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn greet(&self, who: &Profile<'_>) -> Result<(), BookError> {
        self.greet_from(who, None).await
    }

    /// The same of somebody who came by a link with this end.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn greet_from(&self, who: &Profile<'_>, source: Option<&str>) -> Result<(), BookError> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        store::analytics::opened(&mut *conn, who.id, source, now).await?;
        Ok(store::users::save(&mut *conn, who, None, now).await?)
    }

    /// Notes that a person begins to book, having come by a link with this end.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn began(&self, user: UserId, source: Option<&str>) -> Result<(), BookError> {
        Ok(store::analytics::began(&self.pool, user, source, self.clock.now()).await?)
    }

    /// Everything that can be booked, in the business's order.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn services(&self) -> Result<Vec<Service>, BookError> {
        Ok(store::services::list_offered(&self.pool).await?)
    }

    /// A resource that takes part in what is offered, and what it does.
    ///
    /// # Errors
    /// [`Refusal::NoSuchResource`], or Postgres.
    pub async fn performer(&self, resource: ResourceId) -> Result<Performer, BookError> {
        let mut conn = self.pool.acquire().await?;
        let resource = store::resources::find_active(&mut *conn, resource).await?.ok_or(Refusal::NoSuchResource)?;
        let services = store::services::list_done_by(&mut *conn, resource.id).await?;
        if services.is_empty() {
            return Err(Refusal::NoSuchResource.into());
        }
        Ok(Performer { resource, services })
    }

    /// Whether a visit is possible as such, for this person, and who does it.
    ///
    /// # Errors
    /// [`Refusal::NoSuchService`], [`Refusal::NoSuchResource`], [`Refusal::PartyTooLarge`], [`Refusal::VisitTooLong`], why
    /// this person may not book at all, or Postgres.
    pub async fn offer(&self, user: UserId, wanted: &Wanted) -> Result<(Business, Offer), BookError> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        let business = store::settings::business(&mut *conn).await?;
        let known = store::users::find(&mut conn, user, now).await?;
        let offer = read_offer(&mut conn, &business, &known, wanted, None, now).await?;
        Ok((business, offer))
    }

    /// Every free time of a visit on the dates from `from` to `to`, both included; at most 62 days, none past the horizon.
    /// What the person keeps on hold at the moment counts as free.
    ///
    /// # Errors
    /// As [`offer`](Self::offer).
    pub async fn openings(
        &self,
        user: UserId,
        wanted: &Wanted,
        dates: Option<(NaiveDate, NaiveDate)>,
    ) -> Result<Openings, BookError> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        let business = store::settings::business(&mut *conn).await?;
        let known = store::users::find(&mut conn, user, now).await?;
        let offer = read_offer(&mut conn, &business, &known, wanted, None, now).await?;
        let limits = View::limits_of(&business, &offer);
        let view = View { business: &business, offer: &offer, party: wanted.party, user, but: None, limits, now };
        let (within, days) = open_days(view, &mut conn, dates).await?;
        Ok(Openings { within, days, business, offer })
    }

    /// The same for another time of a booking of theirs, whose own time counts as free; it keeps its length and price.
    /// Without a `pick` it is with whom it was.
    ///
    /// # Errors
    /// Why the booking may not be moved, or Postgres.
    pub async fn openings_to_move(
        &self,
        user: UserId,
        booking: BookingId,
        pick: Option<Pick>,
        dates: Option<(NaiveDate, NaiveDate)>,
    ) -> Result<(Openings, Booking), BookError> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        let business = store::settings::business(&mut *conn).await?;
        let known = store::users::find(&mut conn, user, now).await?;
        let booking = store::bookings::find(&mut *conn, booking).await?.ok_or(Refusal::NoSuchBooking)?;
        let act = Act::Move { booking: &booking, to: None };
        may(&known.person, act, &business.policy, business.zone, now)?;
        let wanted = pick.map_or_else(|| booking.wanted(), |pick| with_pick(booking.wanted(), pick));
        let offer = match read_offer(&mut conn, &business, &known, &wanted, Some(&booking), now).await {
            // Whoever it was with does it no more: then anybody.
            Err(BookError::Refused(Refusal::NoSuchResource | Refusal::PartyTooLarge(_))) => {
                let anybody = with_pick(wanted, Pick::Any);
                read_offer(&mut conn, &business, &known, &anybody, Some(&booking), now).await?
            }
            other => other?,
        };
        let (limits, but) = (View::limits_of(&business, &offer), Some(booking.id));
        let view = View { business: &business, offer: &offer, party: booking.party, user, but, limits, now };
        let (within, days) = open_days(view, &mut conn, dates).await?;
        Ok((Openings { within, days, business, offer }, booking))
    }

    /// A person's bookings that are ahead or not over, the nearest first.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn ahead(&self, user: UserId) -> Result<(Business, Vec<Booking>), BookError> {
        let mut conn = self.pool.acquire().await?;
        let business = store::settings::business(&mut *conn).await?;
        Ok((business, store::bookings::list_ahead(&mut *conn, user, self.clock.now()).await?))
    }

    /// A page of a person's bookings that are over in any way (also cancelled), the latest first, and whether more follow.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn past(
        &self,
        user: UserId,
        page: usize,
        per_page: usize,
    ) -> Result<(Business, Vec<Booking>, bool), BookError> {
        let mut conn = self.pool.acquire().await?;
        let business = store::settings::business(&mut *conn).await?;
        let (now, offset) = (self.clock.now(), page.saturating_mul(per_page));
        let mut list = store::bookings::list_past(&mut *conn, user, now, offset, per_page.saturating_add(1)).await?;
        let more = list.len() > per_page;
        list.truncate(per_page);
        Ok((business, list, more))
    }

    /// A person's booking, and why it may not be cancelled and not be moved now, if it may not. A hold is not shown.
    ///
    /// # Errors
    /// [`Refusal::NoSuchBooking`], or Postgres.
    pub async fn card(&self, user: UserId, id: BookingId) -> Result<Card, BookError> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        let business = store::settings::business(&mut *conn).await?;
        let booking = store::bookings::find(&mut *conn, id).await?.ok_or(Refusal::NoSuchBooking)?;
        let who = store::users::find(&mut conn, user, now).await?.person;
        let ask = |act| may(&who, act, &business.policy, business.zone, now).err();
        if booking.status == Status::Held || ask(Act::See(&booking)).is_some() {
            return Err(Refusal::NoSuchBooking.into());
        }
        let moved_to = match booking.status {
            Status::Moved => store::bookings::moved_to(&mut *conn, id).await?,
            _ => None,
        };
        let may_rate = ask(Act::Rate(&booking)).is_none() && !store::bookings::is_rated(&mut *conn, id).await?;
        Ok(Card {
            no_cancel: ask(Act::Cancel(&booking)),
            no_move: ask(Act::Move { booking: &booking, to: None }),
            may_come: booking.coming_at.is_none() && ask(Act::Come(&booking)).is_none(),
            may_rate,
            moved_to,
            business,
            booking,
        })
    }

    /// The bookings of the day that lies `days_ahead` after today, for those who run the business.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`], or Postgres.
    pub async fn schedule(
        &self,
        user: UserId,
        days_ahead: u8,
    ) -> Result<(Business, NaiveDate, Vec<Booking>), BookError> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        let (business, member) = self.staffed(&mut conn, user, Right::SeeDay).await?;
        let date = local_date(business.zone, now) + Days::new(u64::from(days_ahead));
        let day = Span { start: moment(business.zone, date, 0), end: moment(business.zone, date + Days::new(1), 0) };
        let mut bookings = store::bookings::list_within(&mut *conn, day).await?;
        bookings.retain(|booking| member.may_with(Right::SeeDay, booking));
        Ok((business, date, bookings))
    }
}

/// The dates on which the visit may begin at all, and the free times of those that were asked about.
pub(super) async fn open_days(
    view: View<'_>,
    conn: &mut PgConnection,
    dates: Option<(NaiveDate, NaiveDate)>,
) -> Result<((NaiveDate, NaiveDate), BTreeMap<NaiveDate, Vec<Slot>>), BookError> {
    let within = view.within();
    let (from, to) = dates.unwrap_or(within);
    let from = from.max(within.0);
    let to = to.min(within.1).min(from + Days::new(MOST_DAYS - 1));
    let mut days: BTreeMap<NaiveDate, Vec<Slot>> = BTreeMap::new();
    if from <= to {
        let zone = view.business.zone;
        for slot in view.look(conn, (from, to), false).await?.slots((from, to)) {
            days.entry(local_date(zone, slot.starts_at)).or_default().push(slot);
        }
    }
    Ok((within, days))
}

/// The same visit with another pick for each of its services.
pub(super) fn with_pick(mut wanted: Wanted, pick: Pick) -> Wanted {
    for want in &mut wanted.wants {
        want.pick = pick;
    }
    wanted
}

/// A booking of a person's own, and what may be done with it.
#[derive(Clone, Debug)]
pub struct Card {
    /// The business, for its zone and where it is.
    pub business: Business,
    /// The booking.
    pub booking: Booking,
    /// Why it may not be cancelled now.
    pub no_cancel: Option<Refusal>,
    /// Why it may not be moved now.
    pub no_move: Option<Refusal>,
    /// Whether it can be said now that one comes.
    pub may_come: bool,
    /// Whether it can be rated now: it can be, and was not.
    pub may_rate: bool,
    /// The booking that took the place of this one.
    pub moved_to: Option<BookingId>,
}
