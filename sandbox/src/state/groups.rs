//! What happens in groups, and which bots hear of it.

use super::{State, chats::Message, people, places::Group};
use crate::wire::{GroupName, GroupView, Person, What};
use rand::RngExt;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

impl State {
    pub(crate) fn make_group(&mut self, title: &str, by: &Person, supergroup: bool) -> GroupName {
        let id = self.new_group_id(supergroup);
        let group = Group {
            id,
            title: title.to_owned(),
            supergroup,
            creator: by.id,
            members: BTreeSet::from([by.id]),
            bots: BTreeMap::new(),
            migrated_to: None,
            chat: super::chats::Chat::default(),
            next_message: 0,
        };
        let name = group.name();
        self.groups.insert(id, group);
        self.happened(What::GroupCreated { group: name.clone(), by: by.clone() });
        name
    }

    /// Below zero; those of supergroups begin with -100.
    fn new_group_id(&mut self, supergroup: bool) -> i64 {
        let id = match supergroup {
            true => -1_000_000_000_000 - self.random.random_range(1_000_000_000..3_000_000_000_i64),
            false => -self.random.random_range(4_000_000_000..5_000_000_000_i64),
        };
        if self.groups.contains_key(&id) { self.new_group_id(supergroup) } else { id }
    }

    pub(crate) fn group_view(&self, id: i64) -> Option<GroupView> {
        let group = self.groups.get(&id)?;
        let bots = group.bots.iter().filter_map(|(bot, status)| {
            Some(crate::wire::GroupBot { bot: self.bot_name(*bot)?, status: (*status).to_owned() })
        });
        Some(GroupView {
            seq: self.log.last(),
            group: group.name(),
            supergroup: group.supergroup,
            members: group.members.iter().filter_map(|id| Some(self.people.get(id)?.person.clone())).collect(),
            bots: bots.collect(),
            migrated_to: group.migrated_to,
            messages: group.chat.messages(),
        })
    }

    /// A message in a group: kept, and given to the bots that hear it. Returns its number and the updates by bot.
    pub(crate) fn say_in_group(
        &mut self,
        id: i64,
        author: Value,
        fill: impl FnOnce(&mut Message),
    ) -> Option<(i32, BTreeMap<i64, i64>)> {
        let (seq, now) = (self.log.next(), self.now());
        let group = self.groups.get_mut(&id)?;
        group.next_message += 1;
        let mut message = Message::new(group.next_message, now, author);
        message.seq = seq;
        fill(&mut message);
        let (number, json) = (message.id, message.json(&group.json()));
        let group = self.groups.get(&id)?;
        let hearers: Vec<i64> =
            group.bots.keys().copied().filter(|bot| group.has(*bot) && self.hears(id, *bot, &message)).collect();
        if let Some(group) = self.groups.get_mut(&id) {
            group.chat.add(message);
        }
        let mut updates = BTreeMap::new();
        for bot in hearers {
            if let Some(update) = self.bots.get_mut(&bot).and_then(|bot| bot.queue.push("message", &json)) {
                updates.insert(bot, update);
            }
        }
        Some((number, updates))
    }

    /// Whether a message in a group is told to a bot: a bot in privacy mode hears commands, answers to what it said,
    /// and what happens in the chat; one that may read everything, or is an administrator, hears all.
    fn hears(&self, group: i64, bot: i64, message: &Message) -> bool {
        let (Some(group), Some(account)) = (self.groups.get(&group), self.bots.get(&bot)) else { return false };
        if account.reads_groups || group.bots.get(&bot) == Some(&"administrator") || message.is_service() {
            return true;
        }
        let answered = message.reply_to.and_then(|id| group.chat.get(id)).is_some_and(|old| old.is_of(bot));
        let command = message.text.strip_prefix('/').and_then(|rest| rest.split_whitespace().next());
        let for_us = command.is_some_and(|command| match command.split_once('@') {
            Some((_, named)) => named.eq_ignore_ascii_case(&account.username),
            None => true,
        });
        answered || for_us
    }

    /// A bot is in a group in another way from now on; it is told, and so is everybody who reads the chat.
    pub(crate) fn put_bot(&mut self, id: i64, bot: i64, by: &Person, status: &'static str) -> Option<Option<i64>> {
        let now = self.now();
        let account = self.bots.get(&bot)?;
        let (user, name) = (account.user(), account.first_name.clone());
        let group = self.groups.get_mut(&id)?;
        let was = group.bots.insert(bot, status).unwrap_or("left");
        let (chat, title) = (group.json(), group.name());
        let update = json!({
            "chat": chat, "from": people::user(by), "date": now.timestamp(),
            "old_chat_member": Group::member(&user, was), "new_chat_member": Group::member(&user, status),
        });
        let mut told = None;
        if was != status {
            told = self.bots.get_mut(&bot).and_then(|bot| bot.queue.push("my_chat_member", &update));
            self.happened(What::GroupMember { group: title, name, status: status.to_owned() });
        }
        let inside = |status: &str| matches!(status, "member" | "administrator");
        let news = match (inside(was), inside(status)) {
            (false, true) => Some(("new_chat_members", json!([user]))),
            (true, false) => Some(("left_chat_member", user)),
            _ => None,
        };
        if let Some((kind, value)) = news {
            self.tell_group(id, by, kind, value);
        }
        Some(told)
    }

    /// A service message in a group.
    pub(crate) fn tell_group(&mut self, id: i64, by: &Person, kind: &str, value: Value) {
        let content = crate::wire::Content { kind: kind.to_owned(), value };
        self.say_in_group(id, people::user(by), |message| message.content = Some(content));
    }

    /// The group becomes a supergroup: with another number, and the same people and bots.
    pub(crate) fn upgrade_group(&mut self, id: i64, by: &Person) -> Option<GroupName> {
        let (title, creator, members, bots) = {
            let group = self.groups.get(&id).filter(|group| !group.supergroup && group.migrated_to.is_none())?;
            (group.title.clone(), group.creator, group.members.clone(), group.bots.clone())
        };
        let name = self.make_group(&title, by, true);
        if let Some(group) = self.groups.get_mut(&name.id) {
            (group.creator, group.members, group.bots) = (creator, members, bots);
        }
        self.tell_group(id, by, "migrate_to_chat_id", name.id.into());
        self.tell_group(name.id, by, "migrate_from_chat_id", id.into());
        if let Some(group) = self.groups.get_mut(&id) {
            group.migrated_to = Some(name.id);
        }
        Some(name)
    }
}
