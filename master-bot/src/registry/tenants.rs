//! Table `tenants`: intent, leases and the next attempt.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use shared::slug::Slug;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::{BotId, ClientId, OrderId, Result, TenantId, sealed};

/// A tenant's whole intent, with what its bot is called and until when it is paid for.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct Tenant {
    pub(crate) id: TenantId,
    #[sqlx(try_from = "String")]
    pub(crate) slug: Slug,
    pub(crate) bot_id: BotId,
    pub(crate) bot_username: String,
    pub(crate) token_sealed: Option<Vec<u8>>,
    pub(crate) business_name: String,
    pub(crate) kind: String,
    pub(crate) zone: String,
    pub(crate) language: String,
    /// The language that its buyer is spoken to in, now.
    pub(crate) owner_language: String,
    pub(crate) owner_telegram_id: i64,
    pub(crate) placement_network: i32,
    pub(crate) pg_password_sealed: Vec<u8>,
    pub(crate) redis_password_sealed: Vec<u8>,
    pub(crate) hold_reason: Option<String>,
    pub(crate) removal_wanted_at: Option<DateTime<Utc>>,
    pub(crate) paid_until: Option<DateTime<Utc>>,
    pub(crate) generation: i64,
    pub(crate) restart_generation: i64,
    /// While somebody works on it.
    pub(crate) lease_until: Option<DateTime<Utc>>,
    pub(crate) attempts: i32,
    pub(crate) next_attempt_at: Option<DateTime<Utc>>,
    pub(crate) last_error: Option<String>,
    pub(crate) ready_at: Option<DateTime<Utc>>,
    pub(crate) removed_at: Option<DateTime<Utc>>,
}

pub(super) const SELECT: &str = "select t.id, t.slug, t.bot_id, b.username as bot_username, b.token_sealed, t.business_name, t.kind, t.zone,
        t.language, t.owner_telegram_id, t.placement_network, t.pg_password_sealed, t.redis_password_sealed, t.hold_reason,
        t.removal_wanted_at, s.paid_until, t.generation, t.restart_generation, t.lease_until, t.attempts, t.next_attempt_at,
        t.last_error, t.ready_at, t.removed_at,
        (select c.language from clients c where c.id = t.client_id) as owner_language
   from tenants t join bots b using (bot_id) left join subscriptions s on s.tenant_id = t.id";

/// Why a token is dead: what `trouble` may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeadToken {
    /// A pasted one was revoked: only its owner can give another.
    TokenRefused,
    /// The bot was deleted.
    BotDeleted,
    /// The bot is not managed by ours any more.
    BotNotOurs,
}

impl DeadToken {
    /// The one of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::TokenRefused, Self::BotDeleted, Self::BotNotOurs].into_iter().find(|why| why.name() == name)
    }

    /// As it is called in the registry and the texts.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::TokenRefused => "token_refused",
            Self::BotDeleted => "bot_deleted",
            Self::BotNotOurs => "bot_not_ours",
        }
    }
}

/// A tenant to be made.
pub(crate) struct NewTenant<'a> {
    pub(crate) slug: &'a Slug,
    pub(crate) client_id: ClientId,
    pub(crate) order_id: OrderId,
    pub(crate) bot_id: BotId,
    pub(crate) business_name: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) zone: &'a str,
    pub(crate) language: &'a str,
    pub(crate) owner_telegram_id: i64,
    pub(crate) pg_password_sealed: &'a [u8],
    pub(crate) redis_password_sealed: &'a [u8],
}

/// The next free number. Numbers of rolled-back transactions are skipped and never come again.
pub(crate) async fn next_number(db: &mut PgConnection) -> Result<u32> {
    let n: i64 = sqlx::query_scalar("select nextval('tenant_number')").fetch_one(db).await?;
    u32::try_from(n).map_err(|e| sqlx::Error::Decode(e.into()))
}

/// The row that a tenant's password (`pg` or `redis`) is sealed for.
pub(crate) fn seal_row(slug: &Slug, what: &str) -> String {
    let column = if what == "pg" { sealed::PG_PASSWORD } else { sealed::REDIS_PASSWORD };
    column.row(slug)
}

