//! A digest of the day: in the morning what will be, in the evening what was. To whoever of the team wants one, at their
//! own time.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use serde_json::json;
use shared::{
    outbox::{Letter, Outbox},
    texts::Lang,
};
use sqlx::PgConnection;

use crate::{
    booking::{
        desk::{BookError, Bookings},
        hours::{Span, joined, local_date, moment},
        model::{Booking, Business, ResourceId, Status, UserId},
        roles::{Member, Right},
    },
    reports::{
        figures::Figures,
        open::{open_time, without},
        range::{Range, Unit},
    },
    store::{self, audit::Deed},
};

/// A digest that is later than this is of no use any more.
const LATE: TimeDelta = TimeDelta::hours(3);
/// A gap that is shorter than this is none.
const LEAST_GAP: TimeDelta = TimeDelta::minutes(30);

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DigestKind {
    /// What will be.
    Morning,
    /// What was.
    Evening,
}

/// When one of the team gets digests, in minutes since the business's midnight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DigestTimes {
    /// In the morning; none: not wanted.
    pub morning: Option<u16>,
    /// In the evening.
    pub evening: Option<u16>,
}

/// What is told of a day.
#[derive(Clone, Debug)]
pub struct Digest {
    /// Which.
    pub kind: DigestKind,
    /// Of which day.
    pub date: NaiveDate,
    /// Its bookings that stand, took place or were missed; their own only, for somebody who sees no others.
    pub bookings: Vec<Booking>,
    /// How many requests wait for an answer; of theirs.
    pub requests: usize,
    /// In the morning: who has free time from now on, and when.
    pub gaps: Vec<(String, Vec<Span>)>,
    /// In the evening, for those who see figures.
    pub figures: Option<Figures>,
    /// In the evening: the bookings of the next day.
    pub tomorrow: Vec<Booking>,
    /// Whether anybody works that day.
    pub open: bool,
}

impl DigestKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Morning, Self::Evening];

    /// The word in a button, and in texts.
    pub fn word(self) -> &'static str {
        match self {
            Self::Morning => "morning",
            Self::Evening => "evening",
        }
    }

    /// Reads [`word`](Self::word).
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

impl DigestTimes {
    /// Of one of the two.
    pub fn of(self, kind: DigestKind) -> Option<u16> {
        match kind {
            DigestKind::Morning => self.morning,
            DigestKind::Evening => self.evening,
        }
    }
}

impl Digest {
    /// Whether there is anything to tell.
    fn says_something(&self) -> bool {
        self.open || self.requests > 0 || !self.bookings.is_empty() || !self.tomorrow.is_empty()
    }
}

/// The last moment at which a digest for this minute fell due, if it is not too late for it, with the date that it is of;
/// and the next moment.
pub(crate) fn due(zone: Tz, minute: u16, now: DateTime<Utc>) -> (Option<NaiveDate>, Option<DateTime<Utc>>) {
    let today = local_date(zone, now);
    let dates = [today.checked_sub_days(Days::new(1)), Some(today), today.checked_add_days(Days::new(1))];
    let moments: Vec<(NaiveDate, DateTime<Utc>)> =
        dates.into_iter().flatten().map(|date| (date, moment(zone, date, minute))).collect();
    let last = moments.iter().rev().find(|(_, at)| *at <= now).filter(|(_, at)| now - *at <= LATE);
    let next = moments.iter().find(|(_, at)| *at > now);
    (last.map(|(date, _)| *date), next.map(|(_, at)| *at))
}

impl Bookings {
    /// When a person gets digests.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`](crate::booking::Refusal::NotAdmin), or Postgres.
    pub async fn digest_times(&self, user: UserId) -> Result<(Business, DigestTimes), BookError> {
        let mut conn = self.pool.acquire().await?;
        let (business, _) = self.staffed(&mut conn, user, Right::SeeDay).await?;
        Ok((business, store::admins::digest_times(&mut *conn, user).await?))
    }

