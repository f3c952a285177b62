//! YooKassa API v3: payments by redirect.

mod wire;

use std::time::Duration;

use async_trait::async_trait;
use reqwest::{RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use url::Url;

use super::{Charge, GatewayError, PaymentGateway, Told};

pub(crate) use wire::{Notification, Shop};

/// For fuzzing: what an answer says of a payment.
pub(crate) fn read_payment(answer: &[u8]) -> Option<Told> {
    serde_json::from_slice::<wire::Payment>(answer).ok().map(wire::Payment::told)
}

/// A shop at YooKassa.
#[derive(Debug)]
pub(crate) struct YooKassa {
    http: reqwest::Client,
    base: String,
    shop_id: String,
    secret_key: SecretString,
}

impl YooKassa {
    /// `base` is `https://api.yookassa.ru/v3`.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub(crate) fn new(base: &Url, shop_id: &str, secret_key: SecretString) -> Result<Self, reqwest::Error> {
        // YooKassa answers within 30 s or cancels what it began.
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(35))
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let base = base.as_str().trim_end_matches('/').to_owned();
        Ok(Self { http, base, shop_id: shop_id.to_owned(), secret_key })
    }

    /// Which shop these credentials are of.
    ///
    /// # Errors
    /// [`GatewayError::Refused`] when they are of none.
    pub(crate) async fn shop(&self) -> Result<Shop, GatewayError> {
        self.fetch(self.http.get(format!("{}/me", self.base)).timeout(Duration::from_secs(10))).await
    }

    async fn ask(&self, request: RequestBuilder) -> Result<Told, GatewayError> {
        Ok(self.fetch::<wire::Payment>(request).await?.told())
    }

    async fn fetch<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, GatewayError> {
        let request = request.basic_auth(&self.shop_id, Some(self.secret_key.expose_secret()));
        let unknown = |e: reqwest::Error| GatewayError::Unknown(e.without_url().to_string());
        let answer = request.send().await.map_err(unknown)?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(unknown)?;
        match status {
            StatusCode::OK => serde_json::from_slice(&body)
                .map_err(|e| GatewayError::Unknown(format!("not the expected object: {e}"))),
            StatusCode::NOT_FOUND => Err(GatewayError::NotFound),
            s if s == StatusCode::TOO_MANY_REQUESTS || s.is_server_error() => Err(GatewayError::Unknown(s.to_string())),
            s => {
                let why = serde_json::from_slice::<wire::Fault>(&body).map(|f| f.to_string()).unwrap_or_default();
                Err(GatewayError::Refused(format!("{s} {why}")))
            }
        }
    }
}

#[async_trait]
impl PaymentGateway for YooKassa {
    async fn create(&self, charge: &Charge) -> Result<Told, GatewayError> {
        let request = self
            .http
            .post(format!("{}/payments", self.base))
            .header("Idempotence-Key", charge.idempotence_key.to_string())
            .json(&wire::create(charge));
        self.ask(request).await
    }

    async fn get(&self, provider_id: &str) -> Result<Told, GatewayError> {
        // The id may come from a notification, that is, from anybody.
        if provider_id.is_empty() || !provider_id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(GatewayError::NotFound);
        }
        // A question has no effect: better asked again than waited for.
        self.ask(self.http.get(format!("{}/payments/{provider_id}", self.base)).timeout(Duration::from_secs(10))).await
    }
}
