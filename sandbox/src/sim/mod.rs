//! The control interface under `/sim/`: what people do, what the shop's buyers do, what goes wrong, and the transcript.

mod acts;
mod bots;
mod buttons;
mod choices;
mod clock;
mod events;
mod groups;
mod open;
mod sends;
mod shop;

use crate::{
    state::World,
    wire::{Fault, Faults, FloodSettings, NewPerson, NotModelled, Person},
};
use axum::{
    Json, Router,
    extract::{FromRequest, Path, Request, State, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// Why an order was not carried out.
#[derive(Debug)]
pub(crate) struct Complaint {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Complaint {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, message: message.into() }
    }

    fn missing(what: &str, name: impl std::fmt::Display) -> Self {
        Self { status: StatusCode::NOT_FOUND, code: "not_found", message: format!("there is no {what} {name}") }
    }
}

impl IntoResponse for Complaint {
    fn into_response(self) -> Response {
        (self.status, Json(json!({"error": self.code, "message": self.message}))).into_response()
    }
}

type Answer<T> = Result<Json<T>, Complaint>;

/// A JSON body, whatever the content type says: so that plain `curl -d` works. An empty body is an empty object.
struct Body<T>(T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Complaint;

    async fn from_request(request: Request, state: &S) -> Result<Self, Complaint> {
        let unreadable = |error: String| Complaint::new("unreadable", error);
        let bytes = axum::body::Bytes::from_request(request, state).await.map_err(|e| unreadable(e.to_string()))?;
        let bytes = if bytes.is_empty() { b"{}".as_slice().into() } else { bytes };
        let Json(value) = Json::<T>::from_bytes(&bytes).map_err(|e: JsonRejection| unreadable(e.body_text()))?;
        Ok(Self(value))
    }
}

/// Every path under `/sim`.
pub(crate) fn router() -> Router<World> {
    Router::new()
        .route("/clock", get(clock::served))
        .route("/sim/clock", get(clock::look).post(clock::play))
        .route("/sim", get(|| async { Json(json!({"ok": true})) }))
        .route("/sim/bots", get(bots::list).post(bots::create))
        .route("/sim/bots/{bot}", get(bots::one).delete(bots::remove))
        .route("/sim/bots/{bot}/token", post(bots::revoke))
        .route("/sim/bots/{bot}/names", post(bots::rename))
        .route("/sim/bots/{bot}/owner", post(bots::transfer))
        .route("/sim/bots/{bot}/updates", post(bots::push))
        .route("/sim/bots/{bot}/redeliver", post(bots::redeliver))
        .route("/sim/bots/{bot}/confirmed", get(bots::confirmed))
        .route("/sim/bots/{bot}/expire-presses", post(bots::expire_presses))
        .route("/sim/users", get(people).post(new_person))
        .route("/sim/users/{user}", get(person))
        .route("/sim/users/{user}/open", post(open::open))
        .route("/sim/users/{user}/newbot", post(open::new_bot))
        .route("/sim/chats/{user}/{bot}", get(acts::chat))
        .route("/sim/chats/{user}/{bot}/say", post(acts::say))
        .route("/sim/chats/{user}/{bot}/start", post(acts::start))
        .route("/sim/chats/{user}/{bot}/press", post(buttons::press))
        .route("/sim/chats/{user}/{bot}/callback", post(buttons::callback))
        .route("/sim/chats/{user}/{bot}/key", post(buttons::key))
        .route("/sim/chats/{user}/{bot}/contact", post(acts::contact))
        .route("/sim/chats/{user}/{bot}/send", post(sends::send))
        .route("/sim/chats/{user}/{bot}/album", post(sends::album))
        .route("/sim/bots/{bot}/privacy", post(bots::privacy))
        .route("/sim/groups", post(groups::create))
        .route("/sim/groups/{group}", get(groups::look))
        .route("/sim/groups/{group}/members", post(groups::member_of))
        .route("/sim/groups/{group}/bots", post(groups::bot))
        .route("/sim/groups/{group}/say", post(groups::say))
        .route("/sim/groups/{group}/press", post(groups::press))
        .route("/sim/groups/{group}/upgrade", post(groups::upgrade))
        .route("/sim/chats/{user}/{bot}/block", post(acts::block))
        .route("/sim/chats/{user}/{bot}/unblock", post(acts::unblock))
        .route("/sim/events", get(events::events))
        .route("/sim/files/{file}", get(file))
        .route("/sim/flood", get(flood).post(set_flood))
        .route("/sim/webhooks", post(webhooks))
        .route("/sim/faults", get(faults).post(new_fault).delete(no_faults))
        .route("/sim/deviations", get(deviations).delete(forget))
        .route("/sim/not_modelled", get(not_modelled))
        .route("/sim/yookassa/notifications", get(shop::settings).post(shop::configure))
        .route("/sim/yookassa/notifications/release", post(shop::release))
        .route("/sim/yookassa/shop", post(shop::shop))
        .route("/sim/yookassa/refunds", get(shop::refunds))
        .route("/sim/yookassa/refunds/next", post(shop::next_refund))
        .route("/sim/yookassa/refunds/{id}", post(shop::settle_refund))
        .route("/sim/yookassa/methods", get(shop::methods))
        .route("/sim/yookassa/methods/{id}", post(shop::method))
        .route("/sim/yookassa/payments", get(shop::list))
        .route("/sim/yookassa/payments/{id}", get(shop::one))
        .route("/sim/yookassa/payments/{id}/pay", post(shop::pay))
        .route("/sim/yookassa/payments/{id}/amount", post(shop::amount))
        .route("/sim/yookassa/payments/{id}/notify", post(shop::notify))
}

async fn new_person(State(world): State<World>, Body(new): Body<NewPerson>) -> Answer<Person> {
    if new.first_name.trim().is_empty() {
        return Err(Complaint::new("name", "first_name must not be empty"));
    }
    let made = world.lock().make_person(new);
    made.map(Json).ok_or_else(|| Complaint::new("taken", "this id is taken"))
}

async fn people(State(world): State<World>) -> Json<Vec<Person>> {
    let mut people: Vec<_> = world.lock().people.values().map(|resident| resident.person.clone()).collect();
    people.sort_by_key(|person| person.id);
    Json(people)
}

async fn person(State(world): State<World>, Path(user): Path<i64>) -> Answer<Person> {
    let state = world.lock();
    let resident = state.people.get(&user).ok_or_else(|| Complaint::missing("person", user))?;
    Ok(Json(resident.person.clone()))
}

async fn file(State(world): State<World>, Path(file): Path<String>) -> Result<Vec<u8>, Complaint> {
    let bytes = world.lock().files.get(&file).map(|file| file.bytes.clone());
    bytes.map(|bytes| bytes.to_vec()).ok_or_else(|| Complaint::missing("file", file))
}

async fn flood(State(world): State<World>) -> Json<FloodSettings> {
    Json(world.lock().flood.settings)
}

async fn set_flood(State(world): State<World>, Body(order): Body<FloodSettings>) -> Answer<FloodSettings> {
    if order.burst == 0 || order.group_minute == 0 || order.second == 0 {
        return Err(Complaint::new("flood", "a limit is at least 1"));
    }
    world.lock().flood.settings = order;
    Ok(Json(order))
}

#[derive(Deserialize)]
struct Webhooks {
    /// Plain HTTP and any port will do.
    anywhere: bool,
}

async fn webhooks(State(world): State<World>, Body(order): Body<Webhooks>) -> Json<Value> {
    world.lock().webhooks_anywhere = order.anywhere;
    Json(json!({"anywhere": order.anywhere}))
}

async fn faults(State(world): State<World>) -> Json<Faults> {
    Json(Faults { faults: world.lock().faults.clone() })
}

async fn new_fault(State(world): State<World>, Body(fault): Body<Fault>) -> Answer<Faults> {
    let mut state = world.lock();
    if let Some(bot) = fault.bot.as_ref().filter(|bot| state.find_bot(bot).is_none()) {
        return Err(Complaint::missing("bot", bot));
    }
    if fault.times == 0 {
        return Err(Complaint::new("times", "times must be at least 1"));
    }
    state.faults.push(fault);
    Ok(Json(Faults { faults: state.faults.clone() }))
}

async fn no_faults(State(world): State<World>) -> Json<Faults> {
    world.lock().faults.clear();
    Json(Faults::default())
}

async fn deviations(State(world): State<World>) -> Json<Vec<crate::wire::Deviation>> {
    Json(world.lock().deviations.clone())
}

async fn forget(State(world): State<World>) -> Json<Value> {
    world.lock().forget_deviations();
    Json(json!({"ok": true}))
}

async fn not_modelled(State(world): State<World>) -> Json<Vec<NotModelled>> {
    let state = world.lock();
    let list = state.not_modelled.iter().map(|(what, times)| NotModelled { what: what.clone(), times: *times });
    Json(list.collect())
}
