//! From a complete order to a page to pay on.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;
use uuid::Uuid;

use super::signup::{self, Question};
use crate::{
    payments::{Charge, GatewayError, PaymentGateway, Told},
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

/// A payment that the buyer can go and pay.
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
    /// The provider did not answer well; the same tap may be tried again.
    #[error("the provider: {0}")]
    Gateway(#[from] GatewayError),
    #[error("the registry: {0}")]
    Registry(#[from] sqlx::Error),
}

/// Opens a payment for the order, or gives the one that is open. Pressed twice, or by two processes at once, it is
/// one payment: the attempt and its idempotence key are a row before the provider hears of it.
pub(crate) async fn open(
    pool: &PgPool,
    gateway: &dyn PaymentGateway,
    client: ClientId,
    order: OrderId,
    return_url: &str,
    now: DateTime<Utc>,
) -> Result<Checkout, CheckoutError> {
    let (order, payment) = intend(pool, client, order, now).await?;
    if payment.status == PaymentStatus::Pending && payment.confirmation_url.is_some() {
        return Ok(Checkout { order, payment });
    }
    let told = gateway.create(&charge(&order, &payment, return_url)).await?;
    created(pool, &payment, &told, now).await?;
    let payment = payments::find(pool, payment.id).await?.unwrap_or(payment);
    Ok(Checkout { order, payment })
}

async fn intend(
    pool: &PgPool,
    client: ClientId,
    order: OrderId,
    now: DateTime<Utc>,
) -> Result<(Order, Payment), CheckoutError> {
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
    orders::accept_terms(&mut tx, order.id, signup::TERMS_VERSION, now).await?;
    let payment = match payments::open_of(&mut tx, order.id).await? {
        Some(open) => open,
        None => {
            let key = Uuid::now_v7();
            // Should this process die during the call, `watch` makes the same call again, with the same key.
            payments::intend(&mut tx, order.id, key, order.price_kopecks, now, now + TimeDelta::seconds(45)).await?
        }
    };
    tx.commit().await?;
    Ok((order, payment))
}

/// What the provider is asked with; the same for the first and for every repeated call.
pub(crate) fn charge(order: &Order, payment: &Payment, return_url: &str) -> Charge {
    Charge {
        idempotence_key: payment.idempotence_key,
        order: order.id,
        payment: payment.id,
        amount: payment.amount_kopecks,
        // On YooKassa's page, which is Russian, and part of what the key stands for: it must never change.
        description: format!("Slotyard: бот записи, {} дн., заказ №{}", order.days, order.id),
        return_url: return_url.to_owned(),
    }
}

/// Records that the provider has made the payment.
pub(crate) async fn created(
    pool: &PgPool,
    payment: &Payment,
    told: &Told,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    payments::created(pool, payment.id, &told.provider_id, told.confirmation_url.as_deref(), now + POLL_SOON).await
}

/// When a payment that is still pending is to be asked about again.
pub(crate) fn next_look(payment: &Payment, now: DateTime<Utc>) -> DateTime<Utc> {
    now + if now - payment.created_at < POLL_SOON_FOR { POLL_SOON } else { POLL_LATER }
}
