//! Who works here: people whom an owner has let in, and how they come and go. Rules and rows; no Telegram.
//!
//! The owners that `OWNER_IDS` names are owners for as long as it names them, so there is always one, whoever removes
//! whom. Every change is one transaction with its line of history and the letter that tells of it, and names the tap that
//! it came of: a tap that is told twice changes nothing twice.

#[cfg(test)]
mod tests;

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use shared::{
    clock::Clock,
    outbox::{Letter, Outbox},
    telegram::Screen,
    texts::Lang,
};
use sqlx::{PgConnection, PgPool};

use crate::registry::{
    clients::{self, Client},
    operators::{self, Act, ActRow, Invite, Member, Post},
};

/// An invite is good for so long.
const INVITE_LASTS: TimeDelta = TimeDelta::hours(24);

/// See the module; clones share everything.
#[derive(Clone, Debug)]
pub(crate) struct Team {
    pub(crate) pool: PgPool,
    pub(crate) clock: Clock,
    /// `OWNER_IDS`.
    pub(crate) owners: Vec<i64>,
}

/// What came of opening an invite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Joined {
    /// They are one of us now.
    Yes(Post),
    /// They were before, and stay what they are.
    Already(Post),
    /// It was used, withdrawn, is too old, or never was.
    No,
}

/// What came of a change.
#[derive(Clone, Debug)]
pub(crate) enum Changed {
    Done(Box<Member>),
    /// They are gone, or it is so already.
    Nothing,
    /// Whoever asks may not do this, or not to themselves.
    Refused,
}

impl Team {
    /// A person's post; none for everybody else.
    pub(crate) async fn post(&self, telegram_id: i64) -> Result<Option<Post>, sqlx::Error> {
        if self.owners.contains(&telegram_id) {
            return Ok(Some(Post::Owner));
        }
        operators::post(&self.pool, telegram_id).await
    }

    /// Everybody who was let in.
    pub(crate) async fn members(&self) -> Result<Vec<Member>, sqlx::Error> {
        operators::all(&self.pool).await
    }

    /// One of them; none when they are gone.
    pub(crate) async fn member(&self, id: i64) -> Result<Option<Member>, sqlx::Error> {
        operators::find(&self.pool, id).await
    }

    /// Whoever has left and has not come back.
    pub(crate) async fn gone(&self) -> Result<Vec<i64>, sqlx::Error> {
        operators::gone(&self.pool).await
    }

    /// A page of the history, newest first.
    pub(crate) async fn history(&self, offset: i64, most: i64) -> Result<Vec<ActRow>, sqlx::Error> {
        operators::acts(&self.pool, offset, most).await
    }

    /// What people call themselves.
    pub(crate) async fn names(&self, people: &[i64]) -> Result<std::collections::HashMap<i64, String>, sqlx::Error> {
        clients::names(&self.pool, people).await
    }

    /// The language that a person is spoken to in.
    pub(crate) async fn lang_of(&self, telegram_id: i64) -> Result<Lang, sqlx::Error> {
        Ok(Lang::from_code(clients::language(&self.pool, telegram_id).await?.as_deref()))
    }

    /// An invite for one person; the same tap gives the same one.
    pub(crate) async fn invite(&self, by: i64, role: Post, cause: &str) -> Result<Option<Invite>> {
        let now = self.clock.now();
        let mut tx = self.begin().await?;
        if !self.is_owner(&mut tx, by).await? {
            return Ok(None);
        }
        let times = (now, now + INVITE_LASTS);
        let (invite, new) = operators::invite(&mut tx, &code(), role, (by, cause), times).await?;
        if new {
            let invite = Some(invite.id);
            let act = Act { actor: by, act: "invited", subject: None, invite, role, was: None, cause };
            operators::note(&mut *tx, &act, now).await?;
        }
        tx.commit().await?;
        Ok(Some(invite))
    }

    /// The invite with this code, good or not.
    pub(crate) async fn invite_by(&self, code: &str) -> Result<Option<Invite>, sqlx::Error> {
        operators::invite_by(&self.pool, code).await
    }

    /// Whether somebody may still come by it.
    pub(crate) fn is_good(&self, invite: &Invite) -> bool {
        invite.is_good(self.clock.now())
    }

