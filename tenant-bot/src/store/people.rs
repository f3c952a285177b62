//! What people have agreed to and chosen, everything that is kept of one of them, and how that is forgotten.

use chrono::{DateTime, Utc};
use serde_json::Value;
use shared::texts::Lang;
use sqlx::{PgConnection, PgExecutor};

use crate::booking::{BookingId, UserId};

/// What is known of a person's choices.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Choices {
    /// Two letters.
    pub language: String,
    /// Whether it was chosen by hand.
    pub language_chosen: bool,
    /// The version of the words that they agreed to.
    pub consent_version: Option<String>,
    /// Whether they are sent news.
    pub broadcasts: bool,
    /// Whether they are reminded.
    pub reminders: bool,
}

/// A person's choices; none for one who is not known.
///
/// # Errors
/// When Postgres fails.
pub async fn choices(executor: impl PgExecutor<'_>, user: UserId) -> Result<Option<Choices>, sqlx::Error> {
    sqlx::query_as(
        "select language, language_chosen, consent_version, no_broadcasts_since is null as broadcasts,
                no_reminders_since is null as reminders
           from users where user_id = $1",
    )
    .bind(user.0)
    .fetch_optional(executor)
    .await
}

/// Notes to which words a person agrees, and when; who has agreed to the same ones before did so then.
///
/// # Errors
/// When Postgres fails.
pub async fn agree(
    executor: impl PgExecutor<'_>,
    user: UserId,
    version: &str,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update users set consent_version = $2, consent_at = $3 where user_id = $1 and consent_version is distinct from $2",
    )
    .bind(user.0)
    .bind(version)
    .bind(now)
    .execute(executor)
    .await
    .map(|_| ())
}

/// Notes the language that a person chose by hand.
///
/// # Errors
/// When Postgres fails.
pub async fn choose_language(executor: impl PgExecutor<'_>, user: UserId, lang: Lang) -> Result<(), sqlx::Error> {
    sqlx::query("update users set language = $2, language_chosen = true where user_id = $1")
        .bind(user.0)
        .bind(lang.code())
        .execute(executor)
        .await
        .map(|_| ())
}

/// Switches news and reminders on or off; none leaves it as it is. Since when something is off is kept.
///
/// # Errors
/// When Postgres fails.
pub async fn subscribe(
    executor: impl PgExecutor<'_>,
    user: UserId,
    broadcasts: Option<bool>,
    reminders: Option<bool>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update users
            set no_broadcasts_since =
                    case $2 when true then null when false then coalesce(no_broadcasts_since, $4) else no_broadcasts_since end,
                no_reminders_since =
                    case $3 when true then null when false then coalesce(no_reminders_since, $4) else no_reminders_since end
          where user_id = $1",
    )
    .bind(user.0)
    .bind(broadcasts)
    .bind(reminders)
    .bind(now)
    .execute(executor)
    .await
    .map(|_| ())
}

