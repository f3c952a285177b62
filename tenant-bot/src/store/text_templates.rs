//! The business's own words in place of ours.

use chrono::{DateTime, Utc};
use shared::texts::Lang;
use sqlx::PgExecutor;

use crate::booking::UserId;

/// Which words: a text's key, of a plural the form too, in one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// Two letters.
    pub lang: Lang,
    /// The text's key.
    pub key: &'a str,
    /// `one`, `few`, `many`, `other`.
    pub form: Option<&'a str>,
}

impl Place<'_> {
    /// `resource.any.person`, `mine.count#few`: no key has a `#` in it.
    fn stored(&self) -> String {
        match self.form {
            Some(form) => format!("{}#{form}", self.key),
            None => self.key.to_owned(),
        }
    }
}

/// Own words as they are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// Two letters.
    pub lang: Lang,
    /// The text's key.
    pub key: String,
    /// `one`, `few`, `many`, `other`.
    pub form: Option<String>,
    /// HTML with placeholders.
    pub body: String,
}

/// All of them.
///
/// # Errors
/// When Postgres fails.
pub async fn all(executor: impl PgExecutor<'_>) -> Result<Vec<Words>, sqlx::Error> {
    let rows: Vec<(String, String, String)> =
        sqlx::query_as("select language, key, body from text_templates order by key, language")
            .fetch_all(executor)
            .await?;
    let read = |(lang, stored, body): (String, String, String)| {
        let (key, form) = match stored.split_once('#') {
            Some((key, form)) => (key.to_owned(), Some(form.to_owned())),
            None => (stored, None),
        };
        Words { lang: Lang::from_code(Some(&lang)), key, form, body }
    };
    Ok(rows.into_iter().map(read).collect())
}

/// The words of one place.
///
/// # Errors
/// When Postgres fails.
pub async fn find(executor: impl PgExecutor<'_>, place: Place<'_>) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("select body from text_templates where key = $1 and language = $2")
        .bind(place.stored())
        .bind(place.lang.code())
        .fetch_optional(executor)
        .await
}

/// Puts words in a place, whatever was there.
///
/// # Errors
/// When Postgres fails.
pub async fn set(
    executor: impl PgExecutor<'_>,
    place: Place<'_>,
    body: &str,
    by: UserId,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into text_templates (key, language, body, updated_by, updated_at) values ($1, $2, $3, $4, $5)
         on conflict (key, language) do update
            set body = excluded.body, updated_by = excluded.updated_by, updated_at = excluded.updated_at",
    )
    .bind(place.stored())
    .bind(place.lang.code())
    .bind(body)
    .bind(by.0)
    .bind(now)
    .execute(executor)
    .await
    .map(|_| ())
}

/// Takes the words of a place away; `false` if there were none.
///
/// # Errors
/// When Postgres fails.
pub async fn delete(executor: impl PgExecutor<'_>, place: Place<'_>) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("delete from text_templates where key = $1 and language = $2")
        .bind(place.stored())
        .bind(place.lang.code())
        .execute(executor)
        .await?;
    Ok(done.rows_affected() == 1)
}
