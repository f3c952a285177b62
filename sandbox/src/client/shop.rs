//! Buyers on YooKassa's page, and notifications.

use super::{Result, Sim};
use crate::wire::{NotificationSettings, Pay, Payment};
use serde_json::{Value, json};

impl Sim {
    /// All payments, oldest first.
    ///
    /// # Errors
    /// See [`super::SimError`].
    pub async fn payments(&self) -> Result<Vec<Payment>> {
        self.get("/yookassa/payments").await
    }

    /// One payment.
    ///
    /// # Errors
    /// `not_found` if there is none.
    pub async fn payment(&self, id: &str) -> Result<Payment> {
        self.get(&format!("/yookassa/payments/{id}")).await
    }

    /// The buyer pays on the page; `succeeded`, or `waiting_for_capture` if the shop wanted two stages.
    ///
    /// # Errors
    /// `not_pending` if the payment is final.
    pub async fn pay(&self, id: &str) -> Result<Payment> {
        self.post(&format!("/yookassa/payments/{id}/pay"), &Pay::default()).await
    }

    /// The money does not come, for a reason such as `insufficient_funds`.
    ///
    /// # Errors
    /// `not_pending` if the payment is final.
    pub async fn decline(&self, id: &str, reason: &str) -> Result<Payment> {
        self.post(&format!("/yookassa/payments/{id}/pay"), &Pay { decline: Some(reason.into()) }).await
    }

    /// Lets the object show another amount than was asked for; `None` shows the true one again.
    ///
    /// # Errors
    /// `not_found` if there is no such payment.
    pub async fn show_amount(&self, id: &str, value: Option<&str>, currency: &str) -> Result<Payment> {
        self.post(&format!("/yookassa/payments/{id}/amount"), &json!({"value": value, "currency": currency})).await
    }

    /// Sends a notification of the payment as it is: a duplicate.
    ///
    /// # Errors
    /// `no_url` if there is no address to send to.
    pub async fn resend_notification(&self, id: &str) -> Result<()> {
        self.post::<Value>(&format!("/yookassa/payments/{id}/notify"), &json!({})).await.map(drop)
    }

    /// Sends a notification that need not be true: `change` is laid over the object as it is (or over a made-up one
    /// if there is no such payment).
    ///
    /// # Errors
    /// `no_url` if there is no address to send to.
    pub async fn forge_notification(&self, id: &str, event: &str, change: Value) -> Result<()> {
        let order = json!({"event": event, "change": change});
        self.post::<Value>(&format!("/yookassa/payments/{id}/notify"), &order).await.map(drop)
    }

    /// Changes how notifications go out.
    ///
    /// # Errors
    /// `url` if the address is none.
    pub async fn notifications(&self, settings: &NotificationSettings) -> Result<NotificationSettings> {
        self.post("/yookassa/notifications", settings).await
    }

    /// Sends notifications to this address from now on.
    ///
    /// # Errors
    /// `url` if it is none.
    pub async fn notify_at(&self, url: &str) -> Result<()> {
        self.notifications(&NotificationSettings { url: Some(url.into()), ..Default::default() }).await.map(drop)
    }

    /// Whether a change of a payment sends a notification by itself.
    ///
    /// # Errors
    /// See [`super::SimError`].
    pub async fn notify_by_itself(&self, automatic: bool) -> Result<()> {
        self.notifications(&NotificationSettings { automatic: Some(automatic), ..Default::default() }).await.map(drop)
    }
}
