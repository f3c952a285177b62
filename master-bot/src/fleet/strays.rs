//! Containers with our mark that belong to nobody: renamed by hand, copied with their labels, left by a tenant that is
//! gone. Each may poll with a token that another container polls with, and Telegram would refuse both.

use anyhow::Result;
use shared::slug::Slug;

use super::{plan::Part, steps::Yard};
use crate::{
    registry::{
        events::{self, Event},
        tenants,
    },
    runtime::Seen,
};

/// Takes a stray away, unless it turns out to belong to somebody after all.
///
/// # Errors
/// When the registry or the engine does not answer.
pub(crate) async fn remove(yard: &Yard, seen: &Seen) -> Result<()> {
    // The look that found it read the registry before the containers: a tenant may have been sold between the two, or
    // the container taken away or renamed back since.
    let Some(now) = yard.runtime.inspect(&seen.id).await?.filter(|now| now.ours) else { return Ok(()) };
    let slug: Option<Slug> = now.tenant.as_deref().and_then(|label| label.parse().ok());
    let tenant = match &slug {
        Some(slug) => tenants::find(&yard.pool, slug).await?,
        None => None,
    };
    let present = tenant.as_ref().is_some_and(|t| t.removed_at.is_none());
    if present && slug.as_ref().is_some_and(|slug| slug.as_str() == now.name) {
        return Ok(());
    }
    tracing::warn!(
        container = now.name,
        id = now.id,
        tenant = now.tenant,
        "a container of ours that is nobody's: removed"
    );
    // Asked first, so that what it has in hand is finished.
    yard.runtime.stop(&now.id).await?;
    yard.runtime.remove(&now.id).await?;
    if let Some(tenant) = tenant {
        let (part, detail) = (Some(Part::Container.name()), Some(now.name.as_str()));
        let event = Event { actor: events::RECONCILER, event: "stray_removed", part, detail, ..Event::default() };
        events::write(&yard.pool, tenant.id, &event, yard.clock.now()).await?;
    }
    Ok(())
}
