//! Payments: made, looked at, paid, declined, captured, cancelled.

use super::{Outcome, Refusal, check, notifications};
use crate::{
    state::{State, World, payments::Record},
    wire::What,
};
use rand::RngExt;
use serde_json::{Value, json};

/// Reasons of a decline that the payment network gives; the others come from YooMoney itself.
const BY_YOOMONEY: [&str; 6] = [
    "country_forbidden",
    "expired_on_confirmation",
    "internal_timeout",
    "permission_revoked",
    "deal_expired",
    "identification_required",
];

fn time(at: chrono::DateTime<chrono::Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

pub(crate) fn create(_: &World, state: &mut State, key: &str, body: &Value) -> Outcome {
    if let Some((field, what)) = check::faults(body).into_iter().next() {
        return Err(Refusal::invalid(field, format!("Field {field}: {what}")));
    }
    if body.get("payment_method_id").is_some() || body.get("payment_token").is_some() {
        state.not_modelled("yookassa payment_method_id");
        return Err(Refusal::new(400, "invalid_request", "sandbox: saved methods and tokens are not modelled"));
    }
    let id = new_id(state);
    let mut object = json!({
        "id": id, "status": "pending", "paid": false, "amount": body["amount"], "created_at": time(state.now()),
        "metadata": body.get("metadata").cloned().unwrap_or_else(|| json!({})),
        "recipient": {"account_id": state.shop.id, "gateway_id": "100700"}, "refundable": false, "test": true,
    });
    for field in ["description", "merchant_customer_id"] {
        if let Some(value) = body.get(field) {
            object[field] = value.clone();
        }
    }
    let return_url = body.pointer("/confirmation/return_url").and_then(Value::as_str).map(str::to_owned);
    let page = format!("{}/yookassa/pay/{id}", state.shop.page);
    match body.pointer("/confirmation/type").and_then(Value::as_str) {
        Some("redirect") => {
            object["confirmation"] = json!({"type": "redirect", "confirmation_url": page});
            if let Some(address) = &return_url {
                object["confirmation"]["return_url"] = address.as_str().into();
            }
        }
        Some("embedded") => {
            object["confirmation"] = json!({"type": "embedded", "confirmation_token": format!("ct-{id}")});
        }
        Some("qr") => object["confirmation"] = json!({"type": "qr", "confirmation_data": page}),
        Some(kind) => object["confirmation"] = json!({"type": kind}),
        None => {}
    }
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let happened = What::PaymentCreated {
        payment_id: id.clone(),
        value: text("/amount/value").unwrap_or_default(),
        currency: text("/amount/currency").unwrap_or_default(),
        description: text("/description"),
        confirmation_url: text("/confirmation/confirmation_url"),
    };
    let number = state.shop.next;
    state.shop.next += 1;
    state.shop.by_id.insert(id, number);
    let capture = body.get("capture").and_then(Value::as_bool).unwrap_or(false);
    let record = Record {
        object: object.clone(),
        idempotence_key: key.to_owned(),
        shown_amount: None,
        capture,
        return_url,
        notifications: Vec::new(),
    };
    state.shop.payments.insert(number, record);
    state.happened(happened);
    Ok(object)
}

/// 36 characters, in the form of real ones: `2419a771-000f-5000-9000-1edaf29243f2`.
fn new_id(state: &mut State) -> String {
    let head: u32 = state.random.random_range(0x2000_0000..0x7fff_ffff);
    let tail: u64 = state.random.random_range(0x1000_0000_0000..0xffff_ffff_ffff);
    let id = format!("{head:08x}-000f-5000-9000-{tail:012x}");
    if state.shop.by_id.contains_key(&id) { new_id(state) } else { id }
}

pub(crate) fn get(state: &State, id: &str) -> Outcome {
    let record = state.shop.get(id).ok_or_else(|| not_found(id))?;
    Ok(record.shown())
}

fn not_found(id: &str) -> Refusal {
    let mut refusal = Refusal::new(404, "not_found", format!("Payment {id} not found"));
    refusal.parameter = Some("payment_id".into());
    refusal
}

/// Newest first; `cursor` is the number to go on below.
pub(crate) fn list(state: &State, query: &str) -> Outcome {
    let ask = |name: &str| url::form_urlencoded::parse(query.as_bytes()).find(|(n, _)| n == name).map(|(_, v)| v);
    let limit = match ask("limit") {
        None => 10,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=100).contains(limit))
            .ok_or_else(|| Refusal::invalid("limit", "limit must be 1 to 100"))?,
    };
    let below = match ask("cursor") {
        None => u64::MAX,
        Some(text) => text.parse().map_err(|_| Refusal::invalid("cursor", "Unknown cursor"))?,
    };
    let status = ask("status");
    let wanted = |record: &Record| status.as_ref().is_none_or(|status| record.status() == status.as_ref());
    let mut found: Vec<_> =
        state.shop.payments.range(..below).rev().filter(|(_, record)| wanted(record)).take(limit + 1).collect();
    let more = found.len() > limit;
    found.truncate(limit);
    let items: Vec<Value> = found.iter().map(|(_, record)| record.shown()).collect();
    let mut list = json!({"type": "list", "items": items});
    if let Some((number, _)) = found.last().filter(|_| more) {
        list["next_cursor"] = number.to_string().into();
    }
    Ok(list)
}

