//! Table `payments`: one row per attempt to pay.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::{HandSaleId, Kopecks, OrderId, PaymentId, Result};

/// Where an attempt stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum PaymentStatus {
    /// The provider is to be (or is being) asked for it.
    Creating,
    /// The buyer has a page to pay on.
    Pending,
    /// The money is ours.
    Succeeded,
    /// It will never come.
    Canceled,
    /// The provider took another sum than was asked.
    Mismatched,
}

impl PaymentStatus {
    /// Whether anything can still change.
    pub(crate) fn is_settled(self) -> bool {
        !matches!(self, Self::Creating | Self::Pending)
    }
}

/// How the money comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum Method {
    /// Through the provider, which is asked about it.
    Yookassa,
    /// The others are taken by hand, and nobody is asked about them.
    Cash,
    Transfer,
    Invoice,
}

impl Method {
    pub(crate) const BY_HAND: [Self; 3] = [Self::Cash, Self::Transfer, Self::Invoice];

    /// As the table and the buttons write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Yookassa => "yookassa",
            Self::Cash => "cash",
            Self::Transfer => "transfer",
            Self::Invoice => "invoice",
        }
    }
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct Payment {
    pub(crate) id: PaymentId,
    pub(crate) order_id: OrderId,
    pub(crate) idempotence_key: Uuid,
    pub(crate) provider_id: Option<String>,
    pub(crate) amount_kopecks: Kopecks,
    pub(crate) status: PaymentStatus,
    pub(crate) confirmation_url: Option<String>,
    pub(crate) attempts: i32,
    pub(crate) method: Method,
    pub(crate) created_at: DateTime<Utc>,
    /// What the provider is asked with besides the sum, now and in every repeated call.
    pub(crate) asked: Option<Value>,
}

const COLUMNS: &str =
    "id, order_id, idempotence_key, provider_id, amount_kopecks, status, confirmation_url, attempts, method, created_at,
    asked";

/// Notes the intent to ask for a payment, key first.
pub(crate) async fn intend(
    db: &mut PgConnection,
    order: OrderId,
    key: Uuid,
    (amount, asked): (Kopecks, &Value),
    now: DateTime<Utc>,
    look_at: DateTime<Utc>,
) -> Result<Payment> {
    let sql = format!(
        "insert into payments (order_id, idempotence_key, amount_kopecks, status, next_look_at, created_at, asked)
         values ($1, $2, $3, 'creating', $5, $4, $6) returning {COLUMNS}"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(order)
        .bind(key)
        .bind(amount)
        .bind(now)
        .bind(look_at)
        .bind(asked)
        .fetch_one(db)
        .await
}

/// Money that was taken by hand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken<'a> {
    pub(crate) order: OrderId,
    pub(crate) sale: HandSaleId,
    pub(crate) amount: Kopecks,
    pub(crate) method: Method,
    /// Who has it: `operator:<Telegram id>`.
    pub(crate) by: &'a str,
    pub(crate) note: Option<&'a str>,
}

/// Writes money that was taken by hand: it is there, so it is settled from the first. One sale has one such row; a
/// second one fails.
pub(crate) async fn take(db: &mut PgConnection, taken: &Taken<'_>, key: Uuid, now: DateTime<Utc>) -> Result<Payment> {
    let sql = format!(
        "insert into payments (order_id, idempotence_key, amount_kopecks, status, method, hand_sale_id, taken_by, note,
                               created_at, settled_at)
         values ($1, $2, $3, 'succeeded', $4, $5, $6, $7, $8, $8) returning {COLUMNS}"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(taken.order)
        .bind(key)
        .bind(taken.amount)
        .bind(taken.method)
        .bind(taken.sale)
        .bind(taken.by)
        .bind(taken.note)
        .bind(now)
        .fetch_one(db)
        .await
}

/// The attempt of this order that is not settled yet.
pub(crate) async fn open_of(db: &mut PgConnection, order: OrderId) -> Result<Option<Payment>> {
    let sql = format!(
        "select {COLUMNS} from payments where order_id = $1 and status in ('creating', 'pending') order by id desc limit 1"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(order).fetch_optional(db).await
}

pub(crate) async fn find(db: impl PgExecutor<'_>, id: PaymentId) -> Result<Option<Payment>> {
    let sql = format!("select {COLUMNS} from payments where id = $1");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(db).await
}

/// The payment, locked until the transaction ends.
pub(crate) async fn lock(db: &mut PgConnection, id: PaymentId) -> Result<Option<Payment>> {
    let sql = format!("select {COLUMNS} from payments where id = $1 for update");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(db).await
}

/// The provider has made it.
pub(crate) async fn created(
    db: impl PgExecutor<'_>,
    id: PaymentId,
    provider_id: &str,
    confirmation_url: Option<&str>,
    look_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "update payments set provider_id = $2, confirmation_url = coalesce($3, confirmation_url), next_look_at = $4,
                status = 'pending', attempts = 0
          where id = $1 and status in ('creating', 'pending')",
    )
    .bind(id)
    .bind(provider_id)
    .bind(confirmation_url)
    .bind(look_at)
    .execute(db)
    .await
    .map(|_| ())
}

/// Nothing is known yet: look again later.
pub(crate) async fn look_again(
    db: impl PgExecutor<'_>,
    id: PaymentId,
    look_at: DateTime<Utc>,
    failed: bool,
) -> Result<()> {
    sqlx::query(
        "update payments set next_look_at = $2, attempts = case when $3 then attempts + 1 else 0 end
          where id = $1 and status in ('creating', 'pending')",
    )
    .bind(id)
    .bind(look_at)
    .bind(failed)
    .execute(db)
    .await
    .map(|_| ())
}

/// The last word on this attempt.
pub(crate) async fn settle(
    db: &mut PgConnection,
    id: PaymentId,
    provider_id: &str,
    status: PaymentStatus,
    reason: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "update payments set provider_id = $2, status = $3, reason = $4, settled_at = $5, next_look_at = null
          where id = $1 and settled_at is null",
    )
    .bind(id)
    .bind(provider_id)
    .bind(status)
    .bind(reason)
    .bind(now)
    .execute(db)
    .await
    .map(|_| ())
}

/// Attempts whose time to be looked at has come, longest waiting first.
pub(crate) async fn to_look_at(db: impl PgExecutor<'_>, now: DateTime<Utc>, most: i64) -> Result<Vec<Payment>> {
    let sql = format!(
        "select {COLUMNS} from payments where next_look_at <= $1 or next_look_at > $3 order by next_look_at limit $2"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(now).bind(most).bind(now + super::LOOK_AT_MOST).fetch_all(db).await
}

/// When the next look is due that is not due yet.
pub(crate) async fn next_look_after(db: impl PgExecutor<'_>, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar("select min(next_look_at) from payments where next_look_at > $1").bind(now).fetch_one(db).await
}

/// How many attempts stand at each status.
pub(crate) async fn count_by_status(db: impl PgExecutor<'_>) -> Result<Vec<(String, i64)>> {
    sqlx::query_as("select status, count(*) from payments group by status").fetch_all(db).await
}
