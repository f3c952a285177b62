//! Sums in hundredths.

use serde_json::{Value, json};

/// `{"value":"100.00","currency":"RUB"}` in hundredths; 0 for what is no sum.
pub(crate) fn hundredths(amount: &Value) -> i64 {
    let value = amount.get("value").and_then(Value::as_str).unwrap_or_default();
    value.replacen('.', "", 1).parse().unwrap_or(0)
}

/// The sum of so many hundredths, in the currency of another one.
pub(crate) fn sum(hundredths: i64, like: &Value) -> Value {
    json!({"value": format!("{}.{:02}", hundredths / 100, hundredths % 100), "currency": like["currency"]})
}
