//! What buyers do on YooKassa's page, and how the shop is notified.

use super::{Answer, Body, Complaint};
use crate::{
    state::World,
    wire::{MethodOrder, NotificationSettings, Pay, Payment, Refund, RefundOrder, Release, SavedMethod, ShopSettings},
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
    Json(world.lock().shop.payments.all.values().map(crate::state::payments::Record::view).collect())
}

pub(super) async fn one(State(world): State<World>, Path(id): Path<String>) -> Answer<Payment> {
    let state = world.lock();
    let record = state.shop.get(&id).ok_or_else(|| Complaint::missing("payment", &id))?;
    Ok(Json(record.view()))
}

pub(super) async fn pay(State(world): State<World>, Path(id): Path<String>, Body(order): Body<Pay>) -> Answer<Payment> {
    let mut state = world.lock();
    let record = state.shop.get(&id).ok_or_else(|| Complaint::missing("payment", &id))?;
    let code = if record.status() == "pending" { "cannot_pay" } else { "not_pending" };
    yookassa::decide(&world, &mut state, &id, &order).map_err(|refusal| Complaint::new(code, refusal.description))?;
    let record = state.shop.get(&id).ok_or_else(|| Complaint::missing("payment", &id))?;
    Ok(Json(record.view()))
}

pub(super) async fn refunds(State(world): State<World>) -> Json<Vec<Refund>> {
    Json(world.lock().shop.refunds.all.values().map(crate::state::payments::RefundRecord::view).collect())
}

/// How the next refund is to end; those ordered before it come first.
pub(super) async fn next_refund(State(world): State<World>, Body(order): Body<RefundOrder>) -> Json<Value> {
    let mut state = world.lock();
    state.shop.next_refunds.push_back(order);
    Json(json!({"waiting": state.shop.next_refunds.len()}))
}

/// A pending refund comes to its end.
pub(super) async fn settle_refund(
    State(world): State<World>,
    Path(id): Path<String>,
    Body(order): Body<RefundOrder>,
) -> Answer<Refund> {
    let mut state = world.lock();
    if !state.shop.refunds.has(&id) {
        return Err(Complaint::missing("refund", &id));
    }
    yookassa::settle(&world, &mut state, &id, order.cancel.as_deref())
        .map_err(|refusal| Complaint::new("not_pending", refusal.description))?;
    let record = state.shop.refunds.get(&id).ok_or_else(|| Complaint::missing("refund", &id))?;
    Ok(Json(record.view()))
}

pub(super) async fn methods(State(world): State<World>) -> Json<Vec<SavedMethod>> {
    let mut all: Vec<_> = world.lock().shop.methods.values().map(crate::state::payments::Method::view).collect();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    Json(all)
}

/// The buyer takes a saved method back, or it can no longer be charged; or one that waits is confirmed.
pub(super) async fn method(
    State(world): State<World>,
    Path(id): Path<String>,
    Body(order): Body<MethodOrder>,
) -> Answer<SavedMethod> {
    let mut state = world.lock();
    if order.confirm {
        yookassa::confirm(&world, &mut state, &id)
            .map_err(|refusal| Complaint::new("cannot_confirm", refusal.description))?;
    }
    let method = state.shop.methods.get_mut(&id).ok_or_else(|| Complaint::missing("method", &id))?;
    method.revoked = order.revoked.unwrap_or(method.revoked);
    if let Some(reason) = order.decline {
        method.decline = Some(reason).filter(|reason| !reason.is_empty());
    }
    Ok(Json(method.view()))
}

/// What the shop can do.
pub(super) async fn shop(State(world): State<World>, Body(order): Body<ShopSettings>) -> Answer<ShopSettings> {
    let mut state = world.lock();
    let settings = &mut state.shop.settings;
    settings.methods = order.methods.or(settings.methods.take());
    settings.autopayments = order.autopayments.or(settings.autopayments);
    settings.receipts = order.receipts.or(settings.receipts);
    Ok(Json(settings.clone()))
}

/// Lets notifications go that were kept back.
pub(super) async fn release(State(world): State<World>, Body(order): Body<Release>) -> Json<Value> {
    let mut state = world.lock();
    let count = yookassa::release(&world, &mut state, order.reversed);
    Json(json!({"released": count}))
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
    Json(world.lock().shop.notify.view())
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
        notify.copies = order.copies.unwrap_or(notify.copies).max(1);
        notify.hold = order.hold.unwrap_or(notify.hold);
        notify.max_retry = order.max_retry_ms.map_or(notify.max_retry, Duration::from_millis);
    }
    Ok(settings(State(world)).await)
}
