//! Payments: made, looked at, told of by hand.

use super::{Outcome, Refusal, check, ends, lists, methods, notifications, outcome};
pub(crate) use crate::state::payments::Record;
use crate::{
    state::{State, World},
    wire::What,
};
use rand::RngExt;
use serde_json::{Value, json};

pub(crate) fn time(at: chrono::DateTime<chrono::Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

pub(crate) fn text<'a>(body: &'a Value, pointer: &str) -> Option<&'a str> {
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
        Some(method) => outcome::charge(world, state, &id, &method),
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

pub(crate) fn not_found(id: &str) -> Refusal {
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
