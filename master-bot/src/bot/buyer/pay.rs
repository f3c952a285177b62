//! Paying: a page to pay on, a look whether the money has come, and giving up.
//!
//! YooKassa may take its time, and nobody's update waits for it: what has to be written is written, the update ends, and
//! a task beside it asks. It answers the press with what YooKassa says if that comes soon; if not, the press is told
//! that we ask, and the answer comes into the chat. Should this process die meanwhile, what was written goes its way
//! without the press: `sales::watch` has the payment made and sends its page.

use std::{future::Future, time::Duration};

use anyhow::Result;
use shared::{
    telegram::{Button, Screen, incoming::Press},
    texts::{Lang, Texts},
};
use tokio::time::timeout;

use super::{button, next_screen, say, stale, summary};
use crate::{
    bot::{Front, callback::BuyerAct},
    payments::GatewayError,
    registry::{
        OrderId, PaymentId,
        clients::Client,
        orders::Order,
        payments::{Payment, PaymentStatus},
    },
    sales::{
        checkout::{self, Checkout, CheckoutError},
        money::{MoneyError, Outcome},
        watch::WatchError,
    },
};

/// A press is answered with the result if that comes so soon.
const SOON: Duration = Duration::from_secs(2);

/// A press that leads to YooKassa, with whose it is.
#[derive(Clone)]
struct Tap {
    front: Front,
    update_id: i64,
    press: Press,
    client: Client,
}

/// What a tap for a page came to.
enum Opened {
    Page(Box<Checkout>),
    /// The money had come already.
    Paid,
}

/// A tap on "Pay".
pub(super) async fn pay(front: &Front, update_id: i64, press: &Press, client: &Client, order: OrderId) -> Result<()> {
    let now = front.clock.now();
    let tap = Tap::new(front, update_id, press, client);
    let checkout = match checkout::intend(&front.watch.pool, &front.watch.billing, client.id, order, now).await {
        Ok(checkout) => checkout,
        Err(error) => return tap.refused(error, false).await,
    };
    if checkout.has_page() && !checkout::may_be_closed(&checkout.payment, now) {
        return tap.show_page(&checkout, false).await;
    }
    let it = tap.clone();
    tap.beside(async move {
        let tap = it;
        let (opened, answered) = tap.asking(tap.open(checkout)).await;
        match opened {
            Ok(Opened::Page(checkout)) => tap.show_page(&checkout, answered).await,
            Ok(Opened::Paid) => tap.tell("buyer.pay_done", answered).await,
            Err(error) => tap.refused(error, answered).await,
        }
    })
    .await
}

/// "Check the payment" tells the truth: the provider is asked.
pub(super) async fn check(front: &Front, update_id: i64, press: &Press, client: &Client, id: PaymentId) -> Result<()> {
    let tap = Tap::new(front, update_id, press, client);
    let Some(payment) = front.desk.own_payment(client, id).await? else {
        return tap.tell("buyer.pay_unknown", false).await;
    };
    if payment.status.is_settled() {
        return tap.tell_of(&payment, settled_key(payment.status), false).await;
    }
    let it = tap.clone();
    tap.beside(async move {
        let tap = it;
        let (told, answered) = tap.asking(tap.front.watch.ask(&payment)).await;
        let key = match told {
            Ok(Outcome::StillPending) => "buyer.pay_wait",
            Ok(Outcome::Canceled(_)) => "buyer.pay_canceled",
            Ok(Outcome::RefundDue) => "buyer.pay_refund",
            Ok(Outcome::AlreadySettled) => match tap.front.desk.own_payment(&tap.client, id).await? {
                Some(now) => settled_key(now.status),
                None => "buyer.pay_unknown",
            },
            Ok(Outcome::Provisioned(_) | Outcome::Extended(..)) => "buyer.pay_done",
            Ok(Outcome::NotOurs) => "buyer.pay_unknown",
            Err(WatchError::Gateway(error)) => {
                tracing::warn!(payment = %id, %error, "it is not known whether a payment has come");
                "buyer.pay_silent"
            }
            Err(error) => return Err(error.into()),
        };
        tap.tell_of(&payment, key, answered).await
    })
    .await
}

