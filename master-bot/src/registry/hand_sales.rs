//! Table `hand_sales`: what owners sell by hand.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};

use super::{HandSaleId, Kopecks, OrderId, Result, TenantId, payments::Method};

/// Where a sale by hand stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum HandSaleState {
    /// Being composed.
    Draft,
    /// Agreed to; the money or the person is still to come.
    Open,
    /// Paid and served.
    Settled,
    /// Called off.
    Revoked,
}

#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct HandSale {
    pub(crate) id: HandSaleId,
    /// Telegram id of the owner who makes it.
    pub(crate) seller_id: i64,
    pub(crate) state: HandSaleState,
    /// Whose time is prolonged; none: it is for somebody who is to sign up by its link.
    pub(crate) tenant_id: Option<TenantId>,
    pub(crate) plan: Option<String>,
    pub(crate) days: Option<i32>,
    pub(crate) amount_kopecks: Option<Kopecks>,
    pub(crate) method: Option<Method>,
    /// Empty: there is nothing to say.
    pub(crate) note: Option<String>,
    pub(crate) revision: i32,
    pub(crate) answered_by: Option<i64>,
    pub(crate) agreed_at: Option<DateTime<Utc>>,
    pub(crate) money_at: Option<DateTime<Utc>>,
    /// Telegram id of whoever has the money.
    pub(crate) money_by: Option<i64>,
}

/// What a sale that was agreed to says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Agreed<'a> {
    /// None: a number of days of the owner's own.
    pub(crate) plan: Option<&'a str>,
    pub(crate) days: i32,
    pub(crate) amount: Kopecks,
    pub(crate) method: Method,
    pub(crate) note: Option<&'a str>,
}

impl HandSale {
    /// None while something is still to be answered.
    pub(crate) fn agreed(&self) -> Option<Agreed<'_>> {
        Some(Agreed {
            plan: self.plan.as_deref(),
            days: self.days?,
            amount: self.amount_kopecks?,
            method: self.method?,
            note: self.note.as_deref().map(|note| Some(note).filter(|n| !n.is_empty()))?,
        })
    }
}

const COLUMNS: &str =
    "id, seller_id, state, tenant_id, plan, days, amount_kopecks, method, note, revision, answered_by,
        agreed_at, money_at, money_by";

