//! Redis, with every key under the tenant's prefix.

use std::time::Duration;

use redis::{
    AsyncCommands, RedisResult,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use secrecy::{ExposeSecret, SecretString};

/// A connection that mends itself; clones share it. Calls fail after 2 s rather than hang.
///
/// # Errors
/// When the address is wrong or nothing answers there.
pub async fn connect(url: &SecretString) -> RedisResult<ConnectionManager> {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(Duration::from_secs(2)))
        .set_response_timeout(Some(Duration::from_secs(2)))
        .set_number_of_retries(3);
    ConnectionManager::new_with_config(redis::Client::open(url.expose_secret())?, config).await
}

/// Redis as one tenant may see it.
#[derive(Clone)]
pub struct Prefixed {
    connection: ConnectionManager,
    prefix: String,
}

impl Prefixed {
    /// `prefix` includes its colon: `client_001:`.
    pub fn new(connection: ConnectionManager, prefix: impl Into<String>) -> Self {
        Self { connection, prefix: prefix.into() }
    }

    /// What every key begins with.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The value, if there is one.
    ///
    /// # Errors
    /// When Redis does not answer or refuses.
    pub async fn get(&self, key: &str) -> RedisResult<Option<String>> {
        self.connection.clone().get(self.key(key)).await
    }

    /// Writes a value that is forgotten after `ttl` (whole seconds, at least one).
    ///
    /// # Errors
    /// When Redis does not answer or refuses.
    pub async fn set_ex(&self, key: &str, value: &str, ttl: Duration) -> RedisResult<()> {
        self.connection.clone().set_ex(self.key(key), value, ttl.as_secs().max(1)).await
    }

    /// Forgets a value.
    ///
    /// # Errors
    /// When Redis does not answer or refuses.
    pub async fn del(&self, key: &str) -> RedisResult<()> {
        self.connection.clone().del(self.key(key)).await
    }

    /// Tells whoever listens on the tenant's channel.
    ///
    /// # Errors
    /// When Redis does not answer or refuses.
    pub async fn publish(&self, channel: &str, message: &str) -> RedisResult<()> {
        self.connection.clone().publish(self.key(channel), message).await
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }
}
