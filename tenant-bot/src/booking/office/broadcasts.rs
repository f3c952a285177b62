//! News to customers: written, aimed, looked at, set going; paused, stopped, reported. `shared::broadcast` sends them.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::broadcast::{self, Broadcast, BroadcastId, Source, State, Tally};
use sqlx::PgConnection;

use super::Wrong;
use crate::{
    booking::{
        desk::{BookError, Bookings},
        model::{Business, UserId},
        roles::Right,
    },
    store::{self, audit::Deed, broadcasts::Whom},
};

/// Telegram's albums are no larger.
const MOST_OF_ALBUM: usize = 10;
/// So much of a message's words is its title.
const MOST_TITLE: usize = 60;
/// So many tags are offered.
const MOST_TAGS: i64 = 20;
/// Whoever has not come for longer is nobody's customer.
const MOST_DAYS: u16 = 3650;

/// Whom a broadcast is for, of those who have nothing against news.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "audience", rename_all = "snake_case")]
pub enum Audience {
    /// Everybody.
    #[default]
    All,
    /// Whoever has a booking ahead.
    Upcoming,
    /// Whoever has been here, but not for so many days, and has nothing ahead.
    Absent {
        /// 1–3650.
        days: u16,
    },
    /// Whoever has this tag.
    Tag {
        /// As it stands on their card.
        tag: String,
    },
}

impl Audience {
    fn whom(&self) -> Whom<'_> {
        let (kind, days, tag) = match self {
            Self::All => ("all", 0, ""),
            Self::Upcoming => ("upcoming", 0, ""),
            Self::Absent { days } => ("absent", *days, ""),
            Self::Tag { tag } => ("tag", 0, tag.as_str()),
        };
        Whom { kind, absent_for: TimeDelta::days(i64::from(days)), tag }
    }

    fn json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// As it stands in a row; of one that cannot be read, nobody: a tag that no tag is.
    pub fn of(broadcast: &Broadcast) -> Self {
        serde_json::from_value(broadcast.audience.clone()).unwrap_or(Self::Tag { tag: String::new() })
    }
}

/// A message to be sent to many, as it came from whoever wrote it.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    /// Its number in the chat with them.
    pub message_id: i32,
    /// The album that it is part of.
    pub album: Option<&'a str>,
    /// Its words, or those below it.
    pub text: &'a str,
}

/// A broadcast that is being put together.
#[derive(Clone, Debug)]
pub struct Drafted {
    /// For its zone.
    pub business: Business,
    /// As it stands.
    pub broadcast: Broadcast,
    /// Whom it is for.
    pub audience: Audience,
    /// How many would get it now.
    pub people: i64,
}

/// A broadcast that was set going.
#[derive(Clone, Debug)]
pub struct BroadcastCard {
    /// For its zone.
    pub business: Business,
    /// As it stands.
    pub broadcast: Broadcast,
    /// Whom it is for.
    pub audience: Audience,
    /// How many would get it, of one that has not begun; else how many it was written for.
    pub people: i64,
    /// How its letters stand.
    pub tally: Tally,
    /// Whether it begins this very moment.
    pub begins: bool,
}

/// All broadcasts, a page of them.
#[derive(Clone, Debug)]
pub struct NewsHome {
    /// For its zone.
    pub business: Business,
    /// Somebody's own draft, if they have begun one.
    pub draft: Option<Broadcast>,
    /// Those that were set going, newest first, each with how its letters stand.
    pub list: Vec<(Broadcast, Tally)>,
    /// Whether there are older ones.
    pub more: bool,
}

impl Bookings {
    /// Broadcasts of the past and of now, page by page from 0.
    ///
    /// # Errors
    /// [`crate::booking::Refusal::NotAdmin`], or Postgres.
    pub async fn broadcasts(&self, user: UserId, page: u16, size: u16) -> Result<NewsHome, BookError> {
        let mut conn = self.pool.acquire().await?;
        let (business, _) = self.staffed(&mut conn, user, Right::Broadcast).await?;
        let draft = broadcast::draft_of(&mut *conn, user.0).await?;
        let offset = i64::from(page) * i64::from(size);
        let mut found = broadcast::list(&mut *conn, offset, i64::from(size) + 1).await?;
        let more = found.len() > usize::from(size);
        found.truncate(usize::from(size));
        let mut list = Vec::new();
        for broadcast in found {
            let tally = broadcast::tally(&mut *conn, broadcast.id).await?;
            list.push((broadcast, tally));
        }
        Ok(NewsHome { business, draft, list, more })
    }

