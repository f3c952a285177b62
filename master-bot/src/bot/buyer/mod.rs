//! The buyer: from the first tap to a paid order.

pub(super) mod bot;
mod screens;
pub(crate) mod silence;

use std::time::Duration;

use anyhow::Result;
use secrecy::SecretString;
use shared::telegram::{
    Screen,
    incoming::{Message, Press},
};

use tokio::time::timeout;

use super::{Front, callback::BuyerAct, visitor::Visitor};
use crate::{
    payments::GatewayError,
    registry::{OrderId, PaymentId, clients::Client, orders::Order},
    sales::{
        checkout::{self, CheckoutError},
        desk::Given,
        money::Outcome,
        signup::{self, Question, Wrong},
        watch::WatchError,
    },
};

/// Taps do not wait longer for YooKassa: everybody else's updates wait with them. The payment's row goes its way.
const TAP_PATIENCE: Duration = Duration::from_secs(8);

/// Somebody wrote.
pub(super) async fn message(front: &Front, update_id: i64, visitor: &Visitor, message: &Message) -> Result<()> {
    let client = &visitor.client;
    let order = front.desk.open_order(client).await?;
    let text = message.text.as_deref().unwrap_or_default().trim();
    if let Some(token) = signup::token_in(text) {
        let token = SecretString::from(token.to_owned());
        return token_written(front, update_id, message, client, order, token).await;
    }
    if text.starts_with("/start") {
        let screen = screens::greeting(front, client, order.is_some());
        return front.reply(update_id, message.chat_id, &screen).await;
    }
    let Some(order) = order.filter(|_| !text.starts_with('/')) else {
        return front.reply(update_id, message.chat_id, &say(front, client, "buyer.unknown")).await;
    };
    if order.answered_by == Some(update_id) {
        // Telegram repeats what was answered already: it is no answer to the next question.
        return front.reply(update_id, message.chat_id, &next_screen(front, client).await?).await;
    }
    let answer = match (signup::next(&order), &message.contact) {
        (Question::BusinessName, _) => signup::business_name(text).map(Given::BusinessName),
        (Question::Contact, Some(shared)) => signup::contact(&shared.phone_number).map(Given::Contact),
        (Question::Contact, None) => signup::contact(text).map(Given::Contact),
        (Question::Zone, _) => signup::zone(text).map(|z| Given::Zone(z.to_owned())).ok_or(Wrong("buyer.zone_wrong")),
        (Question::Kind, _) => Err(Wrong("buyer.kind_tap")),
        (Question::Bot, _) => Err(Wrong("buyer.token_wrong")),
        (Question::Summary | Question::Payment | Question::Over, _) => Err(Wrong("buyer.unknown")),
    };
    let screen = match answer {
        Ok(given) => take(front, client, &order, &given, update_id).await?,
        Err(Wrong(key)) => say(front, client, key),
    };
    front.reply(update_id, message.chat_id, &screen).await
}

/// Somebody wrote a bot's token, at whatever question: it goes out of the chat first.
async fn token_written(
    front: &Front,
    update_id: i64,
    message: &Message,
    client: &Client,
    order: Option<Order>,
    token: SecretString,
) -> Result<()> {
    if let Err(error) = front.telegram.delete_message(message.chat_id, message.message_id).await {
        tracing::warn!(%error, "a message with a token could not be deleted");
        front.outbox.reply(update_id, 1, message.chat_id, &say(front, client, "buyer.token_left")).await?;
    }
    if bot::renewed(front, update_id, message, client, &token).await? {
        return Ok(());
    }
    match order.filter(|o| signup::next(o) == Question::Bot) {
        Some(order) => bot::pasted(front, update_id, message, client, &order, token).await,
        None => front.reply(update_id, message.chat_id, &say(front, client, "buyer.token_early")).await,
    }
}

/// Writes an answer down and gives the next question.
async fn take(front: &Front, client: &Client, order: &Order, given: &Given, update_id: i64) -> Result<Screen> {
    front.desk.answer(order, given, update_id).await?;
    next_screen(front, client).await
}

/// Whatever the open order needs next.
async fn next_screen(front: &Front, client: &Client) -> Result<Screen> {
    match front.desk.open_order(client).await? {
        Some(order) => screens::question(front, client, &order).await,
        None => Ok(screens::greeting(front, client, false)),
    }
}

