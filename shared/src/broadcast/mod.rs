//! One message to many people: each gets it at most once, and nobody is lost silently.
//!
//! A broadcast is a row, and each letter of it is one, written for everybody it is meant for in the transaction that begins
//! it. A letter is *due* → *sending* → *sent*, or *blocked* (the person has shut the bot out), *failed* (Telegram said no),
//! *skipped* (the person wants no news any more), *stopped* (somebody has stopped the rest), or *unknown*: no readable
//! answer, or the process died in the middle of the call. What is unknown is counted and shown, and never sent again by
//! itself. Only a call that certainly had no effect (429, nothing listening) makes its row *due* again.
//!
//! What is sent is a copy of a message, or of several that are one album, as they stand in a chat with the bot; so
//! anything that can be copied can be sent. Who gets it, what stands under it and what is to happen to whom Telegram says
//! that they have blocked the bot is the business of whoever uses this: [`Readers`].

mod fate;
mod letters;
mod store;
mod worker;

use std::{future::Future, sync::Arc};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};
use tokio::sync::Notify;

pub use self::{
    letters::{Tally, tally},
    store::{
        Broadcast, draft, draft_of, drop_drafts, find, list, pause, resume, retarget, rewrite, schedule, stop, watch,
    },
};
use crate::{
    clock::Clock,
    telegram::{Keyboard, Screen, Telegram},
};

/// The number of a broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, sqlx::Type)]
#[sqlx(transparent)]
pub struct BroadcastId(pub i64);

/// Where a broadcast stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is being put together.
    Draft,
    /// It begins by itself.
    Scheduled,
    /// Letters go out.
    Running,
    /// It waits for a word.
    Paused,
    /// The rest is not sent any more.
    Stopped,
    /// Nobody is left.
    Done,
}

impl State {
    const ALL: [Self; 6] = [Self::Draft, Self::Scheduled, Self::Running, Self::Paused, Self::Stopped, Self::Done];

    /// The word that is stored, and that ends the keys of texts.
    pub fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
            Self::Done => "done",
        }
    }

    /// Whether nothing more will be sent, whatever anybody says.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Stopped | Self::Done)
    }

    fn from_word(word: &str) -> Result<Self, sqlx::Error> {
        let found = Self::ALL.into_iter().find(|state| state.word() == word);
        found.ok_or_else(|| sqlx::Error::Decode(format!("{word} is no state of a broadcast").into()))
    }
}

/// Why a broadcast has paused by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// What was to be copied is no more, or can no longer be copied.
    Source,
    /// Its time had passed by hours when it could begin: perhaps it is night now.
    Late,
}

impl Halt {
    /// The word that is stored, and that ends the keys of texts.
    pub fn word(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Late => "late",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Source, Self::Late].into_iter().find(|halt| halt.word() == word)
    }
}

/// What is copied: messages of one chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The chat that they stand in.
    pub chat_id: i64,
    /// Their numbers, 1–10, upwards; several are one album.
    pub message_ids: Vec<i32>,
}

/// What stands under a letter: a button or two. An album can have none, so a line follows it that has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Under {
    /// The buttons.
    pub keyboard: Keyboard,
    /// HTML of the line.
    pub line: String,
}

impl Source {
    /// The calls that a letter to `chat_id` is made of, in their order.
    pub fn calls(&self, chat_id: i64, under: &Under) -> Vec<Value> {
        let below = Screen { keyboard: under.keyboard.clone(), ..Screen::text(under.line.clone()) }.to_message(chat_id);
        match self.message_ids[..] {
            [message_id] => {
                let mut copy = json!({ "chat_id": chat_id, "from_chat_id": self.chat_id, "message_id": message_id });
                if let Some(markup) = below.get("reply_markup") {
                    copy["reply_markup"] = markup.clone();
                }
                vec![copy]
            }
            _ => {
                let ids = &self.message_ids;
                vec![json!({ "chat_id": chat_id, "from_chat_id": self.chat_id, "message_ids": ids }), below]
            }
        }
    }
}

/// What happens to a broadcast without anybody's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turned {
    /// Nobody is left.
    Done,
    /// It has paused by itself.
    Halted(Halt),
}

/// Whoever a broadcast is for: known to the user of this engine alone.
///
/// Whatever is given a connection is done in the transaction that changes the broadcast.
pub trait Readers: Send + Sync + 'static {
    /// Writes a *due* letter for everybody whom the broadcast is for (`broadcast_letters (broadcast_id, chat_id)`).
    fn write_letters(
        &self,
        conn: &mut PgConnection,
        broadcast: &Broadcast,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// What stands under the letter to this person; none: they are not written to any more. Asked right before it is sent.
    fn under(
        &self,
        conn: &mut PgConnection,
        chat_id: i64,
    ) -> impl Future<Output = Result<Option<Under>, sqlx::Error>> + Send;

    /// Telegram says that these people, by their numbers upwards, have blocked the bot or are no more.
    fn unreachable(
        &self,
        conn: &mut PgConnection,
        chat_ids: &[i64],
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// A broadcast is over, or has paused by itself.
    fn turned(
        &self,
        conn: &mut PgConnection,
        broadcast: &Broadcast,
        turned: Turned,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// A broadcast goes on: whoever watches it may be shown, every few seconds at the most. Or it has just turned, and what
    /// was written then is committed.
    fn progress(&self, broadcast: BroadcastId) -> impl Future<Output = ()> + Send;
}

/// Sends what the tables `broadcasts` and `broadcast_letters` of the schema that the pool works in say.
#[derive(Debug)]
pub struct Broadcasts<R> {
    pool: PgPool,
    telegram: Telegram,
    clock: Clock,
    readers: Arc<R>,
    wake: Arc<Notify>,
}

impl<R: Readers> Broadcasts<R> {
    /// An engine that looks when `wake` is rung, when something falls due, and never else.
    pub fn new(pool: PgPool, telegram: Telegram, clock: Clock, readers: Arc<R>, wake: Arc<Notify>) -> Self {
        Self { pool, telegram, clock, readers, wake }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telegram::Button;

    fn under() -> Under {
        Under {
            keyboard: Keyboard::Inline(vec![vec![Button::press("🔕", "unsub")]]), line: "<i>Новости</i>".into()
        }
    }

    #[test]
    fn one_message_carries_its_buttons_and_an_album_is_followed_by_them() {
        let one = Source { chat_id: 7, message_ids: vec![3] }.calls(5, &under());
        assert_eq!(one.len(), 1);
        assert_eq!((&one[0]["from_chat_id"], &one[0]["message_id"]), (&json!(7), &json!(3)));
        assert!(one[0]["reply_markup"]["inline_keyboard"].is_array());
        let album = Source { chat_id: 7, message_ids: vec![3, 4] }.calls(5, &under());
        assert_eq!(album[0], json!({ "chat_id": 5, "from_chat_id": 7, "message_ids": [3, 4] }));
        assert_eq!(album[1]["text"], "<i>Новости</i>");
        assert!(album[1]["reply_markup"]["inline_keyboard"].is_array());
    }

    #[test]
    fn words_come_back() {
        assert!(State::ALL.into_iter().all(|state| State::from_word(state.word()).ok() == Some(state)));
        assert!([Halt::Source, Halt::Late].into_iter().all(|halt| Halt::from_word(halt.word()) == Some(halt)));
        assert!(State::from_word("gone").is_err());
    }
}
