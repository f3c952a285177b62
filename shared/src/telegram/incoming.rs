//! What people do, parsed from raw updates into the few kinds that our bots act on.

use serde::Deserialize;
use serde_json::Value;
use teloxide::{
    types::{MessageEntity, MessageEntityKind as Kind},
    utils::render::Renderer,
};

use crate::texts::escape;

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
    /// What this bot is in a group has changed.
    Standing(Standing),
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

/// What a message is made of. What tells of something that happened (somebody was pinned, a call was held) is of no kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MadeOf {
    /// Words.
    Text,
    /// A picture.
    Photo,
    /// A film.
    Video,
    /// A film without sound, played by itself.
    Animation,
    /// A round film.
    VideoNote,
    /// Something said.
    Voice,
    /// Music.
    Audio,
    /// A file.
    Document,
    /// A sticker.
    Sticker,
    /// A question with answers to choose from.
    Poll,
    /// A place with a name.
    Venue,
    /// A place.
    Location,
    /// A card with a phone number.
    Contact,
    /// A throw of dice.
    Dice,
}

impl MadeOf {
    /// Every kind, by the field that tells it. What Telegram also tells as something plainer comes before that.
    pub const ALL: [(&'static str, Self); 14] = [
        ("text", Self::Text),
        ("photo", Self::Photo),
        ("video", Self::Video),
        ("animation", Self::Animation),
        ("video_note", Self::VideoNote),
        ("voice", Self::Voice),
        ("audio", Self::Audio),
        ("document", Self::Document),
        ("sticker", Self::Sticker),
        ("poll", Self::Poll),
        ("venue", Self::Venue),
        ("location", Self::Location),
        ("contact", Self::Contact),
        ("dice", Self::Dice),
    ];

    fn of(message: &Value) -> Option<Self> {
        Self::ALL.into_iter().find(|(field, _)| message.get(field).is_some()).map(|(_, kind)| kind)
    }

    /// Telegram's word for it.
    pub fn word(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, kind)| *kind == self).map_or("text", |(word, _)| word)
    }
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
    /// What a group is called.
    pub title: Option<String>,
    /// The supergroup that the group has become; then nobody has written anything.
    pub migrated_to: Option<i64>,
    /// Who wrote.
    pub from: Person,
    /// What, if it was text; below a picture, what stands there.
    pub text: Option<String>,
    /// The same as HTML, with the formatting that it was given.
    pub html: Option<String>,
    /// The largest size of a picture, as a file id of this bot.
    pub photo: Option<String>,
    /// What it is made of.
    pub made_of: Option<MadeOf>,
    /// Telegram's word for the album that it is part of, 1–64 characters.
    pub album: Option<String>,
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

/// What this bot is in a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whose doing it is.
    pub from: Person,
    /// Where.
    pub chat_id: i64,
    /// Whether the bot is still in it.
    pub inside: bool,
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
    title: Option<String>,
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
    entities: Vec<Value>,
    #[serde(default)]
    caption_entities: Vec<Value>,
    #[serde(default)]
    photo: Vec<RawPhoto>,
    media_group_id: Option<String>,
    contact: Option<Contact>,
    migrate_to_chat_id: Option<i64>,
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
struct RawStanding {
    chat: RawChat,
    from: Person,
    new_chat_member: RawMember,
}

#[derive(Deserialize)]
struct RawMember {
    status: String,
    /// Of one who is restricted.
    is_member: Option<bool>,
}

#[derive(Deserialize)]
struct RawUpdate {
    message: Option<RawMessage>,
    my_chat_member: Option<RawStanding>,
    callback_query: Option<RawPress>,
    managed_bot: Option<ManagedBot>,
}

impl Incoming {
    /// Reads one element of a `getUpdates` answer. `None` only if it has no `update_id`; what else cannot be read
    /// becomes [`Event::Other`], so that it is confirmed and does not come back for ever.
    pub fn parse(raw: &Value) -> Option<Self> {
        let update_id = raw.get("update_id")?.as_i64()?;
        let mut event = RawUpdate::deserialize(raw).ok().and_then(RawUpdate::event).unwrap_or(Event::Other);
        if let Event::Message(message) = &mut event {
            message.made_of = raw.get("message").and_then(MadeOf::of);
        }
        Some(Self { update_id, event })
    }

