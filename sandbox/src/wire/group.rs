//! Groups.

use super::{BotName, ChatMessage, Person};
use serde::{Deserialize, Serialize};

/// A group, as it is named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupName {
    /// Telegram's number of it, below zero.
    pub id: i64,
    /// What stands above the chat.
    pub title: String,
}

/// A group to be made.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct NewGroup {
    /// What stands above the chat.
    pub title: String,
    /// Who makes it.
    pub creator: i64,
    /// Whether it is a supergroup from the beginning.
    #[serde(default)]
    pub supergroup: bool,
}

/// A bot in a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupBot {
    /// Which.
    pub bot: BotName,
    /// `member`, `administrator`, `left` or `kicked`.
    pub status: String,
}

/// A group, as its members see it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GroupView {
    /// Number of the last event at the moment of looking.
    pub seq: u64,
    /// Which.
    pub group: GroupName,
    /// Whether it is a supergroup.
    pub supergroup: bool,
    /// The people in it.
    pub members: Vec<Person>,
    /// The bots that are or were in it.
    pub bots: Vec<GroupBot>,
    /// The supergroup that it has become.
    pub migrated_to: Option<i64>,
    /// The messages, oldest first.
    pub messages: Vec<ChatMessage>,
}

/// What a person sends besides text. What is not said is made up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    /// `photo`, `document`, `video`, `animation`, `voice`, `audio`, `video_note`, `sticker`, `location`, `venue`.
    pub kind: String,
    /// The file's bytes in base64; a picture of one pixel when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// The file's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The file's type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// What is written under it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// Of a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latitude: Option<f64>,
    /// Of a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longitude: Option<f64>,
    /// Of a venue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Of a venue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// What a member says in a group.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GroupSaying {
    /// Who.
    pub user: i64,
    /// The text, or what is written under what is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What is sent with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sent>,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<i32>,
}
