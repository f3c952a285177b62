//! Repeats: several dates, checked and taken in one transaction.

use chrono::{DateTime, Utc};

use super::{BookError, Bookings, Made, Wish};
use crate::booking::{
    model::{UserId, Wanted},
    policy::Refusal,
};

/// Every so many weeks, so often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Repeat {
    /// 1–52.
    pub every_weeks: u8,
    /// Dates in all, the first one included; at least 2.
    pub times: u8,
}

/// One date of a series that is being put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesDate {
    /// When it would begin.
    pub starts_at: DateTime<Utc>,
    /// Why it cannot be had, if it cannot.
    pub conflict: Option<Refusal>,
    /// What can be had instead on that date, the nearest in time first; only with a conflict, at most six.
    pub instead: Vec<DateTime<Utc>>,
}

/// Why a series was not booked: nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum SeriesError {
    /// Some dates cannot be had; all of them, good ones too, as they stand now.
    #[error("some dates cannot be had")]
    Conflicts(Vec<SeriesDate>),
    /// Something else.
    #[error(transparent)]
    Failed(#[from] BookError),
}

impl Bookings {
    /// The dates of a series: the same wall-clock time in the business's zone every so many weeks, each with whether it can
    /// be had. Only the first must lie within the horizon.
    ///
    /// # Errors
    /// [`Refusal::TooManyRepeats`], as [`quote`](Self::quote) for what concerns all dates, or Postgres.
    pub async fn series(
        &self,
        user: UserId,
        wanted: &Wanted,
        starts_at: DateTime<Utc>,
        repeat: Repeat,
    ) -> Result<Vec<SeriesDate>, BookError> {
        let _ = (user, wanted, starts_at, repeat);
        todo!()
    }

    /// Books every one of these beginnings (at least 2, different ones), or none. `wish.starts_at` is not read.
    ///
    /// # Errors
    /// [`SeriesError`].
    pub async fn book_series(
        &self,
        user: UserId,
        wish: &Wish,
        starts: &[DateTime<Utc>],
        update_id: i64,
    ) -> Result<Vec<Made>, SeriesError> {
        let _ = (user, wish, starts, update_id);
        todo!()
    }
}
