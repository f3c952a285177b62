//! Who waits for a time, and which times became free.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgConnection, PgExecutor, Row, postgres::PgRow, types::Json};

use super::services::small;
use crate::booking::{BookingId, Pick, ResourceId, ServiceId, UserId, WaitId, Want, Wanted, hours::Span};

/// A freed time lets visits begin up to so long before it and after it: a visit lasts a day at most, its buffers half a
/// day each, and a day that was full has room again.
const REACH: TimeDelta = TimeDelta::days(2);

/// Where an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It waits.
    Waiting,
    /// A time is kept for it.
    Offered,
    /// It took one.
    Booked,
    /// It waits no more at its own wish.
    Left,
    /// Its window has passed.
    Over,
}

impl State {
    fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "waiting" => Self::Waiting,
            "offered" => Self::Offered,
            "booked" => Self::Booked,
            "left" => Self::Left,
            "over" => Self::Over,
            _ => return None,
        })
    }
}

/// An entry of the queue.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its number.
    pub id: WaitId,
    /// Who waits.
    pub user: UserId,
    /// For which visit.
    pub wanted: Wanted,
    /// The visit begins within it.
    pub within: Span,
    /// And between these minutes of the day.
    pub hours: Option<(u16, u16)>,
    /// Where it stands.
    pub state: State,
    /// The hold that is offered or was taken.
    pub offer: Option<BookingId>,
    /// Until when it is offered.
    pub offered_until: Option<DateTime<Utc>>,
    /// Beginnings that were offered and not taken.
    pub passed: Vec<DateTime<Utc>>,
}

#[derive(Serialize, Deserialize)]
struct StoredWant {
    service: i64,
    resource: Option<i64>,
}

fn stored(wanted: &Wanted) -> Json<Vec<StoredWant>> {
    let resource = |pick| match pick {
        Pick::Any => None,
        Pick::One(resource) => Some(resource.0),
    };
    Json(wanted.wants.iter().map(|w| StoredWant { service: w.service.0, resource: resource(w.pick) }).collect())
}

impl FromRow<'_, PgRow> for Entry {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let state: String = row.try_get("state")?;
        let visit: Json<Vec<StoredWant>> = row.try_get("visit")?;
        let want = |w: StoredWant| Want {
            service: ServiceId(w.service),
            pick: w.resource.map_or(Pick::Any, |r| Pick::One(ResourceId(r))),
        };
        let minute =
            |column| Ok::<_, sqlx::Error>(row.try_get::<Option<i16>, _>(column)?.map(|minute| small(minute.into())));
        Ok(Self {
            id: WaitId(row.try_get("id")?),
            user: UserId(row.try_get("user_id")?),
            wanted: Wanted { wants: visit.0.into_iter().map(want).collect(), party: small(row.try_get("party")?) },
            within: Span { start: row.try_get("wanted_from")?, end: row.try_get("wanted_until")? },
            hours: minute("from_minute")?.zip(minute("to_minute")?),
            state: State::from_word(&state)
                .ok_or_else(|| sqlx::Error::Decode(format!("an entry that is «{state}»").into()))?,
            offer: row.try_get::<Option<i64>, _>("offer_id")?.map(BookingId),
            offered_until: row.try_get("offered_until")?,
            passed: row.try_get("passed")?,
        })
    }
}

macro_rules! select_entries {
    ($rest:literal) => {
        concat!(
            "select w.id, w.user_id, w.visit, w.party, lower(w.wanted) as wanted_from, upper(w.wanted) as wanted_until,
                    w.from_minute, w.to_minute, w.state, w.offer_id, w.offered_until, w.passed
               from waitlist w ",
            $rest
        )
    };
}

/// Notes that this time became free; in the transaction that frees it. What is past by then is of use to nobody.
///
/// # Errors
/// When Postgres fails.
pub async fn note_freed(conn: &mut PgConnection, during: Span, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query("insert into freed_times (during, at) select tstzrange($1, $2), $3 where $2 > $3")
        .bind(during.start)
        .bind(during.end)
        .bind(now)
        .execute(conn)
        .await
        .map(|_| ())
}

/// An entry to be written.
#[derive(Clone, Copy, Debug)]
pub struct NewEntry<'a> {
    /// Who waits.
    pub user: UserId,
    /// For which visit.
    pub wanted: &'a Wanted,
    /// The visit begins within it.
    pub within: Span,
    /// And between these minutes of the day.
    pub hours: Option<(u16, u16)>,
    /// The update that asks for it.
    pub update_id: i64,
}

