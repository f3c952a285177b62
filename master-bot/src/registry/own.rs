//! What a client is shown of their own tenants: tables `tenants`, `bots` and `subscriptions`.

use shared::slug::Slug;
use sqlx::{PgConnection, PgExecutor};

use super::{
    ClientId, Result,
    tenants::{self, Tenant},
};

/// One of a client's tenants.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct Own {
    #[sqlx(flatten)]
    pub(crate) tenant: Tenant,
    /// Whether its token is ours for the asking.
    pub(crate) managed: bool,
    /// What a failure means, where that is known for sure (see the table's CHECK).
    pub(crate) trouble: Option<String>,
    pub(crate) plan: Option<String>,
}

fn select() -> String {
    let own = tenants::SELECT.replacen("select ", "select b.managed, t.trouble, s.plan, ", 1);
    format!("{own} where t.client_id = $1 and t.removed_at is null")
}

/// All that are not wholly gone, oldest first.
pub(crate) async fn all(db: impl PgExecutor<'_>, client: ClientId) -> Result<Vec<Own>> {
    let sql = format!("{} order by t.id", select());
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(client).fetch_all(db).await
}

/// One of them; none if it is somebody else's.
pub(crate) async fn one(db: impl PgExecutor<'_>, client: ClientId, slug: &Slug) -> Result<Option<Own>> {
    let sql = format!("{} and t.slug = $2", select());
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(client).bind(slug.as_str()).fetch_optional(db).await
}

/// The same, locked until the transaction ends.
pub(crate) async fn lock(db: &mut PgConnection, client: ClientId, slug: &Slug) -> Result<Option<Own>> {
    let sql = format!("{} and t.slug = $2 for update of t", select());
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(client).bind(slug.as_str()).fetch_optional(db).await
}
