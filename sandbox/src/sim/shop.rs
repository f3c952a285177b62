//! What buyers do on YooKassa's page, and how the shop is notified.

use super::{Answer, Body, Complaint};
use crate::{
    state::World,
    wire::{NotificationSettings, Pay, Payment},
    yookassa,
};
use axum::{
    Json,
    extract::{Path, State},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

pub(super) async fn list(State(world): State<World>) -> Json<Vec<Payment>> {
    Json(world.lock().shop.payments.values().map(crate::state::payments::Record::view).collect())
}

pub(super) async fn one(State(world): State<World>, Path(id): Path<String>) -> Answer<Payment> {
    let state = world.lock();
    let record = state.shop.get(&id).ok_or_else(|| Complaint::missing("payment", &id))?;
    Ok(Json(record.view()))
}

pub(super) async fn pay(State(world): State<World>, Path(id): Path<String>, Body(order): Body<Pay>) -> Answer<Payment> {
    let mut state = world.lock();
    if state.shop.get(&id).is_none() {
        return Err(Complaint::missing("payment", &id));
    }
    yookassa::decide(&world, &mut state, &id, order.decline.as_deref())
        .map_err(|refusal| Complaint::new("not_pending", refusal.description))?;
    let record = state.shop.get(&id).ok_or_else(|| Complaint::missing("payment", &id))?;
    Ok(Json(record.view()))
}

#[derive(Deserialize)]
pub(super) struct Amount {
    /// The amount that GET shall show; the true one again when absent.
    #[serde(default)]
    value: Option<String>,
    #[serde(default)]
    currency: Option<String>,
}

pub(super) async fn amount(
    State(world): State<World>,
    Path(id): Path<String>,
    Body(order): Body<Amount>,
) -> Answer<Payment> {
    let mut state = world.lock();
    let record = state.shop.get_mut(&id).ok_or_else(|| Complaint::missing("payment", &id))?;
    record.shown_amount =
        order.value.map(|value| json!({"value": value, "currency": order.currency.unwrap_or_else(|| "RUB".into())}));
    Ok(Json(record.view()))
}

#[derive(Deserialize)]
pub(super) struct Notify {
    /// `payment.` and the status as it is, when not said.
    #[serde(default)]
    event: Option<String>,
    /// Fields of the object that are to be other than they are.
    #[serde(default)]
    change: Value,
}

/// A notification by hand: a repeat when nothing is changed, a forged one otherwise; the payment need not exist.
pub(super) async fn notify(
    State(world): State<World>,
    Path(id): Path<String>,
    Body(order): Body<Notify>,
) -> Answer<Value> {
    let mut state = world.lock();
    if state.shop.notify.url.is_none() {
        return Err(Complaint::new("no_url", "POST /sim/yookassa/notifications with a url first"));
    }
    let status = state.shop.get(&id).map_or("succeeded", |record| record.status());
    let event = order.event.unwrap_or_else(|| format!("payment.{status}"));
    yookassa::forge(&world, &mut state, &id, &event, &order.change);
    Ok(Json(json!({"ok": true, "event": event, "after": state.log.last()})))
}

pub(super) async fn settings(State(world): State<World>) -> Json<NotificationSettings> {
    let state = world.lock();
    let notify = &state.shop.notify;
    let ms = |pause: Duration| u64::try_from(pause.as_millis()).ok();
    Json(NotificationSettings {
        url: notify.url.clone(),
        automatic: Some(notify.automatic),
        first_retry_ms: ms(notify.first_retry),
        max_retry_ms: ms(notify.max_retry),
    })
}

pub(super) async fn configure(
    State(world): State<World>,
    Body(order): Body<NotificationSettings>,
) -> Answer<NotificationSettings> {
    {
        let mut state = world.lock();
        let notify = &mut state.shop.notify;
        if let Some(url) = order.url {
            if !url.is_empty() && url::Url::parse(&url).is_err() {
                return Err(Complaint::new("url", "not an address"));
            }
            notify.url = Some(url).filter(|url| !url.is_empty());
        }
        notify.automatic = order.automatic.unwrap_or(notify.automatic);
        notify.first_retry = order.first_retry_ms.map_or(notify.first_retry, Duration::from_millis);
        notify.max_retry = order.max_retry_ms.map_or(notify.max_retry, Duration::from_millis);
    }
    Ok(settings(State(world)).await)
}