/// Gives up the order, unless its money has come meanwhile.
pub(super) async fn start_over(
    front: &Front,
    update_id: i64,
    press: &Press,
    client: &Client,
    order: &Order,
) -> Result<()> {
    let tap = Tap::new(front, update_id, press, client);
    // One without a number was never shown to anybody, so nobody can have paid it.
    let open = front.desk.open_payment(order).await?.filter(|payment| payment.provider_id.is_some());
    let Some(payment) = open else { return tap.give_up(order, false).await };
    let (it, order) = (tap.clone(), order.clone());
    tap.beside(async move {
        let tap = it;
        // YooKassa not answering is no reason to keep a buyer; money that comes late is never dropped.
        let (_, answered) = tap.asking(tap.front.watch.ask(&payment)).await;
        tap.give_up(&order, answered).await
    })
    .await
}

impl Tap {
    fn new(front: &Front, update_id: i64, press: &Press, client: &Client) -> Self {
        Self { front: front.clone(), update_id, press: press.clone(), client: client.clone() }
    }

    fn lang(&self) -> Lang {
        self.client.lang()
    }

    /// Goes on beside the updates, unless the same tap does already. Nobody is left to try this again, so what fails is
    /// told.
    async fn beside(&self, work: impl Future<Output = Result<()>> + Send + 'static) -> Result<()> {
        let Some(turn) = self.front.asked.begin(self.client.telegram_id, &self.press.data) else {
            let note = self.front.texts.plain(self.lang(), "buyer.pay_asking", &[]);
            return Ok(self.front.telegram.answer_press(&self.press.id, Some(&note), false).await?);
        };
        let tap = self.clone();
        self.front.aside.spawn(async move {
            let done = work.await;
            drop(turn);
            let Err(error) = done else { return };
            tracing::warn!(update_id = tap.update_id, error = format!("{error:#}"), "a tap came to nothing");
            let screen = say(&tap.front, &tap.client, "buyer.failed");
            if let Err(error) = tap.front.outbox.reply(tap.update_id, 9, tap.press.chat_id, &screen).await {
                tracing::error!(%error, "an apology could not be written down");
            }
        });
        Ok(())
    }

    /// Waits for YooKassa, and says so after a while. Gives what it came to, and whether the press is answered by now.
    async fn asking<T>(&self, work: impl Future<Output = T>) -> (T, bool) {
        tokio::pin!(work);
        if let Ok(done) = timeout(SOON, &mut work).await {
            return (done, false);
        }
        let note = self.front.texts.plain(self.lang(), "buyer.pay_asking", &[]);
        if let Err(error) = self.front.telegram.answer_press(&self.press.id, Some(&note), false).await {
            tracing::warn!(%error, "a press could not be answered");
        }
        (work.await, true)
    }

    /// A page that is open, of the payment at hand or of a new one.
    async fn open(&self, mut checkout: Checkout) -> Result<Opened, CheckoutError> {
        let watch = &self.front.watch;
        let now = self.front.clock.now();
        if checkout.has_page() {
            match watch.ask(&checkout.payment).await {
                Ok(Outcome::Canceled(_) | Outcome::AlreadySettled) => {}
                Ok(Outcome::StillPending | Outcome::NotOurs) | Err(WatchError::Gateway(_)) => {
                    return Ok(Opened::Page(Box::new(checkout)));
                }
                Ok(Outcome::Provisioned(_) | Outcome::Extended(..) | Outcome::RefundDue) => return Ok(Opened::Paid),
                Err(WatchError::Registry(error) | WatchError::Money(MoneyError::Registry(error))) => {
                    return Err(error.into());
                }
                Err(WatchError::Money(error)) => return Err(sqlx::Error::Decode(error.into()).into()),
            }
            checkout = checkout::intend(&watch.pool, &watch.billing, self.client.id, checkout.order.id, now).await?;
        }
        let made = checkout::make(&watch.pool, &*watch.gateway, &watch.billing, checkout, now).await?;
        watch.bell.notify_one();
        Ok(Opened::Page(Box::new(made)))
    }

    async fn show_page(&self, checkout: &Checkout, answered: bool) -> Result<()> {
        self.answer(None, answered).await?;
        let screen = bill(&self.front.texts, self.lang(), &checkout.payment, None);
        self.front.show(self.update_id, &self.press, &screen).await
    }

