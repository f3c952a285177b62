//! First starts, as the buyers who wait for them are shown.

use chrono::{DateTime, Utc};
use shared::slug::Slug;
use sqlx::PgPool;

use super::plan::Part;
use crate::registry::{
    TenantId,
    events::{self, FirstStep},
    facts::{self, FactRow},
    tenants::{self, Tenant},
};

/// How far a part is at a tenant's first start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Made, in so many milliseconds.
    Done(i32),
    /// Being made; with a failure behind it or not.
    Doing { failed_before: bool },
    /// Its turn is to come.
    Waiting,
}

/// A first start that a buyer may be watching.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    pub(crate) slug: Slug,
    pub(crate) owner_telegram_id: i64,
    pub(crate) bot_username: String,
    pub(crate) business_name: String,
    pub(crate) language: String,
    pub(crate) over: bool,
    pub(crate) parts: Vec<(Part, Progress)>,
}

/// The first starts that are under way, or ended after `since`.
///
/// # Errors
/// When the registry fails.
pub(crate) async fn starts(pool: &PgPool, since: DateTime<Utc>) -> Result<Vec<Start>, sqlx::Error> {
    let tenants = tenants::starting(pool, since).await?;
    let mut facts = facts::of_each(pool, &tenants).await?;
    let ids: Vec<TenantId> = tenants.iter().map(|t| t.id).collect();
    let steps = events::first_steps(pool, &ids).await?;
    Ok(tenants
        .into_iter()
        .map(|t| (facts.remove(&t.id).unwrap_or_default(), t))
        .map(|(f, t)| start(t, &f, &steps))
        .collect())
}

fn start(tenant: Tenant, facts: &[FactRow], steps: &[FirstStep]) -> Start {
    let over = tenant.ready_at.is_some();
    let mut under_way = false;
    let mut progress = |part: Part| {
        let took = steps.iter().find(|s| s.tenant_id == tenant.id && s.part == part.name());
        if over || facts.iter().any(|f| f.part == part.name() && f.known) {
            return Progress::Done(took.and_then(|e| e.took_ms).unwrap_or_default());
        }
        if std::mem::replace(&mut under_way, true) {
            return Progress::Waiting;
        }
        Progress::Doing { failed_before: tenant.last_error.is_some() }
    };
    let parts = Part::ALL.map(|part| (part, progress(part))).to_vec();
    Start {
        slug: tenant.slug,
        owner_telegram_id: tenant.owner_telegram_id,
        bot_username: tenant.bot_username,
        business_name: tenant.business_name,
        language: tenant.owner_language,
        over,
        parts,
    }
}
