//! The page where the buyer pays, for a person who plays with the sandbox in a browser.

use super::payments;
use crate::{state::World, telegram::html::escape};
use axum::{
    body::Bytes,
    http::Method,
    response::{Html, IntoResponse, Redirect, Response},
};
use serde_json::Value;

pub(crate) fn page(world: &World, method: &Method, id: &str, body: &Bytes) -> Response {
    let mut state = world.lock();
    if method == Method::POST {
        let declined = url::form_urlencoded::parse(body).any(|(name, value)| name == "do" && value == "decline");
        // A second press on an old page changes nothing.
        let _ = payments::decide(world, &mut state, id, declined.then_some("general_decline"));
    }
    let Some(record) = state.shop.get(id) else { return axum::http::StatusCode::NOT_FOUND.into_response() };
    if let (&Method::POST, Some(back)) = (method, &record.return_url) {
        return Redirect::to(back).into_response();
    }
    let text = |pointer: &str| escape(record.object.pointer(pointer).and_then(Value::as_str).unwrap_or_default());
    let form = if record.status() == "pending" {
        "<form method=post><button name=do value=pay>Оплатить</button> <button name=do value=decline>Отказ</button></form>"
    } else {
        ""
    };
    Html(format!(
        "<!doctype html><meta charset=utf-8><title>ЮKassa sandbox</title><h1>{} {}</h1><p>{}</p><p>{}</p>{form}",
        text("/amount/value"),
        text("/amount/currency"),
        text("/description"),
        record.status(),
    ))
    .into_response()
}
