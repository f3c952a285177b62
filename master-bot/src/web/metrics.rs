//! One target for Prometheus: the master speaks for the fleet.

use anyhow::Result;
use axum::{extract::State, http::StatusCode};
use metrics::gauge;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use shared::outbox;

use super::Site;
use crate::{
    fleet::card::{self, State as TenantState},
    registry::{incidents, payments},
};

/// Renders what was recorded.
pub(crate) struct Exporter(PrometheusHandle);

impl Exporter {
    /// Installs the recorder of this process.
    ///
    /// # Errors
    /// When there is one already.
    pub(crate) fn install() -> Result<Self> {
        Ok(Self(PrometheusBuilder::new().install_recorder()?))
    }
}

pub(super) async fn show(State(site): State<Site>) -> (StatusCode, String) {
    match measure(&site).await {
        Ok(()) => (StatusCode::OK, site.exporter.0.render()),
        Err(error) => {
            tracing::warn!(error = format!("{error:#}"), "no metrics");
            (StatusCode::SERVICE_UNAVAILABLE, "the registry does not answer\n".into())
        }
    }
}

async fn measure(site: &Site) -> Result<()> {
    let counts = card::count_by_state(&site.pool, site.clock.now()).await?;
    for state in TenantState::ALL {
        let n = counts.get(&state).copied().unwrap_or_default();
        gauge!("slotyard_tenants", "state" => state.name()).set(f64::from(n));
    }
    let letters = outbox::counts(&site.pool).await?;
    for (state, n) in [
        ("due", letters.due),
        ("sending", letters.sending),
        ("sent", letters.sent),
        ("unknown", letters.unknown),
        ("failed", letters.failed),
    ] {
        #[expect(clippy::cast_precision_loss, reason = "a count of messages is far below 2^52")]
        gauge!("slotyard_outbox", "state" => state).set(n as f64);
    }
    // All kinds every time: one that is over must fall to zero.
    let open = incidents::count_open(&site.pool).await?;
    for kind in ["tenant", "step", "peer", "disk", "memory", "letters", "refunds"] {
        let n = open.iter().find(|(k, _)| k == kind).map_or(0, |(_, n)| *n);
        #[expect(clippy::cast_precision_loss, reason = "a count of incidents is far below 2^52")]
        gauge!("slotyard_incidents", "kind" => kind).set(n as f64);
    }
    for (status, n) in payments::count_by_status(&site.pool).await? {
        #[expect(clippy::cast_precision_loss, reason = "a count of payments is far below 2^52")]
        gauge!("slotyard_payments", "status" => status).set(n as f64);
    }
    Ok(())
}
