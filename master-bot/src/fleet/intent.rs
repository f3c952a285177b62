//! What operators may want of a tenant: rows, and a ring of the bell.

use chrono::{DateTime, Utc};
use shared::slug::Slug;
use sqlx::PgPool;

use crate::registry::{
    events::{self, Event},
    signals::{self, Bell},
    tenants::{self, Intent, Tenant},
};

/// What came of a wish.
#[derive(Clone, Debug)]
pub(crate) enum Wished {
    /// It is written, and will be done.
    Noted(Box<Tenant>),
    /// It is so already, or the tenant is being removed.
    Nothing,
    /// Somebody has changed its fate since it was shown.
    Changed,
    /// There is no such tenant.
    Unknown,
}

/// Writes an intent of `actor` (`operator:<Telegram id>`, `cli:<user>`) and its event in one transaction.
///
/// `cause` names the tap it came of, if any: a tap that Telegram repeats is no second wish. `asked_at` is the generation
/// that was shown, if any: a wish that was formed before another's came true is none.
///
/// # Errors
/// When the registry fails; then nothing is written.
pub(crate) async fn wish(
    pool: &PgPool,
    slug: &Slug,
    (intent, asked_at): (Intent<'_>, Option<i64>),
    (actor, cause): (&str, Option<&str>),
    now: DateTime<Utc>,
) -> Result<Wished, sqlx::Error> {
    let mut tx = pool.begin().await?;
    let Some(tenant) = tenants::find(&mut *tx, slug).await? else { return Ok(Wished::Unknown) };
    if let Some(cause) = cause
        && events::came_of(&mut *tx, cause).await?
    {
        return Ok(Wished::Noted(Box::new(tenant)));
    }
    if !tenants::intend(&mut tx, tenant.id, intent, asked_at, now).await? {
        let changed = tenant.removal_wanted_at.is_none() && asked_at.is_some_and(|asked| asked != tenant.generation);
        return Ok(if changed { Wished::Changed } else { Wished::Nothing });
    }
    let (name, detail) = match intent {
        Intent::Hold(reason) => ("hold", Some(reason)),
        Intent::Release => ("release", None),
        Intent::Restart => ("restart", None),
        Intent::Remove => ("remove", None),
    };
    events::write(&mut *tx, tenant.id, &Event { actor, event: name, detail, cause, ..Event::default() }, now).await?;
    signals::ring(&mut *tx, Bell::Tenants).await?;
    let tenant = tenants::get(&mut *tx, tenant.id).await?;
    tx.commit().await?;
    Ok(Wished::Noted(Box::new(tenant)))
}
