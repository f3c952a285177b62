use crate::{Stage, inline};
use sandbox::wire::What;
use serde_json::json;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_poll_waits_until_somebody_writes() {
    let stage = Stage::set().await;
    let poll = tokio::spawn({
        let api = stage.api();
        async move { api.updates(json!({"timeout": 30})).await }
    });
    stage.sim.wait_polling(&stage.bot, 0).await.unwrap();
    stage.sim.say(stage.anna.id, &stage.bot, "привет").await.unwrap();
    let updates = poll.await.unwrap();
    assert_eq!(updates.len(), 1);
    assert_eq!(updates[0]["message"]["text"], "привет");
    assert_eq!(updates[0]["message"]["from"]["first_name"], "Анна");
    assert_eq!(updates[0]["message"]["chat"], json!({"id": stage.anna.id, "type": "private", "first_name": "Анна"}));
}

#[tokio::test]
async fn an_empty_poll_ends_after_its_timeout() {
    let stage = Stage::set().await;
    let before = Instant::now();
    assert!(stage.api().updates(json!({"timeout": 1})).await.is_empty());
    assert!(before.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn updates_stay_until_the_offset_confirms_them() {
    let stage = Stage::set().await;
    for text in ["a", "b", "c"] {
        stage.sim.say(stage.anna.id, &stage.bot, text).await.unwrap();
    }
    let all = stage.api().updates(json!({})).await;
    let ids: Vec<_> = all.iter().map(|u| u["update_id"].as_i64().unwrap()).collect();
    assert_eq!(ids, [ids[0], ids[0] + 1, ids[0] + 2]);
    let rest = stage.api().updates(json!({"offset": ids[1], "limit": 1})).await;
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0]["message"]["text"], "b");
    let last = stage.api().updates(json!({"offset": -1})).await;
    assert_eq!(last.len(), 1);
    assert_eq!(last[0]["message"]["text"], "c");
    assert!(stage.api().updates(json!({"offset": ids[2] + 1, "timeout": 0})).await.is_empty());
    assert_eq!(stage.sim.bot(&stage.bot).await.unwrap().pending, 0);
}

#[tokio::test]
async fn of_two_pollers_the_older_one_gets_409() {
    let stage = Stage::set().await;
    let api = stage.api();
    let older = tokio::spawn({
        let api = api.clone();
        async move { api.refused("getUpdates", json!({"timeout": 30})).await }
    });
    stage.sim.wait_polling(&stage.bot, 0).await.unwrap();
    let newer = tokio::spawn(async move { api.updates(json!({"timeout": 30, "offset": 1})).await });
    let conflict = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
    assert_eq!(older.await.unwrap(), (409, conflict.to_owned()));
    stage.sim.say(stage.anna.id, &stage.bot, "кому?").await.unwrap();
    assert_eq!(newer.await.unwrap().len(), 1, "the newer one goes on");
}

#[tokio::test]
async fn allowed_updates_stay_until_they_are_given_again() {
    let stage = Stage::started().await;
    stage.send("кнопка", inline("Да", "yes")).await;
    let kinds = |updates: &[serde_json::Value]| -> Vec<String> {
        let kind = |u: &serde_json::Value| u.as_object().unwrap().keys().find(|k| *k != "update_id").unwrap().clone();
        updates.iter().map(kind).collect()
    };
    let api = stage.api();
    let first = api.updates(json!({"allowed_updates": ["message"]})).await;
    assert_eq!(kinds(&first), ["message"]);
    let mut offset = first[0]["update_id"].as_i64().unwrap() + 1;
    let act = stage.sim.press(stage.anna.id, &stage.bot, "Да").await.unwrap();
    assert_eq!(act.update_id, None, "the press is not handed over");
    stage.sim.say(stage.anna.id, &stage.bot, "слово").await.unwrap();
    let second = api.updates(json!({"offset": offset})).await;
    assert_eq!(kinds(&second), ["message"], "what was asked for before still counts");
    offset += 1;
    assert!(api.updates(json!({"offset": offset, "allowed_updates": []})).await.is_empty());
    stage.sim.press(stage.anna.id, &stage.bot, "Да").await.unwrap();
    stage.sim.block(stage.anna.id, &stage.bot).await.unwrap();
    let third = api.updates(json!({"offset": offset + 1_000_000, "timeout": 0})).await;
    assert!(third.is_empty());
    let info = api.ok("getWebhookInfo", json!({})).await;
    assert!(info.get("allowed_updates").is_none(), "the default set again: {info}");
}