    /// Sets when a person gets one of them; none: not any more.
    ///
    /// # Errors
    /// As [`digest_times`](Self::digest_times).
    pub async fn set_digest(&self, user: UserId, kind: DigestKind, minute: Option<u16>) -> Result<(), BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        self.staffed(&mut tx, user, Right::SeeDay).await?;
        let before = store::admins::digest_times(&mut *tx, user).await?.of(kind);
        if before == minute {
            return Ok(());
        }
        store::admins::set_digest(&mut *tx, user, kind, minute).await?;
        let clock = |minute: Option<u16>| minute.map(|m| format!("{:02}:{:02}", m / 60, m % 60));
        let detail = json!({ "field": kind.word(), "from": clock(before), "to": clock(minute) });
        let deed = Deed { by: user, action: "digest.changed", subject: None, detail };
        store::audit::append(&mut *tx, &deed, now).await?;
        tx.commit().await?;
        self.committed();
        Ok(())
    }

    /// The digest as it would be told now.
    ///
    /// # Errors
    /// As [`digest_times`](Self::digest_times).
    pub async fn digest_now(&self, user: UserId, kind: DigestKind) -> Result<(Business, Digest), BookError> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        let (business, member) = self.staffed(&mut conn, user, Right::SeeDay).await?;
        let date = local_date(business.zone, now);
        let digest = digest(&mut conn, &business, member, (kind, date), now).await?;
        Ok((business, digest))
    }

    /// Writes the letter of a digest, once for ever; `false` if it was written before or there is nothing to tell.
    pub(crate) async fn tell_digest(
        &self,
        (member, lang): (Member, Option<Lang>),
        (kind, date): (DigestKind, NaiveDate),
    ) -> Result<bool, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let business = store::settings::business(&mut *tx).await?;
        let digest = digest(&mut tx, &business, member, (kind, date), now).await?;
        if !digest.says_something() {
            return Ok(false);
        }
        let letter = Letter {
            key: format!("digest:{}:{date}:{}", kind.word(), member.id.0),
            chat_id: member.id.0,
            screen: self.herald.digest(&business, &digest, lang.unwrap_or(business.language)),
            due_at: now,
        };
        let new = Outbox::enqueue(&mut tx, now, &letter).await?;
        tx.commit().await?;
        self.outbox.wake();
        Ok(new)
    }
}

/// What there is to tell one of the team of a date.
async fn digest(
    conn: &mut PgConnection,
    business: &Business,
    member: Member,
    (kind, date): (DigestKind, NaiveDate),
    now: DateTime<Utc>,
) -> Result<Digest, sqlx::Error> {
    let zone = business.zone;
    let range = Range::around(Unit::Day, date);
    let bookings = theirs(&mut *conn, member, range.span(zone)).await?;
    let mut digest = Digest {
        kind,
        date,
        requests: 0,
        gaps: Vec::new(),
        figures: None,
        tomorrow: Vec::new(),
        open: false,
        bookings,
    };
    let names = store::figures::names(&mut *conn).await?;
    let mut resources = names.resources;
    resources.retain(|(id, _, active)| *active && member.sees(Right::SeeDay).is_none_or(|own| own == *id));
    let ids: Vec<ResourceId> = resources.iter().map(|(id, ..)| *id).collect();
    let rules = store::schedule::rotas(&mut *conn, &ids, date).await?;
    let open = open_time(zone, &rules, ids.iter().copied(), range);
    digest.open = open.values().any(|spans| !spans.is_empty());
    digest.requests = store::bookings::list_requests(&mut *conn, now)
        .await?
        .iter()
        .filter(|booking| member.may_with(Right::SeeDay, booking))
        .count();
    match kind {
        DigestKind::Morning => {
            for (id, name, _) in resources {
                let free = open.get(&id).map(|open| gaps(open, &taken(&digest.bookings, id), now)).unwrap_or_default();
                if !free.is_empty() {
                    digest.gaps.push((name, free));
                }
            }
        }
        DigestKind::Evening => {
            digest.tomorrow = theirs(&mut *conn, member, range.after().span(zone)).await?;
            digest.tomorrow.retain(|booking| booking.status.is_ahead());
            if member.may(Right::SeeFigures) {
                digest.figures = Some(super::figures::count(&mut *conn, business.clone(), range, now).await?.now);
            }
        }
    }
    Ok(digest)
}

