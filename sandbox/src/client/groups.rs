//! Groups, files that people send, flood limits, webhooks.

use super::{Result, Sim, SimError};
use crate::wire::{Act, ChatMessage, FloodSettings, GroupSaying, GroupView, NewGroup, Sent};
use serde_json::{Value, json};
use std::{
    fmt::Display,
    time::{Duration, Instant},
};

impl Sim {
    /// Makes a group with this person in it.
    ///
    /// # Errors
    /// See [`SimError`]; so everywhere here.
    pub async fn create_group(&self, title: &str, creator: i64) -> Result<GroupView> {
        self.post("/groups", &NewGroup { title: title.into(), creator, supergroup: false }).await
    }

    /// The group as its members see it.
    ///
    /// # Errors
    /// `not_found` if there is none.
    pub async fn group(&self, group: i64) -> Result<GroupView> {
        self.get(&format!("/groups/{group}")).await
    }

    /// A person comes into the group.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn join(&self, group: i64, user: i64) -> Result<GroupView> {
        self.post(&format!("/groups/{group}/members"), &json!({"user": user})).await
    }

    /// A person leaves the group.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn leave(&self, group: i64, user: i64) -> Result<GroupView> {
        self.post(&format!("/groups/{group}/members"), &json!({"user": user, "leaves": true})).await
    }

    /// The group's creator lets a bot in, makes it an administrator, or throws it out (`member`, `administrator`,
    /// `left`, `kicked`).
    ///
    /// # Errors
    /// `status` if it is none of these.
    pub async fn put_bot(&self, group: i64, bot: impl Display, status: &str) -> Result<GroupView> {
        self.post(&format!("/groups/{group}/bots"), &json!({"bot": bot.to_string(), "status": status})).await
    }

    /// A member writes in the group.
    ///
    /// # Errors
    /// `not_member` if the person is not in it.
    pub async fn say_in(&self, group: i64, user: i64, text: &str) -> Result<Act> {
        self.say_in_as(group, &GroupSaying { user, text: Some(text.into()), ..GroupSaying::default() }).await
    }

    /// The same in every detail: an answer, a file.
    ///
    /// # Errors
    /// As [`Sim::say_in`].
    pub async fn say_in_as(&self, group: i64, saying: &GroupSaying) -> Result<Act> {
        self.post(&format!("/groups/{group}/say"), saying).await
    }

    /// A member presses a button in the group.
    ///
    /// # Errors
    /// `no_such_button`, `not_member`.
    pub async fn press_in(&self, group: i64, user: i64, text: &str) -> Result<Act> {
        self.post(&format!("/groups/{group}/press"), &json!({"user": user, "text": text})).await
    }

    /// The group becomes a supergroup; gives that.
    ///
    /// # Errors
    /// `supergroup` if it is one.
    pub async fn upgrade_group(&self, group: i64) -> Result<GroupView> {
        self.post(&format!("/groups/{group}/upgrade"), &json!({})).await
    }

    /// The newest message of a bot in the group whose text contains this, now or soon.
    ///
    /// # Errors
    /// [`SimError::TimedOut`] if none came.
    pub async fn wait_in(&self, group: i64, contains: &str) -> Result<ChatMessage> {
        let until = Instant::now() + self.patience();
        loop {
            let view = self.group(group).await?;
            let found = view.messages.iter().rev().find(|message| message.from_bot && message.text.contains(contains));
            if let Some(message) = found {
                return Ok(message.clone());
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let waited_for = format!("a message with {contains:?} in {}", view.group.title);
                let seen = view.messages.iter().map(|m| format!("{}: {}", m.author, m.text)).collect::<Vec<_>>();
                return Err(SimError::TimedOut { waited_for, patience: self.patience(), seen: seen.join("\n") });
            }
            self.events(view.seq, left.min(Duration::from_secs(60))).await?;
        }
    }

    /// A person sends an album of 2–10 files to a bot; the act is that of the last.
    ///
    /// # Errors
    /// As [`Sim::send`].
    pub async fn send_album(&self, user: i64, bot: impl Display, sent: &[Sent]) -> Result<Act> {
        self.post(&format!("/chats/{user}/{bot}/album"), &sent).await
    }

    /// A person sends a file, a place, a sticker to a bot.
    ///
    /// # Errors
    /// `kind` if it cannot be sent.
    pub async fn send(&self, user: i64, bot: impl Display, sent: &Sent) -> Result<Act> {
        self.post(&format!("/chats/{user}/{bot}/send"), sent).await
    }

    /// A person presses a key that asks for people, and chooses these.
    ///
    /// # Errors
    /// `users` if it asks for another number of them.
    pub async fn key_for_users(&self, user: i64, bot: impl Display, text: &str, users: &[i64]) -> Result<Act> {
        self.post(&format!("/chats/{user}/{bot}/key"), &json!({"text": text, "users": users})).await
    }

    /// A person presses a key that asks for a chat, and chooses this group.
    ///
    /// # Errors
    /// `chat` if it is not as the key asks.
    pub async fn key_for_chat(&self, user: i64, bot: impl Display, text: &str, group: i64) -> Result<Act> {
        self.post(&format!("/chats/{user}/{bot}/key"), &json!({"text": text, "chat": group})).await
    }

    /// The owner sets a bot's privacy mode: off, it hears everything in its groups.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn privacy(&self, bot: impl Display, on: bool) -> Result<()> {
        self.post::<Value>(&format!("/bots/{bot}/privacy"), &json!({"on": on})).await.map(drop)
    }

    /// Holds bots to Telegram's flood limits, or no longer.
    ///
    /// # Errors
    /// See [`SimError`].
    pub async fn flood(&self, on: bool) -> Result<FloodSettings> {
        self.post("/flood", &FloodSettings { on, ..FloodSettings::default() }).await
    }

    /// Lets webhooks be plain HTTP and on any port, or no longer.
    ///
    /// # Errors
    /// See [`SimError`].
    pub async fn webhooks_anywhere(&self, anywhere: bool) -> Result<()> {
        self.post::<Value>("/webhooks", &json!({"anywhere": anywhere})).await.map(drop)
    }
}
