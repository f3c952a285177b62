use crate::{Stage, inline};
use serde_json::{Value, json};

#[tokio::test]
async fn a_message_is_seen_as_it_was_sent() {
    let stage = Stage::started().await;
    let order = json!({"chat_id": stage.anna.id, "text": "<b>Да</b> &amp; нет", "parse_mode": "HTML",
        "reply_markup": {"inline_keyboard": [[{"text": "Да", "callback_data": "y"}, {"text": "Сайт", "url": "https://example.com"}]]}});
    let sent = stage.api().ok("sendMessage", order).await;
    assert_eq!(sent["text"], "Да & нет");
    assert_eq!(sent["entities"], json!([{"type": "bold", "offset": 0, "length": 2}]));
    assert_eq!(sent["from"]["username"], "master_bot");
    let chat = stage.sim.chat(stage.anna.id, &stage.bot).await.unwrap();
    let seen = chat.last().unwrap();
    assert_eq!((seen.text.as_str(), seen.html.as_str()), ("Да & нет", "<b>Да</b> &amp; нет"));
    assert_eq!(seen.button("Сайт").unwrap().url.as_deref(), Some("https://example.com"));
    assert_eq!(chat.messages[0].text, "/start");
    stage.sim.assert_clean().await.unwrap();
}

#[tokio::test]
async fn texts_have_1_to_4096_letters_after_parsing() {
    let stage = Stage::started().await;
    let chat = stage.anna.id;
    let api = stage.api();
    for empty in ["", "  \n ", "<b> </b>"] {
        let refused = api.refused("sendMessage", json!({"chat_id": chat, "text": empty, "parse_mode": "HTML"})).await;
        assert_eq!(refused, (400, "Bad Request: message text is empty".into()));
    }
    let longest = format!("<b>{}</b>", "ж".repeat(4096));
    api.ok("sendMessage", json!({"chat_id": chat, "text": longest, "parse_mode": "HTML"})).await;
    let refused = api.refused("sendMessage", json!({"chat_id": chat, "text": "ж".repeat(4097)})).await;
    assert_eq!(refused, (400, "Bad Request: message is too long".into()));
    let refused = api.refused("sendMessage", json!({"chat_id": chat, "text": "<b>x", "parse_mode": "HTML"})).await;
    let unclosed = "Bad Request: can't parse entities: Can't find end tag corresponding to start tag \"b\"";
    assert_eq!(refused, (400, unclosed.into()));
}

#[tokio::test]
async fn callback_data_is_counted_in_bytes() {
    let stage = Stage::started().await;
    stage.send("64 bytes", inline("x", &"ж".repeat(32))).await;
    for data in ["ж".repeat(33), String::new()] {
        let order = json!({"chat_id": stage.anna.id, "text": "x", "reply_markup": inline("x", &data)});
        assert_eq!(stage.api().refused("sendMessage", order).await, (400, "Bad Request: BUTTON_DATA_INVALID".into()));
    }
    let rows: Vec<_> = (0..101).map(|n| json!([{"text": "x", "callback_data": n.to_string()}])).collect();
    let order = json!({"chat_id": stage.anna.id, "text": "x", "reply_markup": {"inline_keyboard": rows}});
    assert_eq!(stage.api().refused("sendMessage", order).await.1, "Bad Request: reply markup is too long");
}

#[tokio::test]
async fn a_bot_writes_only_to_those_who_opened_it_and_did_not_block_it() {
    let stage = Stage::set().await;
    let order = json!({"chat_id": stage.anna.id, "text": "x"});
    let refused = |order: Value| {
        let api = stage.api();
        async move { api.refused("sendMessage", order).await }
    };
    let cannot = "Forbidden: bot can't initiate conversation with a user";
    assert_eq!(refused(order.clone()).await, (403, cannot.into()));
    assert_eq!(refused(json!({"chat_id": 5, "text": "x"})).await, (400, "Bad Request: chat not found".into()));
    stage.sim.start(stage.anna.id, &stage.bot, None).await.unwrap();
    stage.sim.block(stage.anna.id, &stage.bot).await.unwrap();
    assert_eq!(refused(order.clone()).await, (403, "Forbidden: bot was blocked by the user".into()));
    assert_eq!(stage.sim.say(stage.anna.id, &stage.bot, "?").await.unwrap_err().code(), Some("blocked"));
    stage.sim.unblock(stage.anna.id, &stage.bot).await.unwrap();
    stage.api().ok("sendMessage", order).await;
}

