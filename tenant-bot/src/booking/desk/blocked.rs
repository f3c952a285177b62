//! What is blocked, whom that hits, and the other times that those are offered.

use chrono::{DateTime, Days, Utc};
use sqlx::PgConnection;

use super::{
    BookError, Bookings, Word,
    blocks::{resources_of, stretches_of},
    read::{open_days, with_pick},
    sight::{View, read_offer},
};
use crate::{
    booking::{
        hours::local_date,
        model::{Actor, Booking, BookingId, Business, Pick, ResourceId, UserId},
        policy::{Act, Refusal, may},
        roles::{Member, Right},
        schedule::Block,
    },
    store::{self, booking_history::Change},
};

/// So many other times one letter offers.
const MOST_TIMES: usize = 6;
/// So far after today they are looked for.
const LOOKS_AHEAD: Days = Days::new(21);

/// A block, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedBlock {
    /// Its number.
    pub id: i64,
    /// Of whom; none: of everybody.
    pub resource: Option<ResourceId>,
    /// The name of whom.
    pub resource_name: Option<String>,
    /// When.
    pub block: Block,
    /// Why.
    pub reason: Option<String>,
    /// Whether whoever asks may take it away.
    pub may_remove: bool,
}

/// What is blocked from now on.
#[derive(Clone, Debug)]
pub struct Blocked {
    /// The business, for its zone.
    pub business: Business,
    /// In order of beginning.
    pub blocks: Vec<ListedBlock>,
    /// Bookings that stand within any of them and are not over: somebody must decide about them.
    pub hits: Vec<Booking>,
}

/// Other times, offered.
#[derive(Clone, Debug)]
pub struct NewTimes {
    /// The business, for its zone.
    pub business: Business,
    /// Of which booking.
    pub booking: Booking,
    /// Which; none if nothing is free.
    pub times: Vec<DateTime<Utc>>,
    /// Whether they had been offered before, and nothing was done now.
    pub repeated: bool,
}

