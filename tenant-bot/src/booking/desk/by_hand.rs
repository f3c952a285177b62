//! What binds customers and not the business itself: deadlines, notice, horizon, caps, who may book, whole steps. What
//! binds both: that nobody gets what another has, what is blocked, what a resource does and how many fit.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::{
    BookError,
    book::{Quote, quoted},
    read::Offer,
    sight::{View, read_offer},
};
use crate::{
    booking::{
        hours::local_date,
        model::{Booking, Business, Pick, UserId, Wanted},
        policy::{Admits, Approval, Limits, Person, Policy, Refusal},
        roles::{Member, Reach, Right},
    },
    store::users::Known,
};

/// So far ahead the business books for others.
const HORIZON_DAYS: u16 = 400;
/// So many services one visit has at most, whatever customers are allowed.
const MOST_SERVICES: u16 = 20;

/// A visit as somebody of the business makes it for somebody else.
pub(super) struct Hand<'a> {
    /// The business, without what binds customers only.
    pub(super) business: Business,
    pub(super) member: Member,
    /// For whom.
    pub(super) user: UserId,
    pub(super) wanted: &'a Wanted,
    /// The booking whose place it takes.
    pub(super) instead_of: Option<&'a Booking>,
    pub(super) now: DateTime<Utc>,
}

impl Hand<'_> {
    /// When it may begin: now too, which has begun already by the second.
    pub(super) fn limits() -> Limits {
        Limits { notice: TimeDelta::minutes(-1), horizon_days: HORIZON_DAYS }
    }

    /// The offer, at the lengths and prices of today, or of the booking whose place it takes if its services stay.
    pub(super) async fn offer(&self, conn: &mut PgConnection, known: &Known) -> Result<Offer, BookError> {
        let welcome = Person { known: true, ..Person::stranger(self.user) };
        let known = Known { person: welcome, ..known.clone() };
        let own = self.instead_of.filter(|old| self.keeps_services(old));
        read_offer(conn, &self.business, &known, self.wanted, own, self.now).await
    }

    fn keeps_services(&self, old: &Booking) -> bool {
        let wants = &self.wanted.wants;
        old.lines.len() == wants.len() && old.lines.iter().zip(wants).all(|(line, want)| line.service == want.service)
    }

    pub(super) fn view<'v>(&'v self, offer: &'v Offer) -> View<'v> {
        View {
            business: &self.business,
            offer,
            party: self.wanted.party,
            user: self.user,
            but: self.instead_of.map(|booking| booking.id),
            limits: Self::limits(),
            now: self.now,
        }
    }

    /// What it would be at that time, to the minute; and whether that is outside the hours of work, which only those who run
    /// the whole business may do. `offer` is left as it is to be placed by.
    pub(super) async fn quote(
        &self,
        conn: &mut PgConnection,
        offer: &mut Offer,
        starts_at: DateTime<Utc>,
    ) -> Result<(Quote, bool), BookError> {
        if starts_at < self.now - TimeDelta::minutes(1) {
            return Err(Refusal::Past.into());
        }
        any_minute(offer);
        let date = local_date(self.business.zone, starts_at);
        for outside in [false, true] {
            offer.around_the_clock = outside;
            let sight = self.view(offer).look(&mut *conn, (date, date), true).await?;
            if let Some(best) = sight.ways(starts_at).into_iter().next() {
                return Ok((quoted(self.business.clone(), offer, self.wanted, starts_at, &best), outside));
            }
            let why = sight.why_not(starts_at);
            if why != Refusal::Closed || self.member.reach(Right::BookFor) != Reach::All {
                return Err(why.into());
            }
        }
        Err(Refusal::Closed.into())
    }
}

/// Any whole minute is a beginning.
pub(super) fn any_minute(offer: &mut Offer) {
    for part in &mut offer.parts {
        (part.service.step, part.service.offset) = (Some(TimeDelta::minutes(1)), TimeDelta::zero());
    }
}

/// The business, without what binds customers only.
pub(super) fn unbound(business: &Business) -> Business {
    let policy = Policy {
        admits: Admits::Everyone,
        approval: Approval::AtOnce,
        no_show_limit: None,
        daily_cap: None,
        resource_daily_cap: None,
        customer_daily_cap: None,
        visit_limit: MOST_SERVICES,
        ..business.policy.clone()
    };
    Business { policy, ..business.clone() }
}

/// Who has only a schedule of their own books into it and nowhere else.
pub(super) fn within_reach(member: Member, right: Right, mut wanted: Wanted) -> Wanted {
    if let Some(own) = member.sees(right) {
        for want in &mut wanted.wants {
            want.pick = match want.pick {
                Pick::Any => Pick::One(own),
                one => one,
            };
        }
    }
    wanted
}
