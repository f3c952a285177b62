//! Table `ledger`: money, append-only.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{ClientId, Kopecks, OrderId, PaymentId, Result};

/// What a line says of the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum Entry {
    /// Taken, and served.
    Payment,
    /// Taken, and owed back.
    RefundDue,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    pub(crate) client: ClientId,
    pub(crate) order: OrderId,
    pub(crate) payment: PaymentId,
    pub(crate) entry: Entry,
    pub(crate) amount: Kopecks,
    pub(crate) note: Option<&'a str>,
}

pub(crate) async fn write(db: &mut PgConnection, line: Line<'_>, now: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "insert into ledger (at, client_id, order_id, payment_id, kind, amount_kopecks, note)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(now)
    .bind(line.client)
    .bind(line.order)
    .bind(line.payment)
    .bind(line.entry)
    .bind(line.amount)
    .bind(line.note)
    .execute(db)
    .await
    .map(|_| ())
}