/// Writes an entry at the end of the queue; it is looked for at once.
///
/// # Errors
/// When Postgres fails.
pub async fn insert(
    executor: impl PgExecutor<'_>,
    new: &NewEntry<'_>,
    now: DateTime<Utc>,
) -> Result<WaitId, sqlx::Error> {
    let minute = |m: u16| i16::try_from(m).unwrap_or(i16::MAX);
    sqlx::query_scalar(
        "insert into waitlist (user_id, visit, party, wanted, from_minute, to_minute, turn_at, look_at, created_at,
                               update_id)
         values ($1, $2, $3, tstzrange($4, $5), $6, $7, $8, $8, $8, $9) returning id",
    )
    .bind(new.user.0)
    .bind(stored(new.wanted))
    .bind(i32::from(new.wanted.party))
    .bind(new.within.start)
    .bind(new.within.end)
    .bind(new.hours.map(|(from, _)| minute(from)))
    .bind(new.hours.map(|(_, to)| minute(to)))
    .bind(now)
    .bind(new.update_id)
    .fetch_one(executor)
    .await
    .map(WaitId)
}

/// What an update has made, whatever became of it since.
///
/// # Errors
/// When Postgres fails.
pub async fn find_made_by(
    executor: impl PgExecutor<'_>,
    user: UserId,
    update_id: i64,
) -> Result<Option<Entry>, sqlx::Error> {
    sqlx::query_as(select_entries!("where w.user_id = $1 and w.update_id = $2"))
        .bind(user.0)
        .bind(update_id)
        .fetch_optional(executor)
        .await
}

/// A person's entries that wait, or are offered something, for a time that is not past: the oldest first.
///
/// # Errors
/// When Postgres fails.
pub async fn list(executor: impl PgExecutor<'_>, user: UserId, now: DateTime<Utc>) -> Result<Vec<Entry>, sqlx::Error> {
    sqlx::query_as(select_entries!(
        "where w.user_id = $1 and w.state in ('waiting', 'offered') and upper(w.wanted) > $2 order by w.id"
    ))
    .bind(user.0)
    .bind(now)
    .fetch_all(executor)
    .await
}

/// An entry.
///
/// # Errors
/// When Postgres fails.
pub async fn find(executor: impl PgExecutor<'_>, id: WaitId) -> Result<Option<Entry>, sqlx::Error> {
    sqlx::query_as(select_entries!("where w.id = $1")).bind(id.0).fetch_optional(executor).await
}

/// An entry; nobody else changes it until the transaction ends.
///
/// # Errors
/// When Postgres fails.
pub async fn lock(executor: impl PgExecutor<'_>, id: WaitId) -> Result<Option<Entry>, sqlx::Error> {
    sqlx::query_as(select_entries!("where w.id = $1 for update")).bind(id.0).fetch_optional(executor).await
}

/// All entries of a person, locked in the order in which everybody locks several.
///
/// # Errors
/// When Postgres fails.
pub async fn lock_all_of(executor: impl PgExecutor<'_>, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query("select from waitlist where user_id = $1 order by id for update")
        .bind(user.0)
        .execute(executor)
        .await
        .map(|_| ())
}

/// As [`lock`], the entry that a hold is (or was, until it was taken) offered to.
///
/// # Errors
/// When Postgres fails.
pub async fn lock_offered(executor: impl PgExecutor<'_>, offer: BookingId) -> Result<Option<Entry>, sqlx::Error> {
    sqlx::query_as(select_entries!("where w.offer_id = $1 for update")).bind(offer.0).fetch_optional(executor).await
}

/// Has every entry looked for in whose window a time became free, and forgets those times; ends entries whose window has
/// passed.
///
/// # Errors
/// When Postgres fails.
pub async fn spread_freed(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let freed: Vec<(DateTime<Utc>, DateTime<Utc>)> =
        sqlx::query_as("delete from freed_times returning lower(during), upper(during)").fetch_all(&mut *conn).await?;
    let (from, to): (Vec<_>, Vec<_>) = freed.into_iter().map(|(start, end)| (start - REACH, end + REACH)).unzip();
    // In the order of their numbers, as everybody locks several entries. A statement of its own: rows that somebody else
    // has just changed are looked at again, and what deletes cannot be run again for that.
    sqlx::query(
        "with touched as (
             select w.id from waitlist w
              where w.state = 'waiting'
                and (upper(w.wanted) <= $1
                     or exists (select 1 from unnest($2::timestamptz[], $3::timestamptz[]) as f (start, finish)
                                 where w.wanted && tstzrange(f.start, f.finish)))
              order by w.id for update)
         update waitlist w
            set state = case when upper(w.wanted) <= $1 then 'over' else w.state end,
                look_at = case when upper(w.wanted) <= $1 then null else least(w.look_at, $1) end
           from touched t where w.id = t.id and w.state = 'waiting'",
    )
    .bind(now)
    .bind(from)
    .bind(to)
    .execute(conn)
    .await
    .map(|_| ())
}

