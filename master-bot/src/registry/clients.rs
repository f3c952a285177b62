//! Table `clients`: people who buy.

use std::collections::HashMap;

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

/// A client beside another row, whose names must not be mistaken for the client's.
#[derive(sqlx::FromRow)]
pub(super) struct ClientOf {
    client_row: ClientId,
    client_telegram_id: i64,
    client_name: String,
    client_username: Option<String>,
    client_language: String,
}

impl ClientOf {
    pub(super) const COLUMNS: &str = "clients.id as client_row, clients.telegram_id as client_telegram_id,
        clients.name as client_name, clients.username as client_username, clients.language as client_language";
}

impl From<ClientOf> for Client {
    fn from(row: ClientOf) -> Self {
        Self {
            id: row.client_row,
            telegram_id: row.client_telegram_id,
            name: row.client_name,
            username: row.client_username,
            language: row.client_language,
        }
    }
}

/// Finds or makes the client behind a Telegram account; the name is kept fresh, and so is the language until the
/// person has chosen one.
pub(crate) async fn meet(db: impl PgExecutor<'_>, person: &Person, now: DateTime<Utc>) -> Result<Client> {
    let lang = Lang::from_code(person.language_code.as_deref());
    sqlx::query_as(
        "insert into clients (telegram_id, name, username, language, created_at) values ($1, $2, $3, $4, $5)
         on conflict (telegram_id) do update set name = excluded.name, username = excluded.username,
             language = case when clients.language_chosen or not $6 then clients.language else excluded.language end
         returning id, telegram_id, name, username, language",
    )
    .bind(person.id)
    .bind(&person.first_name)
    .bind(&person.username)
    .bind(lang.code())
    .bind(now)
    // Not every account tells.
    .bind(person.language_code.is_some())
    .fetch_one(db)
    .await
}

/// The person has chosen a language.
pub(crate) async fn choose_language(db: impl PgExecutor<'_>, id: ClientId, lang: Lang) -> Result<Client> {
    sqlx::query_as(
        "update clients set language = $2, language_chosen = true where id = $1
         returning id, telegram_id, name, username, language",
    )
    .bind(id)
    .bind(lang.code())
    .fetch_one(db)
    .await
}

/// The language of who is known by this account.
pub(crate) async fn language_of(db: impl PgExecutor<'_>, telegram_id: i64) -> Result<Option<Lang>> {
    let code: Option<String> = sqlx::query_scalar("select language from clients where telegram_id = $1")
        .bind(telegram_id)
        .fetch_optional(db)
        .await?;
    Ok(code.map(|code| Lang::from_code(Some(&code))))
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

/// What these people (Telegram ids) call themselves, as far as we have met them.
pub(crate) async fn names(db: impl PgExecutor<'_>, people: &[i64]) -> Result<HashMap<i64, String>> {
    let rows: Vec<(i64, String)> = sqlx::query_as("select telegram_id, name from clients where telegram_id = any ($1)")
        .bind(people)
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().collect())
}

/// The language that a person is spoken to in, if we have met them.
pub(crate) async fn language(db: impl PgExecutor<'_>, telegram_id: i64) -> Result<Option<String>> {
    sqlx::query_scalar("select language from clients where telegram_id = $1").bind(telegram_id).fetch_optional(db).await
}
