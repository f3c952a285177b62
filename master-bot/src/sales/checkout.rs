//! From a complete order to a page to pay on.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{PgExecutor, PgPool};
use uuid::Uuid;

use super::{
    plans::Plans,
    price::{self, Quote},
    receipt::Receipts,
    signup::{self, Question},
    terms::Terms,
};
use crate::{
    payments::{Charge, GatewayError, PaymentGateway, Receipt, Told},
    registry::{
        ClientId, OrderId,
        orders::{self, Order},
        payments::{self, Payment, PaymentStatus},
    },
};

/// While a buyer may be on the page, the provider is asked so often…
pub(crate) const POLL_SOON: TimeDelta = TimeDelta::seconds(3);
/// …for so long…
pub(crate) const POLL_SOON_FOR: TimeDelta = TimeDelta::minutes(15);
/// …and then so often, until the provider says something final.
pub(crate) const POLL_LATER: TimeDelta = TimeDelta::minutes(1);
/// YooKassa forgets an idempotence key after 24 hours; past this we no longer ask with it.
pub(crate) const KEY_LASTS: TimeDelta = TimeDelta::hours(23);

/// What bills are made out by, as of this program's settings.
#[derive(Clone, Debug)]
pub(crate) struct Billing {
    /// Where the buyer's browser returns to.
    pub(crate) return_url: String,
    /// None: the shop sends no receipts through us.
    pub(crate) receipts: Option<Receipts>,
    pub(crate) terms: Terms,
    pub(crate) plans: Plans,
}

/// An order with the payment that it is to be paid by.
#[derive(Clone, Debug)]
pub(crate) struct Checkout {
    pub(crate) order: Order,
    pub(crate) payment: Payment,
}

/// Why there is no page to pay on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckoutError {
    /// The order lacks something, is over, or belongs to somebody else.
    #[error("the order cannot be paid for now")]
    NotNow,
    /// The summary has something new to say first: terms to accept, another price, a plan to choose.
    #[error("the buyer has not seen what this order is now")]
    LookFirst,
    /// The provider did not answer well; the same tap may be tried again.
    #[error("the provider: {0}")]
    Gateway(#[from] GatewayError),
    #[error("the registry: {0}")]
    Registry(#[from] sqlx::Error),
}

/// What the provider is asked with, besides the sum. Written with the payment's row, so that the first call and every
/// repeated one are the same, whatever the settings are by then.
#[derive(Serialize, Deserialize)]
struct Asked {
    description: String,
    return_url: String,
    receipt: Option<Receipt>,
}

impl Asked {
    fn about(order: &Order, billing: &Billing) -> Self {
        Self {
            // On YooKassa's page, which is Russian.
            description: format!("Slotyard: бот записи, {} дн., заказ №{}", order.days, order.id),
            return_url: billing.return_url.clone(),
            receipt: billing.receipts.map(|receipts| receipts.of(order)),
        }
    }
}

impl Checkout {
    /// Whether there is a page that can be shown.
    pub(crate) fn has_page(&self) -> bool {
        self.payment.status == PaymentStatus::Pending && self.payment.confirmation_url.is_some()
    }
}

/// Notes the intent to pay, or gives the payment that is open. Pressed twice, or by two processes at once, it is one
/// payment: the attempt and its idempotence key are a row before the provider hears of it.
pub(crate) async fn intend(
    pool: &PgPool,
    billing: &Billing,
    client: ClientId,
    order: OrderId,
    now: DateTime<Utc>,
) -> Result<Checkout, CheckoutError> {
    let mut tx = pool.begin().await?;
    let order = match orders::lock(&mut tx, order).await {
        // A number that somebody made up.
        Err(sqlx::Error::RowNotFound) => return Err(CheckoutError::NotNow),
        order => order?,
    };
    // What a sale by hand pays for is not paid for once more.
    let by_hand = order.hand_sale_id.is_some();
    if by_hand || order.client_id != client || !matches!(signup::next(&order), Question::Summary | Question::Payment) {
        return Err(CheckoutError::NotNow);
    }
    if let Some(payment) = payments::open_of(&mut tx, order.id).await? {
        return Ok(Checkout { order, payment });
    }
    let quote = price::refresh(&mut tx, &order, &billing.plans, now).await?;
    if quote != Quote::Holds || !billing.terms.accepted_for(&order) {
        tx.commit().await?;
        return Err(CheckoutError::LookFirst);
    }
    orders::await_payment(&mut tx, order.id, now).await?;
    let asked = serde_json::to_value(Asked::about(&order, billing)).map_err(|e| sqlx::Error::Encode(e.into()))?;
    // Should this process die during the call, `watch` makes the same call again, with the same key.
    let (key, soon) = (Uuid::now_v7(), now + TimeDelta::seconds(45));
    let payment = payments::intend(&mut tx, order.id, key, (order.price_kopecks, &asked), now, soon).await?;
    tx.commit().await?;
    Ok(Checkout { order, payment })
}

/// Has the provider make what was intended, unless it has.
pub(crate) async fn make(
    pool: &PgPool,
    gateway: &dyn PaymentGateway,
    billing: &Billing,
    checkout: Checkout,
    now: DateTime<Utc>,
) -> Result<Checkout, CheckoutError> {
    if checkout.has_page() {
        return Ok(checkout);
    }
    let Checkout { order, payment } = checkout;
    let told = gateway.create(&charge(&order, &payment, billing)).await?;
    created(pool, &payment, &told, now).await?;
    let payment = payments::find(pool, payment.id).await?.unwrap_or(payment);
    Ok(Checkout { order, payment })
}

/// What the provider is asked with; the same for the first and for every repeated call.
pub(crate) fn charge(order: &Order, payment: &Payment, billing: &Billing) -> Charge {
    let written = payment.asked.as_ref().and_then(|asked| Asked::deserialize(asked).ok());
    // Rows from before it was written were asked without a receipt.
    let Asked { description, return_url, receipt } =
        written.unwrap_or_else(|| Asked { receipt: None, ..Asked::about(order, billing) });
    Charge {
        idempotence_key: payment.idempotence_key,
        order: order.id,
        payment: payment.id,
        amount: payment.amount_kopecks,
        description,
        return_url,
        receipt,
    }
}

/// Records that the provider has made the payment.
pub(crate) async fn created(
    db: impl PgExecutor<'_>,
    payment: &Payment,
    told: &Told,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    payments::created(db, payment.id, &told.provider_id, told.confirmation_url.as_deref(), now + POLL_SOON).await
}

/// A page that old may be closed already: YooKassa keeps most of them open for an hour.
pub(crate) fn may_be_closed(payment: &Payment, now: DateTime<Utc>) -> bool {
    now - payment.created_at >= TimeDelta::minutes(50)
}

/// When a payment that is still pending is to be asked about again.
pub(crate) fn next_look(payment: &Payment, now: DateTime<Utc>) -> DateTime<Utc> {
    now + if now - payment.created_at < POLL_SOON_FOR { POLL_SOON } else { POLL_LATER }
}
