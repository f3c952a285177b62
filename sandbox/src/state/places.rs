//! Where messages are: in a person's chat with a bot, or in a group.

use super::{State, chats::Chat, people};
use crate::wire::{ChatMessage, GroupName, Person, What};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A chat, as one bot sees it.
#[derive(Clone)]
pub(crate) enum Place {
    Private(Person),
    Group(GroupName),
}

/// A group of people, and of the bots that were let in.
pub(crate) struct Group {
    pub(crate) id: i64,
    pub(crate) title: String,
    pub(crate) supergroup: bool,
    pub(crate) creator: i64,
    pub(crate) members: BTreeSet<i64>,
    /// `member`, `administrator`, `left` or `kicked`, of every bot that was ever in it.
    pub(crate) bots: BTreeMap<i64, &'static str>,
    pub(crate) migrated_to: Option<i64>,
    pub(crate) chat: Chat,
    pub(crate) next_message: i32,
}

impl Group {
    pub(crate) fn name(&self) -> GroupName {
        GroupName { id: self.id, title: self.title.clone() }
    }

    /// The `Chat` object.
    pub(crate) fn json(&self) -> Value {
        let kind = if self.supergroup { "supergroup" } else { "group" };
        json!({"id": self.id, "type": kind, "title": self.title})
    }

    /// Whether a bot is in it.
    pub(crate) fn has(&self, bot: i64) -> bool {
        matches!(self.bots.get(&bot), Some(&"member" | &"administrator"))
    }

    /// A `ChatMember` object.
    pub(crate) fn member(user: &Value, status: &str) -> Value {
        let mut member = json!({"user": user, "status": status});
        if status == "kicked" {
            member["until_date"] = 0.into();
        }
        if status == "creator" {
            member["is_anonymous"] = false.into();
        }
        if status == "administrator" {
            for right in [
                "can_be_edited",
                "is_anonymous",
                "can_promote_members",
                "can_change_info",
                "can_post_stories",
                "can_edit_stories",
                "can_delete_stories",
            ] {
                member[right] = false.into();
            }
            for right in [
                "can_manage_chat",
                "can_delete_messages",
                "can_manage_video_chats",
                "can_restrict_members",
                "can_invite_users",
                "can_pin_messages",
            ] {
                member[right] = true.into();
            }
        }
        member
    }
}

impl State {
    /// The `Chat` object of a place.
    pub(crate) fn place_json(&self, place: &Place) -> Value {
        match place {
            Place::Private(person) => people::chat(person),
            Place::Group(group) => self.groups.get(&group.id).map(Group::json).unwrap_or_default(),
        }
    }

    pub(crate) fn chat_in(&self, bot: i64, place: &Place) -> Option<&Chat> {
        match place {
            Place::Private(person) => self.bots.get(&bot)?.chats.get(&person.id),
            Place::Group(group) => self.groups.get(&group.id).map(|group| &group.chat),
        }
    }

    pub(crate) fn chat_in_mut(&mut self, bot: i64, place: &Place) -> Option<&mut Chat> {
        match place {
            Place::Private(person) => self.bots.get_mut(&bot)?.chats.get_mut(&person.id),
            Place::Group(group) => self.groups.get_mut(&group.id).map(|group| &mut group.chat),
        }
    }

    /// The number of the next message: one row of numbers for all private chats of a bot, one for each group.
    pub(crate) fn new_message_in(&mut self, bot: i64, place: &Place) -> i32 {
        match place {
            Place::Private(_) => self.bots.get_mut(&bot).map_or(0, super::Bot::new_message_id),
            Place::Group(group) => self.groups.get_mut(&group.id).map_or(0, |group| {
                group.next_message += 1;
                group.next_message
            }),
        }
    }

    /// Tells the transcript what a bot did with a message.
    pub(crate) fn bot_did(&mut self, bot: i64, place: &Place, deed: Deed) {
        let Some(bot) = self.bot_name(bot) else { return };
        let person = match place {
            Place::Private(person) => Some(person.clone()),
            Place::Group(_) => None,
        };
        let group = match place {
            Place::Group(group) => group.clone(),
            Place::Private(_) => GroupName::default(),
        };
        self.happened(match (person, deed) {
            (Some(person), Deed::Sent(message)) => What::BotSent { bot, person, message },
            (Some(person), Deed::Edited(message)) => What::BotEdited { bot, person, message },
            (Some(person), Deed::Deleted(message_id)) => What::BotDeleted { bot, person, message_id },
            (None, Deed::Sent(message)) => What::BotSentToGroup { bot, group, message },
            (None, Deed::Edited(message)) => What::BotEditedInGroup { bot, group, message },
            (None, Deed::Deleted(message_id)) => What::BotDeletedInGroup { bot, group, message_id },
        });
    }
}

/// What a bot did with a message.
pub(crate) enum Deed {
    Sent(ChatMessage),
    Edited(ChatMessage),
    Deleted(i32),
}
