//! What is to be said, or done, about a booking at its time.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgExecutor;

use crate::booking::{BookingId, UserId};

/// What falls due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The visit is near: said so long before it.
    Before(TimeDelta),
    /// Nobody said that they would come: the time is freed.
    Unanswered,
    /// Nobody of the business answered a request: it ends.
    Lapse,
    /// The visit is over: it is marked completed, and how it was is asked.
    Finish,
}

impl Kind {
    /// The word that is stored, and the lead in minutes.
    pub fn stored(self) -> (&'static str, i32) {
        match self {
            Self::Before(lead) => ("before", i32::try_from(lead.num_minutes()).unwrap_or(i32::MAX)),
            Self::Unanswered => ("unanswered", 0),
            Self::Lapse => ("lapse", 0),
            Self::Finish => ("finish", 0),
        }
    }

    /// Reads [`stored`](Self::stored).
    pub fn from_stored(kind: &str, lead_minutes: i32) -> Option<Self> {
        Some(match kind {
            "before" => Self::Before(TimeDelta::minutes(lead_minutes.into())),
            "unanswered" => Self::Unanswered,
            "lapse" => Self::Lapse,
            "finish" => Self::Finish,
            _ => return None,
        })
    }
}

/// Writes what will fall due about a booking; what is there already stays.
///
/// # Errors
/// When Postgres fails.
pub async fn insert(
    executor: impl PgExecutor<'_>,
    booking: BookingId,
    rows: &[(Kind, DateTime<Utc>)],
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let (kinds, leads): (Vec<&str>, Vec<i32>) = rows.iter().map(|(kind, _)| kind.stored()).unzip();
    let due: Vec<DateTime<Utc>> = rows.iter().map(|(_, at)| *at).collect();
    sqlx::query(
        "insert into reminders (booking_id, kind, lead_minutes, due_at)
         select $1, kind, lead, due from unnest($2::text[], $3::int[], $4::timestamptz[]) as r (kind, lead, due)
         on conflict (booking_id, kind, lead_minutes) do nothing",
    )
    .bind(booking.0)
    .bind(kinds)
    .bind(leads)
    .bind(due)
    .execute(executor)
    .await
    .map(|_| ())
}

/// Drops all that has not fallen due yet about a booking, and says why.
///
/// # Errors
/// When Postgres fails.
pub async fn drop_all(
    executor: impl PgExecutor<'_>,
    booking: BookingId,
    why: &str,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update reminders set state = 'dropped', why = $2, settled_at = $3 where booking_id = $1 and state = 'due'",
    )
    .bind(booking.0)
    .bind(why)
    .bind(now)
    .execute(executor)
    .await
    .map(|_| ())
}

/// A row whose time has come.
#[derive(Clone, Copy, Debug)]
pub struct Due {
    /// Its number.
    pub id: i64,
    /// About which booking.
    pub booking: BookingId,
    /// Whose booking it is.
    pub user: UserId,
    /// What fell due.
    pub kind: Kind,
    /// And when.
    pub due_at: DateTime<Utc>,
}

fn kind(word: &str, lead_minutes: i32) -> Result<Kind, sqlx::Error> {
    Kind::from_stored(word, lead_minutes)
        .ok_or_else(|| sqlx::Error::Decode(format!("a reminder of the kind «{word}»").into()))
}

/// The first row after `after` (its time and number) that has fallen due by now and whose customer nobody else is serving
/// just now: nobody does until the transaction ends. The row itself may have been settled meanwhile: see [`lock`].
///
/// # Errors
/// When Postgres fails.
pub async fn claim_due(
    executor: impl PgExecutor<'_>,
    after: (DateTime<Utc>, i64),
    now: DateTime<Utc>,
) -> Result<Option<Due>, sqlx::Error> {
    let row: Option<(i64, i64, i64, String, i32, DateTime<Utc>)> = sqlx::query_as(
        "select r.id, r.booking_id, b.user_id, r.kind, r.lead_minutes, r.due_at
           from reminders r join bookings b on b.id = r.booking_id join users u on u.user_id = b.user_id
          where r.state = 'due' and r.due_at <= $1 and (r.due_at, r.id) > ($2, $3)
          order by r.due_at, r.id limit 1
            for no key update of u skip locked",
    )
    .bind(now)
    .bind(after.0)
    .bind(after.1)
    .fetch_optional(executor)
    .await?;
    row.map(|(id, booking, user, word, lead, due_at)| {
        let kind = kind(&word, lead)?;
        Ok(Due { id, booking: BookingId(booking), user: UserId(user), kind, due_at })
    })
    .transpose()
}

/// Whether a row still waits to be settled; nobody else settles it until the transaction ends.
///
/// # Errors
/// When Postgres fails.
pub async fn lock(executor: impl PgExecutor<'_>, id: i64) -> Result<bool, sqlx::Error> {
    let found: Option<i64> = sqlx::query_scalar("select id from reminders where id = $1 and state = 'due' for update")
        .bind(id)
        .fetch_optional(executor)
        .await?;
    Ok(found.is_some())
}

/// A row of a booking, settled or not.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What falls due.
    pub kind: Kind,
    /// And when.
    pub due_at: DateTime<Utc>,
    /// When Telegram confirmed its letter.
    pub sent_at: Option<DateTime<Utc>>,
}

/// The key of the letter that a row becomes.
pub fn letter_key(id: i64) -> String {
    format!("reminder:{id}")
}

/// All rows of a booking, in order of time.
///
/// # Errors
/// When Postgres fails.
pub async fn of_booking(executor: impl PgExecutor<'_>, booking: BookingId) -> Result<Vec<Row>, sqlx::Error> {
    type Stored = (String, i32, DateTime<Utc>, Option<DateTime<Utc>>);
    let rows: Vec<Stored> = sqlx::query_as(
        "select r.kind, r.lead_minutes, r.due_at, o.settled_at
           from reminders r left join outbox o on o.key = 'reminder:' || r.id and o.state = 'sent'
          where r.booking_id = $1 order by r.due_at, r.id",
    )
    .bind(booking.0)
    .fetch_all(executor)
    .await?;
    rows.into_iter()
        .map(|(word, lead, due_at, sent_at)| Ok(Row { kind: kind(&word, lead)?, due_at, sent_at }))
        .collect()
}

/// Settles a row: done, or dropped because of this.
///
/// # Errors
/// When Postgres fails.
pub async fn settle(
    executor: impl PgExecutor<'_>,
    id: i64,
    dropped: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update reminders set state = case when $2::text is null then 'done' else 'dropped' end, why = $2, settled_at = $3
          where id = $1 and state = 'due'",
    )
    .bind(id)
    .bind(dropped)
    .bind(now)
    .execute(executor)
    .await
    .map(|_| ())
}

/// When the next row falls due, or fell.
///
/// # Errors
/// When Postgres fails.
pub async fn next_due(executor: impl PgExecutor<'_>) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    sqlx::query_scalar("select min(due_at) from reminders where state = 'due'").fetch_one(executor).await
}
