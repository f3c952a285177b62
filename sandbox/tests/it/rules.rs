use crate::{Stage, inline};
use sandbox::{client::SimError, wire::Target};
use serde_json::json;

#[tokio::test]
async fn every_deviation_from_the_table_is_written_down() {
    let stage = Stage::started().await;
    let api = stage.api();
    let chat = stage.anna.id;
    api.ok("sendMessage", json!({"chat_id": chat, "text": "x", "colour": "red"})).await;
    api.ok("sendMessage", json!({"chat_id": chat, "text": "x", "disable_notification": "yes please"})).await;
    let keyboard = json!({"inline_keyboard": [[{"text": "a", "callback_data": "b", "color": "red"}]]});
    api.ok("sendMessage", json!({"chat_id": chat, "text": "x", "reply_markup": keyboard})).await;
    api.call("editMessageText", json!({"chat_id": chat, "message_id": "1", "text": "x"})).await;
    api.call("sendChatAction", json!({"chat_id": chat})).await;
    api.ok("getUpdates", json!({"allowed_updates": ["message", "mesage"]})).await;
    let found = stage.sim.deviations().await.unwrap();
    let what: Vec<_> = found.iter().map(|d| format!("{}: {}", d.method, d.what)).collect();
    assert_eq!(
        what,
        [
            "sendMessage: unknown parameter colour",
            "sendMessage: disable_notification: \"yes please\" where Boolean belongs",
            "sendMessage: reply_markup.inline_keyboard[0][0]: InlineKeyboardButton has no field color",
            "editMessageText: message_id: \"1\" where Integer belongs",
            "sendChatAction: missing parameter action",
            "getUpdates: allowed_updates: there is no update of kind mesage",
        ]
    );
    assert!(found.iter().all(|d| d.target == Target::Telegram && d.bot.as_deref() == Some("master_bot")));
    assert!(matches!(stage.sim.assert_clean().await, Err(SimError::Unclean(_))));
    stage.sim.forget_deviations().await.unwrap();
    stage.sim.assert_clean().await.unwrap();
}

#[tokio::test]
async fn a_method_that_is_known_but_not_modelled_is_counted() {
    let stage = Stage::started().await;
    let api = stage.api();
    let refused = api.refused("sendDice", json!({"chat_id": stage.anna.id, "photo": "x"})).await;
    assert_eq!(refused, (400, "sandbox: sendDice is not modelled".into()));
    assert_eq!(stage.sim.not_modelled().await.unwrap()[0].what, "sendDice");
    assert!(stage.sim.assert_clean().await.is_err());
    assert_eq!(api.refused("sendTelepathy", json!({})).await, (404, "Not Found: method not found".into()));
}

#[tokio::test]
async fn a_request_may_come_in_any_of_the_four_ways() {
    let stage = Stage::started().await;
    let (base, http, chat) = (stage.api().base, reqwest::Client::new(), stage.anna.id.to_string());
    let markup = inline("Да", "y").to_string();
    let pairs = [("chat_id", chat.as_str()), ("text", "привет"), ("reply_markup", markup.as_str())];
    let query = http.get(format!("{base}/SENDMESSAGE")).query(&pairs).send().await.unwrap();
    assert!(query.status().is_success());
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let kind = "application/x-www-form-urlencoded";
    let posted = http.post(format!("{base}/SendMessage")).header("content-type", kind).body(form).send().await.unwrap();
    assert!(posted.status().is_success());
    let multipart = pairs
        .into_iter()
        .fold(reqwest::multipart::Form::new(), |form, (name, value)| form.text(name.to_owned(), value.to_owned()));
    assert!(http.post(format!("{base}/sendMessage")).multipart(multipart).send().await.unwrap().status().is_success());
    let chat = stage.sim.chat(stage.anna.id, &stage.bot).await.unwrap();
    assert_eq!(chat.messages.iter().filter(|m| m.button("Да").is_some()).count(), 3);
    stage.sim.assert_clean().await.unwrap();
}

#[tokio::test]
async fn a_start_payload_has_64_plain_letters_at_most() {
    let stage = Stage::set().await;
    let user = stage.anna.id;
    for payload in ["", "so much!", &"x".repeat(65)] {
        let refused = stage.sim.start(user, &stage.bot, Some(payload)).await.unwrap_err();
        assert_eq!(refused.code(), Some("payload"), "{payload}");
    }
    stage.sim.open(user, "https://t.me/master_bot?start=order_7-A").await.unwrap();
    let updates = stage.api().updates(json!({})).await;
    assert_eq!(updates[0]["message"]["text"], "/start order_7-A");
    assert_eq!(updates[0]["message"]["entities"][0]["length"], 6);
    let link = json!({"inline_keyboard": [[{"text": "a", "url": "https://t.me/master_bot?start=a.b"}]]});
    stage.send("link", link).await;
    assert!(stage.sim.deviations().await.unwrap()[0].what.starts_with("start payload against the rules"));
}

#[tokio::test]
async fn nonsense_is_answered_and_not_fatal() {
    let stage = Stage::started().await;
    let (base, http) = (stage.api().base, reqwest::Client::new());
    for (kind, body) in [("application/json", "{"), ("application/json", "[]"), ("multipart/form-data", "x")] {
        let answer = http.post(format!("{base}/sendMessage")).header("content-type", kind).body(body).send().await;
        assert_eq!(answer.unwrap().status(), 400, "{kind} {body}");
    }
    for path in ["/bot", "/bot/", "/botx", "/nothing", "/bot1:x/getMe/more"] {
        let answer = http.get(format!("{}{path}", stage.running.url())).send().await.unwrap();
        assert!(answer.status().is_client_error(), "{path}");
    }
    let strange = json!({"chat_id": [], "text": {"a": 1}, "reply_markup": 7, "entities": "x"});
    stage.api().call("sendMessage", strange).await;
    let entities = json!(["x", {"type": "bold", "offset": u64::MAX, "length": u64::MAX}]);
    stage.api().call("sendMessage", json!({"chat_id": stage.anna.id, "text": "x", "entities": entities})).await;
    let events = format!("{}/sim/events?after={}", stage.running.url(), u64::MAX);
    assert!(http.get(events).send().await.unwrap().status().is_success());
    stage.sim.push_updates(&stage.bot, &[json!({"update_id": i64::MAX})]).await.unwrap();
    let huge = json!({"chat_id": i64::MAX, "message_id": i64::MAX, "text": "x", "offset": i64::MIN});
    for method in ["sendMessage", "editMessageText", "deleteMessage", "getUpdates"] {
        stage.api().call(method, huge.clone()).await;
    }
}
