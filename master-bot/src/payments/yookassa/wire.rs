//! YooKassa's JSON. Objects are read leniently: documented notifications lack fields that the specification requires.

use std::fmt;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    payments::{Charge, Customer, Receipt, Told, ToldStatus},
    registry::{Kopecks, PaymentId},
};

#[derive(Deserialize)]
struct Amount {
    value: String,
    currency: String,
}

#[derive(Deserialize)]
struct Cancellation {
    reason: String,
}

#[derive(Deserialize)]
struct Confirmation {
    confirmation_url: Option<String>,
}

#[derive(Deserialize, Default)]
struct Metadata {
    payment: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Payment {
    id: String,
    status: String,
    amount: Amount,
    #[serde(default)]
    confirmation: Option<Confirmation>,
    #[serde(default)]
    cancellation_details: Option<Cancellation>,
    #[serde(default)]
    metadata: Option<Metadata>,
}

impl Payment {
    pub(super) fn told(self) -> Told {
        let status = match self.status.as_str() {
            "succeeded" => ToldStatus::Succeeded,
            "canceled" => {
                ToldStatus::Canceled(self.cancellation_details.map_or_else(|| "unknown".into(), |c| c.reason))
            }
            // waiting_for_capture cannot happen to us (capture: true); like any status of the future it is not final.
            _ => ToldStatus::Pending,
        };
        Told {
            provider_id: self.id,
            status,
            amount: (self.amount.currency == "RUB").then(|| Kopecks::from_decimal(&self.amount.value)).flatten(),
            payment: self.metadata.and_then(|m| m.payment?.parse::<i64>().ok()).map(PaymentId),
            confirmation_url: self.confirmation.and_then(|c| c.confirmation_url),
        }
    }
}

/// A shop, as `GET /me` tells it.
#[derive(Debug, Deserialize)]
pub(crate) struct Shop {
    pub(crate) account_id: String,
    /// `enabled`, or `disabled`: it cannot take money (now).
    pub(crate) status: String,
    /// It takes test cards only.
    pub(crate) test: bool,
}

#[derive(Deserialize)]
pub(super) struct Fault {
    code: Option<String>,
    description: Option<String>,
    parameter: Option<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [&self.code, &self.parameter, &self.description].into_iter().flatten() {
            write!(f, "{part} ")?;
        }
        Ok(())
    }
}

/// A notification, as far as it is worth reading: which object somebody says has changed.
#[derive(Debug, Deserialize)]
pub(crate) struct Notification {
    pub(crate) event: String,
    pub(crate) object: NotifiedObject,
}

#[derive(Debug, Deserialize)]
pub(crate) struct NotifiedObject {
    pub(crate) id: String,
}

pub(super) fn create(charge: &Charge) -> Value {
    let amount = json!({ "value": charge.amount.decimal(), "currency": "RUB" });
    let mut body = json!({
        "amount": amount,
        "capture": true,
        "confirmation": { "type": "redirect", "return_url": charge.return_url },
        "description": cut(&charge.description),
        "metadata": { "order": charge.order.to_string(), "payment": charge.payment.to_string() },
    });
    if let Some(receipt) = &charge.receipt {
        body["receipt"] = self::receipt(receipt, &amount);
    }
    body
}

fn receipt(receipt: &Receipt, amount: &Value) -> Value {
    let customer = match &receipt.to {
        Customer::Email(address) => json!({ "email": address }),
        Customer::Phone(digits) => json!({ "phone": digits }),
    };
    let mut told = json!({
        "customer": customer,
        "items": [{
            "description": cut(&receipt.description),
            "quantity": 1,
            "amount": amount,
            "vat_code": receipt.vat_code,
            "measure": "piece",
            "payment_subject": "service",
            "payment_mode": "full_payment",
        }],
    });
    if let Some(code) = receipt.tax_system {
        told["tax_system_code"] = json!(code);
    }
    told
}

/// YooKassa takes at most 128 characters.
fn cut(text: &str) -> String {
    text.chars().take(128).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(json: Value) -> Told {
        serde_json::from_value::<Payment>(json).unwrap().told()
    }

    #[test]
    fn a_paid_payment_is_read() {
        let seen = told(
            json!({ "id": "p1", "status": "succeeded", "paid": true, "amount": { "value": "299.00", "currency": "RUB" },
            "metadata": { "payment": "7" }, "something_new": {} }),
        );
        assert_eq!(seen.status, ToldStatus::Succeeded);
        assert_eq!((seen.amount, seen.payment), (Some(Kopecks(29_900)), Some(PaymentId(7))));
    }

    #[test]
    fn a_reason_nobody_has_heard_of_is_kept_as_it_is() {
        let seen = told(json!({ "id": "p1", "status": "canceled", "amount": { "value": "1.00", "currency": "RUB" },
            "cancellation_details": { "party": "moon", "reason": "eclipse" } }));
        assert_eq!(seen.status, ToldStatus::Canceled("eclipse".into()));
    }

    #[test]
    fn other_money_is_no_roubles() {
        let seen =
            told(json!({ "id": "p1", "status": "succeeded", "amount": { "value": "299.00", "currency": "KZT" } }));
        assert_eq!(seen.amount, None);
    }
}
