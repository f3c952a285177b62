//! Gathering what there is to judge, in a number of queries that does not depend on how many tenants there are.

use std::{collections::HashMap, sync::PoisonError};

use anyhow::{Context, Result};
use shared::{outbox, texts::Lang};
use sqlx::PgConnection;

use super::{
    Watchtower,
    judge::{CRASHES_WITHIN, Facts, TenantSeen},
    machine,
};
use crate::{
    fleet::desired::{Desired, desired},
    peers::{Peer, PeerSeen},
    registry::{
        incidents::{self, Incident, Signs},
        leases,
        tenants::{self, DeadToken},
    },
};

/// Looks at everything once.
pub(super) async fn gather(tower: &Watchtower, known: &[Incident]) -> Result<Facts> {
    let at = tower.clock.now();
    let signs = incidents::signs(&tower.pool, at - CRASHES_WITHIN).await.context("signs of trouble")?;
    let tenants = if signs.is_empty() { Vec::new() } else { tenants(tower, signs, at).await? };
    let letters = outbox::undelivered_counts(&tower.pool).await.context("letters")?;
    let (count, sum, oldest_refund) = incidents::debts(&tower.pool).await.context("debts")?;
    let folders = tower.folders().await;
    let mut peers = tower.reach.seen();
    // Who sells without a fleet cannot see it fail; that it shows no life any more, everybody can.
    if let Some(until) = leases::until(&tower.pool, leases::FLEET_LIFE).await.context("the fleet's life")? {
        // Told by the machines' clocks; what it is held against may be another.
        let away_since = Some(tower.clock.of_machine(until)).filter(|until| *until < at);
        let error = "no process with the engine's socket shows life: master-bot serve --role fleet".to_owned();
        peers.push(PeerSeen { peer: Peer::Fleet, away_since, error });
    }
    let open = known.iter().filter(|i| i.closed_at.is_none()).map(|i| (i.kind.clone(), i.subject.clone()));
    Ok(Facts {
        at,
        tenants,
        open: open.collect(),
        peers,
        disks: folders.iter().filter_map(|f| Some((f.display().to_string(), machine::disk_free(f)?))).collect(),
        memory: machine::memory_free(),
        machine: machine::name(),
        least_disk: tower.least.disk,
        least_memory: tower.least.memory,
        letters,
        refunds: (count, sum),
        oldest_refund,
    })
}

async fn tenants(tower: &Watchtower, signs: Vec<Signs>, at: chrono::DateTime<chrono::Utc>) -> Result<Vec<TenantSeen>> {
    let all = tenants::all_present(&tower.pool).await.context("tenants")?;
    let mut signs: HashMap<_, Signs> = signs.into_iter().map(|s| (s.tenant_id, s)).collect();
    let mut not_ready = tower.memory.not_ready.lock().unwrap_or_else(PoisonError::into_inner);
    let mut seen = Vec::new();
    let mut waiting = HashMap::new();
    for tenant in all {
        let Some(sign) = signs.remove(&tenant.id) else { continue };
        let wanted_running = desired(&tenant, at) == Desired::Running;
        if wanted_running && !sign.ready {
            waiting.insert(tenant.id, not_ready.get(&tenant.id).copied().unwrap_or(at));
        }
        seen.push(TenantSeen {
            slug: tenant.slug.to_string(),
            name: tenant.business_name,
            bot: tenant.bot_username,
            wanted_running,
            attempts: tenant.attempts,
            last_error: tenant.last_error,
            failed_part: sign.failed_part,
            failing_since: sign.failing_since,
            not_ready_since: waiting.get(&tenant.id).copied(),
            dead_token: sign.trouble.as_deref().and_then(DeadToken::named),
            crashes: sign.crashes,
        });
    }
    *not_ready = waiting;
    Ok(seen)
}

/// Who owns the tenant's bot, and in what language they are spoken to.
pub(super) async fn owner(db: &mut PgConnection, slug: &str) -> Result<Option<(i64, Lang)>> {
    let found: Option<(i64, String)> = incidents::owner(db, slug).await?;
    Ok(found.map(|(id, language)| (id, Lang::from_code(Some(&language)))))
}
