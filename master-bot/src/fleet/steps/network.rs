//! The bridge that tenants share without seeing one another.

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::Yard;
use crate::{registry::tenants::Tenant, runtime::RuntimeError};

/// Name of the network that the tenant was placed on.
pub(crate) fn name(yard: &Yard, tenant: &Tenant) -> String {
    format!("slotyard-{}-{}", yard.instance, tenant.placement_network)
}

pub(super) async fn ensure(yard: &Yard, tenant: &Tenant) -> Result<Value> {
    let name = name(yard, tenant);
    // Docker itself would make a second network of the same name, so two of us making the first one must not meet.
    let _one_at_a_time = NETWORKS.lock().await;
    let found = yard.runtime.networks().await?.into_iter().find(|n| n.name == name);
    match found {
        Some(network) if network.ours && network.isolates => {}
        Some(network) if network.ours => {
            bail!("the network {name} lets tenants talk to one another: stop who is on it, and remove it")
        }
        Some(_) => bail!("a network {name} exists that is not ours: remove it"),
        None => match yard.runtime.create_network(&name).await {
            Ok(()) | Err(RuntimeError::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        },
    }
    Ok(json!({ "network": name }))
}

static NETWORKS: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
