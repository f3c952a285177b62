//! Redis, with every key under the tenant's prefix.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::FutureExt;
use redis::{
    AsyncCommands, Client, Cmd, ErrorKind, ExistenceCheck, Pipeline, RedisError, RedisFuture, RedisResult,
    ServerErrorKind, SetExpiry, SetOptions, Value,
    aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig},
};
use secrecy::{ExposeSecret, SecretString};

/// A connection that mends itself; clones share it. Calls fail after 2 s rather than hang.
///
/// # Errors
/// When the address is wrong or nothing answers there.
pub async fn connect(url: &SecretString) -> RedisResult<Connection> {
    let client = Client::open(url.expose_secret())?;
    let line = Arc::new(Mutex::new(lay(&client).await?));
    Ok(Connection { client, line })
}

async fn lay(client: &Client) -> RedisResult<ConnectionManager> {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(Duration::from_secs(2)))
        .set_response_timeout(Some(Duration::from_secs(2)))
        .set_number_of_retries(3);
    ConnectionManager::new_with_config(client.clone(), config).await
}

/// A line that is laid anew when it breaks.
///
/// redis-rs does that by itself when it breaks, but only until somebody answers: one that comes back and says at first
/// that it knows no such user, or that it is still loading, is never asked again. A Redis that was restarted empty says
/// the first until the master has made the user again.
#[derive(Clone)]
pub struct Connection {
    client: Client,
    line: Arc<Mutex<ConnectionManager>>,
}

impl Connection {
    fn line(&self) -> ConnectionManager {
        self.line.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// After an error that says that nothing was done and nothing will be: another line.
    async fn lay_anew(&self, error: RedisError) -> RedisResult<ConnectionManager> {
        let kept_out = [ErrorKind::AuthenticationFailed, ErrorKind::Server(ServerErrorKind::BusyLoading)];
        if !kept_out.contains(&error.kind()) {
            return Err(error);
        }
        let line = lay(&self.client).await?;
        *self.line.lock().unwrap_or_else(PoisonError::into_inner) = line.clone();
        Ok(line)
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        async move {
            match self.line().req_packed_command(cmd).await {
                Err(error) => self.lay_anew(error).await?.req_packed_command(cmd).await,
                done => done,
            }
        }
        .boxed()
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        async move {
            match self.line().req_packed_commands(pipeline, offset, count).await {
                Err(error) => self.lay_anew(error).await?.req_packed_commands(pipeline, offset, count).await,
                done => done,
            }
        }
        .boxed()
    }

    fn get_db(&self) -> i64 {
        self.line().get_db()
    }
}

fn lasting(ttl: Duration) -> SetOptions {
    let millis = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
    SetOptions::default().with_expiration(SetExpiry::PX(millis.max(1)))
}

/// Redis as one tenant may see it.
#[derive(Clone)]
pub struct Prefixed {
    connection: Connection,
    prefix: String,
}

impl Prefixed {
    /// `prefix` includes its colon: `client_001:`.
    pub fn new(connection: Connection, prefix: impl Into<String>) -> Self {
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

    /// Writes a value that is forgotten after `ttl` (whole milliseconds, at least one).
    ///
    /// # Errors
    /// When Redis does not answer or refuses.
    pub async fn set_px(&self, key: &str, value: &str, ttl: Duration) -> RedisResult<()> {
        self.connection.clone().set_options(self.key(key), value, lasting(ttl)).await
    }

    /// The same unless there is one; `false` if there was.
    ///
    /// # Errors
    /// When Redis does not answer or refuses.
    pub async fn set_px_once(&self, key: &str, value: &str, ttl: Duration) -> RedisResult<bool> {
        let options = lasting(ttl).conditional_set(ExistenceCheck::NX);
        let written: Option<String> = self.connection.clone().set_options(self.key(key), value, options).await?;
        Ok(written.is_some())
    }

    /// How long a value is still kept, by the clock of Redis; none if there is no value, or one that is kept for ever.
    ///
    /// # Errors
    /// When Redis does not answer or refuses.
    pub async fn pttl(&self, key: &str) -> RedisResult<Option<Duration>> {
        let left: i64 = self.connection.clone().pttl(self.key(key)).await?;
        Ok(u64::try_from(left).ok().map(Duration::from_millis))
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
