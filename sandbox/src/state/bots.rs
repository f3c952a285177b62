//! Bot accounts: tokens, updates that wait, polls, presses to be answered.

use super::{State, chats::Chat, queue::Queue};
use crate::wire::{BotName, BotSettings, Person, What};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::{
    collections::{HashMap, VecDeque},
    time::Instant,
};

/// Presses that a bot may leave unanswered before the oldest is forgotten.
const PRESSES: usize = 20_000;

pub(crate) struct Bot {
    pub(crate) id: i64,
    pub(crate) username: String,
    pub(crate) first_name: String,
    pub(crate) token: String,
    pub(crate) can_manage_bots: bool,
    /// Privacy mode is off: it hears everything in its groups.
    pub(crate) reads_groups: bool,
    pub(crate) owner: Option<i64>,
    pub(crate) manager: Option<i64>,
    pub(crate) deleted: bool,
    pub(crate) access: Access,
    pub(crate) settings: BotSettings,
    pub(crate) queue: Queue,
    pub(crate) poll: Poll,
    pub(crate) presses: Presses,
    pub(crate) webhooks: super::webhooks::Webhooks,
    pub(crate) chats: HashMap<i64, Chat>,
    /// Numbers of messages run through all private chats of a bot, as they do at Telegram.
    pub(crate) next_message: i32,
}

/// Who may write to a managed bot.
#[derive(Default)]
pub(crate) struct Access {
    pub(crate) restricted: bool,
    pub(crate) added: Vec<i64>,
}

/// What is remembered of a bot's `getUpdates`.
#[derive(Default)]
pub(crate) struct Poll {
    /// Raised by every request: a poll that finds another number has been replaced.
    pub(crate) generation: u64,
    pub(crate) count: u64,
    pub(crate) waiting: bool,
    pub(crate) offset: Option<i64>,
    pub(crate) timeout: u64,
    pub(crate) started: Option<Instant>,
    pub(crate) ended: Option<Instant>,
    pub(crate) next_conflict: Option<Instant>,
    /// Why a poll that waits must end.
    pub(crate) ended_by: Option<&'static str>,
}

pub(crate) struct Press {
    pub(crate) person: i64,
    pub(crate) at: DateTime<Utc>,
}

/// The presses that wait for `answerCallbackQuery`.
#[derive(Default)]
pub(crate) struct Presses {
    open: HashMap<String, Press>,
    order: VecDeque<String>,
}

impl Presses {
    pub(crate) fn add(&mut self, id: String, press: Press) {
        self.order.push_back(id.clone());
        self.open.insert(id, press);
        while self.order.len() > PRESSES {
            if let Some(oldest) = self.order.pop_front() {
                self.open.remove(&oldest);
            }
        }
    }

    pub(crate) fn take(&mut self, id: &str) -> Option<Press> {
        self.open.remove(id)
    }

    pub(crate) fn expire(&mut self) {
        self.open.clear();
        self.order.clear();
    }
}

impl Bot {
    pub(crate) fn name(&self) -> BotName {
        BotName { id: self.id, username: self.username.clone(), name: self.first_name.clone() }
    }

    /// The `User` object of the bot, as others see it.
    pub(crate) fn user(&self) -> Value {
        json!({"id": self.id, "is_bot": true, "first_name": self.first_name, "username": self.username})
    }

    pub(crate) fn new_message_id(&mut self) -> i32 {
        self.next_message += 1;
        self.next_message
    }

    /// Whether the access settings let this person in.
    pub(crate) fn admits(&self, person: i64) -> bool {
        !self.access.restricted || self.owner == Some(person) || self.access.added.contains(&person)
    }
}

/// What a new bot is to be.
pub(crate) struct Birth<'a> {
    pub(crate) name: &'a str,
    pub(crate) username: &'a str,
    pub(crate) can_manage_bots: bool,
    pub(crate) owner: Option<&'a Person>,
    pub(crate) manager: Option<i64>,
}

