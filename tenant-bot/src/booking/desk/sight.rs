//! All that free times follow from, read for one visit and a stretch of dates.

use std::collections::HashMap;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use sqlx::PgConnection;

use super::{
    BookError,
    read::{Offer, OfferPart},
};
use crate::{
    booking::{
        availability::{Calendar, Calendars, Chain, Counts, Part, Rules, Slot, chains, free_slots},
        hours::{Span, local_date, moment},
        model::{Booking, BookingId, Business, Doer, ResourceId, Service, ServiceId, UserId, Want, Wanted},
        policy::{Act, Limits, Refusal, may},
        schedule::{Exception, House, Rota},
    },
    store::{self, users::Known},
};

/// A visit lasts no longer than this, whatever it is made of.
const LONGEST_VISIT: TimeDelta = TimeDelta::hours(24);
/// So many ways of having a visit are tried before it counts as taken.
const WAYS: usize = 40;

/// A wanted visit as far as it is possible: each of its services, and who does it.
///
/// `own` is a booking that is to be moved: its services keep their length, price and buffers, and need not be offered any
/// more.
pub(super) async fn read_offer(
    conn: &mut PgConnection,
    business: &Business,
    known: &Known,
    wanted: &Wanted,
    own: Option<&Booking>,
    now: DateTime<Utc>,
) -> Result<Offer, BookError> {
    let permit = may(&known.person, Act::Begin, &business.policy, business.zone, now)?;
    let limit = business.policy.visit_limit;
    let too_long = || Refusal::VisitTooLong(limit);
    if wanted.wants.is_empty() || own.is_none() && wanted.wants.len() > usize::from(limit) {
        return Err(too_long().into());
    }
    let mut ids: Vec<ServiceId> = wanted.wants.iter().map(|want| want.service).collect();
    ids.sort_unstable();
    ids.dedup();
    let services = match own {
        None => store::services::find_active(&mut *conn, &ids).await?,
        Some(_) => store::services::find(&mut *conn, &ids).await?,
    };
    let services: HashMap<ServiceId, Service> = services.into_iter().map(|s| (s.id, s)).collect();
    let doers = store::services::doers(&mut *conn, &ids).await?;
    let mut parts = Vec::with_capacity(wanted.wants.len());
    for (place, want) in wanted.wants.iter().enumerate() {
        let service = services.get(&want.service).ok_or(Refusal::NoSuchService)?.clone();
        let everybody = doers.get(&want.service).cloned().unwrap_or_default();
        let mut part = narrowed(service, everybody, want, wanted.party)?;
        if let Some(line) = own.and_then(|b| b.lines.get(place)) {
            (part.service.buffer_before, part.service.buffer_after) = (line.buffer_before, line.buffer_after);
            for doer in part.everybody.iter_mut().chain(&mut part.doers) {
                (doer.duration, doer.price) = (line.duration, line.price);
            }
        } else {
            for doer in part.everybody.iter_mut().chain(&mut part.doers) {
                doer.price = doer.price.less(known.discount_percent);
            }
        }
        parts.push(part);
    }
    let longest = |part: &OfferPart| part.doers.iter().map(|d| d.duration).max().unwrap_or_default();
    if parts.iter().map(longest).sum::<TimeDelta>() > LONGEST_VISIT {
        return Err(too_long().into());
    }
    let mut involved: Vec<ResourceId> =
        parts.iter().flat_map(|p| &p.everybody).flat_map(|d| &d.resources).copied().collect();
    involved.sort_unstable();
    involved.dedup();
    let resources = store::resources::list(&mut *conn, &involved).await?;
    let largest_party = parts.iter().filter_map(largest_party).min();
    let discount_percent = own.map_or(known.discount_percent, |booking| booking.office.discount_percent);
    Ok(Offer { parts, resources, largest_party, permit, discount_percent, around_the_clock: false })
}

/// Who would do for the pick and the party.
fn narrowed(service: Service, everybody: Vec<Doer>, want: &Want, party: u16) -> Result<OfferPart, Refusal> {
    if everybody.is_empty() {
        return Err(Refusal::NoSuchService);
    }
    let picked: Vec<&Doer> = everybody.iter().filter(|d| want.pick.allows(&d.resources)).collect();
    if picked.is_empty() {
        return Err(Refusal::NoSuchResource);
    }
    if service.is_group() && party > service.capacity {
        return Err(Refusal::PartyTooLarge(service.capacity));
    }
    // The seats of a group are its own; how many a room holds matters to those who come together alone.
    let doers: Vec<Doer> =
        picked.iter().filter(|d| service.is_group() || d.seats_party(party)).map(|d| (*d).clone()).collect();
    if doers.is_empty() {
        return Err(Refusal::PartyTooLarge(picked.iter().filter_map(|d| d.seats).max().unwrap_or(1)));
    }
    Ok(OfferPart { service, everybody, doers })
}

/// The largest party that a part takes; none where it does not matter.
fn largest_party(part: &OfferPart) -> Option<u16> {
    if part.service.is_group() {
        return Some(part.service.capacity);
    }
    let seats: Option<Vec<u16>> = part.everybody.iter().map(|d| d.seats).collect();
    seats.and_then(|seats| seats.into_iter().max())
}

/// Work on these dates and around them that never ends.
fn round_the_clock((from, to): (NaiveDate, NaiveDate)) -> Rota {
    let all_day = Exception {
        first_day: from.pred_opt().unwrap_or(from),
        last_day: to.checked_add_days(Days::new(2)).unwrap_or(to),
        hours: Some((0, 1440)),
    };
    Rota { week: Vec::new(), exceptions: vec![all_day] }
}

