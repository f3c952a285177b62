//! Chats between a person and a bot, and the messages in them.

use super::{bots::Bot, people};
use crate::wire::{AskedBot, BotName, Button, ChatMessage, ChatView, Contact, Document, Key, Person};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Messages kept in one chat; older ones are as if deleted.
const KEPT: usize = 1_000;

#[derive(Default)]
pub(crate) struct Chat {
    pub(crate) blocked: bool,
    pub(crate) action: Option<String>,
    messages: BTreeMap<i32, Message>,
    /// The message that brought the keyboard below the chat.
    keyboard: Option<Value>,
}

#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) id: i32,
    pub(crate) seq: u64,
    pub(crate) date: DateTime<Utc>,
    pub(crate) edited: Option<DateTime<Utc>>,
    pub(crate) from_bot: bool,
    pub(crate) text: String,
    pub(crate) html: String,
    pub(crate) entities: Vec<Value>,
    /// The whole `reply_markup`, as the bot gave it.
    pub(crate) markup: Option<Value>,
    pub(crate) document: Option<Document>,
    pub(crate) contact: Option<Contact>,
    pub(crate) created_bot: Option<BotName>,
}

impl Message {
    pub(crate) fn new(id: i32, date: DateTime<Utc>, from_bot: bool) -> Self {
        Self {
            id,
            seq: 0,
            date,
            edited: None,
            from_bot,
            text: String::new(),
            html: String::new(),
            entities: Vec::new(),
            markup: None,
            document: None,
            contact: None,
            created_bot: None,
        }
    }

    pub(crate) fn has_inline_keyboard(&self) -> bool {
        self.markup.as_ref().is_some_and(|markup| markup.get("inline_keyboard").is_some())
    }

    /// Only messages without markup or with an inline keyboard can be edited.
    pub(crate) fn can_be_edited(&self) -> bool {
        self.from_bot && (self.markup.is_none() || self.has_inline_keyboard())
    }

    /// The `Message` object.
    pub(crate) fn json(&self, bot: &Bot, person: &Person) -> Value {
        let from = if self.from_bot { bot.user() } else { people::user(person) };
        let mut json = json!({
            "message_id": self.id, "from": from, "chat": people::chat(person), "date": self.date.timestamp(),
        });
        people::put(&mut json, "edit_date", self.edited.map(|at| at.timestamp()));
        let (text, entities) =
            if self.document.is_some() { ("caption", "caption_entities") } else { ("text", "entities") };
        if !self.text.is_empty() {
            json[text] = self.text.as_str().into();
            if !self.entities.is_empty() {
                json[entities] = self.entities.clone().into();
            }
        }
        if self.has_inline_keyboard() {
            people::put(&mut json, "reply_markup", self.markup.as_ref());
        }
        if let Some(file) = &self.document {
            json["document"] = json!({
                "file_id": file.file_id, "file_unique_id": file.file_id.chars().rev().take(16).collect::<String>(),
                "file_name": file.file_name, "mime_type": file.mime_type, "file_size": file.size,
            });
        }
        if let Some(contact) = &self.contact {
            json["contact"] = json!({"phone_number": contact.phone_number, "first_name": person.first_name});
            people::put(&mut json["contact"], "user_id", contact.user_id);
        }
        if let Some(made) = &self.created_bot {
            let user = json!({"id": made.id, "is_bot": true, "first_name": made.name, "username": made.username});
            json["managed_bot_created"] = json!({"bot": user});
        }
        json
    }

    pub(crate) fn view(&self) -> ChatMessage {
        let markup = self.markup.as_ref();
        ChatMessage {
            id: self.id,
            seq: self.seq,
            from_bot: self.from_bot,
            date: self.date,
            edited: self.edited.is_some(),
            text: self.text.clone(),
            html: self.html.clone(),
            buttons: markup.map(buttons).unwrap_or_default(),
            keys: markup.map(keys).unwrap_or_default(),
            removes_keys: markup.is_some_and(removes_keyboard),
            document: self.document.clone(),
            contact: self.contact.clone(),
            created_bot: self.created_bot.clone(),
        }
    }
}

impl Chat {
    pub(crate) fn add(&mut self, message: Message) {
        if let Some(markup) = message.markup.as_ref().filter(|_| message.from_bot) {
            if markup.get("keyboard").is_some() {
                self.keyboard = Some(markup.clone());
            } else if removes_keyboard(markup) {
                self.keyboard = None;
            }
        }
        if message.from_bot {
            self.action = None;
        }
        self.messages.insert(message.id, message);
        if self.messages.len() > KEPT {
            self.messages.pop_first();
        }
    }

    pub(crate) fn get(&self, id: i32) -> Option<&Message> {
        self.messages.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: i32) -> Option<&mut Message> {
        self.messages.get_mut(&id)
    }

    pub(crate) fn remove(&mut self, id: i32) -> Option<Message> {
        self.messages.remove(&id)
    }

    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Message> {
        self.messages.values().rev()
    }

    pub(crate) fn keys(&self) -> Vec<Vec<Key>> {
        self.keyboard.as_ref().map(keys).unwrap_or_default()
    }

    pub(crate) fn view(&self, seq: u64, bot: BotName, person: Person) -> ChatView {
        ChatView {
            seq,
            bot,
            person,
            started: true,
            blocked: self.blocked,
            messages: self.messages.values().map(Message::view).collect(),
            keys: self.keys(),
            action: self.action.clone(),
        }
    }
}

fn removes_keyboard(markup: &Value) -> bool {
    markup.get("remove_keyboard").and_then(Value::as_bool).unwrap_or(false)
}

fn rows<'a>(markup: &'a Value, field: &str) -> impl Iterator<Item = &'a Vec<Value>> + use<'a> {
    markup.get(field).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_array)
}

fn text(object: &Value, field: &str) -> Option<String> {
    object.get(field).and_then(Value::as_str).map(str::to_owned)
}

fn buttons(markup: &Value) -> Vec<Vec<Button>> {
    let button = |button: &Value| Button {
        text: text(button, "text").unwrap_or_default(),
        data: text(button, "callback_data"),
        url: text(button, "url"),
    };
    rows(markup, "inline_keyboard").map(|row| row.iter().map(button).collect()).collect()
}

fn keys(markup: &Value) -> Vec<Vec<Key>> {
    let key = |key: &Value| Key {
        text: text(key, "text").or_else(|| key.as_str().map(str::to_owned)).unwrap_or_default(),
        asks_contact: key.get("request_contact").and_then(Value::as_bool).unwrap_or(false),
        asks_bot: key.get("request_managed_bot").map(|asked| AskedBot {
            request_id: asked.get("request_id").and_then(Value::as_i64).unwrap_or_default(),
            suggested_name: text(asked, "suggested_name"),
            suggested_username: text(asked, "suggested_username"),
        }),
    };
    rows(markup, "keyboard").map(|row| row.iter().map(key).collect()).collect()
}
