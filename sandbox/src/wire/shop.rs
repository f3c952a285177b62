//! The shop at YooKassa: what buyers do there, and what the sandbox shows of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How notifications go out. What is absent stays as it was.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct NotificationSettings {
    /// Where to; an empty text switches them off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Whether a change of a payment sends one by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automatic: Option<bool>,
    /// Milliseconds before the second attempt; doubles with each further one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_retry_ms: Option<u64>,
    /// Milliseconds that it never goes beyond.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_retry_ms: Option<u64>,
    /// How often each is delivered; 2 sends every one once more after it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copies: Option<u32>,
    /// Whether they are kept back until they are let go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<bool>,
}

/// In what order notifications that were kept back are let go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// The newest first; each waits until the one before it was taken.
    #[serde(default)]
    pub reversed: bool,
}

/// What the shop can do. What is absent stays as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopSettings {
    /// Ways to pay on its page, such as `bank_card`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub methods: Option<Vec<String>>,
    /// Whether methods may be saved and charged without the buyer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autopayments: Option<bool>,
    /// Whether payments and refunds must have a receipt (54-FZ).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipts: Option<bool>,
}

/// What a buyer does on the payment page.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Pay {
    /// Why the money does not come, such as `insufficient_funds`; paid when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decline: Option<String>,
    /// The number of a test card, which says by itself whether it pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
    /// Another way to pay, such as `sbp`; a card when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The buyer lets the shop keep the method, where the shop has left it to them.
    #[serde(default)]
    pub save: bool,
}

/// A payment, and what the sandbox knows besides.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Payment {
    /// Its id.
    pub id: String,
    /// pending, `waiting_for_capture`, succeeded, canceled.
    pub status: String,
    /// The object as the shop gets it.
    pub object: Value,
    /// The key it was made with.
    pub idempotence_key: String,
    /// The notifications sent about it.
    pub notifications: Vec<Notification>,
}

/// A refund, and what the sandbox knows besides.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refund {
    /// Its id.
    pub id: String,
    /// The payment that it gives back.
    pub payment_id: String,
    /// pending, succeeded, canceled.
    pub status: String,
    /// The object as the shop gets it.
    pub object: Value,
    /// The key it was made with.
    pub idempotence_key: String,
    /// The notifications sent about it.
    pub notifications: Vec<Notification>,
}

/// How a refund is to end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundOrder {
    /// It stays pending until it is decided by hand.
    #[serde(default)]
    pub pending: bool,
    /// It is cancelled for this reason, such as `rejected_by_payee`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel: Option<String>,
}

/// A way to pay that a shop may charge without the buyer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedMethod {
    /// Its id: that of the payment it was saved with.
    pub id: String,
    /// Such as `bank_card`.
    #[serde(rename = "type")]
    pub kind: String,
    /// pending, active, inactive.
    pub status: String,
    /// What the buyer knows it by.
    pub title: String,
    /// The buyer has taken it back: charges end as `permission_revoked`.
    pub revoked: bool,
    /// Why charges are declined, if they are.
    pub decline: Option<String>,
}

/// What becomes of a saved method.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MethodOrder {
    /// The buyer takes it back, or gives it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<bool>,
    /// Charges are declined for this reason; an empty text ends that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decline: Option<String>,
    /// The buyer confirms a method that is saved without a payment.
    #[serde(default)]
    pub confirm: bool,
}

/// One attempt to notify the shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// The event, such as `payment.succeeded`.
    pub event: String,
    /// 1 for the first.
    pub attempt: u32,
    /// When.
    pub at: DateTime<Utc>,
    /// The receiver's answer.
    pub status: Option<u16>,
    /// Why there was no answer.
    pub error: Option<String>,
}