/// The first entry in the queue that is to be looked for by now, those `but` left out, and whose it is.
///
/// # Errors
/// When Postgres fails.
pub async fn next_to_look(
    executor: impl PgExecutor<'_>,
    but: &[WaitId],
    now: DateTime<Utc>,
) -> Result<Option<(WaitId, UserId)>, sqlx::Error> {
    let but: Vec<i64> = but.iter().map(|id| id.0).collect();
    let found: Option<(i64, i64)> = sqlx::query_as(
        "select id, user_id from waitlist
          where state = 'waiting' and look_at <= $1 and id <> all($2) order by turn_at, id limit 1",
    )
    .bind(now)
    .bind(but)
    .fetch_optional(executor)
    .await?;
    Ok(found.map(|(id, user)| (WaitId(id), UserId(user))))
}

/// An entry was looked for and nothing was found; it is looked for again at `next`, or when something becomes free.
///
/// # Errors
/// When Postgres fails.
pub async fn set_looked(
    executor: impl PgExecutor<'_>,
    id: WaitId,
    next: Option<DateTime<Utc>>,
) -> Result<(), sqlx::Error> {
    sqlx::query("update waitlist set look_at = $2 where id = $1 and state = 'waiting'")
        .bind(id.0)
        .bind(next)
        .execute(executor)
        .await
        .map(|_| ())
}

/// A hold is offered to an entry.
///
/// # Errors
/// When Postgres fails.
pub async fn set_offered(
    executor: impl PgExecutor<'_>,
    id: WaitId,
    offer: BookingId,
    until: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update waitlist set state = 'offered', offer_id = $2, offered_until = $3, look_at = null
          where id = $1 and state = 'waiting'",
    )
    .bind(id.0)
    .bind(offer.0)
    .bind(until)
    .execute(executor)
    .await
    .map(|_| ())
}

/// What was offered was not taken: the entry waits on, at the end of the queue, and is not offered that beginning again.
///
/// # Errors
/// When Postgres fails.
pub async fn set_passed(
    executor: impl PgExecutor<'_>,
    id: WaitId,
    beginning: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update waitlist set state = 'waiting', offer_id = null, offered_until = null, turn_at = $3, look_at = $3,
                             passed = case when $2::timestamptz is null then passed else passed || $2 end
          where id = $1 and state = 'offered'",
    )
    .bind(id.0)
    .bind(beginning)
    .bind(now)
    .execute(executor)
    .await
    .map(|_| ())
}

/// An entry waits no more: it took what was offered, or left.
///
/// # Errors
/// When Postgres fails.
pub async fn end(executor: impl PgExecutor<'_>, id: WaitId, took: bool) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update waitlist set state = case when $2 then 'booked' else 'left' end, offered_until = null, look_at = null,
                             offer_id = case when $2 then offer_id end
          where id = $1 and state in ('waiting', 'offered')",
    )
    .bind(id.0)
    .bind(took)
    .execute(executor)
    .await
    .map(|_| ())
}

/// The first entry above `after` whose offer ran out by now and whose owner nobody else is serving just now: nobody does
/// until the transaction ends. The entry itself may have changed meanwhile.
///
/// # Errors
/// When Postgres fails.
pub async fn claim_overdue(
    executor: impl PgExecutor<'_>,
    after: WaitId,
    now: DateTime<Utc>,
) -> Result<Option<(WaitId, BookingId)>, sqlx::Error> {
    let found: Option<(i64, i64)> = sqlx::query_as(
        "select w.id, w.offer_id from waitlist w join users u on u.user_id = w.user_id
          where w.state = 'offered' and w.offered_until <= $1 and w.id > $2
          order by w.id limit 1 for no key update of u skip locked",
    )
    .bind(now)
    .bind(after.0)
    .fetch_optional(executor)
    .await?;
    Ok(found.map(|(id, offer)| (WaitId(id), BookingId(offer))))
}

/// When the queue is to be gone through next; a moment that is past: now.
///
/// # Errors
/// When Postgres fails.
pub async fn next_due(executor: impl PgExecutor<'_>) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    sqlx::query_scalar(
        "select least((select min(least(offered_until, look_at)) from waitlist where state in ('waiting', 'offered')),
                      (select min(at) from freed_times),
                      (select min(held_until) from bookings where status = 'held'
                          and exists (select 1 from waitlist where state = 'waiting')))",
    )
    .fetch_one(executor)
    .await
}