impl State {
    /// Makes a bot account, or says in Telegram's word why not.
    pub(crate) fn make_bot(&mut self, birth: &Birth<'_>) -> Result<i64, &'static str> {
        let id = self.new_bot_id();
        let token = self.new_token(id);
        self.make_bot_with(birth, id, token)
    }

    /// The same, with a token that somebody knows already; its bot's id stands at its beginning.
    pub(crate) fn make_bot_with(&mut self, birth: &Birth<'_>, id: i64, token: String) -> Result<i64, &'static str> {
        let username = birth.username.trim_start_matches('@');
        if birth.name.trim().is_empty() || birth.name.chars().count() > 64 {
            return Err("NAME_INVALID");
        }
        self.may_be_called(username)?;
        let first_update = 100_000_000 + (id % 800_000_000);
        self.usernames.insert(username.to_lowercase(), id);
        self.tokens.insert(token.clone(), id);
        let bot = Bot {
            id,
            username: username.to_owned(),
            first_name: birth.name.trim().to_owned(),
            token,
            can_manage_bots: birth.can_manage_bots,
            reads_groups: false,
            owner: birth.owner.map(|person| person.id),
            manager: birth.manager,
            deleted: false,
            access: Access::default(),
            settings: BotSettings::default(),
            queue: Queue::new(first_update, self.clock.touches()),
            poll: Poll::default(),
            presses: Presses::default(),
            webhooks: super::webhooks::Webhooks::default(),
            chats: HashMap::new(),
            next_message: 0,
        };
        let name = bot.name();
        self.bots.insert(id, bot);
        let manager = birth.manager.and_then(|manager| self.bot_name(manager));
        self.happened(What::BotCreated { bot: name, by: birth.owner.cloned(), manager });
        Ok(id)
    }

    /// Whether a bot can have this username, or in Telegram's word why not.
    fn may_be_called(&self, username: &str) -> Result<(), &'static str> {
        let well_formed = (5..=32).contains(&username.len())
            && username.starts_with(|c: char| c.is_ascii_alphabetic())
            && username.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !username.contains("__");
        if !username.to_lowercase().ends_with("bot") {
            return Err("USERNAME_SUFFIX_MISSING");
        }
        if !well_formed {
            return Err("USERNAME_INVALID");
        }
        let taken_by_person = |person: &super::Resident| {
            person.person.username.as_deref().is_some_and(|taken| taken.eq_ignore_ascii_case(username))
        };
        if self.usernames.contains_key(&username.to_lowercase()) || self.people.values().any(taken_by_person) {
            return Err("USERNAME_OCCUPIED");
        }
        Ok(())
    }

    /// The owner gives the bot another username, name or both. Nobody is told; the old username is free.
    pub(crate) fn rename_bot(
        &mut self,
        id: i64,
        username: Option<&str>,
        name: Option<&str>,
    ) -> Result<(), &'static str> {
        if name.is_some_and(|name| name.trim().is_empty() || name.chars().count() > 64) {
            return Err("NAME_INVALID");
        }
        let username = username.map(|username| username.trim_start_matches('@'));
        if let Some(username) = username {
            self.may_be_called(username)?;
        }
        let Some(bot) = self.bots.get_mut(&id) else { return Ok(()) };
        let was = bot.username.clone();
        if let Some(username) = username {
            bot.username = username.to_owned();
            self.usernames.remove(&was.to_lowercase());
            self.usernames.insert(username.to_lowercase(), id);
        }
        if let Some(name) = name {
            bot.first_name = name.trim().to_owned();
        }
        let bot = bot.name();
        self.happened(What::BotRenamed { bot, was });
        Ok(())
    }

    /// The bot belongs to another person from now on; its token stays, and its manager is told.
    pub(crate) fn transfer_bot(&mut self, id: i64, to: &Person) {
        let Some(bot) = self.bots.get_mut(&id) else { return };
        bot.owner = Some(to.id);
        let bot = bot.name();
        self.happened(What::BotTransferred { bot, to: to.clone() });
        self.tell_manager(to, id);
    }

    fn new_token(&mut self, id: i64) -> String {
        format!("{id}:AA{}", self.random_text(33))
    }

    /// A fresh token; the old one is dead at once, also for a poll that waits with it.
    pub(crate) fn replace_token(&mut self, id: i64) -> Option<String> {
        let token = self.new_token(id);
        let bot = self.bots.get_mut(&id)?;
        self.tokens.remove(&bot.token);
        bot.token.clone_from(&token);
        self.tokens.insert(token.clone(), id);
        bot.poll = Poll { count: bot.poll.count, generation: bot.poll.generation, ..Poll::default() };
        bot.queue.wake.notify_waiters();
        let name = bot.name();
        self.happened(What::TokenReplaced { bot: name });
        Some(token)
    }

    /// The owner deletes the bot: its token is dead, its name stays taken.
    pub(crate) fn remove_bot(&mut self, id: i64) -> bool {
        let Some(bot) = self.bots.get_mut(&id).filter(|bot| !bot.deleted) else { return false };
        bot.deleted = true;
        self.tokens.remove(&bot.token);
        bot.queue.wake.notify_waiters();
        let name = bot.name();
        self.happened(What::BotRemoved { bot: name });
        true
    }

    /// Tells a manager of its bot, as Telegram does after creation, after a new token and when it belongs to somebody else.
    pub(crate) fn tell_manager(&mut self, person: &Person, managed: i64) {
        let Some(bot) = self.bots.get(&managed) else { return };
        let (content, manager) = (json!({"user": super::people::user(person), "bot": bot.user()}), bot.manager);
        if let Some(manager) = manager.and_then(|id| self.bots.get_mut(&id)) {
            manager.queue.push("managed_bot", &content);
        }
    }
}
