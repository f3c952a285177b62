//! The booking service: what it is asked, and what it reads. What it writes is in [`super::change`].

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Days, NaiveDate, Utc};
use shared::{
    clock::Clock,
    outbox::{Letter, Outbox},
    texts::Lang,
};
use sqlx::{PgConnection, PgPool};

use super::{
    availability::{Calendar, Rules, Slot, free_slots},
    contact::Contact,
    hours::{Span, local_date, moment},
    model::{Booking, BookingId, Business, Kopecks, Pick, Profile, Resource, ResourceId, Service, ServiceId, UserId},
    policy::{Act, Refusal, Role, may},
};
use crate::store;

/// Why a call brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// The rules say no; the person is told why.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Postgres failed; the call may be repeated.
    #[error("the database failed")]
    Store(#[from] sqlx::Error),
}

/// What the owners are told.
#[derive(Clone, Copy, Debug)]
pub enum News<'a> {
    /// A new booking.
    Booked(&'a Booking),
    /// A customer cancelled.
    Cancelled(&'a Booking),
}

/// Puts news into words. The service sends them and does not read them.
pub trait Herald: Send + Sync {
    /// One letter to each owner, with a key that is unique for this event and person.
    fn letters(
        &self,
        business: &Business,
        news: News<'_>,
        owners: &[(UserId, Option<Lang>)],
        now: DateTime<Utc>,
    ) -> Vec<Letter>;
}

/// A service and who does it.
#[derive(Clone, Debug)]
pub struct Offer {
    /// What.
    pub service: Service,
    /// By whom; never empty.
    pub resources: Vec<Resource>,
}

/// When an offer can be had.
#[derive(Clone, Debug)]
pub struct Openings {
    /// The business, for its zone.
    pub business: Business,
    /// What and by whom.
    pub offer: Offer,
    /// The days that have room, and their free times.
    pub days: BTreeMap<NaiveDate, Vec<Slot>>,
}

/// What a customer wants. It comes from a button, so nothing in it is to be believed.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// What.
    pub service: ServiceId,
    /// With whom.
    pub pick: Pick,
    /// When.
    pub starts_at: DateTime<Utc>,
    /// Length in minutes and price, as the customer was shown them.
    pub shown: (i64, Kopecks),
}

/// A booking or a cancellation that stands.
#[derive(Clone, Debug)]
pub struct Made {
    /// The business, for its zone.
    pub business: Business,
    /// The booking as it is now.
    pub booking: Booking,
    /// Whether it had been so before this call, which then changed nothing.
    pub repeated: bool,
}

/// The booking service of one business.
#[derive(Clone)]
pub struct Bookings {
    pub(super) pool: PgPool,
    pub(super) outbox: Outbox,
    pub(super) clock: Clock,
    pub(super) herald: Arc<dyn Herald>,
}

