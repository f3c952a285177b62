//! Chats between a person and a bot, and the messages in them.

use super::people;
use crate::wire::{AskedBot, BotName, Button, ChatMessage, ChatView, Contact, Content, Document, Key, Person};
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
    /// What it holds besides text, by Telegram's name: a photo, a place, a shared contact.
    pub(crate) content: Option<Content>,
    /// The album it belongs to.
    pub(crate) album: Option<String>,
    /// Where it was forwarded from.
    pub(crate) origin: Option<Value>,
    /// The message it answers.
    pub(crate) reply_to: Option<i32>,
    /// The `User` object of who wrote it.
    pub(crate) author: Value,
    pub(crate) created_bot: Option<BotName>,
}

impl Message {
    /// An empty message of `author`, a `User` object.
    pub(crate) fn new(id: i32, date: DateTime<Utc>, author: Value) -> Self {
        Self {
            id,
            seq: 0,
            date,
            edited: None,
            from_bot: author.get("is_bot").and_then(Value::as_bool).unwrap_or(false),
            text: String::new(),
            html: String::new(),
            entities: Vec::new(),
            markup: None,
            content: None,
            album: None,
            origin: None,
            reply_to: None,
            author,
            created_bot: None,
        }
    }

    /// The kind of what it holds besides text; empty when it is a text and nothing else.
    pub(crate) fn kind(&self) -> &str {
        self.content.as_ref().map_or("", |content| content.kind.as_str())
    }

    /// Whether its text stands under something.
    pub(crate) fn is_caption(&self) -> bool {
        matches!(self.kind(), "photo" | "document" | "video" | "animation" | "voice" | "audio")
    }

    /// Whether it tells of what happened in the chat, and was written by nobody.
    pub(crate) fn is_service(&self) -> bool {
        let content = matches!(self.kind(), "" | "location" | "venue" | "contact" | "sticker" | "video_note");
        self.created_bot.is_some() || !content && !self.is_caption()
    }

    /// Whether this bot wrote it.
    pub(crate) fn is_of(&self, bot: i64) -> bool {
        self.author.get("id").and_then(Value::as_i64) == Some(bot)
    }

    pub(crate) fn has_inline_keyboard(&self) -> bool {
        self.markup.as_ref().is_some_and(|markup| markup.get("inline_keyboard").is_some())
    }

    /// Only messages without markup or with an inline keyboard can be edited.
    pub(crate) fn can_be_edited(&self) -> bool {
        self.from_bot && (self.markup.is_none() || self.has_inline_keyboard())
    }

    /// The `Message` object; `chat` is the `Chat` object of where it is.
    pub(crate) fn json(&self, chat: &Value) -> Value {
        let mut json = json!({
            "message_id": self.id, "from": self.author, "chat": chat, "date": self.date.timestamp(),
        });
        people::put(&mut json, "edit_date", self.edited.map(|at| at.timestamp()));
        people::put(&mut json, "media_group_id", self.album.as_ref());
        people::put(&mut json, "forward_origin", self.origin.as_ref());
        let (text, entities) = if self.is_caption() { ("caption", "caption_entities") } else { ("text", "entities") };
        if !self.text.is_empty() {
            json[text] = self.text.as_str().into();
            if !self.entities.is_empty() {
                json[entities] = self.entities.clone().into();
            }
        }
        if self.has_inline_keyboard() {
            people::put(&mut json, "reply_markup", self.markup.as_ref());
        }
        if let Some(content) = &self.content {
            json[content.kind.as_str()] = content.value.clone();
            // As Telegram does for clients that know no animations.
            if content.kind == "animation" {
                json["document"] = content.value.clone();
            }
        }
        if let Some(made) = &self.created_bot {
            let user = json!({"id": made.id, "is_bot": true, "first_name": made.name, "username": made.username});
            json["managed_bot_created"] = json!({"bot": user});
        }
        json
    }

    fn document(&self) -> Option<Document> {
        let file = self.content.as_ref().filter(|content| content.kind == "document").map(|content| &content.value)?;
        Some(Document {
            file_id: text(file, "file_id")?,
            file_name: text(file, "file_name").unwrap_or_default(),
            mime_type: text(file, "mime_type").unwrap_or_default(),
            size: file.get("file_size").and_then(Value::as_u64).and_then(|size| size.try_into().ok()).unwrap_or(0),
        })
    }

    fn contact(&self) -> Option<Contact> {
        let shared = self.content.as_ref().filter(|content| content.kind == "contact").map(|content| &content.value)?;
        let user_id = shared.get("user_id").and_then(Value::as_i64);
        Some(Contact { phone_number: text(shared, "phone_number").unwrap_or_default(), user_id })
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
            document: self.document(),
            contact: self.contact(),
            content: self.content.clone(),
            author: text(&self.author, "first_name").unwrap_or_default(),
            reply_to: self.reply_to,
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

    pub(crate) fn messages(&self) -> Vec<ChatMessage> {
        self.messages.values().map(Message::view).collect()
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
            messages: self.messages(),
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
        asks_location: key.get("request_location").and_then(Value::as_bool).unwrap_or(false),
        asks_users: key.get("request_users").cloned(),
        asks_chat: key.get("request_chat").cloned(),
        asks_bot: key.get("request_managed_bot").map(|asked| AskedBot {
            request_id: asked.get("request_id").and_then(Value::as_i64).unwrap_or_default(),
            suggested_name: text(asked, "suggested_name"),
            suggested_username: text(asked, "suggested_username"),
        }),
    };
    rows(markup, "keyboard").map(|row| row.iter().map(key).collect()).collect()
}