#[tokio::test]
async fn an_update_can_be_delivered_twice() {
    let stage = Stage::set().await;
    let act = stage.sim.say(stage.anna.id, &stage.bot, "раз").await.unwrap();
    let id = act.update_id.unwrap();
    assert_eq!(stage.api().updates(json!({})).await.len(), 1);
    assert!(stage.api().updates(json!({"offset": id + 1, "timeout": 0})).await.is_empty());
    stage.sim.redeliver(&stage.bot, id).await.unwrap();
    let again = stage.api().updates(json!({"offset": id + 1})).await;
    assert_eq!(again[0]["update_id"], id);
    let pushed = json!({"update_id": id, "message": {"text": "подделка"}});
    assert_eq!(stage.sim.push_updates(&stage.bot, &[pushed]).await.unwrap(), [id]);
    assert_eq!(stage.api().updates(json!({"offset": id + 2})).await[0]["message"]["text"], "подделка");
}

#[tokio::test]
async fn one_can_wait_until_the_bot_has_done_with_an_update() {
    let stage = Stage::set().await;
    let act = stage.sim.say(stage.anna.id, &stage.bot, "раз").await.unwrap();
    let hurried = stage.sim.clone().with_patience(Duration::from_millis(20));
    assert!(hurried.wait_confirmed(&act).await.is_err(), "nobody polls");
    let waiting = tokio::spawn({
        let (sim, act) = (stage.sim.clone(), act.clone());
        async move { sim.wait_confirmed(&act).await }
    });
    let next = act.update_id.unwrap() + 1;
    stage.api().updates(json!({"offset": next, "timeout": 0})).await;
    waiting.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_new_start_of_polling_is_told() {
    let stage = Stage::started().await;
    let update = stage.api().updates(json!({"timeout": 10})).await[0]["update_id"].as_i64().unwrap();
    let first = stage.sim.wait_polling(&stage.bot, 0).await.unwrap();
    assert!(matches!(first.what, What::PollingStarted { first: true, .. }));
    stage.api().updates(json!({"timeout": 0, "offset": update + 1})).await;
    let after = stage.sim.now().await.unwrap();
    // A program that starts anew has forgotten its offset.
    stage.api().updates(json!({"timeout": 0})).await;
    let again = stage.sim.wait_polling(&stage.bot, after).await.unwrap();
    assert!(matches!(again.what, What::PollingStarted { first: false, .. }));
}

#[tokio::test]
async fn every_address_serves_the_same_world() {
    let any = "127.0.0.1:0".parse().unwrap();
    let options = sandbox::SandboxOptions { listen: vec![any, any], ..Default::default() };
    let running = sandbox::Sandbox::start(options).await.unwrap();
    let [one, two] = running.addresses() else { panic!("two addresses") };
    assert_ne!(one, two);
    sandbox::client::Sim::new(&format!("http://{one}")).create_bot("A", "some_bot", false).await.unwrap();
    let seen = sandbox::client::Sim::new(&format!("http://{two}")).bot("some_bot").await.unwrap();
    assert_eq!(seen.bot.name, "A");
    let (url, http) = (running.url(), reqwest::Client::new());
    running.stop().await;
    assert!(http.get(format!("{url}/sim")).send().await.is_err(), "nobody listens any more");
}
