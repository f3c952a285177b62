//! Payments: made, looked at, paid, declined, captured, cancelled.

use super::{Outcome, Refusal, cards, check, ends, lists, methods, money, notifications, receipts};
pub(crate) use crate::state::payments::Record;
use crate::{
    state::{State, World},
    wire::{Pay, What},
};
use rand::RngExt;
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

pub(crate) fn time(at: chrono::DateTime<chrono::Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

fn text<'a>(body: &'a Value, pointer: &str) -> Option<&'a str> {
    body.pointer(pointer).and_then(Value::as_str)
}

/// `POST /payments`.
pub(crate) fn create(world: &World, state: &mut State, key: &str, body: &Value) -> Outcome {
    if let Some((field, what)) = check::faults(body).into_iter().next() {
        return Err(Refusal::invalid(field, format!("Field {field}: {what}")));
    }
    can_be_made(state, body)?;
    let (id, now) = (new_id(state), state.now());
    let mut object = json!({
        "id": id, "status": "pending", "paid": false, "amount": body["amount"], "created_at": time(now),
        "metadata": body.get("metadata").cloned().unwrap_or_else(|| json!({})),
        "recipient": {"account_id": state.shop.id, "gateway_id": "100700"}, "refundable": false, "test": true,
    });
    for field in ["description", "merchant_customer_id"] {
        if let Some(value) = body.get(field) {
            object[field] = value.clone();
        }
    }
    let receipt = body.get("receipt").cloned();
    if receipt.is_some() {
        object["receipt_registration"] = "pending".into();
    }
    let charged = text(body, "/payment_method_id").map(str::to_owned);
    let return_url = text(body, "/confirmation/return_url").map(str::to_owned);
    if charged.is_none() {
        confirmation(&mut object, body, &format!("{}/yookassa/pay/{id}", state.shop.page), return_url.as_deref());
    }
    let own = |pointer: &str| text(&object, pointer).map(str::to_owned);
    let happened = What::PaymentCreated {
        payment_id: id.clone(),
        value: own("/amount/value").unwrap_or_default(),
        currency: own("/amount/currency").unwrap_or_default(),
        description: own("/description"),
        confirmation_url: own("/confirmation/confirmation_url"),
    };
    let method = text(body, "/payment_method_data/type").map(str::to_owned);
    let record = Record {
        object,
        idempotence_key: key.to_owned(),
        shown_amount: None,
        capture: body.get("capture").and_then(Value::as_bool).unwrap_or(false),
        save: body.get("save_payment_method").and_then(Value::as_bool),
        ends_at: ends::pending_for(method.as_deref()).map(|pause| now + pause),
        method,
        return_url,
        receipt,
        created_at: now,
        notifications: Vec::new(),
    };
    state.shop.payments.add(&id, record);
    state.happened(happened);
    match charged {
        Some(method) => charge(world, state, &id, &method),
        None => get(state, &id),
    }
}

/// What the shop cannot do, or what its payment lacks.
fn can_be_made(state: &mut State, body: &Value) -> Result<(), Refusal> {
    if body.get("payment_token").is_some() {
        state.not_modelled("yookassa payment_token");
        return Err(Refusal::new(400, "invalid_request", "sandbox: payment tokens are not modelled"));
    }
    let method = text(body, "/payment_method_data/type");
    if let Some(method) = method.filter(|method| !state.shop.offers(method)) {
        let words = format!("Payment method {method} is not available");
        return Err(Refusal::invalid("payment_method_data.type", words));
    }
    let saves = body.get("save_payment_method") == Some(&true.into());
    if state.shop.settings.autopayments == Some(false) && (saves || body.get("payment_method_id").is_some()) {
        return Err(methods::no_autopayments());
    }
    if saves && method.is_some_and(|method| !methods::can_be_saved(method)) {
        return Err(Refusal::invalid("save_payment_method", "This payment method cannot be saved"));
    }
    if state.shop.settings.receipts == Some(true) && body.get("receipt").is_none() {
        return Err(Refusal::invalid("receipt", "Receipt is missing or illegal"));
    }
    if let Some(id) = text(body, "/payment_method_id") {
        methods::to_charge(state, id)?;
    }
    Ok(())
}

fn confirmation(object: &mut Value, body: &Value, page: &str, return_url: Option<&str>) {
    match text(body, "/confirmation/type") {
        Some("redirect") => {
            object["confirmation"] = json!({"type": "redirect", "confirmation_url": page});
            if let Some(address) = return_url {
                object["confirmation"]["return_url"] = address.into();
            }
        }
        Some("embedded") => {
            let id = object["id"].as_str().unwrap_or_default();
            object["confirmation"] = json!({"type": "embedded", "confirmation_token": format!("ct-{id}")});
        }
        Some("qr") => object["confirmation"] = json!({"type": "qr", "confirmation_data": page}),
        Some(kind) => object["confirmation"] = json!({"type": kind}),
        None => {}
    }
}

/// 36 characters, in the form of real ones: `2419a771-000f-5000-9000-1edaf29243f2`.
pub(crate) fn new_id(state: &mut State) -> String {
    let head: u32 = state.random.random_range(0x2000_0000..0x7fff_ffff);
    let tail: u64 = state.random.random_range(0x1000_0000_0000..0xffff_ffff_ffff);
    let id = format!("{head:08x}-000f-5000-9000-{tail:012x}");
    let shop = &state.shop;
    let taken = shop.payments.has(&id) || shop.refunds.has(&id) || shop.methods.contains_key(&id);
    if taken { new_id(state) } else { id }
}

/// `GET /payments/{id}`.
pub(crate) fn get(state: &State, id: &str) -> Outcome {
    let record = state.shop.get(id).ok_or_else(|| not_found(id))?;
    Ok(record.shown())
}

fn not_found(id: &str) -> Refusal {
    let mut refusal = Refusal::new(404, "not_found", format!("Payment {id} not found"));
    refusal.parameter = Some("payment_id".into());
    refusal
}

/// `GET /payments`, newest first.
pub(crate) fn list(state: &State, query: &str) -> Outcome {
    let ask = lists::Ask::read(query)?;
    let wanted = |record: &Record| {
        let method = text(&record.object, "/payment_method/type").unwrap_or_default();
        ask.covers(record.created_at) && ask.is("status", record.status()) && ask.is("payment_method", method)
    };
    ask.page(&state.shop.payments, wanted, Record::shown)
}

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
fn charge(world: &World, state: &mut State, id: &str, method: &str) -> Outcome {
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
