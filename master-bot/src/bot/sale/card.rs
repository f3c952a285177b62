//! One sale: what it waits for, its link, the money of an invoice, and calling it off.

use std::fmt::Display;

use anyhow::Result;
use shared::{
    telegram::{Button, Edited, Screen, incoming::Press},
    texts::Lang,
};

use super::{button, home, home_row, note, say, words::how};
use crate::{
    bot::{
        Front,
        callback::SaleAct,
        words::{cut, day},
    },
    registry::{
        HandSaleId,
        hand_sales::{HandSale, HandSaleLine, HandSaleState},
    },
    sales::hand::Tapped,
};

/// Characters of a name.
const NAME: usize = 64;

/// The card of a sale that was agreed to.
pub(super) async fn screen(front: &Front, lang: Lang, id: HandSaleId) -> Result<Screen> {
    let Some(line) = agreed(front, id).await? else { return Ok(gone(front, lang)) };
    let sale = &line.sale;
    let who = who(front, lang, &line);
    let days = front.texts.count(lang, "sale.days", sale.days.unwrap_or_default().into(), &[]);
    let price = price(sale);
    let paid = sale.method.map(|method| how(&front.texts, lang, method)).unwrap_or_default();
    let at = sale.agreed_at.map(|at| day(at, "Europe/Moscow")).unwrap_or_default();
    let state = front.texts.plain(lang, &format!("sale.state.{}", state(&line)), &[]);
    let args: [(&str, &dyn Display); 9] = [
        ("icon", &home::icon(sale.state)),
        ("id", &sale.id),
        ("at", &at),
        ("who", &who),
        ("days", &days),
        ("price", &price),
        ("how", &paid),
        ("note", &note_line(front, lang, sale)),
        ("state", &state),
    ];
    Ok(Screen::text(front.texts.say(lang, "sale.card", &args)).inline(rows(front, lang, &line)))
}

/// What the sale waits for; a key of texts.
pub(super) fn state(line: &HandSaleLine) -> &'static str {
    match (line.sale.state, line.sale.money_at.is_some(), line.order_id.is_some()) {
        (HandSaleState::Settled, ..) => "settled",
        (HandSaleState::Revoked, ..) => "revoked",
        (HandSaleState::Draft | HandSaleState::Open, ..) if line.slug.is_some() => "wait_renew",
        (_, true, false) => "wait_client",
        (_, true, true) => "signing",
        (_, false, false) => "wait_both",
        (_, false, true) if line.client_is_ready => "wait_money",
        (_, false, true) => "signing_money",
    }
}

fn rows(front: &Front, lang: Lang, line: &HandSaleLine) -> Vec<Vec<Button>> {
    let id = line.sale.id;
    let mut rows = Vec::new();
    if line.sale.state == HandSaleState::Open {
        if line.sale.money_at.is_none() {
            rows.push(vec![button(front, lang, "sale.came", &SaleAct::AskCame(id))]);
        }
        if line.sale.tenant_id.is_none() && line.order_id.is_none() {
            let key = if line.has_link { "sale.link_new" } else { "sale.link" };
            rows.push(vec![button(front, lang, key, &SaleAct::Link(id))]);
        }
        rows.push(vec![button(front, lang, "sale.revoke", &SaleAct::AskRevoke(id))]);
    }
    rows.push(home_row(front, lang));
    rows
}

/// Makes the link anew and shows it, in place of what was pressed: an edit is kept nowhere, and the code must not be.
pub(super) async fn link(front: &Front, update_id: i64, press: &Press, lang: Lang, id: HandSaleId) -> Result<()> {
    let Some(code) = front.hand.new_code(id, update_id).await? else {
        note(front, press, lang, "sale.link_shown", false).await?;
        return front.show(update_id, press, &screen(front, lang, id).await?).await;
    };
    front.telegram.answer_press(&press.id, None, false).await?;
    let link = format!("https://t.me/{}?start=sale_{code}", front.me.username);
    let text = front.texts.say(lang, "sale.link_text", &[("id", &id), ("link", &link)]);
    let shown = Screen::text(text).inline(vec![vec![button(front, lang, "sale.open", &SaleAct::Card(id))]]);
    if front.telegram.edit(press.chat_id, press.message_id, &shown).await? == Edited::Gone {
        // A new message would be kept with the code in it: the card has the button for another try.
        return front.reply(update_id, press.chat_id, &screen(front, lang, id).await?).await;
    }
    Ok(())
}

