//! All that a plan follows from, read.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use sqlx::PgConnection;

use super::{
    MassChange, MassWish,
    plan::{Ground, Group, means, plan},
};
use crate::{
    booking::{
        availability::Calendar,
        desk::{BookError, mass::MassPlan},
        hours::{Span, moment},
        model::{Booking, BookingId, Business, ResourceId, ServiceId},
        office::Wrong,
        schedule::House,
    },
    store,
};

/// So many dates one change reaches over.
pub(super) const MOST_DAYS: u16 = 62;
/// So many bookings one change is about: all of them are one transaction.
pub(super) const MOST_BOOKINGS: u16 = 500;
/// Farther than this nothing is shifted; there are other ways to move it to another day.
const FARTHEST: i64 = 24 * 60;

/// Whether a wish makes sense as such.
pub(super) fn sensible(wish: &MassWish) -> Result<(), Wrong> {
    let (from, to) = wish.scope.days;
    let far = u64::from(MOST_DAYS) - 1;
    if from > to || from.checked_add_days(Days::new(far)).is_none_or(|last| to > last) {
        return Err(Wrong::TooMany(MOST_DAYS));
    }
    match &wish.change {
        MassChange::Shift(minutes) if *minutes == 0 || minutes.abs() > FARTHEST => Err(Wrong::TooFar),
        MassChange::Cancel(Some(why)) if !(1..=200).contains(&why.chars().count()) => Err(Wrong::TooLong(200)),
        _ => Ok(()),
    }
}

/// The bookings that a wish means, in order of time.
pub(super) async fn meant(
    conn: &mut PgConnection,
    business: &Business,
    wish: &MassWish,
    now: DateTime<Utc>,
) -> Result<Vec<Booking>, BookError> {
    let (from, to) = wish.scope.days;
    let day = |date: NaiveDate| moment(business.zone, date, 0);
    let span = Span { start: day(from), end: day(to.succ_opt().unwrap_or(to)) };
    let house = House { zone: business.zone, rota: store::schedule::Rotas::default().house };
    let mut all = store::bookings::list_within(&mut *conn, span).await?;
    all.retain(|booking| means(&wish.scope, booking, &house, now));
    if all.len() > usize::from(MOST_BOOKINGS) {
        return Err(Wrong::TooMany(MOST_BOOKINGS).into());
    }
    Ok(all)
}

/// The resources that a change is about: of the bookings as they are, and as they would be.
pub(super) fn resources(meant: &[Booking], wish: &MassWish) -> Vec<ResourceId> {
    let mut ids: Vec<ResourceId> =
        meant.iter().flat_map(|booking| &booking.lines).flat_map(|line| &line.resources).copied().collect();
    if let MassChange::To(to) = wish.change {
        ids.push(to);
    }
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Reads what matters to these bookings, and plans.
pub(super) async fn planned(
    conn: &mut PgConnection,
    business: Business,
    wish: &MassWish,
    meant: &[Booking],
    now: DateTime<Utc>,
) -> Result<MassPlan, BookError> {
    let ground = read(&mut *conn, &business, wish, meant, now).await?;
    Ok(MassPlan { all: plan(&ground, meant, wish), business })
}

async fn read(
    conn: &mut PgConnection,
    business: &Business,
    wish: &MassWish,
    meant: &[Booking],
    now: DateTime<Utc>,
) -> Result<Ground, BookError> {
    let zone = business.zone;
    let (first, last) = dates(wish);
    let window =
        Span { start: moment(zone, first, 0) - TimeDelta::days(3), end: moment(zone, last, 0) + TimeDelta::days(5) };
    let ids = resources(meant, wish);
    let but: Vec<BookingId> = meant.iter().map(|booking| booking.id).collect();
    let from = first.checked_sub_days(Days::new(3)).unwrap_or(first);
    let mut rotas = store::schedule::rotas(&mut *conn, &ids, from).await?;
    let mut taken = store::occupancy::taken_by_others(&mut *conn, &ids, window, &but, now).await?;
    let (mut groups, mut capacities) = (HashMap::new(), HashMap::new());
    for group in store::occupancy::groups(&mut *conn, &ids, window, &but, now).await? {
        let key = (group.service, group.resource, group.starts_at, group.ends_at);
        capacities.insert(key, group.capacity);
        if group.seated > 0 {
            groups.insert(key, Group { span: group.span, capacity: group.capacity, seated: group.seated });
        }
    }
    let mut services: Vec<ServiceId> =
        meant.iter().flat_map(|booking| &booking.lines).map(|line| line.service).collect();
    if let MassChange::Service { to, .. } = wish.change {
        services.push(to);
    }
    let services: Vec<ServiceId> = services.into_iter().collect::<HashSet<_>>().into_iter().collect();
    let calendars = ids
        .iter()
        .map(|id| {
            let mut blocks = rotas.blocks.clone();
            blocks.append(&mut rotas.own_blocks.remove(id).unwrap_or_default());
            let rota = rotas.own.remove(id).unwrap_or_default();
            (*id, Calendar { rota, blocks, taken: taken.remove(id).unwrap_or_default(), sessions: Vec::new() })
        })
        .collect();
    Ok(Ground {
        now,
        house: House { zone, rota: rotas.house },
        calendars,
        groups,
        capacities,
        services: store::services::find(&mut *conn, &services).await?.into_iter().map(|s| (s.id, s)).collect(),
        doers: store::services::doers(&mut *conn, &services).await?,
        resources: store::resources::list(&mut *conn, &ids).await?.into_iter().map(|r| (r.id, r)).collect(),
    })
}

/// The first and the last date that bookings leave or come to.
fn dates(wish: &MassWish) -> (NaiveDate, NaiveDate) {
    let (from, to) = wish.scope.days;
    match wish.change {
        MassChange::On(day) => (from.min(day), to.max(day + (to - from))),
        _ => (from, to),
    }
}
