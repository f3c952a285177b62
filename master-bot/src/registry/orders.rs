//! Table `orders`: sign-ups.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};

use super::{
    BotId, ClientId, HandSaleId, Kopecks, OrderId, Result, TenantId,
    clients::{Client, ClientOf},
};

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum OrderState {
    /// Questions are being answered.
    Draft,
    /// Everything is known, a payment may be under way.
    AwaitingPayment,
    /// Paid, a tenant was made.
    Paid,
    /// Its tenant was taken away; the bot may be used again.
    Ended,
    /// Given up by the buyer.
    Cancelled,
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct Order {
    pub(crate) id: OrderId,
    pub(crate) client_id: ClientId,
    pub(crate) state: OrderState,
    pub(crate) plan: String,
    pub(crate) price_kopecks: Kopecks,
    pub(crate) days: i32,
    pub(crate) business_name: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) zone: Option<String>,
    pub(crate) contact: Option<String>,
    pub(crate) bot_id: Option<BotId>,
    pub(crate) answered_by: Option<i64>,
    /// The sale by hand that pays for it; the order's own price is then nobody's.
    pub(crate) hand_sale_id: Option<HandSaleId>,
    pub(crate) terms_version: Option<String>,
    /// When the plan was chosen at this price.
    pub(crate) priced_at: DateTime<Utc>,
    /// The price before it changed while the order was under way.
    pub(crate) price_before_kopecks: Option<Kopecks>,
}

const COLUMNS: &str =
    "orders.id, client_id, state, plan, price_kopecks, days, business_name, kind, zone, contact, bot_id, answered_by,
     hand_sale_id, terms_version, coalesce(priced_at, orders.created_at) as priced_at, price_before_kopecks";

/// An order whose answers can still be changed.
const OPEN: &str = "state in ('draft', 'awaiting_payment')";

/// The client's sign-up that is under way.
pub(crate) async fn open_of(db: impl PgExecutor<'_>, client: ClientId) -> Result<Option<Order>> {
    let sql = format!("select {COLUMNS} from orders where client_id = $1 and state in ('draft', 'awaiting_payment')");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(client).fetch_optional(db).await
}

/// The order, locked until the transaction ends.
pub(crate) async fn lock(db: &mut PgConnection, id: OrderId) -> Result<Order> {
    let sql = format!("select {COLUMNS} from orders where id = $1 for update");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_one(db).await
}

pub(crate) async fn find(db: impl PgExecutor<'_>, id: OrderId) -> Result<Option<Order>> {
    let sql = format!("select {COLUMNS} from orders where id = $1");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(db).await
}

/// Whose order it is.
pub(crate) async fn owner(db: impl PgExecutor<'_>, id: OrderId) -> Result<Option<ClientId>> {
    sqlx::query_scalar("select client_id from orders where id = $1").bind(id).fetch_optional(db).await
}

/// The sign-up that a sale by hand pays for.
pub(crate) async fn of_hand_sale(db: impl PgExecutor<'_>, sale: HandSaleId) -> Result<Option<OrderId>> {
    sqlx::query_scalar("select id from orders where hand_sale_id = $1").bind(sale).fetch_optional(db).await
}

/// Lets a sale by hand pay for a sign-up, or (none) no more.
pub(crate) async fn pay_by_hand(
    db: &mut PgConnection,
    id: OrderId,
    sale: Option<HandSaleId>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query("update orders set hand_sale_id = $2, updated_at = $3 where id = $1")
        .bind(id)
        .bind(sale)
        .bind(now)
        .execute(db)
        .await
        .map(|_| ())
}

