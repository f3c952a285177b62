use crate::{Stage, inline};
use chrono::{DateTime, TimeDelta, Utc};
use sandbox::wire::ClockOrder;
use serde_json::{Value, json};

fn date(unix: &Value) -> DateTime<Utc> {
    DateTime::from_timestamp(unix.as_i64().unwrap(), 0).unwrap()
}

async fn served(stage: &Stage, query: &str) -> Value {
    reqwest::get(format!("{}/clock?{query}", stage.running.url())).await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn messages_bear_the_date_of_the_played_clock() {
    let stage = Stage::started().await;
    let day: DateTime<Utc> = "2027-03-28T09:00:00Z".parse().unwrap();
    let order = ClockOrder { at: Some(day), rate: Some(0.0), ..ClockOrder::default() };
    stage.sim.play_clock(&order).await.unwrap();
    let message = json!({"chat_id": stage.anna.id, "text": "x"});
    assert_eq!(date(&stage.api().ok("sendMessage", message.clone()).await["date"]), day);
    stage.sim.forward(TimeDelta::days(31)).await.unwrap();
    assert_eq!(date(&stage.api().ok("sendMessage", message.clone()).await["date"]), day + TimeDelta::days(31));
    assert_eq!(stage.sim.clock().await.unwrap().at, day + TimeDelta::days(31), "it stands still");
    stage.sim.play_clock(&ClockOrder { real: true, ..ClockOrder::default() }).await.unwrap();
    let real = date(&stage.api().ok("sendMessage", message).await["date"]);
    assert!((Utc::now() - real).abs() < TimeDelta::hours(1), "{real}");
}

#[tokio::test]
async fn a_fast_clock_leaves_the_slow_one_behind() {
    let stage = Stage::set().await;
    let before = stage.sim.clock_rate(86_400.0).await.unwrap().at;
    let mut at = before;
    while at - before < TimeDelta::hours(1) {
        at = stage.sim.clock().await.unwrap().at;
    }
    assert!(at - Utc::now() > TimeDelta::minutes(30), "an hour of the clock has not taken an hour");
    for (order, why) in [
        (ClockOrder { rate: Some(-1.0), ..ClockOrder::default() }, "backwards"),
        (ClockOrder { forward_s: Some(1e12), ..ClockOrder::default() }, "beyond the years it can show"),
        (ClockOrder { forward_s: Some(1.0), at: Some(at), ..ClockOrder::default() }, "both"),
    ] {
        assert_eq!(stage.sim.play_clock(&order).await.unwrap_err().code(), Some("clock"), "{why}");
    }
}

#[tokio::test]
async fn whoever_follows_the_clock_hears_of_a_touch_and_is_waited_for() {
    let stage = Stage::set().await;
    let first = served(&stage, "who=me&after=0").await;
    let version = first["version"].as_u64().unwrap();
    assert_eq!(stage.sim.clock().await.unwrap().followers, 1);
    let again = served(&stage, &format!("who=me&after={version}&timeout_ms=1")).await;
    assert_eq!(again["version"], first["version"], "nothing has changed");
    // The touch is answered only when the follower has come back for more.
    let (sim, base) = (stage.sim.clone(), stage.running.url());
    let follow = async move {
        let url = format!("{base}/clock?who=me&after={version}&timeout_ms=60000");
        let told: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        let heard = told["version"].as_u64().unwrap();
        assert!(heard > version);
        let url = format!("{base}/clock?who=me&after={heard}&timeout_ms=1");
        reqwest::get(url).await.unwrap().json::<Value>().await.unwrap()
    };
    let (told, touched) = tokio::join!(follow, sim.forward(TimeDelta::hours(1)));
    assert_eq!(told["version"].as_u64().unwrap(), touched.unwrap().version);
    // One that never comes back is waited for in vain once.
    stage.sim.forward(TimeDelta::hours(1)).await.unwrap();
    assert_eq!(stage.sim.clock().await.unwrap().followers, 0);
}

#[tokio::test]
async fn presses_and_updates_grow_old() {
    let stage = Stage::started().await;
    let id = stage.send("x", inline("Да", "y")).await;
    stage.api().updates(json!({"offset": -1})).await;
    let press = stage.sim.press(stage.anna.id, &stage.bot, "Да").await.unwrap();
    stage.sim.say(stage.anna.id, &stage.bot, "привет").await.unwrap();
    stage.sim.forward(TimeDelta::seconds(151)).await.unwrap();
    let answer = json!({"callback_query_id": press.query_id});
    let refused = stage.api().refused("answerCallbackQuery", answer).await;
    assert!(refused.1.contains("query is too old"), "{refused:?}");
    let kinds = |updates: Vec<Value>| -> Vec<bool> { updates.iter().map(|u| u["message"].is_object()).collect() };
    let after = press.update_id.unwrap();
    let left = stage.api().updates(json!({"offset": after})).await;
    assert_eq!(kinds(left), [true], "the press is forgotten, the message is not; message {id}");
    stage.sim.forward(TimeDelta::hours(24)).await.unwrap();
    assert_eq!(stage.api().updates(json!({"offset": after + 1})).await.len(), 0, "a day has passed");
}
