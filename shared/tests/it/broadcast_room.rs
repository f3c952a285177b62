//! A broadcast's people, their letters, and an engine that writes to them.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use play::until;
use sandbox::wire::{ChatMessage, Person, What};
use serde_json::json;
use shared::{
    broadcast::{self, Broadcast, BroadcastId, Broadcasts, Readers, Source, State, Tally, Turned, Under},
    clock::Clock,
    telegram::{Button, Keyboard},
};
use sqlx::PgConnection;
use tokio::{sync::Notify, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::room::Room;

/// Whoever is to be written to, and what the engine said of them.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) people: Vec<i64>,
    /// They do not want it any more.
    pub(crate) unwilling: HashSet<i64>,
    pub(crate) unreachable: Vec<i64>,
    pub(crate) turned: Vec<(BroadcastId, Turned)>,
    pub(crate) shown: usize,
}

pub(crate) struct List(Mutex<Known>);

impl List {
    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Readers for List {
    async fn write_letters(
        &self,
        conn: &mut PgConnection,
        of: &Broadcast,
        _: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        let people = self.known().people.clone();
        sqlx::query(
            "insert into broadcast_letters (broadcast_id, chat_id) select $1, id from unnest($2::bigint[]) as id",
        )
        .bind(of.id)
        .bind(people)
        .execute(conn)
        .await
        .map(|_| ())
    }

    async fn under(&self, _: &mut PgConnection, chat_id: i64) -> Result<Option<Under>, sqlx::Error> {
        let keyboard = Keyboard::Inline(vec![vec![Button::press("🔕", "quiet")]]);
        let willing = !self.known().unwilling.contains(&chat_id);
        Ok(willing.then(|| Under { keyboard, line: "Новости".to_owned() }))
    }

    async fn unreachable(&self, _: &mut PgConnection, chats: &[i64], _: DateTime<Utc>) -> Result<(), sqlx::Error> {
        self.known().unreachable.extend(chats);
        Ok(())
    }

    async fn turned(
        &self,
        _: &mut PgConnection,
        of: &Broadcast,
        turned: Turned,
        _: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        self.known().turned.push((of.id, turned));
        Ok(())
    }

    async fn progress(&self, _: BroadcastId) {
        self.known().shown += 1;
    }
}

/// See the module.
pub(crate) struct NewsRoom {
    pub(crate) room: Room,
    pub(crate) clock: Clock,
    pub(crate) people: Vec<Person>,
    pub(crate) list: Arc<List>,
    pub(crate) wake: Arc<Notify>,
    running: Option<(CancellationToken, JoinHandle<()>)>,
}

impl NewsRoom {
    /// So many people, who have all opened the bot, and nobody at work yet.
    pub(crate) async fn with(people: usize) -> Result<Self> {
        let room = Room::new().await?;
        let migration = include_str!("../../../migrations/tenant/0004_running_the_day.sql");
        let from = migration.find("create table broadcasts").context("the tables of broadcasts")?;
        let to = migration.find("-- What bookings do not tell").context("the end of the tables of broadcasts")?;
        sqlx::raw_sql(sqlx::AssertSqlSafe(migration[from..to].to_owned())).execute(&room.pool).await?;
        let mut all = Vec::new();
        for _ in 0..people {
            let person = room.sim.person("Аня").await?;
            room.sim.start(person.id, &room.bot, None).await?;
            all.push(person);
        }
        let known = Known { people: all.iter().map(|person| person.id).collect(), ..Known::default() };
        Ok(Self {
            room,
            clock: Clock::system(),
            people: all,
            list: Arc::new(List(Mutex::new(known))),
            wake: Arc::new(Notify::new()),
            running: None,
        })
    }

    /// The engine begins to work.
    pub(crate) fn work(&mut self) {
        let (pool, telegram) = (self.room.pool.clone(), self.room.telegram.clone());
        let engine = Broadcasts::new(pool, telegram, self.clock.clone(), self.list.clone(), self.wake.clone());
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        self.running = Some((stop, tokio::spawn(async move { engine.run(stopped).await })));
    }

    /// The engine ends as with the program: what is in flight is finished.
    pub(crate) async fn rest(&mut self) -> Result<()> {
        if let Some((stop, task)) = self.running.take() {
            stop.cancel();
            tokio::time::timeout(Duration::from_secs(8), task).await.context("the engine does not stop")??;
        }
        Ok(())
    }

    /// The author writes these words.
    pub(crate) async fn written(&self, words: &str) -> Result<i32> {
        let act = self.room.sim.say(self.room.person.id, &self.room.bot, words).await?;
        act.message_id.context("a message")
    }

    /// A broadcast of this message, to begin now.
    pub(crate) async fn broadcast(&self, message_ids: &[i32]) -> Result<BroadcastId> {
        self.broadcast_at(message_ids, self.clock.now()).await
    }

    pub(crate) async fn broadcast_at(&self, message_ids: &[i32], at: DateTime<Utc>) -> Result<BroadcastId> {
        let source = Source { chat_id: self.room.person.id, message_ids: message_ids.to_vec() };
        let (pool, now) = (&self.room.pool, self.clock.now());
        let id = broadcast::draft(pool, source.chat_id, &source, (None, ""), &json!({}), now).await?;
        assert!(broadcast::schedule(pool, id, at).await?);
        self.wake.notify_one();
        Ok(id)
    }

    pub(crate) async fn tally(&self, id: BroadcastId) -> Result<Tally> {
        Ok(broadcast::tally(&self.room.pool, id).await?)
    }

    pub(crate) async fn state(&self, id: BroadcastId) -> Result<State> {
        Ok(broadcast::find(&self.room.pool, id).await?.context("the broadcast")?.state)
    }

    /// Waits until a broadcast is in this state.
    pub(crate) async fn becomes(&self, id: BroadcastId, state: State) -> Result<Tally> {
        until(Duration::from_secs(60), &format!("the broadcast is {state:?}"), async || {
            Ok((self.state(id).await? == state).then_some(()))
        })
        .await?;
        self.tally(id).await
    }

    /// Waits until at least so many letters have arrived.
    pub(crate) async fn sent(&self, id: BroadcastId, least: i64) -> Result<()> {
        until(Duration::from_secs(30), &format!("{least} letters are sent"), async || {
            Ok((self.tally(id).await?.sent >= least).then_some(()))
        })
        .await
    }

    /// Waits until no letter is on its way.
    pub(crate) async fn at_rest(&self, id: BroadcastId) -> Result<Tally> {
        until(Duration::from_secs(30), "no letter is on its way", async || {
            Ok(Some(self.tally(id).await?).filter(|tally| tally.sending == 0))
        })
        .await
    }

    /// What the bot has said to somebody.
    pub(crate) async fn read_by(&self, person: &Person) -> Result<Vec<ChatMessage>> {
        let chat = self.room.sim.chat(person.id, &self.room.bot).await?;
        Ok(chat.messages.into_iter().filter(|m| m.from_bot).collect())
    }

    /// How many people have read these words how often.
    pub(crate) async fn times_read(&self, words: &str) -> Result<Vec<usize>> {
        let mut all = Vec::new();
        for person in &self.people {
            all.push(self.read_by(person).await?.iter().filter(|m| m.text == words).count());
        }
        Ok(all)
    }

    /// How often Telegram has asked to wait.
    pub(crate) async fn asked_to_wait(&self) -> Result<usize> {
        let told = self.room.sim.events(0, Duration::ZERO).await?.events;
        Ok(told.iter().filter(|e| matches!(e.what, What::RequestRefused { code: 429, .. })).count())
    }
}
