//! What people do, parsed from raw updates into the few kinds that our bots act on.

use serde::Deserialize;
use serde_json::Value;

/// One update.
#[derive(Clone, Debug, PartialEq)]
pub struct Incoming {
    /// Telegram's number, by which a repeat is known.
    pub update_id: i64,
    /// What happened.
    pub event: Event,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Somebody wrote.
    Message(Message),
    /// Somebody pressed an inline button of ours.
    Press(Press),
    /// A bot was made to be managed by ours, or its token or owner changed (Bot API 9.6).
    ManagedBot(ManagedBot),
    /// Anything else, or something we cannot read.
    Other,
}

/// A person, or a bot.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Person {
    /// Telegram's id, up to 52 bits.
    pub id: i64,
    /// Whatever they call themselves.
    pub first_name: String,
    /// As above.
    #[serde(default)]
    pub last_name: Option<String>,
    /// Without the `@`; may be absent and may change.
    #[serde(default)]
    pub username: Option<String>,
    /// IETF tag of the language of their Telegram.
    #[serde(default)]
    pub language_code: Option<String>,
}

/// A phone number that somebody shared.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Contact {
    /// As Telegram gives it, with or without the `+`.
    pub phone_number: String,
    /// Whose it is: equal to the sender's id only if it is their own.
    #[serde(default)]
    pub user_id: Option<i64>,
}

/// A message to us.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Its number in the chat.
    pub message_id: i32,
    /// The chat; equal to the sender's id in a private one.
    pub chat_id: i64,
    /// Whether the chat is private.
    pub private: bool,
    /// Who wrote.
    pub from: Person,
    /// What, if it was text; below a picture, what stands there.
    pub text: Option<String>,
    /// The largest size of a picture, as a file id of this bot.
    pub photo: Option<String>,
    /// A shared phone number.
    pub contact: Option<Contact>,
    /// Service message of the reply button: this bot was made.
    pub managed_bot_created: Option<Person>,
}

/// A press of an inline button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Press {
    /// To be answered with it.
    pub id: String,
    /// Who pressed.
    pub from: Person,
    /// Where.
    pub chat_id: i64,
    /// On which message.
    pub message_id: i32,
    /// The button's 1–64 bytes; anybody can send any, so nothing in it is to be believed.
    pub data: String,
}

/// A managed bot was made, or its token or owner changed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ManagedBot {
    /// Who made it.
    pub user: Person,
    /// The bot.
    pub bot: Person,
}

#[derive(Deserialize)]
struct RawChat {
    id: i64,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct RawCreated {
    bot: Person,
}

#[derive(Deserialize)]
struct RawMessage {
    message_id: i32,
    chat: RawChat,
    from: Option<Person>,
    text: Option<String>,
    caption: Option<String>,
    #[serde(default)]
    photo: Vec<RawPhoto>,
    contact: Option<Contact>,
    managed_bot_created: Option<RawCreated>,
}

#[derive(Deserialize)]
struct RawPhoto {
    file_id: String,
}

#[derive(Deserialize)]
struct RawPress {
    id: String,
    from: Person,
    message: Option<RawMessage>,
    data: Option<String>,
}

#[derive(Deserialize)]
struct RawUpdate {
    message: Option<RawMessage>,
    callback_query: Option<RawPress>,
    managed_bot: Option<ManagedBot>,
}

impl Incoming {
    /// Reads one element of a `getUpdates` answer. `None` only if it has no `update_id`; what else cannot be read
    /// becomes [`Event::Other`], so that it is confirmed and does not come back for ever.
    pub fn parse(raw: &Value) -> Option<Self> {
        let update_id = raw.get("update_id")?.as_i64()?;
        let event = RawUpdate::deserialize(raw).ok().and_then(RawUpdate::event).unwrap_or(Event::Other);
        Some(Self { update_id, event })
    }

    /// The chat (or, where there is none, the person) within which order must be kept.
    pub fn lane(&self) -> i64 {
        match &self.event {
            Event::Message(m) => m.chat_id,
            Event::Press(p) => p.chat_id,
            Event::ManagedBot(m) => m.user.id,
            Event::Other => 0,
        }
    }
}

impl RawUpdate {
    fn event(self) -> Option<Event> {
        if let Some(m) = self.message {
            return Some(Event::Message(Message {
                message_id: m.message_id,
                chat_id: m.chat.id,
                private: m.chat.kind == "private",
                from: m.from?,
                text: m.text.or(m.caption),
                // Telegram lists the sizes from the smallest up.
                photo: m.photo.into_iter().next_back().map(|size| size.file_id),
                contact: m.contact,
                managed_bot_created: m.managed_bot_created.map(|c| c.bot),
            }));
        }
        if let Some(p) = self.callback_query {
            let message = p.message?;
            return Some(Event::Press(Press {
                id: p.id,
                from: p.from,
                chat_id: message.chat.id,
                message_id: message.message_id,
                data: p.data?,
            }));
        }
        self.managed_bot.map(Event::ManagedBot)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_kinds_we_act_on_are_read() {
        let person = json!({ "id": 5, "is_bot": false, "first_name": "Аня", "language_code": "ru" });
        let chat = json!({ "id": 5, "type": "private", "first_name": "Аня" });
        let text = json!({ "update_id": 1, "message": { "message_id": 2, "date": 0, "chat": chat, "from": person, "text": "/start" } });
        let Event::Message(m) = Incoming::parse(&text).unwrap().event else { panic!("a message") };
        assert_eq!((m.text.as_deref(), m.private, m.from.id), (Some("/start"), true, 5));

        let press = json!({ "update_id": 2, "callback_query": { "id": "9", "from": person, "chat_instance": "1", "data": "x",
            "message": { "message_id": 3, "date": 0, "chat": chat, "from": { "id": 7, "is_bot": true, "first_name": "b" } } } });
        let Event::Press(p) = Incoming::parse(&press).unwrap().event else { panic!("a press") };
        assert_eq!((p.data.as_str(), p.message_id, p.from.id), ("x", 3, 5));

        let made = json!({ "update_id": 3, "managed_bot": { "user": person, "bot": { "id": 8, "is_bot": true, "first_name": "s", "username": "s_bot" } } });
        let Event::ManagedBot(b) = Incoming::parse(&made).unwrap().event else { panic!("a managed bot") };
        assert_eq!((b.user.id, b.bot.id), (5, 8));
    }

    #[test]
    fn what_cannot_be_read_is_still_confirmed() {
        for raw in [
            json!({ "update_id": 4, "message": { "message_id": "no" } }),
            json!({ "update_id": 4, "something_of_2030": {} }),
            json!({ "update_id": 4, "callback_query": { "id": "1", "from": { "id": 1, "first_name": "x" } } }),
        ] {
            assert_eq!(Incoming::parse(&raw), Some(Incoming { update_id: 4, event: Event::Other }), "{raw}");
        }
        assert_eq!(Incoming::parse(&json!({})), None);
    }
}
