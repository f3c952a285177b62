//! Taking money: what any provider must do for us, and YooKassa, which does it.

pub(crate) mod noted;
pub(crate) mod yookassa;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::registry::{Kopecks, OrderId, PaymentId};

/// What a payment is asked with.
#[derive(Clone, Debug)]
pub(crate) struct Charge {
    /// The same key with the same rest gives the same payment (YooKassa: for 24 hours).
    pub(crate) idempotence_key: Uuid,
    pub(crate) order: OrderId,
    pub(crate) payment: PaymentId,
    pub(crate) amount: Kopecks,
    /// What the buyer reads on the provider's page, at most 128 characters.
    pub(crate) description: String,
    /// Where the buyer's browser returns to.
    pub(crate) return_url: String,
    /// Where the shop is set up for fiscal receipts.
    pub(crate) receipt: Option<Receipt>,
}

/// A fiscal receipt (54-FZ) for the sale of one thing; its sum is the payment's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Receipt {
    pub(crate) to: Customer,
    /// 1–128 characters.
    pub(crate) description: String,
    /// 1–12, as YooKassa numbers the rates.
    pub(crate) vat_code: u8,
    /// 1–6; some cash registers know it themselves.
    pub(crate) tax_system: Option<u8>,
}

/// Where a receipt goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Customer {
    Email(String),
    /// Digits only.
    Phone(String),
}

/// A payment as the provider tells it when asked. Only this counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) provider_id: String,
    pub(crate) status: ToldStatus,
    /// None when it is in no roubles, or no sum at all.
    pub(crate) amount: Option<Kopecks>,
    /// Which of our payments it says it is.
    pub(crate) payment: Option<PaymentId>,
    pub(crate) confirmation_url: Option<String>,
}

/// Where the provider says a payment stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ToldStatus {
    /// Nothing final.
    Pending,
    /// Paid.
    Succeeded,
    /// Never to be paid, with the provider's reason.
    Canceled(String),
}

/// Why a provider could not answer.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum GatewayError {
    /// The provider does not know such a payment.
    #[error("there is no such payment")]
    NotFound,
    /// It will not be served, however often it is asked.
    #[error("refused: {0}")]
    Refused(String),
    /// The result is unknown; ask again with the same key.
    #[error("no certain answer: {0}")]
    Unknown(String),
}

/// A provider of payments.
#[async_trait]
pub(crate) trait PaymentGateway: Send + Sync {
    /// Asks for a payment, or for the one that the same key made before.
    async fn create(&self, charge: &Charge) -> Result<Told, GatewayError>;

    /// Asks how a payment stands.
    async fn get(&self, provider_id: &str) -> Result<Told, GatewayError>;
}