    /// Takes a message for what is to be sent: the draft of this person is about it from now on. Another part of the same
    /// album joins the others; `true`: it did.
    ///
    /// # Errors
    /// [`crate::booking::Refusal::NotAdmin`], [`Wrong::TooMany`] for an album, or Postgres.
    pub async fn draft_broadcast(&self, user: UserId, letter: Letter<'_>) -> Result<bool, BookError> {
        let mut tx = self.pool.begin().await?;
        self.staffed(&mut tx, user, Right::Broadcast).await?;
        let title = title(letter.text);
        let draft = broadcast::draft_of(&mut *tx, user.0).await?;
        let joined = match draft {
            Some(draft) if draft.album.is_some() && draft.album.as_deref() == letter.album => {
                let mut source = draft.source;
                source.message_ids.push(letter.message_id);
                source.message_ids.sort_unstable();
                source.message_ids.dedup();
                if source.message_ids.len() > MOST_OF_ALBUM {
                    return Err(Wrong::TooMany(10).into());
                }
                // The words of an album stand under one of its pictures, whichever.
                let title = if draft.title.is_empty() { &title } else { &draft.title };
                broadcast::rewrite(&mut *tx, draft.id, &source, (letter.album, title)).await?;
                true
            }
            draft => {
                let source = Source { chat_id: user.0, message_ids: vec![letter.message_id] };
                let about = (letter.album, title.as_str());
                match draft {
                    Some(draft) => drop(broadcast::rewrite(&mut *tx, draft.id, &source, about).await?),
                    None => {
                        let (audience, now) = (Audience::default().json(), self.clock.now());
                        broadcast::draft(&mut *tx, user.0, &source, about, &audience, now).await?;
                    }
                }
                false
            }
        };
        tx.commit().await?;
        Ok(joined)
    }

    /// The draft of this person, and how many people would get it.
    ///
    /// # Errors
    /// [`crate::booking::Refusal::NotAdmin`], [`Wrong::Gone`] if they have none, or Postgres.
    pub async fn broadcast_draft(&self, user: UserId) -> Result<Drafted, BookError> {
        let mut conn = self.pool.acquire().await?;
        let (business, _) = self.staffed(&mut conn, user, Right::Broadcast).await?;
        let broadcast = broadcast::draft_of(&mut *conn, user.0).await?.ok_or(Wrong::Gone)?;
        let audience = Audience::of(&broadcast);
        let people = store::broadcasts::count(&mut *conn, audience.whom(), self.clock.now()).await?;
        Ok(Drafted { business, broadcast, audience, people })
    }

    /// How many people each of these audiences has.
    ///
    /// # Errors
    /// [`crate::booking::Refusal::NotAdmin`], or Postgres.
    pub async fn audiences(&self, user: UserId, of: &[Audience]) -> Result<Vec<i64>, BookError> {
        let mut conn = self.pool.acquire().await?;
        self.staffed(&mut conn, user, Right::Broadcast).await?;
        let mut counts = Vec::new();
        for audience in of {
            counts.push(store::broadcasts::count(&mut *conn, audience.whom(), self.clock.now()).await?);
        }
        Ok(counts)
    }

    /// The tags of customers, with how many readers each has.
    ///
    /// # Errors
    /// [`crate::booking::Refusal::NotAdmin`], or Postgres.
    pub async fn reader_tags(&self, user: UserId) -> Result<Vec<(String, i64)>, BookError> {
        let mut conn = self.pool.acquire().await?;
        self.staffed(&mut conn, user, Right::Broadcast).await?;
        Ok(store::broadcasts::tags(&mut *conn, MOST_TAGS).await?)
    }

