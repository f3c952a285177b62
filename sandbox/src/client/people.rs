//! People and what they do.

use super::{Result, Sim, SimError};
use crate::wire::{Act, ChatView, NewPerson, Person};
use serde_json::{Value, json};
use std::fmt::Display;

impl Sim {
    /// Makes a Russian-speaking person with this first name.
    ///
    /// # Errors
    /// See [`SimError`]; so everywhere here.
    pub async fn person(&self, first_name: &str) -> Result<Person> {
        self.create_person(&NewPerson { first_name: first_name.into(), ..NewPerson::default() }).await
    }

    /// Makes a person.
    ///
    /// # Errors
    /// `taken` if the id is.
    pub async fn create_person(&self, new: &NewPerson) -> Result<Person> {
        self.post("/users", new).await
    }

    /// Everybody.
    ///
    /// # Errors
    /// See [`SimError`].
    pub async fn people(&self) -> Result<Vec<Person>> {
        self.get("/users").await
    }

    /// A person's chat with a bot, as that person sees it now.
    ///
    /// # Errors
    /// See [`SimError`].
    pub async fn chat(&self, user: i64, bot: impl Display) -> Result<ChatView> {
        self.get(&format!("/chats/{user}/{bot}")).await
    }

    async fn act(&self, user: i64, bot: impl Display, act: &str, order: Value) -> Result<Act> {
        self.post(&format!("/chats/{user}/{bot}/{act}"), &order).await
    }

    /// Writes a text.
    ///
    /// # Errors
    /// `blocked` if the person has blocked the bot, `restricted` if the bot keeps the person out.
    pub async fn say(&self, user: i64, bot: impl Display, text: &str) -> Result<Act> {
        self.act(user, bot, "say", json!({"text": text})).await
    }

    /// Presses Start, with a deep link's payload or without.
    ///
    /// # Errors
    /// `payload` if the payload is against the rules.
    pub async fn start(&self, user: i64, bot: impl Display, payload: Option<&str>) -> Result<Act> {
        self.act(user, bot, "start", json!({"payload": payload})).await
    }

    /// Presses the button with this text (or, if none has just this, containing it) on the newest message that has it.
    ///
    /// # Errors
    /// `no_such_button` if it is on no message now.
    pub async fn press(&self, user: i64, bot: impl Display, text: &str) -> Result<Act> {
        self.act(user, bot, "press", json!({"text": text})).await
    }

    /// The same on one message.
    ///
    /// # Errors
    /// `no_such_button` if it is not on this message now.
    pub async fn press_on(&self, user: i64, bot: impl Display, message_id: i32, text: &str) -> Result<Act> {
        self.act(user, bot, "press", json!({"text": text, "message_id": message_id})).await
    }

    /// Presses the button with this data on the newest message that has it.
    ///
    /// # Errors
    /// `no_such_button` if it is on no message now.
    pub async fn press_data(&self, user: i64, bot: impl Display, data: &str) -> Result<Act> {
        self.act(user, bot, "press", json!({"data": data})).await
    }

    /// Sends a press that no honest client would send: any data, any message.
    ///
    /// # Errors
    /// See [`SimError`].
    pub async fn forge_press(&self, user: i64, bot: impl Display, message_id: i32, data: &str) -> Result<Act> {
        self.act(user, bot, "callback", json!({"message_id": message_id, "data": data})).await
    }

    /// Presses a key of the keyboard below the chat: sends its text, the phone number, or makes the bot it asks for.
    ///
    /// # Errors
    /// `no_such_button` if it is not there now; Telegram's word if the bot cannot be made.
    pub async fn key(&self, user: i64, bot: impl Display, text: &str) -> Result<Act> {
        self.act(user, bot, "key", json!({"text": text})).await
    }

    /// The same for a key that asks for a bot, where the person changes what is suggested.
    ///
    /// # Errors
    /// As [`Sim::key`].
    pub async fn key_for_bot(
        &self,
        user: i64,
        bot: impl Display,
        text: &str,
        name: Option<&str>,
        username: Option<&str>,
    ) -> Result<Act> {
        self.act(user, bot, "key", json!({"text": text, "name": name, "username": username})).await
    }

    /// Shares the person's own phone number.
    ///
    /// # Errors
    /// As [`Sim::say`].
    pub async fn share_contact(&self, user: i64, bot: impl Display) -> Result<Act> {
        self.act(user, bot, "contact", json!({})).await
    }

    /// Shares another contact: somebody's (`user_id`) or nobody's on Telegram (0).
    ///
    /// # Errors
    /// As [`Sim::say`].
    pub async fn share_foreign_contact(
        &self,
        user: i64,
        bot: impl Display,
        phone_number: &str,
        user_id: i64,
    ) -> Result<Act> {
        self.act(user, bot, "contact", json!({"phone_number": phone_number, "user_id": user_id})).await
    }

    /// Blocks the bot.
    ///
    /// # Errors
    /// `not_started` if the person never opened it.
    pub async fn block(&self, user: i64, bot: impl Display) -> Result<Act> {
        self.act(user, bot, "block", json!({})).await
    }

    /// Unblocks the bot.
    ///
    /// # Errors
    /// `not_started` if the person never opened it.
    pub async fn unblock(&self, user: i64, bot: impl Display) -> Result<Act> {
        self.act(user, bot, "unblock", json!({})).await
    }

    /// Opens a link: `t.me/newbot/…` makes a managed bot, `t.me/<bot>?start=…` starts a bot; others are only noted.
    ///
    /// # Errors
    /// Telegram's word, such as `USERNAME_OCCUPIED`, if the bot cannot be made.
    pub async fn open(&self, user: i64, url: &str) -> Result<Act> {
        self.post(&format!("/users/{user}/open"), &json!({"url": url})).await
    }

    /// Opens a `t.me/newbot/…` link and changes what it suggests.
    ///
    /// # Errors
    /// As [`Sim::open`].
    pub async fn open_new_bot(&self, user: i64, url: &str, name: Option<&str>, username: Option<&str>) -> Result<Act> {
        self.post(&format!("/users/{user}/open"), &json!({"url": url, "name": name, "username": username})).await
    }

    /// The bytes of a file that a bot sent.
    ///
    /// # Errors
    /// `not_found` if there is none.
    pub async fn file(&self, file_id: &str) -> Result<Vec<u8>> {
        let sent = self.http.get(format!("{}/sim/files/{file_id}", self.base)).send().await;
        let response = sent.and_then(reqwest::Response::error_for_status).map_err(SimError::Transport)?;
        Ok(response.bytes().await.map_err(SimError::Transport)?.to_vec())
    }
}