/// Asks whether the money is really there.
pub(super) async fn ask_came(front: &Front, lang: Lang, id: HandSaleId) -> Result<Screen> {
    let Some(line) = agreed(front, id).await?.filter(|l| l.sale.state == HandSaleState::Open) else {
        return screen(front, lang, id).await;
    };
    let price = price(&line.sale);
    let text = front.texts.say(lang, "sale.came_ask", &[("price", &price), ("who", &who(front, lang, &line))]);
    let yes = front.texts.plain(lang, "sale.came_yes", &[("price", &price)]);
    Ok(Screen::text(text).inline(vec![
        vec![Button::press(yes, SaleAct::Came(id).data())],
        vec![button(front, lang, "sale.back", &SaleAct::Card(id))],
    ]))
}

pub(super) async fn came(front: &Front, update_id: i64, press: &Press, lang: Lang, id: HandSaleId) -> Result<()> {
    match front.hand.money_came(id, press.from.id).await? {
        Tapped::Done { .. } => front.telegram.answer_press(&press.id, None, false).await?,
        Tapped::Nothing | Tapped::TenantGone => note(front, press, lang, "sale.nothing", false).await?,
    }
    front.show(update_id, press, &screen(front, lang, id).await?).await
}

pub(super) async fn ask_revoke(front: &Front, lang: Lang, id: HandSaleId) -> Result<Screen> {
    let Some(line) = agreed(front, id).await?.filter(|l| l.sale.state == HandSaleState::Open) else {
        return screen(front, lang, id).await;
    };
    let args: [(&str, &dyn Display); 3] =
        [("id", &id), ("who", &who(front, lang, &line)), ("price", &price(&line.sale))];
    Ok(Screen::text(front.texts.say(lang, "sale.revoke_ask", &args)).inline(vec![
        vec![button(front, lang, "sale.revoke_yes", &SaleAct::Revoke(id))],
        vec![button(front, lang, "sale.back", &SaleAct::Card(id))],
    ]))
}

pub(super) async fn revoke(front: &Front, update_id: i64, press: &Press, lang: Lang, id: HandSaleId) -> Result<()> {
    if front.hand.revoke(id, press.from.id).await? {
        tracing::info!(sale = %id, by = press.from.id, "a sale by hand was called off");
        front.telegram.answer_press(&press.id, None, false).await?;
    } else {
        note(front, press, lang, "sale.nothing", false).await?;
    }
    front.show(update_id, press, &screen(front, lang, id).await?).await
}

/// The note of a sale on a line of its own; nothing if there is none.
pub(super) fn note_line(front: &Front, lang: Lang, sale: &HandSale) -> String {
    let note = sale.note.as_deref().unwrap_or_default();
    if note.is_empty() { String::new() } else { front.texts.say(lang, "sale.note", &[("note", &note)]) }
}

async fn agreed(front: &Front, id: HandSaleId) -> Result<Option<HandSaleLine>> {
    Ok(front.hand.line(id).await?.filter(|line| line.sale.state != HandSaleState::Draft))
}

fn gone(front: &Front, lang: Lang) -> Screen {
    say(front, lang, "sale.stale").inline(vec![home_row(front, lang)])
}

fn price(sale: &HandSale) -> String {
    sale.amount_kopecks.map(|amount| amount.to_string()).unwrap_or_default()
}

/// Whoever it is for, as far as that is known.
fn who(front: &Front, lang: Lang, line: &HandSaleLine) -> String {
    let client = line.client.as_ref().map(|name| match &line.client_username {
        Some(username) => format!("{} @{username}", cut(name, NAME)),
        None => cut(name, NAME),
    });
    match (&line.business_name, client) {
        (Some(business), Some(client)) => format!("{} · {client}", cut(business, NAME)),
        (None, Some(client)) => client,
        (Some(business), None) => cut(business, NAME),
        (None, None) => front.texts.plain(lang, "sale.for_new", &[]),
    }
}
