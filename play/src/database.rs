//! A database of one's own for every test, and a tenant's schema in it.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
    sync::Mutex,
};

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use url::Url;

use crate::env;

/// A database that goes away with this value, together with the roles named to [`FreshDatabase::owns_role`].
#[derive(Debug)]
pub struct FreshDatabase {
    name: String,
    server: String,
    roles: Mutex<Vec<String>>,
}

impl FreshDatabase {
    /// An empty database with a name that nobody else has.
    ///
    /// # Errors
    /// When the stage is not set or Postgres refuses.
    pub async fn create() -> Result<Self> {
        let fresh = Self::named(format!("test_{}", random_name()))?;
        run(&fresh.server, &[format!("create database {}", fresh.name)]).await?;
        Ok(fresh)
    }

    /// Owns a database that somebody else will create under this name.
    ///
    /// # Errors
    /// When the stage is not set.
    pub fn named(name: String) -> Result<Self> {
        Ok(Self::named_on(name, env::pg_admin_url()?))
    }

    /// The same on another server, given by its superuser's address.
    pub fn named_on(name: String, server: String) -> Self {
        Self { name, server, roles: Mutex::default() }
    }

    /// The database's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The superuser's address in this database.
    pub fn admin_url(&self) -> String {
        address(&self.server, &self.name, None)
    }

    /// The address of `role` in this database.
    pub fn url_of(&self, role: &str, password: &str) -> String {
        address(&self.server, &self.name, Some((role, password)))
    }

    /// The role is dropped after the database.
    pub fn owns_role(&self, role: &str) {
        if let Ok(mut roles) = self.roles.lock() {
            roles.push(role.to_owned());
        }
    }

    /// A pool of superuser's connections.
    ///
    /// # Errors
    /// When Postgres refuses.
    pub async fn admin_pool(&self) -> Result<PgPool> {
        pool(&self.admin_url(), None, 4).await
    }

    /// The superuser runs these statements.
    ///
    /// # Errors
    /// When one of them fails.
    pub async fn run(&self, statements: &[String]) -> Result<()> {
        run(&self.admin_url(), statements).await
    }
}

/// A test that fails drops its database too, so this cannot wait for anybody to call it.
impl Drop for FreshDatabase {
    fn drop(&mut self) {
        let mut statements = vec![format!("drop database if exists {} with (force)", self.name)];
        let roles = self.roles.lock().map(|roles| roles.clone()).unwrap_or_default();
        statements.extend(roles.iter().map(|role| format!("drop role if exists {role}")));
        let server = self.server.clone();
        if let Err(error) = on_a_thread_of_its_own(async move { run(&server, &statements).await }) {
            eprintln!("database {} was left behind: {error:#}", self.name);
        }
    }
}

/// A tenant's schema and role as the master makes them, with the tenant's migrations run.
#[derive(Debug)]
pub struct TenantSchema {
    /// The database around it.
    pub database: FreshDatabase,
    /// `client_…`: schema and role.
    pub slug: String,
    /// The address that the tenant's own role has.
    pub url: String,
}

/// What the master writes into a new tenant's schema.
#[derive(Clone, Debug)]
pub struct Business<'a> {
    /// As customers read it.
    pub name: &'a str,
    /// salon, barbershop, clinic, studio or restaurant.
    pub kind: &'a str,
    /// IANA name.
    pub zone: &'a str,
    /// `ru` or `en`.
    pub language: &'a str,
    /// Telegram id of the owner.
    pub owner_id: i64,
    /// When all this happens.
    pub now: DateTime<Utc>,
}

impl Default for Business<'_> {
    fn default() -> Self {
        Self {
            name: "Барбершоп «Борода»",
            kind: "barbershop",
            zone: "Europe/Moscow",
            language: "ru",
            owner_id: 7001,
            now: DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_000),
        }
    }
}

impl TenantSchema {
    /// A fresh database with one tenant in it.
    ///
    /// # Errors
    /// When the stage is not set or Postgres refuses.
    pub async fn create(business: &Business<'_>) -> Result<Self> {
        let database = FreshDatabase::create().await?;
        let slug = format!("client_{}", rand::random_range(1_000_000..1_000_000_000));
        let password = random_name();
        database.owns_role(&slug);
        database
            .run(&[
                "create schema extensions".into(),
                "create extension btree_gist schema extensions".into(),
                format!("revoke create, temporary on database {} from public", database.name()),
                "revoke all on schema public from public".into(),
                format!("create schema {slug}"),
                format!("create role {slug} login password '{password}' connection limit 5"),
                format!("alter role {slug} set search_path = {slug}"),
            ])
            .await?;
        let admin = pool(&database.admin_url(), Some(&slug), 1).await?;
        Migrator::new(migrations("tenant")).await?.set_locking(false).run(&admin).await?;
        database
            .run(&[
                format!("grant usage on schema {slug} to {slug}"),
                format!("grant select, insert, update, delete on all tables in schema {slug} to {slug}"),
                format!("revoke insert, update, delete on {slug}._sqlx_migrations, {slug}.service_stage from {slug}"),
                format!("grant usage, select on all sequences in schema {slug} to {slug}"),
            ])
            .await?;
        for (key, value) in [
            ("business_name", business.name),
            ("kind", business.kind),
            ("zone", business.zone),
            ("language", business.language),
            ("bot_username", "test_bot"),
        ] {
            sqlx::query("insert into settings (key, value, updated_at) values ($1, $2, $3)")
                .bind(key)
                .bind(value)
                .bind(business.now)
                .execute(&admin)
                .await?;
        }
        sqlx::query("insert into admins (user_id, role, added_at) values ($1, 'owner', $2)")
            .bind(business.owner_id)
            .bind(business.now)
            .execute(&admin)
            .await?;
        admin.close().await;
        let url = database.url_of(&slug, &password);
        Ok(Self { database, slug, url })
    }