/// Makes a tenant's row; called in the transaction of the sale, as late as may be: sales wait for one another here.
pub(crate) async fn make(db: &mut PgConnection, new: &NewTenant<'_>, now: DateTime<Utc>) -> Result<TenantId> {
    let network = free_network(db).await?;
    sqlx::query_scalar(
        "insert into tenants (slug, client_id, order_id, bot_id, business_name, kind, zone, language, owner_telegram_id,
                              pg_password_sealed, redis_password_sealed, created_at, placement_network)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) returning id",
    )
    .bind(new.slug.as_str())
    .bind(new.client_id)
    .bind(new.order_id)
    .bind(new.bot_id)
    .bind(new.business_name)
    .bind(new.kind)
    .bind(new.zone)
    .bind(new.language)
    .bind(new.owner_telegram_id)
    .bind(new.pg_password_sealed)
    .bind(new.redis_password_sealed)
    .bind(now)
    .bind(network)
    .fetch_one(db)
    .await
}

/// The lowest network with a place left. Locks the row that says how many fit until the transaction ends, so that two
/// sales at once do not both take the last place; what the one before has placed is seen by the statement after it.
async fn free_network(db: &mut PgConnection) -> Result<i32> {
    let most: i64 =
        sqlx::query_scalar("select value::bigint from settings where key = 'tenants_per_network' for update")
            .fetch_one(&mut *db)
            .await?;
    sqlx::query_scalar(
        "with taken as (select placement_network as n, count(*) as many from tenants where removed_at is null group by 1)
         select min(n)::int from generate_series(1, (select coalesce(max(n), 0) + 1 from taken)) as n
          where not exists (select 1 from taken where taken.n = n.n and taken.many >= $1)",
    )
    .bind(most)
    .fetch_one(db)
    .await
}

/// Everyone who is not wholly gone: what the reconciler looks after.
pub(crate) async fn all_present(db: impl PgExecutor<'_>) -> Result<Vec<Tenant>> {
    let sql = format!("{SELECT} where t.removed_at is null order by t.id");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(db).await
}

/// A tenant with whom it was sold to, so that it can be found by either.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct Listed {
    #[sqlx(flatten)]
    pub(crate) tenant: Tenant,
    pub(crate) client_name: String,
    pub(crate) client_username: Option<String>,
    pub(crate) client_telegram_id: i64,
}

/// The whole fleet, newest first, the gone included.
pub(crate) async fn roster(db: impl PgExecutor<'_>) -> Result<Vec<Listed>> {
    let sql = format!(
        "{} join clients c on c.id = t.client_id order by t.id desc",
        SELECT.replacen(
            "\n   from tenants t",
            ", c.name as client_name, c.username as client_username, c.telegram_id as client_telegram_id\n   from tenants t",
            1
        )
    );
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(db).await
}

/// What a card tells besides the intent.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct About {
    pub(crate) created_at: DateTime<Utc>,
    /// Since when it has failed without a break.
    pub(crate) failing_since: Option<DateTime<Utc>>,
    pub(crate) client_name: String,
    pub(crate) client_username: Option<String>,
    pub(crate) client_telegram_id: i64,
}

pub(crate) async fn about(db: impl PgExecutor<'_>, id: TenantId) -> Result<About> {
    sqlx::query_as(
        "select t.created_at, t.failing_since, c.name as client_name, c.username as client_username,
                c.telegram_id as client_telegram_id
           from tenants t join clients c on c.id = t.client_id where t.id = $1",
    )
    .bind(id)
    .fetch_one(db)
    .await
}

pub(crate) async fn find(db: impl PgExecutor<'_>, slug: &Slug) -> Result<Option<Tenant>> {
    let sql = format!("{SELECT} where t.slug = $1");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(slug.as_str()).fetch_optional(db).await
}

pub(crate) async fn get(db: impl PgExecutor<'_>, id: TenantId) -> Result<Tenant> {
    let sql = format!("{SELECT} where t.id = $1");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_one(db).await
}

/// The order that made a tenant.
pub(crate) async fn order_of(db: &mut PgConnection, id: TenantId) -> Result<OrderId> {
    sqlx::query_scalar("select order_id from tenants where id = $1").bind(id).fetch_one(db).await
}

/// Tenants that are there to stay, found by a part of their name, slug, bot or client, or by the client's Telegram id;
/// newest first.
pub(crate) async fn matching(db: impl PgExecutor<'_>, text: &str, most: i64) -> Result<Vec<Tenant>> {
    let sql = format!(
        "{SELECT} join clients c on c.id = t.client_id
          where t.removal_wanted_at is null and t.removed_at is null
            and (concat_ws(' ', t.business_name, t.slug, b.username, c.name, c.username) ilike $1
                 or c.telegram_id::text = $2)
          order by t.id desc limit $3"
    );
    let like = format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(like).bind(text).bind(most).fetch_all(db).await
}

