//! Cards, methods, refunds, receipts, and what ends by itself.

use super::{Ear, Shop, order};
use crate::Stage;
use chrono::TimeDelta;
use sandbox::wire::{MethodOrder, NotificationSettings, Pay, RefundOrder, ShopSettings, What};
use serde_json::{Value, json};
use std::time::Duration;

async fn paid(stage: &Stage, key: &str) -> String {
    let id = Shop::of(stage).pay(key).await["id"].as_str().unwrap().to_owned();
    stage.sim.pay(&id).await.unwrap();
    id
}

fn refund(payment: &str, value: &str) -> Value {
    json!({"payment_id": payment, "amount": {"value": value, "currency": "RUB"}, "description": "Отмена"})
}

#[tokio::test]
async fn a_test_card_pays_or_is_declined_by_its_number() {
    let stage = Stage::set().await;
    let shop = Shop::of(&stage);
    for (number, status, party, reason) in [
        ("5555 5555 5555 4477", "succeeded", Value::Null, Value::Null),
        ("2202474301322987", "succeeded", Value::Null, Value::Null),
        ("5555555555554600", "canceled", json!("payment_network"), json!("insufficient_funds")),
        ("5555555555554592", "canceled", json!("payment_network"), json!("3d_secure_failed")),
        ("4119098878796485", "canceled", json!("yoo_money"), json!("fraud_suspected")),
    ] {
        let id = shop.pay(&number.replace(' ', "-")).await["id"].as_str().unwrap().to_owned();
        let unknown = stage.sim.pay_by_card(&id, "4242424242424242").await;
        assert_eq!(unknown.unwrap_err().code(), Some("cannot_pay"), "no card of test mode");
        assert_eq!(stage.sim.pay_by_card(&id, number).await.unwrap().status, status, "{number}");
        let (_, got) = shop.get(&format!("/payments/{id}")).await;
        assert_eq!((&got["cancellation_details"]["party"], &got["cancellation_details"]["reason"]), (&party, &reason));
        let digits: String = number.chars().filter(|c| !c.is_whitespace()).collect();
        assert_eq!(got["payment_method"]["card"]["last4"], digits[12..]);
    }
}

