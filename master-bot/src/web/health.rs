//! Alive: the process answers. Ready: it can work.

use std::time::Duration;

use axum::{extract::State, http::StatusCode};

use super::Site;
use crate::registry::leases;

/// A dependency that takes longer than this is as good as away.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) async fn alive() -> &'static str {
    "ok\n"
}

pub(super) async fn ready(State(site): State<Site>) -> (StatusCode, String) {
    let postgres = async { sqlx::query("select 1").execute(&site.pool).await.map(|_| ()).map_err(|e| e.to_string()) };
    let redis = async {
        let mut redis = site.redis.clone();
        redis::cmd("PING").query_async::<()>(&mut redis).await.map_err(|e| e.to_string())
    };
    let (postgres, redis) =
        tokio::join!(tokio::time::timeout(PATIENCE, postgres), tokio::time::timeout(PATIENCE, redis));
    let mut text = String::new();
    let mut status = StatusCode::OK;
    for (name, answer) in [("postgres", postgres), ("redis", redis)] {
        let said = match answer {
            Ok(Ok(())) => "ok".to_owned(),
            Ok(Err(error)) => {
                tracing::warn!(name, error, "not ready");
                "does not work".to_owned()
            }
            Err(_) => "does not answer".to_owned(),
        };
        if said != "ok" {
            status = StatusCode::SERVICE_UNAVAILABLE;
        }
        text.push_str(&format!("{name}: {said}\n"));
    }
    // This process works without a fleet; people who pay meanwhile wait for their bots.
    let life = tokio::time::timeout(PATIENCE, leases::until(&site.pool, leases::FLEET_LIFE)).await;
    let fleet = match life {
        Ok(Ok(Some(until))) if until > site.clock.machine().now() => "ok",
        _ => "no process with the engine's socket has shown itself lately",
    };
    text.push_str(&format!("fleet: {fleet}\n"));
    (status, text)
}
