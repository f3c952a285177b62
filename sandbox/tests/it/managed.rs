use crate::Stage;
use serde_json::json;

#[tokio::test]
async fn a_link_makes_a_managed_bot_and_the_manager_gets_its_token() {
    let stage = Stage::set().await;
    let link = "https://t.me/newbot/master_bot/salon_anna_bot?name=%D0%A1%D0%B0%D0%BB%D0%BE%D0%BD";
    let made = stage.sim.open(stage.anna.id, link).await.unwrap().created.unwrap();
    assert_eq!((made.name.as_str(), made.username.as_str()), ("Салон", "salon_anna_bot"));
    let updates = stage.api().updates(json!({})).await;
    assert_eq!(updates[0]["managed_bot"]["user"]["id"], stage.anna.id);
    assert_eq!(updates[0]["managed_bot"]["bot"]["id"], made.id);
    let token = stage.api().ok("getManagedBotToken", json!({"user_id": made.id})).await;
    let token = token.as_str().unwrap();
    let (id, secret) = token.split_once(':').unwrap();
    assert_eq!((id, secret.len()), (made.id.to_string().as_str(), 35));
    let me = stage.api_with(token).ok("getMe", json!({})).await;
    assert_eq!((&me["username"], &me["can_manage_bots"]), (&json!("salon_anna_bot"), &json!(false)));
    assert_eq!(stage.api().ok("getMe", json!({})).await["can_manage_bots"], true);
    stage.sim.assert_clean().await.unwrap();
}

#[tokio::test]
async fn a_key_makes_a_managed_bot_and_leaves_a_service_message() {
    let stage = Stage::started().await;
    let asked = json!({"request_id": 7, "suggested_name": "Салон", "suggested_username": "salon_bot"});
    stage.send("Создайте", json!({"keyboard": [[{"text": "Создать бота", "request_managed_bot": asked}]]})).await;
    let act = stage.sim.key_for_bot(stage.anna.id, &stage.bot, "Создать", None, Some("best_salon_bot")).await.unwrap();
    let made = act.created.unwrap();
    assert_eq!((made.name.as_str(), made.username.as_str()), ("Салон", "best_salon_bot"));
    let updates = stage.api().updates(json!({})).await;
    assert_eq!(updates[1]["managed_bot"]["bot"]["username"], "best_salon_bot");
    assert_eq!(updates[2]["message"]["managed_bot_created"]["bot"]["id"], made.id);
    assert_eq!(updates[2]["message"]["from"]["id"], stage.anna.id);
    stage.sim.assert_clean().await.unwrap();
}

#[tokio::test]
async fn a_bot_that_cannot_be_made_is_refused_in_telegrams_words() {
    let stage = Stage::set().await;
    stage.sim.create_bot("Никто", "plain_bot", false).await.unwrap();
    for (link, code) in [
        ("t.me/newbot/master_bot/plain_bot", "USERNAME_OCCUPIED"),
        ("t.me/newbot/master_bot/salon", "USERNAME_SUFFIX_MISSING"),
        ("t.me/newbot/master_bot/1salon_bot", "USERNAME_INVALID"),
        ("t.me/newbot/plain_bot/salon_bot", "MANAGER_PERMISSION_MISSING"),
        ("t.me/newbot/nobody_bot/salon_bot", "MANAGER_INVALID"),
    ] {
        assert_eq!(stage.sim.open(stage.anna.id, link).await.unwrap_err().code(), Some(code), "{link}");
    }
    assert!(stage.api().updates(json!({})).await.is_empty());
}

#[tokio::test]
async fn a_replaced_token_is_dead_at_once() {
    let stage = Stage::set().await;
    let made = stage.sim.open(stage.anna.id, "t.me/newbot/master_bot/salon_bot").await.unwrap().created.unwrap();
    let old = stage.sim.bot(&made).await.unwrap().token;
    let poll = tokio::spawn({
        let api = stage.api_with(&old);
        async move { api.refused("getUpdates", json!({"timeout": 30})).await }
    });
    stage.sim.wait_polling(&made, 0).await.unwrap();
    let new = stage.api().ok("replaceManagedBotToken", json!({"user_id": made.id})).await;
    assert_ne!(new, json!(old));
    let unauthorized = (401, "Unauthorized".to_owned());
    assert_eq!(poll.await.unwrap(), unauthorized, "a poll that waits with it ends");
    assert_eq!(stage.api_with(&old).refused("getMe", json!({})).await, unauthorized);
    stage.api_with(new.as_str().unwrap()).ok("getMe", json!({})).await;
    let invalid = (401, "Unauthorized: invalid token specified".to_owned());
    assert_eq!(stage.api_with("nonsense").refused("getMe", json!({})).await, invalid);
}

