//! Connections to Postgres.

use std::{str::FromStr, time::Duration};

use sqlx::{
    ConnectOptions, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

/// How many connections a pool may hold.
#[derive(Clone, Copy, Debug)]
pub struct PoolShape {
    /// The most at once.
    pub most: u32,
    /// A connection unused for so long is closed.
    pub idle: Duration,
}

/// Reads an address; `?host=/folder` means a unix socket.
///
/// # Errors
/// When it is no Postgres address.
pub fn options(url: &str) -> Result<PgConnectOptions, sqlx::Error> {
    // Slow statements are worth a line, every statement is not: it would carry people's data into the logs.
    Ok(PgConnectOptions::from_str(url)?.disable_statement_logging())
}

/// A pool that connects when first asked and holds nothing while idle.
pub fn pool(options: PgConnectOptions, shape: PoolShape) -> PgPool {
    PgPoolOptions::new()
        .max_connections(shape.most)
        .min_connections(0)
        .idle_timeout(shape.idle)
        .acquire_timeout(Duration::from_secs(10))
        .connect_lazy_with(options)
}
