//! Table `bots`: bots that were made for us or given to us, with their sealed tokens.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use super::{BotId, ClientId, Result, TenantId, sealed};

#[derive(Clone, sqlx::FromRow)]
pub(crate) struct Bot {
    pub(crate) bot_id: BotId,
    pub(crate) client_id: ClientId,
    pub(crate) username: String,
    pub(crate) managed: bool,
    pub(crate) token_sealed: Option<Vec<u8>>,
}

/// The row that a bot's token is sealed for.
pub(crate) fn seal_row(id: BotId) -> String {
    sealed::TOKEN.row(id)
}

/// Keeps a bot, or its newer token. `false`: the bot belongs to another client.
pub(crate) async fn keep(db: impl PgExecutor<'_>, bot: &Bot, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query(
        "insert into bots (bot_id, client_id, username, managed, token_sealed, created_at) values ($1, $2, $3, $4, $5, $6)
         on conflict (bot_id) do update
            set token_sealed = excluded.token_sealed, username = excluded.username
          where bots.client_id = excluded.client_id",
    )
    .bind(bot.bot_id)
    .bind(bot.client_id)
    .bind(&bot.username)
    .bind(bot.managed)
    .bind(&bot.token_sealed)
    .bind(now)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Its owner has given it another name.
pub(crate) async fn rename(db: impl PgExecutor<'_>, id: BotId, username: &str) -> Result<()> {
    sqlx::query("update bots set username = $2 where bot_id = $1").bind(id).bind(username).execute(db).await.map(|_| ())
}

pub(crate) async fn find(db: impl PgExecutor<'_>, id: BotId) -> Result<Option<Bot>> {
    sqlx::query_as("select bot_id, client_id, username, managed, token_sealed from bots where bot_id = $1")
        .bind(id)
        .fetch_optional(db)
        .await
}

/// Whether the bot serves, or is to serve, an order or a tenant that is not on its way out.
pub(crate) async fn in_use(db: impl PgExecutor<'_>, id: BotId) -> Result<bool> {
    sqlx::query_scalar(
        "select exists (select 1 from orders where bot_id = $1 and state in ('draft', 'awaiting_payment'))
             or exists (select 1 from tenants where bot_id = $1 and removal_wanted_at is null)",
    )
    .bind(id)
    .fetch_one(db)
    .await
}

/// The client's bots that serve nothing now, the newest first.
pub(crate) async fn free_of(db: impl PgExecutor<'_>, client: ClientId) -> Result<Vec<Bot>> {
    sqlx::query_as(
        "select bot_id, client_id, username, managed, token_sealed from bots b
          where client_id = $1 and token_sealed is not null
            and not exists (select 1 from orders where bot_id = b.bot_id and state not in ('ended', 'cancelled'))
          order by created_at desc limit 5",
    )
    .bind(client)
    .fetch_all(db)
    .await
}

/// Usernames of the client's bots that serve a tenant which nobody wants removed, oldest first.
pub(crate) async fn at_work_of(db: impl PgExecutor<'_>, client: ClientId) -> Result<Vec<String>> {
    sqlx::query_scalar(
        "select b.username from tenants t join bots b on b.bot_id = t.bot_id
          where t.client_id = $1 and t.removal_wanted_at is null and t.removed_at is null order by t.id",
    )
    .bind(client)
    .fetch_all(db)
    .await
}

/// Another token for a bot that we know.
pub(crate) async fn replace_token(db: impl PgExecutor<'_>, id: BotId, sealed: &[u8]) -> Result<()> {
    sqlx::query("update bots set token_sealed = $2 where bot_id = $1")
        .bind(id)
        .bind(sealed)
        .execute(db)
        .await
        .map(|_| ())
}

/// Forgets the token of a bot that was taken out of service.
pub(crate) async fn wipe_token(db: impl PgExecutor<'_>, id: BotId) -> Result<()> {
    sqlx::query("update bots set token_sealed = null where bot_id = $1").bind(id).execute(db).await.map(|_| ())
}

/// A bot whose token is under a key that nobody has, or that has none although it is to serve.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct Speechless {
    pub(crate) bot_id: BotId,
    pub(crate) username: String,
    pub(crate) managed: bool,
    /// The person it belongs to.
    pub(crate) owner: String,
    pub(crate) owner_telegram_id: i64,
    /// The tenant that it serves, if it does.
    pub(crate) tenant_id: Option<TenantId>,
    pub(crate) slug: Option<String>,
}

const SPEECHLESS: &str = "select b.bot_id, b.username, b.managed, c.name as owner, c.telegram_id as owner_telegram_id,
        t.id as tenant_id, t.slug
   from bots b join clients c on c.id = b.client_id
   left join tenants t on t.bot_id = b.bot_id and t.removed_at is null and t.removal_wanted_at is null";

/// The bots whose token is under another key than this.
pub(crate) async fn with_foreign_tokens(db: impl PgExecutor<'_>, key_id: u8) -> Result<Vec<Speechless>> {
    let sql = format!("{SPEECHLESS} where b.token_key <> $1 order by b.bot_id");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(i16::from(key_id)).fetch_all(db).await
}

/// The bots that serve a tenant, or an order that is not paid yet, and have no token to do it with.
pub(crate) async fn without_token(db: impl PgExecutor<'_>) -> Result<Vec<Speechless>> {
    let sql = format!(
        "{SPEECHLESS} where b.token_sealed is null and (t.id is not null
             or exists (select 1 from orders o where o.bot_id = b.bot_id and o.state in ('draft', 'awaiting_payment')))
          order by b.bot_id"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(db).await
}

/// Puts a token (none: nobody has it any more) in the place of one that is under another key than this. `false`: it
/// is under this key by now.
pub(crate) async fn replace_foreign_token(
    db: impl PgExecutor<'_>,
    id: BotId,
    key_id: u8,
    token: Option<&[u8]>,
) -> Result<bool> {
    let done = sqlx::query("update bots set token_sealed = $3 where bot_id = $1 and token_key <> $2")
        .bind(id)
        .bind(i16::from(key_id))
        .bind(token)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}
