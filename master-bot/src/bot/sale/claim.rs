//! The client of a sale by hand: the link is opened, the questions are those of every sign-up, and instead of paying
//! there is one tap.

use std::fmt::Display;

use anyhow::Result;
use shared::{
    telegram::{
        Button, Screen,
        incoming::{Message, Press},
    },
    texts::Lang,
};

use super::{card, note, say, words::how};
use crate::{
    bot::{
        Front,
        access::Right,
        callback::{BuyerAct, SaleAct},
        visitor::Visitor,
    },
    registry::{
        OrderId,
        hand_sales::HandSale,
        orders::{Order, OrderState},
    },
    sales::hand::{Claim, Tapped},
};

/// What a link's payload begins with: `t.me/bot?start=sale_…`.
pub(in crate::bot) const PAYLOAD: &str = "sale_";

/// Somebody has opened a link.
pub(in crate::bot) async fn opened(
    front: &Front,
    update_id: i64,
    visitor: &Visitor,
    message: &Message,
    code: &str,
) -> Result<()> {
    let lang = visitor.lang();
    if visitor.role.may(Right::Sell)
        && let Some(sale) = front.hand.by_code(code).await?
    {
        // Owners try their links out, and must not use them up.
        front.outbox.reply(update_id, 1, message.chat_id, &say(front, lang, "sale.own_link")).await?;
        return front.reply(update_id, message.chat_id, &card::screen(front, lang, sale.id).await?).await;
    }
    let screen = match front.hand.claim(&visitor.client, code, &front.plans).await? {
        Claim::Yours(sale) => claimed(front, visitor, lang, &sale).await?,
        Claim::Used { by_you: true } => say(front, lang, "sale.used_you"),
        Claim::Used { by_you: false } => say(front, lang, "sale.used"),
        Claim::Taken => say(front, lang, "sale.taken"),
        Claim::OneAtATime => say(front, lang, "sale.one_at_a_time").inline(vec![go_on(front, lang)]),
        Claim::Gone => say(front, lang, "sale.link_gone"),
    };
    front.reply(update_id, message.chat_id, &screen).await
}

async fn claimed(front: &Front, visitor: &Visitor, lang: Lang, sale: &HandSale) -> Result<Screen> {
    let begun = front.desk.open_order(&visitor.client).await?;
    let days = days(front, lang, sale);
    let price = sale.amount_kopecks.map(|amount| amount.to_string()).unwrap_or_default();
    let key = if sale.money_at.is_some() { "sale.claimed" } else { "sale.claimed_invoice" };
    let args: [(&str, &dyn Display); 3] = [("name", &visitor.client.name), ("days", &days), ("price", &price)];
    let mut text = front.texts.say(lang, key, &args);
    if begun.is_some_and(|o| o.business_name.is_some()) {
        text = format!("{text}\n{}", front.texts.say(lang, "sale.claimed_open", &[]));
    }
    Ok(Screen::text(text).inline(vec![go_on(front, lang)]))
}

/// For how long the sale is.
pub(in crate::bot) fn days(front: &Front, lang: Lang, sale: &HandSale) -> String {
    front.texts.count(lang, "sale.days", sale.days.unwrap_or_default().into(), &[])
}

/// How it was or will be paid, for its client.
pub(in crate::bot) fn paid(front: &Front, lang: Lang, sale: &HandSale) -> String {
    if sale.money_at.is_some() {
        let paid = sale.method.map(|method| how(&front.texts, lang, method)).unwrap_or_default();
        return front.texts.plain(lang, "sale.paid", &[("how", &paid)]);
    }
    let price = sale.amount_kopecks.map(|amount| amount.to_string()).unwrap_or_default();
    front.texts.plain(lang, "sale.paid_invoice", &[("price", &price)])
}

/// What stands where others pay.
pub(in crate::bot) fn connect_button(front: &Front, lang: Lang, order: &Order, sale: &HandSale) -> Button {
    let key = if sale.money_at.is_some() { "sale.connect" } else { "sale.connect_invoice" };
    super::button(front, lang, key, &SaleAct::Connect(order.id))
}

/// The client wants the bot.
pub(super) async fn connect(
    front: &Front,
    update_id: i64,
    visitor: &Visitor,
    press: &Press,
    order: OrderId,
) -> Result<()> {
    let lang = visitor.lang();
    match front.hand.connect(&visitor.client, order, &front.watch.billing.terms).await? {
        Tapped::Done { settled: true } => {
            front.telegram.answer_press(&press.id, None, false).await?;
            // The letter about the start comes by itself.
            front.show(update_id, press, &say(front, lang, "sale.connected")).await
        }
        Tapped::Done { settled: false } => {
            front.telegram.answer_press(&press.id, None, false).await?;
            let open = front.desk.open_order(&visitor.client).await?;
            let sale = match &open {
                Some(order) => front.hand.sale_of(order).await?,
                None => None,
            };
            let price = sale.and_then(|sale| sale.amount_kopecks).map(|a| a.to_string()).unwrap_or_default();
            let text = front.texts.say(lang, "sale.connect_waits", &[("price", &price)]);
            front.show(update_id, press, &Screen::text(text)).await
        }
        Tapped::Nothing | Tapped::TenantGone => {
            let own = front.desk.order_of(&visitor.client, order).await?;
            let paid = own.is_some_and(|order| order.state == OrderState::Paid);
            note(front, press, lang, if paid { "buyer.pay_done" } else { "buyer.stale" }, true).await
        }
    }
}

fn go_on(front: &Front, lang: Lang) -> Vec<Button> {
    vec![Button::press(front.texts.plain(lang, "sale.go", &[]), BuyerAct::GoOn.data())]
}
