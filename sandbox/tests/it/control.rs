use crate::{Stage, inline};
use sandbox::{client::SimError, wire::What};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn the_transcript_tells_the_whole_conversation_in_order() {
    let stage = Stage::started().await;
    stage.send("Записаться?", inline("Да", "y")).await;
    let act = stage.sim.press(stage.anna.id, &stage.bot, "Да").await.unwrap();
    stage.api().ok("answerCallbackQuery", json!({"callback_query_id": act.query_id})).await;
    let events = stage.sim.events(0, Duration::ZERO).await.unwrap().events;
    let told: Vec<String> = events
        .iter()
        .map(|event| match &event.what {
            What::BotCreated { bot, .. } => format!("made @{}", bot.username),
            What::PersonCreated { person } => format!("new {}", person.first_name),
            What::PersonSaid { person, text, .. } => format!("{}: {text}", person.first_name),
            What::BotSent { message, .. } => format!("bot: {} [{}]", message.text, message.buttons[0][0].text),
            What::PersonPressed { person, button, .. } => format!("{} presses {button}", person.first_name),
            What::PressAnswered { .. } => "answered".into(),
            other => format!("{other:?}"),
        })
        .collect();
    let expected =
        ["made @master_bot", "new Анна", "Анна: /start", "bot: Записаться? [Да]", "Анна presses Да", "answered"];
    assert_eq!(told, expected);
    assert!(events.windows(2).all(|pair| pair[0].seq + 1 == pair[1].seq && pair[0].ms <= pair[1].ms));
}

#[tokio::test]
async fn waiting_ends_when_the_message_comes_or_is_edited() {
    let stage = Stage::started().await;
    let act = stage.sim.say(stage.anna.id, &stage.bot, "привет").await.unwrap();
    let waiting = tokio::spawn({
        let (sim, act) = (stage.sim.clone(), act.clone());
        async move { sim.wait_reply(&act, "готово").await }
    });
    let id = stage.send("минуту…", json!(null)).await;
    let order = json!({"chat_id": stage.anna.id, "message_id": id, "text": "готово!"});
    stage.api().ok("editMessageText", order).await;
    let message = waiting.await.unwrap().unwrap();
    assert!(message.edited && i64::from(message.id) == id && message.seq > act.seq);
}

#[tokio::test]
async fn waiting_in_vain_says_what_there_was() {
    let stage = Stage::started().await;
    stage.send("Здравствуйте", inline("Записаться", "book")).await;
    let hurried = stage.sim.clone().with_patience(Duration::from_millis(50));
    let error = hurried.wait_text(stage.anna.id, &stage.bot, "До свидания").await.unwrap_err();
    assert!(matches!(error, SimError::TimedOut { .. }));
    let text = error.to_string();
    assert!(text.contains("До свидания") && text.contains("Здравствуйте") && text.contains("[Записаться]"), "{text}");
}

#[tokio::test]
async fn pushed_updates_bring_their_people_along() {
    let stage = Stage::set().await;
    let update = json!({"message": {"message_id": 1, "date": 1, "chat": {"id": 77, "type": "private"},
        "from": {"id": 77, "is_bot": false, "first_name": "Толпа"}, "text": "/start"}});
    let ids = stage.sim.push_updates(&stage.bot, &[update.clone(), update]).await.unwrap();
    assert_eq!(ids[1], ids[0] + 1);
    assert_eq!(stage.api().updates(json!({})).await.len(), 2);
    stage.api().ok("sendMessage", json!({"chat_id": 77, "text": "здравствуйте"})).await;
    assert_eq!(stage.sim.chat(77, &stage.bot).await.unwrap().person.first_name, "Толпа");
}

#[tokio::test]
async fn orders_that_make_no_sense_are_refused_with_a_word() {
    let stage = Stage::set().await;
    assert_eq!(stage.sim.chat(1, &stage.bot).await.unwrap_err().code(), Some("not_found"));
    assert_eq!(stage.sim.bot("nobody_bot").await.unwrap_err().code(), Some("not_found"));
    assert_eq!(stage.sim.press(stage.anna.id, &stage.bot, "x").await.unwrap_err().code(), Some("no_such_button"));
    assert_eq!(stage.sim.block(stage.anna.id, &stage.bot).await.unwrap_err().code(), Some("not_started"));
    assert_eq!(stage.sim.create_bot("x", "master_bot", false).await.unwrap_err().code(), Some("USERNAME_OCCUPIED"));
    let plain = reqwest::Client::new().post(format!("{}/sim/users", stage.running.url()));
    assert_eq!(plain.body("{\"first_name\":").send().await.unwrap().status(), 400);
}
