//! The conversation in Telegram. No rules and no SQL: a press or a message becomes a question to the booking
//! service, and the answer becomes a [`Turn`].

mod admin;
pub(crate) mod choice;
mod customer;
mod draft;
mod herald;
mod turn;
mod words;

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use futures::future::try_join;
use shared::{
    clock::Clock,
    heartbeat::{self, Heartbeat, POLL_SECONDS, POLLS_UNTIL_SILENT},
    outbox::Outbox,
    redis::Prefixed,
    telegram::{
        Edited, Screen, Telegram, TelegramError,
        incoming::{Event, Incoming, Message, Person, Press},
        polling::Handler,
    },
    texts::{Lang, Texts},
};

pub(crate) use self::herald::OwnersHerald;
use self::{choice::Choice, draft::Drafts, turn::Turn, words::Words};
use crate::booking::{Bookings, Profile, UserId};

/// The kinds of updates that the bot asks Telegram for.
pub(crate) const ALLOWED_UPDATES: &[&str] = &["message", "callback_query"];

/// The bot.
pub(crate) struct Bot {
    texts: Arc<Texts>,
    telegram: Telegram,
    outbox: Outbox,
    bookings: Bookings,
    redis: Prefixed,
    drafts: Drafts,
    clock: Clock,
    container: String,
}

/// Who is spoken to, and in answer to which update.
#[derive(Clone, Copy)]
struct Guest<'a> {
    person: &'a Person,
    words: Words<'a>,
    update_id: i64,
}

impl Guest<'_> {
    fn id(&self) -> UserId {
        UserId(self.person.id)
    }

    fn profile(&self) -> Profile<'_> {
        Profile {
            id: self.id(),
            first_name: &self.person.first_name,
            last_name: self.person.last_name.as_deref(),
            username: self.person.username.as_deref(),
            lang: self.words.lang,
        }
    }
}

impl Bot {
    pub(crate) fn new(
        texts: Arc<Texts>,
        telegram: Telegram,
        outbox: Outbox,
        bookings: Bookings,
        redis: Prefixed,
        clock: Clock,
        container: String,
    ) -> Self {
        let drafts = Drafts::new(redis.clone());
        Self { texts, telegram, outbox, bookings, redis, drafts, clock, container }
    }

    /// Sets the menu of commands: the customers' only, the owner's are on buttons.
    pub(crate) async fn set_commands(&self) -> Result<(), TelegramError> {
        for (scope, lang) in [(None, Lang::Ru), (Some(Lang::En), Lang::En)] {
            let words = Words { texts: &self.texts, lang };
            self.telegram.set_my_commands(scope, &[("start", &words.say("command.start", &[]))]).await?;
        }
        Ok(())
    }