/// The tenant that an order made, locked until the transaction ends.
pub(crate) async fn of_order(db: &mut PgConnection, order: OrderId) -> Result<Option<Tenant>> {
    let sql = format!("{SELECT} where t.order_id = $1 for update of t");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(order).fetch_optional(db).await
}

/// Tenants whose first start a buyer may be watching, with the payment that made them.
pub(crate) async fn starting(db: impl PgExecutor<'_>, ready_since: DateTime<Utc>) -> Result<Vec<Tenant>> {
    let sql = format!(
        "{SELECT} where t.removed_at is null and t.removal_wanted_at is null and (t.ready_at is null or t.ready_at > $1)"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(ready_since).fetch_all(db).await
}

/// A change of what an operator or the client wants.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Intent<'a> {
    /// An operator holds it stopped, for a reason.
    Hold(&'a str),
    /// The operator's hold ends.
    Release,
    /// Started anew once.
    Restart,
    /// Taken away for good.
    Remove,
}

/// The tenants, gone ones too, a password of whom is under another key than this.
pub(crate) async fn with_foreign_passwords(db: impl PgExecutor<'_>, key_id: u8) -> Result<Vec<(TenantId, String)>> {
    sqlx::query_as("select id, slug from tenants where pg_password_key <> $1 or redis_password_key <> $1 order by id")
        .bind(i16::from(key_id))
        .fetch_all(db)
        .await
}

/// Gives a tenant other passwords, unless its own are under this key by now. Gives whether it is there to be made
/// anew with them; none: nothing was changed.
pub(crate) async fn replace_passwords(
    db: &mut PgConnection,
    id: TenantId,
    key_id: u8,
    (pg, redis): (&[u8], &[u8]),
    now: DateTime<Utc>,
) -> Result<Option<bool>> {
    sqlx::query_scalar(
        "update tenants set pg_password_sealed = $3, redis_password_sealed = $4, generation = generation + 1,
                attempts = 0, last_error = null, next_attempt_at = case when removed_at is null then $5 end
          where id = $1 and (pg_password_key <> $2 or redis_password_key <> $2)
         returning removed_at is null",
    )
    .bind(id)
    .bind(i16::from(key_id))
    .bind(pg)
    .bind(redis)
    .bind(now)
    .fetch_optional(db)
    .await
}

/// Records an intent and makes the next attempt due at once. Given a generation, only if nobody has changed the tenant's
/// fate since. `false`: it changes nothing (or the tenant is gone).
pub(crate) async fn intend(
    db: &mut PgConnection,
    id: TenantId,
    intent: Intent<'_>,
    asked_at: Option<i64>,
    now: DateTime<Utc>,
) -> Result<bool> {
    let (set, guard) = match intent {
        Intent::Hold(_) => ("hold_reason = $3", "hold_reason is distinct from $3"),
        Intent::Release => ("hold_reason = null", "hold_reason is not null and $3::text is null"),
        Intent::Restart => ("restart_generation = restart_generation + 1", "$3::text is null"),
        Intent::Remove => ("removal_wanted_at = $2", "$3::text is null"),
    };
    let sql = format!(
        "update tenants set {set}, generation = generation + 1, attempts = 0, next_attempt_at = $2, last_error = null
          where id = $1 and removal_wanted_at is null and ($4::bigint is null or generation = $4) and {guard}"
    );
    let text = match intent {
        Intent::Hold(reason) => Some(reason),
        Intent::Release | Intent::Restart | Intent::Remove => None,
    };
    let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id).bind(now).bind(text).bind(asked_at);
    let done = query.execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// A worker's right to work on one tenant, checked by every write of its.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lease {
    pub(crate) tenant: TenantId,
    pub(crate) token: Uuid,
    /// The intent that is being worked on; a newer one ends the work.
    pub(crate) generation: i64,
}

/// How long a worker may be silent before another takes over. A living one prolongs its lease far more often.
pub(crate) const LEASE_LASTS: TimeDelta = TimeDelta::seconds(20);

/// A lease that seems to last longer was taken before a clock was put back, and its holder has not prolonged it since.
/// Clocks of two machines may differ by the half of it.
pub(crate) const LEASE_AT_MOST: TimeDelta = TimeDelta::seconds(40);

