//! Who runs the business.

use shared::texts::Lang;
use sqlx::PgExecutor;

use crate::booking::{UserId, policy::Role};

/// What a person is to the business.
///
/// # Errors
/// When Postgres fails.
pub async fn role_of(executor: impl PgExecutor<'_>, user: UserId) -> Result<Role, sqlx::Error> {
    let owner = sqlx::query_scalar("select exists (select 1 from admins where user_id = $1 and role = 'owner')")
        .bind(user.0)
        .fetch_one(executor)
        .await?;
    Ok(if owner { Role::Owner } else { Role::Customer })
}

/// The owners, and the language each is known to speak.
///
/// # Errors
/// When Postgres fails.
pub async fn owners(executor: impl PgExecutor<'_>) -> Result<Vec<(UserId, Option<Lang>)>, sqlx::Error> {
    let rows: Vec<(i64, Option<String>)> = sqlx::query_as(
        "select a.user_id, u.language from admins a left join users u using (user_id)
          where a.role = 'owner' order by a.user_id",
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(|(id, lang)| (UserId(id), lang.map(|l| Lang::from_code(Some(&l))))).collect())
}
