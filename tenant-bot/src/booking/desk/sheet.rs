//! The business's days: who works when, who comes when, and what is free between.

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::{BookError, Bookings};
use crate::{
    booking::{
        hours::{Span, local_date, moment},
        model::{Booking, Business, Resource, ResourceId, UserId},
        roles::Right,
        schedule::House,
    },
    store,
};

/// So many days are looked at at once.
const MOST_DAYS: u64 = 31;

/// Days as somebody of the team sees them.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// The business, for its zone.
    pub business: Business,
    /// Today, by its clocks.
    pub today: NaiveDate,
    /// Every resource that this one of the team sees.
    pub resources: Vec<Resource>,
    /// In order.
    pub days: Vec<SheetDay>,
}

/// A day.
#[derive(Clone, Debug)]
pub struct SheetDay {
    /// Which.
    pub date: NaiveDate,
    /// Every visit that begins on it, in order; one with two resources is here once.
    pub bookings: Vec<Booking>,
    /// One for each resource that was asked about, in the business's order.
    pub columns: Vec<SheetColumn>,
}

/// A resource's day.
#[derive(Clone, Debug)]
pub struct SheetColumn {
    /// Whose.
    pub resource: ResourceId,
    /// When it works.
    pub work: Vec<Span>,
    /// What of that is blocked.
    pub blocked: Vec<Span>,
    /// What of that is neither blocked nor taken (also by holds), nor over.
    pub free: Vec<Span>,
}

impl Sheet {
    /// The resource of this number, if it is among those that are seen.
    pub fn resource(&self, id: ResourceId) -> Option<&Resource> {
        self.resources.iter().find(|r| r.id == id)
    }
}

impl SheetDay {
    /// The visits of one resource on it.
    pub fn of(&self, resource: ResourceId) -> impl Iterator<Item = &Booking> {
        self.bookings.iter().filter(move |b| b.lines.iter().any(|line| line.resources.contains(&resource)))
    }
}

/// What of `a` is in none of `b`. Both in order of beginning, `a` without overlaps.
fn minus(a: &[Span], b: &[Span]) -> Vec<Span> {
    let mut left = Vec::new();
    for span in a {
        let mut start = span.start;
        for taken in b.iter().filter(|taken| taken.overlaps(*span)) {
            if start < taken.start {
                left.push(Span { start, end: taken.start });
            }
            start = start.max(taken.end);
        }
        if start < span.end {
            left.push(Span { start, end: span.end });
        }
    }
    left
}

impl Bookings {
    /// The days from `from` to `to`, both included, at most 31; of one resource or of all that this one of the team sees.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`](crate::booking::Refusal::NotAdmin), or Postgres.
    pub async fn sheet(
        &self,
        by: UserId,
        (from, to): (NaiveDate, NaiveDate),
        of: Option<ResourceId>,
    ) -> Result<Sheet, BookError> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        let (business, member) = self.staffed(&mut conn, by, Right::SeeDay).await?;
        let zone = business.zone;
        let to = to.min(from.checked_add_days(Days::new(MOST_DAYS - 1)).unwrap_or(from));
        let after = to.checked_add_days(Days::new(1)).unwrap_or(to);
        let span = Span { start: moment(zone, from, 0), end: moment(zone, after, 0) };
        let mut bookings = store::bookings::list_within(&mut *conn, span).await?;
        bookings.retain(|booking| member.may_with(Right::SeeDay, booking));
        let mut seen = match member.sees(Right::SeeDay) {
            Some(own) => vec![own],
            None => {
                // Who is there no more may still have visits.
                let mut all = store::resources::all_active(&mut *conn).await?;
                all.extend(bookings.iter().flat_map(|b| &b.lines).flat_map(|line| &line.resources));
                all
            }
        };
        seen.sort_unstable();
        seen.dedup();
        let resources = store::resources::list(&mut *conn, &seen).await?;
        let asked: Vec<ResourceId> =
            resources.iter().map(|r| r.id).filter(|id| of.is_none_or(|of| of == *id)).collect();
        if of.is_some() {
            bookings.retain(|b| b.lines.iter().any(|line| line.resources.iter().any(|r| asked.contains(r))));
        }
        let mut rotas = store::schedule::rotas(&mut conn, &asked, from).await?;
        // A night of work reaches into the next day.
        let wide = Span { start: span.start, end: moment(zone, after, 1440) };
        let mut taken = store::occupancy::taken(&mut *conn, &asked, wide, UserId(0), None, now).await?;
        let house = House { zone, rota: std::mem::take(&mut rotas.house) };
        let intervals = house.intervals(from, to);
        let mut columns: Vec<(SheetColumn, Vec<Span>)> = Vec::new();
        for resource in asked {
            let work = house.work(&intervals, &rotas.own.remove(&resource).unwrap_or_default(), from, to);
            let own = rotas.own_blocks.remove(&resource).unwrap_or_default();
            let mut blocked: Vec<Span> =
                rotas.blocks.iter().chain(&own).flat_map(|block| block.spans(zone, wide)).collect();
            blocked.sort_unstable();
            let mut busy = taken.remove(&resource).unwrap_or_default();
            busy.extend(&blocked);
            busy.sort_unstable();
            let free = not_over(minus(&work, &busy), now);
            columns.push((SheetColumn { resource, work, blocked, free: Vec::new() }, free));
        }
        let on = |spans: &[Span], date: NaiveDate| -> Vec<Span> {
            spans.iter().filter(|span| local_date(zone, span.start) == date).copied().collect()
        };
        let days = from.iter_days().take_while(|date| *date <= to).map(|date| SheetDay {
            date,
            bookings: bookings.iter().filter(|b| local_date(zone, b.starts_at) == date).cloned().collect(),
            columns: columns
                .iter()
                .map(|(column, free)| SheetColumn {
                    resource: column.resource,
                    work: on(&column.work, date),
                    blocked: on(&column.blocked, date),
                    free: on(free, date),
                })
                .collect(),
        });
        let days = days.collect();
        Ok(Sheet { today: local_date(zone, now), business, resources, days })
    }
}

/// What is still ahead of these.
fn not_over(spans: Vec<Span>, now: DateTime<Utc>) -> Vec<Span> {
    let ahead = spans.into_iter().filter(|span| span.end > now);
    ahead.map(|span| Span { start: span.start.max(super::staff::this_minute(now)), ..span }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(minute * 60, 0).unwrap()
    }

    fn spans(pairs: &[(i64, i64)]) -> Vec<Span> {
        pairs.iter().map(|(start, end)| Span { start: at(*start), end: at(*end) }).collect()
    }

    #[test]
    fn what_is_left_is_what_nothing_takes_whatever_overlaps() {
        assert_eq!(minus(&spans(&[(0, 60)]), &spans(&[(10, 20), (15, 30), (50, 90)])), spans(&[(0, 10), (30, 50)]));
        assert_eq!(minus(&spans(&[(0, 60), (60, 90)]), &spans(&[(0, 60)])), spans(&[(60, 90)]));
        assert_eq!(minus(&spans(&[(0, 60)]), &[]), spans(&[(0, 60)]));
    }

    #[test]
    fn a_gap_that_has_begun_begins_now() {
        assert_eq!(not_over(spans(&[(0, 10), (20, 60), (70, 80)]), at(30)), spans(&[(30, 60), (70, 80)]));
    }
}