/// Takes the tenant unless somebody works on it; a short transaction, nobody waits.
pub(crate) async fn lease(
    db: impl PgExecutor<'_>,
    id: TenantId,
    token: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Lease>> {
    let generation: Option<i64> = sqlx::query_scalar(
        "update tenants set lease_token = $2, lease_until = $4
          where id = (select id from tenants
                       where id = $1 and removed_at is null and (lease_until is null or lease_until <= $3 or lease_until > $5)
                       for update skip locked)
         returning generation",
    )
    .bind(id)
    .bind(token)
    .bind(now)
    .bind(now + LEASE_LASTS)
    .bind(now + LEASE_AT_MOST)
    .fetch_optional(db)
    .await?;
    Ok(generation.map(|generation| Lease { tenant: id, token, generation }))
}

/// Prolongs the lease; `false`: it is lost, or the intent has changed, and the work must end.
pub(crate) async fn prolong(db: impl PgExecutor<'_>, lease: &Lease, now: DateTime<Utc>) -> Result<bool> {
    let done =
        sqlx::query("update tenants set lease_until = $4 where id = $1 and lease_token = $2 and generation = $3")
            .bind(lease.tenant)
            .bind(lease.token)
            .bind(lease.generation)
            .bind(now + LEASE_LASTS)
            .execute(db)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Why the work on a tenant ended before it was done.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// For people.
    pub(crate) text: String,
    /// The part that was worked on, if it was one.
    pub(crate) part: Option<&'static str>,
    /// What it means, where that is known for sure (see the table's CHECK).
    pub(crate) trouble: Option<&'static str>,
    pub(crate) next_attempt_at: DateTime<Utc>,
}

/// Gives the tenant back; with a failure, the next attempt waits until its time.
pub(crate) async fn give_back(
    db: impl PgExecutor<'_>,
    lease: &Lease,
    failure: Option<&Failure>,
    now: DateTime<Utc>,
) -> Result<()> {
    // A newer intent has made its own next attempt due; that is not to be put off by the failure of an old one.
    sqlx::query(
        "update tenants set lease_token = null, lease_until = null,
                attempts = case when generation <> $3 then attempts when $4::text is null then 0 else attempts + 1 end,
                failing_since = case when generation <> $3 then failing_since when $4::text is null then null
                                     when last_error is null then $8 else coalesce(failing_since, $8) end,
                failed_part = case when generation <> $3 then failed_part else $6 end,
                trouble = case when generation <> $3 then trouble else $7 end,
                last_error = case when generation <> $3 then last_error else $4 end,
                next_attempt_at = case when generation <> $3 then next_attempt_at else $5 end
          where id = $1 and lease_token = $2",
    )
    .bind(lease.tenant)
    .bind(lease.token)
    .bind(lease.generation)
    .bind(failure.map(|f| f.text.as_str()))
    .bind(failure.map(|f| f.next_attempt_at))
    .bind(failure.and_then(|f| f.part))
    .bind(failure.and_then(|f| f.trouble))
    .bind(now)
    .execute(db)
    .await
    .map(|_| ())
}

/// Something that a failing tenant was waiting for is there: its next attempt is due at once.
pub(crate) async fn due_now(db: impl PgExecutor<'_>, bot: BotId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "update tenants set next_attempt_at = $2 where bot_id = $1 and next_attempt_at > $2 and removed_at is null",
    )
    .bind(bot)
    .bind(now)
    .execute(db)
    .await
    .map(|_| ())
}

/// The tenant that a bot serves, unless it is on its way out.
pub(crate) async fn served_by(db: impl PgExecutor<'_>, bot: BotId) -> Result<Option<Tenant>> {
    let sql = format!("{SELECT} where t.bot_id = $1 and t.removal_wanted_at is null and t.removed_at is null");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(bot).fetch_optional(db).await
}

/// The bot polls for the first time. `false`: it had before.
pub(crate) async fn first_ready(db: &mut PgConnection, lease: &Lease, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query(
        "update tenants set ready_at = $4 where id = $1 and lease_token = $2 and generation = $3 and ready_at is null",
    )
    .bind(lease.tenant)
    .bind(lease.token)
    .bind(lease.generation)
    .bind(now)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Everything of it is gone.
pub(crate) async fn gone(db: impl PgExecutor<'_>, lease: &Lease, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query(
        "update tenants set removed_at = $4, last_error = null, next_attempt_at = null
          where id = $1 and lease_token = $2 and generation = $3",
    )
    .bind(lease.tenant)
    .bind(lease.token)
    .bind(lease.generation)
    .bind(now)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
