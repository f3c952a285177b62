//! Table `ledger`: money, append-only.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{ClientId, Kopecks, OrderId, PaymentId, Result, payments::Method};

/// What a line says of the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum Entry {
    /// Taken, and served.
    Payment,
    /// Taken, and owed back.
    RefundDue,
    /// Returned.
    Refunded,
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

/// What was owed back for a payment is returned. `false`: nothing is owed, or it was returned before.
pub(crate) async fn refunded(
    db: impl sqlx::PgExecutor<'_>,
    payment: PaymentId,
    note: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query(
        "insert into ledger (at, client_id, order_id, payment_id, kind, amount_kopecks, note)
         select $2, client_id, order_id, payment_id, $4, amount_kopecks, $3 from ledger
          where payment_id = $1 and kind = $5
         on conflict (payment_id, kind) do nothing",
    )
    .bind(payment)
    .bind(now)
    .bind(note)
    .bind(Entry::Refunded)
    .bind(Entry::RefundDue)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What was earned from a moment up to another, by the way it was paid: payments that were served, less what of them
/// was found to be owed back.
pub(crate) async fn earned(
    db: impl sqlx::PgExecutor<'_>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<(Method, Kopecks)>> {
    sqlx::query_as(
        "select p.method, sum(case l.kind when 'payment' then l.amount_kopecks else -l.amount_kopecks end)::bigint
           from ledger l join payments p on p.id = l.payment_id
          where l.at >= $1 and l.at < $2
            and (l.kind = 'payment' or l.kind = 'refund_due' and exists
                 (select 1 from ledger served where served.payment_id = l.payment_id and served.kind = 'payment'))
          group by p.method order by 2 desc, 1",
    )
    .bind(from)
    .bind(to)
    .fetch_all(db)
    .await
}
