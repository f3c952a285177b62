use crate::Stage;
use sandbox::wire::{Fault, FaultKind};
use serde_json::json;

#[tokio::test]
async fn a_send_fails_once_and_then_succeeds() {
    let stage = Stage::started().await;
    let order = json!({"chat_id": stage.anna.id, "text": "x"});
    let flood = FaultKind::Status { code: 429, retry_after: Some(3), after_effect: false };
    stage.sim.fault(&Fault::telegram("sendmessage", flood).of(&stage.bot)).await.unwrap();
    let answer = stage.api().call("sendMessage", order.clone()).await;
    assert_eq!(answer["parameters"]["retry_after"], 3);
    assert_eq!(answer["description"], "Too Many Requests: retry after 3");
    assert_eq!(stage.sim.chat(stage.anna.id, &stage.bot).await.unwrap().messages.len(), 1);
    stage.api().ok("sendMessage", order).await;
    assert!(stage.sim.faults().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_500_may_come_with_the_effect_done() {
    let stage = Stage::started().await;
    let order = json!({"chat_id": stage.anna.id, "text": "x"});
    for (after_effect, messages) in [(false, 1), (true, 2)] {
        let trouble = FaultKind::Status { code: 500, retry_after: None, after_effect };
        stage.sim.fault(&Fault::telegram("sendMessage", trouble)).await.unwrap();
        assert_eq!(stage.api().refused("sendMessage", order.clone()).await.0, 500);
        assert_eq!(stage.sim.chat(stage.anna.id, &stage.bot).await.unwrap().messages.len(), messages);
    }
}

#[tokio::test]
async fn an_answer_may_be_lost_with_or_without_the_effect() {
    let stage = Stage::started().await;
    let url = format!("{}/sendMessage?chat_id={}&text=x", stage.api().base, stage.anna.id);
    for (fault, messages) in [(FaultKind::Down, 1), (FaultKind::Withhold, 2)] {
        stage.sim.fault(&Fault::telegram("sendMessage", fault.clone())).await.unwrap();
        let broken = async { reqwest::Client::new().get(&url).send().await?.bytes().await };
        assert!(broken.await.is_err(), "{fault:?}");
        assert_eq!(stage.sim.chat(stage.anna.id, &stage.bot).await.unwrap().messages.len(), messages);
    }
    stage.sim.fault(&Fault::telegram("sendMessage", FaultKind::Hang)).await.unwrap();
    let hurried = reqwest::Client::builder().timeout(std::time::Duration::from_millis(300)).build().unwrap();
    assert!(hurried.get(&url).send().await.unwrap_err().is_timeout());
    assert_eq!(stage.sim.chat(stage.anna.id, &stage.bot).await.unwrap().messages.len(), 3);
}
