//! The page where the buyer pays, for a person who plays with the sandbox in a browser: with a test card by its
//! number, with another method, or not at all.

use super::{cards, methods, outcome, payments};
use crate::{
    state::{State, World},
    telegram::html::escape,
    wire::Pay,
};
use axum::{
    body::Bytes,
    http::{Method, StatusCode},
    response::{Html, IntoResponse, Redirect, Response},
};
use serde_json::Value;
use std::collections::HashMap;

/// What the buyer has filled in.
type Form = HashMap<String, String>;

pub(crate) fn page(world: &World, method: &Method, id: &str, body: &Bytes) -> Response {
    let mut state = world.lock();
    let form: Form = url::form_urlencoded::parse(body).into_owned().collect();
    if state.shop.methods.contains_key(id) && state.shop.get(id).is_none() {
        return to_be_saved(world, &mut state, method, id);
    }
    let mut complaint = String::new();
    if method == Method::POST {
        match act(world, &mut state, id, &form) {
            Next::Done => {}
            Next::Ask(question) => return question,
            Next::Again(why) => complaint = format!("<p><b>{}</b></p>", escape(&why)),
        }
    }
    let Some(record) = state.shop.get(id) else { return StatusCode::NOT_FOUND.into_response() };
    if let (&Method::POST, Some(back), true) = (method, &record.return_url, complaint.is_empty()) {
        return Redirect::to(back).into_response();
    }
    let text = |pointer: &str| escape(record.object.pointer(pointer).and_then(Value::as_str).unwrap_or_default());
    let form = if record.status() == "pending" { choices(&state, record) } else { String::new() };
    let (value, currency, what) = (text("/amount/value"), text("/amount/currency"), text("/description"));
    whole(&format!("<h1>{value} {currency}</h1><p>{what}</p><p>{}</p>{complaint}{form}", record.status()))
}

enum Next {
    Done,
    Ask(Response),
    Again(String),
}

/// What a press on the page does. One on an old page changes nothing.
fn act(world: &World, state: &mut State, id: &str, form: &Form) -> Next {
    let said = |name: &str| form.get(name).map(String::as_str).filter(|text| !text.is_empty());
    let card = said("card").map(str::to_owned);
    let mut pay = Pay { method: said("method").map(str::to_owned), save: said("save").is_some(), ..Pay::default() };
    if said("do") == Some("decline") {
        pay.decline = Some("general_decline".into());
    } else if let Some(number) = card {
        let Some(known) = cards::Card::numbered(&number) else {
            return Next::Again("В тестовом режиме платят только тестовыми картами".into());
        };
        if known.three_d_secure && said("code").is_none() {
            let kept = if pay.save { "<input type=hidden name=save value=1>" } else { "" };
            return Next::Ask(whole(&format!(
                "<h1>3-D Secure</h1><form method=post><input type=hidden name=card value=\"{}\">{kept}\
                 <input name=code placeholder=\"Любой код\" required> <button name=do value=pay>Подтвердить</button></form>",
                escape(&number)
            )));
        }
        pay.card = Some(number);
    }
    let pending = state.shop.get(id).is_some_and(|record| record.status() == "pending");
    match outcome::decide(world, state, id, &pay) {
        Err(refusal) if pending => Next::Again(refusal.description),
        _ => Next::Done,
    }
}

/// What can be done on the page of a payment that waits.
fn choices(state: &State, record: &payments::Record) -> String {
    let methods: String = state
        .shop
        .settings
        .methods
        .iter()
        .flatten()
        .filter(|method| record.method.as_ref().is_none_or(|chosen| chosen == *method))
        .map(|method| format!("<option>{}</option>", escape(method)))
        .collect();
    let save = if record.save.is_none() {
        "<label><input type=checkbox name=save value=1> Запомнить</label> "
    } else {
        ""
    };
    format!(
        "<form method=post><p><select name=method>{methods}</select> \
         <input name=card placeholder=\"5555 5555 5555 4444\" inputmode=numeric></p>\
         <p>{save}<button name=do value=pay>Оплатить</button> <button name=do value=decline>Отказ</button></p></form>"
    )
}

/// The page of a method that is to be saved without a payment.
fn to_be_saved(world: &World, state: &mut State, method: &Method, id: &str) -> Response {
    if method == Method::POST {
        // A second press changes nothing.
        let _ = methods::confirm(world, state, id);
        if let Some(back) = state.shop.methods.get(id).and_then(|method| method.return_url.as_ref()) {
            return Redirect::to(back).into_response();
        }
    }
    whole("<h1>Привязка</h1><form method=post><button name=do value=pay>Привязать</button></form>")
}

fn whole(body: &str) -> Response {
    Html(format!("<!doctype html><meta charset=utf-8><title>ЮKassa sandbox</title>{body}")).into_response()
}