    fn words(&self, person: &Person) -> Words<'_> {
        Words { texts: &self.texts, lang: Lang::from_code(person.language_code.as_deref()) }
    }

    async fn on_press(&self, update_id: i64, press: &Press) -> Result<()> {
        let words = self.words(&press.from);
        // Our buttons are under messages in private chats only; anything else was never ours.
        if press.chat_id != press.from.id {
            return Ok(self.telegram.answer_press(&press.id, None, false).await?);
        }
        let guest = Guest { person: &press.from, words, update_id };
        let turn = match Choice::parse(&press.data) {
            Some(Choice::Plan { days_ahead, page }) => admin::pressed(&self.bookings, &guest, days_ahead, page).await?,
            Some(choice) => customer::pressed(&self.bookings, &guest, choice).await?,
            None => Turn::alert(words.say("stale", &[])),
        };
        match &turn.draft {
            Some(draft) => self.drafts.save(guest.id(), draft).await?,
            None => self.drafts.clear(guest.id()).await,
        }
        let answered = async { Ok(self.telegram.answer_press(&press.id, turn.alert.as_deref(), true).await?) };
        let shown = async {
            let mut rest = turn.screens.iter();
            if let Some(first) = rest.next()
                && self.edit(press, first).await? == Edited::Gone
            {
                self.outbox.reply(update_id, 0, press.chat_id, first).await?;
            }
            for (nth, screen) in (1..).zip(rest) {
                self.outbox.reply(update_id, nth, press.chat_id, screen).await?;
            }
            Ok(())
        };
        try_join(answered, shown).await.map(|_| ())
    }

    async fn on_message(&self, update_id: i64, message: &Message) -> Result<()> {
        if !message.private {
            return Ok(());
        }
        let guest = Guest { person: &message.from, words: self.words(&message.from), update_id };
        let command =
            message.text.as_deref().and_then(|t| t.strip_prefix('/')).and_then(|t| t.split_whitespace().next());
        let draft = self.drafts.find(guest.id()).await?;
        // A shared number that nobody awaits, or a command while one is awaited.
        let keyboard_stays = match &draft {
            Some(draft) => draft.name.is_some() && command.is_some(),
            None => message.contact.is_some(),
        };
        let mut turn = match (command, draft) {
            (Some("start"), _) => customer::started(&self.bookings, &guest).await?,
            (Some("admin"), _) => admin::asked(&self.bookings, &guest).await?,
            (None, Some(draft)) => customer::typed(&self.bookings, &guest, message, draft).await?,
            (Some(_), _) | (None, None) => customer::not_understood(&self.bookings, &guest).await?,
        };
        if keyboard_stays {
            turn.screens.insert(0, customer::keyboard_gone(&guest));
        }
        for (nth, screen) in (0..).zip(&turn.screens) {
            self.outbox.reply(update_id, nth, message.chat_id, screen).await?;
        }
        // Last, so that a repeat of an update that was cut off meets the draft that it was about.
        match &turn.draft {
            Some(draft) => self.drafts.save(guest.id(), draft).await?,
            None => self.drafts.clear(guest.id()).await,
        }
        Ok(())
    }

    /// Edits may be repeated, so a flood limit is waited out here.
    async fn edit(&self, press: &Press, screen: &Screen) -> Result<Edited, TelegramError> {
        match self.telegram.edit(press.chat_id, press.message_id, screen).await {
            Err(TelegramError::RetryAfter(pause)) if pause <= Duration::from_secs(10) => {
                tokio::time::sleep(pause).await;
                self.telegram.edit(press.chat_id, press.message_id, screen).await
            }
            other => other,
        }
    }

    /// The beat expires if Telegram is silent for three polls. A failure is only logged: the next poll tries again.
    async fn beat(&self) -> Result<()> {
        let beat = Heartbeat {
            state: "polling".to_owned(),
            container: self.container.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            at: self.clock.machine().now(),
        };
        let lasts = Duration::from_secs(POLL_SECONDS * POLLS_UNTIL_SILENT);
        let name = heartbeat::key("");
        self.redis.set_ex(&name, &serde_json::to_string(&beat)?, lasts).await?;
        self.redis.publish(&name, &beat.state).await?;
        Ok(())
    }
}

impl Handler for Bot {
    async fn handle(&self, update: &Incoming) -> Result<()> {
        match &update.event {
            Event::Message(message) => self.on_message(update.update_id, message).await,
            Event::Press(press) => self.on_press(update.update_id, press).await,
            Event::ManagedBot(_) | Event::Other => Ok(()),
        }
    }

    async fn polled(&self) {
        if let Err(error) = self.beat().await {
            tracing::warn!(%error, "the heartbeat cannot be written");
        }
    }

    async fn gave_up(&self, update: &Incoming) {
        let told = match &update.event {
            Event::Press(press) => {
                let sorry = self.words(&press.from).say("sorry", &[]);
                self.telegram.answer_press(&press.id, Some(&sorry), true).await.map_err(anyhow::Error::from)
            }
            Event::Message(message) if message.private => {
                let sorry = Screen::text(self.words(&message.from).say("sorry", &[]));
                // A place of its own: the first ones may be taken by what was said before the failure.
                let reply = self.outbox.reply(update.update_id, u8::MAX, message.chat_id, &sorry).await;
                reply.map(|_| ()).map_err(anyhow::Error::from)
            }
            _ => Ok(()),
        };
        if let Err(error) = told {
            tracing::warn!(%error, "a person could not be told that something went wrong");
        }
    }
}
