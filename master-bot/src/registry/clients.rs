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
