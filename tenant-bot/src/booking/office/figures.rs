//! The figures of the business, to be read.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sqlx::PgConnection;

use crate::{
    booking::{
        desk::{BookError, Bookings},
        hours::{Span, local_date},
        model::{Business, ResourceId, ServiceId, UserId},
        roles::Right,
    },
    reports::{
        figures::{Figures, Visit},
        open::open_time,
        range::Range,
        tally::Tally,
    },
    store::{self, feedback::Review, figures::Names},
};

/// A visit is at most so long, so one that reaches into a range begins no earlier before it.
const LONGEST_VISIT: TimeDelta = TimeDelta::days(1);

/// Figures of a range, and of the one before it.
#[derive(Clone, Debug)]
pub struct Report {
    /// Whose.
    pub business: Business,
    /// Of its services and resources.
    pub names: Names,
    /// Of the range.
    pub now: Figures,
    /// Of the one before.
    pub before: Figures,
    /// As of when.
    pub at: DateTime<Utc>,
}

impl Report {
    /// The date of [`at`](Self::at).
    pub fn today(&self) -> NaiveDate {
        local_date(self.business.zone, self.at)
    }

    /// Whether the range is not over, so that its figures still change.
    pub fn goes_on(&self) -> bool {
        self.now.range.last >= self.today()
    }

    /// What a resource is called.
    pub fn resource(&self, id: ResourceId) -> &str {
        self.names.resources.iter().find(|(of, ..)| *of == id).map_or("", |(_, name, _)| name)
    }

    /// What a service is called.
    pub fn service(&self, id: ServiceId) -> &str {
        self.names.services.iter().find(|(of, _)| *of == id).map_or("", |(_, name)| name)
    }
}

impl Bookings {
    /// Counts.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`](crate::booking::Refusal::NotAdmin), or Postgres.
    pub async fn report(&self, user: UserId, range: Range) -> Result<Report, BookError> {
        let at = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        let (business, _) = self.staffed(&mut conn, user, Right::SeeFigures).await?;
        Ok(count(&mut conn, business, range, at).await?)
    }

    /// What was said of the visits of a range, the newest first: one page, and whether there are more.
    ///
    /// # Errors
    /// As [`report`](Self::report).
    pub async fn reviews(
        &self,
        user: UserId,
        range: Range,
        (page, size): (u16, u16),
    ) -> Result<(Business, Vec<Review>, bool), BookError> {
        let mut conn = self.pool.acquire().await?;
        let (business, _) = self.staffed(&mut conn, user, Right::SeeFigures).await?;
        let (size, span) = (i64::from(size), range.span(business.zone));
        let mut reviews = store::feedback::list_within(&mut *conn, span, i64::from(page) * size, size + 1).await?;
        let more = reviews.len() as i64 > size;
        reviews.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        Ok((business, reviews, more))
    }

    /// The same, with every visit of the range (the first 20,000) in order of beginning.
    ///
    /// # Errors
    /// As [`report`](Self::report).
    pub async fn report_with_visits(&self, user: UserId, range: Range) -> Result<(Report, Vec<Visit>), BookError> {
        let report = self.report(user, range).await?;
        let mut conn = self.pool.acquire().await?;
        let visits = visits(&mut conn, range.span(report.business.zone)).await?;
        Ok((report, visits))
    }
}

/// More visits than this are not listed one by one.
pub const MOST_LISTED: usize = 20_000;

/// The visits of a range, in order of beginning; the first [`MOST_LISTED`] of them.
pub(crate) async fn visits(conn: &mut PgConnection, span: Span) -> Result<Vec<Visit>, sqlx::Error> {
    let mut visits = Vec::new();
    store::figures::visits(conn, span, |visit| {
        if visits.len() < MOST_LISTED {
            visits.push(visit);
        }
    })
    .await?;
    Ok(visits)
}

/// The figures of a range and of the one before it.
pub(crate) async fn count(
    conn: &mut PgConnection,
    business: Business,
    range: Range,
    at: DateTime<Utc>,
) -> Result<Report, sqlx::Error> {
    let (zone, before) = (business.zone, range.before());
    let names = store::figures::names(&mut *conn).await?;
    let active = || names.resources.iter().filter(|(.., active)| *active).map(|(id, ..)| *id);
    let rules = store::schedule::rotas(&mut *conn, &active().collect::<Vec<_>>(), before.first).await?;
    let mut tallies = [Tally::new(zone, range), Tally::new(zone, before)];
    for tally in &mut tallies {
        let dates = tally.range();
        for (source, opens) in store::figures::opens(&mut *conn, (dates.first, dates.last)).await? {
            tally.opens(&source, &opens);
        }
    }
    let whole = Span { start: before.span(zone).start - LONGEST_VISIT, end: range.span(zone).end };
    store::figures::visits(&mut *conn, whole, |visit| {
        for tally in &mut tallies {
            tally.visit(&visit);
        }
    })
    .await?;
    let [now, before] = tallies.map(|tally| {
        let open = open_time(zone, &rules, active(), tally.range());
        tally.done(&open)
    });
    Ok(Report { business, names, now, before, at })
}
