//! What a buyer does before paying: answers, chooses, brings a bot.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use shared::{
    clock::Clock,
    outbox::{Letter, Outbox},
    seal::{SealError, Sealer},
    telegram::{Screen, incoming::Person},
    texts::Lang,
};
use sqlx::PgPool;
use std::sync::Arc;

use super::{
    plans::{Plan, Plans},
    price::{self, Quote},
    signup::{self, Question},
    terms::Terms,
};
use crate::registry::{
    BotId, OrderId, PaymentId,
    bots::{self, Bot},
    clients::{self, Client},
    events::{self, Event},
    ledger,
    orders::{self, Acceptance, Answer, Order},
    payments::{self, Payment},
    tenants,
};

/// Making a bot takes a minute; who has brought none for so long may have met a button that does not work.
const SILENT_FOR: TimeDelta = TimeDelta::minutes(10);
/// Who left so long ago is not called after.
const SILENT_FOR_LONG: TimeDelta = TimeDelta::days(1);

/// The desk that buyers come to; clones share everything.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) pool: PgPool,
    pub(crate) sealer: Arc<Sealer>,
    pub(crate) clock: Clock,
}

/// An answer that makes sense.
#[derive(Clone, Debug)]
pub(crate) enum Given {
    BusinessName(String),
    Kind(String),
    Zone(String),
    Contact(String),
}

/// What came of bringing a bot to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// It serves this order now.
    Done,
    /// It serves another one.
    Taken,
}

