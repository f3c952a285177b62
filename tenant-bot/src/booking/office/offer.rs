//! What all acts on the offer have in common: one transaction, one note in the log, and the queue that looks again.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value as Json, json};
use sqlx::{Postgres, Transaction};

use super::Wrong;
use crate::{
    booking::{
        desk::{BookError, Bookings},
        hours::Span,
        model::{Business, UserId},
        roles::Right,
    },
    store::{self, audit::Deed, columns::Table},
};

/// Whatever opens time is looked through so far ahead for those who wait: as far as any booking may lie.
const REACH: TimeDelta = TimeDelta::days(400);

/// An act that has begun: whoever does it may.
pub(super) struct Act {
    pub(super) tx: Transaction<'static, Postgres>,
    pub(super) business: Business,
    pub(super) now: DateTime<Utc>,
    pub(super) user: UserId,
}

impl Act {
    /// Notes it.
    pub(super) async fn note(&mut self, action: &str, subject: &str, detail: Json) -> Result<(), sqlx::Error> {
        let deed = Deed { by: self.user, action, subject: Some(subject), detail };
        store::audit::append(&mut *self.tx, &deed, self.now).await
    }
}

impl Bookings {
    /// Begins an act.
    pub(super) async fn offer_act(&self, user: UserId, right: Right) -> Result<Act, BookError> {
        let mut tx = self.pool.begin().await?;
        let (business, _) = self.staffed(&mut tx, user, right).await?;
        Ok(Act { tx, business, now: self.clock.now(), user })
    }

    /// Ends an act that may have opened time: whoever waits is looked for.
    pub(super) async fn opened(&self, mut act: Act) -> Result<(), BookError> {
        let ahead = Span { start: act.now, end: act.now + REACH };
        store::waitlist::note_freed(&mut act.tx, ahead, act.now).await?;
        act.tx.commit().await?;
        self.committed();
        Ok(())
    }

    /// Turns a service or a resource on or off.
    pub(super) async fn switch(
        &self,
        user: UserId,
        table: Table,
        id: i64,
        active: bool,
        action: &str,
    ) -> Result<(), BookError> {
        let mut act = self.offer_act(user, Right::EditOffer).await?;
        let row = store::columns::lock(&mut act.tx, table, id).await?.ok_or(Wrong::Gone)?;
        if row["active"] == json!(active) {
            return Ok(());
        }
        store::columns::set(&mut act.tx, table, id, &[("active", json!(active))]).await?;
        act.note(action, row["name"].as_str().unwrap_or_default(), json!({})).await?;
        self.opened(act).await
    }

    /// Takes a service or a resource away for good; the row stays for the bookings that name it.
    pub(super) async fn remove_row(&self, user: UserId, table: Table, id: i64, action: &str) -> Result<(), BookError> {
        let mut act = self.offer_act(user, Right::EditOffer).await?;
        let row = store::columns::lock(&mut act.tx, table, id).await?.ok_or(Wrong::Gone)?;
        let gone = [("active", json!(false)), ("removed_at", json!(act.now))];
        store::columns::set(&mut act.tx, table, id, &gone).await?;
        let ahead = store::columns::bookings_ahead(&mut *act.tx, table, id, act.now).await?;
        act.note(action, row["name"].as_str().unwrap_or_default(), json!({ "bookings_ahead": ahead })).await?;
        Ok(act.tx.commit().await?)
    }

    /// Moves a service or a resource one place up or down.
    pub(super) async fn shift_row(
        &self,
        user: UserId,
        table: Table,
        id: i64,
        down: bool,
        action: &str,
    ) -> Result<(), BookError> {
        let mut act = self.offer_act(user, Right::EditOffer).await?;
        let row = store::columns::lock(&mut act.tx, table, id).await?.ok_or(Wrong::Gone)?;
        let mut order = store::columns::order(&mut *act.tx, table).await?;
        let at = order.iter().position(|one| *one == id).ok_or(Wrong::Gone)?;
        let other = if down { Some(at + 1).filter(|to| *to < order.len()) } else { at.checked_sub(1) };
        let Some(other) = other else { return Ok(()) };
        order.swap(at, other);
        store::columns::reorder(&mut act.tx, table, &order).await?;
        let detail = json!({ "field": "position", "from": at + 1, "to": other + 1 });
        act.note(action, row["name"].as_str().unwrap_or_default(), detail).await?;
        Ok(act.tx.commit().await?)
    }
}
