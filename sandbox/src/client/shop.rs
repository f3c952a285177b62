//! Buyers on YooKassa's page, and notifications.

use super::{Result, Sim};
use crate::wire::{
    MethodOrder, NotificationSettings, Pay, Payment, Refund, RefundOrder, Release, SavedMethod, ShopSettings,
};
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
        self.post(&format!("/yookassa/payments/{id}/pay"), &Pay { decline: Some(reason.into()), ..Pay::default() })
            .await
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

    /// The buyer pays with a test card; whether it pays its number says.
    ///
    /// # Errors
    /// `cannot_pay` if it is no test card, `not_pending` if the payment is final.
    pub async fn pay_by_card(&self, id: &str, card: &str) -> Result<Payment> {
        self.pay_as(id, &Pay { card: Some(card.into()), ..Pay::default() }).await
    }

    /// What the buyer does on the page, in every detail.
    ///
    /// # Errors
    /// As [`Sim::pay_by_card`].
    pub async fn pay_as(&self, id: &str, pay: &Pay) -> Result<Payment> {
        self.post(&format!("/yookassa/payments/{id}/pay"), pay).await
    }

    /// All refunds, oldest first.
    ///
    /// # Errors
    /// See [`super::SimError`].
    pub async fn refunds(&self) -> Result<Vec<Refund>> {
        self.get("/yookassa/refunds").await
    }

    /// How the next refund is to end: stay pending, or be cancelled for a reason.
    ///
    /// # Errors
    /// See [`super::SimError`].
    pub async fn next_refund(&self, order: &RefundOrder) -> Result<()> {
        self.post::<Value>("/yookassa/refunds/next", order).await.map(drop)
    }

    /// A pending refund comes to its end: the money is there, or is not for this reason.
    ///
    /// # Errors
    /// `not_pending` if it is final.
    pub async fn settle_refund(&self, id: &str, cancel: Option<&str>) -> Result<Refund> {
        let order = RefundOrder { pending: false, cancel: cancel.map(str::to_owned) };
        self.post(&format!("/yookassa/refunds/{id}"), &order).await
    }

    /// The methods that the shop keeps.
    ///
    /// # Errors
    /// See [`super::SimError`].
    pub async fn methods(&self) -> Result<Vec<SavedMethod>> {
        self.get("/yookassa/methods").await
    }

    /// What becomes of a method that the shop keeps.
    ///
    /// # Errors
    /// `not_found` if it keeps none by this id.
    pub async fn method(&self, id: &str, order: &MethodOrder) -> Result<SavedMethod> {
        self.post(&format!("/yookassa/methods/{id}"), order).await
    }

    /// What the shop can do.
    ///
    /// # Errors
    /// See [`super::SimError`].
    pub async fn shop(&self, settings: &ShopSettings) -> Result<ShopSettings> {
        self.post("/yookassa/shop", settings).await
    }

    /// Keeps notifications back from now on.
    ///
    /// # Errors
    /// See [`super::SimError`].
    pub async fn hold_notifications(&self) -> Result<()> {
        self.notifications(&NotificationSettings { hold: Some(true), ..Default::default() }).await.map(drop)
    }

    /// Lets go what was kept back, the newest first if so wished; nothing is kept back after that.
    ///
    /// # Errors
    /// See [`super::SimError`].
    pub async fn release_notifications(&self, reversed: bool) -> Result<()> {
        self.notifications(&NotificationSettings { hold: Some(false), ..Default::default() }).await?;
        self.post::<Value>("/yookassa/notifications/release", &Release { reversed }).await.map(drop)
    }
}
