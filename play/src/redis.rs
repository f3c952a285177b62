//! The private Redis: the administrator's view, and one tenant's user for a test.

use anyhow::Result;
use redis::{AsyncCommands, aio::MultiplexedConnection, cmd};
use url::Url;

use crate::{
    database::{on_a_thread_of_its_own, random_name},
    env,
};

/// The administrator's connection.
///
/// # Errors
/// When the stage is not set or Redis refuses.
pub async fn admin() -> Result<MultiplexedConnection> {
    admin_at(&env::redis_url()?).await
}

/// The administrator's connection to another Redis.
///
/// # Errors
/// When the address is wrong or Redis refuses.
pub async fn admin_at(url: &str) -> Result<MultiplexedConnection> {
    Ok(redis::Client::open(url)?.get_multiplexed_async_connection().await?)
}

/// All keys that begin with `prefix`, sorted.
///
/// # Errors
/// When Redis refuses.
pub async fn keys(prefix: &str) -> Result<Vec<String>> {
    let mut connection = admin().await?;
    let mut found = Vec::new();
    let mut keys = connection.scan_match::<_, String>(format!("{prefix}*")).await?;
    while let Some(key) = keys.next_item().await {
        found.push(key?);
    }
    found.sort();
    Ok(found)
}

/// The value of a key.
///
/// # Errors
/// When Redis refuses.
pub async fn get(key: &str) -> Result<Option<String>> {
    Ok(admin().await?.get(key).await?)
}

/// Names of all users.
///
/// # Errors
/// When Redis refuses.
pub async fn users() -> Result<Vec<String>> {
    Ok(cmd("ACL").arg("USERS").query_async(&mut admin().await?).await?)
}

/// A tenant's user that goes away with this value, together with its keys.
#[derive(Debug)]
pub struct TenantUser {
    /// User name and, with a colon, key prefix.
    pub slug: String,
    /// The address that the tenant has.
    pub url: String,
}

impl TenantUser {
    /// A user that may do what a tenant may do and no more.
    ///
    /// # Errors
    /// When the stage is not set or Redis refuses.
    pub async fn create(slug: &str) -> Result<Self> {
        let password = random_name();
        let mut rules: Vec<String> = ["reset", "on"].map(String::from).into();
        rules.extend([format!(">{password}"), format!("~{slug}:*"), format!("&{slug}:*")]);
        rules.extend(COMMANDS.iter().map(|command| format!("+{command}")));
        cmd("ACL").arg("SETUSER").arg(slug).arg(rules).exec_async(&mut admin().await?).await?;
        let mut url = Url::parse(&env::redis_url()?)?;
        url.query_pairs_mut().clear().append_pair("user", slug).append_pair("pass", &password);
        Ok(Self { slug: slug.to_owned(), url: url.into() })
    }
}

/// What the tenant bot uses. `client|setinfo` is not here: Redis has it from 7.2 on, and its refusal harms nobody.
const COMMANDS: &[&str] = &[
    "get",
    "set",
    "setex",
    "del",
    "expire",
    "exists",
    "ttl",
    "pttl",
    "incr",
    "mget",
    "publish",
    "subscribe",
    "unsubscribe",
    "psubscribe",
    "punsubscribe",
    "ping",
    "hello",
    "auth",
    "client|setname",
    "client|id",
];

impl Drop for TenantUser {
    fn drop(&mut self) {
        let slug = self.slug.clone();
        let forgotten = on_a_thread_of_its_own(async move { forget(&slug).await });
        if let Err(error) = forgotten {
            eprintln!("Redis user {} was left behind: {error:#}", self.slug);
        }
    }
}

/// Removes the user and all keys of a tenant.
///
/// # Errors
/// When Redis refuses.
pub async fn forget(slug: &str) -> Result<()> {
    let mut connection = admin().await?;
    cmd("ACL").arg("DELUSER").arg(slug).exec_async(&mut connection).await?;
    for key in keys(&format!("{slug}:")).await? {
        connection.del::<_, ()>(key).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_tenant_touches_its_own_keys_only() -> Result<()> {
        let user = TenantUser::create(&format!("client_{}", rand::random_range(1_000_000..1_000_000_000))).await?;
        let mut connection = redis::Client::open(user.url.as_str())?.get_multiplexed_async_connection().await?;
        connection.set_ex::<_, _, ()>(format!("{}:a", user.slug), 1, 60).await?;
        assert_eq!(keys(&format!("{}:", user.slug)).await?, [format!("{}:a", user.slug)]);
        assert!(connection.set::<_, _, ()>("client_001:a", 1).await.is_err());
        assert!(cmd("SCAN").arg(0).exec_async(&mut connection).await.is_err());
        Ok(())
    }
}
