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
    /// Held by an operator: everything is kept, the container stands still.
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

/// What a tenant should be at `now`.
pub(crate) fn desired(tenant: &Tenant, now: DateTime<Utc>) -> Desired {
    decide(&Wills {
        removal_wanted: tenant.removal_wanted_at.is_some(),
        held: tenant.hold_reason.is_some(),
        paid: tenant.paid_until.is_some_and(|until| now < until),
    })
}

#[derive(Clone, Copy, Debug)]
struct Wills {
    removal_wanted: bool,
    held: bool,
    paid: bool,
}

/// None of the wills overwrites another: removal is the last word, a hold outweighs payment, and
/// lifting a hold brings back whatever the payment says.
fn decide(wills: &Wills) -> Desired {
    match *wills {
        Wills { removal_wanted: true, .. } => Desired::Removed,
        Wills { held: true, .. } => Desired::Stopped,
        Wills { paid: false, .. } => Desired::Suspended,
        Wills { .. } => Desired::Running,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_will_overwrites_another() {
        for bits in 0..8_u8 {
            let [removal_wanted, held, paid] = [1, 2, 4].map(|bit| bits & bit != 0);
            let expected = if removal_wanted {
                Desired::Removed
            } else if held {
                Desired::Stopped
            } else if paid {
                Desired::Running
            } else {
                Desired::Suspended
            };
            let wills = Wills { removal_wanted, held, paid };
            assert_eq!(decide(&wills), expected, "{wills:?}");
            // A hold that is lifted leaves what was there before it.
            let lifted = decide(&Wills { held: false, ..wills });
            assert!(held || lifted == expected, "{wills:?}");
        }
    }
}
