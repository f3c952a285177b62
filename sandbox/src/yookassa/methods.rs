//! Ways to pay: what they look like in a payment, and those that a buyer lets the shop keep.

use super::{Outcome, Refusal, cards::Card, check, payments};
use crate::state::{State, World, payments::Method};
use serde_json::{Value, json};

/// What a buyer has paid with, or has tried to.
pub(crate) fn used(kind: &str, card: Card, id: &str) -> Value {
    let mut method = json!({"type": kind, "id": id, "saved": false, "status": "inactive"});
    let details = json!({
        "first6": card.first6(), "last4": card.last4(), "expiry_month": "07", "expiry_year": "2031",
        "card_type": card.system(), "issuer_country": "RU", "issuer_name": "Sberbank",
    });
    match kind {
        "bank_card" => {
            method["title"] = format!("Bank card *{}", card.last4()).into();
            method["card"] = details;
        }
        "yoo_money" => {
            method["title"] = "YooMoney wallet 41001184120504".into();
            method["account_number"] = "41001184120504".into();
        }
        "sbp" => {
            method["title"] = "Faster payments system".into();
            method["sbp_operation_id"] = "1027088AE4CB48CB81287833347A8777".into();
            method["payer_bank_details"] = json!({"bank_id": "100000000111", "bic": "044525225"});
        }
        "sberbank" | "tinkoff_bank" => {
            method["title"] = if kind == "sberbank" { "SberPay" } else { "T-Pay" }.into();
            method["card"] = json!({"first6": card.first6(), "last4": card.last4(), "expiry_month": "07",
                "expiry_year": "2031", "card_type": card.system()});
        }
        other => method["title"] = other.into(),
    }
    method
}

/// The methods that a shop may keep.
pub(crate) fn can_be_saved(kind: &str) -> bool {
    matches!(kind, "bank_card" | "yoo_money" | "sberbank" | "tinkoff_bank" | "sbp")
}

/// The buyer lets the shop keep what the payment was made with.
pub(crate) fn keep(state: &mut State, method: &Value) {
    let id = method.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let kept = Method { object: method.clone(), return_url: None, revoked: false, decline: None };
    state.shop.methods.insert(id, kept);
}

/// `POST /payment_methods`: a method is kept without a payment, once the buyer has confirmed it.
pub(crate) fn create(_: &World, state: &mut State, _: &str, body: &Value) -> Outcome {
    let kind = body.get("type").and_then(Value::as_str).unwrap_or_default();
    if !matches!(kind, "bank_card" | "sbp") {
        return Err(Refusal::invalid("type", "type must be bank_card or sbp"));
    }
    let wrong = check::method(body);
    if let Some((field, what)) = wrong.into_iter().next() {
        return Err(Refusal::invalid(field, format!("Field {field}: {what}")));
    }
    if state.shop.settings.autopayments == Some(false) {
        return Err(no_autopayments());
    }
    let id = payments::new_id(state);
    let holder = json!({"account_id": state.shop.id, "gateway_id": "100700"});
    let mut object = json!({"type": kind, "id": id, "saved": false, "status": "pending", "holder": holder});
    if let Some(metadata) = body.get("metadata") {
        object["metadata"] = metadata.clone();
    }
    let page = format!("{}/yookassa/pay/{id}", state.shop.page);
    object["confirmation"] = match body.pointer("/confirmation/type").and_then(Value::as_str) {
        Some("qr") => json!({"type": "qr", "confirmation_data": page}),
        _ => json!({"type": "redirect", "confirmation_url": page}),
    };
    let return_url = body.pointer("/confirmation/return_url").and_then(Value::as_str).map(str::to_owned);
    let kept = Method { object: object.clone(), return_url, revoked: false, decline: None };
    state.shop.methods.insert(id, kept);
    Ok(object)
}

/// The buyer confirms a method that is kept without a payment.
pub(crate) fn confirm(world: &World, state: &mut State, id: &str) -> Outcome {
    let method = state.shop.methods.get_mut(id).ok_or_else(|| not_found(id))?;
    if method.object.get("status").and_then(Value::as_str) != Some("pending") {
        return Err(Refusal::new(400, "invalid_request", "The payment method does not wait to be confirmed"));
    }
    let kind = method.object.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut object = used(&kind, super::cards::USUAL, id);
    for field in ["holder", "metadata"] {
        if let Some(value) = method.object.get(field) {
            object[field] = value.clone();
        }
    }
    object["saved"] = true.into();
    object["status"] = "active".into();
    method.object = object.clone();
    if state.shop.notify.automatic {
        super::notifications::send(world, state, id, "payment_method.active", object.clone());
    }
    Ok(object)
}

/// `GET /payment_methods/{id}`.
pub(crate) fn get(state: &State, id: &str) -> Outcome {
    let method = state.shop.methods.get(id).ok_or_else(|| not_found(id))?;
    let mut object = method.object.clone();
    if object.get("holder").is_none() {
        object["holder"] = json!({"account_id": state.shop.id, "gateway_id": "100700"});
    }
    Ok(object)
}

/// The method that a charge without the buyer names.
pub(crate) fn to_charge<'a>(state: &'a State, id: &str) -> Result<&'a Method, Refusal> {
    let unknown = || Refusal::invalid("payment_method_id", "Payment method is not found or is not saved");
    let method = state.shop.methods.get(id).ok_or_else(unknown)?;
    if method.object.get("saved").and_then(Value::as_bool) == Some(true) { Ok(method) } else { Err(unknown()) }
}

/// The shop's contract does not have them.
pub(crate) fn no_autopayments() -> Refusal {
    Refusal::new(
        403,
        "forbidden",
        "This store can't make recurring payments. Contact the YooMoney manager to learn more",
    )
}

fn not_found(id: &str) -> Refusal {
    let mut refusal = Refusal::new(404, "not_found", format!("Payment method {id} not found"));
    refusal.parameter = Some("payment_method_id".into());
    refusal
}
