//! Refunds: all of a payment or a part of it, never more than was paid.

use super::{Outcome, Refusal, check, lists, money, notifications, payments, receipts};
use crate::{
    state::{State, World, payments::RefundRecord},
    wire::{RefundOrder, What},
};
use chrono::TimeDelta;
use serde_json::{Value, json};

/// A payment can be given back for three years.
const POSSIBLE_FOR: TimeDelta = TimeDelta::days(3 * 365);
/// Reasons that YooMoney itself gives; the others come from the network.
const BY_YOOMONEY: [&str; 3] = ["yoo_money_account_closed", "payment_expired", "rejected_by_timeout"];

/// `POST /refunds`.
pub(crate) fn create(world: &World, state: &mut State, key: &str, body: &Value) -> Outcome {
    if let Some((field, what)) = check::refund_faults(body).into_iter().next() {
        return Err(Refusal::invalid(field, format!("Field {field}: {what}")));
    }
    let payment_id = body.get("payment_id").and_then(Value::as_str).unwrap_or_default();
    let asked = &body["amount"];
    let now = state.now();
    let payment = state.shop.get(payment_id).ok_or_else(|| {
        let mut refusal = Refusal::new(404, "not_found", format!("Payment {payment_id} not found"));
        refusal.parameter = Some("payment_id".into());
        refusal
    })?;
    if payment.status() != "succeeded" {
        return Err(Refusal::invalid("payment_id", "Only a succeeded payment can be refunded"));
    }
    if now - payment.created_at > POSSIBLE_FOR {
        return Err(Refusal::invalid("payment_id", "The payment was made more than three years ago"));
    }
    if payment.object["amount"]["currency"] != asked["currency"] {
        return Err(Refusal::invalid("amount.currency", "The currency is not that of the payment"));
    }
    if money::hundredths(asked) > left(state, payment_id) {
        return Err(Refusal::invalid("amount.value", "The refund amount is greater than what is left of the payment"));
    }
    if state.shop.settings.receipts == Some(true) && body.get("receipt").is_none() {
        return Err(Refusal::invalid("receipt", "Receipt is missing or illegal"));
    }
    let id = payments::new_id(state);
    let mut object = json!({
        "id": id, "payment_id": payment_id, "status": "pending", "created_at": payments::time(now), "amount": asked,
    });
    for field in ["description", "metadata"] {
        if let Some(value) = body.get(field) {
            object[field] = value.clone();
        }
    }
    let receipt = body.get("receipt").cloned();
    if receipt.is_some() {
        object["receipt_registration"] = "pending".into();
    }
    let record =
        RefundRecord { object, receipt, created_at: now, idempotence_key: key.to_owned(), notifications: Vec::new() };
    state.shop.refunds.add(&id, record);
    match state.shop.next_refunds.pop_front() {
        Some(RefundOrder { pending: true, .. }) => told(state, &id),
        order => settle(world, state, &id, order.and_then(|order| order.cancel).as_deref()),
    }
}

/// What of a payment has not been given back, in hundredths; what is on its way counts as given.
fn left(state: &State, payment: &str) -> i64 {
    let paid = state.shop.get(payment).map_or(0, |payment| money::hundredths(&payment.object["amount"]));
    paid - refunded(state, payment, &["succeeded", "pending"])
}

fn refunded(state: &State, payment: &str, statuses: &[&str]) -> i64 {
    let counts = |refund: &&RefundRecord| refund.payment() == payment && statuses.contains(&refund.status());
    state.shop.refunds.all.values().filter(counts).map(|refund| money::hundredths(&refund.object["amount"])).sum()
}

/// A pending refund comes to its end.
pub(crate) fn settle(world: &World, state: &mut State, id: &str, cancel: Option<&str>) -> Outcome {
    let refund = state.shop.refunds.get_mut(id).ok_or_else(|| not_found(id))?;
    if refund.status() != "pending" {
        return Err(Refusal::new(400, "invalid_request", format!("Refund is already {}", refund.status())));
    }
    let payment = refund.payment().to_owned();
    if let Some(reason) = cancel {
        let party = if BY_YOOMONEY.contains(&reason) { "yoo_money" } else { "refund_network" };
        refund.object["status"] = "canceled".into();
        refund.object["cancellation_details"] = json!({"party": party, "reason": reason});
        if refund.receipt.is_some() {
            refund.object["receipt_registration"] = "canceled".into();
        }
        // Of a refund that was cancelled nobody is notified.
        return told(state, id);
    }
    refund.object["status"] = "succeeded".into();
    let receipt = refund.receipt.clone();
    if let Some(receipt) = receipt {
        refund.object["receipt_registration"] = "succeeded".into();
        receipts::register(state, "refund", &payment, Some(id), &receipt);
    }
    let back = refunded(state, &payment, &["succeeded"]);
    if let Some(record) = state.shop.get_mut(&payment) {
        let paid = record.object["amount"].clone();
        record.object["refunded_amount"] = money::sum(back, &paid);
        record.object["refundable"] = (back < money::hundredths(&paid)).into();
    }
    let object = told(state, id)?;
    if state.shop.notify.automatic {
        notifications::send(world, state, id, "refund.succeeded", object.clone());
    }
    Ok(object)
}

fn told(state: &mut State, id: &str) -> Outcome {
    let object = get(state, id)?;
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    state.happened(What::RefundChanged {
        refund_id: id.to_owned(),
        payment_id: text("/payment_id"),
        status: text("/status"),
        value: text("/amount/value"),
        currency: text("/amount/currency"),
    });
    Ok(object)
}

/// `GET /refunds/{id}`.
pub(crate) fn get(state: &State, id: &str) -> Outcome {
    Ok(state.shop.refunds.get(id).ok_or_else(|| not_found(id))?.object.clone())
}

/// `GET /refunds`, newest first.
pub(crate) fn list(state: &State, query: &str) -> Outcome {
    let ask = lists::Ask::read(query)?;
    let wanted = |refund: &RefundRecord| {
        ask.covers(refund.created_at) && ask.is("status", refund.status()) && ask.is("payment_id", refund.payment())
    };
    ask.page(&state.shop.refunds, wanted, |refund| refund.object.clone())
}

fn not_found(id: &str) -> Refusal {
    let mut refusal = Refusal::new(404, "not_found", format!("Refund {id} not found"));
    refusal.parameter = Some("refund_id".into());
    refusal
}