/// Whose sight it is, and of what.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    pub(super) business: &'a Business,
    pub(super) offer: &'a Offer,
    pub(super) party: u16,
    /// What this person keeps on hold counts as free.
    pub(super) user: UserId,
    /// So does the time of this booking.
    pub(super) but: Option<BookingId>,
    pub(super) limits: Limits,
    pub(super) now: DateTime<Utc>,
}

/// What was read.
pub(super) struct Sight<'a> {
    view: View<'a>,
    house: House,
    counts: Counts,
    load: HashMap<ResourceId, i64>,
    calendars: Calendars,
}

impl<'a> View<'a> {
    /// The limits of the offer's services.
    pub(super) fn limits_of(business: &Business, offer: &Offer) -> Limits {
        business.policy.limits(offer.parts.iter().map(|part| &part.service))
    }

    fn resources(&self) -> Vec<ResourceId> {
        let doers = self.offer.parts.iter().flat_map(|part| &part.doers);
        let mut ids: Vec<ResourceId> = doers.flat_map(|d| &d.resources).copied().collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Reads what matters to visits that begin on the dates from `from` to `to`; `with_load` also how much each resource
    /// has to do on them.
    pub(super) async fn look(
        self,
        conn: &mut PgConnection,
        (from, to): (NaiveDate, NaiveDate),
        with_load: bool,
    ) -> Result<Sight<'a>, BookError> {
        let Self { business, user, but, now, .. } = self;
        let ids = self.resources();
        let mut rotas = store::schedule::rotas(&mut *conn, &ids, from).await?;
        if self.offer.around_the_clock {
            rotas.house = round_the_clock((from, to));
            rotas.own.clear();
        }
        // A day more before, two after: buffers, nights and long visits reach over.
        let day = |date: NaiveDate, more: i64| moment(business.zone, date, 0) + TimeDelta::days(more);
        let wide = Span { start: day(from, -2), end: day(to, 3) };
        let mut taken = store::occupancy::taken(&mut *conn, &ids, wide, user, but, now).await?;
        let mut sessions = HashMap::new();
        if self.offer.parts.iter().any(|part| part.service.is_group()) {
            sessions = store::occupancy::sessions(&mut *conn, &ids, wide, user, but, now).await?;
        }
        let (mut counts, mut load) = (Counts::default(), HashMap::new());
        if business.policy.caps_days() || with_load && ids.len() > 1 {
            let span = Span { start: day(from, 0), end: moment(business.zone, to + Days::new(1), 0) };
            for count in store::bookings::counts(&mut *conn, business.zone, span, user, but, now).await? {
                match count.resource {
                    Some(resource) => {
                        counts.resource.insert((resource, count.day), count.all);
                        *load.entry(resource).or_default() += i64::from(count.all);
                    }
                    None => {
                        counts.all.insert(count.day, count.all);
                        counts.customer.insert(count.day, count.own);
                    }
                }
            }
        }
        let calendars = ids
            .iter()
            .map(|id| {
                let mut blocks = rotas.blocks.clone();
                blocks.append(&mut rotas.own_blocks.remove(id).unwrap_or_default());
                let calendar = Calendar {
                    rota: rotas.own.remove(id).unwrap_or_default(),
                    blocks,
                    taken: taken.remove(id).unwrap_or_default(),
                    sessions: sessions.remove(id).unwrap_or_default(),
                };
                (*id, calendar)
            })
            .collect();
        let house = House { zone: business.zone, rota: rotas.house };
        Ok(Sight { view: self, house, counts, load, calendars })
    }

    /// The dates on which a visit may begin at all.
    pub(super) fn within(&self) -> (NaiveDate, NaiveDate) {
        let window = self.limits.window(self.business.zone, self.now);
        let last = local_date(self.business.zone, window.end - TimeDelta::seconds(1));
        (local_date(self.business.zone, window.start), last)
    }
}

impl Sight<'_> {
    fn rules(&self) -> Rules<'_> {
        Rules {
            house: &self.house,
            policy: &self.view.business.policy,
            limits: self.view.limits,
            counts: &self.counts,
            now: self.view.now,
        }
    }

    /// Parts of the visit, for the pure functions.
    pub(super) fn parts(&self) -> Vec<Part<'_>> {
        self.view.offer.parts.iter().map(|p| Part { service: &p.service, doers: p.doers.clone() }).collect()
    }

    /// Free times on these dates.
    pub(super) fn slots(&self, dates: (NaiveDate, NaiveDate)) -> Vec<Slot> {
        free_slots(&self.rules(), &self.parts(), &self.calendars, self.view.party, dates)
    }

    /// The ways in which the visit can begin at this moment, the best first.
    pub(super) fn ways(&self, starts_at: DateTime<Utc>) -> Vec<Chain> {
        self.ways_among(&self.calendars, &self.rules(), starts_at)
    }

    fn ways_among(&self, calendars: &Calendars, rules: &Rules<'_>, starts_at: DateTime<Utc>) -> Vec<Chain> {
        chains(rules, &self.parts(), calendars, self.view.party, starts_at, &self.load, WAYS)
    }

    /// Why there is no way to begin at this moment.
    pub(super) fn why_not(&self, starts_at: DateTime<Utc>) -> Refusal {
        let none = Counts::default();
        let uncounted = Rules { counts: &none, ..self.rules() };
        if !self.ways_among(&self.calendars, &uncounted, starts_at).is_empty() {
            return Refusal::DayFull;
        }
        let mut untouched = self.calendars.clone();
        for calendar in untouched.values_mut() {
            calendar.taken.clear();
            calendar.sessions.clear();
        }
        if self.ways_among(&untouched, &uncounted, starts_at).is_empty() { Refusal::Closed } else { Refusal::Taken }
    }
}
