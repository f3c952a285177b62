//! The conversation in Telegram. No rules and no SQL: a press or a message becomes a question to the booking
//! service, and the answer becomes a [`Turn`].

mod admin;
mod calendar_file;
mod carry;
mod chat;
pub(crate) mod choice;
mod customer;
mod draft;
mod herald;
mod limits;
pub(crate) mod link;
mod newsroom;
mod planned;
mod summary;
mod talk;
mod turn;
pub(crate) mod typed;
pub(crate) mod words;
mod work_chat;

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use futures::future::try_join;
use shared::{
    clock::Clock,
    heartbeat::{self, Heartbeat, POLL_SECONDS, POLLS_UNTIL_SILENT},
    outbox::Outbox,
    redis::Prefixed,
    telegram::{
        Screen, Telegram, TelegramError,
        incoming::{Event, Incoming, Message, Person, Press},
        polling::Handler,
    },
    texts::{Lang, Texts},
};

use self::{
    chat::Chat,
    choice::Choice,
    limits::{Kind, Limits, Verdict},
    talk::{Spoken, Talk, Talks},
    turn::Turn,
    words::Words,
};
pub(crate) use self::{herald::OwnersHerald, newsroom::Newsroom, work_chat::CardKeeper};
use crate::booking::{BookError, Bookings, Profile, UserId};

/// The kinds of updates that the bot asks Telegram for.
pub(crate) const ALLOWED_UPDATES: &[&str] = &["message", "callback_query", "my_chat_member"];

/// The commands of the menu, in its order; what each does is a text of its own.
const COMMANDS: [&str; 6] = ["start", "book", "my", "settings", "privacy", "help"];

/// The bot.
pub(crate) struct Bot {
    texts: Arc<Texts>,
    telegram: Telegram,
    outbox: Outbox,
    bookings: Bookings,
    redis: Prefixed,
    talks: Talks,
    limits: Limits,
    clock: Clock,
    username: String,
    container: String,
}