#[tokio::test]
async fn an_edit_must_change_something_in_a_message_that_is_there() {
    let stage = Stage::started().await;
    let api = stage.api();
    let id = stage.send("раз", inline("Да", "y")).await;
    let order = |text: &str, markup: Value| json!({"chat_id": stage.anna.id, "message_id": id, "text": text, "reply_markup": markup});
    let same = api.refused("editMessageText", order("раз", inline("Да", "y"))).await;
    assert_eq!(
        same,
        (
            400,
            "Bad Request: message is not modified: specified new message content and reply markup are \
        exactly the same as a current content and reply markup of the message"
                .into()
        )
    );
    api.ok("editMessageText", order("раз", inline("Нет", "n"))).await;
    let gone = stage.sim.press(stage.anna.id, &stage.bot, "Да").await.unwrap_err();
    assert_eq!(gone.code(), Some("no_such_button"), "only the current keyboard can be pressed");
    let edited = api.ok("editMessageText", json!({"chat_id": stage.anna.id, "message_id": id, "text": "два"})).await;
    assert!(edited.get("reply_markup").is_none() && edited.get("edit_date").is_some());
    let markup = json!({"chat_id": stage.anna.id, "message_id": id, "reply_markup": inline("Да", "y")});
    api.ok("editMessageReplyMarkup", markup.clone()).await;
    assert!(api.refused("editMessageReplyMarkup", markup).await.1.contains("message is not modified"));
    let missing = json!({"chat_id": stage.anna.id, "message_id": id + 100, "text": "x"});
    assert_eq!(api.refused("editMessageText", missing).await.1, "Bad Request: message to edit not found");
    let own = json!({"chat_id": stage.anna.id, "message_id": 1, "text": "x"});
    assert_eq!(api.refused("editMessageText", own).await.1, "Bad Request: message can't be edited");
    let delete = json!({"chat_id": stage.anna.id, "message_id": id});
    api.ok("deleteMessage", delete.clone()).await;
    assert_eq!(api.refused("deleteMessage", delete).await.1, "Bad Request: message to delete not found");
    stage.sim.assert_clean().await.unwrap();
}

#[tokio::test]
async fn a_press_is_answered_once_and_in_time() {
    let stage = Stage::started().await;
    let id = stage.send("?", inline("Да", "y")).await;
    let act = stage.sim.press(stage.anna.id, &stage.bot, "Да").await.unwrap();
    let updates = stage.api().updates(json!({})).await;
    let query = &updates.last().unwrap()["callback_query"];
    assert_eq!(query["data"], "y");
    assert_eq!(query["message"]["message_id"], id);
    assert_eq!(query["message"]["reply_markup"], inline("Да", "y"));
    let order = json!({"callback_query_id": query["id"], "text": "готово", "show_alert": true});
    stage.api().ok("answerCallbackQuery", order.clone()).await;
    assert_eq!(stage.sim.wait_answer(&act).await.unwrap(), (Some("готово".into()), true));
    let old = (400, "Bad Request: query is too old and response timeout expired or query ID is invalid".to_owned());
    assert_eq!(stage.api().refused("answerCallbackQuery", order).await, old);
    let late = stage.sim.press(stage.anna.id, &stage.bot, "Да").await.unwrap();
    stage.sim.expire_presses(&stage.bot).await.unwrap();
    let order = json!({"callback_query_id": late.query_id});
    assert_eq!(stage.api().refused("answerCallbackQuery", order).await, old);
}

#[tokio::test]
async fn a_forged_press_reaches_the_bot() {
    let stage = Stage::started().await;
    stage.sim.forge_press(stage.anna.id, &stage.bot, 777, "admin:drop").await.unwrap();
    let updates = stage.api().updates(json!({})).await;
    let query = &updates[1]["callback_query"];
    assert_eq!(query["data"], "admin:drop");
    assert_eq!(query["message"]["date"], 0, "the message is not accessible");
}

