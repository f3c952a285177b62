//! The buyer: from the first tap to a paid order.

pub(super) mod bot;
pub(crate) mod faq;
mod greeting;
mod language;
mod pay;
mod questions;
pub(crate) mod silence;
mod step;
mod summary;
mod terms;
mod typed;

use anyhow::Result;
use shared::{
    telegram::{Button, Screen, incoming::Press},
    texts::Lang,
};

pub(crate) use self::step::BuyerStep;
use self::step::Stand;
pub(super) use self::{pay::bill, typed::message};
use super::{Front, callback::BuyerAct, visitor::Visitor};
use crate::{
    registry::{clients::Client, orders::Order},
    sales::{
        cities,
        desk::Given,
        signup::{self, Question},
    },
};

/// A button was pressed; its bytes may be old or forged.
pub(super) async fn press(
    front: &Front,
    update_id: i64,
    visitor: &Visitor,
    press: &Press,
    act: &BuyerAct,
) -> Result<()> {
    let client = &visitor.client;
    let lang = client.lang();
    let screen = match act {
        BuyerAct::Home => Some(greeting::screen(front, client).await?),
        BuyerAct::Questions => Some(faq::list(front, lang)),
        BuyerAct::Answer(key) => faq::answer(front, lang, key),
        BuyerAct::Support => Some(greeting::support(front, client)),
        BuyerAct::Terms => Some(terms::screen(front, client).await?),
        BuyerAct::Read(document) => terms::document(front, client, *document).await?,
        BuyerAct::Language(chosen) => return language::choose(front, update_id, visitor, press, *chosen).await,
        BuyerAct::Check(payment) => return pay::check(front, update_id, press, client, *payment).await,
        BuyerAct::Pay(order) => return pay::pay(front, update_id, press, client, *order).await,
        BuyerAct::Accept(order, version) => {
            return terms::accept(front, update_id, press, client, (*order, version)).await;
        }
        _ => return on_the_way(front, update_id, press, client, act).await,
    };
    match screen {
        Some(screen) => show(front, update_id, press, &screen).await,
        None => stale(front, client, press).await,
    }
}

/// A button of the sign-up itself.
async fn on_the_way(front: &Front, update_id: i64, press: &Press, client: &Client, act: &BuyerAct) -> Result<()> {
    let lang = client.lang();
    let Some(stand) = Stand::of(front, client).await? else {
        let screen = match act {
            BuyerAct::Plans => greeting::plans(front, client, None),
            BuyerAct::Plan(code) => match front.plans.find(code) {
                Some(plan) => {
                    front.desk.begin(client, plan).await?;
                    next_screen(front, client).await?
                }
                None => return stale(front, client, press).await,
            },
            BuyerAct::GoOn | BuyerAct::Edit | BuyerAct::Ask(_) | BuyerAct::Drop(_) | BuyerAct::StartOver(_) => {
                greeting::screen(front, client).await?
            }
            _ => return stale(front, client, press).await,
        };
        return show(front, update_id, press, &screen).await;
    };
    let order = &stand.order;
    let is_repeat = order.answered_by == Some(update_id);
    let screen = match act {
        BuyerAct::Plans | BuyerAct::Plan(_) if order.hand_sale_id.is_some() => {
            return note(front, lang, press, "sale.term_agreed").await;
        }
        BuyerAct::Plans => greeting::plans(front, client, Some(&stand)),
        BuyerAct::Plan(code) => {
            let Some(plan) = front.plans.find(code) else { return stale(front, client, press).await };
            if !front.desk.choose_plan(order, plan).await? {
                return note(front, lang, press, "buyer.plan_billed").await;
            }
            front.steps.forget(client.telegram_id).await;
            next_screen(front, client).await?
        }
        BuyerAct::GoOn => {
            front.steps.forget(client.telegram_id).await;
            next_screen(front, client).await?
        }
        BuyerAct::Edit if matches!(signup::next(order), Question::Summary | Question::Payment) => {
            summary::edit(front, lang, order)
        }
        BuyerAct::Ask(question) => {
            step::go_back(front, client, order, *question).await?;
            next_screen(front, client).await?
        }
        BuyerAct::Kind(code) if stand.question == Question::Kind && !is_repeat => {
            if !front.kinds.iter().any(|kind| kind.code == *code) {
                return stale(front, client, press).await;
            }
            take(front, client, order, &Given::Kind(code.clone()), update_id).await?
        }
        BuyerAct::Zones(page) if stand.question == Question::Zone => questions::zones(front, lang, &stand, *page),
        BuyerAct::Zone(name) if stand.question == Question::Zone && !is_repeat => match cities::known(name) {
            Some(zone) => take(front, client, order, &Given::Zone(zone.to_owned()), update_id).await?,
            None => return stale(front, client, press).await,
        },
        BuyerAct::Share if stand.question == Question::Contact => {
            front.telegram.answer_press(&press.id, None, false).await?;
            return front.reply(update_id, press.chat_id, &questions::share(front, lang)).await;
        }
        BuyerAct::OtherWay if stand.question == Question::Bot => {
            front.telegram.answer_press(&press.id, None, false).await?;
            let screen = questions::other_way(front, client, order, "buyer.other_way_text");
            return front.reply(update_id, press.chat_id, &screen).await;
        }
        BuyerAct::Take(id) if stand.question == Question::Bot && !is_repeat => {
            if !bot::chosen(front, update_id, client, order, *id).await? {
                return stale(front, client, press).await;
            }
            next_screen(front, client).await?
        }
        BuyerAct::Drop(id) if *id == order.id => summary::ask_to_drop(front, lang, order),
        BuyerAct::StartOver(id) if *id == order.id => {
            return pay::start_over(front, update_id, press, client, order).await;
        }
        // A button of an earlier step, pressed again: show where the order really is.
        _ => questions::screen(front, client, &stand).await?,
    };
    show(front, update_id, press, &screen).await
}

/// Writes an answer down and gives the next question.
async fn take(front: &Front, client: &Client, order: &Order, given: &Given, update_id: i64) -> Result<Screen> {
    front.desk.answer(order, given, update_id).await?;
    front.steps.forget(client.telegram_id).await;
    next_screen(front, client).await
}

/// Whatever the open order needs next.
async fn next_screen(front: &Front, client: &Client) -> Result<Screen> {
    match Stand::of(front, client).await? {
        Some(stand) => questions::screen(front, client, &stand).await,
        None => greeting::screen(front, client).await,
    }
}

async fn show(front: &Front, update_id: i64, press: &Press, screen: &Screen) -> Result<()> {
    front.telegram.answer_press(&press.id, None, false).await?;
    front.show(update_id, press, screen).await
}

async fn stale(front: &Front, client: &Client, press: &Press) -> Result<()> {
    note(front, client.lang(), press, "buyer.stale").await
}

/// A window over the press.
async fn note(front: &Front, lang: Lang, press: &Press, key: &str) -> Result<()> {
    let note = front.texts.plain(lang, key, &[]);
    Ok(front.telegram.answer_press(&press.id, Some(&note), true).await?)
}

fn say(front: &Front, client: &Client, key: &str) -> Screen {
    Screen::text(front.texts.say(client.lang(), key, &[]))
}

fn button(front: &Front, lang: Lang, key: &str, act: &BuyerAct) -> Button {
    Button::press(front.texts.plain(lang, key, &[]), act.data())
}
