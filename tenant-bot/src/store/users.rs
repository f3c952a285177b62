//! People who have spoken to the bot.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::booking::{Profile, UserId, contact::Contact};

/// Writes what Telegram says of a person, and the contact if one is given; a known contact is kept otherwise.
///
/// # Errors
/// When Postgres fails.
pub async fn save(
    executor: impl PgExecutor<'_>,
    who: &Profile<'_>,
    contact: Option<&Contact>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into users (user_id, first_name, last_name, username, language, contact_name, phone, created_at, seen_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8)
         on conflict (user_id) do update
            set first_name = excluded.first_name, last_name = excluded.last_name, username = excluded.username,
                language = excluded.language, seen_at = excluded.seen_at,
                contact_name = coalesce(excluded.contact_name, users.contact_name),
                phone = coalesce(excluded.phone, users.phone)",
    )
    .bind(who.id.0)
    .bind(who.first_name)
    .bind(who.last_name)
    .bind(who.username)
    .bind(who.lang.code())
    .bind(contact.map(|c| &c.name))
    .bind(contact.map(|c| &c.phone))
    .bind(now)
    .execute(executor)
    .await
    .map(|_| ())
}

fn as_contact((name, phone): (Option<String>, Option<String>)) -> Option<Contact> {
    Some(Contact { name: name?, phone: phone? })
}

/// The name and number of a person, if they have given them.
///
/// # Errors
/// When Postgres fails.
pub async fn contact(executor: impl PgExecutor<'_>, user: UserId) -> Result<Option<Contact>, sqlx::Error> {
    let row = sqlx::query_as("select contact_name, phone from users where user_id = $1")
        .bind(user.0)
        .fetch_optional(executor)
        .await?;
    Ok(row.and_then(as_contact))
}

/// As [`contact`], and nobody else books for this person until the transaction ends.
///
/// # Errors
/// When Postgres fails.
pub async fn lock_contact(executor: impl PgExecutor<'_>, user: UserId) -> Result<Option<Contact>, sqlx::Error> {
    let row = sqlx::query_as("select contact_name, phone from users where user_id = $1 for no key update")
        .bind(user.0)
        .fetch_optional(executor)
        .await?;
    Ok(row.and_then(as_contact))
}