/// Everything that is kept of a person, as one document.
///
/// # Errors
/// When Postgres fails.
pub async fn export(executor: impl PgExecutor<'_>, user: UserId) -> Result<Value, sqlx::Error> {
    sqlx::query_scalar(
        "select json_build_object(
             'person', (select json_build_object(
                           'telegram_id', u.user_id, 'first_name', u.first_name, 'last_name', u.last_name,
                           'username', u.username, 'contact_name', u.contact_name, 'phone', u.phone,
                           'language', u.language, 'language_chosen_by_hand', u.language_chosen,
                           'first_seen', u.created_at, 'last_seen', u.seen_at, 'news_off_since', u.no_broadcasts_since,
                           'reminders_off_since', u.no_reminders_since, 'blocked_since', u.blocked_at,
                           'note', u.note, 'tags', u.tags, 'discount_percent', u.discount_percent,
                           'consent', json_build_object('version', u.consent_version, 'at', u.consent_at))
                          from users u where u.user_id = $1),
             'bookings', (select coalesce(json_agg(json_build_object(
                           'number', b.id, 'status', b.status, 'starts_at', b.starts_at, 'ends_at', b.ends_at,
                           'made_at', b.created_at, 'name', b.customer_name, 'phone', b.phone, 'people', b.party,
                           'price_kopecks', b.price_kopecks, 'price_to_kopecks', b.price_to_kopecks,
                           'comment', b.comment, 'answers', b.answers, 'came_from', b.source,
                           'moved_from', b.moved_from, 'series', b.series_id, 'note', b.note,
                           'discount_percent', b.discount_percent, 'paid_kopecks', b.paid_kopecks,
                           'made_by_the_business', b.made_by is not null and b.made_by <> b.user_id, 'said_they_come_at', b.coming_at,
                           'cancelled_at', b.cancelled_at, 'cancelled_by', b.cancelled_by_kind,
                           'cancel_reason', b.cancel_reason,
                           'service', s.name, 'resource', r.name,
                           'lines', (select coalesce(json_agg(json_build_object(
                                        'service', ls.name, 'starts_at', l.starts_at, 'minutes', l.duration_minutes,
                                        'price_kopecks', l.price_kopecks, 'price_to_kopecks', l.price_to_kopecks,
                                        'resources', (select json_agg(lr.name order by lr.id) from resources lr
                                                       where lr.id = any(l.resource_ids))) order by l.position), '[]')
                                       from booking_lines l join services ls on ls.id = l.service_id
                                      where l.booking_id = b.id),
                           'history', (select coalesce(json_agg(json_build_object(
                                          'what', h.action, 'by', h.actor_kind, 'at', h.at, 'detail', h.detail)
                                          order by h.id), '[]')
                                         from booking_history h where h.booking_id = b.id),
                           'feedback', (select json_build_object('stars', f.rating, 'comment', f.comment,
                                                                 'at', f.created_at)
                                          from feedback f where f.booking_id = b.id))
                           order by b.starts_at, b.id), '[]')
                          from bookings b join services s on s.id = b.service_id join resources r on r.id = b.resource_id
                         where b.user_id = $1),
             'waitlist', (select coalesce(json_agg(json_build_object(
                           'visit', w.visit, 'people', w.party, 'from', lower(w.wanted), 'until', upper(w.wanted),
                           'state', w.state, 'since', w.created_at) order by w.id), '[]')
                          from waitlist w where w.user_id = $1),
             'messages_to_you', (select coalesce(json_agg(json_build_object(
                           'text', coalesce(o.body ->> 'text', o.body ->> 'caption'), 'at', o.settled_at,
                           'state', o.state) order by o.id), '[]')
                          from outbox o where o.chat_id = $1))",
    )
    .bind(user.0)
    .fetch_one(executor)
    .await
}

/// Locks a person for being forgotten; `false` if nobody of that id is known. No stronger than others lock them: whoever has
/// one of their bookings may still write a row that refers to them, and is waited for at the booking.
///
/// # Errors
/// When Postgres fails.
pub async fn lock(executor: impl PgExecutor<'_>, user: UserId) -> Result<bool, sqlx::Error> {
    let found =
        sqlx::query("select from users where user_id = $1 for no key update").bind(user.0).fetch_optional(executor);
    Ok(found.await?.is_some())
}

/// A new nobody, who takes over what a person leaves behind: a negative number, which no Telegram id is.
///
/// # Errors
/// When Postgres fails.
pub async fn make_nobody(executor: impl PgExecutor<'_>, of: UserId, now: DateTime<Utc>) -> Result<UserId, sqlx::Error> {
    sqlx::query_scalar(
        "insert into users (user_id, first_name, language, created_at, seen_at, no_broadcasts_since, no_reminders_since,
                            forgotten_at)
         select -nextval('nobodies'), '', language, created_at, seen_at, $2, $2, $2 from users where user_id = $1
         returning user_id",
    )
    .bind(of.0)
    .bind(now)
    .fetch_one(executor)
    .await
    .map(UserId)
}

/// The phone numbers by which messages to others may know a person.
///
/// # Errors
/// When Postgres fails.
pub async fn phones(executor: impl PgExecutor<'_>, user: UserId) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "select phone from users where user_id = $1 and phone is not null
          union select phone from bookings where user_id = $1 and phone <> ''",
    )
    .bind(user.0)
    .fetch_all(executor)
    .await
}

