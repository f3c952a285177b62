//! Money that an owner took by hand: it comes to the same payment, period, line and tenant as any other.
//!
//! A sale is settled when everything is there: the owner's agreement, the money, and a sign-up with nothing missing or
//! a tenant to prolong. Whoever brings the last of it settles it; its row is locked, and one sale has one payment.

use chrono::{DateTime, Utc};
use shared::{telegram::Screen, texts::Lang};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Bought, MoneyError, Outcome, Till, letter};
use crate::registry::{
    OrderId,
    clients::{self, Client},
    hand_sales::{self, Agreed, HandSale, HandSaleState},
    orders::{self, Order, OrderState},
    payments::{self, Payment, Taken},
    tenants::{self, Tenant},
};

/// What a subscription's plan is called when it is none of the list.
const OWN_PLAN: &str = "-";

/// The words of the letters about sales by hand.
pub(crate) trait HandWords {
    /// To the client: their bot is paid for longer.
    fn renewed_by_hand(&self, client: &Client, tenant: &Tenant, sold: &Agreed<'_>, until: DateTime<Utc>) -> Screen;
    /// To the owner who sold: the client's bot is being started.
    fn sold_by_hand(&self, lang: Lang, sale: &HandSale, client: &Client, order: &Order) -> Screen;
    /// To the owner who sold: the client has done everything and waits for the invoice to be paid.
    fn waits_for_invoice(&self, lang: Lang, sale: &HandSale, client: &Client, order: &Order) -> Screen;
    /// To the client: the sale that was to pay for the sign-up was called off.
    fn called_off(&self, client: &Client) -> Screen;
}

impl Till<'_> {
    /// Settles a sale by hand, if everything is there for it. The caller has locked the order first and then the sale.
    /// `tapped_by` is the Telegram id of whoever brought the last of it.
    pub(crate) async fn settle_by_hand(
        &self,
        tx: &mut PgConnection,
        sale: &HandSale,
        order: Option<&Order>,
        tapped_by: i64,
        now: DateTime<Utc>,
    ) -> Result<Outcome, MoneyError> {
        match sale.state {
            HandSaleState::Settled => return Ok(Outcome::AlreadySettled),
            HandSaleState::Draft | HandSaleState::Revoked => return Ok(Outcome::NotOurs),
            HandSaleState::Open => {}
        }
        let (Some(order), Some(sold), Some(money_by)) = (order, sale.agreed(), sale.money_by) else {
            return Ok(Outcome::StillPending);
        };
        if order.state == OrderState::Draft {
            return Ok(Outcome::StillPending);
        }
        let by = format!("operator:{money_by}");
        let taken = Taken {
            order: order.id,
            sale: sale.id,
            amount: sold.amount,
            method: sold.method,
            by: &by,
            note: sold.note,
        };
        let payment = payments::take(tx, &taken, Uuid::now_v7(), now).await?;
        hand_sales::settle(tx, sale.id, now).await?;
        let client = clients::find(&mut *tx, order.client_id).await?;
        let bought =
            Bought { plan: sold.plan.unwrap_or(OWN_PLAN), days: sold.days, actor: by.clone(), note: sold.note };
        if order.state == OrderState::AwaitingPayment {
            let outcome = self.first(tx, &payment, order, &client, &bought, now).await?;
            if tapped_by != sale.seller_id {
                let lang = clients::language_of(&mut *tx, sale.seller_id).await?.unwrap_or_default();
                let screen = self.words.sold_by_hand(lang, sale, &client, order);
                letter(tx, format!("sold_by_hand:{}", sale.id), sale.seller_id, screen, now).await?;
            }
            return Ok(outcome);
        }
        self.renew(tx, &payment, order, &client, (&sold, &bought), now).await
    }

    /// The order was paid before: the tenant is paid for longer, unless it is gone.
    async fn renew(
        &self,
        tx: &mut PgConnection,
        payment: &Payment,
        order: &Order,
        client: &Client,
        (sold, bought): (&Agreed<'_>, &Bought<'_>),
        now: DateTime<Utc>,
    ) -> Result<Outcome, MoneyError> {
        let tenant = tenants::of_order(tx, order.id).await?;
        let Some(tenant) = tenant.filter(|t| order.state == OrderState::Paid && t.removal_wanted_at.is_none()) else {
            return self.owed_back(tx, payment, order, client, "the tenant is gone", now).await;
        };
        let until = self.again(tx, payment, order, &tenant, bought, now).await?;
        let screen = self.words.renewed_by_hand(client, &tenant, sold, until);
        letter(tx, format!("extended:{}", payment.id), client.telegram_id, screen, now).await?;
        Ok(Outcome::Extended(tenant.id, until))
    }

    /// An order that a sale by hand was to pay for was paid through the provider first. Nothing is lost: what was
    /// taken by hand buys a period after it.
    pub(super) async fn by_hand_too(
        &self,
        tx: &mut PgConnection,
        order: OrderId,
        now: DateTime<Utc>,
    ) -> Result<(), MoneyError> {
        let order = orders::lock(tx, order).await?;
        let Some(id) = order.hand_sale_id else { return Ok(()) };
        let Some(sale) = hand_sales::lock(tx, id).await? else { return Ok(()) };
        self.settle_by_hand(tx, &sale, Some(&order), sale.seller_id, now).await?;
        Ok(())
    }
}