    /// The chat (or, where there is none, the person) within which order must be kept.
    pub fn lane(&self) -> i64 {
        match &self.event {
            Event::Message(m) => m.chat_id,
            Event::Press(p) => p.chat_id,
            Event::Standing(s) => s.chat_id,
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
                title: m.chat.title,
                migrated_to: m.migrate_to_chat_id,
                from: m.from?,
                html: match (&m.text, &m.caption) {
                    (Some(text), _) => Some(html(text, &m.entities)),
                    (None, Some(caption)) => Some(html(caption, &m.caption_entities)),
                    (None, None) => None,
                },
                text: m.text.or(m.caption),
                // Telegram lists the sizes from the smallest up.
                photo: m.photo.into_iter().next_back().map(|size| size.file_id),
                made_of: None,
                album: m.media_group_id.filter(|album| (1..=64).contains(&album.len())),
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
        if let Some(s) = self.my_chat_member.filter(|s| s.chat.kind != "private") {
            let RawMember { status, is_member } = s.new_chat_member;
            let inside = match status.as_str() {
                "left" | "kicked" => false,
                "restricted" => is_member.unwrap_or(true),
                _ => true,
            };
            return Some(Event::Standing(Standing { from: s.from, chat_id: s.chat.id, inside }));
        }
        self.managed_bot.map(Event::ManagedBot)
    }
}

/// The formatting that our texts may have; any other is left out, and the words stay.
fn html(text: &str, entities: &[Value]) -> String {
    // The renderer trusts what comes from outside.
    let length = text.encode_utf16().count();
    let fits = |one: &MessageEntity| one.offset.checked_add(one.length).is_some_and(|end| end <= length);
    let entities: Vec<MessageEntity> = entities
        .iter()
        .filter_map(|raw| MessageEntity::deserialize(raw).ok())
        .filter(|one| match &one.kind {
            Kind::Bold | Kind::Italic | Kind::Underline | Kind::Strikethrough | Kind::Spoiler | Kind::Code => true,
            Kind::TextLink { url } => !url.as_str().contains(['"', '<', '>']),
            _ => false,
        })
        .filter(fits)
        .collect();
    // Without formatting the renderer of teloxide 0.17 does not escape the words either.
    if entities.is_empty() { escape(text) } else { Renderer::new(text, &entities).as_html() }
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

        let group = json!({ "id": -9, "type": "group", "title": "Смена" });
        for (status, inside) in [("member", true), ("administrator", true), ("left", false), ("kicked", false)] {
            let told = json!({ "update_id": 4, "my_chat_member": { "chat": group, "from": person, "date": 0,
                "old_chat_member": { "status": "member" }, "new_chat_member": { "status": status } } });
            let Event::Standing(s) = Incoming::parse(&told).unwrap().event else { panic!("{status}") };
            assert_eq!((s.chat_id, s.inside), (-9, inside), "{status}");
        }
        let grown = json!({ "update_id": 5, "message": { "message_id": 2, "date": 0, "chat": group, "from": person, "migrate_to_chat_id": -1009 } });
        let Event::Message(m) = Incoming::parse(&grown).unwrap().event else { panic!("a message") };
        assert_eq!((m.migrated_to, m.title.as_deref(), m.private), (Some(-1009), Some("Смена"), false));

        let made = json!({ "update_id": 3, "managed_bot": { "user": person, "bot": { "id": 8, "is_bot": true, "first_name": "s", "username": "s_bot" } } });
        let Event::ManagedBot(b) = Incoming::parse(&made).unwrap().event else { panic!("a managed bot") };
        assert_eq!((b.user.id, b.bot.id), (5, 8));
    }

    #[test]
    fn what_a_message_is_made_of_is_read_and_what_tells_of_something_else_is_of_no_kind() {
        let told = |what: Value| {
            let mut message = json!({ "message_id": 2, "date": 0, "chat": { "id": 5, "type": "private" },
                "from": { "id": 5, "is_bot": false, "first_name": "Аня" } });
            message.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
            let raw = json!({ "update_id": 1, "message": message });
            let Event::Message(message) = Incoming::parse(&raw).unwrap().event else { panic!("a message") };
            (message.made_of, message.album)
        };
        assert_eq!(told(json!({ "text": "Привет" })), (Some(MadeOf::Text), None));
        let photo = json!({ "photo": [{ "file_id": "a" }], "caption": "Весна", "media_group_id": "77" });
        assert_eq!(told(photo), (Some(MadeOf::Photo), Some("77".into())));
        assert_eq!(told(json!({ "animation": {}, "document": {} })).0, Some(MadeOf::Animation));
        assert_eq!(told(json!({ "venue": {}, "location": {} })).0, Some(MadeOf::Venue));
        assert_eq!(told(json!({ "poll": {} })).0, Some(MadeOf::Poll));
        assert_eq!(told(json!({ "pinned_message": {} })).0, None);
    }

    #[test]
    fn formatting_becomes_markup_and_words_never_do() {
        let read = |entities: Value| html("Скидка <20%> сегодня", entities.as_array().unwrap());
        assert_eq!(read(json!([])), "Скидка &lt;20%&gt; сегодня");
        let bold = json!({ "type": "bold", "offset": 0, "length": 6 });
        assert_eq!(read(json!([bold])), "<b>Скидка</b> &lt;20%&gt; сегодня");
        // What nobody asked for, what lies outside, what is no formatting.
        for odd in [
            json!({ "type": "bold", "offset": 0, "length": 900 }),
            json!({ "type": "bold", "offset": u64::MAX, "length": 5 }),
            json!({ "type": "something_of_2030", "offset": 0, "length": 6 }),
            json!({ "type": "blockquote", "offset": 0, "length": 6 }),
            json!(7),
        ] {
            assert_eq!(read(json!([odd])), "Скидка &lt;20%&gt; сегодня", "{odd}");
        }
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
