use crate::Stage;
use axum::{Router, extract::State, http::StatusCode, routing::post};
use sandbox::wire::{NotificationSettings, Target, What};
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

/// A shop that speaks raw JSON.
struct Shop {
    base: String,
    http: reqwest::Client,
}

impl Shop {
    fn of(stage: &Stage) -> Self {
        Self { base: stage.running.yookassa_url(), http: reqwest::Client::new() }
    }

    async fn post(&self, path: &str, key: Option<&str>, body: &Value) -> (u16, Value) {
        let mut request = self.http.post(format!("{}{path}", self.base)).basic_auth("100500", Some("test_sandbox"));
        if let Some(key) = key {
            request = request.header("Idempotence-Key", key);
        }
        let answer = request.json(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        let request = self.http.get(format!("{}{path}", self.base)).basic_auth("100500", Some("test_sandbox"));
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn pay(&self, key: &str) -> Value {
        let (status, payment) = self.post("/payments", Some(key), &order()).await;
        assert_eq!(status, 200, "{payment}");
        payment
    }
}

fn order() -> Value {
    json!({"amount": {"value": "990.00", "currency": "RUB"}, "capture": true, "description": "Подписка",
        "confirmation": {"type": "redirect", "return_url": "https://t.me/master_bot?start=paid"},
        "metadata": {"order_id": "37"}})
}

/// A shop's web server: answers as told, then 200, and keeps what it got.
#[derive(Clone, Default)]
struct Ear {
    answers: Arc<Mutex<VecDeque<u16>>>,
    heard: Arc<Mutex<Vec<Value>>>,
}

impl Ear {
    async fn listen(answers: &[u16]) -> (Self, String) {
        let ear = Self { answers: Arc::new(Mutex::new(answers.iter().copied().collect())), ..Self::default() };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let take = |State(ear): State<Self>, axum::Json(body): axum::Json<Value>| async move {
            ear.heard.lock().unwrap().push(body);
            StatusCode::from_u16(ear.answers.lock().unwrap().pop_front().unwrap_or(200)).unwrap()
        };
        let app = Router::new().route("/hook", post(take)).with_state(ear.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        (ear, url)
    }
}

#[tokio::test]
async fn a_payment_goes_from_pending_to_succeeded() {
    let stage = Stage::set().await;
    let shop = Shop::of(&stage);
    let made = shop.pay("key-1").await;
    assert_eq!((&made["status"], &made["paid"], &made["test"]), (&json!("pending"), &json!(false), &json!(true)));
    let id = made["id"].as_str().unwrap();
    assert_eq!(id.len(), 36);
    let page = made["confirmation"]["confirmation_url"].as_str().unwrap();
    let html = reqwest::get(page).await.unwrap().text().await.unwrap();
    assert!(html.contains("990.00") && html.contains("Подписка"));
    stage.sim.pay(id).await.unwrap();
    let (_, got) = shop.get(&format!("/payments/{id}")).await;
    assert_eq!((&got["status"], &got["paid"]), (&json!("succeeded"), &json!(true)));
    assert_eq!(got["metadata"], json!({"order_id": "37"}));
    assert_eq!(stage.sim.pay(id).await.unwrap_err().code(), Some("not_pending"), "final is final");
    let (status, refused) = shop.post(&format!("/payments/{id}/cancel"), Some("key-2"), &json!({})).await;
    assert_eq!((status, &refused["code"]), (400, &json!("invalid_request")));
    assert_eq!(shop.get("/payments/00000000-000f-5000-9000-000000000000").await.0, 404);
    stage.sim.assert_clean().await.unwrap();
}

#[tokio::test]
async fn a_key_stands_for_one_request() {
    let stage = Stage::set().await;
    let shop = Shop::of(&stage);
    let first = shop.pay("key").await;
    assert_eq!(shop.pay("key").await, first, "the same again gives the first answer");
    let mut other = order();
    other["amount"]["value"] = "1.00".into();
    let (status, refused) = shop.post("/payments", Some("key"), &other).await;
    assert_eq!(status, 400);
    assert_eq!((&refused["code"], &refused["parameter"]), (&json!("invalid_request"), &json!("Idempotence-Key")));
    assert_eq!(refused["description"], "Idempotence key duplicated");
    assert_ne!(shop.pay("another").await["id"], first["id"]);
    assert_eq!(shop.post("/payments", None, &order()).await.0, 400);
    assert_eq!(shop.post("/payments", Some(&"k".repeat(65)), &order()).await.0, 400);
    let (_, list) = shop.get("/payments?limit=1").await;
    assert_eq!((list["items"].as_array().unwrap().len(), list["next_cursor"].is_string()), (1, true));
    let wrong = shop.http.get(format!("{}/payments", shop.base)).basic_auth("100500", Some("guess")).send().await;
    assert_eq!(wrong.unwrap().status(), 401);
}

#[tokio::test]
async fn requests_against_the_rules_are_written_down() {
    let stage = Stage::set().await;
    let shop = Shop::of(&stage);
    let mut number = 0;
    for (field, value) in [
        ("amount", json!({"value": "990", "currency": "RUB"})),
        ("amount", json!({"value": 990.0, "currency": "RUB"})),
        ("description", json!("д".repeat(129))),
        ("metadata", json!({"n": 5})),
        ("confirmation", json!({"type": "redirect"})),
        (
            "receipt",
            json!({"customer": {"email": "a@b.ru"}, "items": [{"description": "x", "quantity": 1, "vat_code": 1,
            "amount": {"value": "990.00", "currency": "RUB"}, "price": 1}]}),
        ),
    ] {
        let mut wrong = order();
        wrong[field] = value;
        number += 1;
        let (status, refused) = shop.post("/payments", Some(&format!("key-{number}")), &wrong).await;
        assert_eq!((status, &refused["parameter"]), (400, &json!(field)));
    }
    let mut unknown = order();
    unknown["expires_at"] = "2030-01-01T00:00:00.000Z".into();
    assert_eq!(shop.post("/payments", Some("key-x"), &unknown).await.0, 200);
    let found = stage.sim.deviations().await.unwrap();
    assert_eq!(found.len(), 6, "the two wrong amounts are the same deviation: {found:?}");
    assert!(found.iter().all(|d| d.target == Target::Yookassa));
    assert!(found.iter().any(|d| d.what == "unknown field expires_at"));
}

#[tokio::test]
async fn a_notification_is_repeated_until_200() {
    let stage = Stage::set().await;
    let (ear, url) = Ear::listen(&[500, 204]).await;
    let settings = NotificationSettings { url: Some(url), first_retry_ms: Some(5), ..Default::default() };
    stage.sim.notifications(&settings).await.unwrap();
    let id = Shop::of(&stage).pay("key").await["id"].as_str().unwrap().to_owned();
    stage.sim.pay(&id).await.unwrap();
    let taken = |p: &sandbox::wire::Payment| p.notifications.last().is_some_and(|n| n.status == Some(200));
    let payment = stage.sim.wait_payment("taken by the shop", taken).await.unwrap();
    let statuses: Vec<_> = payment.notifications.iter().map(|n| (n.attempt, n.status)).collect();
    assert_eq!(statuses, [(1, Some(500)), (2, Some(204)), (3, Some(200))], "204 is not 200");
    let heard = ear.heard.lock().unwrap().clone();
    assert_eq!((&heard[2]["type"], &heard[2]["event"]), (&json!("notification"), &json!("payment.succeeded")));
    assert_eq!(heard[2]["object"]["id"], id);
}

#[tokio::test]
async fn notifications_can_be_forged_repeated_and_kept_back() {
    let stage = Stage::set().await;
    let (ear, url) = Ear::listen(&[]).await;
    stage.sim.notify_at(&url).await.unwrap();
    stage.sim.notify_by_itself(false).await.unwrap();
    let id = Shop::of(&stage).pay("key").await["id"].as_str().unwrap().to_owned();
    stage.sim.forge_notification(&id, "payment.succeeded", json!({"status": "succeeded", "paid": true})).await.unwrap();
    stage.sim.forge_notification("nobody", "payment.succeeded", json!({})).await.unwrap();
    stage.sim.decline(&id, "insufficient_funds").await.unwrap();
    stage.sim.resend_notification(&id).await.unwrap();
    let sent = |event: &sandbox::wire::Event| match &event.what {
        What::NotificationSent { event, .. } => event == "payment.canceled",
        _ => false,
    };
    stage.sim.wait_event(0, "the last of three", Duration::from_secs(10), sent).await.unwrap();
    let forged = |body: &&Value| body["object"]["status"] == "succeeded";
    let heard = || ear.heard.lock().unwrap().clone();
    while heard().len() < 3 {
        tokio::task::yield_now().await;
    }
    assert_eq!((heard().len(), heard().iter().filter(forged).count()), (3, 2));
    let (_, got) = Shop::of(&stage).get(&format!("/payments/{id}")).await;
    assert_eq!(got["cancellation_details"], json!({"party": "payment_network", "reason": "insufficient_funds"}));
}

#[tokio::test]
async fn two_stages_wait_for_capture() {
    let stage = Stage::set().await;
    let shop = Shop::of(&stage);
    let mut two_stages = order();
    two_stages["capture"] = false.into();
    for (act, status) in [("capture", "succeeded"), ("cancel", "canceled")] {
        let (_, made) = shop.post("/payments", Some(act), &two_stages).await;
        let id = made["id"].as_str().unwrap();
        assert_eq!(stage.sim.pay(id).await.unwrap().status, "waiting_for_capture");
        let (_, done) = shop.post(&format!("/payments/{id}/{act}"), Some(&format!("{act}-2")), &json!({})).await;
        assert_eq!(done["status"], status);
    }
}

#[tokio::test]
async fn a_shop_is_told_who_it_is_and_a_stranger_is_not() {
    let stage = Stage::set().await;
    let shop = Shop::of(&stage);
    let (status, me) = shop.get("/me").await;
    assert_eq!(
        (status, &me["account_id"], &me["status"], &me["test"]),
        (200, &json!("100500"), &json!("enabled"), &json!(true))
    );
    let stranger = shop.http.get(format!("{}/me", shop.base)).basic_auth("100500", Some("wrong")).send().await.unwrap();
    assert_eq!(stranger.status().as_u16(), 401);
    let posted =
        shop.http.post(format!("{}/me", shop.base)).basic_auth("100500", Some("test_sandbox")).send().await.unwrap();
    assert_eq!(posted.status().as_u16(), 405);
    stage.sim.assert_clean().await.unwrap();
}

#[tokio::test]
async fn get_may_show_another_amount() {
    let stage = Stage::set().await;
    let shop = Shop::of(&stage);
    let id = shop.pay("key").await["id"].as_str().unwrap().to_owned();
    stage.sim.show_amount(&id, Some("1.00"), "RUB").await.unwrap();
    assert_eq!(shop.get(&format!("/payments/{id}")).await.1["amount"]["value"], "1.00");
    stage.sim.show_amount(&id, None, "RUB").await.unwrap();
    assert_eq!(shop.get(&format!("/payments/{id}")).await.1["amount"]["value"], "990.00");
}

mod money;