/// A button was pressed; its bytes may be old or forged.
pub(super) async fn press(
    front: &Front,
    update_id: i64,
    visitor: &Visitor,
    press: &Press,
    act: &BuyerAct,
) -> Result<()> {
    let client = &visitor.client;
    match act {
        BuyerAct::Check(payment) => return check(front, update_id, press, client, *payment).await,
        BuyerAct::Pay(order) => return pay(front, update_id, press, client, *order).await,
        BuyerAct::OtherWay => {
            front.telegram.answer_press(&press.id, None, false).await?;
            let order = front.desk.open_order(client).await?;
            let screen = match order.filter(|o| signup::next(o) == Question::Bot) {
                Some(order) => screens::other_way(front, client, &order, "buyer.other_way_text"),
                None => next_screen(front, client).await?,
            };
            return front.reply(update_id, press.chat_id, &screen).await;
        }
        BuyerAct::Take(id) => {
            let order = front.desk.open_order(client).await?;
            let taken = match &order {
                Some(order) => bot::chosen(front, update_id, client, order, *id).await?,
                None => false,
            };
            if !taken {
                return stale(front, client, press).await;
            }
            return Ok(front.telegram.answer_press(&press.id, None, false).await?);
        }
        _ => {}
    }
    let open = front.desk.open_order(client).await?;
    let screen = match (act, open) {
        (BuyerAct::Plans, None) => screens::plans(front, client),
        (BuyerAct::Plan(code), None) => match front.plans.find(code) {
            Some(plan) => {
                front.desk.begin(client, plan).await?;
                next_screen(front, client).await?
            }
            None => return stale(front, client, press).await,
        },
        (BuyerAct::Kind(kind), Some(order)) if signup::next(&order) == Question::Kind => {
            if !signup::KINDS.contains(&kind.as_str()) {
                return stale(front, client, press).await;
            }
            take(front, client, &order, &Given::Kind(kind.clone()), update_id).await?
        }
        (BuyerAct::Zone(place), Some(order)) if signup::next(&order) == Question::Zone => {
            match signup::zone_at(place) {
                Some(zone) => take(front, client, &order, &Given::Zone(zone.to_owned()), update_id).await?,
                None => return stale(front, client, press).await,
            }
        }
        (BuyerAct::StartOver(id), Some(order)) if *id == order.id => {
            return start_over(front, update_id, press, client, &order).await;
        }
        // A button of an earlier step, pressed again: show where the order really is.
        (_, Some(order)) => screens::question(front, client, &order).await?,
        (BuyerAct::StartOver(_) | BuyerAct::GoOn, None) => screens::greeting(front, client, false),
        (_, None) => return stale(front, client, press).await,
    };
    front.telegram.answer_press(&press.id, None, false).await?;
    front.show(update_id, press, &screen).await
}

/// Gives up the order, unless its money has come meanwhile.
async fn start_over(front: &Front, update_id: i64, press: &Press, client: &Client, order: &Order) -> Result<()> {
    if let Some(payment) = front.desk.open_payment(order).await? {
        // YooKassa not answering is no reason to keep a buyer; money that comes late is never dropped.
        let _ = timeout(TAP_PATIENCE, front.watch.ask(&payment)).await;
    }
    if !front.desk.give_up(order).await? {
        let note = front.texts.plain(client.lang(), "buyer.pay_done", &[]);
        return Ok(front.telegram.answer_press(&press.id, Some(&note), true).await?);
    }
    front.telegram.answer_press(&press.id, None, false).await?;
    front.show(update_id, press, &screens::cancelled(front, client)).await
}

async fn pay(front: &Front, update_id: i64, press: &Press, client: &Client, order: OrderId) -> Result<()> {
    let watch = &front.watch;
    let opened = checkout::open(&watch.pool, &*watch.gateway, client.id, order, &watch.return_url, front.clock.now());
    match timeout(TAP_PATIENCE, opened).await.unwrap_or_else(|_| Err(CheckoutError::Gateway(slow()))) {
        Ok(checkout) => {
            watch.bell.notify_one();
            front.telegram.answer_press(&press.id, None, false).await?;
            front.show(update_id, press, &screens::pay_page(front, client, &checkout)).await
        }
        Err(CheckoutError::NotNow) => stale(front, client, press).await,
        Err(CheckoutError::Gateway(error)) => {
            tracing::warn!(%order, %error, "no payment could be opened");
            let refused = matches!(error, GatewayError::Refused(_));
            let key = if refused { "buyer.pay_refused" } else { "buyer.pay_later" };
            let note = front.texts.plain(client.lang(), key, &[]);
            Ok(front.telegram.answer_press(&press.id, Some(&note), true).await?)
        }
        Err(error @ CheckoutError::Registry(_)) => Err(error.into()),
    }
}

/// "Check the payment" tells the truth: the provider is asked.
async fn check(front: &Front, update_id: i64, press: &Press, client: &Client, id: PaymentId) -> Result<()> {
    let watch = &front.watch;
    let Some(payment) = front.desk.own_payment(client, id).await? else {
        let note = front.texts.plain(client.lang(), "buyer.pay_unknown", &[]);
        return Ok(front.telegram.answer_press(&press.id, Some(&note), true).await?);
    };
    let key = if payment.status.is_settled() {
        screens::settled_key(payment.status)
    } else {
        match timeout(TAP_PATIENCE, watch.ask(&payment)).await.unwrap_or_else(|_| Err(slow().into())) {
            Ok(Outcome::StillPending) => "buyer.pay_wait",
            Ok(Outcome::Canceled(_)) => "buyer.pay_canceled",
            Ok(Outcome::RefundDue) => "buyer.pay_refund",
            Ok(Outcome::AlreadySettled) => match front.desk.own_payment(client, id).await? {
                Some(now) => screens::settled_key(now.status),
                None => "buyer.pay_unknown",
            },
            Ok(Outcome::Provisioned(_) | Outcome::Extended(..)) => "buyer.pay_done",
            Ok(Outcome::NotOurs) => "buyer.pay_unknown",
            Err(WatchError::Gateway(_)) => "buyer.pay_wait",
            Err(error) => return Err(error.into()),
        }
    };
    let note = front.texts.plain(client.lang(), key, &[]);
    front.telegram.answer_press(&press.id, Some(&note), true).await?;
    if key == "buyer.pay_canceled" {
        front.show(update_id, press, &next_screen(front, client).await?).await?;
    }
    Ok(())
}

fn slow() -> GatewayError {
    GatewayError::Unknown(format!("no answer within {} s", TAP_PATIENCE.as_secs()))
}

async fn stale(front: &Front, client: &Client, press: &Press) -> Result<()> {
    let note = front.texts.plain(client.lang(), "buyer.stale", &[]);
    Ok(front.telegram.answer_press(&press.id, Some(&note), true).await?)
}

fn say(front: &Front, client: &Client, key: &str) -> Screen {
    Screen::text(front.texts.say(client.lang(), key, &[]))
}
