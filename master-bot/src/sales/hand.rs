//! The desk of sales by hand: composed by an owner, agreed to, handed to a person by a link or put on a tenant that is
//! there, and called off. What the money then does is `money::hand`'s.
//!
//! Locks are taken in one order everywhere: a sign-up's row, then the sale's.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shared::{
    clock::Clock,
    outbox::{Letter, Outbox},
    seal::Sealer,
    slug::Slug,
};
use sqlx::{PgConnection, PgPool, Postgres, Transaction};

use super::{
    money::{MoneyError, Outcome, Till, Words},
    plans::{Plan, Plans},
    signup::{self, Question},
    terms::Terms,
};
use crate::registry::{
    HandSaleId, Kopecks, OrderId,
    clients::{self, Client},
    hand_sales::{self, HandAnswer, HandSale, HandSaleLine, HandSaleState},
    orders::{self, Order, OrderState},
    payments::Method,
    signals::{self, Bell},
    tenants::{self, Tenant},
};

pub(crate) mod answers;

/// What is to be asked of the owner next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ask {
    Days,
    Amount,
    Method,
    Note,
    /// Nothing is missing: show it all and have it agreed to.
    Summary,
}

impl Ask {
    pub(crate) const ALL: [Self; 5] = [Self::Days, Self::Amount, Self::Method, Self::Note, Self::Summary];

    /// As buttons and steps write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Days => "days",
            Self::Amount => "sum",
            Self::Method => "how",
            Self::Note => "note",
            Self::Summary => "all",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ask| ask.name() == name)
    }
}

/// The next question of a draft.
pub(crate) fn next(sale: &HandSale) -> Ask {
    match sale {
        HandSale { days: None, .. } => Ask::Days,
        HandSale { amount_kopecks: None, .. } => Ask::Amount,
        HandSale { method: None, .. } => Ask::Method,
        HandSale { note: None, .. } => Ask::Note,
        _ => Ask::Summary,
    }
}

/// What came of a tap that may bring the last of what a sale waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tapped {
    /// It is done; the sale is settled if everything is there.
    Done { settled: bool },
    /// It is so already, or the sale is not what the button was made for.
    Nothing,
    /// The tenant is being taken away: there is nothing to prolong.
    TenantGone,
}

/// What came of opening a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// The sale pays for this person's sign-up, now or since before.
    Yours(HandSale),
    /// It has been used: by this person, or by another.
    Used { by_you: bool },
    /// Another person has opened it and is signing up.
    Taken,
    /// The person's sign-up is paid for by another sale.
    OneAtATime,
    /// There is no such link, or it was called off.
    Gone,
}

/// The desk; clones share everything.
#[derive(Clone)]
pub(crate) struct HandDesk {
    pub(crate) pool: PgPool,
    pub(crate) sealer: Arc<Sealer>,
    pub(crate) words: Arc<dyn Words>,
    pub(crate) operator_chats: Vec<i64>,
    pub(crate) outbox: Outbox,
    pub(crate) clock: Clock,
}

type Result<T, E = MoneyError> = std::result::Result<T, E>;

