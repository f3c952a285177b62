//! What a client may see and want of their own bots, and of nobody else's. Operators' wills stand above a client's: a
//! bot that is held, not paid for or going away is not started by a restart, and the client is told so.

use chrono::{DateTime, TimeDelta, Utc};
use shared::slug::Slug;
use sqlx::{PgConnection, PgPool};

use super::{
    card::{self, State},
    desired::{Desired, desired},
};
use crate::registry::{
    BotId, ClientId, Result,
    events::{self, Event},
    facts,
    own::{self, Own},
    signals::{self, Bell},
    tenants::{self, Intent},
};

/// A bot is restarted, and its token changed, at most so often.
const AT_MOST: TimeDelta = TimeDelta::minutes(1);

/// One of a client's bots.
#[derive(Clone, Debug)]
pub(crate) struct OwnBot {
    pub(crate) slug: Slug,
    pub(crate) bot_id: BotId,
    pub(crate) business_name: String,
    pub(crate) bot_username: String,
    pub(crate) managed: bool,
    pub(crate) zone: String,
    pub(crate) state: State,
    /// Why it fails, where that is known for sure.
    pub(crate) trouble: Option<String>,
    pub(crate) hold_reason: Option<String>,
    pub(crate) paid_until: Option<DateTime<Utc>>,
    pub(crate) plan: Option<String>,
}

/// What came of a client's wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// It is written, now or by this very tap before.
    Noted,
    /// It was done within the last minute.
    TooSoon,
    /// An operator holds the bot.
    Held,
    Unpaid,
    Removing,
    /// There is no such bot of this client's.
    Unknown,
}

/// How far a change of token is that a tap asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenWish {
    /// To be done now.
    New,
    /// This tap had asked for it, and nobody knows how far it came.
    CutOff,
    /// This tap has had it done.
    Done,
    /// Another tap has, within the last minute.
    TooSoon,
    /// There is no such bot of this client's, or none whose token is ours to change.
    Unknown,
}

/// All bots of a client.
pub(crate) async fn all(pool: &PgPool, client: ClientId, now: DateTime<Utc>) -> Result<Vec<OwnBot>> {
    let owned = own::all(pool, client).await?;
    let tenants: Vec<_> = owned.iter().map(|own| own.tenant.clone()).collect();
    let mut facts = facts::of_each(pool, &tenants).await?;
    Ok(owned.into_iter().map(|own| bot(&facts.remove(&own.tenant.id).unwrap_or_default(), own, now)).collect())
}

/// One of them; none if it is somebody else's.
pub(crate) async fn one(pool: &PgPool, client: ClientId, slug: &Slug, now: DateTime<Utc>) -> Result<Option<OwnBot>> {
    let Some(own) = own::one(pool, client, slug).await? else { return Ok(None) };
    let facts = facts::of(pool, own.tenant.id).await?;
    Ok(Some(bot(&facts, own, now)))
}

fn bot(facts: &[facts::FactRow], own: Own, now: DateTime<Utc>) -> OwnBot {
    OwnBot {
        state: card::state(&own.tenant, facts, now),
        slug: own.tenant.slug,
        bot_id: own.tenant.bot_id,
        business_name: own.tenant.business_name,
        bot_username: own.tenant.bot_username,
        managed: own.managed,
        zone: own.tenant.zone,
        trouble: own.trouble.filter(|_| own.tenant.last_error.is_some()),
        hold_reason: own.tenant.hold_reason,
        paid_until: own.tenant.paid_until,
        plan: own.plan,
    }
}

/// Has a bot started anew.
pub(crate) async fn restart(
    pool: &PgPool,
    client: ClientId,
    slug: &Slug,
    (actor, cause): (&str, &str),
    now: DateTime<Utc>,
) -> Result<Wish> {
    let mut tx = pool.begin().await?;
    let Some(own) = own::lock(&mut tx, client, slug).await? else { return Ok(Wish::Unknown) };
    if events::came_of(&mut *tx, cause).await? {
        return Ok(Wish::Noted);
    }
    match desired(&own.tenant, now) {
        Desired::Running => {}
        Desired::Stopped => return Ok(Wish::Held),
        Desired::Suspended => return Ok(Wish::Unpaid),
        Desired::Removed => return Ok(Wish::Removing),
    }
    if just_now(&mut tx, &own, "restart", now).await? {
        return Ok(Wish::TooSoon);
    }
    if !tenants::intend(&mut tx, own.tenant.id, Intent::Restart, None, now).await? {
        return Ok(Wish::Removing);
    }
    let event = Event { actor, event: "restart", cause: Some(cause), ..Event::default() };
    events::write(&mut *tx, own.tenant.id, &event, now).await?;
    signals::ring(&mut *tx, Bell::Tenants).await?;
    tx.commit().await?;
    Ok(Wish::Noted)
}

/// Notes that a bot's token is about to be changed: Telegram has no idempotence key, so the wish is a row before the
/// call, and what became of it is another one after.
pub(crate) async fn want_token(
    pool: &PgPool,
    client: ClientId,
    slug: &Slug,
    (actor, cause): (&str, &str),
    now: DateTime<Utc>,
) -> Result<TokenWish> {
    let mut tx = pool.begin().await?;
    let owned = own::lock(&mut tx, client, slug).await?;
    let Some(own) = owned.filter(|own| own.managed && own.tenant.removal_wanted_at.is_none()) else {
        return Ok(TokenWish::Unknown);
    };
    if events::came_of(&mut *tx, &done(cause)).await? {
        return Ok(TokenWish::Done);
    }
    if events::came_of(&mut *tx, cause).await? {
        return Ok(TokenWish::CutOff);
    }
    if just_now(&mut tx, &own, "token_wanted", now).await? {
        return Ok(TokenWish::TooSoon);
    }
    let event = Event { actor, event: "token_wanted", cause: Some(cause), ..Event::default() };
    events::write(&mut *tx, own.tenant.id, &event, now).await?;
    tx.commit().await?;
    Ok(TokenWish::New)
}

/// The token is changed and kept: the container is made anew with it at once.
pub(crate) async fn token_changed(
    pool: &PgPool,
    client: ClientId,
    slug: &Slug,
    (actor, cause): (&str, &str),
    now: DateTime<Utc>,
) -> Result<()> {
    let mut tx = pool.begin().await?;
    let Some(own) = own::lock(&mut tx, client, slug).await? else { return Ok(()) };
    let done = done(cause);
    if !events::came_of(&mut *tx, &done).await? {
        let event = Event { actor, event: "token_changed", cause: Some(&done), ..Event::default() };
        events::write(&mut *tx, own.tenant.id, &event, now).await?;
    }
    tenants::due_now(&mut *tx, own.tenant.bot_id, now).await?;
    signals::ring(&mut *tx, Bell::Tenants).await?;
    tx.commit().await
}

fn done(cause: &str) -> String {
    format!("{cause}:token")
}

async fn just_now(tx: &mut PgConnection, own: &Own, event: &str, now: DateTime<Utc>) -> Result<bool> {
    let last = events::last_at(tx, own.tenant.id, event).await?;
    // One that lies ahead was written before the clock was put back.
    Ok(last.is_some_and(|at| at <= now && now - at < AT_MOST))
}
