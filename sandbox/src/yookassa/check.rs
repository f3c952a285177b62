//! The rules of `POST /payments`, from YooMoney's own specification. What is wrong is written down for the test;
//! what the real server refuses is refused by `payments`.

use super::receipt;
use crate::state::State;
use serde_json::Value;

const FIELDS: [&str; 19] = [
    "amount",
    "description",
    "receipt",
    "recipient",
    "payment_token",
    "payment_method_id",
    "payment_method_data",
    "confirmation",
    "save_payment_method",
    "capture",
    "client_ip",
    "metadata",
    "airline",
    "transfers",
    "deal",
    "merchant_customer_id",
    "payment_order",
    "receiver",
    "statements",
];
const METHODS: [&str; 12] = [
    "bank_card",
    "cash",
    "sberbank",
    "tinkoff_bank",
    "yoo_money",
    "mobile_balance",
    "b2b_sberbank",
    "sbp",
    "sber_loan",
    "electronic_certificate",
    "sber_bnpl",
    "alfa_pay",
];
const CURRENCIES: [&str; 12] = ["RUB", "EUR", "USD", "KZT", "BYN", "UAH", "UZS", "TRY", "INR", "MDL", "AZN", "AMD"];

/// A wrong field and what is wrong with it.
pub(crate) type Wrong = (&'static str, String);

/// Writes down everything that is wrong with a request for a payment.
pub(crate) fn payment(state: &mut State, body: &Value) {
    for name in body.as_object().into_iter().flat_map(|object| object.keys()) {
        if !FIELDS.contains(&name.as_str()) {
            state.deviated_here("/payments", &format!("unknown field {name}"));
        }
    }
    for (field, what) in faults(body) {
        state.deviated_here("/payments", &format!("{field}: {what}"));
    }
}

/// What the real server refuses too.
pub(crate) fn faults(body: &Value) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    amount(body.get("amount"), "amount", &mut wrong);
    text(body, "description", 128, &mut wrong);
    text(body, "merchant_customer_id", 200, &mut wrong);
    for flag in ["capture", "save_payment_method"] {
        if body.get(flag).is_some_and(|value| !value.is_boolean()) {
            wrong.push((flag, "must be true or false".into()));
        }
    }
    if let Some(metadata) = body.get("metadata") {
        self::metadata(metadata, &mut wrong);
    }
    if let Some(confirmation) = body.get("confirmation") {
        self::confirmation(confirmation, &mut wrong);
    }
    if let Some(data) = body.get("payment_method_data") {
        let kind = data.get("type").and_then(Value::as_str).unwrap_or_default();
        if !METHODS.contains(&kind) {
            wrong.push(("payment_method_data", format!("there is no payment method {kind:?}")));
        }
    }
    if let Some(receipt) = body.get("receipt") {
        receipt::check(receipt, body.get("amount"), &mut wrong);
    }
    if let Some(id) = body.get("payment_method_id") {
        if id.as_str().is_none_or(str::is_empty) {
            wrong.push(("payment_method_id", "must be an id".into()));
        }
        if body.get("payment_method_data").is_some() {
            wrong.push(("payment_method_id", "and payment_method_data exclude one another".into()));
        }
    }
    wrong
}

const REFUND: [&str; 8] =
    ["payment_id", "amount", "description", "receipt", "sources", "deal", "refund_method_data", "metadata"];

/// Writes down everything that is wrong with a request for a refund.
pub(crate) fn refund(state: &mut State, body: &Value) {
    for name in body.as_object().into_iter().flat_map(|object| object.keys()) {
        if !REFUND.contains(&name.as_str()) {
            state.deviated_here("/refunds", &format!("unknown field {name}"));
        }
    }
    for (field, what) in refund_faults(body) {
        state.deviated_here("/refunds", &format!("{field}: {what}"));
    }
}

/// What the real server refuses of a refund.
pub(crate) fn refund_faults(body: &Value) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    if body.get("payment_id").and_then(Value::as_str).is_none_or(|id| id.chars().count() != 36) {
        wrong.push(("payment_id", "must be an id of 36 characters".into()));
    }
    amount(body.get("amount"), "amount", &mut wrong);
    text(body, "description", 250, &mut wrong);
    if let Some(metadata) = body.get("metadata") {
        self::metadata(metadata, &mut wrong);
    }
    if let Some(receipt) = body.get("receipt") {
        receipt::check(receipt, body.get("amount"), &mut wrong);
    }
    wrong
}

