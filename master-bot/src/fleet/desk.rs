//! The desk that screens and the command line come to with wishes and questions about the fleet. It speaks through
//! rows alone, so it works where the engine's socket is not.

use std::{collections::HashMap, sync::Arc, time::Duration};

use chrono::TimeDelta;
use shared::redis::Connection;
use shared::{clock::Clock, slug::Slug};
use sqlx::PgPool;
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};

use super::{
    answers::Answer,
    card::{self, Card},
    intent::{self, Wished},
    kept,
    roster::{self, Roster, Sought},
    starts::{self, Start},
};
use crate::registry::{
    Result,
    asks::{self, Asker, Question},
    clients,
    events::{self, EventRow},
    settings,
    signals::{self, Bell},
    tenants::{self, Intent},
};

/// What a container takes is asked anew when the last answer is older than this.
const USAGE_FRESH: TimeDelta = TimeDelta::seconds(10);
/// A row is looked at so often even if nothing rings.
const SLOW_LOOK: Duration = Duration::from_millis(300);

/// What came of a question.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Heard {
    Answer(Answer),
    /// No process with the engine's socket has answered.
    Silence,
    /// There is no such tenant.
    Unknown,
}

/// See the module; clones share everything.
#[derive(Clone)]
pub(crate) struct FleetDesk {
    pub(crate) pool: PgPool,
    /// For heartbeats; without it cards leave them out.
    pub(crate) redis: Option<Connection>,
    pub(crate) clock: Clock,
    /// Rung when a step was done or an answer written.
    pub(crate) rung: Arc<Notify>,
}

impl FleetDesk {
    /// Writes a wish down; `cause` names the tap that it came of.
    pub(crate) async fn wish(
        &self,
        slug: &Slug,
        intent: Intent<'_>,
        actor: &str,
        cause: Option<&str>,
    ) -> Result<Wished> {
        intent::wish(&self.pool, slug, (intent, None), (actor, cause), self.clock.now()).await
    }

    /// The same, unless somebody has changed the tenant's fate since it was shown at this generation.
    pub(crate) async fn wish_as_shown(
        &self,
        (slug, generation): (&Slug, i64),
        intent: Intent<'_>,
        actor: &str,
        cause: &str,
    ) -> Result<Wished> {
        intent::wish(&self.pool, slug, (intent, Some(generation)), (actor, Some(cause)), self.clock.now()).await
    }

    /// For how many days the fleet keeps a removed tenant's data.
    pub(crate) async fn kept_days(&self) -> Result<i64> {
        let days = settings::get(&self.pool, settings::REMOVED_KEPT_DAYS).await?;
        // Before the first fleet process has said so nothing is removed either.
        Ok(days.and_then(|days| days.parse().ok()).unwrap_or_default())
    }

    /// What is kept of a removed tenant is dropped now; none: there is no such tenant.
    pub(crate) async fn purge(&self, slug: &Slug, actor: &str) -> Result<Option<bool>> {
        kept::purge(&self.pool, slug, actor, self.clock.now()).await
    }

    /// One tenant's card; none if there is no such tenant.
    pub(crate) async fn card(&self, slug: &Slug) -> Result<Option<Card>> {
        card::card(&self.pool, self.redis.as_ref(), slug, &self.clock).await
    }

    /// One page of those who are sought, newest first, and how the whole fleet stands.
    pub(crate) async fn roster(&self, sought: &Sought, page: (usize, usize)) -> Result<Roster> {
        roster::roster(&self.pool, sought, page, self.clock.now()).await
    }

    /// One page of what has happened to a tenant, newest first, and what the people in it call themselves; none if there is
    /// no such tenant.
    pub(crate) async fn events(
        &self,
        slug: &Slug,
        (offset, most): (i64, i64),
    ) -> Result<Option<(Vec<EventRow>, HashMap<i64, String>)>> {
        let Some(tenant) = tenants::find(&self.pool, slug).await? else { return Ok(None) };
        let events = events::page(&self.pool, tenant.id, offset, most).await?;
        let people: Vec<i64> = events.iter().filter_map(EventRow::person).collect();
        Ok(Some((events, clients::names(&self.pool, &people).await?)))
    }

    /// The first starts that are under way, or ended within `since`.
    pub(crate) async fn starts(&self, since: TimeDelta) -> Result<Vec<Start>> {
        starts::starts(&self.pool, self.clock.now() - since).await
    }

    /// Asks for a tenant's log; the answer, or that there is none, is told in the chat. `false`: no such tenant.
    pub(crate) async fn ask_log(&self, slug: &Slug, lines: i32, asker: Asker<'_>) -> Result<bool> {
        Ok(self.ask(slug, Question::Log { lines }, asker).await?.is_some())
    }

    /// Has what the tenant's container takes measured, unless it just was. The card shows the answer when it is there.
    pub(crate) async fn measure(&self, slug: &Slug, actor: &str) -> Result<()> {
        let Some(tenant) = tenants::find(&self.pool, slug).await? else { return Ok(()) };
        let now = self.clock.machine().now();
        if asks::latest_usage(&self.pool, tenant.id, now - USAGE_FRESH).await?.is_none() {
            self.ask(slug, Question::Usage, Asker { actor, chat: None, cause: None }).await?;
        }
        Ok(())
    }

    /// Something about a tenant has changed that its container is made from.
    pub(crate) async fn look_soon(&self) -> Result<()> {
        signals::ring(&self.pool, Bell::Tenants).await
    }

    /// Asks and waits for the answer.
    pub(crate) async fn hear(&self, slug: &Slug, question: Question, actor: &str) -> Result<Heard> {
        let asker = Asker { actor, chat: None, cause: None };
        let Some(asked) = self.ask(slug, question, asker).await? else { return Ok(Heard::Unknown) };
        let Some(id) = asked else { return Ok(Heard::Silence) };
        let answer = async {
            loop {
                let rung = self.rung.notified();
                if let Some(answer) = asks::answer_to(&self.pool, id).await? {
                    return Ok(Answer::read(answer).map_or(Heard::Silence, Heard::Answer));
                }
                tokio::select! { () = rung => {}, () = sleep(SLOW_LOOK) => {} }
            }
        };
        timeout(asks::PATIENCE.to_std().unwrap_or(SLOW_LOOK), answer).await.unwrap_or(Ok(Heard::Silence))
    }

    /// None: no such tenant. Some of none: this tap has asked already.
    async fn ask(&self, slug: &Slug, question: Question, asker: Asker<'_>) -> Result<Option<Option<i64>>> {
        let Some(tenant) = tenants::find(&self.pool, slug).await? else { return Ok(None) };
        let mut tx = self.pool.begin().await?;
        let id = asks::ask(&mut *tx, tenant.id, question, asker, self.clock.machine().now()).await?;
        signals::ring(&mut *tx, Bell::Asks).await?;
        tx.commit().await?;
        Ok(Some(id))
    }
}
