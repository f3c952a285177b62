//! YooKassa's API v3 under `/yookassa/v3`, and the page where a buyer would pay.

mod cards;
mod check;
mod ends;
mod lists;
mod methods;
mod money;
mod notifications;
mod outcome;
mod page;
mod payments;
mod receipt;
mod receipts;
mod refunds;

pub(crate) use ends::end_what_is_over;
pub(crate) use methods::confirm;
pub(crate) use notifications::release;
pub(crate) use outcome::decide;
pub(crate) use page::page;
pub(crate) use payments::forge;
pub(crate) use refunds::settle;

use crate::{
    faultline::{self, Struck},
    state::{State, World, faults::By},
    wire::{Deviation, FaultKind, Target, What},
};
use axum::{
    body::Bytes,
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

/// A refusal in YooKassa's shape.
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) description: String,
    pub(crate) parameter: Option<String>,
    /// Milliseconds to wait.
    pub(crate) retry_after: Option<u64>,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: &'static str, description: impl Into<String>) -> Self {
        Self { status, code, description: description.into(), parameter: None, retry_after: None }
    }

    pub(crate) fn invalid(parameter: &str, description: impl Into<String>) -> Self {
        let parameter = Some(parameter.to_owned());
        Self { parameter, ..Self::new(400, "invalid_request", description) }
    }
}

pub(crate) type Outcome = Result<Value, Refusal>;

/// Bodies greater than this are refused.
const LARGEST: usize = 1024 * 1024;

/// Answers any request under `/yookassa/v3`; `path` is what follows.
pub(crate) async fn handle(world: World, path: String, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LARGEST).await else {
        return refuse(&Refusal::new(400, "invalid_request", "Request body is too large"));
    };
    let what = format!("{} {path}", parts.method);
    let fault = world.lock().strike(Target::Yookassa, &what, By::default());
    let after = match faultline::before(fault).await {
        Struck::Go(after) => after,
        Struck::Break => return faultline::broken(),
        Struck::Status { code, retry_after } => return refuse(&made_up(code, retry_after)),
    };
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let outcome = answer(&world, &parts.method, &path, &query, &parts.headers, &body);
    if let Err(refusal) = &outcome {
        let description = format!("{}: {}", refusal.code, refusal.description);
        let happened = What::RequestRefused { bot: None, method: what, code: refusal.status, description };
        world.lock().happened(happened);
    }
    match after {
        Some(FaultKind::Status { code, retry_after, .. }) => refuse(&made_up(code, retry_after)),
        Some(FaultKind::Withhold) => faultline::broken(),
        Some(FaultKind::Hang) => faultline::silence(&world).await,
        _ => match outcome {
            Ok(object) => ([(header::CONTENT_TYPE, "application/json")], object.to_string()).into_response(),
            Err(refusal) => refuse(&refusal),
        },
    }
}

fn made_up(status: u16, retry_after: Option<u64>) -> Refusal {
    let code = match status {
        401 => "invalid_credentials",
        403 => "forbidden",
        404 => "not_found",
        429 => "too_many_requests",
        500.. => "internal_server_error",
        _ => "invalid_request",
    };
    Refusal { retry_after: retry_after.map(|seconds| seconds * 1000), ..Refusal::new(status, code, "Ordered fault") }
}

fn answer(world: &World, method: &Method, path: &str, query: &str, headers: &HeaderMap, body: &Bytes) -> Outcome {
    let mut state = world.lock();
    authorise(&state, headers)?;
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match (method.as_str(), parts.as_slice()) {
        ("POST", ["payments"]) => {
            let (key, body) = post(&mut state, path, headers, body, true)?;
            check::payment(&mut state, &body);
            once(world, &mut state, path, &key, body, payments::create)
        }
        ("GET", ["payments"]) => payments::list(&state, query),
        ("GET", ["payments", id]) => payments::get(&state, id),
        ("POST", ["payments", id, "cancel"]) => {
            let (key, body) = post(&mut state, path, headers, body, false)?;
            once(world, &mut state, path, &key, body, |world, state, _, _| outcome::cancel(world, state, id))
        }
        ("POST", ["payments", id, "capture"]) => {
            let (key, body) = post(&mut state, path, headers, body, false)?;
            once(world, &mut state, path, &key, body, |world, state, _, body| outcome::capture(world, state, id, body))
        }
        ("POST", ["refunds"]) => {
            let (key, body) = post(&mut state, path, headers, body, true)?;
            check::refund(&mut state, &body);
            once(world, &mut state, path, &key, body, refunds::create)
        }
        ("GET", ["refunds"]) => refunds::list(&state, query),
        ("GET", ["refunds", id]) => refunds::get(&state, id),
        ("POST", ["payment_methods"]) => {
            let (key, body) = post(&mut state, path, headers, body, true)?;
            once(world, &mut state, path, &key, body, methods::create)
        }
        ("GET", ["payment_methods", id]) => methods::get(&state, id),
        ("GET", ["receipts"]) => receipts::list(&state, query),
        ("GET", ["receipts", id]) => receipts::get(&state, id),
        ("GET", ["me"]) => Ok(me(&state)),
        (_, ["me"] | ["payments"] | ["payments", _] | ["payments", _, "cancel" | "capture"])
        | (_, ["refunds"] | ["refunds", _] | ["payment_methods"] | ["payment_methods", _] | ["receipts", _]) => {
            Err(Refusal::new(405, "method_not_allowed", "Method Not Allowed"))
        }
        (_, ["invoices" | "receipts" | "webhooks" | "payouts" | "deals" | "sbp_banks" | "personal_data", ..]) => {
            state.not_modelled(&format!("yookassa {method} /{}", parts.first().unwrap_or(&"")));
            Err(Refusal::new(400, "invalid_request", format!("sandbox: {method} {path} is not modelled")))
        }
        _ => Err(Refusal::new(404, "not_found", "Resource not found")),
    }
}