    /// A pool of the tenant's own role; `most` connections.
    ///
    /// # Errors
    /// When Postgres refuses.
    pub async fn pool(&self, most: u32) -> Result<PgPool> {
        pool(&self.url, None, most).await
    }

    /// A pool of the superuser whose search path is the tenant's schema.
    ///
    /// # Errors
    /// When Postgres refuses.
    pub async fn admin_pool(&self) -> Result<PgPool> {
        pool(&self.database.admin_url(), Some(&self.slug), 4).await
    }
}

/// Whether the server has a role of this name.
///
/// # Errors
/// When Postgres refuses.
pub async fn role_exists(name: &str) -> Result<bool> {
    let mut connection = connect(&env::pg_admin_url()?).await?;
    let found = sqlx::query_scalar("select exists (select 1 from pg_roles where rolname = $1)").bind(name);
    Ok(found.fetch_one(&mut connection).await?)
}

/// The folder of the migrations `registry` or `tenant`.
pub fn migrations(of: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations").join(of)
}

/// Twelve lower-case letters and digits that begin with a letter, at random.
pub fn random_name() -> String {
    let id = uuid::Uuid::new_v4().simple().to_string();
    format!("t{}", &id[..11])
}

/// Connects once, without a pool.
///
/// # Errors
/// When the address is wrong or Postgres refuses.
pub async fn connect(url: &str) -> Result<PgConnection> {
    let options = PgConnectOptions::from_str(url)?.disable_statement_logging();
    options.connect().await.context("connecting to Postgres")
}

/// Runs `work` to its end from anywhere, also from `drop`, also inside a runtime.
///
/// # Errors
/// What `work` returns.
pub(crate) fn on_a_thread_of_its_own<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    let thread =
        std::thread::spawn(move || tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work));
    thread.join().map_err(|_| anyhow::anyhow!("the thread panicked"))?
}

async fn pool(url: &str, schema: Option<&str>, most: u32) -> Result<PgPool> {
    let mut options = PgConnectOptions::from_str(url)?.disable_statement_logging();
    if let Some(schema) = schema {
        options = options.options([("search_path", schema)]);
    }
    Ok(PgPoolOptions::new().max_connections(most).connect_with(options).await?)
}

async fn run(url: &str, statements: &[String]) -> Result<()> {
    let mut connection = connect(url).await?;
    for statement in statements {
        sqlx::query(AssertSqlSafe(statement.clone())).execute(&mut connection).await.context(statement.clone())?;
    }
    connection.close().await?;
    Ok(())
}

/// The same server, another database, perhaps another role.
fn address(server: &str, database: &str, role: Option<(&str, &str)>) -> String {
    let Ok(mut url) = Url::parse(server) else { return server.to_owned() };
    url.set_path(database);
    if let Some((name, password)) = role {
        // Neither can fail: the address has a host.
        let _ = url.set_username(name);
        let _ = url.set_password(Some(password));
    }
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_the_socket_and_changes_the_rest() {
        let server = "postgres://postgres@localhost/postgres?host=/run/pg";
        assert_eq!(address(server, "shop", None), "postgres://postgres@localhost/shop?host=/run/pg");
        assert_eq!(
            address(server, "shop", Some(("client_001", "secret"))),
            "postgres://client_001:secret@localhost/shop?host=/run/pg"
        );
    }

    #[tokio::test]
    async fn a_tenant_reads_its_settings_and_makes_no_table() -> Result<()> {
        let tenant = TenantSchema::create(&Business::default()).await?;
        let pool = tenant.pool(1).await?;
        let zone: String = sqlx::query_scalar("select value from settings where key = 'zone'").fetch_one(&pool).await?;
        assert_eq!(zone, "Europe/Moscow");
        assert!(sqlx::query("create table mine (a int)").execute(&pool).await.is_err());
        assert!(sqlx::query("delete from _sqlx_migrations").execute(&pool).await.is_err());
        Ok(())
    }

    #[tokio::test]
    async fn a_database_goes_away_with_its_value() -> Result<()> {
        let server = env::pg_admin_url()?;
        let fresh = FreshDatabase::create().await?;
        let name = fresh.name().to_owned();
        drop(fresh);
        let left: i64 = sqlx::query_scalar("select count(*) from pg_database where datname = $1")
            .bind(name)
            .fetch_one(&mut connect(&server).await?)
            .await?;
        assert_eq!(left, 0);
        Ok(())
    }
}
