//! A screen is data: a text, perhaps a picture over it, and a keyboard; made by a small function from a state, and only
//! then sent.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::outbox::Document;

/// What a person sees: HTML and a keyboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screen {
    /// HTML of at most 4096 characters after parsing; under a photo 1024. A contact card shows none.
    pub text: String,
    /// What stands above the text, or instead of it.
    pub content: Content,
    /// The keyboard under (inline) or instead of (reply) the typing field.
    pub keyboard: Keyboard,
}

/// What a message is besides its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Content {
    /// Nothing.
    #[default]
    Text,
    /// A photo: a file id of this bot's own at Telegram.
    Photo(String),
    /// A card that can be called and kept in the address book.
    Contact {
        /// Whose it is, 1–64 characters, plain.
        name: String,
        /// `+` and digits.
        phone: String,
    },
}

/// A keyboard of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Keyboard {
    /// None at all; editing a message to this removes its inline keyboard.
    #[default]
    None,
    /// Buttons under the message.
    Inline(Vec<Vec<Button>>),
    /// Buttons in place of the person's keyboard, for one press.
    Reply(Vec<Vec<ReplyButton>>),
    /// Takes a reply keyboard away.
    Remove,
}

/// A button under a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// What stands on it.
    pub text: String,
    /// What it does.
    pub action: Action,
}

/// What an inline button does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Sends us these 1–64 bytes.
    Press(String),
    /// Opens an address.
    Link(String),
}

/// A button of a reply keyboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyButton {
    /// What stands on it, and what a plain one says in the person's name.
    pub text: String,
    /// What else it does.
    pub action: ReplyAction,
}

/// What a reply button asks of the person's Telegram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplyAction {
    /// Says its own text.
    Say,
    /// Shares the person's phone number.
    Contact,
    /// Makes a bot that is managed by ours (Bot API 9.6).
    ManagedBot {
        /// Number of the request, unique within the message.
        request_id: i32,
        /// The name proposed for the new bot.
        name: String,
        /// The username proposed, ending in `bot`.
        username: String,
    },
}

impl Button {
    /// A button that sends `data`, 1–64 bytes, to us.
    pub fn press(text: impl Into<String>, data: impl Into<String>) -> Self {
        let data = data.into();
        debug_assert!((1..=64).contains(&data.len()), "callback data of {} bytes: {data}", data.len());
        Self { text: text.into(), action: Action::Press(data) }
    }

    /// A button that opens `url`.
    pub fn link(text: impl Into<String>, url: impl Into<String>) -> Self {
        Self { text: text.into(), action: Action::Link(url.into()) }
    }
}

impl ReplyButton {
    /// A button that says its text.
    pub fn say(text: impl Into<String>) -> Self {
        Self { text: text.into(), action: ReplyAction::Say }
    }

    /// A button that shares the person's phone number.
    pub fn contact(text: impl Into<String>) -> Self {
        Self { text: text.into(), action: ReplyAction::Contact }
    }
}