#[tokio::test]
async fn a_key_sends_its_text_or_the_contact_it_asks_for() {
    let stage = Stage::started().await;
    let keys =
        json!({"keyboard": [["Меню", {"text": "Мой телефон", "request_contact": true}]], "resize_keyboard": true});
    let id = stage.send("номер?", keys).await;
    let edit = json!({"chat_id": stage.anna.id, "message_id": id, "text": "x"});
    assert_eq!(stage.api().refused("editMessageText", edit).await.1, "Bad Request: message can't be edited");
    stage.sim.key(stage.anna.id, &stage.bot, "Меню").await.unwrap();
    stage.sim.key(stage.anna.id, &stage.bot, "телефон").await.unwrap();
    let updates = stage.api().updates(json!({})).await;
    assert_eq!(updates[1]["message"]["text"], "Меню");
    assert_eq!(updates[2]["message"]["contact"]["user_id"], stage.anna.id);
    assert!(updates[2]["message"]["contact"]["phone_number"].as_str().unwrap().starts_with("79"));
    stage.send("спасибо", json!({"remove_keyboard": true})).await;
    let gone = stage.sim.key(stage.anna.id, &stage.bot, "Меню").await.unwrap_err();
    assert_eq!(gone.code(), Some("no_such_button"));
    stage.sim.assert_clean().await.unwrap();
}

#[tokio::test]
async fn a_document_keeps_its_name_and_bytes() {
    let stage = Stage::started().await;
    let file =
        reqwest::multipart::Part::bytes(b"a;b\n1;2\n".to_vec()).file_name("отчёт.csv").mime_str("text/csv").unwrap();
    let form = reqwest::multipart::Form::new()
        .text("chat_id", stage.anna.id.to_string())
        .text("caption", "Отчёт")
        .part("document", file);
    let url = format!("{}/sendDocument", stage.api().base);
    let answer: Value = reqwest::Client::new().post(url).multipart(form).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["result"]["document"]["file_name"], "отчёт.csv");
    let chat = stage.sim.chat(stage.anna.id, &stage.bot).await.unwrap();
    let document = chat.last().unwrap().document.clone().unwrap();
    assert_eq!((document.mime_type.as_str(), document.size), ("text/csv", 8));
    assert_eq!(stage.sim.file(&document.file_id).await.unwrap(), b"a;b\n1;2\n");
    assert_eq!(chat.last().unwrap().text, "Отчёт");
    stage.sim.assert_clean().await.unwrap();
}

#[tokio::test]
async fn commands_and_descriptions_are_kept() {
    let stage = Stage::set().await;
    let api = stage.api();
    let commands = json!([{"command": "start", "description": "Начать"}]);
    api.ok("setMyCommands", json!({"commands": commands, "language_code": "ru"})).await;
    assert_eq!(api.ok("getMyCommands", json!({"language_code": "ru"})).await, commands);
    assert_eq!(api.ok("getMyCommands", json!({})).await, json!([]));
    let wrong = json!({"commands": [{"command": "Start", "description": "x"}]});
    assert_eq!(api.refused("setMyCommands", wrong).await.1, "Bad Request: BOT_COMMAND_INVALID");
    api.ok("setMyName", json!({"name": "Салон"})).await;
    api.ok("setMyDescription", json!({"description": "Запись"})).await;
    api.ok("setMyShortDescription", json!({"short_description": "Запись"})).await;
    api.ok("setChatMenuButton", json!({"menu_button": {"type": "commands"}})).await;
    assert!(api.refused("setMyName", json!({"name": "x".repeat(65)})).await.1.starts_with("Bad Request"));
    let bot = stage.sim.bot(&stage.bot).await.unwrap();
    assert_eq!(bot.bot.name, "Салон");
    assert_eq!(bot.settings.descriptions[""], "Запись");
    stage.sim.assert_clean().await.unwrap();
}
