//! Sales by hand: the owner's screens, and the two that the client of such a sale sees.
//!
//! The right is asked at every command, every press and every typed answer; only `Connect` is the client's own.

mod card;
pub(super) mod claim;
mod draft;
mod home;
mod stats;
mod step;
mod words;

pub(crate) use self::step::SaleStep;

use anyhow::Result;
use shared::{
    telegram::{
        Button, Screen,
        incoming::{Message, Press},
    },
    texts::Lang,
};

use super::{Front, access::Right, callback::SaleAct, steps::Step, visitor::Visitor};
use crate::registry::hand_sales::HandAnswer;

/// `/sell`.
pub(super) async fn command(front: &Front, update_id: i64, visitor: &Visitor, message: &Message) -> Result<()> {
    let screen = match visitor.role.may(Right::Sell) {
        true => home::screen(front, visitor, 0).await?,
        false => denied(front, visitor.lang()),
    };
    front.reply(update_id, message.chat_id, &screen).await
}

/// `/stats`.
pub(super) async fn stats_command(front: &Front, update_id: i64, visitor: &Visitor, message: &Message) -> Result<()> {
    let screen = match visitor.role.may(Right::Sell) {
        true => stats::screen(front, visitor.lang()).await?,
        false => denied(front, visitor.lang()),
    };
    front.reply(update_id, message.chat_id, &screen).await
}

/// A press on one of these buttons, or what claims to be one.
pub(super) async fn press(
    front: &Front,
    update_id: i64,
    visitor: &Visitor,
    press: &Press,
    act: &SaleAct,
) -> Result<()> {
    if let SaleAct::Connect(order) = act {
        return claim::connect(front, update_id, visitor, press, *order).await;
    }
    let lang = visitor.lang();
    if !visitor.role.may(Right::Sell) {
        return note(front, press, lang, "sale.denied", true).await;
    }
    // What is asked here is answered in words, and a group hears none; nor is money a group's business.
    if press.chat_id != press.from.id {
        return note(front, press, lang, "sale.private", true).await;
    }
    front.live.forget_card((press.chat_id, press.message_id));
    // Whoever turns to another screen is not waited for any more; a question sets its own step again.
    front.steps.forget(press.from.id).await;
    let seller = press.from.id;
    let screen = match act {
        SaleAct::Home => home::screen(front, visitor, 0).await?,
        SaleAct::List(page) => home::screen(front, visitor, *page).await?,
        SaleAct::Stats => stats::screen(front, lang).await?,
        SaleAct::New => home::whom(front, lang),
        SaleAct::Find => home::find(front, visitor).await?,
        SaleAct::Fresh => draft::begin(front, visitor, None).await?,
        SaleAct::Renew(slug) => draft::begin(front, visitor, Some(slug)).await?,
        SaleAct::Draft => match front.hand.draft(seller).await? {
            Some(sale) => draft::next(front, visitor, &sale).await?,
            None => home::screen(front, visitor, 0).await?,
        },
        SaleAct::Plan(id, code) => match front.plans.find(code) {
            Some(plan) => {
                let answer = HandAnswer::Days(Some(&plan.code), plan.days);
                return draft::pressed(front, update_id, visitor, press, *id, &answer).await;
            }
            None => return note(front, press, lang, "sale.stale", true).await,
        },
        SaleAct::Amount(id, sum) => return draft::proposed(front, update_id, visitor, press, *id, *sum).await,
        SaleAct::How(id, how) => {
            return draft::pressed(front, update_id, visitor, press, *id, &HandAnswer::Method(*how)).await;
        }
        SaleAct::NoNote(id) => {
            return draft::pressed(front, update_id, visitor, press, *id, &HandAnswer::Note("")).await;
        }
        SaleAct::Again(id, ask) => return draft::again(front, update_id, visitor, press, *id, *ask).await,
        SaleAct::Agree(id, revision) => return draft::agree(front, update_id, visitor, press, (*id, *revision)).await,
        SaleAct::Drop(id) => {
            let key = if front.hand.drop_draft(*id, seller).await? { "sale.dropped" } else { "sale.stale" };
            note(front, press, lang, key, false).await?;
            return front.show(update_id, press, &home::screen(front, visitor, 0).await?).await;
        }
        SaleAct::Card(id) => card::screen(front, lang, *id).await?,
        SaleAct::Link(id) => return card::link(front, update_id, press, lang, *id).await,
        SaleAct::AskCame(id) => card::ask_came(front, lang, *id).await?,
        SaleAct::Came(id) => return card::came(front, update_id, press, lang, *id).await,
        SaleAct::AskRevoke(id) => card::ask_revoke(front, lang, *id).await?,
        SaleAct::Revoke(id) => return card::revoke(front, update_id, press, lang, *id).await,
        SaleAct::Connect(_) => return Ok(()),
    };
    front.telegram.answer_press(&press.id, None, false).await?;
    front.show(update_id, press, &screen).await
}

/// What an owner wrote in answer to a question. The right is asked anew: it may have been taken away meanwhile.
pub(super) async fn typed(
    front: &Front,
    update_id: i64,
    visitor: &Visitor,
    message: &Message,
    step: &SaleStep,
) -> Result<()> {
    if !visitor.role.may(Right::Sell) {
        front.steps.forget(message.from.id).await;
        return front.reply(update_id, message.chat_id, &denied(front, visitor.lang())).await;
    }
    let text = message.text.as_deref().unwrap_or_default();
    let screen = match step {
        SaleStep::Find => home::found(front, visitor, text).await?,
        SaleStep::Answer { sale, ask } => draft::typed(front, update_id, visitor, (*sale, *ask), text).await?,
    };
    front.reply(update_id, message.chat_id, &screen).await
}

/// From now on the person's words are the answer to this.
async fn expect(front: &Front, visitor: &Visitor, step: SaleStep) -> Result<()> {
    front.steps.set(visitor.client.telegram_id, &Step::Sale(step)).await
}

fn denied(front: &Front, lang: Lang) -> Screen {
    say(front, lang, "sale.denied")
}

fn say(front: &Front, lang: Lang, key: &str) -> Screen {
    Screen::text(front.texts.say(lang, key, &[]))
}

async fn note(front: &Front, press: &Press, lang: Lang, key: &str, alert: bool) -> Result<()> {
    let note = front.texts.plain(lang, key, &[]);
    Ok(front.telegram.answer_press(&press.id, Some(&note), alert).await?)
}

fn button(front: &Front, lang: Lang, key: &str, act: &SaleAct) -> Button {
    Button::press(front.texts.plain(lang, key, &[]), act.data())
}

fn home_row(front: &Front, lang: Lang) -> Vec<Button> {
    vec![button(front, lang, "sale.home_button", &SaleAct::Home)]
}
