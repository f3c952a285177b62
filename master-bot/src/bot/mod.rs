//! The master bot's screens. No SQL and no calls to providers here: acts go to `sales` and `fleet`, and what comes
//! back is shown.

mod access;
mod alerts;
pub(crate) mod answers;
pub(crate) mod asked;
pub(crate) mod buyer;
pub(crate) mod callback;
mod client;
pub(crate) mod live;
pub(crate) mod menu;
mod operator;
mod sale;
pub(crate) mod steps;
pub(crate) mod team;
mod visitor;
pub(crate) mod words;

use std::sync::Arc;

use anyhow::Result;
use secrecy::SecretString;
use shared::{
    clock::Clock,
    outbox::Outbox,
    presets::Kind,
    telegram::{
        Edited, Me, Screen, Telegram,
        incoming::{Event, Incoming, Message, Person, Press},
        polling::Handler,
    },
    texts::{Lang, Texts},
};
use tokio_util::task::TaskTracker;
use url::Url;

pub(crate) use self::access::Access;
use self::{
    access::Right,
    asked::Asked,
    callback::Callback,
    live::Live,
    steps::{Step, Steps},
    visitor::Visitor,
};
use crate::{
    config::Shop,
    fleet::desk::FleetDesk,
    sales::{cities::Cities, desk::Desk, hand::HandDesk, plans::Plans, signup, watch::Watch},
};

/// Kinds of updates that we ask Telegram for.
pub(crate) const UPDATES: &[&str] = &["message", "callback_query", "managed_bot"];

/// Everything that screens need; clones share it.
#[derive(Clone)]
pub(crate) struct Front {
    pub(crate) telegram: Telegram,
    pub(crate) telegram_api_url: Url,
    pub(crate) me: Me,
    pub(crate) outbox: Outbox,
    pub(crate) texts: Arc<Texts>,
    pub(crate) clock: Clock,
    pub(crate) plans: Plans,
    pub(crate) access: Access,
    pub(crate) steps: Steps,
    pub(crate) desk: Desk,
    pub(crate) hand: HandDesk,
    pub(crate) watch: Watch,
    pub(crate) fleet: FleetDesk,
    pub(crate) live: Arc<Live>,
    pub(crate) shop: Shop,
    pub(crate) kinds: Arc<[Kind]>,
    pub(crate) cities: Arc<Cities>,
    /// What goes on beside the updates, because a provider may take its time.
    pub(crate) aside: TaskTracker,
    pub(crate) asked: Asked,
}

impl Handler for Front {
    async fn handle(&self, update: &Incoming) -> Result<()> {
        match &update.event {
            // A group is not a place to sign up in.
            Event::Message(message) if !message.private => Ok(()),
            Event::Message(message) => self.message(update.update_id, message).await,
            Event::Press(press) => self.press(update.update_id, press).await,
            Event::ManagedBot(made) => buyer::bot::made(self, update.update_id, &made.user, &made.bot).await,
            Event::Standing(_) | Event::Other => Ok(()),
        }
    }

    async fn gave_up(&self, update: &Incoming) {
        let (person, chat) = match &update.event {
            Event::Message(m) => (&m.from, m.chat_id),
            Event::Press(p) => (&p.from, p.chat_id),
            Event::ManagedBot(m) => (&m.user, m.user.id),
            Event::Standing(_) | Event::Other => return,
        };
        // Perhaps it is the registry that fails.
        let lang = self.desk.language_of(person.id).await.ok().flatten().unwrap_or_else(|| lang_of(person));
        let screen = Screen::text(self.texts.say(lang, "buyer.failed", &[]));
        if let Err(error) = self.outbox.reply(update.update_id, 9, chat, &screen).await {
            tracing::error!(%error, "an apology could not be written down");
            // A press can be answered without it.
            let Event::Press(press) = &update.event else { return };
            let note = self.texts.plain(lang, "buyer.failed", &[]);
            if let Err(error) = self.telegram.answer_press(&press.id, Some(&note), true).await {
                tracing::error!(%error, "a person was left without an answer");
            }
        }
    }
}

