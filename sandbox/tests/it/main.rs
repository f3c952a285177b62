//! The sandbox from outside, over HTTP: as strict as the real servers, and easy to play with.

#![expect(clippy::unwrap_used, reason = "tests and their helpers fail by panicking")]

mod clock;
mod control;
mod faults;
mod files;
mod flood;
mod groups;
mod managed;
mod messages;
mod polling;
mod program;
mod rules;
mod transport;
mod webhooks;
mod yookassa;

use sandbox::{
    Running, Sandbox, SandboxOptions,
    client::Sim,
    wire::{BotAccount, Person},
};
use serde_json::{Value, json};

/// A sandbox with one bot and one person.
struct Stage {
    running: Running,
    sim: Sim,
    bot: BotAccount,
    anna: Person,
}

impl Stage {
    async fn set() -> Self {
        let running = Sandbox::start(SandboxOptions::default()).await.unwrap();
        let sim = running.sim();
        let bot = sim.create_bot("Мастер", "master_bot", true).await.unwrap();
        let anna = sim.person("Анна").await.unwrap();
        Self { running, sim, bot, anna }
    }

    /// The same, and Anna has pressed Start.
    async fn started() -> Self {
        let stage = Self::set().await;
        stage.sim.start(stage.anna.id, &stage.bot, None).await.unwrap();
        stage
    }

    fn api(&self) -> Api {
        self.api_with(&self.bot.token)
    }

    fn api_with(&self, token: &str) -> Api {
        Api { base: format!("{}/bot{token}", self.running.url()), http: reqwest::Client::new() }
    }

    /// Sends a text to Anna and returns the number of the message.
    async fn send(&self, text: &str, markup: Value) -> i64 {
        let order = json!({"chat_id": self.anna.id, "text": text, "reply_markup": markup});
        self.api().ok("sendMessage", order).await["message_id"].as_i64().unwrap()
    }
}

/// A bot that speaks raw JSON.
#[derive(Clone)]
struct Api {
    base: String,
    http: reqwest::Client,
}

impl Api {
    async fn call(&self, method: &str, order: Value) -> Value {
        let sent = self.http.post(format!("{}/{method}", self.base)).json(&order).send().await.unwrap();
        let status = sent.status().as_u16();
        let body: Value = sent.json().await.unwrap();
        assert_eq!(status, body["error_code"].as_u64().unwrap_or(200) as u16, "status and error_code agree");
        body
    }

    /// The result of a call that must succeed.
    async fn ok(&self, method: &str, order: Value) -> Value {
        let body = self.call(method, order).await;
        assert_eq!(body["ok"], true, "{body}");
        body["result"].clone()
    }

    /// Code and text of a call that must be refused.
    async fn refused(&self, method: &str, order: Value) -> (u64, String) {
        let body = self.call(method, order).await;
        assert_eq!(body["ok"], false, "{body}");
        (body["error_code"].as_u64().unwrap(), body["description"].as_str().unwrap().to_owned())
    }

    async fn updates(&self, order: Value) -> Vec<Value> {
        self.ok("getUpdates", order).await.as_array().unwrap().clone()
    }
}

fn inline(text: &str, data: &str) -> Value {
    json!({"inline_keyboard": [[{"text": text, "callback_data": data}]]})
}
