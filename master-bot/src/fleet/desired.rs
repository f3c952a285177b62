//! What should be.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::registry::tenants::Tenant;

/// What a tenant should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Desired {
    /// Up and polling.
    Running,
    /// Not paid for: everything is kept, the container stands still.
    Suspended,
    /// Held by an operator or closed by the client: everything is kept, the container stands still.
    Stopped,
    /// Nothing of it is left.
    Removed,
}

impl fmt::Display for Desired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running => "running",
            Self::Suspended => "suspended",
            Self::Stopped => "stopped",
            Self::Removed => "removed",
        })
    }
}

/// Follows from the three wills, none of which overwrites another: removal is the last word, a hold or the client's
/// closing outweighs payment, and lifting a hold brings back whatever the payment says.
pub(crate) fn desired(tenant: &Tenant, now: DateTime<Utc>) -> Desired {
    if tenant.removal_wanted_at.is_some() {
        Desired::Removed
    } else if tenant.hold_reason.is_some() || tenant.closed_at.is_some() {
        Desired::Stopped
    } else if tenant.paid_until.is_none_or(|until| until <= now) {
        Desired::Suspended
    } else {
        Desired::Running
    }
}
