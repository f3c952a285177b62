//! Bots by hand, faults, and whether everything was in order.

use super::{Result, Sim, SimError};
use crate::wire::{BotAccount, Deviation, Fault, Faults, NewBot, NotModelled};
use serde_json::{Value, json};
use std::fmt::Display;

impl Sim {
    /// Makes a bot, as with BotFather.
    ///
    /// # Errors
    /// Telegram's word, such as `USERNAME_OCCUPIED`.
    pub async fn create_bot(&self, name: &str, username: &str, can_manage_bots: bool) -> Result<BotAccount> {
        let new = NewBot { name: name.into(), username: username.into(), can_manage_bots, owner: None };
        self.post("/bots", &new).await
    }

    /// Makes a bot that belongs to somebody, as that person would with BotFather.
    ///
    /// # Errors
    /// As [`Sim::create_bot`].
    pub async fn create_bot_of(&self, owner: i64, name: &str, username: &str) -> Result<BotAccount> {
        let new = NewBot { name: name.into(), username: username.into(), can_manage_bots: false, owner: Some(owner) };
        self.post("/bots", &new).await
    }

    /// A bot by username or id.
    ///
    /// # Errors
    /// `not_found` if there is none.
    pub async fn bot(&self, bot: impl Display) -> Result<BotAccount> {
        self.get(&format!("/bots/{bot}")).await
    }

    /// All bots.
    ///
    /// # Errors
    /// See [`SimError`].
    pub async fn bots(&self) -> Result<Vec<BotAccount>> {
        self.get("/bots").await
    }

    /// The owner deletes the bot: its token is dead.
    ///
    /// # Errors
    /// `not_found` if there is none.
    pub async fn delete_bot(&self, bot: impl Display) -> Result<()> {
        self.delete::<Value>(&format!("/bots/{bot}")).await.map(drop)
    }

    /// The owner takes a new token in BotFather; `tell_manager`: whether the manager gets the `managed_bot` update.
    ///
    /// # Errors
    /// `not_found` if there is none.
    pub async fn revoke_token(&self, bot: impl Display, tell_manager: bool) -> Result<BotAccount> {
        self.post(&format!("/bots/{bot}/token"), &json!({"tell_manager": tell_manager})).await
    }

    /// The owner gives the bot another username in BotFather. Telegram tells nobody.
    ///
    /// # Errors
    /// Telegram's word, such as `USERNAME_OCCUPIED`.
    pub async fn rename_bot(&self, bot: impl Display, username: &str) -> Result<BotAccount> {
        self.post(&format!("/bots/{bot}/names"), &json!({"username": username})).await
    }

    /// The owner gives the bot to another person; its manager gets the `managed_bot` update.
    ///
    /// # Errors
    /// `not_found` if there is no such bot or person.
    pub async fn transfer_bot(&self, bot: impl Display, owner: i64) -> Result<BotAccount> {
        self.post(&format!("/bots/{bot}/owner"), &json!({"owner": owner})).await
    }

    /// Gives a bot raw updates; without `update_id` they are numbered, with an old one they are delivered once more.
    /// Senders of messages and presses come to be and have the chat open.
    ///
    /// # Errors
    /// `not_found` if there is no such bot.
    pub async fn push_updates(&self, bot: impl Display, updates: &[Value]) -> Result<Vec<i64>> {
        self.post(&format!("/bots/{bot}/updates"), &updates).await
    }

    /// Delivers an update again, confirmed or not.
    ///
    /// # Errors
    /// `not_found` if it is no longer remembered.
    pub async fn redeliver(&self, bot: impl Display, update_id: i64) -> Result<()> {
        self.post::<Value>(&format!("/bots/{bot}/redeliver"), &json!({"update_id": update_id})).await.map(drop)
    }

    /// Makes all presses that wait for an answer too old for one.
    ///
    /// # Errors
    /// `not_found` if there is no such bot.
    pub async fn expire_presses(&self, bot: impl Display) -> Result<()> {
        self.post::<Value>(&format!("/bots/{bot}/expire-presses"), &json!({})).await.map(drop)
    }

    /// Orders a fault.
    ///
    /// # Errors
    /// `not_found` if there is no such bot.
    pub async fn fault(&self, fault: &Fault) -> Result<()> {
        self.post::<Faults>("/faults", fault).await.map(drop)
    }

    /// The faults still in force.
    ///
    /// # Errors
    /// See [`SimError`].
    pub async fn faults(&self) -> Result<Vec<Fault>> {
        Ok(self.get::<Faults>("/faults").await?.faults)
    }

    /// Takes all faults back.
    ///
    /// # Errors
    /// See [`SimError`].
    pub async fn clear_faults(&self) -> Result<()> {
        self.delete::<Faults>("/faults").await.map(drop)
    }

    /// The requests that were against the rules of the real servers.
    ///
    /// # Errors
    /// See [`SimError`].
    pub async fn deviations(&self) -> Result<Vec<Deviation>> {
        self.get("/deviations").await
    }

    /// Forgets deviations and what was not modelled.
    ///
    /// # Errors
    /// See [`SimError`].
    pub async fn forget_deviations(&self) -> Result<()> {
        self.delete::<Value>("/deviations").await.map(drop)
    }

    /// What was asked for and is not modelled.
    ///
    /// # Errors
    /// See [`SimError`].
    pub async fn not_modelled(&self) -> Result<Vec<NotModelled>> {
        self.get("/not_modelled").await
    }

    /// Nothing was asked for against the rules, nor anything that is not modelled. To be the last line of every test.
    ///
    /// # Errors
    /// [`SimError::Unclean`] with the list.
    pub async fn assert_clean(&self) -> Result<()> {
        let mut lines = Vec::new();
        for Deviation { method, bot, what, .. } in self.deviations().await? {
            lines.push(format!("{method} by {}: {what}", bot.as_deref().unwrap_or("the shop")));
        }
        for NotModelled { what, times } in self.not_modelled().await? {
            lines.push(format!("{what} is not modelled ({times}×)"));
        }
        if lines.is_empty() { Ok(()) } else { Err(SimError::Unclean(lines.join("\n"))) }
    }
}
