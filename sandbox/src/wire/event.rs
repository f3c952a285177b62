//! The transcript: everything that happened, in order.

use super::{BotName, ChatMessage, GroupName, Person};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One thing that happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Event {
    /// Its number; one more than that of the event before.
    pub seq: u64,
    /// Milliseconds since the sandbox started, by a clock that never goes back.
    pub ms: u64,
    /// Wall-clock time.
    pub at: DateTime<Utc>,
    /// What it was.
    #[serde(flatten)]
    pub what: What,
}

/// A part of the transcript.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Events {
    /// The events after the number asked for, oldest first.
    pub events: Vec<Event>,
    /// Number to ask after next time.
    pub next: u64,
    /// Number of the oldest event still kept.
    pub oldest: u64,
}

/// What happened. Each names who and with what, so that a conversation can be printed from events alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are named after what they hold, as in the types of this module")]
pub enum What {
    /// A person came to be.
    PersonCreated { person: Person },
    /// A bot came to be: by `by` through `manager`, or by hand.
    BotCreated { bot: BotName, by: Option<Person>, manager: Option<BotName> },
    /// A bot is no more.
    BotRemoved { bot: BotName },
    /// A bot has a new token; the old one is dead.
    TokenReplaced { bot: BotName },
    /// A bot's owner has given it another name; the bot is called by the new one.
    BotRenamed { bot: BotName, was: String },
    /// A bot belongs to somebody else now.
    BotTransferred { bot: BotName, to: Person },
    /// A bot's first `getUpdates`, or its first after a pause or a restart.
    PollingStarted { bot: BotName, first: bool },
    /// A person wrote, or sent a key of the keyboard below the chat.
    PersonSaid { person: Person, bot: BotName, message_id: i32, text: String },
    /// A person pressed a button under a message; `forged`: no such button was there.
    PersonPressed {
        person: Person,
        bot: BotName,
        message_id: i32,
        button: String,
        data: Option<String>,
        url: Option<String>,
        query_id: Option<String>,
        forged: bool,
    },
    /// A person shared a phone number.
    PersonSharedContact { person: Person, bot: BotName, message_id: i32, phone_number: String },
    /// A person opened a link.
    PersonOpened { person: Person, url: String },
    /// A person blocked the bot.
    PersonBlocked { person: Person, bot: BotName },
    /// A person unblocked the bot.
    PersonUnblocked { person: Person, bot: BotName },
    /// The bot sent a message.
    BotSent { bot: BotName, person: Person, message: ChatMessage },
    /// The bot changed a message.
    BotEdited { bot: BotName, person: Person, message: ChatMessage },
    /// The bot deleted a message.
    BotDeleted { bot: BotName, person: Person, message_id: i32 },
    /// A person sent something else than text: a photo, a place, people.
    PersonSent { person: Person, bot: BotName, message_id: i32, content: String },
    /// A group came to be, or is called otherwise now.
    GroupCreated { group: GroupName, by: Person },
    /// Somebody, a person or a bot, is in a group now in another way: `member`, `left` and so on.
    GroupMember { group: GroupName, name: String, status: String },
    /// A member of a group wrote or sent something.
    GroupSaid { group: GroupName, person: Person, message_id: i32, text: String },
    /// The bot sent a message to a group.
    BotSentToGroup { bot: BotName, group: GroupName, message: ChatMessage },
    /// The bot changed a message in a group.
    BotEditedInGroup { bot: BotName, group: GroupName, message: ChatMessage },
    /// The bot deleted a message in a group.
    BotDeletedInGroup { bot: BotName, group: GroupName, message_id: i32 },
    /// An update was brought to a bot's webhook: `status` is its answer, `error` why there was none.
    WebhookCalled { bot: BotName, update_id: i64, status: Option<u16>, error: Option<String> },
    /// The bot answered the press of a button.
    PressAnswered { bot: BotName, person: Person, query_id: String, text: Option<String>, alert: bool },
    /// A request of a bot was answered with an error.
    RequestRefused { bot: Option<BotName>, method: String, code: u16, description: String },
    /// A fault that was ordered took place.
    FaultStruck { target: super::Target, what: String, fault: super::FaultKind },
    /// A payment was made.
    PaymentCreated {
        payment_id: String,
        value: String,
        currency: String,
        description: Option<String>,
        confirmation_url: Option<String>,
    },
    /// A payment became something else.
    PaymentChanged { payment_id: String, status: String, value: String, currency: String },
    /// Money of a payment was asked back, or what came of it.
    RefundChanged { refund_id: String, payment_id: String, status: String, value: String, currency: String },
    /// A notification was sent: `status` is the receiver's answer, `error` why there was none.
    NotificationSent { payment_id: String, event: String, attempt: u32, status: Option<u16>, error: Option<String> },
    /// The clock was set, put forward, stopped or made to run at another pace.
    ClockTouched { shows: DateTime<Utc>, rate: f64 },
    /// A request that the real server's documentation does not allow.
    Deviated { deviation: super::Deviation },
}

impl What {
    /// The bot it is about, if any.
    #[must_use]
    pub fn bot(&self) -> Option<&BotName> {
        match self {
            Self::BotCreated { bot, .. }
            | Self::BotRemoved { bot }
            | Self::TokenReplaced { bot }
            | Self::BotRenamed { bot, .. }
            | Self::BotTransferred { bot, .. }
            | Self::PollingStarted { bot, .. }
            | Self::PersonSaid { bot, .. }
            | Self::PersonPressed { bot, .. }
            | Self::PersonSharedContact { bot, .. }
            | Self::PersonBlocked { bot, .. }
            | Self::PersonUnblocked { bot, .. }
            | Self::BotSent { bot, .. }
            | Self::BotEdited { bot, .. }
            | Self::BotDeleted { bot, .. }
            | Self::PersonSent { bot, .. }
            | Self::WebhookCalled { bot, .. }
            | Self::BotSentToGroup { bot, .. }
            | Self::BotEditedInGroup { bot, .. }
            | Self::BotDeletedInGroup { bot, .. }
            | Self::PressAnswered { bot, .. } => Some(bot),
            Self::RequestRefused { bot, .. } => bot.as_ref(),
            _ => None,
        }
    }

    /// The person it is about, if any.
    #[must_use]
    pub fn person(&self) -> Option<&Person> {
        match self {
            Self::PersonCreated { person }
            | Self::PersonSaid { person, .. }
            | Self::PersonPressed { person, .. }
            | Self::PersonSharedContact { person, .. }
            | Self::PersonOpened { person, .. }
            | Self::PersonBlocked { person, .. }
            | Self::PersonUnblocked { person, .. }
            | Self::BotSent { person, .. }
            | Self::BotEdited { person, .. }
            | Self::BotDeleted { person, .. }
            | Self::PersonSent { person, .. }
            | Self::GroupSaid { person, .. }
            | Self::PressAnswered { person, .. } => Some(person),
            Self::BotTransferred { to, .. } => Some(to),
            Self::BotCreated { by, .. } => by.as_ref(),
            _ => None,
        }
    }

    /// The payment it is about, if any.
    #[must_use]
    pub fn payment(&self) -> Option<&str> {
        match self {
            Self::PaymentCreated { payment_id, .. }
            | Self::RefundChanged { payment_id, .. }
            | Self::PaymentChanged { payment_id, .. }
            | Self::NotificationSent { payment_id, .. } => Some(payment_id),
            _ => None,
        }
    }
}