impl Screen {
    /// A text (HTML) without a keyboard.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), content: Content::Text, keyboard: Keyboard::None }
    }

    /// A card with a phone number, without a text.
    pub fn contact(name: impl Into<String>, phone: impl Into<String>) -> Self {
        let content = Content::Contact { name: name.into(), phone: phone.into() };
        Self { text: String::new(), content, keyboard: Keyboard::None }
    }

    /// The same text (at most 1024 characters after parsing) under a photo, by its file id.
    pub fn photo(mut self, file_id: impl Into<String>) -> Self {
        self.content = Content::Photo(file_id.into());
        self
    }

    /// The same text over inline buttons.
    pub fn inline(mut self, rows: Vec<Vec<Button>>) -> Self {
        self.keyboard = Keyboard::Inline(rows);
        self
    }

    /// The same text with a reply keyboard.
    pub fn reply(mut self, rows: Vec<Vec<ReplyButton>>) -> Self {
        self.keyboard = Keyboard::Reply(rows);
        self
    }

    /// The same text, taking a reply keyboard away.
    pub fn remove_keyboard(mut self) -> Self {
        self.keyboard = Keyboard::Remove;
        self
    }

    /// Parameters of the message to `chat_id`: of `sendMessage`, or of `sendPhoto` if they name a `photo`, or of
    /// `sendContact` if they name a `phone_number`.
    pub fn to_message(&self, chat_id: i64) -> Value {
        let body = match &self.content {
            Content::Text => json!({
                "chat_id": chat_id,
                "text": self.text,
                "parse_mode": "HTML",
                "link_preview_options": { "is_disabled": true },
            }),
            Content::Photo(file_id) => {
                json!({ "chat_id": chat_id, "photo": file_id, "caption": self.text, "parse_mode": "HTML" })
            }
            Content::Contact { name, phone } => {
                json!({ "chat_id": chat_id, "phone_number": phone, "first_name": name })
            }
        };
        self.with_keyboard(body)
    }

    /// Parameters of `sendDocument` (of `sendPhoto` for a picture) to `chat_id`, and what is in the file: as it is if it is
    /// text that Postgres takes, else in base64.
    pub(crate) fn to_document(&self, chat_id: i64, document: &Document) -> Value {
        let mut file = json!({ "file_name": document.file_name });
        match std::str::from_utf8(&document.content) {
            Ok(text) if !text.contains('\0') => file["content"] = json!(text),
            _ => {
                file["content"] = json!(BASE64_STANDARD.encode(&document.content));
                file["base64"] = json!(true);
            }
        }
        if document.picture {
            file["picture"] = json!(true);
        }
        self.with_keyboard(json!({
            "chat_id": chat_id,
            "caption": self.text,
            "parse_mode": "HTML",
            "document": file,
        }))
    }

    fn with_keyboard(&self, mut body: Value) -> Value {
        if let Some(markup) = self.keyboard.markup() {
            body["reply_markup"] = markup;
        }
        body
    }

    /// Parameters of `editMessageText`. A reply keyboard cannot be edited in and is left out; so must be what is no text.
    pub fn to_edit(&self, chat_id: i64, message_id: i32) -> Value {
        let mut body = self.to_message(chat_id);
        body["message_id"] = json!(message_id);
        if !matches!(self.keyboard, Keyboard::Inline(_))
            && let Some(body) = body.as_object_mut()
        {
            body.remove("reply_markup");
        }
        body
    }
}

impl Keyboard {
    fn markup(&self) -> Option<Value> {
        Some(match self {
            Self::None => return None,
            Self::Inline(rows) => {
                let rows: Vec<Vec<Value>> = rows.iter().map(|r| r.iter().map(Button::json).collect()).collect();
                json!({ "inline_keyboard": rows })
            }
            Self::Reply(rows) => {
                let rows: Vec<Vec<Value>> = rows.iter().map(|r| r.iter().map(ReplyButton::json).collect()).collect();
                json!({ "keyboard": rows, "resize_keyboard": true, "one_time_keyboard": true })
            }
            Self::Remove => json!({ "remove_keyboard": true }),
        })
    }
}

impl Button {
    fn json(&self) -> Value {
        match &self.action {
            Action::Press(data) => json!({ "text": self.text, "callback_data": data }),
            Action::Link(url) => json!({ "text": self.text, "url": url }),
        }
    }
}

impl ReplyButton {
    fn json(&self) -> Value {
        let mut button = json!({ "text": self.text });
        match &self.action {
            ReplyAction::Say => {}
            ReplyAction::Contact => button["request_contact"] = json!(true),
            ReplyAction::ManagedBot { request_id, name, username } => {
                button["request_managed_bot"] =
                    json!({ "request_id": request_id, "suggested_name": name, "suggested_username": username });
            }
        }
        button
    }
}
