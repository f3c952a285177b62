//! The week of the business and of each resource. What is booked stands; what would lie outside the new hours is told.

use chrono::{DateTime, Days, TimeDelta, Utc};
use serde_json::{Value as Json, json};
use sqlx::PgConnection;

use super::{Wrong, offer::Act};
use crate::{
    booking::{
        desk::{BookError, Bookings},
        hours::{Hours, Span, joined, local_date},
        model::{Booking, Business, Resource, ResourceId, Status, UserId},
        roles::Right,
        schedule::{House, Rota},
    },
    store::{self, schedule::Rotas},
};

/// So far ahead bookings may lie.
const REACH: TimeDelta = TimeDelta::days(400);
/// More intervals a day nobody works.
const MOST_INTERVALS: usize = 10;
/// Every day of the week, Monday first.
const WEEK: [u8; 7] = [1, 2, 3, 4, 5, 6, 7];

/// Minutes since midnight, from and to.
pub type Interval = (u16, u16);

/// When the business works, and everybody who has a week of their own.
#[derive(Clone, Debug)]
pub struct Week {
    /// For its zone.
    pub business: Business,
    /// Whose week it is; none: the business's.
    pub resource: Option<Resource>,
    /// The week, in order.
    pub hours: Vec<Hours>,
    /// Whether it is the business's, because the resource has none of its own.
    pub follows: bool,
    /// Everybody who is there for bookings, and whether they have a week of their own.
    pub resources: Vec<(Resource, bool)>,
}

impl Week {
    /// What is worked on a day of the week.
    pub fn on(&self, weekday: u8) -> Vec<Interval> {
        self.hours.iter().filter(|h| h.weekday == weekday).map(|h| (h.opens, h.closes)).collect()
    }
}

/// What a change of hours leaves behind.
#[derive(Clone, Debug)]
pub struct Outside {
    /// For its zone.
    pub business: Business,
    /// Bookings that are ahead, were within the hours and are not any more, the nearest first. They stand.
    pub bookings: Vec<Booking>,
}

fn in_order(mut hours: Vec<Hours>) -> Vec<Hours> {
    hours.sort_unstable_by_key(|h| (h.weekday, h.opens));
    hours
}

/// Intervals of a day that are apart and within two days.
pub(super) fn check(intervals: &[Interval]) -> Result<(), Wrong> {
    if intervals.len() > MOST_INTERVALS {
        return Err(Wrong::TooMany(10));
    }
    let whole = intervals.iter().all(|(from, to)| *from < 1440 && from < to && *to <= 2880);
    let mut sorted = intervals.to_vec();
    sorted.sort_unstable();
    if whole && sorted.windows(2).all(|two| two[0].1 <= two[1].0) { Ok(()) } else { Err(Wrong::OutOfRange) }
}

/// «10:00–19:00», as the log says it.
pub(super) fn told(intervals: &[Interval]) -> Json {
    let clock = |m: u16| format!("{:02}:{:02}", m / 60 % 24, m % 60);
    let all: Vec<String> = intervals.iter().map(|(from, to)| format!("{}–{}", clock(*from), clock(*to))).collect();
    if all.is_empty() { json!("—") } else { json!(all.join(", ")) }
}

impl Bookings {
    /// A week, for those who may change it.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), [`Wrong::Gone`], or Postgres.
    pub async fn week(&self, user: UserId, whose: Option<ResourceId>) -> Result<Week, BookError> {
        let mut conn = self.pool.acquire().await?;
        let (business, _) = self.staffed(&mut conn, user, Right::EditHours).await?;
        let kept = store::resources::list_kept(&mut *conn).await?;
        let ids: Vec<ResourceId> = kept.iter().map(|(r, _)| r.id).collect();
        let rotas = store::schedule::rotas(&mut conn, &ids, self.clock.now().date_naive()).await?;
        let own = |id: ResourceId| rotas.own.get(&id).is_some_and(|rota| !rota.week.is_empty());
        let resource = match whose {
            None => None,
            Some(id) => Some(kept.iter().find(|(r, _)| r.id == id).map(|(r, _)| r.clone()).ok_or(Wrong::Gone)?),
        };
        let follows = whose.is_some_and(|id| !own(id));
        let hours = whose.filter(|_| !follows).and_then(|id| rotas.own.get(&id)).unwrap_or(&rotas.house).week.clone();
        let resources = kept.iter().filter(|(_, active)| *active).map(|(r, _)| (r.clone(), own(r.id))).collect();
        Ok(Week { business, resource, hours: in_order(hours), follows, resources })
    }

    /// What is worked on these days of the week (Monday is 1); nothing: they are days off. A resource that followed the
    /// business has a week of its own from then on, which begins as the business's.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), what is wrong, or Postgres.
    pub async fn set_days(
        &self,
        user: UserId,
        whose: Option<ResourceId>,
        weekdays: &[u8],
        intervals: &[Interval],
    ) -> Result<Outside, BookError> {
        check(intervals)?;
        if weekdays.iter().any(|d| !WEEK.contains(d)) {
            return Err(Wrong::OutOfRange.into());
        }
        let mut act = self.offer_act(user, Right::EditHours).await?;
        let (name, everybody) = whose_name(&mut act.tx, whose).await?;
        let before = store::schedule::rotas(&mut act.tx, &everybody, act.now.date_naive()).await?;
        let own =
            whose.and_then(|id| before.own.get(&id)).map(|rota| rota.week.clone()).filter(|week| !week.is_empty());
        let follows = whose.is_some() && own.is_none();
        let mut week = in_order(own.unwrap_or_else(|| before.house.week.clone()));
        let was: Vec<Json> = weekdays.iter().map(|day| of_day(&week, *day)).collect();
        week.retain(|h| !weekdays.contains(&h.weekday));
        let new = weekdays.iter().flat_map(|weekday| {
            intervals.iter().map(|(opens, closes)| Hours { weekday: *weekday, opens: *opens, closes: *closes })
        });
        week.extend(new);
        if whose.is_some() && week.is_empty() {
            return Err(Wrong::NoDays.into());
        }
        let (days, hours): (&[u8], Vec<Hours>) = if follows {
            (&WEEK, week)
        } else {
            (weekdays, week.into_iter().filter(|h| weekdays.contains(&h.weekday)).collect())
        };
        store::schedule::set_days(&mut act.tx, whose, days, &hours).await?;
        for (day, from) in weekdays.iter().zip(was) {
            if from != told(intervals) {
                let detail = json!({ "field": format!("day{day}"), "from": from, "to": told(intervals) });
                act.note("hours.changed", &name, detail).await?;
            }
        }
        let outside = outside(&mut act, &everybody, &before).await?;
        self.opened(act).await?;
        Ok(outside)
    }

