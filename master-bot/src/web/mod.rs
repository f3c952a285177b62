//! HTTP: YooKassa's notifications, health, metrics.

mod health;
mod metrics;
pub(crate) mod notifications;
mod sender;

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::{DefaultBodyLimit, connect_info::IntoMakeServiceWithConnectInfo},
    routing::{get, post},
};
use ipnet::IpNet;
use shared::{clock::Clock, redis::Connection};
use sqlx::PgPool;
use tokio::sync::Notify;

pub(crate) use self::metrics::Exporter;

/// A notification of a payment is a few kilobytes.
const BODY: usize = 64 * 1024;

/// What handlers need.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) pool: PgPool,
    pub(crate) redis: Connection,
    pub(crate) clock: Clock,
    /// Rung when a notification was kept.
    pub(crate) bell: Arc<Notify>,
    pub(crate) exporter: Arc<Exporter>,
    /// Where notifications may come from; empty: from anywhere.
    pub(crate) senders: Arc<[IpNet]>,
    /// Reverse proxies of ours, which say whom they speak for.
    pub(crate) proxies: Arc<[IpNet]>,
}

/// Everything that is served, with the address of who asks.
pub(crate) fn service(site: Site) -> IntoMakeServiceWithConnectInfo<Router, SocketAddr> {
    router(site).into_make_service_with_connect_info()
}

/// All routes.
fn router(site: Site) -> Router {
    Router::new()
        .route("/yookassa/notifications", post(notifications::receive))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::show))
        .layer(DefaultBodyLimit::max(BODY))
        .with_state(site)
}
