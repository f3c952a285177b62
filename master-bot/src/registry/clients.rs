//! Table `clients`: people who buy.

use chrono::{DateTime, Utc};
use shared::{telegram::incoming::Person, texts::Lang};
use sqlx::PgExecutor;

use super::{ClientId, Result};

#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct Client {
    pub(crate) id: ClientId,
    pub(crate) telegram_id: i64,
    pub(crate) name: String,
    pub(crate) username: Option<String>,
    language: String,
}

impl Client {
    pub(crate) fn lang(&self) -> Lang {
        Lang::from_code(Some(&self.language))
    }
}

/// Finds or makes the client behind a Telegram account; the name is kept fresh.
pub(crate) async fn meet(db: impl PgExecutor<'_>, person: &Person, now: DateTime<Utc>) -> Result<Client> {
    let lang = Lang::from_code(person.language_code.as_deref());
    sqlx::query_as(
        "insert into clients (telegram_id, name, username, language, created_at) values ($1, $2, $3, $4, $5)
         on conflict (telegram_id) do update set name = excluded.name, username = excluded.username
         returning id, telegram_id, name, username, language",
    )
    .bind(person.id)
    .bind(&person.first_name)
    .bind(&person.username)
    .bind(lang.code())
    .bind(now)
    .fetch_one(db)
    .await
}

pub(crate) async fn find(db: impl PgExecutor<'_>, id: ClientId) -> Result<Client> {
    sqlx::query_as("select id, telegram_id, name, username, language from clients where id = $1")
        .bind(id)
        .fetch_one(db)
        .await
}

/// How many people there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct People {
    /// Everybody who has ever spoken to us.
    pub(crate) visitors: i64,
    /// Who has or had a bot.
    pub(crate) clients: i64,
    pub(crate) with_bots: i64,
    /// Whose first bot came after a moment.
    pub(crate) new: i64,
}

pub(crate) async fn count(db: impl PgExecutor<'_>, since: DateTime<Utc>) -> Result<People> {
    sqlx::query_as(
        "with theirs as (select client_id, min(created_at) as first_at, bool_or(removed_at is null) as present
                           from tenants group by client_id)
         select (select count(*) from clients) as visitors, count(*) as clients,
                count(*) filter (where present) as with_bots, count(*) filter (where first_at >= $1) as new from theirs",
    )
    .bind(since)
    .fetch_one(db)
    .await
}
