//! The rules of a receipt (54-FZ), from YooMoney's own specification.

use super::{
    check::{Wrong, amount, known},
    money,
};
use serde_json::Value;

const RECEIPT: [&str; 7] = [
    "customer",
    "items",
    "internet",
    "tax_system_code",
    "timezone",
    "receipt_industry_details",
    "receipt_operational_details",
];
const RECEIPT_ITEM: [&str; 16] = [
    "description",
    "amount",
    "vat_code",
    "quantity",
    "measure",
    "mark_quantity",
    "payment_subject",
    "payment_mode",
    "country_of_origin_code",
    "customs_declaration_number",
    "excise",
    "product_code",
    "planned_status",
    "mark_code_info",
    "mark_mode",
    "payment_subject_industry_details",
];

#[rustfmt::skip]
const SUBJECTS: [&str; 33] = [
    "commodity", "excise", "job", "service", "gambling_bet",
    "gambling_prize", "lottery", "lottery_prize", "intellectual_activity", "payment",
    "agent_commission", "property_right", "non_operating_gain", "insurance_premium", "sales_tax",
    "resort_fee", "composite", "another", "fine", "tax",
    "lien", "cost", "pension_insurance_without_payouts", "pension_insurance_with_payouts", "health_insurance_without_payouts",
    "health_insurance_with_payouts", "health_insurance", "casino", "agent_withdrawals", "non_marked_excise",
    "marked_excise", "marked", "non_marked",
];
#[rustfmt::skip]
const MODES: [&str; 7] = [
    "full_prepayment", "partial_prepayment", "advance", "full_payment", "partial_payment",
    "credit", "credit_payment",
];
#[rustfmt::skip]
const MEASURES: [&str; 24] = [
    "piece", "gram", "kilogram", "ton", "centimeter",
    "decimeter", "meter", "square_centimeter", "square_decimeter", "square_meter",
    "milliliter", "liter", "cubic_meter", "kilowatt_hour", "gigacalorie",
    "day", "hour", "minute", "second", "kilobyte",
    "megabyte", "gigabyte", "terabyte", "another",
];

/// What is wrong with a receipt of so much money.
pub(crate) fn check(receipt: &Value, total: Option<&Value>, wrong: &mut Vec<Wrong>) {
    known(receipt, "receipt", &RECEIPT, wrong);
    let items = receipt.get("items").and_then(Value::as_array);
    let Some(items) = items.filter(|items| (1..=100).contains(&items.len())) else {
        wrong.push(("receipt", "items are required, at most 100".into()));
        return;
    };
    let before = wrong.len();
    items.iter().for_each(|item| self::item(item, wrong));
    if wrong.len() == before
        && let Some(total) = total
    {
        let sum: f64 = items.iter().map(|item| money::hundredths(&item["amount"]) as f64 * quantity(item)).sum();
        if (sum - money::hundredths(total) as f64).abs() >= 1.0 {
            wrong.push(("receipt", "the items together cost something else than the amount".into()));
        }
    }
    customer(receipt.get("customer"), wrong);
    let code = |field: &str| receipt.get(field).map(|code| code.as_u64().unwrap_or(0));
    if code("tax_system_code").is_some_and(|code| !(1..=6).contains(&code)) {
        wrong.push(("receipt", "tax_system_code must be 1 to 6".into()));
    }
    if code("timezone").is_some_and(|code| !(1..=11).contains(&code)) {
        wrong.push(("receipt", "timezone must be 1 to 11".into()));
    }
    if receipt.get("internet").is_some_and(|flag| !flag.is_boolean()) {
        wrong.push(("receipt", "internet must be true or false".into()));
    }
}

fn quantity(item: &Value) -> f64 {
    item.get("quantity").and_then(Value::as_f64).unwrap_or(0.0)
}

fn item(item: &Value, wrong: &mut Vec<Wrong>) {
    known(item, "receipt", &RECEIPT_ITEM, wrong);
    let described = item.get("description").and_then(Value::as_str).map_or(0, |text| text.chars().count());
    if !(1..=128).contains(&described) {
        wrong.push(("receipt", "an item's description must have 1 to 128 letters".into()));
    }
    let thousandths = quantity(item) * 1e3;
    if !item.get("quantity").is_some_and(Value::is_number) {
        wrong.push(("receipt", "an item's quantity must be a number".into()));
    } else if !(1.0..=99_999_999.0).contains(&thousandths) || (thousandths - thousandths.round()).abs() > 1e-4 {
        wrong.push(("receipt", "an item's quantity must be 0.001 to 99999.999".into()));
    }
    if !item.get("vat_code").and_then(Value::as_u64).is_some_and(|code| (1..=12).contains(&code)) {
        wrong.push(("receipt", "an item's vat_code must be 1 to 12".into()));
    }
    amount(item.get("amount"), "receipt", wrong);
    for (field, known) in [("payment_subject", &SUBJECTS[..]), ("payment_mode", &MODES), ("measure", &MEASURES)] {
        if item.get(field).is_some_and(|value| value.as_str().is_none_or(|value| !known.contains(&value))) {
            wrong.push(("receipt", format!("there is no {field} {}", item[field])));
        }
    }
}

fn customer(customer: Option<&Value>, wrong: &mut Vec<Wrong>) {
    if let Some(customer) = customer {
        known(customer, "receipt", &["full_name", "inn", "email", "phone"], wrong);
    }
    let text = |field: &str| customer.and_then(|customer| customer.get(field)).map(|v| v.as_str().unwrap_or_default());
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if text("email").is_none() && text("phone").is_none() {
        wrong.push(("receipt", "customer needs email or phone".into()));
    }
    if text("email").is_some_and(|email| !email.split_once('@').is_some_and(|(a, b)| !a.is_empty() && b.contains('.')))
    {
        wrong.push(("receipt", "customer's email is none".into()));
    }
    if text("phone").is_some_and(|phone| !digits(phone) || !(4..=15).contains(&phone.len())) {
        wrong.push(("receipt", "customer's phone must be 4 to 15 digits, such as 79000000000".into()));
    }
    if text("inn").is_some_and(|inn| !digits(inn) || !matches!(inn.len(), 10 | 12)) {
        wrong.push(("receipt", "customer's inn must be 10 or 12 digits".into()));
    }
    if text("full_name").is_some_and(|name| !(1..=256).contains(&name.chars().count())) {
        wrong.push(("receipt", "customer's full_name must have 1 to 256 letters".into()));
    }
}
