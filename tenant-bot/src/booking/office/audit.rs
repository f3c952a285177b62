//! Who did what, to be read.

use chrono::NaiveDate;

use crate::{
    booking::{
        desk::{BookError, Bookings},
        hours::moment,
        model::{Business, UserId},
        roles::Right,
    },
    store,
};

/// An act.
pub use crate::store::audit::Row as AuditEntry;

/// Of what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// The first half of an action: `service`.
    pub area: Option<String>,
    /// Whose.
    pub by: Option<UserId>,
}

/// A page of acts, the newest first.
#[derive(Clone, Debug)]
pub struct AuditPage {
    /// For its zone.
    pub business: Business,
    /// The acts.
    pub entries: Vec<AuditEntry>,
    /// Whether there are older ones.
    pub more: bool,
    /// Every area in which anything was done.
    pub areas: Vec<String>,
    /// Everybody who did anything: Telegram's id and name.
    pub people: Vec<(i64, String)>,
}

impl Bookings {
    /// The number before which the acts of this day of the business, and of all days before it, are found.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`](crate::booking::Refusal::NotAdmin), or Postgres.
    pub async fn audit_after(&self, user: UserId, day: NaiveDate) -> Result<i64, BookError> {
        let (business, _) = self.admit(user, Right::SeeAudit).await?;
        let end = moment(business.zone, day.succ_opt().unwrap_or(day), 0);
        Ok(store::audit::first_since(&self.pool, end).await?)
    }

    /// Acts older than the one of this number (none: the newest).
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`](crate::booking::Refusal::NotAdmin), or Postgres.
    pub async fn audit(
        &self,
        user: UserId,
        filter: &AuditFilter,
        before: Option<i64>,
        most: u16,
    ) -> Result<AuditPage, BookError> {
        let (business, _) = self.admit(user, Right::SeeAudit).await?;
        let of = (filter.area.as_deref(), filter.by);
        let mut entries = store::audit::list(&self.pool, of, before, i64::from(most) + 1).await?;
        let more = entries.len() > usize::from(most);
        entries.truncate(usize::from(most));
        let (areas, people) = store::audit::filters(&self.pool).await?;
        Ok(AuditPage { business, entries, more, areas, people })
    }
}
