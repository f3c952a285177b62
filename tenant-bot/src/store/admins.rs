//! Who runs the business.

use shared::texts::Lang;
use sqlx::PgExecutor;

use crate::booking::{
    ResourceId, UserId,
    roles::{Member, Role},
};

/// Reads the word of a role; whoever has none, or one that this version does not know, is a customer.
pub(super) fn role(word: Option<String>) -> Role {
    word.and_then(|word| Role::from_word(&word)).unwrap_or(Role::Customer)
}

/// What a person is to the business.
///
/// # Errors
/// When Postgres fails.
pub async fn find(executor: impl PgExecutor<'_>, user: UserId) -> Result<Member, sqlx::Error> {
    let row: Option<(Option<String>, Option<i64>)> =
        sqlx::query_as("select role, resource_id from admins where user_id = $1")
            .bind(user.0)
            .fetch_optional(executor)
            .await?;
    let (word, resource) = row.unwrap_or_default();
    Ok(Member { id: user, role: role(word), resource: resource.map(ResourceId) })
}

/// Those who are told of bookings, and the language each is known to speak.
///
/// # Errors
/// When Postgres fails.
pub async fn told(executor: impl PgExecutor<'_>) -> Result<Vec<(Member, Option<Lang>)>, sqlx::Error> {
    let rows: Vec<(i64, Option<String>, Option<i64>, Option<String>)> = sqlx::query_as(
        "select a.user_id, a.role, a.resource_id, u.language from admins a left join users u using (user_id)
          where a.told order by a.user_id",
    )
    .fetch_all(executor)
    .await?;
    let read = |(id, word, resource, lang): (i64, Option<String>, Option<i64>, Option<String>)| {
        let member = Member { id: UserId(id), role: role(word), resource: resource.map(ResourceId) };
        (member, lang.map(|l| Lang::from_code(Some(&l))))
    };
    Ok(rows.into_iter().map(read).collect())
}