/// What the real server refuses of a method that is to be saved without a payment.
pub(crate) fn method(body: &Value) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    known(body, "type", &["type", "holder", "client_ip", "confirmation", "metadata", "card"], &mut wrong);
    if let Some(metadata) = body.get("metadata") {
        self::metadata(metadata, &mut wrong);
    }
    match body.get("confirmation") {
        None => wrong.push(("confirmation", "is required".into())),
        Some(confirmation) => self::confirmation(confirmation, &mut wrong),
    }
    wrong
}

/// `{"value":"100.00","currency":"RUB"}`, more than nothing.
pub(crate) fn amount(amount: Option<&Value>, field: &'static str, wrong: &mut Vec<Wrong>) {
    let Some(amount) = amount.filter(|amount| amount.is_object()) else {
        wrong.push((field, "is required".into()));
        return;
    };
    known(amount, field, &["value", "currency"], wrong);
    let value = amount.get("value").and_then(Value::as_str).unwrap_or_default();
    let fits = value.split_once('.').is_some_and(|(whole, rest)| {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits(whole) && digits(rest) && rest.len() == 2 && whole.len() <= 10
    });
    if !fits {
        wrong.push((field, "value must be a text such as \"100.00\"".into()));
    } else if value.bytes().all(|b| b == b'0' || b == b'.') {
        wrong.push((field, "value must be more than nothing".into()));
    }
    let currency = amount.get("currency").and_then(Value::as_str).unwrap_or_default();
    if !CURRENCIES.contains(&currency) {
        wrong.push((field, format!("there is no currency {currency:?}")));
    }
}

fn text(body: &Value, field: &'static str, most: usize, wrong: &mut Vec<Wrong>) {
    match body.get(field) {
        None => {}
        Some(Value::String(text)) if text.chars().count() <= most => {}
        Some(Value::String(_)) => wrong.push((field, format!("is longer than {most}"))),
        Some(_) => wrong.push((field, "must be a text".into())),
    }
}

fn metadata(metadata: &Value, wrong: &mut Vec<Wrong>) {
    let Value::Object(pairs) = metadata else {
        wrong.push(("metadata", "must be an object".into()));
        return;
    };
    if pairs.len() > 16 {
        wrong.push(("metadata", "has more than 16 keys".into()));
    }
    for (key, value) in pairs {
        if key.chars().count() > 32 {
            wrong.push(("metadata", format!("key {key} is longer than 32")));
        }
        match value.as_str() {
            None => wrong.push(("metadata", format!("value of {key} must be a text"))),
            Some(text) if text.chars().count() > 512 => {
                wrong.push(("metadata", format!("value of {key} is longer than 512")));
            }
            Some(_) => {}
        }
    }
}

fn confirmation(confirmation: &Value, wrong: &mut Vec<Wrong>) {
    let kind = confirmation.get("type").and_then(Value::as_str).unwrap_or_default();
    let fields: &[&str] = match kind {
        "redirect" => &["type", "return_url", "enforce", "locale"],
        "embedded" | "external" => &["type", "locale"],
        "qr" | "mobile_application" => &["type", "return_url", "locale"],
        _ => {
            wrong.push(("confirmation", format!("there is no type {kind:?}")));
            return;
        }
    };
    known(confirmation, "confirmation", fields, wrong);
    let address = confirmation.get("return_url").and_then(Value::as_str);
    if matches!(kind, "redirect" | "mobile_application") && address.is_none() {
        wrong.push(("confirmation", "return_url is required".into()));
    }
    if address.is_some_and(|address| address.len() > 2048 || url::Url::parse(address).is_err()) {
        wrong.push(("confirmation", "return_url must be an address of at most 2048".into()));
    }
}

/// Names the first field that the specification does not have.
pub(crate) fn known(object: &Value, place: &'static str, fields: &[&str], wrong: &mut Vec<Wrong>) {
    let mut names = object.as_object().into_iter().flat_map(|object| object.keys());
    if let Some(name) = names.find(|name| !fields.contains(&name.as_str())) {
        wrong.push((place, format!("unknown field {name}")));
    }
}