impl Bookings {
    /// What is blocked from now on, and whom it hits: of one's own schedule, or of all.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`], or Postgres.
    pub async fn blocked(&self, by: UserId) -> Result<Blocked, BookError> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        let (business, member) = self.staffed(&mut conn, by, Right::Block).await?;
        let own = member.sees(Right::Block);
        let mut blocks = store::schedule::blocks_after(&mut *conn, local_date(business.zone, now), now).await?;
        blocks.retain(|listed| own.is_none() || listed.resource.is_none() || listed.resource == own);
        let mut hits: Vec<Booking> = Vec::new();
        for listed in &mut blocks {
            listed.may_remove = member.may_to(Right::Block, listed.resource);
            let resources = match own {
                Some(own) => vec![own],
                None => resources_of(&mut conn, listed.resource).await?,
            };
            let spans = stretches_of(&listed.block, &business, now);
            hits.extend(store::bookings::list_hit(&mut *conn, &resources, &spans).await?);
        }
        hits.retain(|booking| booking.ends_at > now && member.may_with(Right::RunDay, booking));
        hits.sort_unstable_by_key(|booking| (booking.starts_at, booking.id));
        hits.dedup_by_key(|booking| booking.id);
        Ok(Blocked { business, blocks, hits })
    }

    /// Offers a customer the nearest free times for the same visit, in a letter. From then on they may move or cancel this
    /// booking whatever the deadlines are.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`], [`Refusal::NoSuchBooking`], [`Refusal::NoLonger`] if it does not stand any more or has begun,
    /// why this customer may book nothing, or Postgres.
    pub async fn offer_new_times(&self, by: UserId, id: BookingId) -> Result<NewTimes, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let (business, member) = self.staffed(&mut tx, by, Right::RunDay).await?;
        let mut booking = store::bookings::lock(&mut *tx, id).await?.ok_or(Refusal::NoSuchBooking)?;
        may(&super::staff::acting(member), Act::MoveFor(&booking), &business.policy, business.zone, now)?;
        if booking.starts_at <= now {
            return Err(Refusal::NoLonger.into());
        }
        let times = nearest(&mut tx, &business, &booking, now).await?;
        if !store::bookings::set_asked_to_move(&mut *tx, id, now).await? {
            return Ok(NewTimes { business, booking, times, repeated: true });
        }
        booking.office.asked_to_move = true;
        let change =
            Change { booking: id, action: "edited", by: (Actor::Staff, Some(by)), detail: Some("asked_to_move") };
        store::booking_history::append(&mut *tx, &change, now).await?;
        self.tell_customer(&mut tx, &business, Word::NewTimes(&booking, &times), now).await?;
        tx.commit().await?;
        self.committed();
        Ok(NewTimes { business, booking, times, repeated: false })
    }

    /// The same for everybody whom a block hits and who can be written to and was not yet; how many letters that were.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`], or Postgres.
    pub async fn offer_new_times_to_all(&self, by: UserId) -> Result<usize, BookError> {
        let blocked = self.blocked(by).await?;
        let mut told = 0;
        for booking in blocked.hits.iter().filter(|booking| booking.user.0 > 0 && !booking.office.asked_to_move) {
            match self.offer_new_times(by, booking.id).await {
                Ok(offered) => told += usize::from(!offered.repeated),
                // It is gone, or the customer may book nothing: it stays in the list, or is not there any more.
                Err(BookError::Refused(refusal)) if refusal != Refusal::NotAdmin => {}
                Err(error) => return Err(error),
            }
        }
        Ok(told)
    }

    /// Who can be asked to be blocked: the resources whose schedule one may block, in the business's order.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`], or Postgres.
    pub async fn blockable(&self, by: UserId) -> Result<(Member, Vec<(ResourceId, String)>), BookError> {
        let mut conn = self.pool.acquire().await?;
        let (_, member) = self.staffed(&mut conn, by, Right::Block).await?;
        let all = store::resources::all_active(&mut *conn).await?;
        let resources = store::resources::list(&mut *conn, &all).await?;
        let may = resources.into_iter().filter(|r| member.may_to(Right::Block, Some(r.id)));
        Ok((member, may.map(|r| (r.id, r.name)).collect()))
    }
}

/// The free times for the same visit that are nearest to when it is, in order; with whom it is, or where there are none,
/// with anybody.
async fn nearest(
    conn: &mut PgConnection,
    business: &Business,
    booking: &Booking,
    now: DateTime<Utc>,
) -> Result<Vec<DateTime<Utc>>, BookError> {
    let known = store::users::find(&mut *conn, booking.user, now).await?;
    let today = local_date(business.zone, now);
    for wanted in [booking.wanted(), with_pick(booking.wanted(), Pick::Any)] {
        let offer = match read_offer(&mut *conn, business, &known, &wanted, Some(booking), now).await {
            Err(BookError::Refused(Refusal::NoSuchResource | Refusal::PartyTooLarge(_))) => continue,
            offer => offer?,
        };
        let view = View {
            business,
            offer: &offer,
            party: booking.party,
            user: booking.user,
            but: Some(booking.id),
            limits: View::limits_of(business, &offer),
            now,
        };
        let until = local_date(business.zone, booking.starts_at).max(today).checked_add_days(LOOKS_AHEAD);
        let (_, days) = open_days(view, &mut *conn, Some((today, until.unwrap_or(today)))).await?;
        let mut times: Vec<DateTime<Utc>> =
            days.into_values().flatten().map(|slot| slot.starts_at).filter(|at| *at != booking.starts_at).collect();
        times.sort_unstable_by_key(|at| ((*at - booking.starts_at).abs(), *at));
        times.truncate(MOST_TIMES);
        times.sort_unstable();
        if !times.is_empty() {
            return Ok(times);
        }
    }
    Ok(Vec::new())
}