    /// A whole week anew.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), what is wrong, or Postgres.
    pub async fn set_week(&self, user: UserId, hours: &[Hours]) -> Result<Outside, BookError> {
        for day in WEEK {
            let intervals: Vec<Interval> =
                hours.iter().filter(|h| h.weekday == day).map(|h| (h.opens, h.closes)).collect();
            check(&intervals)?;
        }
        let mut act = self.offer_act(user, Right::EditHours).await?;
        let (name, everybody) = whose_name(&mut act.tx, None).await?;
        let before = store::schedule::rotas(&mut act.tx, &everybody, act.now.date_naive()).await?;
        store::schedule::set_days(&mut act.tx, None, &WEEK, hours).await?;
        let of = |week: &[Hours]| WEEK.map(|day| of_day(&in_order(week.to_vec()), day));
        act.note("hours.changed", &name, json!({ "field": "week", "from": of(&before.house.week), "to": of(hours) }))
            .await?;
        let outside = outside(&mut act, &everybody, &before).await?;
        self.opened(act).await?;
        Ok(outside)
    }

    /// A resource works whenever the business does.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), [`Wrong::Gone`], or Postgres.
    pub async fn follow_week(&self, user: UserId, whose: ResourceId) -> Result<Outside, BookError> {
        let mut act = self.offer_act(user, Right::EditHours).await?;
        let (name, everybody) = whose_name(&mut act.tx, Some(whose)).await?;
        let before = store::schedule::rotas(&mut act.tx, &everybody, act.now.date_naive()).await?;
        if before.own.get(&whose).is_none_or(|rota| rota.week.is_empty()) {
            return Ok(Outside { business: act.business, bookings: Vec::new() });
        }
        store::schedule::set_days(&mut act.tx, Some(whose), &WEEK, &[]).await?;
        act.note("hours.follow", &name, json!({})).await?;
        let outside = outside(&mut act, &everybody, &before).await?;
        self.opened(act).await?;
        Ok(outside)
    }
}

fn of_day(week: &[Hours], day: u8) -> Json {
    told(&week.iter().filter(|h| h.weekday == day).map(|h| (h.opens, h.closes)).collect::<Vec<_>>())
}

/// Whose hours they are, by name, and whom they concern.
pub(super) async fn whose_name(
    conn: &mut PgConnection,
    whose: Option<ResourceId>,
) -> Result<(String, Vec<ResourceId>), BookError> {
    let kept = store::resources::list_kept(&mut *conn).await?;
    match whose {
        None => {
            let business = store::settings::business(&mut *conn).await?;
            Ok((business.name, kept.iter().map(|(r, _)| r.id).collect()))
        }
        Some(id) => {
            let (resource, _) = kept.into_iter().find(|(r, _)| r.id == id).ok_or(Wrong::Gone)?;
            Ok((resource.name, vec![id]))
        }
    }
}

/// The bookings ahead with these resources that `before` had within the hours and that the tables, as they are now, have not.
pub(super) async fn outside(act: &mut Act, resources: &[ResourceId], before: &Rotas) -> Result<Outside, BookError> {
    let (now, zone) = (act.now, act.business.zone);
    let after = store::schedule::rotas(&mut act.tx, resources, local_date(zone, now)).await?;
    let ahead = Span { start: now - TimeDelta::days(1), end: now + REACH };
    let mut bookings = store::bookings::list_within(&mut *act.tx, ahead).await?;
    bookings.retain(|b| {
        let stands = matches!(b.status, Status::Requested | Status::Confirmed) && b.starts_at > now;
        stands && within(act, before, resources, b) && !within(act, &after, resources, b)
    });
    Ok(Outside { business: act.business.clone(), bookings })
}

/// Whether every part of a visit lies within the hours of those of `resources` that it is with.
fn within(act: &Act, rotas: &Rotas, resources: &[ResourceId], booking: &Booking) -> bool {
    let house = House { zone: act.business.zone, rota: rotas.house.clone() };
    let none = Rota::default();
    booking.lines.iter().all(|line| {
        let (start, end): (DateTime<Utc>, DateTime<Utc>) = (line.starts_at, line.starts_at + line.duration);
        let from = local_date(house.zone, start);
        let to = local_date(house.zone, end).checked_add_days(Days::new(1)).unwrap_or(from);
        let business = house.intervals(from, to);
        let concerned = line.resources.iter().filter(|r| resources.contains(r));
        concerned.into_iter().all(|resource| {
            let own = rotas.own.get(resource).unwrap_or(&none);
            let work = joined(&house.work(&business, own, from, to));
            work.iter().any(|span| span.start <= start && end <= span.end)
        })
    })
}