/// Gives everything of a person to a nobody, without what tells who they were.
///
/// # Errors
/// When Postgres fails.
pub async fn hand_over(conn: &mut PgConnection, from: UserId, to: UserId) -> Result<(), sqlx::Error> {
    super::waitlist::lock_all_of(&mut *conn, from).await?;
    for sql in [
        "update booking_history set detail = null
          where detail is not null and action in ('cancelled', 'lapsed', 'edited')
            and booking_id in (select id from bookings where user_id = $1)",
        "update bookings set user_id = $2, customer_name = '', phone = '', comment = null, answers = '[]',
                             cancel_reason = null, note = null,
                             cancelled_by = case cancelled_by when $1 then $2 else cancelled_by end
          where user_id = $1",
        // What somebody of the business has done stays theirs.
        "update booking_history set actor_id = $2
          where actor_id = $1
            and (actor_kind = 'customer' or not exists (select 1 from admins where user_id = $1))",
        // Whose card the team has written to is told by its number only, and that goes too.
        "update audit_log set subject = null, detail = jsonb_build_object('customer', $2::bigint)
          where detail ->> 'customer' = $1::bigint::text",
        "update feedback set user_id = $2, comment = null where user_id = $1",
        "update waitlist set user_id = $2, state = case when state in ('waiting', 'offered') then 'left' else state end,
                             offered_until = null, look_at = null
          where user_id = $1",
        "update broadcast_letters set chat_id = $2, state = case state when 'due' then 'skipped' else state end
          where chat_id = $1",
        // What somebody of the business has sent stays theirs.
        "update broadcasts set from_chat_id = $2, made_by = $2, title = ''
          where made_by = $1 and not exists (select 1 from admins where user_id = $1)",
        "update broadcasts set watched_by = null where watched_by = $1",
    ] {
        sqlx::query(sql).bind(from.0).bind(to.0).execute(&mut *conn).await?;
    }
    Ok(())
}

/// The bookings of somebody that are to take place or keep a time for them, locked, in their order.
///
/// # Errors
/// When Postgres fails.
pub async fn lock_ahead(
    executor: impl PgExecutor<'_>,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<Vec<BookingId>, sqlx::Error> {
    let ids: Vec<i64> = sqlx::query_scalar(
        "select id from bookings
          where user_id = $1 and (status in ('requested', 'held') or status = 'confirmed' and starts_at > $2)
          order by id for no key update",
    )
    .bind(user.0)
    .bind(now)
    .fetch_all(executor)
    .await?;
    Ok(ids.into_iter().map(BookingId).collect())
}

/// Empties the messages to a person, and those to others that tell of them: what is settled keeps no words, what was still
/// to be sent to them is not sent any more. What is on its way to anybody else arrives.
///
/// # Errors
/// When Postgres fails.
pub async fn wipe_letters(
    conn: &mut PgConnection,
    (from, to): (UserId, UserId),
    phones: &[String],
) -> Result<(), sqlx::Error> {
    sqlx::query("delete from outbox where chat_id = $1 and state = 'due'").bind(from.0).execute(&mut *conn).await?;
    sqlx::query("update outbox set body = '{}', chat_id = $2 where chat_id = $1 and state <> 'sending'")
        .bind(from.0)
        .bind(to.0)
        .execute(&mut *conn)
        .await?;
    // Letters about a booking are called `what:booking:to whom`.
    sqlx::query(
        "update outbox set body = '{}'
          where state in ('sent', 'failed', 'unknown') and body <> '{}'
            and (body::text ~ ('tg://user\\?id=' || $1 || '\\D')
                 or exists (select 1 from unnest($2::text[]) as p (phone) where position(p.phone in body::text) > 0)
                 or key ~ '^[a-z_]+:[0-9]+:[0-9]+$' and key not like 'update:%'
                    and split_part(key, ':', 2)::numeric in (select id from bookings where user_id = $3))",
    )
    .bind(from.0)
    .bind(phones)
    .bind(to.0)
    .execute(conn)
    .await
    .map(|_| ())
}

/// Deletes a person, of whom nothing must be left elsewhere.
///
/// # Errors
/// When Postgres fails.
pub async fn delete(executor: impl PgExecutor<'_>, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query("delete from users where user_id = $1").bind(user.0).execute(executor).await.map(|_| ())
}