    /// There is no page to pay on, and why.
    async fn refused(&self, error: CheckoutError, answered: bool) -> Result<()> {
        match error {
            CheckoutError::NotNow if !answered => stale(&self.front, &self.client, &self.press).await,
            CheckoutError::NotNow | CheckoutError::LookFirst => {
                self.answer(None, answered).await?;
                let next = next_screen(&self.front, &self.client).await?;
                self.front.show(self.update_id, &self.press, &next).await
            }
            CheckoutError::Gateway(error) => {
                tracing::warn!(client = %self.client.id, %error, "no payment could be opened");
                let refused = matches!(error, GatewayError::Refused(_));
                self.tell(if refused { "buyer.pay_refused" } else { "buyer.pay_later" }, answered).await
            }
            error @ CheckoutError::Registry(_) => Err(error.into()),
        }
    }

    /// What has become of a payment, and the screen that goes with it.
    async fn tell_of(&self, payment: &Payment, key: &str, answered: bool) -> Result<()> {
        self.answer(Some(key), answered).await?;
        let (front, lang) = (&self.front, self.lang());
        let open = front.desk.open_order(&self.client).await?.filter(|order| order.id == payment.order_id);
        let screen = match (key, open) {
            ("buyer.pay_canceled", Some(order)) => closed(front, lang, &order),
            ("buyer.pay_canceled", None) => next_screen(front, &self.client).await?,
            // The window that a press opens says it all; what comes later needs a place to be read.
            _ if !answered => return Ok(()),
            ("buyer.pay_wait" | "buyer.pay_silent", Some(_)) => bill(&front.texts, lang, payment, Some(key)),
            _ => say(front, &self.client, key),
        };
        front.show(self.update_id, &self.press, &screen).await
    }

    /// A window over the press if that can still be; else a message.
    async fn tell(&self, key: &str, answered: bool) -> Result<()> {
        if !answered {
            return self.answer(Some(key), false).await;
        }
        self.front.reply(self.update_id, self.press.chat_id, &say(&self.front, &self.client, key)).await
    }

    async fn answer(&self, key: Option<&str>, answered: bool) -> Result<()> {
        if answered {
            return Ok(());
        }
        let note = key.map(|key| self.front.texts.plain(self.lang(), key, &[]));
        Ok(self.front.telegram.answer_press(&self.press.id, note.as_deref(), note.is_some()).await?)
    }

    async fn give_up(&self, order: &Order, answered: bool) -> Result<()> {
        if !self.front.desk.give_up(order).await? {
            return self.tell("buyer.pay_done", answered).await;
        }
        self.front.steps.forget(self.client.telegram_id).await;
        self.answer(None, answered).await?;
        self.front.show(self.update_id, &self.press, &summary::dropped(&self.front, self.lang())).await
    }
}

/// A bill with the page to pay it on; `word` is what YooKassa has just said of it.
pub(in crate::bot) fn bill(texts: &Texts, lang: Lang, payment: &Payment, word: Option<&str>) -> Screen {
    let press = |key, act: &BuyerAct| Button::press(texts.plain(lang, key, &[]), act.data());
    let mut text = texts.say(lang, "buyer.pay_page", &[("price", &payment.amount_kopecks)]);
    if let Some(key) = word {
        text.push_str("\n\n");
        text.push_str(&texts.say(lang, key, &[]));
    }
    let mut rows = Vec::new();
    if let Some(url) = &payment.confirmation_url {
        rows.push(vec![Button::link(texts.plain(lang, "buyer.pay_open", &[]), url)]);
    }
    rows.push(vec![press("buyer.pay_check", &BuyerAct::Check(payment.id))]);
    rows.push(vec![press("buyer.to_order", &BuyerAct::GoOn), press("buyer.cancel", &BuyerAct::Drop(payment.order_id))]);
    Screen::text(text).inline(rows)
}

/// A bill whose page is closed; a tap makes a new one.
fn closed(front: &Front, lang: Lang, order: &Order) -> Screen {
    Screen::text(front.texts.say(lang, "buyer.pay_closed", &[])).inline(vec![
        vec![summary::pay_button(front, lang, order, "buyer.pay_again")],
        vec![
            button(front, lang, "buyer.to_order", &BuyerAct::GoOn),
            button(front, lang, "buyer.cancel", &BuyerAct::Drop(order.id)),
        ],
    ])
}

/// What to say of a payment that is settled.
fn settled_key(status: PaymentStatus) -> &'static str {
    match status {
        PaymentStatus::Succeeded => "buyer.pay_done",
        PaymentStatus::Canceled => "buyer.pay_canceled",
        PaymentStatus::Mismatched => "buyer.pay_refund",
        PaymentStatus::Creating | PaymentStatus::Pending => "buyer.pay_wait",
    }
}