impl Bookings {
    /// A service over the tenant's schema, which the pool works in.
    pub fn new(pool: PgPool, outbox: Outbox, clock: Clock, herald: Arc<dyn Herald>) -> Self {
        Self { pool, outbox, clock, herald }
    }

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
        Ok(store::users::save(&self.pool, who, None, self.clock.now()).await?)
    }

    /// Keeps a person's name and number for this booking and the next.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn remember(&self, who: &Profile<'_>, contact: &Contact) -> Result<(), BookError> {
        Ok(store::users::save(&self.pool, who, Some(contact), self.clock.now()).await?)
    }

    /// The name and number of a person, if they have given them.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn contact(&self, user: UserId) -> Result<Option<Contact>, BookError> {
        Ok(store::users::contact(&self.pool, user).await?)
    }

    /// Everything that can be booked.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn services(&self) -> Result<Vec<Service>, BookError> {
        Ok(store::services::list_offered(&self.pool).await?)
    }

    /// A service and who does it, for a `pick` that is possible.
    ///
    /// # Errors
    /// [`Refusal::NoSuchService`], [`Refusal::NoSuchResource`], or Postgres.
    pub async fn offer(&self, service: ServiceId, pick: Pick) -> Result<(Business, Offer), BookError> {
        let mut conn = self.pool.acquire().await?;
        Ok((store::settings::business(&mut *conn).await?, read_offer(&mut conn, service, pick).await?))
    }

    /// Every free time of a service from today to the horizon.
    ///
    /// # Errors
    /// [`Refusal::NoSuchService`], [`Refusal::NoSuchResource`], or Postgres.
    pub async fn openings(&self, service: ServiceId, pick: Pick) -> Result<Openings, BookError> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        let business = store::settings::business(&mut *conn).await?;
        let offer = read_offer(&mut conn, service, pick).await?;
        let ids: Vec<ResourceId> = offer.resources.iter().map(|r| r.id).filter(|id| pick.allows(*id)).collect();
        let mut weeks = store::working_hours::weeks(&mut *conn, &ids).await?;
        let window = business.policy.window(business.zone, now);
        // A day more on both sides: buffers and nights reach over.
        let wide = Span { start: window.start - Days::new(1), end: window.end + Days::new(1) };
        let mut taken = store::occupancy::taken(&mut *conn, &ids, wide).await?;
        drop(conn);
        let calendars: Vec<Calendar> = ids
            .iter()
            .map(|id| Calendar {
                resource: *id,
                own_hours: weeks.own.remove(id).unwrap_or_default(),
                taken: taken.remove(id).unwrap_or_default(),
            })
            .collect();
        let rules = Rules {
            zone: business.zone,
            policy: &business.policy,
            business_hours: &weeks.business,
            service: &offer.service,
        };
        let (from, to) = (local_date(business.zone, window.start), local_date(business.zone, window.end));
        let mut days: BTreeMap<NaiveDate, Vec<Slot>> = BTreeMap::new();
        for slot in free_slots(&rules, &calendars, from, to, now) {
            days.entry(local_date(business.zone, slot.starts_at)).or_default().push(slot);
        }
        Ok(Openings { business, offer, days })
    }

    /// A person's bookings that are not over, the nearest first.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn ahead(&self, user: UserId) -> Result<(Business, Vec<Booking>), BookError> {
        let mut conn = self.pool.acquire().await?;
        let business = store::settings::business(&mut *conn).await?;
        Ok((business, store::bookings::list_ahead(&mut *conn, user, self.clock.now()).await?))
    }

    /// A person's booking, and why it may not be cancelled now, if it may not.
    ///
    /// # Errors
    /// [`Refusal::NoSuchBooking`], or Postgres.
    pub async fn card(&self, user: UserId, id: BookingId) -> Result<(Business, Booking, Option<Refusal>), BookError> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        let business = store::settings::business(&mut *conn).await?;
        let booking = store::bookings::find(&mut *conn, id).await?.ok_or(Refusal::NoSuchBooking)?;
        let who = (user, Role::Customer);
        may(who, Act::See(&booking), &business.policy, business.zone, now)?;
        let why_not = may(who, Act::Cancel(&booking), &business.policy, business.zone, now).err();
        Ok((business, booking, why_not))
    }

    /// What a person is to the business.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn role(&self, user: UserId) -> Result<Role, BookError> {
        Ok(store::admins::role_of(&self.pool, user).await?)
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
        let business = store::settings::business(&mut *conn).await?;
        let role = store::admins::role_of(&mut *conn, user).await?;
        may((user, role), Act::SeeSchedule, &business.policy, business.zone, now)?;
        let date = local_date(business.zone, now) + Days::new(u64::from(days_ahead));
        let bookings = store::bookings::list_within(&mut *conn, day_of(&business, date)).await?;
        Ok((business, date, bookings))
    }
}

/// The day of the business that bears this date.
pub(super) fn day_of(business: &Business, date: NaiveDate) -> Span {
    Span { start: moment(business.zone, date, 0), end: moment(business.zone, date + Days::new(1), 0) }
}

/// A service that is offered, by those who do it, with a pick that is possible.
pub(super) async fn read_offer(conn: &mut PgConnection, service: ServiceId, pick: Pick) -> Result<Offer, BookError> {
    let service = store::services::find_active(&mut *conn, service).await?.ok_or(Refusal::NoSuchService)?;
    let resources = store::resources::list_doing(&mut *conn, service.id).await?;
    if resources.is_empty() {
        return Err(Refusal::NoSuchService.into());
    }
    if !resources.iter().any(|r| pick.allows(r.id)) {
        return Err(Refusal::NoSuchResource.into());
    }
    Ok(Offer { service, resources })
}
