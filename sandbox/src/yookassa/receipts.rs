//! Receipts (54-FZ): registered as soon as the money has gone its way. In test mode no tax office hears of them.

use super::{Outcome, Refusal, lists, payments};
use crate::state::State;
use serde_json::{Value, json};

/// Makes the receipt of a payment or a refund, from what the shop told of it.
pub(crate) fn register(state: &mut State, kind: &str, payment: &str, refund: Option<&str>, told: &Value) {
    let (id, now) = (format!("rt-{}", payments::new_id(state)), state.now());
    let mut receipt = json!({
        "id": id, "type": kind, "payment_id": payment, "status": "succeeded", "items": told["items"],
        "internet": told.get("internet").and_then(Value::as_bool).unwrap_or(true),
        "fiscal_document_number": state.random_digits(4), "fiscal_storage_number": "9288000100115785",
        "fiscal_attribute": state.random_digits(10), "fiscal_provider_id": uuid::Uuid::new_v4(),
        "registered_at": payments::time(now),
    });
    if let Some(refund) = refund {
        receipt["refund_id"] = refund.into();
    }
    if let Some(code) = told.get("tax_system_code") {
        receipt["tax_system_code"] = code.clone();
    }
    state.shop.receipts.add(&id, receipt);
}

/// `GET /receipts/{id}`.
pub(crate) fn get(state: &State, id: &str) -> Outcome {
    state.shop.receipts.get(id).cloned().ok_or_else(|| {
        let mut refusal = Refusal::new(404, "not_found", format!("Receipt {id} not found"));
        refusal.parameter = Some("receipt_id".into());
        refusal
    })
}

/// `GET /receipts`.
pub(crate) fn list(state: &State, query: &str) -> Outcome {
    let ask = lists::Ask::read(query)?;
    let text = |receipt: &Value, field: &str| receipt.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let wanted = |receipt: &Value| {
        let fits = |field: &str| ask.is(field, &text(receipt, field));
        let at = text(receipt, "registered_at").parse().unwrap_or_default();
        ask.covers(at) && fits("status") && fits("payment_id") && fits("refund_id")
    };
    ask.page(&state.shop.receipts, wanted, Clone::clone)
}