/// What the buyer does on the page: pays, or is declined. A payment that is final stays as it is.
pub(crate) fn decide(world: &World, state: &mut State, id: &str, decline: Option<&str>) -> Outcome {
    let now = state.now();
    let record = state.shop.get_mut(id).ok_or_else(|| not_found(id))?;
    if record.status() != "pending" {
        let words = format!("Payment is already {}", record.status());
        return Err(Refusal::new(400, "invalid_request", words));
    }
    let capture = record.capture;
    let object = &mut record.object;
    if let Some(fields) = object.as_object_mut() {
        fields.remove("confirmation");
    }
    object["payment_method"] = json!({
        "type": "bank_card", "id": id, "saved": false, "title": "Bank card *4444",
        "card": {"first6": "555555", "last4": "4444", "expiry_month": "07", "expiry_year": "2031",
            "card_type": "MasterCard", "issuer_country": "RU", "issuer_name": "Sberbank"},
        "status": "inactive",
    });
    if let Some(reason) = decline {
        let party = if BY_YOOMONEY.contains(&reason) { "yoo_money" } else { "payment_network" };
        return cancelled(world, state, id, party, reason);
    }
    object["authorization_details"] =
        json!({"rrn": "603668680243", "auth_code": "000000", "three_d_secure": {"applied": true}});
    object["paid"] = true.into();
    if !capture {
        object["status"] = "waiting_for_capture".into();
        object["expires_at"] = time(now + chrono::TimeDelta::days(7)).into();
        return changed(world, state, id);
    }
    succeed(object, now);
    changed(world, state, id)
}

fn succeed(object: &mut Value, now: chrono::DateTime<chrono::Utc>) {
    object["status"] = "succeeded".into();
    object["paid"] = true.into();
    object["refundable"] = true.into();
    object["captured_at"] = time(now).into();
    object["refunded_amount"] = json!({"value": "0.00", "currency": object["amount"]["currency"]});
    if let Some(fields) = object.as_object_mut() {
        fields.remove("expires_at");
    }
}

fn cancelled(world: &World, state: &mut State, id: &str, party: &str, reason: &str) -> Outcome {
    let record = state.shop.get_mut(id).ok_or_else(|| not_found(id))?;
    let object = &mut record.object;
    object["status"] = "canceled".into();
    object["paid"] = false.into();
    object["cancellation_details"] = json!({"party": party, "reason": reason});
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
    let now = state.now();
    let record = state.shop.get_mut(id).ok_or_else(|| not_found(id))?;
    if let Some(amount) = body.get("amount") {
        record.object["amount"] = amount.clone();
    }
    succeed(&mut record.object, now);
    changed(world, state, id)
}

/// A notification by hand, true or not: `change` is laid over the object as it is.
pub(crate) fn forge(world: &World, state: &mut State, id: &str, event: &str, change: &Value) {
    let known = state.shop.get(id).map(Record::shown);
    let mut object = known.unwrap_or_else(|| {
        json!({"id": id, "status": "succeeded", "paid": true, "amount": {"value": "1.00", "currency": "RUB"},
            "created_at": time(state.now()), "metadata": {}, "refundable": true, "test": true})
    });
    for (field, value) in change.as_object().into_iter().flatten() {
        object[field] = value.clone();
    }
    notifications::send(world, state, id, event, object);
}
