//! The watchtower: what operators are woken for.
//!
//! Every few seconds it gathers what the registry, this machine and this process's own calls show ([`facts`] of
//! [`judge`](judge::judge)), a pure function says what is wrong, and the table `incidents` remembers it: one open row
//! for one thing, one message for one row, edited when the thing grows and when it is over. Several masters may look
//! at once; the table's unique index decides who tells. What only one process can see (whether *its* engine answers)
//! is closed by a process that has seen it good, or by nobody.
//!
//! The message is written in the transaction that opens the row, so it is told even if this process dies at once. An
//! end is only noted; whoever comes next makes the edit, as often as it takes.

mod facts;
pub(crate) mod judge;
pub(crate) mod machine;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use shared::{
    clock::Clock,
    outbox::{Letter, Outbox},
    telegram::{Screen, Telegram, TelegramError},
    texts::Lang,
};
use sqlx::PgPool;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use self::judge::{Finding, OF_REGISTRY, Trouble};
use crate::{
    peers::{Peer, Reach},
    registry::{
        TenantId,
        incidents::{self, Incident},
        signals::{self, Bell},
    },
    runtime::Runtime,
};

/// Between two looks.
const LOOK: Duration = Duration::from_secs(5);
/// A look that takes longer is begun anew.
const PATIENCE: Duration = Duration::from_secs(60);
/// Telegram is asked who we are so often: without a poller or a letter nobody else would notice that it is away.
const PROBE: TimeDelta = TimeDelta::seconds(20);
/// An incident is over when nobody has found it for so long.
const GOOD_FOR: TimeDelta = TimeDelta::seconds(60);
/// A machine that has not looked at itself for so long is no more.
const GONE: TimeDelta = TimeDelta::hours(1);
/// A message that grows is edited no more often than this.
const GROWS: TimeDelta = TimeDelta::seconds(30);

/// The words of alerts; the bot knows them.
pub(crate) trait AlertWords: Send + Sync {
    /// To the operators: what is wrong and since when, or until when it was.
    fn alert(&self, trouble: &Trouble, subject: &str, since: DateTime<Utc>, until: Option<DateTime<Utc>>) -> Screen;
    /// To a bot's owner who can do something about it; none: there is nothing to do.
    fn for_owner(&self, lang: Lang, trouble: &Trouble, over: bool) -> Option<Screen>;
}

/// How little room is too little, in percent that are free; 0: never.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Least {
    pub(crate) disk: u8,
    pub(crate) memory: u8,
}

/// Everything that the watchtower needs.
pub(crate) struct Watchtower {
    pub(crate) pool: PgPool,
    pub(crate) clock: Clock,
    /// The master bot, which the alerts come from.
    pub(crate) telegram: Telegram,
    pub(crate) words: Arc<dyn AlertWords>,
    /// Where alerts go.
    pub(crate) chats: Vec<i64>,
    pub(crate) reach: Arc<Reach>,
    /// Whose disk must not run full either, where it is on this machine.
    pub(crate) engine: Option<Arc<dyn Runtime>>,
    pub(crate) least: Least,
    pub(crate) memory: Memory,
}

/// What one look leaves for the next.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    not_ready: Mutex<HashMap<TenantId, DateTime<Utc>>>,
    probed_at: Mutex<Option<DateTime<Utc>>>,
    /// Folders of different disks, once the engine has told its own.
    folders: Mutex<Option<Vec<PathBuf>>>,
}

