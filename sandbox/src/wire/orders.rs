//! What is asked of the sandbox, and what it answers.

use super::BotName;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A person to be made.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct NewPerson {
    /// First name.
    pub first_name: String,
    /// Last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Name without `@`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Language of the person's Telegram; `ru` when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language_code: Option<String>,
    /// Number of the phone; made up when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// Telegram id; made up when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    /// What their Telegram Business profile says; none: they have no such profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business: Option<BusinessProfile>,
}

/// A Telegram Business profile, each part as `getChat` tells it; a part may be missing.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct BusinessProfile {
    /// `BusinessIntro`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intro: Option<Value>,
    /// `BusinessLocation`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Value>,
    /// `BusinessOpeningHours`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opening_hours: Option<Value>,
}

/// A bot to be made by hand, as with BotFather.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct NewBot {
    /// The name shown above the chat.
    pub name: String,
    /// Name without `@`; must end with `bot`.
    pub username: String,
    /// Whether it may manage other bots.
    #[serde(default)]
    pub can_manage_bots: bool,
    /// The person it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<i64>,
}

/// What came of a person's act.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Act {
    /// Number of the act's event: whatever the bot does about it has a greater one.
    pub seq: u64,
    /// The person, so that an answer can be waited for.
    pub person: i64,
    /// The bot's id.
    pub bot: i64,
    /// The message written or pressed.
    #[serde(default)]
    pub message_id: Option<i32>,
    /// The update that the bot gets, if it gets one.
    #[serde(default)]
    pub update_id: Option<i64>,
    /// The press that the bot has to answer.
    #[serde(default)]
    pub query_id: Option<String>,
    /// The link that the button opens.
    #[serde(default)]
    pub url: Option<String>,
    /// The bot that was made.
    #[serde(default)]
    pub created: Option<BotName>,
}

/// What a bot told Telegram about itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BotSettings {
    /// Name by language code; the empty code is for everybody else.
    pub names: BTreeMap<String, String>,
    /// Description by language code.
    pub descriptions: BTreeMap<String, String>,
    /// Short description by language code.
    pub short_descriptions: BTreeMap<String, String>,
    /// Lists of commands.
    pub commands: Vec<CommandSet>,
    /// Menu button for everybody.
    pub menu_button: Option<Value>,
    /// Menu buttons of single chats.
    pub chat_menu_buttons: BTreeMap<i64, Value>,
}

/// The commands of one scope and language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandSet {
    /// The scope, as the bot gave it.
    pub scope: Value,
    /// The language; empty for everybody else.
    pub language_code: String,
    /// `BotCommand` objects.
    pub commands: Vec<Value>,
}

/// How much a bot may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FloodSettings {
    /// Whether there are limits at all.
    pub on: bool,
    /// Messages to one chat at once; after that one a second.
    pub burst: usize,
    /// Messages to one group in a minute.
    pub group_minute: usize,
    /// Messages of one bot in a second.
    pub second: usize,
}

impl Default for FloodSettings {
    fn default() -> Self {
        Self { on: false, burst: 5, group_minute: 20, second: 30 }
    }
}

/// Where a bot gets its updates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookView {
    /// Its address.
    pub url: String,
    /// What its requests must bear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_token: Option<String>,
    /// Why the last delivery failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

/// Which of the two servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The Bot API.
    Telegram,
    /// YooKassa's API.
    Yookassa,
}

/// A request that the real server's documentation does not allow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deviation {
    /// Whose rules were broken.
    pub target: Target,
    /// Method, or HTTP method and path.
    pub method: String,
    /// The bot that asked.
    pub bot: Option<String>,
    /// What is wrong.
    pub what: String,
}

/// Something asked for that the real server has and the sandbox does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotModelled {
    /// Method, or method and parameter.
    pub what: String,
    /// How often.
    pub times: u64,
}

/// An order to fail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// Which server fails.
    pub target: Target,
    /// Only this Bot API method (letter case does not matter); all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Only YooKassa paths that contain this, such as `POST /payments`; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Only this bot, by username or id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot: Option<String>,
    /// Only Bot API requests whose `text` contains this; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// How often; once when not said.
    #[serde(default = "once")]
    pub times: u32,
    /// What fails.
    #[serde(flatten)]
    pub kind: FaultKind,
}

fn once() -> u32 {
    1
}

impl Fault {
    /// A failure of a Bot API method, once.
    #[must_use]
    pub fn telegram(method: &str, kind: FaultKind) -> Self {
        Self {
            target: Target::Telegram,
            method: Some(method.into()),
            path: None,
            bot: None,
            text: None,
            times: 1,
            kind,
        }
    }

    /// A failure of a YooKassa path, once.
    #[must_use]
    pub fn yookassa(path: &str, kind: FaultKind) -> Self {
        Self { target: Target::Yookassa, method: None, path: Some(path.into()), bot: None, text: None, times: 1, kind }
    }

    /// The same for one bot only.
    #[must_use]
    pub fn of(mut self, bot: impl std::fmt::Display) -> Self {
        self.bot = Some(bot.to_string());
        self
    }

    /// The same for requests that say this only.
    #[must_use]
    pub fn saying(mut self, text: &str) -> Self {
        self.text = Some(text.into());
        self
    }

    /// The same so many times.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }
}

/// What a fault does to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FaultKind {
    /// The connection breaks and nothing was done.
    Down,
    /// An error is answered.
    Status {
        /// HTTP status, such as 429 or 500.
        code: u16,
        /// Seconds (Telegram) to wait; goes with 429.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
        /// Whether the request has its effect all the same.
        #[serde(default)]
        after_effect: bool,
    },
    /// The request is done so much later.
    Delay {
        /// Milliseconds.
        delay_ms: u64,
    },
    /// The request has its effect, then the connection breaks without an answer.
    Withhold,
    /// The request has its effect, then nothing comes, until the asker gives up.
    Hang,
}

/// The faults still in force.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Faults {
    /// In the order in which they were given.
    pub faults: Vec<Fault>,
}
