//! From the greeting to a paid order, with the shipped master, in both languages.

mod back;
mod contact;
mod language;
mod limits;
mod pay;
mod price;
mod receipt;
mod restarts;
mod shown;
mod signup;
mod terms;
mod zones;

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use play::{people::Someone, until, world::World};
use sandbox::wire::{Act, ChatMessage, Payment};

pub(crate) const LANGUAGES: [&str; 2] = ["ru", "en"];

/// A buyer who does the same in every language: goes by what buttons do, not by what they say.
pub(crate) struct Buyer(pub(crate) Someone, AtomicU64);

/// A row of `orders`, as far as a buyer has to do with it.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub(crate) struct Order {
    pub(crate) id: i64,
    pub(crate) state: String,
    pub(crate) plan: String,
    pub(crate) price_kopecks: i64,
    pub(crate) business_name: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) zone: Option<String>,
    pub(crate) contact: Option<String>,
    pub(crate) bot_id: Option<i64>,
    pub(crate) terms_version: Option<String>,
}

impl Buyer {
    pub(crate) async fn speaking(world: &World, language: &str) -> Result<Self> {
        Ok(Self::new(world.someone_speaking("Анна", language).await?))
    }

    pub(crate) fn new(someone: Someone) -> Self {
        Self(someone, AtomicU64::new(0))
    }

    /// What is waited for after this act must be newer.
    async fn done(&self, act: &Act) -> Result<()> {
        self.1.store(act.seq, Ordering::Relaxed);
        Ok(self.0.sim.wait_confirmed(act).await?)
    }

    /// Presses the newest button that carries this, and waits until the update is done with.
    pub(crate) async fn tap(&self, data: &str) -> Result<ChatMessage> {
        let act = self.0.sim.press_data(self.0.person.id, &self.0.bot, data).await.with_context(|| data.to_owned())?;
        self.0.sim.wait_answer(&act).await.with_context(|| format!("{data} got no answer"))?;
        self.done(&act).await?;
        // In the place of what was pressed, or below it.
        let chat = self.0.sim.chat(self.0.person.id, &self.0.bot).await?;
        let shown = chat.messages.iter().rev().filter(|message| message.from_bot).max_by_key(|message| message.seq);
        shown.cloned().context("nothing is shown")
    }

    /// Presses the newest button whose data begins so.
    pub(crate) async fn tap_like(&self, beginning: &str) -> Result<ChatMessage> {
        let data = self.data_like(beginning).await?;
        self.tap(&data).await
    }

    /// What the newest button carries whose data begins so.
    pub(crate) async fn data_like(&self, beginning: &str) -> Result<String> {
        let chat = self.0.sim.chat(self.0.person.id, &self.0.bot).await?;
        let mut newest_first = chat.messages.iter().rev();
        let found = newest_first.find_map(|message| carried(message).into_iter().find(|d| d.starts_with(beginning)));
        found.with_context(|| format!("no button {beginning}… in {:?}", chat.last()))
    }

    /// Presses what no screen need offer, and gives the note over the chat.
    pub(crate) async fn forge(&self, data: &str) -> Result<String> {
        let on = self.0.screen().await?.id;
        let act = self.0.sim.forge_press(self.0.person.id, &self.0.bot, on, data).await?;
        let (note, _) = self.0.sim.wait_answer(&act).await.with_context(|| format!("{data} got no answer"))?;
        self.done(&act).await?;
        Ok(note.unwrap_or_default())
    }

    /// Writes, and waits until the update is done with.
    pub(crate) async fn write(&self, text: &str) -> Result<ChatMessage> {
        let act = self.0.sim.say(self.0.person.id, &self.0.bot, text).await?;
        self.done(&act).await?;
        self.0.screen().await
    }

    /// As far as the question with this name, with the usual answers before it; `sum` is the summary.
    pub(crate) async fn goes_to(&self, question: &str) -> Result<ChatMessage> {
        self.write("/start").await?;
        self.tap("b:plans").await?;
        let mut screen = self.tap("b:plan:m1").await?;
        for asked in ["name", "kind", "zone", "contact", "bot"] {
            if asked == question {
                return Ok(screen);
            }
            screen = self.answers(asked).await?;
        }
        Ok(screen)
    }

    /// The usual answer to a question that is on the screen.
    pub(crate) async fn answers(&self, question: &str) -> Result<ChatMessage> {
        match question {
            "name" => self.write("Усы").await,
            "kind" => self.tap("b:kind:barbershop").await,
            "zone" => self.tap("b:zone:Europe/Samara").await,
            "contact" => self.write("anna@example.ru").await,
            _ => {
                let screen = self.0.screen().await?;
                let link = screen.buttons.iter().flatten().find_map(|b| b.url.clone()).context("no link")?;
                self.0.sim.open(self.0.person.id, &link).await?;
                self.comes_to("b:edit").await
            }
        }
    }

    /// Since the last act a message comes to have a button whose data begins so.
    pub(crate) async fn comes_to(&self, beginning: &str) -> Result<ChatMessage> {
        let since = self.1.load(Ordering::Relaxed);
        until(self.0.sim.patience(), &format!("a button {beginning}…"), async || {
            let chat = self.0.sim.chat(self.0.person.id, &self.0.bot).await?;
            let new = chat.messages.into_iter().rev().filter(|message| message.seq > since);
            Ok(new.into_iter().find(|message| carried(message).iter().any(|data| data.starts_with(beginning))))
        })
        .await
    }

    /// Accepts the terms and asks for the bill; the payment that it is of.
    pub(crate) async fn bill(&self) -> Result<Payment> {
        self.tap_like("b:accept:").await?;
        self.tap_like("b:pay:").await?;
        self.comes_to("b:check:").await?;
        self.0.sim.payments().await?.pop().context("YooKassa has no payment")
    }
}

/// What the buttons of a message carry.
pub(crate) fn carried(message: &ChatMessage) -> Vec<String> {
    message.buttons.iter().flatten().filter_map(|button| button.data.clone()).collect()
}

/// All orders, oldest first.
pub(crate) async fn orders(world: &World) -> Result<Vec<Order>> {
    let pool = world.registry().await?;
    let orders = sqlx::query_as(
        "select id, state, plan, price_kopecks, business_name, kind, zone, contact, bot_id, terms_version
           from orders order by id",
    )
    .fetch_all(&pool)
    .await?;
    pool.close().await;
    Ok(orders)
}

/// The only order.
pub(crate) async fn order(world: &World) -> Result<Order> {
    orders(world).await?.pop().context("no order")
}
