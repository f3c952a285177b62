//! What the tests of this program stand on: a registry of their own.

use anyhow::Result;
use play::database::{FreshDatabase, random_name};
use shared::postgres::{self, PoolShape};
use sqlx::PgPool;

use crate::registry::migrate::{self, Plan};

/// A migrated registry that goes away with this value.
pub(crate) struct Registry {
    pub(crate) pool: PgPool,
    _database: FreshDatabase,
}

impl Registry {
    pub(crate) async fn fresh() -> Result<Self> {
        let name = random_name();
        let database = FreshDatabase::named(format!("registry_{name}"))?;
        let role = format!("master_{name}");
        database.owns_role(&role);
        let master = postgres::options(&database.url_of(&role, "pw"))?;
        let admin = postgres::options(&play::env::pg_admin_url()?)?;
        migrate::prepare(&Plan { admin, master: master.clone(), password: Some("pw".into()) }).await?;
        let pool = postgres::pool(master, PoolShape { most: 24, idle: std::time::Duration::from_secs(60) });
        Ok(Self { pool, _database: database })
    }
}