#[tokio::test]
async fn the_page_asks_for_a_code_where_the_bank_does() {
    let stage = Stage::set().await;
    let made = Shop::of(&stage).pay("key").await;
    let page = made["confirmation"]["confirmation_url"].as_str().unwrap();
    // A browser would go on to the bot's chat, which is not here.
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let fill = async |form: &[(&str, &str)]| {
        let answer = http.post(page).form(form).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let wrong = fill(&[("do", "pay"), ("card", "4242424242424242")]).await;
    assert!(wrong.1.contains("тестовыми картами"), "{wrong:?}");
    let asked = fill(&[("do", "pay"), ("card", "5555555555554477")]).await;
    assert!(asked.1.contains("3-D Secure"), "{asked:?}");
    let id = made["id"].as_str().unwrap();
    assert_eq!(stage.sim.payment(id).await.unwrap().status, "pending", "not before the code");
    assert_eq!(fill(&[("do", "pay"), ("card", "5555555555554477"), ("code", "1")]).await.0, 303);
    let payment = stage.sim.payment(id).await.unwrap();
    assert_eq!(payment.object["authorization_details"]["three_d_secure"], json!({"applied": true}));
    assert_eq!(payment.status, "succeeded");
}

#[tokio::test]
async fn a_saved_method_is_charged_without_the_buyer_until_it_is_taken_back() {
    let stage = Stage::set().await;
    let shop = Shop::of(&stage);
    let mut first = order();
    first["save_payment_method"] = true.into();
    let (_, made) = shop.post("/payments", Some("first"), &first).await;
    let id = made["id"].as_str().unwrap();
    stage.sim.pay(id).await.unwrap();
    let (_, got) = shop.get(&format!("/payments/{id}")).await;
    assert_eq!((&got["payment_method"]["saved"], &got["payment_method"]["id"]), (&json!(true), &json!(id)));
    assert_eq!(shop.get(&format!("/payment_methods/{id}")).await.1["status"], "active");
    let renewal = json!({"amount": {"value": "990.00", "currency": "RUB"}, "capture": true, "payment_method_id": id,
        "description": "Продление"});
    let charge = async |key: &str| shop.post("/payments", Some(key), &renewal).await.1;
    let charged = charge("renewal-1").await;
    assert_eq!((&charged["status"], &charged["confirmation"]), (&json!("succeeded"), &Value::Null));
    assert_ne!(charged["id"], json!(id));
    assert_eq!(charge("renewal-1").await, charged, "once for one key");
    let poor = MethodOrder { decline: Some("insufficient_funds".into()), ..MethodOrder::default() };
    stage.sim.method(id, &poor).await.unwrap();
    assert_eq!(charge("renewal-2").await["cancellation_details"]["reason"], "insufficient_funds");
    stage.sim.method(id, &MethodOrder { revoked: Some(true), ..MethodOrder::default() }).await.unwrap();
    let revoked = charge("renewal-3").await;
    assert_eq!(revoked["cancellation_details"], json!({"party": "yoo_money", "reason": "permission_revoked"}));
    let mut unknown = renewal.clone();
    unknown["payment_method_id"] = "00000000-000f-5000-9000-000000000000".into();
    assert_eq!(shop.post("/payments", Some("renewal-4"), &unknown).await.0, 400);
    stage.sim.assert_clean().await.unwrap();
}

#[tokio::test]
async fn a_method_is_saved_only_where_the_shop_or_the_buyer_says_so() {
    let stage = Stage::set().await;
    let shop = Shop::of(&stage);
    for (key, asked, ticked, method, saved) in [
        ("a", Value::Null, false, None, false),
        ("b", Value::Null, true, None, true),
        ("c", json!(false), true, None, false),
        ("d", json!(true), false, Some("sbp"), true),
    ] {
        let mut wanted = order();
        if asked.is_boolean() {
            wanted["save_payment_method"] = asked;
        }
        let (_, made) = shop.post("/payments", Some(key), &wanted).await;
        let id = made["id"].as_str().unwrap();
        let pay = Pay { save: ticked, method: method.map(str::to_owned), ..Pay::default() };
        let payment = stage.sim.pay_as(id, &pay).await.unwrap();
        assert_eq!(payment.object["payment_method"]["saved"], saved, "{key}");
        assert_eq!(payment.object["payment_method"]["type"], method.unwrap_or("bank_card"));
    }
    stage.sim.shop(&ShopSettings { autopayments: Some(false), ..ShopSettings::default() }).await.unwrap();
    let mut wanted = order();
    wanted["save_payment_method"] = true.into();
    assert_eq!(shop.post("/payments", Some("e"), &wanted).await.0, 403, "the shop's contract does not have it");
    let mut cash = order();
    cash["payment_method_data"] = json!({"type": "cash"});
    assert_eq!(shop.post("/payments", Some("f"), &cash).await.0, 400, "the shop does not offer it");
}

#[tokio::test]
async fn a_method_is_saved_without_a_payment() {
    let stage = Stage::set().await;
    let (shop, (ear, url)) = (Shop::of(&stage), Ear::listen(&[]).await);
    stage.sim.notify_at(&url).await.unwrap();
    let wanted = json!({"type": "bank_card", "confirmation": {"type": "redirect", "return_url": "https://t.me/b"}});
    let (status, made) = shop.post("/payment_methods", Some("key"), &wanted).await;
    assert_eq!((status, &made["status"], &made["saved"]), (200, &json!("pending"), &json!(false)), "{made}");
    let id = made["id"].as_str().unwrap();
    let charge = json!({"amount": {"value": "1.00", "currency": "RUB"}, "capture": true, "payment_method_id": id});
    assert_eq!(shop.post("/payments", Some("early"), &charge).await.0, 400, "not confirmed yet");
    stage.sim.method(id, &MethodOrder { confirm: true, ..MethodOrder::default() }).await.unwrap();
    assert_eq!(shop.post("/payments", Some("now"), &charge).await.1["status"], "succeeded");
    while ear.heard.lock().unwrap().len() < 2 {
        tokio::task::yield_now().await;
    }
    let heard = ear.heard.lock().unwrap().clone();
    assert!(heard.iter().any(|n| n["event"] == "payment_method.active" && n["object"]["id"] == id), "{heard:?}");
}

#[tokio::test]
async fn money_is_given_back_in_parts_and_never_more_than_was_paid() {
    let stage = Stage::set().await;
    let (shop, (ear, url)) = (Shop::of(&stage), Ear::listen(&[]).await);
    let pending = shop.pay("pending").await["id"].as_str().unwrap().to_owned();
    assert_eq!(shop.post("/refunds", Some("r0"), &refund(&pending, "1.00")).await.0, 400, "nothing was paid");
    let id = paid(&stage, "key").await;
    stage.sim.notify_at(&url).await.unwrap();
    let (status, part) = shop.post("/refunds", Some("r1"), &refund(&id, "300.00")).await;
    assert_eq!((status, &part["status"], &part["payment_id"]), (200, &json!("succeeded"), &json!(id)), "{part}");
    assert_eq!(shop.post("/refunds", Some("r1"), &refund(&id, "300.00")).await.1, part, "once for one key");
    assert_eq!(shop.post("/refunds", Some("r1"), &refund(&id, "301.00")).await.0, 400, "another request");
    let (_, payment) = shop.get(&format!("/payments/{id}")).await;
    assert_eq!(payment["refunded_amount"], json!({"value": "300.00", "currency": "RUB"}));
    assert_eq!((&payment["refundable"], &payment["status"]), (&json!(true), &json!("succeeded")));
    assert_eq!(shop.post("/refunds", Some("r2"), &refund(&id, "690.01")).await.0, 400, "a kopeck too much");
    assert_eq!(shop.post("/refunds", Some("r3"), &refund(&id, "690.00")).await.0, 200);
    assert_eq!(shop.get(&format!("/payments/{id}")).await.1["refundable"], false);
    assert_eq!(shop.post("/refunds", Some("r4"), &refund(&id, "0.01")).await.0, 400, "all was given back");
    let (_, list) = shop.get(&format!("/refunds?payment_id={id}&status=succeeded")).await;
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    let refund_id = part["id"].as_str().unwrap();
    assert_eq!(shop.get(&format!("/refunds/{refund_id}")).await.1, part);
    while ear.heard.lock().unwrap().len() < 2 {
        tokio::task::yield_now().await;
    }
    assert!(ear.heard.lock().unwrap().iter().all(|n| n["event"] == "refund.succeeded"));
    let told = stage.sim.refunds().await.unwrap();
    assert_eq!(told.len(), 2);
    stage.sim.assert_clean().await.unwrap();
}

#[tokio::test]
async fn a_refund_may_wait_and_may_fail_and_then_counts_no_more() {
    let stage = Stage::set().await;
    let shop = Shop::of(&stage);
    let id = paid(&stage, "key").await;
    stage.sim.next_refund(&RefundOrder { pending: true, cancel: None }).await.unwrap();
    let (_, waits) = shop.post("/refunds", Some("r1"), &refund(&id, "990.00")).await;
    assert_eq!(waits["status"], "pending");
    assert_eq!(shop.post("/refunds", Some("r2"), &refund(&id, "1.00")).await.0, 400, "it is on its way already");
    let refund_id = waits["id"].as_str().unwrap();
    stage.sim.settle_refund(refund_id, Some("insufficient_funds")).await.unwrap();
    let (_, failed) = shop.get(&format!("/refunds/{refund_id}")).await;
    assert_eq!(failed["cancellation_details"], json!({"party": "refund_network", "reason": "insufficient_funds"}));
    assert_eq!(stage.sim.settle_refund(refund_id, None).await.unwrap_err().code(), Some("not_pending"));
    assert_eq!(shop.get(&format!("/payments/{id}")).await.1["refunded_amount"]["value"], "0.00");
    assert_eq!(shop.post("/refunds", Some("r3"), &refund(&id, "990.00")).await.1["status"], "succeeded");
}

#[tokio::test]
async fn a_refund_is_too_late_after_three_years() {
    let stage = Stage::set().await;
    let id = paid(&stage, "key").await;
    stage.sim.forward(TimeDelta::days(3 * 365 + 1)).await.unwrap();
    assert_eq!(Shop::of(&stage).post("/refunds", Some("r1"), &refund(&id, "1.00")).await.0, 400);
}

#[tokio::test]
async fn a_bill_that_nobody_pays_ends_after_an_hour_and_a_hold_after_a_week() {
    let stage = Stage::set().await;
    let shop = Shop::of(&stage);
    let unpaid = shop.pay("unpaid").await["id"].as_str().unwrap().to_owned();
    let mut two_stages = order();
    two_stages["capture"] = false.into();
    let (_, held) = shop.post("/payments", Some("held"), &two_stages).await;
    let held = held["id"].as_str().unwrap().to_owned();
    stage.sim.pay(&held).await.unwrap();
    stage.sim.forward(TimeDelta::minutes(59)).await.unwrap();
    assert_eq!(stage.sim.payment(&unpaid).await.unwrap().status, "pending");
    for (id, later, reason) in
        [(&unpaid, TimeDelta::minutes(1), "expired_on_confirmation"), (&held, TimeDelta::days(7), "expired_on_capture")]
    {
        stage.sim.forward(later).await.unwrap();
        let over = stage.sim.wait_payment("over", |p| p.id == *id && p.status == "canceled").await.unwrap();
        assert_eq!(over.object["cancellation_details"], json!({"party": "yoo_money", "reason": reason}));
        assert_eq!(stage.sim.pay(id).await.unwrap_err().code(), Some("not_pending"));
    }
}

#[tokio::test]
async fn a_key_stands_for_its_request_for_a_day() {
    let stage = Stage::set().await;
    let shop = Shop::of(&stage);
    let first = shop.pay("key").await;
    stage.sim.forward(TimeDelta::hours(23)).await.unwrap();
    assert_eq!(shop.pay("key").await["id"], first["id"]);
    stage.sim.forward(TimeDelta::hours(1)).await.unwrap();
    assert_ne!(shop.pay("key").await["id"], first["id"], "another payment: the key is as good as new");
}

#[tokio::test]
async fn a_receipt_is_checked_and_registered() {
    let stage = Stage::set().await;
    let shop = Shop::of(&stage);
    let receipt = json!({"customer": {"email": "anna@example.ru"}, "items": [{"description": "Подписка на 30 дней",
        "quantity": 2.000, "amount": {"value": "495.00", "currency": "RUB"}, "vat_code": 1,
        "payment_subject": "service", "payment_mode": "full_payment", "measure": "piece"}], "tax_system_code": 2});
    stage.sim.shop(&ShopSettings { receipts: Some(true), ..ShopSettings::default() }).await.unwrap();
    assert_eq!(shop.post("/payments", Some("none"), &order()).await.0, 400, "this shop must give receipts");
    for (place, wrong) in [
        ("/items/0/amount/value", json!("495.01")),
        ("/items/0/vat_code", json!(13)),
        ("/items/0/quantity", json!(0)),
        ("/items/0/payment_subject", json!("subscription")),
        ("/items/0/measure", json!("pieces")),
        ("/customer/email", json!("anna")),
        ("/tax_system_code", json!(7)),
    ] {
        let mut payment = order();
        payment["receipt"] = receipt.clone();
        *payment["receipt"].pointer_mut(place).unwrap() = wrong;
        let (status, refused) = shop.post("/payments", Some(place), &payment).await;
        assert_eq!((status, &refused["parameter"]), (400, &json!("receipt")), "{place}: {refused}");
    }
    stage.sim.forget_deviations().await.unwrap();
    let mut payment = order();
    payment["receipt"] = receipt.clone();
    let (_, made) = shop.post("/payments", Some("good"), &payment).await;
    assert_eq!(made["receipt_registration"], "pending");
    let id = made["id"].as_str().unwrap();
    stage.sim.pay(id).await.unwrap();
    assert_eq!(shop.get(&format!("/payments/{id}")).await.1["receipt_registration"], "succeeded");
    let (_, list) = shop.get(&format!("/receipts?payment_id={id}")).await;
    assert_eq!((&list["items"][0]["type"], &list["items"][0]["items"]), (&json!("payment"), &receipt["items"]));
    let rt = list["items"][0]["id"].as_str().unwrap();
    assert_eq!((rt.len(), shop.get(&format!("/receipts/{rt}")).await.0), (39, 200));
    assert_eq!(shop.post("/refunds", Some("r1"), &refund(id, "990.00")).await.0, 400, "a refund needs one too");
    let mut back = refund(id, "990.00");
    back["receipt"] = receipt;
    let (_, refunded) = shop.post("/refunds", Some("r2"), &back).await;
    assert_eq!(refunded["receipt_registration"], "succeeded", "{refunded}");
    let (_, list) = shop.get(&format!("/receipts?refund_id={}", refunded["id"].as_str().unwrap())).await;
    assert_eq!(list["items"][0]["type"], "refund");
    stage.sim.assert_clean().await.unwrap();
}

#[tokio::test]
async fn notifications_come_twice_and_in_the_wrong_order_when_asked_to() {
    let stage = Stage::set().await;
    let (ear, url) = Ear::listen(&[]).await;
    let settings = NotificationSettings { url: Some(url), copies: Some(2), hold: Some(true), ..Default::default() };
    stage.sim.notifications(&settings).await.unwrap();
    let mut two_stages = order();
    two_stages["capture"] = false.into();
    let shop = Shop::of(&stage);
    let (_, made) = shop.post("/payments", Some("key"), &two_stages).await;
    let id = made["id"].as_str().unwrap();
    stage.sim.pay(id).await.unwrap();
    shop.post(&format!("/payments/{id}/capture"), Some("capture"), &json!({})).await;
    assert!(ear.heard.lock().unwrap().is_empty(), "kept back");
    stage.sim.release_notifications(true).await.unwrap();
    let last = |event: &sandbox::wire::Event| matches!(&event.what, What::NotificationSent { event, attempt: 2, .. } if event == "payment.waiting_for_capture");
    stage.sim.wait_event(0, "the last of four", Duration::from_secs(10), last).await.unwrap();
    let heard = ear.heard.lock().unwrap().clone();
    let events: Vec<_> = heard.iter().map(|n| n["event"].as_str().unwrap()).collect();
    let (late, early) = ("payment.succeeded", "payment.waiting_for_capture");
    assert_eq!(events, [late, late, early, early]);
}
