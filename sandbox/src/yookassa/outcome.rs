//! What becomes of a payment: paid, declined, captured, cancelled, over.

use super::{
    Outcome, Refusal, cards, check, ends, methods, money, notifications,
    payments::{get, not_found, text, time},
    receipts,
};
use crate::{
    state::{State, World},
    wire::{Pay, What},
};
use serde_json::{Value, json};

/// Reasons of a decline that come from YooMoney itself; the others the payment network gives.
const BY_YOOMONEY: [&str; 7] = [
    "country_forbidden",
    "expired_on_confirmation",
    "expired_on_capture",
    "internal_timeout",
    "permission_revoked",
    "deal_expired",
    "identification_required",
];

/// What the buyer does on the page: pays, or is declined. A payment that is final stays as it is.
pub(crate) fn decide(world: &World, state: &mut State, id: &str, pay: &Pay) -> Outcome {
    let record = state.shop.get(id).ok_or_else(|| not_found(id))?;
    if record.status() != "pending" {
        let words = format!("Payment is already {}", record.status());
        return Err(Refusal::new(400, "invalid_request", words));
    }
    let kind = record.method.clone().or_else(|| pay.method.clone()).unwrap_or_else(|| "bank_card".into());
    if !state.shop.offers(&kind) {
        return Err(Refusal::invalid("method", format!("the shop does not offer {kind}")));
    }
    let card = match &pay.card {
        None => cards::USUAL,
        Some(number) => cards::Card::numbered(number)
            .ok_or_else(|| Refusal::invalid("card", "this is none of the cards of test mode"))?,
    };
    let save = record.save.unwrap_or(pay.save && matches!(kind.as_str(), "bank_card" | "yoo_money"));
    let declined = match (&pay.decline, card.decline) {
        (Some(reason), _) => Some((party(reason), reason.clone())),
        (None, Some((party, reason))) if kind == "bank_card" => Some((party, reason.to_owned())),
        _ => None,
    };
    let mut method = methods::used(&kind, card, id);
    if declined.is_none() && save {
        method["saved"] = true.into();
        method["status"] = "active".into();
        methods::keep(state, &method);
    }
    let secured = json!({"applied": kind == "bank_card" && card.three_d_secure});
    finish(world, state, id, method, declined, &secured)
}

fn party(reason: &str) -> &'static str {
    if BY_YOOMONEY.contains(&reason) { "yoo_money" } else { "payment_network" }
}

/// A charge of a saved method: final at once, and nobody is asked.
pub(crate) fn charge(world: &World, state: &mut State, id: &str, method: &str) -> Outcome {
    let saved = methods::to_charge(state, method)?;
    let declined = match (saved.revoked, &saved.decline) {
        (true, _) => Some(("yoo_money", "permission_revoked".to_owned())),
        (false, Some(reason)) => Some((party(reason), reason.clone())),
        (false, None) => None,
    };
    let mut used = saved.object.clone();
    for field in ["holder", "metadata"] {
        used.as_object_mut().map(|fields| fields.remove(field));
    }
    finish(world, state, id, used, declined, &json!({"applied": false}))
}

/// The money comes, or does not.
fn finish(
    world: &World,
    state: &mut State,
    id: &str,
    method: Value,
    declined: Option<(&str, String)>,
    secured: &Value,
) -> Outcome {
    let now = state.now();
    let kind = text(&method, "/type").unwrap_or_default().to_owned();
    let record = state.shop.get_mut(id).ok_or_else(|| not_found(id))?;
    record.object["payment_method"] = method;
    if let Some((party, reason)) = declined {
        return cancelled(world, state, id, party, &reason);
    }
    if let Some(fields) = record.object.as_object_mut() {
        fields.remove("confirmation");
    }
    if kind == "bank_card" {
        record.object["authorization_details"] =
            json!({"rrn": "603668680243", "auth_code": "000000", "three_d_secure": secured});
    }
    record.object["paid"] = true.into();
    // What cannot be held is taken at once.
    if let Some(pause) = ends::held_for(&kind).filter(|_| !record.capture) {
        record.ends_at = Some(now + pause);
        record.object["status"] = "waiting_for_capture".into();
        record.object["expires_at"] = time(now + pause).into();
        return changed(world, state, id);
    }
    succeed(state, id);
    changed(world, state, id)
}