/// What the bot is made of.
pub(crate) struct Parts {
    pub(crate) texts: Arc<Texts>,
    pub(crate) telegram: Telegram,
    pub(crate) outbox: Outbox,
    pub(crate) bookings: Bookings,
    pub(crate) redis: Prefixed,
    pub(crate) clock: Clock,
    /// Whether it is limited how fast one person may talk.
    pub(crate) user_limits: bool,
    /// Its own, without the `@`.
    pub(crate) username: String,
    /// Where it runs.
    pub(crate) container: String,
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
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { texts, telegram, outbox, bookings, redis, clock, user_limits, username, container } = parts;
        let (talks, limits) = (Talks::new(redis.clone()), Limits::new(redis.clone(), user_limits));
        Self { texts, telegram, outbox, bookings, redis, talks, limits, clock, username, container }
    }

    /// Sets the menu of commands: the customers' only, the owner's are on buttons.
    pub(crate) async fn set_commands(&self) -> Result<(), TelegramError> {
        for (scope, lang) in [(None, Lang::Ru), (Some(Lang::En), Lang::En)] {
            let words = Words { texts: &self.texts, lang };
            let told = COMMANDS.map(|command| words.plain(&format!("command.{command}"), &[]));
            let list: Vec<(&str, &str)> = COMMANDS.into_iter().zip(told.iter().map(String::as_str)).collect();
            self.telegram.set_my_commands(scope, &list).await?;
        }
        Ok(())
    }

    /// In the language that Telegram says.
    fn words(&self, person: &Person) -> Words<'_> {
        Words { texts: &self.texts, lang: Lang::from_code(person.language_code.as_deref()) }
    }

    /// In the language that the person has chosen by hand; that is asked of Postgres once, and then remembered.
    async fn chosen_words(&self, person: &Person, talk: &mut Talk) -> Result<Words<'_>, BookError> {
        let spoken = match talk.spoken {
            Some(spoken) => spoken,
            None => Spoken::of(self.bookings.settings(UserId(person.id)).await?.language),
        };
        talk.spoken = Some(spoken);
        let words = self.words(person);
        Ok(Words { lang: spoken.lang().unwrap_or(words.lang), ..words })
    }

    /// What is said to whoever talks too fast.
    async fn too_fast(&self, person: &Person) -> Result<String> {
        let mut talk = self.talks.find(UserId(person.id)).await?;
        Ok(self.chosen_words(person, &mut talk).await?.plain("too_fast", &[]))
    }

    fn chat<'a>(&'a self, guest: Guest<'a>, talk: &'a mut Talk) -> Chat<'a> {
        Chat {
            bookings: &self.bookings,
            telegram: &self.telegram,
            guest,
            talk,
            bot: &self.username,
            now: self.clock.now(),
        }
    }

    async fn on_press(&self, update_id: i64, press: &Press) -> Result<()> {
        if press.chat_id != press.from.id {
            return work_chat::pressed(self, update_id, press).await;
        }
        let user = UserId(press.from.id);
        match self.limits.allows(user, Kind::Press, update_id).await {
            Verdict::Go => {}
            Verdict::Say => {
                let slowly = self.too_fast(&press.from).await?;
                return Ok(self.telegram.answer_press(&press.id, Some(&slowly), false).await?);
            }
            Verdict::Quiet => return Ok(()),
        }
        let before = self.talks.find(user).await?;
        let mut talk = before.clone();
        // Whatever is shown now, it is something else, unless it says otherwise.
        talk.watching = None;
        let words = self.chosen_words(&press.from, &mut talk).await?;
        let guest = Guest { person: &press.from, words, update_id };
        let turn = match Choice::parse(&press.data) {
            Some(choice) => {
                let mut chat = self.chat(guest, &mut talk);
                if admin::theirs(choice) {
                    admin::pressed(&mut chat, choice).await?
                } else {
                    customer::pressed(&mut chat, choice).await?
                }
            }
            None => Turn::stale(words.plain("stale", &[])),
        };
        let answered =
            async { Ok(self.telegram.answer_press(&press.id, turn.alert.as_deref(), !turn.in_passing).await?) };
        let shown = async { self.show(update_id, press, &turn, &mut talk).await };
        try_join(answered, shown).await?;
        self.talks.save(guest.id(), &before, &talk).await?;
        if talk.watching.is_some() {
            // Only now: a broadcast that is over in a moment is shown to whoever watches it all the same.
            self.bookings.news.notify_one();
        }
        Ok(())
    }

    async fn on_message(&self, update_id: i64, message: &Message) -> Result<()> {
        if !message.private {
            return work_chat::said(self, update_id, message).await;
        }
        let user = UserId(message.from.id);
        match self.limits.allows(user, Kind::Message, update_id).await {
            Verdict::Go => {}
            Verdict::Say => {
                let slowly = Screen::text(self.too_fast(&message.from).await?);
                self.outbox.reply(update_id, 0, message.chat_id, &slowly).await?;
                return Ok(());
            }
            Verdict::Quiet => return Ok(()),
        }
        let before = self.talks.find(user).await?;
        if update_id <= before.heard {
            return Ok(());
        }
        let mut talk = before.clone();
        // Whatever is shown now, it is something else, unless it says otherwise.
        talk.watching = None;
        let words = self.chosen_words(&message.from, &mut talk).await?;
        let guest = Guest { person: &message.from, words, update_id };
        let mut chat = self.chat(guest, &mut talk);
        let command = message.text.as_deref().and_then(|t| t.strip_prefix('/'));
        let turn = match command {
            Some(command) => {
                let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
                match name {
                    "admin" => admin::asked(&mut chat).await?,
                    name => customer::commanded(&mut chat, name, rest.trim()).await?,
                }
            }
            None => customer::said(&mut chat, message).await?,
        };
        self.tell(update_id, message, turn, &mut talk).await?;
        // Last, so that a repeat of an update that was cut off meets the talk that it was about.
        self.talks.save(guest.id(), &before, &talk).await
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
            Event::Standing(standing) => work_chat::standing(self, standing).await,
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
