//! People who talk to bots. Each act waits for what the bot makes of it.

use anyhow::{Context, Result};
use sandbox::{
    client::Sim,
    wire::{Act, Button, ChatMessage, Person},
};

use crate::meddler::Meddler;

/// A person in the chat with one bot.
#[derive(Clone, Debug)]
pub struct Someone {
    /// Who it is.
    pub person: Person,
    /// Username of the bot.
    pub bot: String,
    /// Telegram, as the person's hands and eyes.
    pub sim: Sim,
    meddler: Option<Meddler>,
}

impl Someone {
    /// That person, about to talk to that bot.
    pub fn new(sim: Sim, person: Person, bot: &str) -> Self {
        Self { person, bot: bot.to_owned(), sim, meddler: None }
    }

    /// The same person, over whose shoulder somebody looks at every press.
    #[must_use]
    pub fn meddled_with(mut self, meddler: &Meddler) -> Self {
        self.meddler = Some(meddler.clone());
        self
    }

    /// The same person in another chat.
    #[must_use]
    pub fn with(&self, bot: &str) -> Self {
        Self::new(self.sim.clone(), self.person.clone(), bot)
    }

    /// Opens the bot; the answer contains `expected`.
    ///
    /// # Errors
    /// When no such answer comes.
    pub async fn start(&self, expected: &str) -> Result<ChatMessage> {
        let act = self.sim.start(self.person.id, &self.bot, None).await?;
        self.reply(&act, "/start", expected).await
    }

    /// Writes `text`; the answer contains `expected`.
    ///
    /// # Errors
    /// When no such answer comes.
    pub async fn say(&self, text: &str, expected: &str) -> Result<ChatMessage> {
        let act = self.sim.say(self.person.id, &self.bot, text).await.with_context(|| self.tried(text))?;
        self.reply(&act, text, expected).await
    }

    /// Presses the newest button whose text contains `button`; the answer contains `expected`.
    ///
    /// # Errors
    /// When there is no such button or no such answer comes.
    pub async fn press(&self, button: &str, expected: &str) -> Result<ChatMessage> {
        let Some(meddler) = &self.meddler else {
            let act = self.sim.press(self.person.id, &self.bot, button).await.with_context(|| self.tried(button))?;
            return self.reply(&act, button, expected).await;
        };
        let chat = self.sim.chat(self.person.id, &self.bot).await?;
        let found = chat.messages.iter().rev().find_map(|m| Some((m.id, m.button(button)?.data.clone()?)));
        let (message_id, data) = found.with_context(|| self.tried(button))?;
        meddler.before(&data).await.with_context(|| self.tried(button))?;
        let act = self.sim.press(self.person.id, &self.bot, button).await.with_context(|| self.tried(button))?;
        let reply = self.reply(&act, button, expected).await?;
        meddler.after(self, message_id, &data).await.with_context(|| self.tried(button))?;
        Ok(reply)
    }

    /// Presses the first button of the newest message whose data begins with `data`; the answer contains `expected`. What
    /// a tenant bot's customer puts together has a number, with which its buttons begin (`b:000001:`): that is left out.
    ///
    /// # Errors
    /// When there is no such button or no such answer comes.
    pub async fn press_first(&self, data: &str, expected: &str) -> Result<ChatMessage> {
        let screen = self.screen().await?;
        let wanted = |button: &&Button| {
            let carried = button.data.as_deref().unwrap_or_default();
            let step = carried.strip_prefix("b:").and_then(|rest| rest.split_once(':')).map(|(_, step)| step);
            carried.starts_with(data) || step.is_some_and(|step| step.starts_with(data))
        };
        let button = screen.buttons.iter().flatten().find(wanted).with_context(|| self.tried(data))?;
        let act = self.sim.press_on(self.person.id, &self.bot, screen.id, &button.text).await?;
        self.reply(&act, &button.text, expected).await
    }

    /// Presses a button that opens a link, and opens the link.
    ///
    /// # Errors
    /// When there is no such button or the link cannot be opened.
    pub async fn follow(&self, button: &str) -> Result<Act> {
        let pressed = self.sim.press(self.person.id, &self.bot, button).await.with_context(|| self.tried(button))?;
        let url = pressed.url.with_context(|| format!("[{button}] opens no link"))?;
        Ok(self.sim.open(self.person.id, &url).await?)
    }

    /// Presses a button and waits for nothing.
    ///
    /// # Errors
    /// When there is no such button.
    pub async fn tap(&self, button: &str) -> Result<Act> {
        self.sim.press(self.person.id, &self.bot, button).await.with_context(|| self.tried(button))
    }

    /// Presses a key of the keyboard below the chat; the answer contains `expected`.
    ///
    /// # Errors
    /// When there is no such key or no such answer comes.
    pub async fn key(&self, key: &str, expected: &str) -> Result<ChatMessage> {
        let act = self.sim.key(self.person.id, &self.bot, key).await.with_context(|| self.tried(key))?;
        self.reply(&act, key, expected).await
    }

    /// The bot says or has said something that contains `expected`, and it is still there to be read.
    ///
    /// # Errors
    /// When it does not.
    pub async fn reads(&self, expected: &str) -> Result<ChatMessage> {
        self.sim.wait_text(self.person.id, &self.bot, expected).await.with_context(|| self.missing(expected))
    }

    /// What is on the screen now: the newest message of the bot.
    ///
    /// # Errors
    /// When the bot has said nothing.
    pub async fn screen(&self) -> Result<ChatMessage> {
        let chat = self.sim.chat(self.person.id, &self.bot).await?;
        chat.last().cloned().with_context(|| format!("@{} has said nothing to {}", self.bot, self.person.first_name))
    }

    async fn reply(&self, act: &Act, did: &str, expected: &str) -> Result<ChatMessage> {
        let reply = self.sim.wait_reply(act, expected).await;
        reply.with_context(|| format!("after {} did «{did}», {}", self.person.first_name, self.missing(expected)))
    }

    fn missing(&self, expected: &str) -> String {
        format!("this line is missing: @{} → {}: …{expected}…", self.bot, self.person.first_name)
    }

    fn tried(&self, what: &str) -> String {
        format!("{} cannot do «{what}» in the chat with @{}", self.person.first_name, self.bot)
    }
}