/// A sale with the sign-up that it is about, both locked.
type Locked = (Transaction<'static, Postgres>, HandSale, Option<Order>);

impl HandDesk {
    /// The owner's draft, if one is being composed.
    pub(crate) async fn draft(&self, seller: i64) -> Result<Option<HandSale>> {
        Ok(hand_sales::draft_of(&self.pool, seller).await?)
    }

    /// Begins a sale: for this tenant, or (none) for somebody new. None: there is no such tenant, or it is going away.
    pub(crate) async fn begin(&self, seller: i64, tenant: Option<&Slug>) -> Result<Option<HandSale>> {
        let tenant = match tenant {
            None => None,
            Some(slug) => match tenants::find(&self.pool, slug).await?.filter(|t| t.removal_wanted_at.is_none()) {
                None => return Ok(None),
                there => there,
            },
        };
        let mut tx = self.pool.begin().await?;
        let sale = hand_sales::open_draft(&mut tx, seller, tenant.map(|t| t.id), self.clock.now()).await?;
        tx.commit().await?;
        Ok(Some(sale))
    }

    /// Writes an answer of its owner into a draft. `false`: it is none any more.
    pub(crate) async fn answer(
        &self,
        id: HandSaleId,
        seller: i64,
        answer: &HandAnswer<'_>,
        update_id: i64,
    ) -> Result<bool> {
        Ok(hand_sales::answer(&self.pool, id, seller, answer, update_id).await?)
    }

    /// Forgets a draft.
    pub(crate) async fn drop_draft(&self, id: HandSaleId, seller: i64) -> Result<bool> {
        Ok(hand_sales::drop_draft(&self.pool, id, seller).await?)
    }

    /// A sale with what is known of whom it is for.
    pub(crate) async fn line(&self, id: HandSaleId) -> Result<Option<HandSaleLine>> {
        Ok(hand_sales::line(&self.pool, id).await?)
    }

    /// One page of sales, and how many there are in all and open.
    pub(crate) async fn page(&self, offset: i64, most: i64) -> Result<(Vec<HandSaleLine>, (i64, i64))> {
        Ok((hand_sales::page(&self.pool, offset, most).await?, hand_sales::count(&self.pool).await?))
    }

    /// The tenant that a sale prolongs.
    pub(crate) async fn tenant(&self, sale: &HandSale) -> Result<Option<Tenant>> {
        match sale.tenant_id {
            Some(id) => Ok(Some(tenants::get(&self.pool, id).await?)),
            None => Ok(None),
        }
    }

    /// Tenants that could be prolonged, by a part of a name, a number, a bot or their client.
    pub(crate) async fn search(&self, text: &str, most: i64) -> Result<Vec<Tenant>> {
        Ok(tenants::matching(&self.pool, text.trim().trim_start_matches('@'), most).await?)
    }

    /// The owner agrees to what the draft said at `revision`. Cash for a tenant that is there settles it at once.
    pub(crate) async fn agree(&self, id: HandSaleId, seller: i64, revision: i32, update_id: i64) -> Result<Tapped> {
        let now = self.clock.now();
        let Some((mut tx, sale, order)) = self.lock(id).await? else { return Ok(Tapped::Nothing) };
        if let Some(tenant) = sale.tenant_id.filter(|_| sale.state == HandSaleState::Draft)
            && tenants::get(&mut *tx, tenant).await?.removal_wanted_at.is_some()
        {
            return Ok(Tapped::TenantGone);
        }
        if !hand_sales::agree(&mut tx, id, seller, (revision, update_id), now).await? {
            return Ok(Tapped::Nothing);
        }
        self.settle(tx, id, order, seller).await
    }

    /// The invoice is paid, the owner `by` says.
    pub(crate) async fn money_came(&self, id: HandSaleId, by: i64) -> Result<Tapped> {
        let Some((mut tx, _, order)) = self.lock(id).await? else { return Ok(Tapped::Nothing) };
        if !hand_sales::money_came(&mut tx, id, by, self.clock.now()).await? {
            return Ok(Tapped::Nothing);
        }
        self.settle(tx, id, order, by).await
    }

    /// Calls an open sale off. A sign-up that it was to pay for goes on as one that is paid for by card; its person
    /// is told.
    pub(crate) async fn revoke(&self, id: HandSaleId, by: i64) -> Result<bool> {
        let now = self.clock.now();
        let Some((mut tx, sale, order)) = self.lock(id).await? else { return Ok(false) };
        if !hand_sales::revoke(&mut tx, id, by, now).await? {
            return Ok(false);
        }
        if let Some(order) = order.filter(|o| o.hand_sale_id == Some(sale.id)) {
            orders::pay_by_hand(&mut tx, order.id, None, now).await?;
            let client = clients::find(&mut *tx, order.client_id).await?;
            let screen = self.words.called_off(&client);
            let key = format!("called_off:{id}");
            Outbox::enqueue(&mut tx, now, &Letter { key, chat_id: client.telegram_id, screen, due_at: now }).await?;
        }
        tx.commit().await?;
        self.outbox.wake();
        Ok(true)
    }

    /// Makes the sale's link anew; the former one leads nowhere from now on. Gives its code, which is kept nowhere.
    /// None: this very tap has made one already, or the sale waits for nobody.
    pub(crate) async fn new_code(&self, id: HandSaleId, update_id: i64) -> Result<Option<String>> {
        let code = hex::encode(rand::random::<[u8; 16]>());
        let made = hand_sales::set_code(&self.pool, id, &hash(&code), &format!("update:{update_id}")).await?;
        Ok(made.then_some(code))
    }

    /// The sale that a link leads to.
    pub(crate) async fn by_code(&self, code: &str) -> Result<Option<HandSale>> {
        Ok(hand_sales::by_code(&self.pool, &hash(code)).await?)
    }

    /// Somebody opens a link: from now on its sale pays for their sign-up, which is opened if there is none, at the
    /// price of the list: that is what it costs should the sale be called off.
    pub(crate) async fn claim(&self, client: &Client, code: &str, plans: &Plans) -> Result<Claim> {
        let Some(sale) = self.by_code(code).await? else { return Ok(Claim::Gone) };
        // There is one at least, or the program would not have started.
        let Some(plan) = sale.plan.as_deref().and_then(|code| plans.find(code)).or(plans.all().first()) else {
            return Ok(Claim::Gone);
        };
        let now = self.clock.now();
        loop {
            let mut tx = self.pool.begin().await?;
            let order = match orders::open_of(&mut *tx, client.id).await? {
                Some(open) => orders::lock(&mut tx, open.id).await?,
                None => match orders::open(&mut *tx, client.id, &plan.code, plan.price(), plan.days, now).await? {
                    Some(opened) => opened,
                    None => continue,
                },
            };
            if !matches!(order.state, OrderState::Draft | OrderState::AwaitingPayment) {
                continue;
            }
            let Some(sale) = hand_sales::lock(&mut tx, sale.id).await? else { return Ok(Claim::Gone) };
            let claim = self.may_claim(&mut tx, client, &order, &sale).await?;
            if let Claim::Yours(_) = claim {
                orders::pay_by_hand(&mut tx, order.id, Some(sale.id), now).await?;
                tx.commit().await?;
            }
            return Ok(claim);
        }
    }

    async fn may_claim(&self, tx: &mut PgConnection, client: &Client, order: &Order, sale: &HandSale) -> Result<Claim> {
        let claimed = orders::of_hand_sale(&mut *tx, sale.id).await?;
        let by_you = match claimed {
            Some(claimed) => orders::owner(&mut *tx, claimed).await? == Some(client.id),
            None => false,
        };
        Ok(match (sale.state, claimed) {
            (HandSaleState::Settled, _) => Claim::Used { by_you },
            (HandSaleState::Draft | HandSaleState::Revoked, _) => Claim::Gone,
            (HandSaleState::Open, Some(claimed)) if claimed == order.id => Claim::Yours(sale.clone()),
            // Paid by card meanwhile, and the invoice is still to come.
            (HandSaleState::Open, Some(_)) if by_you => Claim::Used { by_you },
            (HandSaleState::Open, Some(_)) => Claim::Taken,
            (HandSaleState::Open, None) if order.hand_sale_id.is_some() => Claim::OneAtATime,
            (HandSaleState::Open, None) => Claim::Yours(sale.clone()),
        })
    }

    /// The sale that pays for an order.
    pub(crate) async fn sale_of(&self, order: &Order) -> Result<Option<HandSale>> {
        match order.hand_sale_id {
            Some(id) => Ok(hand_sales::find(&self.pool, id).await?),
            None => Ok(None),
        }
    }

    /// The buyer, who has accepted the terms, wants the bot. `Done` and not settled: the invoice is still to be
    /// paid, and the owner is told that everything else is there.
    pub(crate) async fn connect(&self, client: &Client, order: OrderId, terms: &Terms) -> Result<Tapped> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let order = match orders::lock(&mut tx, order).await {
            // A number that somebody made up.
            Err(sqlx::Error::RowNotFound) => return Ok(Tapped::Nothing),
            order => order?,
        };
        let complete = matches!(signup::next(&order), Question::Summary | Question::Payment);
        let complete = complete && terms.accepted_for(&order);
        let Some(id) = order.hand_sale_id.filter(|_| order.client_id == client.id && complete) else {
            return Ok(Tapped::Nothing);
        };
        let Some(sale) = hand_sales::lock(&mut tx, id).await? else { return Ok(Tapped::Nothing) };
        orders::await_payment(&mut tx, order.id, now).await?;
        let order = orders::lock(&mut tx, order.id).await?;
        if sale.money_at.is_none() {
            let lang = clients::language_of(&mut *tx, sale.seller_id).await?.unwrap_or_default();
            let screen = self.words.waits_for_invoice(lang, &sale, client, &order);
            let key = format!("waits_for_invoice:{id}:{}", order.id);
            Outbox::enqueue(&mut tx, now, &Letter { key, chat_id: sale.seller_id, screen, due_at: now }).await?;
        }
        self.settle(tx, id, Some(order), client.telegram_id).await
    }

    /// Settles what is locked, if everything is there, and commits.
    async fn settle(
        &self,
        mut tx: Transaction<'static, Postgres>,
        id: HandSaleId,
        order: Option<Order>,
        tapped_by: i64,
    ) -> Result<Tapped> {
        let Some(sale) = hand_sales::find(&mut *tx, id).await? else { return Ok(Tapped::Nothing) };
        let till =
            Till { pool: &self.pool, sealer: &self.sealer, words: &*self.words, operator_chats: &self.operator_chats };
        let outcome = till.settle_by_hand(&mut tx, &sale, order.as_ref(), tapped_by, self.clock.now()).await?;
        if matches!(outcome, Outcome::Provisioned(_) | Outcome::Extended(..)) {
            signals::ring(&mut *tx, Bell::Tenants).await?;
        }
        tx.commit().await?;
        self.outbox.wake();
        tracing::info!(sale = %id, ?outcome, tapped_by, "a sale by hand");
        Ok(Tapped::Done { settled: outcome != Outcome::StillPending })
    }

    /// The sale, and the sign-up that it pays for or whose tenant it prolongs.
    async fn lock(&self, id: HandSaleId) -> Result<Option<Locked>> {
        loop {
            let mut tx = self.pool.begin().await?;
            let before = order_of(&mut tx, id).await?;
            let order = match before {
                Some(order) => Some(orders::lock(&mut tx, order).await?),
                None => None,
            };
            let Some(sale) = hand_sales::lock(&mut tx, id).await? else { return Ok(None) };
            // Unless its link was opened, or given back, in this very moment.
            if order_of(&mut tx, id).await? == before {
                return Ok(Some((tx, sale, order)));
            }
        }
    }
}

async fn order_of(tx: &mut PgConnection, sale: HandSaleId) -> Result<Option<OrderId>> {
    let tenant = hand_sales::find(&mut *tx, sale).await?.and_then(|sale| sale.tenant_id);
    Ok(match tenant {
        Some(tenant) => Some(tenants::order_of(tx, tenant).await?),
        None => orders::of_hand_sale(tx, sale).await?,
    })
}

fn hash(code: &str) -> [u8; 32] {
    Sha256::digest(code.as_bytes()).into()
}

/// What is proposed for so many days: the plan's price.
pub(crate) fn proposed(plans: &Plans, sale: &HandSale) -> Option<Kopecks> {
    plans.find(sale.plan.as_deref()?).map(Plan::price)
}

/// What a sale may be paid by, in the order in which it is shown.
pub(crate) const METHODS: [Method; 3] = Method::BY_HAND;
