//! Stretches of time that are kept free of bookings.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde_json::json;
use sqlx::PgConnection;

use super::{BookError, Bookings};
use crate::{
    booking::{
        hours::Span,
        model::{Booking, Business, ResourceId, UserId},
        policy::Refusal,
        roles::Right,
        schedule::Block,
    },
    store::{self, audit::Deed},
};

/// So far ahead a block takes its time from bookings that are being made at that very moment: as far as any may lie.
const REACH: TimeDelta = TimeDelta::days(400);
/// Takes that lose a race are repeated; each loss is somebody else's win, so it does not go on for ever.
const ROUNDS: usize = 20;

/// A block to be made.
#[derive(Clone, Debug)]
pub struct NewBlock<'a> {
    /// Of whom; none: of everybody.
    pub resource: Option<ResourceId>,
    /// When.
    pub block: Block,
    /// Why, 1–200 characters.
    pub reason: Option<&'a str>,
}

/// A block that stands.
#[derive(Clone, Debug)]
pub struct BlockMade {
    /// Its number.
    pub id: i64,
    /// Bookings (holds are left out) whose time lies in it within the next year: they stand, and somebody must decide about
    /// them.
    pub hits: Vec<Booking>,
}

impl Bookings {
    /// The bookings (holds are left out) whose time lies within a block that is not made yet, within the next year.
    ///
    /// # Errors
    /// As [`block`](Self::block).
    pub async fn block_hits(&self, user: UserId, new: &NewBlock<'_>) -> Result<(Business, Vec<Booking>), BookError> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        let (business, member) = self.staffed(&mut conn, user, Right::Block).await?;
        if !member.may_to(Right::Block, new.resource) {
            return Err(Refusal::NotAdmin.into());
        }
        let resources = resources_of(&mut conn, new.resource).await?;
        let spans = stretches_of(&new.block, &business, now);
        let hits = store::bookings::list_hit(&mut *conn, &resources, &spans).await?;
        Ok((business, hits))
    }

    /// Blocks a stretch of time. From then on nothing is booked in it; what had been booked stands and is told.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), or Postgres.
    pub async fn block(&self, user: UserId, new: &NewBlock<'_>) -> Result<BlockMade, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let (business, member) = self.staffed(&mut tx, user, Right::Block).await?;
        if !member.may_to(Right::Block, new.resource) {
            return Err(Refusal::NotAdmin.into());
        }
        let id =
            store::schedule::insert_block(&mut *tx, new.resource, (&new.block, business.zone), new.reason, user, now)
                .await?;
        let resources = resources_of(&mut tx, new.resource).await?;
        // Whoever takes several stretches at once waits here, see `store::resources::lock`.
        store::resources::lock(&mut tx, &resources).await?;
        let spans = stretches_of(&new.block, &business, now);
        take_time(&mut tx, id, &resources, &spans).await?;
        let hits = store::bookings::list_hit(&mut *tx, &resources, &spans).await?;
        note(&mut tx, (user, "block.made"), new.resource, &new.block, now).await?;
        tx.commit().await?;
        Ok(BlockMade { id, hits })
    }

    /// Takes a block away; `false` if it was gone. Whoever waits for such a time is looked for.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), or Postgres.
    pub async fn unblock(&self, user: UserId, id: i64) -> Result<bool, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let (business, member) = self.staffed(&mut tx, user, Right::Block).await?;
        let Some((resource, block)) = store::schedule::remove_block(&mut *tx, id, now).await? else {
            return Ok(false);
        };
        if !member.may_to(Right::Block, resource) {
            return Err(Refusal::NotAdmin.into());
        }
        store::occupancy::free_block(&mut *tx, id).await?;
        note(&mut tx, (user, "block.removed"), resource, &block, now).await?;
        let spans = stretches_of(&block, &business, now);
        if let (Some(first), Some(last)) = (spans.first(), spans.last()) {
            let all = Span { start: first.start, end: last.end };
            store::waitlist::note_freed(&mut tx, all, now).await?;
        }
        tx.commit().await?;
        self.committed();
        Ok(true)
    }

    /// Another zone for the business. Bookings are moments and stay; the wall-clock rules of weeks, exceptions and blocks go
    /// by the new clocks from now on.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), or Postgres.
    pub async fn change_zone(&self, user: UserId, zone: Tz) -> Result<(), BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let (was, _) = self.staffed(&mut tx, user, Right::EditPolicy).await?;
        store::settings::set(&mut *tx, "zone", zone.name(), now).await?;
        let detail = serde_json::json!({ "field": "zone", "from": was.zone.name(), "to": zone.name() });
        let deed = store::audit::Deed { by: user, action: "place.changed", subject: Some(&was.name), detail };
        store::audit::append(&mut *tx, &deed, now).await?;
        let business = store::settings::business(&mut *tx).await?;
        let everybody = store::resources::all_active(&mut *tx).await?;
        store::resources::lock(&mut tx, &everybody).await?;
        for (id, resource, block) in store::schedule::returning_blocks(&mut *tx).await? {
            store::occupancy::free_block(&mut *tx, id).await?;
            let resources = resource.map_or_else(|| everybody.clone(), |one| vec![one]);
            take_time(&mut tx, id, &resources, &stretches_of(&block, &business, now)).await?;
        }
        tx.commit().await?;
        self.committed();
        Ok(())
    }
}

/// Whose time a block is of.
pub(super) async fn resources_of(
    conn: &mut PgConnection,
    resource: Option<ResourceId>,
) -> Result<Vec<ResourceId>, sqlx::Error> {
    match resource {
        Some(resource) => Ok(vec![resource]),
        None => store::resources::all_active(conn).await,
    }
}

async fn note(
    conn: &mut PgConnection,
    (by, action): (UserId, &str),
    resource: Option<ResourceId>,
    block: &Block,
    now: DateTime<Utc>,
) -> Result<(), BookError> {
    let whose: Vec<ResourceId> = resource.into_iter().collect();
    let named = store::resources::list(&mut *conn, &whose).await?.into_iter().next().map(|r| r.name);
    let mut detail = json!({ "from": block.span.start, "to": block.span.end });
    if let (Some(repeats), Some(detail)) = (&block.repeats, detail.as_object_mut()) {
        detail.insert("weekdays".into(), json!(repeats.weekdays));
        detail.insert("every_weeks".into(), json!(repeats.every_weeks));
        detail.insert("until".into(), json!(repeats.until));
    }
    let deed = Deed { by, action, subject: named.as_deref(), detail };
    Ok(store::audit::append(&mut *conn, &deed, now).await?)
}

/// Takes for a block whatever is free of its stretches.
async fn take_time(
    conn: &mut PgConnection,
    block: i64,
    resources: &[ResourceId],
    spans: &[Span],
) -> Result<(), sqlx::Error> {
    for resource in resources {
        for _ in 0..ROUNDS {
            if store::occupancy::take_gaps(&mut *conn, *resource, spans, block).await? == 0 {
                break;
            }
        }
    }
    Ok(())
}

/// The stretches of a block that are not over and that a booking may reach, in order.
pub(super) fn stretches_of(block: &Block, business: &Business, now: DateTime<Utc>) -> Vec<Span> {
    let window = Span { start: now, end: now + REACH };
    // One that does not come back is taken whole, however far off it is.
    let all = if block.repeats.is_none() { vec![block.span] } else { block.spans(business.zone, window) };
    all.into_iter()
        .filter(|span| span.end > now)
        .map(|span| Span { start: span.start.max(now), ..span })
        .filter(|span| span.start < span.end)
        .collect()
}
