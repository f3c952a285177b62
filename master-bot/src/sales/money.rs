//! What money buys: one transaction from the provider's word to a tenant that is wanted.
//!
//! Only what the provider said when asked comes in here, or (`hand`) what an owner took by hand. Whatever was said
//! before, however often, in whatever order: the payment's row is locked, and once it is settled nothing happens any more.

mod hand;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use shared::{
    outbox::{Letter, Outbox},
    seal::Sealer,
    slug::Slug,
    telegram::Screen,
};
use sqlx::{PgConnection, PgPool};

pub(crate) use self::hand::HandWords;
use crate::{
    payments::{Told, ToldStatus},
    registry::{
        Kopecks, PaymentId, TenantId,
        clients::{self, Client},
        events::{self, Event},
        ledger::{self, Entry, Line},
        orders::{self, Order, OrderState},
        payments::{self, Method, Payment, PaymentStatus},
        signals::{self, Bell},
        subscriptions,
        tenants::{self, NewTenant, Tenant},
    },
};

/// What a payment came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing final yet.
    StillPending,
    /// It was settled before; nothing was done.
    AlreadySettled,
    /// A tenant is wanted.
    Provisioned(TenantId),
    /// The order had been paid before: the tenant is paid for longer.
    Extended(TenantId, DateTime<Utc>),
    /// The order was given up, its tenant is gone, or the sum is another: the money is owed back.
    RefundDue,
    /// It will never be paid.
    Canceled(String),
    /// The provider's object is not the payment we asked for.
    NotOurs,
}

/// Why nothing could be booked; everything is as it was.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MoneyError {
    #[error("the registry: {0}")]
    Registry(#[from] sqlx::Error),
    #[error(transparent)]
    Seal(#[from] shared::seal::SealError),
}

/// The words of the messages that money leads to; the bot knows them, the rules only when they are due.
pub(crate) trait Words: HandWords + Send + Sync {
    /// To the buyer: paid, the bot is being started.
    fn paid(&self, client: &Client, order: &Order, amount: Kopecks) -> Screen;
    /// To the buyer: the page to pay on, which the tap that asked for it did not live to show.
    fn bill(&self, client: &Client, payment: &Payment) -> Screen;
    /// To the buyer: a second payment came, the bot is paid until then.
    fn extended(&self, client: &Client, tenant: &Tenant, until: DateTime<Utc>) -> Screen;
    /// To the buyer: the money came too late, it will be returned.
    fn refund_due(&self, client: &Client, amount: Kopecks) -> Screen;
    /// To the buyer: the payment did not come about, try again.
    fn canceled(&self, client: &Client, order: &Order, reason: &str) -> Screen;
    /// To the operators: money is owed back, and why.
    fn operator_refund_due(&self, client: &Client, payment: &Payment, amount: Option<Kopecks>, why: &str) -> Screen;
}

/// What a payment buys, and on whose word.
struct Bought<'a> {
    plan: &'a str,
    days: i32,
    /// As events are signed with.
    actor: String,
    note: Option<&'a str>,
}

impl<'a> Bought<'a> {
    /// What the buyer has ordered.
    fn ordered(order: &'a Order, client: &Client) -> Self {
        let actor = format!("client:{}", client.telegram_id);
        Self { plan: &order.plan, days: order.days, actor, note: None }
    }

    /// For the history of the tenant.
    fn told(&self, payment: &Payment, until: DateTime<Utc>) -> String {
        let how = match payment.method {
            Method::Yookassa => String::new(),
            by_hand => format!(" ({})", by_hand.name()),
        };
        let note = self.note.map(|note| format!(": {note}")).unwrap_or_default();
        format!("{}{how} until {}{note}", payment.amount_kopecks, until.format("%F"))
    }
}

/// What booking needs besides the registry.
pub(crate) struct Till<'a> {
    pub(crate) pool: &'a PgPool,
    pub(crate) sealer: &'a Sealer,
    pub(crate) words: &'a dyn Words,
    /// Where alerts go.
    pub(crate) operator_chats: &'a [i64],
}

