//! Days that differ from the week: a holiday, a short day, a vacation, an extra day.

use chrono::NaiveDate;
use serde_json::json;

use super::{
    Wrong,
    week::{Interval, Outside, outside, told, whose_name},
};
use crate::store::exceptions::ExceptionRow;
use crate::{
    booking::{
        desk::{BookError, Bookings},
        hours::local_date,
        model::{Business, Resource, ResourceId, UserId},
        roles::Right,
    },
    store,
};

/// So many of them lie ahead at most.
const MOST: usize = 300;
/// One lasts no longer than this, in days.
const LONGEST: i64 = 3660;

/// Days on which something else holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherDays {
    /// Whose; none: the whole business's.
    pub whose: Option<ResourceId>,
    /// The first of the dates.
    pub first_day: NaiveDate,
    /// The last of them.
    pub last_day: NaiveDate,
    /// What is worked on each; nothing: they are closed.
    pub intervals: Vec<Interval>,
    /// What for, 1–200 characters.
    pub note: Option<String>,
}

/// Days on which something else holds, as they are listed.
#[derive(Clone, Debug)]
pub struct OtherDaysCard {
    /// The number of the first of its rows.
    pub id: i64,
    /// What holds.
    pub days: OtherDays,
    /// Whose, by name.
    pub name: Option<String>,
}

/// All that lie ahead.
#[derive(Clone, Debug)]
pub struct OtherDaysList {
    /// For its zone.
    pub business: Business,
    /// The nearest first.
    pub all: Vec<OtherDaysCard>,
    /// Everybody who is there for bookings.
    pub resources: Vec<Resource>,
}

fn grouped(rows: Vec<ExceptionRow>) -> Vec<(Vec<i64>, OtherDays)> {
    let mut all: Vec<(Vec<i64>, OtherDays)> = Vec::new();
    for row in rows {
        let days = OtherDays {
            whose: row.resource,
            first_day: row.first_day,
            last_day: row.last_day,
            intervals: Vec::new(),
            note: row.note,
        };
        let of = |days: &OtherDays| (days.whose, days.first_day, days.last_day, days.note.clone());
        if all.last().is_none_or(|(_, last)| of(last) != of(&days)) {
            all.push((Vec::new(), days));
        }
        if let Some((ids, last)) = all.last_mut() {
            ids.push(row.id);
            last.intervals.extend(row.hours);
        }
    }
    all
}

impl Bookings {
    /// All that are not over.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), or Postgres.
    pub async fn other_days(&self, user: UserId) -> Result<OtherDaysList, BookError> {
        let mut conn = self.pool.acquire().await?;
        let (business, _) = self.staffed(&mut conn, user, Right::EditHours).await?;
        let today = local_date(business.zone, self.clock.now());
        let rows = store::exceptions::list(&mut *conn, today).await?;
        let kept = store::resources::list_kept(&mut *conn).await?;
        let name = |id: ResourceId| kept.iter().find(|(r, _)| r.id == id).map(|(r, _)| r.name.clone());
        let card = |(ids, days): (Vec<i64>, OtherDays)| OtherDaysCard {
            id: ids.first().copied().unwrap_or_default(),
            name: days.whose.and_then(name),
            days,
        };
        let all = grouped(rows).into_iter().map(card).collect();
        let resources = kept.iter().filter(|(_, active)| *active).map(|(r, _)| r.clone()).collect();
        Ok(OtherDaysList { business, all, resources })
    }

    /// Says that something else holds on these days. What is booked stands; what lies outside now is told.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), what is wrong, or Postgres.
    pub async fn add_other_days(&self, user: UserId, new: &OtherDays) -> Result<Outside, BookError> {
        if let Some(note) = &new.note
            && !(1..=200).contains(&note.chars().count())
        {
            return Err(Wrong::TooLong(200).into());
        }
        let length = (new.last_day - new.first_day).num_days();
        super::week::check(&new.intervals)?;
        if !(0..=LONGEST).contains(&length) {
            return Err(Wrong::OutOfRange.into());
        }
        let mut act = self.offer_act(user, Right::EditHours).await?;
        let today = local_date(act.business.zone, act.now);
        if new.last_day < today {
            return Err(Wrong::InPast.into());
        }
        let (name, everybody) = whose_name(&mut act.tx, new.whose).await?;
        let there = grouped(store::exceptions::list(&mut *act.tx, today).await?);
        if there.len() >= MOST {
            return Err(Wrong::TooMany(300).into());
        }
        if there.iter().any(|(_, days)| days == new) {
            return Ok(Outside { business: act.business, bookings: Vec::new() });
        }
        let before = store::schedule::rotas(&mut act.tx, &everybody, today).await?;
        let mut hours: Vec<Option<Interval>> = new.intervals.iter().copied().map(Some).collect();
        if hours.is_empty() {
            hours.push(None);
        }
        for hours in hours {
            let row = ExceptionRow {
                id: 0,
                resource: new.whose,
                first_day: new.first_day,
                last_day: new.last_day,
                hours,
                note: new.note.clone(),
            };
            store::exceptions::insert(&mut act.tx, &row).await?;
        }
        let detail = json!({
            "from": new.first_day, "to": new.last_day, "hours": told(&new.intervals), "note": new.note });
        act.note("exception.added", &name, detail).await?;
        let outside = outside(&mut act, &everybody, &before).await?;
        self.opened(act).await?;
        Ok(outside)
    }

    /// The week holds again on the days of this number.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), [`Wrong::Gone`], or Postgres.
    pub async fn remove_other_days(&self, user: UserId, id: i64) -> Result<Outside, BookError> {
        let mut act = self.offer_act(user, Right::EditHours).await?;
        let today = local_date(act.business.zone, act.now);
        let there = grouped(store::exceptions::list(&mut *act.tx, today).await?);
        let (ids, days) = there.into_iter().find(|(ids, _)| ids.first() == Some(&id)).ok_or(Wrong::Gone)?;
        let (name, everybody) = whose_name(&mut act.tx, days.whose).await?;
        let before = store::schedule::rotas(&mut act.tx, &everybody, today).await?;
        if store::exceptions::remove(&mut act.tx, &ids).await? == 0 {
            return Err(Wrong::Gone.into());
        }
        let detail = json!({ "from": days.first_day, "to": days.last_day, "hours": told(&days.intervals) });
        act.note("exception.removed", &name, detail).await?;
        let outside = outside(&mut act, &everybody, &before).await?;
        self.opened(act).await?;
        Ok(outside)
    }
}