    /// Aims the draft of this person.
    ///
    /// # Errors
    /// [`crate::booking::Refusal::NotAdmin`], [`Wrong::Gone`], or Postgres.
    pub async fn aim_broadcast(&self, user: UserId, audience: &Audience) -> Result<(), BookError> {
        let mut tx = self.pool.begin().await?;
        self.staffed(&mut tx, user, Right::Broadcast).await?;
        let audience = match audience {
            Audience::Absent { days } => Audience::Absent { days: (*days).clamp(1, MOST_DAYS) },
            other => other.clone(),
        };
        let draft = broadcast::draft_of(&mut *tx, user.0).await?.ok_or(Wrong::Gone)?;
        broadcast::retarget(&mut *tx, draft.id, &audience.json()).await?;
        Ok(tx.commit().await?)
    }

    /// Throws the draft of this person away.
    ///
    /// # Errors
    /// [`crate::booking::Refusal::NotAdmin`], or Postgres.
    pub async fn drop_broadcast_draft(&self, user: UserId) -> Result<(), BookError> {
        let mut tx = self.pool.begin().await?;
        self.staffed(&mut tx, user, Right::Broadcast).await?;
        broadcast::drop_drafts(&mut *tx, user.0).await?;
        Ok(tx.commit().await?)
    }

    /// Sets the draft `id` going: at once, or then. One that is going already stays as it is. Whoever waits for the time must
    /// be rung ([`Bookings::news`](Self)) once whoever watches it is known.
    ///
    /// # Errors
    /// [`crate::booking::Refusal::NotAdmin`], [`Wrong::Gone`], [`Wrong::NoReaders`], [`Wrong::InPast`], or Postgres.
    pub async fn send_broadcast(
        &self,
        user: UserId,
        id: BroadcastId,
        at: Option<DateTime<Utc>>,
    ) -> Result<BroadcastCard, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        self.staffed(&mut tx, user, Right::Broadcast).await?;
        let broadcast = broadcast::find(&mut *tx, id).await?.ok_or(Wrong::Gone)?;
        if broadcast.state == State::Draft {
            if broadcast.made_by != user.0 {
                return Err(Wrong::Gone.into());
            }
            if at.is_some_and(|at| at <= now) {
                return Err(Wrong::InPast.into());
            }
            let audience = Audience::of(&broadcast);
            let people = store::broadcasts::count(&mut *tx, audience.whom(), now).await?;
            // Later there may be somebody.
            if people == 0 && at.is_none() {
                return Err(Wrong::NoReaders.into());
            }
            if broadcast::schedule(&mut *tx, id, at.unwrap_or(now)).await? {
                broadcast::watch(&mut *tx, id, user.0).await?;
                let deed = if at.is_some() { "broadcast.scheduled" } else { "broadcast.started" };
                let mut detail = audience.json();
                detail["people"] = json!(people);
                detail["at"] = json!(at.unwrap_or(now));
                note(&mut tx, user, deed, &broadcast, detail, now).await?;
            }
        }
        tx.commit().await?;
        self.broadcast_card(user, id).await
    }

    /// One that was set going. Whoever looks at it is shown how it goes on.
    ///
    /// # Errors
    /// [`crate::booking::Refusal::NotAdmin`], [`Wrong::Gone`], or Postgres.
    pub async fn broadcast_card(&self, user: UserId, id: BroadcastId) -> Result<BroadcastCard, BookError> {
        let mut conn = self.pool.acquire().await?;
        let (business, _) = self.staffed(&mut conn, user, Right::Broadcast).await?;
        let card = card(&mut conn, business, id, self.clock.now()).await?;
        if !card.broadcast.state.is_over() && card.broadcast.watched_by != Some(user.0) {
            broadcast::watch(&mut *conn, id, user.0).await?;
        }
        Ok(card)
    }

    /// No further letter goes out until [`resume_broadcast`](Self::resume_broadcast).
    ///
    /// # Errors
    /// [`crate::booking::Refusal::NotAdmin`], [`Wrong::Gone`], or Postgres.
    pub async fn pause_broadcast(&self, user: UserId, id: BroadcastId) -> Result<BroadcastCard, BookError> {
        let (mut tx, broadcast) = self.begin_with(user, id).await?;
        if broadcast::pause(&mut *tx, id).await? {
            note(&mut tx, user, "broadcast.paused", &broadcast, json!({}), self.clock.now()).await?;
        }
        tx.commit().await?;
        self.broadcast_card(user, id).await
    }

    /// Goes on.
    ///
    /// # Errors
    /// [`crate::booking::Refusal::NotAdmin`], [`Wrong::Gone`], or Postgres.
    pub async fn resume_broadcast(&self, user: UserId, id: BroadcastId) -> Result<BroadcastCard, BookError> {
        let (mut tx, broadcast) = self.begin_with(user, id).await?;
        if broadcast::resume(&mut *tx, id).await? {
            note(&mut tx, user, "broadcast.resumed", &broadcast, json!({}), self.clock.now()).await?;
        }
        tx.commit().await?;
        self.news.notify_one();
        self.broadcast_card(user, id).await
    }

    /// The rest is not sent; one that has not begun does not begin.
    ///
    /// # Errors
    /// [`crate::booking::Refusal::NotAdmin`], [`Wrong::Gone`], or Postgres.
    pub async fn stop_broadcast(&self, user: UserId, id: BroadcastId) -> Result<BroadcastCard, BookError> {
        let now = self.clock.now();
        let (mut tx, broadcast) = self.begin_with(user, id).await?;
        if broadcast::stop(&mut tx, id, now).await? {
            let tally = broadcast::tally(&mut *tx, id).await?;
            note(&mut tx, user, "broadcast.stopped", &broadcast, json!({ "not_sent": tally.stopped }), now).await?;
        }
        tx.commit().await?;
        self.broadcast_card(user, id).await
    }

    async fn begin_with(
        &self,
        user: UserId,
        id: BroadcastId,
    ) -> Result<(sqlx::Transaction<'static, sqlx::Postgres>, Broadcast), BookError> {
        let mut tx = self.pool.begin().await?;
        self.staffed(&mut tx, user, Right::Broadcast).await?;
        let broadcast = broadcast::find(&mut *tx, id).await?.filter(|b| b.state != State::Draft).ok_or(Wrong::Gone)?;
        Ok((tx, broadcast))
    }
}