impl Till<'_> {
    /// Books what the provider told of our payment `id`.
    pub(crate) async fn book(&self, id: PaymentId, told: &Told, now: DateTime<Utc>) -> Result<Outcome, MoneyError> {
        let mut tx = self.pool.begin().await?;
        let outcome = self.book_in(&mut tx, id, told, now).await?;
        if matches!(outcome, Outcome::Provisioned(_) | Outcome::Extended(..)) {
            signals::ring(&mut *tx, Bell::Tenants).await?;
        }
        tx.commit().await?;
        Ok(outcome)
    }

    async fn book_in(
        &self,
        tx: &mut PgConnection,
        id: PaymentId,
        told: &Told,
        now: DateTime<Utc>,
    ) -> Result<Outcome, MoneyError> {
        let Some(payment) = payments::lock(tx, id).await? else { return Ok(Outcome::NotOurs) };
        // Nobody but us knows of money that was taken by hand.
        if payment.method != Method::Yookassa {
            return Ok(Outcome::NotOurs);
        }
        let known_as_other = payment.provider_id.as_ref().is_some_and(|known| *known != told.provider_id);
        if known_as_other || told.payment.is_some_and(|says| says != id) {
            return Ok(Outcome::NotOurs);
        }
        if payment.status.is_settled() {
            return Ok(Outcome::AlreadySettled);
        }
        match &told.status {
            ToldStatus::Pending => Ok(Outcome::StillPending),
            ToldStatus::Canceled(reason) => self.canceled(tx, &payment, &told.provider_id, reason, now).await,
            ToldStatus::Succeeded if told.amount != Some(payment.amount_kopecks) => {
                self.mismatched(tx, &payment, told, now).await
            }
            ToldStatus::Succeeded => self.succeeded(tx, &payment, &told.provider_id, now).await,
        }
    }

    async fn succeeded(
        &self,
        tx: &mut PgConnection,
        payment: &Payment,
        provider_id: &str,
        now: DateTime<Utc>,
    ) -> Result<Outcome, MoneyError> {
        payments::settle(tx, payment.id, provider_id, PaymentStatus::Succeeded, None, now).await?;
        // The order's lock makes two payments for it wait for one another.
        let order = orders::lock(tx, payment.order_id).await?;
        let client = clients::find(&mut *tx, order.client_id).await?;
        match order.state {
            OrderState::Draft | OrderState::AwaitingPayment => {
                let bought = Bought::ordered(&order, &client);
                let outcome = self.first(tx, payment, &order, &client, &bought, now).await?;
                self.by_hand_too(tx, order.id, now).await?;
                Ok(outcome)
            }
            OrderState::Paid => match tenants::of_order(tx, order.id).await? {
                Some(tenant) if tenant.removal_wanted_at.is_none() => {
                    let again = Some("a second payment for the same order");
                    let bought = Bought { note: again, ..Bought::ordered(&order, &client) };
                    let until = self.again(tx, payment, &order, &tenant, &bought, now).await?;
                    let screen = self.words.extended(&client, &tenant, until);
                    letter(tx, format!("extended:{}", payment.id), client.telegram_id, screen, now).await?;
                    Ok(Outcome::Extended(tenant.id, until))
                }
                _ => self.owed_back(tx, payment, &order, &client, "the tenant is gone", now).await,
            },
            OrderState::Ended => self.owed_back(tx, payment, &order, &client, "the tenant is gone", now).await,
            OrderState::Cancelled => self.owed_back(tx, payment, &order, &client, "the order was given up", now).await,
        }
    }

    async fn first(
        &self,
        tx: &mut PgConnection,
        payment: &Payment,
        order: &Order,
        client: &Client,
        bought: &Bought<'_>,
        now: DateTime<Utc>,
    ) -> Result<Outcome, MoneyError> {
        let (Some(bot_id), Some(name), Some(kind), Some(zone)) =
            (order.bot_id, &order.business_name, &order.kind, &order.zone)
        else {
            // The table's CHECK forbids a paid order without them; money is not lost even so.
            return self.owed_back(tx, payment, order, client, "the order is not complete", now).await;
        };
        orders::set_state(tx, order.id, OrderState::Paid, now).await?;
        let slug = Slug::number(tenants::next_number(tx).await?);
        let seal = |what| self.sealer.seal(&tenants::seal_row(&slug, what), &fresh_password());
        let new = NewTenant {
            slug: &slug,
            client_id: client.id,
            order_id: order.id,
            bot_id,
            business_name: name,
            kind,
            zone,
            language: client.lang().code(),
            owner_telegram_id: client.telegram_id,
            pg_password_sealed: &seal("pg")?,
            redis_password_sealed: &seal("redis")?,
        };
        let tenant = tenants::make(tx, &new, now).await?;
        let until = subscriptions::start(tx, client.id, tenant, bought.plan, payment.id, bought.days, now).await?;
        self.line(tx, payment, order, Entry::Payment, bought.note, now).await?;
        let detail = bought.told(payment, until);
        let event = Event { actor: &bought.actor, event: "bought", detail: Some(&detail), ..Event::default() };
        events::write(&mut *tx, tenant, &event, now).await?;
        let screen = self.words.paid(client, order, payment.amount_kopecks);
        letter(tx, format!("paid:{slug}"), client.telegram_id, screen, now).await?;
        Ok(Outcome::Provisioned(tenant))
    }

    async fn again(
        &self,
        tx: &mut PgConnection,
        payment: &Payment,
        order: &Order,
        tenant: &Tenant,
        bought: &Bought<'_>,
        now: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, MoneyError> {
        let until = subscriptions::extend(tx, tenant.id, payment.id, bought.days, now).await?;
        self.line(tx, payment, order, Entry::Payment, bought.note, now).await?;
        let detail = bought.told(payment, until);
        let event = Event { actor: &bought.actor, event: "extended", detail: Some(&detail), ..Event::default() };
        events::write(&mut *tx, tenant.id, &event, now).await?;
        Ok(until)
    }

    async fn owed_back(
        &self,
        tx: &mut PgConnection,
        payment: &Payment,
        order: &Order,
        client: &Client,
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<Outcome, MoneyError> {
        self.line(tx, payment, order, Entry::RefundDue, Some(why), now).await?;
        let screen = self.words.refund_due(client, payment.amount_kopecks);
        letter(tx, format!("refund_due:{}", payment.id), client.telegram_id, screen, now).await?;
        self.tell_operators(tx, client, payment, Some(payment.amount_kopecks), why, now).await?;
        Ok(Outcome::RefundDue)
    }

    async fn mismatched(
        &self,
        tx: &mut PgConnection,
        payment: &Payment,
        told: &Told,
        now: DateTime<Utc>,
    ) -> Result<Outcome, MoneyError> {
        let why = match told.amount {
            Some(taken) => format!("asked {}, the provider says {taken}", payment.amount_kopecks),
            None => format!("asked {}, the provider says no roubles at all", payment.amount_kopecks),
        };
        payments::settle(tx, payment.id, &told.provider_id, PaymentStatus::Mismatched, Some(&why), now).await?;
        let order = orders::lock(tx, payment.order_id).await?;
        let client = clients::find(&mut *tx, order.client_id).await?;
        if let Some(taken) = told.amount.filter(|a| a.0 > 0) {
            let owed = Payment { amount_kopecks: taken, ..payment.clone() };
            return self.owed_back(tx, &owed, &order, &client, &why, now).await;
        }
        self.tell_operators(tx, &client, payment, None, &why, now).await?;
        Ok(Outcome::RefundDue)
    }

    async fn canceled(
        &self,
        tx: &mut PgConnection,
        payment: &Payment,
        provider_id: &str,
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<Outcome, MoneyError> {
        payments::settle(tx, payment.id, provider_id, PaymentStatus::Canceled, Some(reason), now).await?;
        let order = orders::lock(tx, payment.order_id).await?;
        // Who is not to pay by card misses nothing.
        if order.state == OrderState::AwaitingPayment && order.hand_sale_id.is_none() {
            let client = clients::find(&mut *tx, order.client_id).await?;
            let screen = self.words.canceled(&client, &order, reason);
            letter(tx, format!("canceled:{}", payment.id), client.telegram_id, screen, now).await?;
        }
        Ok(Outcome::Canceled(reason.to_owned()))
    }

    async fn line(
        &self,
        tx: &mut PgConnection,
        payment: &Payment,
        order: &Order,
        entry: Entry,
        note: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        let amount = payment.amount_kopecks;
        let line = Line { client: order.client_id, order: order.id, payment: payment.id, entry, amount, note };
        ledger::write(tx, line, now).await
    }

    async fn tell_operators(
        &self,
        tx: &mut PgConnection,
        client: &Client,
        payment: &Payment,
        amount: Option<Kopecks>,
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        let screen = self.words.operator_refund_due(client, payment, amount, why);
        for chat in self.operator_chats {
            letter(tx, format!("operator_refund_due:{}:{chat}", payment.id), *chat, screen.clone(), now).await?;
        }
        Ok(())
    }
}

async fn letter(
    tx: &mut PgConnection,
    key: String,
    chat_id: i64,
    screen: Screen,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    Outbox::enqueue(tx, now, &Letter { key, chat_id, screen, due_at: now }).await.map(|_| ())
}

/// 32 random bytes in hex: as good as any key, and safe in an address.
pub(crate) fn fresh_password() -> SecretString {
    SecretString::from(hex::encode(rand::random::<[u8; 32]>()))
}