/// Why nothing was done; it may be tried again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeskError {
    #[error("the registry: {0}")]
    Registry(#[from] sqlx::Error),
    #[error(transparent)]
    Seal(#[from] SealError),
}

type Result<T> = std::result::Result<T, DeskError>;

impl Desk {
    /// The client behind a Telegram account, made at the first meeting.
    pub(crate) async fn meet(&self, person: &Person) -> Result<Client> {
        Ok(clients::meet(&self.pool, person, self.clock.now()).await?)
    }

    /// The client's sign-up that is under way.
    pub(crate) async fn open_order(&self, client: &Client) -> Result<Option<Order>> {
        Ok(orders::open_of(&self.pool, client.id).await?)
    }

    /// An order, if it is this client's.
    pub(crate) async fn order_of(&self, client: &Client, id: OrderId) -> Result<Option<Order>> {
        Ok(orders::find(&self.pool, id).await?.filter(|order| order.client_id == client.id))
    }

    /// Begins a sign-up at the plan's price of this moment; one that is under way already goes on.
    pub(crate) async fn begin(&self, client: &Client, plan: &Plan) -> Result<()> {
        orders::open(&self.pool, client.id, &plan.code, plan.price(), plan.days, self.clock.now()).await?;
        Ok(())
    }

    /// The plan and its price of this moment for a sign-up that is under way. `false`: it has a bill that can be paid,
    /// and the money buys what that says.
    pub(crate) async fn choose_plan(&self, order: &Order, plan: &Plan) -> Result<bool> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        // A bill that is written at this moment waits for the lock, or we see it.
        orders::lock(&mut tx, order.id).await?;
        let same = order.plan == plan.code;
        if payments::open_of(&mut tx, order.id).await?.is_some() {
            return Ok(same);
        }
        if !same {
            orders::set_plan(&mut tx, order.id, (&plan.code, plan.price(), plan.days), None, now).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// The order at the price of today, and what became of the price.
    pub(crate) async fn priced(&self, order: &Order, plans: &Plans) -> Result<(Order, Quote)> {
        let mut tx = self.pool.begin().await?;
        let order = orders::lock(&mut tx, order.id).await?;
        let quote = price::refresh(&mut tx, &order, plans, self.clock.now()).await?;
        let order = orders::lock(&mut tx, order.id).await?;
        tx.commit().await?;
        Ok((order, quote))
    }

    /// Writes an answer down, as long as the order is under way.
    pub(crate) async fn answer(&self, order: &Order, given: &Given, update_id: i64) -> Result<()> {
        let answer = match given {
            Given::BusinessName(name) => Answer::BusinessName(name),
            Given::Kind(kind) => Answer::Kind(kind),
            Given::Zone(zone) => Answer::Zone(zone),
            Given::Contact(contact) => Answer::Contact(contact),
        };
        orders::answer(&self.pool, order.id, &answer, Some(update_id), self.clock.now()).await?;
        Ok(())
    }

    /// The terms are accepted for this order.
    pub(crate) async fn accept(&self, order: &Order, terms: &Terms) -> Result<()> {
        let links = terms.links.as_ref();
        let links = (links.map(|l| l.offer.as_str()), links.map(|l| l.privacy.as_str()));
        orders::accept_terms(&self.pool, order.id, &terms.version, links, self.clock.now()).await?;
        Ok(())
    }

    /// What the client accepted last.
    pub(crate) async fn accepted(&self, client: &Client) -> Result<Option<Acceptance>> {
        Ok(orders::accepted_by(&self.pool, client.id).await?)
    }

    /// From now on the client is spoken to in this language.
    pub(crate) async fn choose_language(&self, client: &Client, lang: Lang) -> Result<Client> {
        Ok(clients::choose_language(&self.pool, client.id, lang).await?)
    }

    /// The language of who is known by this Telegram account.
    pub(crate) async fn language_of(&self, telegram_id: i64) -> Result<Option<Lang>> {
        Ok(clients::language_of(&self.pool, telegram_id).await?)
    }

    /// Usernames of the bots that serve this client now, oldest first.
    pub(crate) async fn bots_at_work(&self, client: &Client) -> Result<Vec<String>> {
        Ok(bots::at_work_of(&self.pool, client.id).await?)
    }

    /// Gives up a sign-up. `false`: it is not under way any more, for it was paid or given up before.
    pub(crate) async fn give_up(&self, order: &Order) -> Result<bool> {
        Ok(orders::cancel(&self.pool, order.id, self.clock.now()).await?)
    }

    /// The bill of this order that is still to be paid.
    pub(crate) async fn open_payment(&self, order: &Order) -> Result<Option<Payment>> {
        let mut conn = self.pool.acquire().await?;
        Ok(payments::open_of(&mut conn, order.id).await?)
    }

    /// Keeps a bot with its token, sealed, or the newer token of one that is known. `false`: it is somebody else's.
    pub(crate) async fn keep_bot(
        &self,
        client: &Client,
        id: BotId,
        username: &str,
        managed: bool,
        token: &SecretString,
    ) -> Result<bool> {
        let sealed = self.sealer.seal(&bots::seal_row(id), token)?;
        let username = username.to_owned();
        let bot = Bot { bot_id: id, client_id: client.id, username, managed, token_sealed: Some(sealed) };
        Ok(bots::keep(&self.pool, &bot, self.clock.now()).await?)
    }

    /// The token that is kept for a bot.
    pub(crate) async fn token_of(&self, id: BotId) -> Result<Option<SecretString>> {
        let sealed = bots::find(&self.pool, id).await?.and_then(|bot| bot.token_sealed);
        Ok(sealed.map(|sealed| self.sealer.open(&bots::seal_row(id), &sealed)).transpose()?)
    }

    /// Whether a bot serves something that is not on its way out: only then is its token worth keeping.
    pub(crate) async fn in_use(&self, id: BotId) -> Result<bool> {
        Ok(bots::in_use(&self.pool, id).await?)
    }

    /// The client's bots that serve nothing now: id and username.
    pub(crate) async fn free_bots(&self, client: &Client) -> Result<Vec<(BotId, String)>> {
        Ok(bots::free_of(&self.pool, client.id).await?.into_iter().map(|b| (b.bot_id, b.username)).collect())
    }

    /// Lets a bot serve this order, unless it serves another.
    pub(crate) async fn bind_bot(&self, order: &Order, id: BotId, update_id: i64) -> Result<Bound> {
        match orders::answer(&self.pool, order.id, &Answer::Bot(id), Some(update_id), self.clock.now()).await {
            Ok(_) => Ok(Bound::Done),
            Err(sqlx::Error::Database(e)) if e.constraint() == Some("orders_one_bot") => Ok(Bound::Taken),
            Err(error) => Err(error.into()),
        }
    }

    /// The username of a bot that is known here.
    pub(crate) async fn bot_username(&self, id: BotId) -> Result<Option<String>> {
        Ok(bots::find(&self.pool, id).await?.map(|b| b.username))
    }

    /// A newer token of a bot that serves one of the client's tenants: it is kept, and the tenant tried again at once.
    /// `false`: the bot serves none of theirs.
    pub(crate) async fn renew_token(
        &self,
        client: &Client,
        id: BotId,
        username: &str,
        token: &SecretString,
    ) -> Result<bool> {
        let Some(tenant) = tenants::served_by(&self.pool, id).await? else { return Ok(false) };
        if !self.keep_bot(client, id, username, false, token).await? {
            return Ok(false);
        }
        let now = self.clock.now();
        tenants::due_now(&self.pool, id, now).await?;
        let actor = format!("client:{}", client.telegram_id);
        let event = Event { actor: &actor, event: "token_given", ..Event::default() };
        events::write(&self.pool, tenant.id, &event, now).await?;
        Ok(true)
    }

    /// Whether a bot serves one of this client's tenants.
    pub(crate) async fn serves(&self, client: &Client, id: BotId) -> Result<bool> {
        let owner = bots::find(&self.pool, id).await?.map(|bot| bot.client_id);
        Ok(owner == Some(client.id) && tenants::served_by(&self.pool, id).await?.is_some())
    }

    /// A bot that is known here, with the client that it belongs to.
    pub(crate) async fn bot(&self, id: BotId) -> Result<Option<(Bot, Client)>> {
        let Some(bot) = bots::find(&self.pool, id).await? else { return Ok(None) };
        let client = clients::find(&self.pool, bot.client_id).await?;
        Ok(Some((bot, client)))
    }

    /// Sign-ups that have waited for a bot for a while, and whose buyers were not given a hint yet; and when the next
    /// of them will have.
    pub(crate) async fn silent(&self) -> Result<(Vec<(Order, Client)>, Option<DateTime<Utc>>)> {
        let now = self.clock.now();
        let since = now - SILENT_FOR;
        let silent = orders::waiting_for_bot(&self.pool, now - SILENT_FOR_LONG, since).await?;
        let next = orders::next_to_wait(&self.pool, since).await?;
        Ok((silent, next.map(|touched| touched + SILENT_FOR)))
    }

    /// Gives a hint once to who waits for a bot. `false`: the bot has come meanwhile, or the hint was given.
    pub(crate) async fn hint(&self, order: &Order, client: &Client, screen: Screen) -> Result<bool> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        // A bot that comes at this moment waits for the lock, or we see it.
        let order = orders::lock(&mut tx, order.id).await?;
        if order.bot_id.is_some() || signup::next(&order) != Question::Bot {
            return Ok(false);
        }
        let key = orders::hint_key(order.id);
        let letter = Letter { key, chat_id: client.telegram_id, screen, due_at: now };
        let new = Outbox::enqueue(&mut tx, now, &letter).await?;
        tx.commit().await?;
        Ok(new)
    }

    /// Money that was owed back is returned, `actor` says. `false`: nothing is owed for it.
    pub(crate) async fn refunded(&self, payment: PaymentId, actor: &str) -> Result<bool> {
        Ok(ledger::refunded(&self.pool, payment, actor, self.clock.now()).await?)
    }

    /// The payment, if it is one of this client's.
    pub(crate) async fn own_payment(&self, client: &Client, id: PaymentId) -> Result<Option<Payment>> {
        let Some(payment) = payments::find(&self.pool, id).await? else { return Ok(None) };
        let owner = orders::owner(&self.pool, payment.order_id).await?;
        Ok((owner == Some(client.id)).then_some(payment))
    }
}
