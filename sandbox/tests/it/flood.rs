//! Flood limits, by the clock: a second that has to pass is played.

use crate::Stage;
use chrono::TimeDelta;
use sandbox::wire::ClockOrder;
use serde_json::json;

async fn limited() -> Stage {
    let stage = Stage::started().await;
    stage.sim.flood(true).await.unwrap();
    stage.sim.play_clock(&ClockOrder { rate: Some(0.0), ..ClockOrder::default() }).await.unwrap();
    stage
}

/// How many of so many messages are taken before the first that is not, and what that one is told.
async fn taken(stage: &Stage, chat: i64, tries: usize) -> (usize, Option<i64>) {
    for number in 0..tries {
        let answer = stage.api().call("sendMessage", json!({"chat_id": chat, "text": "x"})).await;
        if answer["ok"] == false {
            let seconds = answer["parameters"]["retry_after"].as_i64().unwrap();
            assert_eq!(answer["description"], format!("Too Many Requests: retry after {seconds}"));
            return (number, Some(seconds));
        }
    }
    (tries, None)
}

#[tokio::test]
async fn a_chat_takes_a_short_burst_and_then_one_message_a_second() {
    let stage = limited().await;
    assert_eq!(taken(&stage, stage.anna.id, 10).await, (5, Some(1)));
    stage.sim.forward(TimeDelta::seconds(1)).await.unwrap();
    assert_eq!(taken(&stage, stage.anna.id, 10).await, (1, Some(1)));
    stage.sim.forward(TimeDelta::seconds(60)).await.unwrap();
    assert_eq!(taken(&stage, stage.anna.id, 10).await, (5, Some(1)), "a minute's silence earns a burst, no more");
    let other = stage.sim.person("Борис").await.unwrap();
    stage.sim.start(other.id, &stage.bot, None).await.unwrap();
    assert_eq!(taken(&stage, other.id, 5).await, (5, None), "another chat is not meant");
    stage.sim.flood(false).await.unwrap();
    assert_eq!(taken(&stage, stage.anna.id, 10).await, (10, None));
}

#[tokio::test]
async fn a_group_takes_twenty_messages_a_minute() {
    let stage = limited().await;
    let group = stage.sim.create_group("Чат", stage.anna.id).await.unwrap().group.id;
    stage.sim.put_bot(group, &stage.bot, "member").await.unwrap();
    let mut sent = 0;
    while sent < 20 {
        sent += taken(&stage, group, 20 - sent).await.0;
        stage.sim.forward(TimeDelta::seconds(1)).await.unwrap();
    }
    let (more, wait) = taken(&stage, group, 5).await;
    assert_eq!(more, 0, "a second has passed, and the minute has not");
    stage.sim.forward(TimeDelta::seconds(wait.unwrap())).await.unwrap();
    assert!(taken(&stage, group, 5).await.0 > 0, "the wait that was told is enough");
}

#[tokio::test]
async fn a_bot_sends_thirty_messages_a_second_over_all() {
    let stage = limited().await;
    let mut sent = 0;
    for number in 0..40 {
        let person = stage.sim.person(&format!("Гость {number}")).await.unwrap();
        stage.sim.start(person.id, &stage.bot, None).await.unwrap();
        sent += taken(&stage, person.id, 1).await.0;
    }
    assert_eq!(sent, 30);
    stage.sim.forward(TimeDelta::seconds(1)).await.unwrap();
    assert_eq!(taken(&stage, stage.anna.id, 1).await, (1, None));
    // Who has not opened the bot is refused for that, and it costs nothing.
    let stranger = stage.sim.person("Чужой").await.unwrap();
    let refused = stage.api().refused("sendMessage", json!({"chat_id": stranger.id, "text": "x"})).await;
    assert_eq!(refused.0, 403);
}
