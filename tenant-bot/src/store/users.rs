//! People who have spoken to the bot.

use chrono::{DateTime, Utc};
use shared::texts::Lang;
use sqlx::{PgExecutor, Row, postgres::PgRow};

use super::services::small;
use crate::booking::{Profile, ResourceId, UserId, contact::Contact, policy::Person};

/// Writes what Telegram says of a person, and the contact if one is given; a known contact and a language that was chosen
/// by hand are kept otherwise.
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
                language = case when users.language_chosen then users.language else excluded.language end,
                seen_at = excluded.seen_at,
                -- Whoever speaks to the bot has not blocked it.
                unreachable_at = null,
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

/// What the desk knows of a person who asks for something.
#[derive(Clone, Debug)]
pub struct Known {
    /// For the policy.
    pub person: Person,
    /// Name and number, if given.
    pub contact: Option<Contact>,
    /// The version of the words they agreed to.
    pub consent_version: Option<String>,
    /// The language they are spoken to in; none for somebody who never spoke to the bot.
    pub lang: Option<Lang>,
    /// Whether they want to be reminded of visits.
    pub reminders: bool,
    /// A discount of their own.
    pub discount_percent: u8,
}

macro_rules! select_known {
    ($lock:literal) => {
        concat!(
            "select u.user_id, u.contact_name, u.phone, u.consent_version, u.language, u.blocked_at is not null as blocked,
                    u.no_reminders_since is null as reminders, u.discount_percent,
                    a.role, a.resource_id,
                    exists (select 1 from bookings b where b.user_id = $1
                               and (b.status = 'completed' or b.status = 'confirmed' and b.ends_at <= $2)) as known,
                    (select count(*) from bookings b where b.user_id = $1 and b.status = 'no_show')::int as no_shows
               from users u left join admins a using (user_id) where u.user_id = $1 ",
            $lock
        )
    };
}

fn known(row: &PgRow) -> Result<Known, sqlx::Error> {
    let (name, phone): (Option<String>, Option<String>) = (row.try_get("contact_name")?, row.try_get("phone")?);
    let language: String = row.try_get("language")?;
    Ok(Known {
        person: Person {
            id: UserId(row.try_get("user_id")?),
            role: super::admins::role(row.try_get("role")?),
            resource: row.try_get::<Option<i64>, _>("resource_id")?.map(ResourceId),
            known: row.try_get("known")?,
            blocked: row.try_get("blocked")?,
            no_shows: small(row.try_get("no_shows")?),
        },
        contact: name.zip(phone).map(|(name, phone)| Contact { name, phone }),
        consent_version: row.try_get("consent_version")?,
        lang: Some(Lang::from_code(Some(&language))),
        reminders: row.try_get("reminders")?,
        discount_percent: super::bookings::percent(row)?,
    })
}

/// What is known of a person; of one who never spoke to the bot, that they are a stranger (or of the team).
///
/// # Errors
/// When Postgres fails.
pub async fn find(conn: &mut sqlx::PgConnection, user: UserId, now: DateTime<Utc>) -> Result<Known, sqlx::Error> {
    let row = sqlx::query(select_known!("")).bind(user.0).bind(now).fetch_optional(&mut *conn).await?;
    if let Some(row) = row {
        return known(&row);
    }
    let member = super::admins::find(&mut *conn, user).await?;
    Ok(Known {
        person: Person { role: member.role, resource: member.resource, ..Person::stranger(user) },
        contact: None,
        consent_version: None,
        lang: None,
        reminders: true,
        discount_percent: 0,
    })
}

/// Locks these people's rows in the order of their ids, as [`lock`] does one's.
///
/// # Errors
/// When Postgres fails.
pub async fn lock_all(conn: &mut sqlx::PgConnection, users: &[UserId]) -> Result<(), sqlx::Error> {
    let ids: Vec<i64> = users.iter().map(|user| user.0).collect();
    sqlx::query("select user_id from users where user_id = any($1) order by user_id for no key update")
        .bind(ids)
        .execute(conn)
        .await
        .map(|_| ())
}

/// As [`find`], and nobody else books for this person until the transaction ends; none for one who never spoke to the bot.
///
/// # Errors
/// When Postgres fails.
pub async fn lock(
    executor: impl PgExecutor<'_>,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<Option<Known>, sqlx::Error> {
    let row =
        sqlx::query(select_known!("for no key update of u")).bind(user.0).bind(now).fetch_optional(executor).await?;
    row.as_ref().map(known).transpose()
}