    /// Nobody comes by an invite any more. `false`: it was used, or withdrawn already.
    pub(crate) async fn withdraw(&self, by: i64, invite: i64, cause: &str) -> Result<bool> {
        let now = self.clock.now();
        let mut tx = self.begin().await?;
        if operators::came_of(&mut *tx, cause).await? {
            return Ok(true);
        }
        if !self.is_owner(&mut tx, by).await? {
            return Ok(false);
        }
        let Some(role) = operators::withdraw(&mut *tx, invite, now).await? else { return Ok(false) };
        let act = Act { actor: by, act: "withdrawn", subject: None, invite: Some(invite), role, was: None, cause };
        operators::note(&mut *tx, &act, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// A person comes by an invite; whoever made it is told in these words.
    pub(crate) async fn join(
        &self,
        person: &Client,
        code: &str,
        cause: &str,
        words: impl FnOnce(Lang, Post) -> Screen,
    ) -> Result<Joined> {
        let now = self.clock.now();
        let mut tx = self.begin().await?;
        let post = if self.owners.contains(&person.telegram_id) {
            Some(Post::Owner)
        } else {
            operators::post(&mut *tx, person.telegram_id).await?
        };
        if let Some(post) = post {
            let by_this = operators::came_of(&mut *tx, cause).await?;
            return Ok(if by_this { Joined::Yes(post) } else { Joined::Already(post) });
        }
        let invite = operators::invite_by(&mut *tx, code).await?.filter(|invite| invite.is_good(now));
        let Some(invite) = invite else { return Ok(Joined::No) };
        // An invite is as good as the word of whoever made it.
        if !self.is_owner(&mut tx, invite.made_by).await? {
            return Ok(Joined::No);
        }
        operators::use_up(&mut *tx, invite.id, person.telegram_id, now).await?;
        let whom = (person.telegram_id, person.name.as_str());
        operators::add(&mut *tx, whom, invite.role, invite.made_by, now).await?;
        let subject = Some(person.telegram_id);
        let (actor, role) = (person.telegram_id, invite.role);
        let act = Act { actor, act: "joined", subject, invite: Some(invite.id), role, was: None, cause };
        let act = operators::note(&mut *tx, &act, now).await?;
        let lang = Lang::from_code(clients::language(&mut *tx, invite.made_by).await?.as_deref());
        tell(&mut tx, act, (invite.made_by, words(lang, invite.role)), now).await?;
        tx.commit().await?;
        Ok(Joined::Yes(invite.role))
    }

    /// Gives somebody another role; they are told in these words.
    pub(crate) async fn change(
        &self,
        by: i64,
        (id, role): (i64, Post),
        cause: &str,
        words: impl FnOnce(Lang) -> Screen,
    ) -> Result<Changed> {
        let now = self.clock.now();
        let mut tx = self.begin().await?;
        let Some(mut member) = operators::find(&mut *tx, id).await? else { return Ok(Changed::Nothing) };
        if operators::came_of(&mut *tx, cause).await? {
            return Ok(Changed::Done(Box::new(member)));
        }
        if !self.is_owner(&mut tx, by).await? || member.telegram_id == by {
            return Ok(Changed::Refused);
        }
        if member.role == role {
            return Ok(Changed::Nothing);
        }
        operators::change(&mut *tx, id, role).await?;
        let (subject, was) = (Some(member.telegram_id), Some(member.role));
        let act = Act { actor: by, act: "role", subject, invite: None, role, was, cause };
        let act = operators::note(&mut *tx, &act, now).await?;
        let lang = Lang::from_code(member.language.as_deref());
        tell(&mut tx, act, (member.telegram_id, words(lang)), now).await?;
        tx.commit().await?;
        member.role = role;
        Ok(Changed::Done(Box::new(member)))
    }

    /// Somebody works here no longer; they are told in these words.
    pub(crate) async fn remove(
        &self,
        by: i64,
        id: i64,
        cause: &str,
        words: impl FnOnce(Lang) -> Screen,
    ) -> Result<Changed> {
        let now = self.clock.now();
        let mut tx = self.begin().await?;
        let Some(member) = operators::find(&mut *tx, id).await? else { return Ok(Changed::Nothing) };
        if !self.is_owner(&mut tx, by).await? || member.telegram_id == by {
            return Ok(Changed::Refused);
        }
        operators::remove(&mut *tx, id, now).await?;
        let (subject, was) = (Some(member.telegram_id), Some(member.role));
        let act = Act { actor: by, act: "removed", subject, invite: None, role: member.role, was, cause };
        let act = operators::note(&mut *tx, &act, now).await?;
        let lang = Lang::from_code(member.language.as_deref());
        tell(&mut tx, act, (member.telegram_id, words(lang)), now).await?;
        tx.commit().await?;
        Ok(Changed::Done(Box::new(member)))
    }

    /// A transaction in which nobody else changes the team.
    async fn begin(&self) -> Result<sqlx::Transaction<'static, sqlx::Postgres>, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        operators::lock(&mut tx).await?;
        Ok(tx)
    }

    /// Whether they are an owner at this very moment: another one may have removed them since they tapped.
    async fn is_owner(&self, db: &mut PgConnection, person: i64) -> Result<bool, sqlx::Error> {
        Ok(self.owners.contains(&person) || operators::post(db, person).await? == Some(Post::Owner))
    }
}

/// Enough chance that nobody guesses it in a day.
fn code() -> String {
    hex::encode(rand::random::<[u8; 12]>())
}

async fn tell(
    db: &mut PgConnection,
    act: i64,
    (chat_id, screen): (i64, Screen),
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let letter = Letter { key: format!("team:{act}"), chat_id, screen, due_at: now };
    Outbox::enqueue(db, now, &letter).await.map(|_| ())
}
