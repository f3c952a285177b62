//! What the engine of broadcasts asks of this bot: who reads them, what stands under a letter, and who is told how it went.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use shared::{
    broadcast::{Broadcast, BroadcastId, Readers, Turned, Under},
    clock::Clock,
    outbox::{Letter, Outbox},
    redis::Prefixed,
    telegram::{Screen, Telegram},
    texts::{Lang, Texts},
};
use sqlx::{PgConnection, PgPool};

use super::{
    admin::{self, NewsChoice},
    choice::Choice,
    talk::Talks,
    words::Words,
};
use crate::{
    booking::{BroadcastCard, UserId, read_broadcast_card, write_broadcast_letters},
    store,
};

/// See the module.
pub(crate) struct Newsroom {
    pub(crate) pool: PgPool,
    pub(crate) telegram: Telegram,
    pub(crate) outbox: Outbox,
    pub(crate) clock: Clock,
    pub(crate) texts: Arc<Texts>,
    talks: Talks,
}

impl Newsroom {
    pub(crate) fn new(
        pool: PgPool,
        telegram: Telegram,
        outbox: Outbox,
        clock: Clock,
        (texts, redis): (Arc<Texts>, Prefixed),
    ) -> Self {
        Self { pool, telegram, outbox, clock, texts, talks: Talks::new(redis) }
    }

    fn words(&self, lang: Lang) -> Words<'_> {
        Words { texts: &self.texts, lang }
    }

    /// Shows it in the message in which it stands open, if it still does.
    async fn show(&self, id: BroadcastId) -> anyhow::Result<()> {
        let (card, user, lang): (BroadcastCard, UserId, Lang) = {
            let mut conn = self.pool.acquire().await?;
            let business = store::settings::business(&mut *conn).await?;
            let language = business.language;
            let card = read_broadcast_card(&mut conn, business, id, self.clock.now()).await?;
            let Some(user) = card.broadcast.watched_by.map(UserId) else { return Ok(()) };
            let known = store::people::choices(&mut *conn, user).await?;
            let lang = known.map_or(language, |known| Lang::from_code(Some(&known.language)));
            (card, user, lang)
        };
        let talk = self.talks.find(user).await?;
        let (Some(message), true) = (talk.keyboard, talk.watching == Some(id.0)) else { return Ok(()) };
        self.telegram.edit(user.0, message, &admin::news_card(self.words(lang), &card)).await?;
        Ok(())
    }
}

impl Readers for Newsroom {
    async fn write_letters(
        &self,
        conn: &mut PgConnection,
        broadcast: &Broadcast,
        now: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        write_broadcast_letters(conn, broadcast, now).await
    }

    async fn under(&self, conn: &mut PgConnection, chat_id: i64) -> Result<Option<Under>, sqlx::Error> {
        let lang = store::broadcasts::language_of_reader(conn, chat_id).await?;
        Ok(lang.map(|lang| admin::under_news(self.words(lang), false)))
    }

    async fn unreachable(
        &self,
        conn: &mut PgConnection,
        chat_ids: &[i64],
        now: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        store::broadcasts::mark_unreachable(conn, chat_ids, now).await
    }

    async fn turned(
        &self,
        conn: &mut PgConnection,
        broadcast: &Broadcast,
        turned: Turned,
        now: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        let business = store::settings::business(&mut *conn).await?;
        let known = store::people::choices(&mut *conn, UserId(broadcast.made_by)).await?;
        let lang = known.map_or(business.language, |known| Lang::from_code(Some(&known.language)));
        let words = self.words(lang);
        let tally = shared::broadcast::tally(&mut *conn, broadcast.id).await?;
        let (key, screen) = told(words, broadcast, turned, (tally.sent, tally.all), now);
        Outbox::enqueue(conn, now, &Letter { key, chat_id: broadcast.made_by, screen, due_at: now }).await?;
        Ok(())
    }

    async fn progress(&self, broadcast: BroadcastId) {
        self.outbox.wake();
        if let Err(error) = self.show(broadcast).await {
            tracing::info!(error = format!("{error:#}"), "how a broadcast goes is not shown this time");
        }
    }
}

/// What whoever made a broadcast is told when it turns, and the key of that letter.
fn told(
    words: Words<'_>,
    broadcast: &Broadcast,
    turned: Turned,
    (sent, all): (i64, i64),
    now: DateTime<Utc>,
) -> (String, Screen) {
    let title = if broadcast.title.is_empty() { words.plain("news.wordless", &[]) } else { broadcast.title.clone() };
    let args: [(&str, &dyn std::fmt::Display); 3] = [("title", &title), ("sent", &sent), ("all", &all)];
    let (what, key) = match turned {
        Turned::Done => ("done", format!("news_done:{}", broadcast.id.0)),
        // It may halt again after somebody has let it go on.
        Turned::Halted(halt) => (halt.word(), format!("news_halted:{}:{}", broadcast.id.0, now.timestamp_micros())),
    };
    let open = Choice::Admin(admin::Choice::News(NewsChoice::Card(broadcast.id)));
    let rows = vec![vec![words.button("news.told.open", open)]];
    (key, Screen::text(words.say(&format!("news.told.{what}"), &args)).inline(rows))
}
