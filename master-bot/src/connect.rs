//! Opening the registry.

use std::time::Duration;

use anyhow::Result;
use secrecy::ExposeSecret;
use shared::postgres::{self, PoolShape};
use sqlx::{PgPool, postgres::PgConnectOptions};

use crate::config::Base;

/// How the master's role connects.
///
/// # Errors
/// When `DATABASE_URL` is no Postgres address.
pub(crate) fn options(base: &Base) -> Result<PgConnectOptions> {
    postgres::options(base.database_url.expose_secret())
        .map(|o| o.application_name("slotyard master"))
        // The parser's own words could quote the address, password and all.
        .map_err(|_| anyhow::anyhow!("DATABASE_URL is no Postgres address: postgres://user:password@host/database"))
}

/// The registry, connected to when first asked.
///
/// # Errors
/// As for [`options`].
pub(crate) fn registry(base: &Base) -> Result<PgPool> {
    Ok(postgres::pool(options(base)?, PoolShape { most: 24, idle: Duration::from_secs(60) }))
}
