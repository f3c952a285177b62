//! The typed client of the control interface.

mod bots;
mod clock;
mod groups;
mod people;
mod shop;
mod wait;

use reqwest::Method;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::time::Duration;

pub use crate::wire;

/// How long the waiting methods wait when nothing else is said.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Why an order to the sandbox failed.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// The sandbox could not be reached or broke off.
    #[error("the sandbox cannot be reached")]
    Transport(#[source] reqwest::Error),
    /// The order makes no sense now; `code` is a word such as `no_such_button` or `USERNAME_OCCUPIED`.
    #[error("{code}: {message}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// A word to be compared.
        code: String,
        /// The same in more words.
        message: String,
    },
    /// What was waited for did not happen.
    #[error("{waited_for} did not come within {patience:?}; this is what there was:\n{seen}")]
    TimedOut {
        /// What was waited for.
        waited_for: String,
        /// How long.
        patience: Duration,
        /// What was there instead.
        seen: String,
    },
    /// Requests were against the rules of the real servers.
    #[error("requests that the real servers' rules do not allow:\n{0}")]
    Unclean(String),
}

impl SimError {
    /// The word of a refusal.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            _ => None,
        }
    }
}

/// What methods of [`Sim`] give back.
pub type Result<T, E = SimError> = std::result::Result<T, E>;

/// A client of one sandbox. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sim {
    base: String,
    http: reqwest::Client,
    patience: Duration,
}

impl Sim {
    /// A client for the sandbox at `http://host:port`.
    #[must_use]
    pub fn new(base: &str) -> Self {
        // Building fails only where the TLS back end cannot start; the plain client is as good here.
        let http = reqwest::Client::builder().no_proxy().build().unwrap_or_default();
        Self { base: base.trim_end_matches('/').to_owned(), http, patience: PATIENCE }
    }

    /// The same client with other patience: how long the waiting methods wait.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// How long the waiting methods wait.
    #[must_use]
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// The address of the sandbox: also the `TELEGRAM_API_URL`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.base
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.ask(Method::GET, path, None::<&Value>).await
    }

    pub(crate) async fn post<T: DeserializeOwned>(&self, path: &str, body: &(impl Serialize + Sync)) -> Result<T> {
        self.ask(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn delete<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.ask(Method::DELETE, path, None::<&Value>).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<T> {
        let mut request = self.http.request(method, format!("{}/sim{path}", self.base));
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(SimError::Transport)?;
        let status = response.status();
        if status.is_success() {
            return response.json().await.map_err(SimError::Transport);
        }
        let complaint: Value = response.json().await.unwrap_or_default();
        let text = |field: &str| complaint.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        Err(SimError::Refused { status: status.as_u16(), code: text("error"), message: text("message") })
    }
}