/// `GET /me`.
fn me(state: &State) -> Value {
    let settings = &state.shop.settings;
    json!({
        "account_id": state.shop.id,
        "status": "enabled",
        "test": true,
        "fiscalization_enabled": settings.receipts.unwrap_or(false),
        "payment_methods": settings.methods,
    })
}

fn authorise(state: &State, headers: &HeaderMap) -> Result<(), Refusal> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let pair = given
        .strip_prefix("Basic ")
        .and_then(|coded| STANDARD.decode(coded.trim()).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    if pair == Some(format!("{}:{}", state.shop.id, state.shop.secret)) {
        return Ok(());
    }
    Err(Refusal::new(401, "invalid_credentials", "Basic authentication failed. Check the shop id and the secret key"))
}

/// What every POST must have: a JSON body (unless it may be empty) and an idempotence key.
fn post(
    state: &mut State,
    path: &str,
    headers: &HeaderMap,
    body: &Bytes,
    needs_body: bool,
) -> Result<(String, Value), Refusal> {
    let key = headers.get("Idempotence-Key").and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned();
    if key.is_empty() {
        state.deviated_here(path, "without Idempotence-Key");
        return Err(Refusal::invalid("Idempotence-Key", "Idempotence key is missing"));
    }
    if key.chars().count() > 64 {
        state.deviated_here(path, "Idempotence-Key longer than 64");
        let words = "Idempotence key is too long. Send the value in accordance with the documentation";
        return Err(Refusal::invalid("Idempotence-Key", words));
    }
    // The published pattern [0-9a-zA-Z+-_.] has an accidental range from + to _, which is therefore allowed.
    if !key.chars().all(|c| c.is_ascii_alphanumeric() || ('+'..='_').contains(&c)) {
        state.deviated_here(path, "Idempotence-Key against its pattern");
        return Err(Refusal::invalid("Idempotence-Key", "Idempotence key has symbols that are not allowed"));
    }
    if body.is_empty() && !needs_body {
        return Ok((key, json!({})));
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/json") {
        state.deviated_here(path, "body that is not application/json");
        return Err(Refusal::new(415, "unsupported_media_type", "Content-Type must be application/json"));
    }
    match serde_json::from_slice(body) {
        Ok(body @ Value::Object(_)) => Ok((key, body)),
        _ => {
            state.deviated_here(path, "body that is not a JSON object");
            Err(Refusal::new(400, "invalid_request", "Request body is not a valid JSON object"))
        }
    }
}

/// Same key and same request: the first answer again. Same key and another request: refused.
fn once(
    world: &World,
    state: &mut State,
    path: &str,
    key: &str,
    body: Value,
    act: impl FnOnce(&World, &mut State, &str, &Value) -> Outcome,
) -> Outcome {
    ends::forget_old_keys(state);
    if let Some(used) = state.shop.keys.get(key) {
        if used.path == path && used.body == body {
            return Ok(used.answer.clone());
        }
        return Err(Refusal::invalid("Idempotence-Key", "Idempotence key duplicated"));
    }
    let answer = act(world, state, key, &body)?;
    let at = state.now();
    let used = crate::state::payments::Used { path: path.to_owned(), body, answer: answer.clone(), at };
    state.shop.keys.insert(key.to_owned(), used);
    Ok(answer)
}

fn refuse(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
    if matches!(refusal.status, 405 | 415) {
        return status.into_response();
    }
    let mut body = json!({
        "type": "error", "id": uuid::Uuid::new_v4(), "code": refusal.code, "description": refusal.description,
    });
    if let Some(parameter) = &refusal.parameter {
        body["parameter"] = parameter.as_str().into();
    }
    if let Some(pause) = refusal.retry_after {
        body["retry_after"] = pause.into();
    }
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

impl State {
    /// Writes down that the shop asked for something against YooKassa's rules.
    fn deviated_here(&mut self, path: &str, what: &str) {
        let method = format!("POST {}", path.trim_end_matches('/'));
        self.deviated(Deviation { target: Target::Yookassa, method, bot: None, what: what.to_owned() });
    }
}