/// Opens a sign-up; `None` if one is open already.
pub(crate) async fn open(
    db: impl PgExecutor<'_>,
    client: ClientId,
    plan: &str,
    price: Kopecks,
    days: i32,
    now: DateTime<Utc>,
) -> Result<Option<Order>> {
    let sql = format!(
        "insert into orders (client_id, state, plan, price_kopecks, days, created_at, updated_at, priced_at)
         values ($1, 'draft', $2, $3, $4, $5, $5, $5) on conflict do nothing returning {COLUMNS}"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(client)
        .bind(plan)
        .bind(price)
        .bind(days)
        .bind(now)
        .fetch_optional(db)
        .await
}

/// One answer of the sign-up.
#[derive(Clone, Debug)]
pub(crate) enum Answer<'a> {
    BusinessName(&'a str),
    Kind(&'a str),
    Zone(&'a str),
    Contact(&'a str),
    Bot(BotId),
}

/// Writes an answer, brought by the update `by`. `false`: the order is paid or given up.
///
/// A bot that serves another order fails on the constraint `orders_one_bot`.
pub(crate) async fn answer(
    db: impl PgExecutor<'_>,
    id: OrderId,
    answer: &Answer<'_>,
    by: Option<i64>,
    now: DateTime<Utc>,
) -> Result<bool> {
    let column = match answer {
        Answer::BusinessName(_) => "business_name",
        Answer::Kind(_) => "kind",
        Answer::Zone(_) => "zone",
        Answer::Contact(_) => "contact",
        Answer::Bot(_) => "bot_id",
    };
    let sql = format!("update orders set {column} = $2, answered_by = $3, updated_at = $4 where id = $1 and {OPEN}");
    let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id);
    let query = match answer {
        Answer::BusinessName(t) | Answer::Kind(t) | Answer::Zone(t) | Answer::Contact(t) => query.bind(*t),
        Answer::Bot(bot) => query.bind(*bot),
    };
    Ok(query.bind(by).bind(now).execute(db).await?.rows_affected() == 1)
}

/// Another plan, or the same at another price; `before` is a price to be told of.
pub(crate) async fn set_plan(
    db: &mut PgConnection,
    id: OrderId,
    (plan, price, days): (&str, Kopecks, i32),
    before: Option<Kopecks>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "update orders set plan = $2, price_kopecks = $3, days = $4, price_before_kopecks = $5, priced_at = $6,
                updated_at = $6
          where id = $1 and state in ('draft', 'awaiting_payment')",
    )
    .bind(id)
    .bind(plan)
    .bind(price)
    .bind(days)
    .bind(before)
    .bind(now)
    .execute(db)
    .await
    .map(|_| ())
}

/// What a buyer has accepted, and where it could be read.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct Acceptance {
    pub(crate) terms_version: String,
    pub(crate) terms_accepted_at: DateTime<Utc>,
    pub(crate) offer_url: Option<String>,
    pub(crate) privacy_url: Option<String>,
}

/// The terms of this version are accepted; the moment of the first time counts.
pub(crate) async fn accept_terms(
    db: impl PgExecutor<'_>,
    id: OrderId,
    version: &str,
    (offer, privacy): (Option<&str>, Option<&str>),
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "update orders set terms_version = $2, terms_accepted_at = $3, offer_url = $4, privacy_url = $5, updated_at = $3
          where id = $1 and state in ('draft', 'awaiting_payment') and terms_version is distinct from $2",
    )
    .bind(id)
    .bind(version)
    .bind(now)
    .bind(offer)
    .bind(privacy)
    .execute(db)
    .await
    .map(|_| ())
}

/// What this client accepted last, for whatever order.
pub(crate) async fn accepted_by(db: impl PgExecutor<'_>, client: ClientId) -> Result<Option<Acceptance>> {
    sqlx::query_as(
        "select terms_version, terms_accepted_at, offer_url, privacy_url from orders
          where client_id = $1 and terms_version is not null order by terms_accepted_at desc limit 1",
    )
    .bind(client)
    .fetch_optional(db)
    .await
}

/// The order waits for its money.
pub(crate) async fn await_payment(db: &mut PgConnection, id: OrderId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("update orders set state = 'awaiting_payment', updated_at = $2 where id = $1 and state = 'draft'")
        .bind(id)
        .bind(now)
        .execute(db)
        .await
        .map(|_| ())
}

pub(crate) async fn set_state(db: &mut PgConnection, id: OrderId, state: OrderState, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("update orders set state = $2, updated_at = $3 where id = $1")
        .bind(id)
        .bind(state)
        .bind(now)
        .execute(db)
        .await
        .map(|_| ())
}

/// Gives up a sign-up; the sale that would have paid for it waits for somebody again. `false`: it is not under way any more, for it was paid or given up before.
pub(crate) async fn cancel(db: impl PgExecutor<'_>, id: OrderId, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query(
        "update orders set state = 'cancelled', hand_sale_id = null, updated_at = $2
          where id = $1 and state in ('draft', 'awaiting_payment')",
    )
    .bind(id)
    .bind(now)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The key of the one hint that a sign-up without a bot is given.
pub(crate) fn hint_key(order: OrderId) -> String {
    format!("silence:{order}")
}

/// Drafts in which nothing but the bot is missing, untouched since a moment within these bounds, and not hinted yet;
/// with their clients.
pub(crate) async fn waiting_for_bot(
    db: impl PgExecutor<'_>,
    after: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<(Order, Client)>> {
    #[derive(sqlx::FromRow)]
    struct Row {
        #[sqlx(flatten)]
        order: Order,
        #[sqlx(flatten)]
        client: ClientOf,
    }
    let sql = format!(
        "select {COLUMNS}, {} from orders join clients on clients.id = client_id
          where {WAITING} and updated_at > $1 and updated_at <= $2 order by orders.id limit 100",
        ClientOf::COLUMNS
    );
    let rows: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(after).bind(until).fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| (row.order, row.client.into())).collect())
}

/// Since when the one of them has waited that was touched first after `after`.
pub(crate) async fn next_to_wait(db: impl PgExecutor<'_>, after: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
    let sql = format!("select min(updated_at) from orders where {WAITING} and updated_at > $1");
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(after).fetch_one(db).await
}

/// Nothing but the bot is missing, and no hint was given.
const WAITING: &str = "state = 'draft' and bot_id is null and contact is not null
    and not exists (select 1 from outbox where key = 'silence:' || orders.id)";

/// The tenant of this order is gone.
pub(crate) async fn end_of(db: &mut PgConnection, tenant: TenantId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "update orders set state = 'ended', updated_at = $2
          where id = (select order_id from tenants where id = $1) and state = 'paid'",
    )
    .bind(tenant)
    .bind(now)
    .execute(db)
    .await
    .map(|_| ())
}
