//! Digests of the day, told when they fall due.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;

use super::Errands;
use crate::{
    booking::{BookError, DigestKind, UserId, office::digest::due, roles::Right},
    store,
};

/// The last digest of each kind that was told, or of which there was nothing to tell: only so that it is not put together
/// again at every look. That none is told twice is promised by its letter's key.
#[derive(Debug, Default)]
pub(super) struct Told(Mutex<HashMap<(UserId, DigestKind), NaiveDate>>);

impl Told {
    fn is(&self, of: (UserId, DigestKind), date: NaiveDate) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&of) == Some(&date)
    }

    fn note(&self, of: (UserId, DigestKind), date: NaiveDate) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(of, date);
    }
}

impl Errands {
    /// Tells what is due.
    pub(super) async fn tell_digests(&self) -> Result<(), BookError> {
        let now = self.desk.clock.now();
        for (member, lang, times, zone) in store::admins::with_digests(&self.desk.pool).await? {
            let Ok(zone) = zone.parse() else { continue };
            if !member.may(Right::SeeDay) {
                continue;
            }
            for kind in DigestKind::ALL {
                let Some(date) = times.of(kind).and_then(|minute| due(zone, minute, now).0) else { continue };
                if !self.told.is((member.id, kind), date) {
                    self.desk.tell_digest((member, lang), (kind, date)).await?;
                    self.told.note((member.id, kind), date);
                }
            }
        }
        Ok(())
    }

    /// When the next one falls due.
    pub(super) async fn next_digest(&self, conn: &mut PgConnection) -> Result<Option<DateTime<Utc>>, BookError> {
        let now = self.desk.clock.now();
        let all = store::admins::with_digests(conn).await?;
        let next = all.into_iter().filter_map(|(_, _, times, zone)| {
            let zone = zone.parse().ok()?;
            DigestKind::ALL.into_iter().filter_map(|kind| due(zone, times.of(kind)?, now).1).min()
        });
        Ok(next.min())
    }
}