#[tokio::test]
async fn only_the_manager_has_a_hand_in_a_managed_bot() {
    let stage = Stage::set().await;
    let made = stage.sim.open(stage.anna.id, "t.me/newbot/master_bot/salon_bot").await.unwrap().created.unwrap();
    let other = stage.sim.create_bot("Чужой", "other_bot", true).await.unwrap();
    let order = json!({"user_id": made.id});
    assert_eq!(stage.api_with(&other.token).refused("getManagedBotToken", order.clone()).await.0, 400);
    stage.sim.delete_bot(&made).await.unwrap();
    let gone = stage.api().refused("getManagedBotToken", order).await;
    assert_eq!(gone, (403, "Forbidden: user is deactivated".into()));
}

#[tokio::test]
async fn access_settings_keep_strangers_out() {
    let stage = Stage::set().await;
    let made = stage.sim.open(stage.anna.id, "t.me/newbot/master_bot/salon_bot").await.unwrap().created.unwrap();
    let (boris, vera) = (stage.sim.person("Борис").await.unwrap(), stage.sim.person("Вера").await.unwrap());
    let order = json!({"user_id": made.id, "is_access_restricted": true, "added_user_ids": [boris.id]});
    stage.api().ok("setManagedBotAccessSettings", order).await;
    let settings = stage.api().ok("getManagedBotAccessSettings", json!({"user_id": made.id})).await;
    assert_eq!(settings["added_users"][0]["id"], boris.id);
    for (person, admitted) in [(&stage.anna, true), (&boris, true), (&vera, false)] {
        let tried = stage.sim.start(person.id, &made, None).await;
        assert_eq!(tried.is_ok(), admitted, "{}", person.first_name);
    }
    stage.sim.assert_clean().await.unwrap();
}

#[tokio::test]
async fn only_a_bot_that_manages_others_may_ask_for_one() {
    let stage = Stage::set().await;
    let plain = stage.sim.create_bot("Никто", "plain_bot", false).await.unwrap();
    stage.sim.start(stage.anna.id, &plain, None).await.unwrap();
    let keys = json!({"keyboard": [[{"text": "Создать", "request_managed_bot": {"request_id": 1}}]]});
    let order = json!({"chat_id": stage.anna.id, "text": "x", "reply_markup": keys});
    assert_eq!(stage.api_with(&plain.token).refused("sendMessage", order).await.0, 400);
}

#[tokio::test]
async fn a_bot_is_renamed_without_a_word_and_its_old_name_is_free() {
    let stage = Stage::set().await;
    let made = stage.sim.open(stage.anna.id, "t.me/newbot/master_bot/salon_bot").await.unwrap().created.unwrap();
    stage.api().updates(json!({"offset": -1})).await;
    let token = stage.sim.bot(made.id).await.unwrap().token;
    let renamed = stage.sim.rename_bot(made.id, "best_salon_bot").await.unwrap();
    assert_eq!((renamed.bot.username.as_str(), renamed.token.as_str()), ("best_salon_bot", token.as_str()));
    let me = stage.api_with(&token).ok("getMe", json!({})).await;
    assert_eq!(me["username"], "best_salon_bot");
    assert_eq!(stage.sim.bot(&stage.bot).await.unwrap().pending, 1, "only what told of its creation");
    for (name, code) in [("salon", "USERNAME_SUFFIX_MISSING"), ("master_bot", "USERNAME_OCCUPIED")] {
        assert_eq!(stage.sim.rename_bot(made.id, name).await.unwrap_err().code(), Some(code), "{name}");
    }
    assert_eq!(stage.sim.bot("salon_bot").await.unwrap_err().code(), Some("not_found"));
    stage.sim.create_bot("Другой", "salon_bot", false).await.unwrap();
}

#[tokio::test]
async fn a_bot_that_changes_hands_keeps_its_token_and_its_manager_is_told() {
    let stage = Stage::set().await;
    let made = stage.sim.open(stage.anna.id, "t.me/newbot/master_bot/salon_bot").await.unwrap().created.unwrap();
    let token = stage.sim.bot(&made).await.unwrap().token;
    let boris = stage.sim.person("Борис").await.unwrap();
    let account = stage.sim.transfer_bot(&made, boris.id).await.unwrap();
    assert_eq!((account.owner, account.token.as_str()), (Some(boris.id), token.as_str()));
    let updates = stage.api().updates(json!({})).await;
    let last = &updates.last().unwrap()["managed_bot"];
    assert_eq!((&last["user"]["id"], &last["bot"]["id"]), (&json!(boris.id), &json!(made.id)));
    assert_eq!(stage.api().ok("getManagedBotToken", json!({"user_id": made.id})).await, json!(token));
    stage.sim.assert_clean().await.unwrap();
}
