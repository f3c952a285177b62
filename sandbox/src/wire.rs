//! What the control interface says and hears: the same types serve the server under `/sim/` and the typed client.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

mod clock;
mod event;
mod group;
mod orders;
mod shop;

pub use clock::{ClockOrder, ClockView};
pub use event::{Event, Events, What};
pub use group::{GroupBot, GroupName, GroupSaying, GroupView, NewGroup, Sent};
pub use orders::{
    Act, BotSettings, BusinessProfile, CommandSet, Deviation, Fault, FaultKind, Faults, FloodSettings, NewBot,
    NewPerson, NotModelled, Target, WebhookView,
};
pub use shop::{
    MethodOrder, Notification, NotificationSettings, Pay, Payment, Refund, RefundOrder, Release, SavedMethod,
    ShopSettings,
};

/// A person, as others see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Telegram's number of the person; larger than 32 bits, as real ones are.
    pub id: i64,
    /// First name.
    pub first_name: String,
    /// Last name, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Name without `@`, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Language of the person's Telegram, such as `ru`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language_code: Option<String>,
}

/// A bot, as others see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BotName {
    /// Telegram's number of the bot.
    pub id: i64,
    /// Name without `@`.
    pub username: String,
    /// The name shown above the chat.
    pub name: String,
}

/// A bot with what only its maker knows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BotAccount {
    /// Who the bot is.
    #[serde(flatten)]
    pub bot: BotName,
    /// The token that works now.
    pub token: String,
    /// Whether other bots can be created to be controlled by this one.
    pub can_manage_bots: bool,
    /// The person it belongs to, if a person made it.
    pub owner: Option<i64>,
    /// The bot that manages it, if any.
    pub manager: Option<i64>,
    /// How many `getUpdates` requests it has made.
    pub polls: u64,
    /// Updates that wait to be confirmed.
    pub pending: usize,
    /// Its webhook, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<WebhookView>,
    /// What the bot told Telegram about itself.
    pub settings: BotSettings,
}

impl std::fmt::Display for BotAccount {
    /// The username: so that an account can be given wherever a bot is named.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.bot.username)
    }
}

impl std::fmt::Display for BotName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.username)
    }
}

/// A button under a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// What is written on it.
    pub text: String,
    /// What the bot gets when it is pressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// The link it opens instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A key of the keyboard below the chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// What is written on it, and what is sent when it asks for nothing else.
    pub text: String,
    /// It asks for the person's phone number.
    #[serde(default)]
    pub asks_contact: bool,
    /// It asks where the person is.
    #[serde(default)]
    pub asks_location: bool,
    /// It asks for people: what it says of them (`KeyboardButtonRequestUsers`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks_users: Option<serde_json::Value>,
    /// It asks for a chat: what it says of it (`KeyboardButtonRequestChat`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks_chat: Option<serde_json::Value>,
    /// It asks for a new managed bot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks_bot: Option<AskedBot>,
}

/// What a key that asks for a managed bot suggests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedBot {
    /// Number of the request within its message.
    pub request_id: i64,
    /// The name suggested.
    pub suggested_name: Option<String>,
    /// The username suggested.
    pub suggested_username: Option<String>,
}

/// A file in a message; its bytes are at `/sim/files/{file_id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Telegram's handle of the file.
    pub file_id: String,
    /// Name of the file.
    pub file_name: String,
    /// Type, such as `text/csv`.
    pub mime_type: String,
    /// Bytes.
    pub size: usize,
}

/// What a message holds besides text: the field's name and what is in it, as in Telegram's `Message`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// `photo`, `document`, `location`, `users_shared` and so on.
    pub kind: String,
    /// The field's own object; a list of sizes for a photo.
    pub value: serde_json::Value,
}

impl Content {
    /// The handle of the file in it, of the largest size for a photo.
    #[must_use]
    pub fn file_id(&self) -> Option<&str> {
        let file = self.value.as_array().and_then(|sizes| sizes.last()).unwrap_or(&self.value);
        file.get("file_id")?.as_str()
    }
}

/// A phone number that was shared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The number, with or without `+`.
    pub phone_number: String,
    /// Whose it is, when it is somebody's on Telegram.
    pub user_id: Option<i64>,
}

/// A message as the person sees it now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatMessage {
    /// Number of the message.
    pub id: i32,
    /// Number of the event that made it what it is: greater than that of everything before.
    pub seq: u64,
    /// Whether the bot wrote it.
    pub from_bot: bool,
    /// When it was sent.
    pub date: DateTime<Utc>,
    /// Whether it was changed since.
    pub edited: bool,
    /// The text (or caption) without marks.
    pub text: String,
    /// The text as HTML.
    pub html: String,
    /// The buttons under it, row by row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Vec<Button>>,
    /// The keyboard that it brought below the chat.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<Vec<Key>>,
    /// Whether it took the keyboard below the chat away.
    #[serde(default)]
    pub removes_keys: bool,
    /// The file in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
    /// The phone number in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
    /// What it holds besides text, documents and contacts too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
    /// First name of who wrote it.
    #[serde(default)]
    pub author: String,
    /// The message it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<i32>,
    /// The bot that this service message says was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_bot: Option<BotName>,
}

impl ChatMessage {
    /// The button with just this text, or else the first whose text contains it.
    #[must_use]
    pub fn button(&self, text: &str) -> Option<&Button> {
        let all = || self.buttons.iter().flatten();
        all().find(|b| b.text == text).or_else(|| all().find(|b| b.text.contains(text)))
    }
}

/// A person's chat with a bot, as that person sees it now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChatView {
    /// Number of the last event at the moment of looking.
    pub seq: u64,
    /// With whom.
    pub bot: BotName,
    /// Whose chat.
    pub person: Person,
    /// Whether the person has opened the bot.
    pub started: bool,
    /// Whether the person has blocked the bot.
    pub blocked: bool,
    /// The messages, oldest first.
    pub messages: Vec<ChatMessage>,
    /// The keyboard below the chat now.
    pub keys: Vec<Vec<Key>>,
    /// What the bot is said to be doing (`typing` and so on), last told.
    pub action: Option<String>,
}

impl ChatView {
    /// The newest message of the bot.
    #[must_use]
    pub fn last(&self) -> Option<&ChatMessage> {
        self.messages.iter().rev().find(|m| m.from_bot)
    }
}
