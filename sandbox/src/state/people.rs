//! The people who use the bots.

use super::State;
use crate::wire::{BotAccount, BotName, BusinessProfile, NewPerson, Person, What};
use rand::RngExt;
use serde::Serialize;
use serde_json::{Value, json};

pub(crate) struct Resident {
    pub(crate) person: Person,
    pub(crate) phone_number: String,
    pub(crate) business: Option<BusinessProfile>,
}

/// The `User` object of a person.
pub(crate) fn user(person: &Person) -> Value {
    let mut user = json!({"id": person.id, "is_bot": false, "first_name": person.first_name});
    put(&mut user, "last_name", person.last_name.as_ref());
    put(&mut user, "username", person.username.as_ref());
    put(&mut user, "language_code", person.language_code.as_ref());
    user
}

/// The private `Chat` object of a person.
pub(crate) fn chat(person: &Person) -> Value {
    let mut chat = json!({"id": person.id, "type": "private", "first_name": person.first_name});
    put(&mut chat, "last_name", person.last_name.as_ref());
    put(&mut chat, "username", person.username.as_ref());
    chat
}

/// Adds a field when there is something to add.
pub(crate) fn put(object: &mut Value, field: &str, value: Option<impl Serialize>) {
    if let Some(value) = value {
        object[field] = json!(value);
    }
}

impl State {
    /// A new person; an id already taken is refused with `None`.
    pub(crate) fn make_person(&mut self, new: NewPerson) -> Option<Person> {
        let id = match new.id {
            Some(id) if id <= 0 || self.people.contains_key(&id) || self.bots.contains_key(&id) => return None,
            Some(id) => id,
            None => self.new_person_id(),
        };
        let person = Person {
            id,
            first_name: new.first_name,
            last_name: new.last_name,
            username: new.username.map(|name| name.trim_start_matches('@').to_owned()),
            language_code: Some(new.language_code.unwrap_or_else(|| "ru".into())),
        };
        let phone_number =
            new.phone_number.unwrap_or_else(|| format!("79{:09}", self.random.random_range(0..1_000_000_000_u32)));
        self.people.insert(id, Resident { person: person.clone(), phone_number, business: new.business });
        self.happened(What::PersonCreated { person: person.clone() });
        Some(person)
    }

    pub(crate) fn account(&self, bot: i64) -> Option<BotAccount> {
        let bot = self.bots.get(&bot)?;
        Some(BotAccount {
            bot: bot.name(),
            token: bot.token.clone(),
            can_manage_bots: bot.can_manage_bots,
            owner: bot.owner,
            manager: bot.manager,
            polls: bot.poll.count,
            pending: bot.queue.pending(),
            webhook: bot.webhooks.view(),
            settings: bot.settings.clone(),
        })
    }

    pub(crate) fn bot_name(&self, bot: i64) -> Option<BotName> {
        self.bots.get(&bot).map(super::Bot::name)
    }
}
