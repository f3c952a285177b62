//! Groups: who hears what, who may write, and keys that ask for people and chats.

use crate::{Stage, inline};
use sandbox::wire::GroupSaying;
use serde_json::{Value, json};

/// The updates of the stage's bot since the last time.
async fn news(stage: &Stage, seen: &mut i64) -> Vec<Value> {
    let order = json!({"offset": *seen + 1, "allowed_updates": ["message", "callback_query", "my_chat_member"]});
    let updates = stage.api().updates(order).await;
    *seen = updates.last().map_or(*seen, |update| update["update_id"].as_i64().unwrap());
    updates
}

fn texts(updates: &[Value]) -> Vec<&str> {
    updates.iter().map(|update| update["message"]["text"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_bot_in_a_group_hears_what_is_meant_for_it() {
    let (stage, mut seen) = (Stage::started().await, 0);
    news(&stage, &mut seen).await;
    let group = stage.sim.create_group("Операторы", stage.anna.id).await.unwrap().group;
    let order = json!({"chat_id": group.id, "text": "Есть кто?"});
    assert_eq!(stage.api().refused("sendMessage", order.clone()).await, (400, "Bad Request: chat not found".into()));
    stage.sim.put_bot(group.id, &stage.bot, "member").await.unwrap();
    let told = news(&stage, &mut seen).await;
    assert_eq!(told[0]["my_chat_member"]["new_chat_member"]["status"], "member");
    assert_eq!(told[1]["message"]["new_chat_members"][0]["username"], "master_bot");
    let sent = stage.api().ok("sendMessage", order).await;
    assert_eq!((&sent["chat"]["type"], &sent["chat"]["title"]), (&json!("group"), &json!("Операторы")));
    let boris = stage.sim.person("Борис").await.unwrap();
    let stranger = stage.sim.say_in(group.id, boris.id, "привет").await;
    assert_eq!(stranger.unwrap_err().code(), Some("not_member"));
    stage.sim.join(group.id, boris.id).await.unwrap();
    news(&stage, &mut seen).await;
    stage.sim.say_in(group.id, boris.id, "не боту").await.unwrap();
    stage.sim.say_in(group.id, boris.id, "/tenants@other_bot").await.unwrap();
    stage.sim.say_in(group.id, boris.id, "/tenants").await.unwrap();
    let id = i32::try_from(sent["message_id"].as_i64().unwrap()).unwrap();
    let answer = GroupSaying { user: boris.id, text: Some("я".into()), reply_to: Some(id), ..GroupSaying::default() };
    stage.sim.say_in_as(group.id, &answer).await.unwrap();
    assert_eq!(texts(&news(&stage, &mut seen).await), ["/tenants", "я"]);
    stage.sim.privacy(&stage.bot, false).await.unwrap();
    stage.sim.say_in(group.id, boris.id, "всем").await.unwrap();
    assert_eq!(texts(&news(&stage, &mut seen).await), ["всем"]);
    assert_eq!(stage.api().ok("getMe", json!({})).await["can_read_all_group_messages"], true);
    let member = json!({"chat_id": group.id, "user_id": boris.id});
    assert_eq!(stage.api().ok("getChatMember", member).await["status"], "member");
    assert_eq!(stage.api().ok("getChatMemberCount", json!({"chat_id": group.id})).await, 3);
    stage.sim.put_bot(group.id, &stage.bot, "kicked").await.unwrap();
    assert_eq!(news(&stage, &mut seen).await[0]["my_chat_member"]["new_chat_member"]["status"], "kicked");
    let order = json!({"chat_id": group.id, "text": "x"});
    let kicked = (403, "Forbidden: bot was kicked from the group chat".into());
    assert_eq!(stage.api().refused("sendMessage", order).await, kicked);
    stage.sim.assert_clean().await.unwrap();
}

#[tokio::test]
async fn members_press_buttons_in_a_group() {
    let (stage, mut seen) = (Stage::started().await, 0);
    let group = stage.sim.create_group("Операторы", stage.anna.id).await.unwrap().group;
    stage.sim.put_bot(group.id, &stage.bot, "member").await.unwrap();
    news(&stage, &mut seen).await;
    let order = json!({"chat_id": group.id, "text": "Бот упал", "reply_markup": inline("Беру", "take")});
    let sent = stage.api().ok("sendMessage", order).await;
    let press = stage.sim.press_in(group.id, stage.anna.id, "Беру").await.unwrap();
    let query = news(&stage, &mut seen).await[0]["callback_query"].clone();
    assert_eq!((&query["data"], &query["message"]["chat"]["id"]), (&json!("take"), &json!(group.id)));
    assert_eq!(query["from"]["first_name"], "Анна");
    let edit = json!({"chat_id": group.id, "message_id": sent["message_id"], "text": "Взяла Анна"});
    stage.api().ok("editMessageText", edit).await;
    stage.api().ok("answerCallbackQuery", json!({"callback_query_id": press.query_id})).await;
    assert_eq!(stage.sim.wait_in(group.id, "Взяла").await.unwrap().buttons.len(), 0);
    let boris = stage.sim.person("Борис").await.unwrap();
    assert_eq!(stage.sim.press_in(group.id, boris.id, "Беру").await.unwrap_err().code(), Some("not_member"));
}

#[tokio::test]
async fn a_group_that_grows_has_another_number() {
    let (stage, mut seen) = (Stage::started().await, 0);
    let group = stage.sim.create_group("Операторы", stage.anna.id).await.unwrap().group;
    stage.sim.put_bot(group.id, &stage.bot, "member").await.unwrap();
    news(&stage, &mut seen).await;
    let grown = stage.sim.upgrade_group(group.id).await.unwrap();
    assert!(grown.supergroup && grown.group.id < -1_000_000_000_000);
    let told = news(&stage, &mut seen).await;
    assert_eq!(told[0]["message"]["migrate_to_chat_id"], grown.group.id);
    assert_eq!(told[1]["message"]["migrate_from_chat_id"], group.id);
    let refused = stage.api().call("sendMessage", json!({"chat_id": group.id, "text": "x"})).await;
    assert_eq!(refused["description"], "Bad Request: group chat was upgraded to a supergroup chat");
    assert_eq!(refused["parameters"]["migrate_to_chat_id"], grown.group.id);
    stage.api().ok("sendMessage", json!({"chat_id": grown.group.id, "text": "x"})).await;
}

#[tokio::test]
async fn keys_ask_for_people_and_for_chats() {
    let (stage, mut seen) = (Stage::started().await, 0);
    let boris = stage.sim.person("Борис").await.unwrap();
    let group = stage.sim.create_group("Рабочий чат", stage.anna.id).await.unwrap().group;
    news(&stage, &mut seen).await;
    let people = json!({"request_id": 1, "max_quantity": 1, "request_name": true});
    let chats = json!({"request_id": 2, "chat_is_channel": false, "request_title": true, "bot_is_member": true});
    let keys = json!({"keyboard": [[{"text": "Кого назначить?", "request_users": people},
        {"text": "Какой чат?", "request_chat": chats}, {"text": "Где вы?", "request_location": true}]]});
    stage.send("x", keys.clone()).await;
    let both = [boris.id, stage.anna.id];
    let many = stage.sim.key_for_users(stage.anna.id, &stage.bot, "Кого", &both).await;
    assert_eq!(many.unwrap_err().code(), Some("users"));
    stage.sim.key_for_users(stage.anna.id, &stage.bot, "Кого", &both[..1]).await.unwrap();
    let shared = news(&stage, &mut seen).await[0]["message"]["users_shared"].clone();
    assert_eq!(shared, json!({"request_id": 1, "users": [{"user_id": boris.id, "first_name": "Борис"}]}));
    let without = stage.sim.key_for_chat(stage.anna.id, &stage.bot, "Какой", group.id).await;
    assert_eq!(without.unwrap_err().code(), Some("chat"), "the bot is not in it");
    stage.sim.put_bot(group.id, &stage.bot, "member").await.unwrap();
    news(&stage, &mut seen).await;
    stage.sim.key_for_chat(stage.anna.id, &stage.bot, "Какой", group.id).await.unwrap();
    let shared = news(&stage, &mut seen).await[0]["message"]["chat_shared"].clone();
    assert_eq!(shared, json!({"request_id": 2, "chat_id": group.id, "title": "Рабочий чат"}));
    stage.sim.key(stage.anna.id, &stage.bot, "Где").await.unwrap();
    assert!(news(&stage, &mut seen).await[0]["message"]["location"]["latitude"].is_number());
    let in_group = json!({"chat_id": group.id, "text": "x", "reply_markup": keys});
    assert_eq!(stage.api().refused("sendMessage", in_group).await.0, 400, "such keys are for private chats");
    stage.sim.assert_clean().await.unwrap();
}
