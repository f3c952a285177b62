//! Webhooks: where they may be, and what is brought to them until it is taken.

use crate::Stage;
use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use chrono::TimeDelta;
use sandbox::wire::{Event, What};
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

/// The secret token and the update of one delivery.
type Delivery = (Option<String>, Value);

/// A bot's server: answers as told, then 200 and nothing, and keeps what it got.
#[derive(Clone, Default)]
struct Hook {
    answers: Arc<Mutex<VecDeque<(u16, Value)>>>,
    heard: Arc<Mutex<Vec<Delivery>>>,
}

impl Hook {
    async fn listen(answers: &[(u16, Value)]) -> (Self, String) {
        let hook = Self { answers: Arc::new(Mutex::new(answers.iter().cloned().collect())), ..Self::default() };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let take = |State(hook): State<Self>, headers: HeaderMap, Json(body): Json<Value>| async move {
            let secret = headers.get("X-Telegram-Bot-Api-Secret-Token").map(|v| v.to_str().unwrap().to_owned());
            hook.heard.lock().unwrap().push((secret, body));
            let (status, answer) = hook.answers.lock().unwrap().pop_front().unwrap_or((200, Value::Null));
            (StatusCode::from_u16(status).unwrap(), Json(answer))
        };
        let app = Router::new().route("/hook", post(take)).with_state(hook.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        (hook, url)
    }

    async fn heard(&self, count: usize) -> Vec<Delivery> {
        while self.heard.lock().unwrap().len() < count {
            tokio::task::yield_now().await;
        }
        self.heard.lock().unwrap().clone()
    }
}

async fn hooked(answers: &[u16]) -> (Stage, Hook, String) {
    let stage = Stage::started().await;
    let first = stage.api().updates(json!({"offset": -1})).await[0]["update_id"].as_i64().unwrap();
    stage.api().updates(json!({"offset": first + 1})).await;
    stage.sim.webhooks_anywhere(true).await.unwrap();
    let answers: Vec<_> = answers.iter().map(|status| (*status, Value::Null)).collect();
    let (hook, url) = Hook::listen(&answers).await;
    (stage, hook, url)
}

fn called(wanted: u16) -> impl Fn(&Event) -> bool {
    move |event| matches!(&event.what, What::WebhookCalled { status, .. } if *status == Some(wanted))
}

#[tokio::test]
async fn a_webhook_is_https_on_four_ports() {
    let stage = Stage::set().await;
    for (url, why) in [
        ("http://example.com/hook", "An HTTPS URL must be provided for webhook"),
        ("https://example.com:8080/hook", "Webhook can be set up only on ports 80, 88, 443 or 8443"),
        ("nowhere", "invalid webhook URL specified"),
    ] {
        let refused = stage.api().refused("setWebhook", json!({"url": url})).await;
        assert_eq!(refused, (400, format!("Bad Request: bad webhook: {why}")));
    }
    let order = json!({"url": "https://example.com/hook", "secret_token": "не то"});
    let refused = stage.api().refused("setWebhook", order).await.1;
    assert_eq!(refused, "Bad Request: secret token contains unallowed characters");
    let order = json!({"url": "https://127.0.0.1:8443/hook", "max_connections": 7, "allowed_updates": ["message"]});
    let set = stage.api().call("setWebhook", order.clone()).await;
    assert_eq!(set["description"], "Webhook was set");
    let again = stage.api().call("setWebhook", order).await;
    assert_eq!((&again["error_code"], &again["parameters"]["retry_after"]), (&json!(429), &json!(1)));
    let info = stage.api().ok("getWebhookInfo", json!({})).await;
    assert_eq!((&info["url"], &info["max_connections"]), (&json!("https://127.0.0.1:8443/hook"), &json!(7)));
    assert_eq!(info["allowed_updates"], json!(["message"]));
    let conflict = stage.api().refused("getUpdates", json!({})).await;
    assert!(conflict.0 == 409 && conflict.1.contains("while webhook is active"), "{conflict:?}");
    assert_eq!(stage.api().call("deleteWebhook", json!({})).await["description"], "Webhook was deleted");
    stage.api().updates(json!({})).await;
    assert_eq!(stage.api().call("deleteWebhook", json!({})).await["description"], "Webhook is already deleted");
    stage.sim.assert_clean().await.unwrap();
}

#[tokio::test]
async fn updates_are_brought_with_the_secret_in_their_order_until_they_are_taken() {
    let (stage, hook, url) = hooked(&[500, 404]).await;
    stage.api().ok("setWebhook", json!({"url": url, "secret_token": "s3cret"})).await;
    let first = stage.sim.say(stage.anna.id, &stage.bot, "раз").await.unwrap();
    stage.sim.say(stage.anna.id, &stage.bot, "два").await.unwrap();
    let soon = Duration::from_secs(10);
    stage.sim.wait_event(first.seq, "the first failure", soon, called(500)).await.unwrap();
    let info = stage.api().ok("getWebhookInfo", json!({})).await;
    assert_eq!(info["last_error_message"], "Wrong response from the webhook: 500");
    assert_eq!(info["pending_update_count"], 2);
    stage.sim.forward(TimeDelta::seconds(1)).await.unwrap();
    stage.sim.wait_event(first.seq, "the second", soon, called(404)).await.unwrap();
    stage.sim.forward(TimeDelta::seconds(2)).await.unwrap();
    let heard = hook.heard(4).await;
    let texts: Vec<_> = heard.iter().map(|(_, update)| update["message"]["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["раз", "раз", "раз", "два"]);
    assert!(heard.iter().all(|(secret, _)| secret.as_deref() == Some("s3cret")));
    stage.sim.wait_confirmed(&first).await.unwrap();
}

#[tokio::test]
async fn an_answer_may_hold_one_method() {
    let (stage, hook, url) = hooked(&[]).await;
    let reply = json!({"method": "sendMessage", "chat_id": stage.anna.id, "text": "Из вебхука"});
    hook.answers.lock().unwrap().push_back((200, reply));
    stage.api().ok("setWebhook", json!({"url": url})).await;
    let said = stage.sim.say(stage.anna.id, &stage.bot, "раз").await.unwrap();
    stage.sim.wait_reply(&said, "Из вебхука").await.unwrap();
    stage.sim.assert_clean().await.unwrap();
}

#[tokio::test]
async fn a_webhook_ends_a_poll_that_waits_and_is_taken_away_when_it_has_been_gone_for_a_day() {
    let (stage, _hook, url) = hooked(&[410, 410]).await;
    let api = stage.api();
    let polls = stage.sim.bot(&stage.bot).await.unwrap().polls;
    let polling = tokio::spawn(async move { api.call("getUpdates", json!({"offset": 0, "timeout": 50})).await });
    while stage.sim.bot(&stage.bot).await.unwrap().polls == polls {
        tokio::task::yield_now().await;
    }
    stage.api().ok("setWebhook", json!({"url": url})).await;
    assert_eq!(polling.await.unwrap()["description"], "Conflict: terminated by setWebhook request");
    let said = stage.sim.say(stage.anna.id, &stage.bot, "раз").await.unwrap();
    let soon = Duration::from_secs(10);
    let first = stage.sim.wait_event(said.seq, "the call", soon, called(410)).await.unwrap();
    stage.sim.forward(TimeDelta::hours(23)).await.unwrap();
    stage.sim.wait_event(first.seq, "another call", soon, called(410)).await.unwrap();
    assert_eq!(stage.api().ok("getWebhookInfo", json!({})).await["url"], "");
    assert_eq!(stage.api().updates(json!({})).await.len(), 1, "the update waits for a poll");
}