/// The bookings of a stretch of time that one of the team sees.
async fn theirs(conn: &mut PgConnection, member: Member, span: Span) -> Result<Vec<Booking>, sqlx::Error> {
    let mut bookings = store::bookings::list_within(conn, span).await?;
    bookings.retain(|booking| member.may_with(Right::SeeDay, booking));
    Ok(bookings)
}

/// When bookings take time of a resource, buffers included.
fn taken(bookings: &[Booking], id: ResourceId) -> Vec<Span> {
    let standing = bookings.iter().filter(|booking| booking.status != Status::NoShow);
    let mut taken: Vec<Span> = standing
        .flat_map(|booking| &booking.lines)
        .filter(|line| line.resources.contains(&id))
        .map(|line| Span {
            start: line.starts_at - line.buffer_before,
            end: line.starts_at + line.duration + line.buffer_after,
        })
        .collect();
    taken.sort_unstable();
    joined(&taken)
}

fn gaps(open: &[Span], taken: &[Span], now: DateTime<Utc>) -> Vec<Span> {
    let free = without(open, taken).into_iter();
    free.map(|span| Span { start: span.start.max(now), ..span })
        .filter(|span| span.end - span.start >= LEAST_GAP)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_digest_falls_due_at_its_minute_and_for_three_hours() {
        let zone = Tz::Europe__Moscow;
        let monday: NaiveDate = "2026-11-23".parse().unwrap();
        let (none, next) = due(zone, 540, at("2026-11-23T05:59:59Z"));
        assert_eq!((none, next), (None, Some(at("2026-11-23T06:00:00Z"))));
        let (last, next) = due(zone, 540, at("2026-11-23T06:00:00Z"));
        assert_eq!((last, next), (Some(monday), Some(at("2026-11-24T06:00:00Z"))));
        assert_eq!(due(zone, 540, at("2026-11-23T09:00:00Z")).0, Some(monday));
        assert_eq!(due(zone, 540, at("2026-11-23T09:00:01Z")).0, None);
        // Past midnight it is still the evening's.
        assert_eq!(due(zone, 1410, at("2026-11-23T22:00:00Z")).0, Some(monday));
    }

    #[test]
    fn a_minute_that_the_clock_jumps_over_or_shows_twice_comes_once() {
        let zone = Tz::Europe__Berlin;
        for (day, first) in [("2027-03-28", "2027-03-28T01:00:00Z"), ("2026-10-25", "2026-10-25T00:30:00Z")] {
            let date: NaiveDate = day.parse().unwrap();
            assert_eq!(due(zone, 150, at(first)).0, Some(date));
            assert_eq!(due(zone, 150, at(first) - TimeDelta::seconds(1)), (None, Some(at(first))));
            let (last, next) = due(zone, 150, at(first) + TimeDelta::hours(2));
            assert_eq!(last, Some(date), "the same one, by its key");
            assert!(next.unwrap() > at(first) + TimeDelta::hours(20));
        }
    }

    #[test]
    fn gaps_begin_now_and_are_long_enough_to_be_filled() {
        let span = |from: &str, to: &str| Span {
            start: at(&format!("2026-11-23T{from}:00Z")),
            end: at(&format!("2026-11-23T{to}:00Z")),
        };
        let open = [span("07:00", "18:00")];
        let taken = [span("08:00", "09:00"), span("09:20", "12:00"), span("17:45", "19:00")];
        let free = gaps(&open, &taken, at("2026-11-23T07:10:00Z"));
        assert_eq!(free, [span("07:10", "08:00"), span("12:00", "17:45")]);
    }
}