impl Front {
    async fn message(&self, update_id: i64, message: &Message) -> Result<()> {
        if let Some(bot) = &message.managed_bot_created {
            return buyer::bot::made(self, update_id, &message.from, bot).await;
        }
        let visitor = Visitor::meet(self, &message.from).await?;
        let command = message.text.as_deref().filter(|text| text.starts_with('/'));
        match command.map(|text| text.split_whitespace().next().unwrap_or_default()) {
            Some(command) => {
                // Whoever turns to something else is not waited for any more.
                self.steps.forget(message.from.id).await;
                self.command(update_id, &visitor, message, command).await
            }
            // A token goes out of the chat whatever was asked.
            None if message.text.as_deref().is_some_and(|text| signup::token_in(text).is_some()) => {
                buyer::message(self, update_id, &visitor, message).await
            }
            None => match self.steps.of(message.from.id).await {
                Some(Step::Operator(step)) => operator::typed(self, update_id, &visitor, message, &step).await,
                Some(Step::Sale(step)) => sale::typed(self, update_id, &visitor, message, &step).await,
                Some(Step::Buyer(_)) | None => buyer::message(self, update_id, &visitor, message).await,
            },
        }
    }

    async fn command(&self, update_id: i64, visitor: &Visitor, message: &Message, command: &str) -> Result<()> {
        match command {
            "/tenants" | "/tenant" => operator::command(self, update_id, visitor, message).await,
            "/staff" => team::command(self, update_id, visitor, message).await,
            "/mybots" => client::command(self, update_id, visitor, message).await,
            "/sell" => sale::command(self, update_id, visitor, message).await,
            "/stats" => sale::stats_command(self, update_id, visitor, message).await,
            "/start" => self.start(update_id, visitor, message).await,
            _ => buyer::message(self, update_id, visitor, message).await,
        }
    }

    /// The bot was opened; a link may say what for.
    async fn start(&self, update_id: i64, visitor: &Visitor, message: &Message) -> Result<()> {
        let told = payload(message).unwrap_or_default();
        if let Some(code) = told.strip_prefix("team_") {
            return team::opened(self, update_id, visitor, message, code).await;
        }
        if let Some(code) = told.strip_prefix(sale::claim::PAYLOAD) {
            return sale::claim::opened(self, update_id, visitor, message, code).await;
        }
        match told.strip_prefix("card_").and_then(|slug| slug.parse().ok()) {
            Some(slug) if visitor.role.may(Right::See) => {
                operator::linked(self, update_id, visitor, message, &slug).await
            }
            _ => buyer::message(self, update_id, visitor, message).await,
        }
    }

    async fn press(&self, update_id: i64, press: &Press) -> Result<()> {
        let visitor = Visitor::meet(self, &press.from).await?;
        match Callback::parse(&press.data) {
            Some(Callback::Buyer(act)) => buyer::press(self, update_id, &visitor, press, &act).await,
            Some(Callback::Operator(act)) => operator::press(self, update_id, &visitor, press, &act).await,
            Some(Callback::Client(act)) => client::press(self, update_id, &visitor, press, &act).await,
            Some(Callback::Sale(act)) => sale::press(self, update_id, &visitor, press, &act).await,
            Some(Callback::Team(act)) => team::press(self, update_id, &visitor, press, &act).await,
            None => {
                let note = self.texts.plain(visitor.lang(), "buyer.stale", &[]);
                Ok(self.telegram.answer_press(&press.id, Some(&note), true).await?)
            }
        }
    }

    /// A new message in answer to an update, once.
    async fn reply(&self, update_id: i64, chat_id: i64, screen: &Screen) -> Result<()> {
        self.outbox.reply(update_id, 0, chat_id, screen).await?;
        Ok(())
    }

    /// The next screen in place of the one that was pressed; a new message if that one is gone.
    async fn show(&self, update_id: i64, press: &Press, screen: &Screen) -> Result<()> {
        if self.telegram.edit(press.chat_id, press.message_id, screen).await? == Edited::Gone {
            self.reply(update_id, press.chat_id, screen).await?;
        }
        Ok(())
    }

    /// Another bot's line to Telegram, to see whether its token is good.
    fn line_of(&self, token: &SecretString) -> Result<Telegram> {
        Ok(Telegram::new(token, &self.telegram_api_url)?)
    }
}

/// What a link to us carries: `/start payload`.
fn payload(message: &Message) -> Option<&str> {
    message.text.as_deref()?.strip_prefix("/start ").map(str::trim)
}

fn lang_of(person: &Person) -> Lang {
    Lang::from_code(person.language_code.as_deref())
}
