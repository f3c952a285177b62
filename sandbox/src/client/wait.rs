//! Waiting for what happens, by the transcript's numbers; never by the clock alone.

use super::{Result, Sim, SimError};
use crate::wire::{Act, ChatMessage, ChatView, Event, Events, Payment, What};
use std::{
    fmt::{Display, Write},
    time::{Duration, Instant},
};

impl Sim {
    /// The events after number `after`; waits up to `timeout` for the first of them.
    ///
    /// # Errors
    /// See [`SimError`]; so everywhere here.
    pub async fn events(&self, after: u64, timeout: Duration) -> Result<Events> {
        self.get(&format!("/events?after={after}&timeout_ms={}", timeout.as_millis())).await
    }

    /// Number of the last event so far.
    ///
    /// # Errors
    /// See [`SimError`].
    pub async fn now(&self) -> Result<u64> {
        let latest: Events = self.get(&format!("/events?after={}", u64::MAX - 1)).await?;
        Ok(latest.next)
    }

    /// The first event after `after` that fits.
    ///
    /// # Errors
    /// [`SimError::TimedOut`] with the last events if none came.
    pub async fn wait_event(
        &self,
        mut after: u64,
        waited_for: &str,
        timeout: Duration,
        fits: impl Fn(&Event) -> bool,
    ) -> Result<Event> {
        let until = Instant::now() + timeout;
        let mut seen = Vec::new();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let page = self.events(after, left).await?;
            after = page.next;
            for event in page.events {
                if fits(&event) {
                    return Ok(event);
                }
                seen.push(format!("#{} {:?}", event.seq, event.what));
            }
            if left.is_zero() {
                let from = seen.len().saturating_sub(12);
                let seen = seen.get(from..).unwrap_or_default().join("\n");
                return Err(SimError::TimedOut { waited_for: waited_for.into(), patience: timeout, seen });
            }
        }
    }

    /// Waits until the chat as the person sees it fits, and returns what was found in it.
    ///
    /// # Errors
    /// [`SimError::TimedOut`] with the chat if it never did.
    pub async fn wait_chat<T>(
        &self,
        user: i64,
        bot: impl Display,
        waited_for: &str,
        timeout: Duration,
        find: impl Fn(&ChatView) -> Option<T>,
    ) -> Result<T> {
        let until = Instant::now() + timeout;
        loop {
            let chat = self.chat(user, &bot).await?;
            if let Some(found) = find(&chat) {
                return Ok(found);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let waited_for = waited_for.to_owned();
                return Err(SimError::TimedOut { waited_for, patience: timeout, seen: picture(&chat) });
            }
            let bot = chat.bot.id;
            let path = format!("/events?after={}&timeout_ms={}&bot={bot}&user={user}", chat.seq, left.as_millis());
            self.get::<Events>(&path).await?;
        }
    }

    /// The newest message of the bot that fits, now or within `timeout`.
    ///
    /// # Errors
    /// [`SimError::TimedOut`] with the chat if none came.
    pub async fn wait_for_message(
        &self,
        user: i64,
        bot: impl Display,
        fits: impl Fn(&ChatMessage) -> bool,
        timeout: Duration,
    ) -> Result<ChatMessage> {
        let find = |chat: &ChatView| chat.messages.iter().rev().find(|m| m.from_bot && fits(m)).cloned();
        self.wait_chat(user, bot, "a message that fits", timeout, find).await
    }

    /// The newest message of the bot whose text contains this, now or soon.
    ///
    /// # Errors
    /// [`SimError::TimedOut`] with the chat if none came.
    pub async fn wait_text(&self, user: i64, bot: impl Display, contains: &str) -> Result<ChatMessage> {
        let find = |chat: &ChatView| newest(chat, 0, contains);
        self.wait_chat(user, bot, &format!("a message with {contains:?}"), self.patience(), find).await
    }

    /// The newest message of the bot, sent or edited after the act, whose text contains this.
    ///
    /// # Errors
    /// [`SimError::TimedOut`] with the chat if none came.
    pub async fn wait_reply(&self, act: &Act, contains: &str) -> Result<ChatMessage> {
        let find = |chat: &ChatView| newest(chat, act.seq, contains);
        let waited_for = format!("an answer with {contains:?}");
        self.wait_chat(act.person, act.bot, &waited_for, self.patience(), find).await
    }

    /// The bot's answer to a press, the little text at the top or the alert, once it came.
    ///
    /// # Errors
    /// [`SimError::TimedOut`] if none came.
    pub async fn wait_answer(&self, press: &Act) -> Result<(Option<String>, bool)> {
        let wanted = press.query_id.clone().unwrap_or_default();
        let fits = |event: &Event| matches!(&event.what, What::PressAnswered { query_id, .. } if *query_id == wanted);
        let event = self.wait_event(press.seq, "an answer to the press", self.patience(), fits).await?;
        match event.what {
            What::PressAnswered { text, alert, .. } => Ok((text, alert)),
            _ => Ok((None, false)),
        }
    }

    /// Waits until the bot has confirmed the update that the act gave it. What it did not do by then it will not do:
    /// the way to test that nothing happens.
    ///
    /// # Errors
    /// [`SimError::TimedOut`] if it does not.
    pub async fn wait_confirmed(&self, act: &Act) -> Result<()> {
        let Some(update) = act.update_id else { return Ok(()) };
        let until = Instant::now() + self.patience();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let path = format!("/bots/{}/confirmed?update_id={update}&timeout_ms={}", act.bot, left.as_millis());
            let answer: serde_json::Value = self.get(&path).await?;
            if answer.get("confirmed").and_then(serde_json::Value::as_bool) == Some(true) {
                return Ok(());
            }
            if left.is_zero() {
                let waited_for = format!("confirmation of update {update}");
                let seen = "it still waits for the bot".to_owned();
                return Err(SimError::TimedOut { waited_for, patience: self.patience(), seen });
            }
        }
    }

    /// Waits until a bot polls that did not before number `after`; returns the event.
    ///
    /// # Errors
    /// [`SimError::TimedOut`] if it does not.
    pub async fn wait_polling(&self, bot: impl Display, after: u64) -> Result<Event> {
        let id = self.bot(&bot).await?.bot.id;
        let fits = |event: &Event| matches!(&event.what, What::PollingStarted { bot, .. } if bot.id == id);
        self.wait_event(after, &format!("polling of {bot}"), self.patience(), fits).await
    }

    /// Waits until a payment fits (is made, is final, was notified of …).
    ///
    /// # Errors
    /// [`SimError::TimedOut`] with the payments if none did.
    pub async fn wait_payment(&self, waited_for: &str, fits: impl Fn(&Payment) -> bool) -> Result<Payment> {
        let until = Instant::now() + self.patience();
        loop {
            let after = self.now().await?;
            let payments = self.payments().await?;
            if let Some(payment) = payments.iter().rev().find(|payment| fits(payment)) {
                return Ok(payment.clone());
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let (waited_for, seen) = (waited_for.to_owned(), format!("{payments:#?}"));
                return Err(SimError::TimedOut { waited_for, patience: self.patience(), seen });
            }
            self.events(after, left).await?;
        }
    }
}

fn newest(chat: &ChatView, after: u64, contains: &str) -> Option<ChatMessage> {
    let fits = |message: &&ChatMessage| message.from_bot && message.seq > after && message.text.contains(contains);
    chat.messages.iter().rev().find(fits).cloned()
}

/// A chat in a few lines, for messages of failed waits.
fn picture(chat: &ChatView) -> String {
    let mut out = format!("chat of {} with @{}:", chat.person.first_name, chat.bot.username);
    let from = chat.messages.len().saturating_sub(8);
    for message in chat.messages.iter().skip(from) {
        let who = if message.from_bot { &chat.bot.username } else { &chat.person.first_name };
        // Writing into a String cannot fail.
        let _ = write!(out, "\n  #{} {who}: {}", message.seq, message.text);
        for row in &message.buttons {
            let _ = write!(out, "\n      ");
            for button in row {
                let _ = write!(out, "[{}] ", button.text);
            }
        }
    }
    out
}