/// What is known of one that was set going, whoever asks.
pub(crate) async fn card(
    conn: &mut PgConnection,
    business: Business,
    id: BroadcastId,
    now: DateTime<Utc>,
) -> Result<BroadcastCard, BookError> {
    let broadcast = broadcast::find(&mut *conn, id).await?.filter(|b| b.state != State::Draft).ok_or(Wrong::Gone)?;
    let audience = Audience::of(&broadcast);
    let tally = broadcast::tally(&mut *conn, id).await?;
    let people = match broadcast.state {
        State::Scheduled => store::broadcasts::count(&mut *conn, audience.whom(), now).await?,
        _ => tally.all,
    };
    let begins = broadcast.state == State::Scheduled && broadcast.starts_at.is_some_and(|at| at <= now);
    Ok(BroadcastCard { business, broadcast, audience, people, tally, begins })
}

/// Writes the letters of one that begins.
pub(crate) async fn write_letters(
    conn: &mut PgConnection,
    broadcast: &Broadcast,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let audience = Audience::of(broadcast);
    store::broadcasts::write_letters(conn, broadcast.id, audience.whom(), now).await.map(|_| ())
}

/// The first line, as long as fits.
fn title(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    if line.chars().count() <= MOST_TITLE {
        return line.to_owned();
    }
    line.chars().take(MOST_TITLE - 1).chain(['…']).collect()
}

async fn note(
    conn: &mut PgConnection,
    by: UserId,
    action: &str,
    broadcast: &Broadcast,
    detail: Value,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let number = format!("№ {}", broadcast.id.0);
    let subject = if broadcast.title.is_empty() { &number } else { &broadcast.title };
    store::audit::append(conn, &Deed { by, action, subject: Some(subject), detail }, now).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_the_first_line_and_short() {
        assert_eq!(title("\n  Скидки!  \nдо конца недели"), "Скидки!");
        assert_eq!(title(""), "");
        assert_eq!(title(&"я".repeat(100)).chars().count(), MOST_TITLE);
    }

    #[test]
    fn an_audience_comes_back_from_its_row_and_what_cannot_be_read_is_nobody() {
        let all =
            [Audience::All, Audience::Upcoming, Audience::Absent { days: 60 }, Audience::Tag { tag: "VIP".into() }];
        for audience in all {
            assert_eq!(serde_json::from_value::<Audience>(audience.json()).unwrap(), audience);
        }
        assert!(serde_json::from_value::<Audience>(json!({ "audience": "everyone" })).is_err());
    }
}