/// Opens a draft in the place of the one that this owner may have.
pub(crate) async fn open_draft(
    db: &mut PgConnection,
    seller: i64,
    tenant: Option<TenantId>,
    now: DateTime<Utc>,
) -> Result<HandSale> {
    sqlx::query("delete from hand_sales where seller_id = $1 and state = 'draft'")
        .bind(seller)
        .execute(&mut *db)
        .await?;
    let sql = format!(
        "insert into hand_sales (seller_id, state, tenant_id, created_at) values ($1, 'draft', $2, $3) returning {COLUMNS}"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(seller).bind(tenant).bind(now).fetch_one(db).await
}

/// Forgets a draft. `false`: it is none any more.
pub(crate) async fn drop_draft(db: impl PgExecutor<'_>, id: HandSaleId, seller: i64) -> Result<bool> {
    let done = sqlx::query("delete from hand_sales where id = $1 and seller_id = $2 and state = 'draft'")
        .bind(id)
        .bind(seller)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn draft_of(db: impl PgExecutor<'_>, seller: i64) -> Result<Option<HandSale>> {
    let sql = format!("select {COLUMNS} from hand_sales where seller_id = $1 and state = 'draft'");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(seller).fetch_optional(db).await
}

pub(crate) async fn find(db: impl PgExecutor<'_>, id: HandSaleId) -> Result<Option<HandSale>> {
    let sql = format!("select {COLUMNS} from hand_sales where id = $1");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(db).await
}

/// The sale, locked until the transaction ends. Whoever needs an order's lock too takes that one first.
pub(crate) async fn lock(db: &mut PgConnection, id: HandSaleId) -> Result<Option<HandSale>> {
    let sql = format!("select {COLUMNS} from hand_sales where id = $1 for update");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(db).await
}

/// The sale that a link leads to.
pub(crate) async fn by_code(db: impl PgExecutor<'_>, hash: &[u8]) -> Result<Option<HandSale>> {
    let sql = format!("select {COLUMNS} from hand_sales where code_hash = $1");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(hash).fetch_optional(db).await
}

/// One answer of the owner.
#[derive(Clone, Debug)]
pub(crate) enum HandAnswer<'a> {
    /// A plan's code with its days, or days alone.
    Days(Option<&'a str>, i32),
    Amount(Kopecks),
    Method(Method),
    Note(&'a str),
}

/// Writes an answer of this owner, brought by the update `by`, into a draft. `false`: it is no draft any more.
pub(crate) async fn answer(
    db: impl PgExecutor<'_>,
    id: HandSaleId,
    seller: i64,
    answer: &HandAnswer<'_>,
    by: i64,
) -> Result<bool> {
    let set = match answer {
        // Another term has another price.
        HandAnswer::Days(..) => "days = $4, plan = $5, amount_kopecks = null",
        HandAnswer::Amount(_) => "amount_kopecks = $4",
        HandAnswer::Method(_) => "method = $4",
        HandAnswer::Note(_) => "note = $4",
    };
    let sql = format!(
        "update hand_sales set {set}, revision = revision + 1, answered_by = $3
          where id = $1 and seller_id = $2 and state = 'draft'"
    );
    let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id).bind(seller).bind(by);
    let query = match answer {
        HandAnswer::Days(plan, days) => query.bind(*days).bind(*plan),
        HandAnswer::Amount(amount) => query.bind(*amount),
        HandAnswer::Method(method) => query.bind(*method),
        HandAnswer::Note(note) => query.bind(*note),
    };
    Ok(query.execute(db).await?.rows_affected() == 1)
}

/// The owner agrees, by the update `by`, to what the draft said at `revision`. The money of all but an invoice is there with that.
pub(crate) async fn agree(
    db: &mut PgConnection,
    id: HandSaleId,
    seller: i64,
    (revision, by): (i32, i64),
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query(
        "update hand_sales set state = 'open', agreed_at = $4, answered_by = $5,
                money_at = case when method <> 'invoice' then $4 end, money_by = case when method <> 'invoice' then $2 end
          where id = $1 and seller_id = $2 and revision = $3 and state = 'draft'
            and num_nulls(days, amount_kopecks, method, note) = 0",
    )
    .bind(id)
    .bind(seller)
    .bind(revision)
    .bind(now)
    .bind(by)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The invoice is paid, `by` says. `false`: that was said before, or it is not open.
pub(crate) async fn money_came(db: &mut PgConnection, id: HandSaleId, by: i64, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query(
        "update hand_sales set money_at = $3, money_by = $2 where id = $1 and state = 'open' and money_at is null",
    )
    .bind(id)
    .bind(by)
    .bind(now)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Its payment is booked.
pub(crate) async fn settle(db: &mut PgConnection, id: HandSaleId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("update hand_sales set state = 'settled', settled_at = $2 where id = $1 and state = 'open'")
        .bind(id)
        .bind(now)
        .execute(db)
        .await
        .map(|_| ())
}

/// Calls it off. `false`: it is not open.
pub(crate) async fn revoke(db: &mut PgConnection, id: HandSaleId, by: i64, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query(
        "update hand_sales set state = 'revoked', revoked_at = $3, revoked_by = $2 where id = $1 and state = 'open'",
    )
    .bind(id)
    .bind(by)
    .bind(now)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives the sale a new link in the place of its former one. `false`: this very tap has made one already, or the
/// sale waits for nobody.
pub(crate) async fn set_code(db: impl PgExecutor<'_>, id: HandSaleId, hash: &[u8], cause: &str) -> Result<bool> {
    let done = sqlx::query(
        "update hand_sales set code_hash = $2, code_cause = $3
          where id = $1 and state = 'open' and tenant_id is null and code_cause is distinct from $3
            and not exists (select 1 from orders where hand_sale_id = $1)",
    )
    .bind(id)
    .bind(hash)
    .bind(cause)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A line of the list of sales.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct HandSaleLine {
    #[sqlx(flatten)]
    pub(crate) sale: HandSale,
    /// The sign-up that its link was opened for.
    pub(crate) order_id: Option<OrderId>,
    /// Whoever it is for, once that is known.
    pub(crate) client: Option<String>,
    pub(crate) client_username: Option<String>,
    /// The bot that it pays for, once there is one.
    pub(crate) slug: Option<String>,
    pub(crate) business_name: Option<String>,
    /// Whether a link was made for it.
    pub(crate) has_link: bool,
    /// Whether the client has answered everything and waits.
    pub(crate) client_is_ready: bool,
}

const LINE: &str = "select s.id, s.seller_id, s.state, s.tenant_id, s.plan, s.days, s.amount_kopecks, s.method, s.note,
        s.revision, s.answered_by, s.agreed_at, s.money_at, s.money_by, o.id as order_id, c.name as client,
        c.username as client_username, t.slug,
        coalesce(t.business_name, o.business_name) as business_name,
        s.code_hash is not null as has_link, coalesce(o.state = 'awaiting_payment', false) as client_is_ready
   from hand_sales s left join orders o on o.hand_sale_id = s.id
   left join tenants t on t.id = s.tenant_id or t.order_id = o.id
   left join clients c on c.id = coalesce(o.client_id, t.client_id)";

/// One page of what was agreed to, what waits first, then newest first.
pub(crate) async fn page(db: impl PgExecutor<'_>, offset: i64, most: i64) -> Result<Vec<HandSaleLine>> {
    let sql = format!("{LINE} where s.state <> 'draft' order by s.state <> 'open', s.id desc offset $1 limit $2");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(offset).bind(most).fetch_all(db).await
}

pub(crate) async fn line(db: impl PgExecutor<'_>, id: HandSaleId) -> Result<Option<HandSaleLine>> {
    let sql = format!("{LINE} where s.id = $1");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(db).await
}

/// How many were agreed to, and how many of them are open.
pub(crate) async fn count(db: impl PgExecutor<'_>) -> Result<(i64, i64)> {
    sqlx::query_as("select count(*), count(*) filter (where state = 'open') from hand_sales where state <> 'draft'")
        .fetch_one(db)
        .await
}