impl Watchtower {
    /// Runs until `stop`.
    pub(crate) async fn run(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let look = async {
                match timeout(PATIENCE, self.look()).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::warn!(error = format!("{error:#}"), "nobody keeps watch for now"),
                    Err(_) => tracing::warn!("a look took too long"),
                }
            };
            tokio::select! { () = stop.cancelled() => break, () = look => {} }
            tokio::select! { () = stop.cancelled() => break, () = sleep(LOOK) => {} }
        }
    }

    /// One look, with all that follows from it.
    pub(crate) async fn look(&self) -> Result<()> {
        self.probe().await;
        let open: Vec<Incident> = incidents::unfinished(&self.pool).await.context("incidents")?;
        let facts = facts::gather(self, &open).await?;
        let verdict = judge::judge(&facts);
        self.note(&facts, &open, &verdict.findings).await.context("what was found")?;
        let (kinds, subjects): (Vec<&str>, Vec<&str>) = verdict.good.iter().map(|(k, s)| (*k, s.as_str())).unzip();
        incidents::close_good(&self.pool, &OF_REGISTRY, (&kinds, &subjects), (GOOD_FOR, GONE), facts.at).await?;
        self.keep_up().await.context("messages")
    }

    async fn probe(&self) {
        let now = self.clock.now();
        {
            let mut probed = self.memory.probed_at.lock().unwrap_or_else(PoisonError::into_inner);
            if probed.is_some_and(|at| now - at < PROBE) {
                return;
            }
            *probed = Some(now);
        }
        let away = |e: &TelegramError| matches!(e, TelegramError::NotSent(_) | TelegramError::Unknown(_));
        // What it says is of no interest, only that it does.
        let _ = self.reach.ask(Peer::Telegram, self.telegram.get_me(), away).await;
    }

    /// Folders whose disks must not run full: where this program works, and where the engine keeps its own.
    async fn folders(&self) -> Vec<PathBuf> {
        let known = self.memory.folders.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known {
            return known;
        }
        let engine = match &self.engine {
            None => Ok(None),
            Some(engine) => engine.folder().await,
        };
        let asked = engine.is_ok();
        let folders = machine::apart([PathBuf::from(".")].into_iter().chain(engine.ok().flatten()));
        if asked {
            *self.memory.folders.lock().unwrap_or_else(PoisonError::into_inner) = Some(folders.clone());
        }
        folders
    }

    /// Writes down what was found: what is open goes on, what is new is opened and told in one transaction.
    async fn note(&self, facts: &judge::Facts, known: &[Incident], findings: &[Finding]) -> Result<()> {
        let (mut ids, mut details) = (Vec::new(), Vec::new());
        for found in findings {
            let detail = serde_json::to_value(&found.trouble)?;
            let open =
                known.iter().find(|i| i.closed_at.is_none() && i.kind == found.kind && i.subject == found.subject);
            match open {
                Some(incident) => {
                    if found.firm && !is_of_owner(&incident.detail) && is_of_owner(&detail) {
                        self.tell_owner(incident.id, found, facts.at).await?;
                    }
                    ids.push(incident.id);
                    // What only trembles says nothing new of what it was.
                    details.push(if found.firm { detail } else { incident.detail.clone() });
                }
                None if found.firm => self.open(found, &detail, facts.at).await?,
                None => {}
            }
        }
        if !ids.is_empty() {
            incidents::still(&self.pool, &ids, &details, facts.at).await?;
        }
        Ok(())
    }

    async fn open(&self, found: &Finding, detail: &Value, now: DateTime<Utc>) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        // Another master was first: it tells.
        let Some(id) = incidents::open(&mut tx, found.kind, &found.subject, detail, now).await? else { return Ok(()) };
        let screen = self.words.alert(&found.trouble, &found.subject, now, None);
        for chat in &self.chats {
            let letter = Letter { key: key(id, *chat), chat_id: *chat, screen: screen.clone(), due_at: now };
            Outbox::enqueue(&mut tx, now, &letter).await?;
        }
        if let Some(letter) = self.owners_letter(&mut tx, id, found, now).await? {
            Outbox::enqueue(&mut tx, now, &letter).await?;
        }
        // Whoever has the chats sends it at once.
        signals::ring(&mut *tx, Bell::Front).await?;
        tx.commit().await?;
        tracing::warn!(incident = id, kind = found.kind, subject = found.subject, trouble = %detail, "an incident");
        Ok(())
    }

    /// What was a failure turns out to be something that the bot's owner can mend.
    async fn tell_owner(&self, id: i64, found: &Finding, now: DateTime<Utc>) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        if let Some(letter) = self.owners_letter(&mut tx, id, found, now).await? {
            Outbox::enqueue(&mut tx, now, &letter).await?;
            signals::ring(&mut *tx, Bell::Front).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn owners_letter(
        &self,
        db: &mut sqlx::PgConnection,
        id: i64,
        found: &Finding,
        now: DateTime<Utc>,
    ) -> Result<Option<Letter>> {
        if found.kind != "tenant" {
            return Ok(None);
        }
        let Some((chat_id, lang)) = facts::owner(db, &found.subject).await? else { return Ok(None) };
        let screen = self.words.for_owner(lang, &found.trouble, false);
        Ok(screen.map(|screen| Letter { key: owners_key(id), chat_id, screen, due_at: now }))
    }

    /// Edits the messages of what has grown and of what is over.
    async fn keep_up(&self) -> Result<()> {
        let now = self.clock.now();
        let mut behind = incidents::unfinished(&self.pool).await?;
        behind.retain(|i| i.closed_at.is_some() || i.told != i.detail && now - i.told_at >= GROWS);
        if behind.is_empty() {
            return Ok(());
        }
        let keys: Vec<String> = behind
            .iter()
            .flat_map(|i| self.chats.iter().map(|chat| key(i.id, *chat)).chain([owners_key(i.id)]))
            .collect();
        let letters = incidents::letters(&self.pool, &keys).await?;
        for incident in &behind {
            let mut all = true;
            let begin = format!("incident:{}:", incident.id);
            for (key, chat, state, message) in letters.iter().filter(|(key, ..)| key.starts_with(&begin)) {
                let place = match (state.as_str(), message) {
                    ("sent", Some(message)) => (*chat, *message),
                    // On its way: it is edited once it has arrived.
                    ("due" | "sending", _) => {
                        all = false;
                        continue;
                    }
                    // It never arrived, or nobody knows where.
                    _ => continue,
                };
                all &= self.edit(incident, *key == owners_key(incident.id), place).await?;
            }
            if all && incident.closed_at.is_some() {
                incidents::end_told(&self.pool, incident.id).await?;
            } else if all {
                incidents::told(&self.pool, incident.id, &incident.detail, now).await?;
            }
        }
        Ok(())
    }

    /// `false`: it did not work, and is tried again.
    async fn edit(&self, incident: &Incident, owners: bool, (chat, message): (i64, i32)) -> Result<bool> {
        let trouble: Trouble = serde_json::from_value(incident.detail.clone()).context("an incident's detail")?;
        let (since, until) = (incident.opened_at, incident.closed_at);
        let screen = if owners {
            let mut db = self.pool.acquire().await?;
            let lang = facts::owner(&mut db, &incident.subject).await?.map(|(_, lang)| lang).unwrap_or_default();
            self.words.for_owner(lang, &trouble, until.is_some())
        } else {
            Some(self.words.alert(&trouble, &incident.subject, since, until))
        };
        let Some(screen) = screen else { return Ok(true) };
        match self.telegram.edit(chat, message, &screen).await {
            // Taken away by somebody: then it is not to come back.
            Ok(_) | Err(TelegramError::Refused(_)) => Ok(true),
            Err(error) => {
                tracing::warn!(incident = incident.id, %error, "an alert could not be kept up to date");
                Ok(false)
            }
        }
    }
}

fn key(incident: i64, chat: i64) -> String {
    format!("incident:{incident}:{chat}")
}

fn owners_key(incident: i64) -> String {
    format!("incident:{incident}:owner")
}

/// Whether a tenant's owner can act on it.
fn is_of_owner(detail: &Value) -> bool {
    detail["what"] == "token_dead"
}