fn succeed(state: &mut State, id: &str) {
    let now = state.now();
    let Some(record) = state.shop.get_mut(id) else { return };
    record.ends_at = None;
    let object = &mut record.object;
    object["status"] = "succeeded".into();
    object["paid"] = true.into();
    object["refundable"] = true.into();
    object["captured_at"] = time(now).into();
    object["refunded_amount"] = json!({"value": "0.00", "currency": object["amount"]["currency"]});
    if let Some(fields) = object.as_object_mut() {
        fields.remove("expires_at");
    }
    if let Some(receipt) = record.receipt.clone() {
        record.object["receipt_registration"] = "succeeded".into();
        receipts::register(state, "payment", id, None, &receipt);
    }
}

pub(crate) fn cancelled(world: &World, state: &mut State, id: &str, party: &str, reason: &str) -> Outcome {
    let record = state.shop.get_mut(id).ok_or_else(|| not_found(id))?;
    record.ends_at = None;
    let object = &mut record.object;
    object["status"] = "canceled".into();
    object["paid"] = false.into();
    object["cancellation_details"] = json!({"party": party, "reason": reason});
    if record.receipt.is_some() {
        object["receipt_registration"] = "canceled".into();
    }
    if let Some(fields) = object.as_object_mut() {
        fields.remove("confirmation");
        fields.remove("expires_at");
    }
    changed(world, state, id)
}

/// Tells of a change: in the transcript, and to the shop if it wants to be told.
fn changed(world: &World, state: &mut State, id: &str) -> Outcome {
    let object = get(state, id)?;
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let status = text("/status");
    state.happened(What::PaymentChanged {
        payment_id: id.to_owned(),
        status: status.clone(),
        value: text("/amount/value"),
        currency: text("/amount/currency"),
    });
    if state.shop.notify.automatic {
        notifications::send(world, state, id, &format!("payment.{status}"), object.clone());
    }
    Ok(object)
}

fn must_wait_for_capture(state: &State, id: &str) -> Result<(), Refusal> {
    let status = state.shop.get(id).ok_or_else(|| not_found(id))?.status();
    if status == "waiting_for_capture" {
        return Ok(());
    }
    Err(Refusal::new(400, "invalid_request", format!("Payment is not waiting for capture, it is {status}")))
}

pub(crate) fn cancel(world: &World, state: &mut State, id: &str) -> Outcome {
    must_wait_for_capture(state, id)?;
    cancelled(world, state, id, "merchant", "canceled_by_merchant")
}

pub(crate) fn capture(world: &World, state: &mut State, id: &str, body: &Value) -> Outcome {
    must_wait_for_capture(state, id)?;
    let mut wrong = Vec::new();
    if let Some(amount) = body.get("amount") {
        check::amount(Some(amount), "amount", &mut wrong);
    }
    if let Some((field, what)) = wrong.pop() {
        return Err(Refusal::invalid(field, what));
    }
    let record = state.shop.get_mut(id).ok_or_else(|| not_found(id))?;
    if let Some(amount) = body.get("amount") {
        let held = &record.object["amount"];
        if money::hundredths(amount) > money::hundredths(held) || amount["currency"] != held["currency"] {
            return Err(Refusal::invalid("amount.value", "The amount is greater than what is held"));
        }
        record.object["amount"] = amount.clone();
    }
    if let Some(receipt) = body.get("receipt") {
        record.receipt = Some(receipt.clone());
    }
    succeed(state, id);
    changed(world, state, id)
}
