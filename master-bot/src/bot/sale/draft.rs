//! A sale that is being composed: one question at a time, each of which can be asked again, and a summary to agree to.

use std::fmt::Display;

use anyhow::Result;
use shared::{
    slug::Slug,
    telegram::{Button, Screen, incoming::Press},
    texts::Lang,
};

use super::{SaleStep, button, card, expect, home, note, say, words::how};
use crate::{
    bot::{
        Front,
        callback::SaleAct,
        visitor::Visitor,
        words::{cut, day},
    },
    registry::{
        HandSaleId, Kopecks,
        hand_sales::{HandAnswer, HandSale, HandSaleState},
        payments::Method,
    },
    sales::{
        hand::{self, Ask, Tapped, answers},
        signup::Wrong,
    },
};

/// Characters of a business's name in the head of a screen.
const NAME: usize = 64;

/// Begins a sale for a tenant, or (none) for somebody new.
pub(super) async fn begin(front: &Front, visitor: &Visitor, slug: Option<&Slug>) -> Result<Screen> {
    match front.hand.begin(visitor.client.telegram_id, slug).await? {
        Some(sale) => next(front, visitor, &sale).await,
        None => Ok(say(front, visitor.lang(), "sale.no_tenant").inline(vec![super::home_row(front, visitor.lang())])),
    }
}

/// Whatever the draft needs next.
pub(super) async fn next(front: &Front, visitor: &Visitor, sale: &HandSale) -> Result<Screen> {
    question(front, visitor, sale, hand::next(sale)).await
}

/// A button with an answer was pressed.
pub(super) async fn pressed(
    front: &Front,
    update_id: i64,
    visitor: &Visitor,
    press: &Press,
    id: HandSaleId,
    answer: &HandAnswer<'_>,
) -> Result<()> {
    let seller = press.from.id;
    let own = front.hand.draft(seller).await?.filter(|sale| sale.id == id);
    // Telegram tells of the press twice: it has answered already, and a later answer may stand there by now.
    let repeated = own.as_ref().is_some_and(|sale| sale.answered_by == Some(update_id));
    if !repeated && !front.hand.answer(id, seller, answer, update_id).await? {
        return note(front, press, visitor.lang(), "sale.stale", true).await;
    }
    show(front, update_id, visitor, press, id).await
}

/// The price of the list was pressed, if it still is that.
pub(super) async fn proposed(
    front: &Front,
    update_id: i64,
    visitor: &Visitor,
    press: &Press,
    id: HandSaleId,
    sum: Kopecks,
) -> Result<()> {
    let own = front.hand.draft(press.from.id).await?.filter(|sale| sale.id == id);
    if own.and_then(|sale| hand::proposed(&front.plans, &sale)) != Some(sum) {
        return note(front, press, visitor.lang(), "sale.stale", true).await;
    }
    pressed(front, update_id, visitor, press, id, &HandAnswer::Amount(sum)).await
}

/// One of the questions is asked again.
pub(super) async fn again(
    front: &Front,
    update_id: i64,
    visitor: &Visitor,
    press: &Press,
    id: HandSaleId,
    ask: Ask,
) -> Result<()> {
    let own = front.hand.draft(press.from.id).await?.filter(|sale| sale.id == id);
    let Some(sale) = own else { return note(front, press, visitor.lang(), "sale.stale", true).await };
    // What comes after a question that is still open cannot be asked yet.
    let ask = if place(ask) <= place(hand::next(&sale)) { ask } else { hand::next(&sale) };
    let screen = question(front, visitor, &sale, ask).await?;
    front.telegram.answer_press(&press.id, None, false).await?;
    front.show(update_id, press, &screen).await
}

/// An answer was written.
pub(super) async fn typed(
    front: &Front,
    update_id: i64,
    visitor: &Visitor,
    (id, ask): (HandSaleId, Ask),
    text: &str,
) -> Result<Screen> {
    let (lang, seller) = (visitor.lang(), visitor.client.telegram_id);
    let Some(sale) = front.hand.draft(seller).await?.filter(|sale| sale.id == id) else {
        front.steps.forget(seller).await;
        return Ok(say(front, lang, "sale.stale").inline(vec![super::home_row(front, lang)]));
    };
    if sale.answered_by == Some(update_id) {
        return next(front, visitor, &sale).await;
    }
    let note;
    let answer = match ask {
        Ask::Days => answers::days(text).map(|days| HandAnswer::Days(None, days)),
        Ask::Amount => answers::amount(text).map(HandAnswer::Amount),
        Ask::Note => {
            note = answers::note(text);
            note.as_deref().map(HandAnswer::Note).map_err(|wrong| *wrong)
        }
        Ask::Method | Ask::Summary => Err(Wrong("sale.tap")),
    };
    match answer {
        Err(Wrong(key)) => Ok(say(front, lang, key)),
        Ok(answer) => {
            front.hand.answer(id, seller, &answer, update_id).await?;
            front.steps.forget(seller).await;
            match front.hand.draft(seller).await? {
                Some(sale) => next(front, visitor, &sale).await,
                None => home::screen(front, visitor, 0).await,
            }
        }
    }
}

/// The owner agrees to the summary that was on the screen.
pub(super) async fn agree(
    front: &Front,
    update_id: i64,
    visitor: &Visitor,
    press: &Press,
    (id, revision): (HandSaleId, i32),
) -> Result<()> {
    let lang = visitor.lang();
    match front.hand.agree(id, press.from.id, revision, update_id).await? {
        Tapped::TenantGone => note(front, press, lang, "sale.tenant_gone", true).await,
        Tapped::Done { settled } => {
            tracing::info!(sale = %id, seller = press.from.id, settled, "an owner sells by hand");
            agreed(front, update_id, press, lang, id).await
        }
        Tapped::Nothing => {
            if let Some(sale) = front.hand.draft(press.from.id).await?.filter(|sale| sale.id == id) {
                // Something was changed after that summary was shown.
                note(front, press, lang, "sale.stale", false).await?;
                return front.show(update_id, press, &next(front, visitor, &sale).await?).await;
            }
            let own = front.hand.line(id).await?.filter(|line| line.sale.seller_id == press.from.id);
            if own.is_some_and(|line| line.sale.answered_by == Some(update_id)) {
                // This very tap has agreed, and did not live to show it.
                return agreed(front, update_id, press, lang, id).await;
            }
            note(front, press, lang, "sale.nothing", false).await
        }
    }
}

/// What comes after a sale was agreed to: the link, or the card of what is done.
async fn agreed(front: &Front, update_id: i64, press: &Press, lang: Lang, id: HandSaleId) -> Result<()> {
    let line = front.hand.line(id).await?;
    if line.is_some_and(|line| line.sale.tenant_id.is_none() && line.sale.state == HandSaleState::Open) {
        return card::link(front, update_id, press, lang, id).await;
    }
    front.telegram.answer_press(&press.id, None, false).await?;
    front.show(update_id, press, &card::screen(front, lang, id).await?).await
}

async fn show(front: &Front, update_id: i64, visitor: &Visitor, press: &Press, id: HandSaleId) -> Result<()> {
    let own = front.hand.draft(press.from.id).await?.filter(|sale| sale.id == id);
    let screen = match own {
        Some(sale) => next(front, visitor, &sale).await?,
        None => card::screen(front, visitor.lang(), id).await?,
    };
    front.telegram.answer_press(&press.id, None, false).await?;
    front.show(update_id, press, &screen).await
}

fn place(ask: Ask) -> usize {
    Ask::ALL.iter().position(|known| *known == ask).unwrap_or_default()
}

/// A question of the draft, with what was answered so far above it.
async fn question(front: &Front, visitor: &Visitor, sale: &HandSale, ask: Ask) -> Result<Screen> {
    let lang = visitor.lang();
    expect(front, visitor, SaleStep::Answer { sale: sale.id, ask }).await?;
    let mut rows = match ask {
        Ask::Days => plans(front, lang, sale),
        Ask::Amount => amounts(front, lang, sale),
        Ask::Method => methods(front, lang, sale),
        Ask::Note => vec![vec![button(front, lang, "sale.no_note", &SaleAct::NoNote(sale.id))]],
        Ask::Summary => summary_rows(front, lang, sale),
    };
    let drop = button(front, lang, "sale.drop", &SaleAct::Drop(sale.id));
    rows.push(match before(ask) {
        Some(former) => vec![button(front, lang, "sale.back", &SaleAct::Again(sale.id, former)), drop],
        None => vec![drop],
    });
    Ok(Screen::text(text(front, lang, sale, ask).await?).inline(rows))
}

async fn text(front: &Front, lang: Lang, sale: &HandSale, ask: Ask) -> Result<String> {
    let who = match front.hand.tenant(sale).await? {
        None => front.texts.plain(lang, "sale.for_new", &[]),
        Some(tenant) => {
            let until = tenant.paid_until.map_or_else(|| "—".to_owned(), |at| day(at, &tenant.zone));
            let args: [(&str, &dyn Display); 3] =
                [("name", &cut(&tenant.business_name, NAME)), ("bot", &tenant.bot_username), ("until", &until)];
            front.texts.plain(lang, "sale.for_bot", &args)
        }
    };
    let head = front.texts.say(lang, "sale.head", &[("who", &who)]);
    let days = sale.days.map(|n| front.texts.count(lang, "sale.days", n.into(), &[])).unwrap_or_default();
    let price = sale.amount_kopecks.map(|amount| amount.to_string()).unwrap_or_default();
    let paid = sale.method.map(|method| how(&front.texts, lang, method)).unwrap_or_default();
    let (head, days): ((&str, &dyn Display), (&str, &dyn Display)) = (("head", &head), ("days", &days));
    let (price, paid): ((&str, &dyn Display), (&str, &dyn Display)) = (("price", &price), ("how", &paid));
    let say = |key: &str, args: &[(&str, &dyn Display)]| front.texts.say(lang, key, args);
    Ok(match ask {
        Ask::Days => say("sale.ask_days", &[head]),
        Ask::Amount if hand::proposed(&front.plans, sale).is_some() => say("sale.ask_sum_proposed", &[head, days]),
        Ask::Amount => say("sale.ask_sum", &[head, days]),
        Ask::Method => say("sale.ask_how", &[head, days, price]),
        Ask::Note => say("sale.ask_note", &[head, days, price, paid]),
        Ask::Summary => {
            let next = match (sale.tenant_id, sale.method) {
                (None, Some(Method::Invoice)) => "sale.next_link_invoice",
                (None, _) => "sale.next_link",
                (Some(_), Some(Method::Invoice)) => "sale.next_renew_invoice",
                (Some(_), _) => "sale.next_renew",
            };
            let next = front.texts.plain(lang, next, &[]);
            let note = card::note_line(front, lang, sale);
            say("sale.summary", &[head, days, price, paid, ("note", &note), ("next", &next)])
        }
    })
}

fn before(ask: Ask) -> Option<Ask> {
    match ask {
        Ask::Days => None,
        Ask::Amount => Some(Ask::Days),
        Ask::Method => Some(Ask::Amount),
        Ask::Note => Some(Ask::Method),
        Ask::Summary => Some(Ask::Note),
    }
}

fn plans(front: &Front, lang: Lang, sale: &HandSale) -> Vec<Vec<Button>> {
    let button = |plan: &crate::sales::plans::Plan| {
        let args: [(&str, &dyn Display); 2] = [("title", &plan.title(lang)), ("price", &plan.price())];
        let text = front.texts.plain(lang, "sale.plan", &args);
        vec![Button::press(text, SaleAct::Plan(sale.id, plan.code.clone()).data())]
    };
    front.plans.all().iter().map(button).collect()
}

fn amounts(front: &Front, lang: Lang, sale: &HandSale) -> Vec<Vec<Button>> {
    let button = |price: Kopecks| {
        let text = front.texts.plain(lang, "sale.sum", &[("price", &price)]);
        vec![Button::press(text, SaleAct::Amount(sale.id, price).data())]
    };
    hand::proposed(&front.plans, sale).map(button).into_iter().collect()
}

fn methods(front: &Front, lang: Lang, sale: &HandSale) -> Vec<Vec<Button>> {
    let button = |method: &Method| {
        let key = format!("sale.how.{}", method.name());
        vec![button(front, lang, &key, &SaleAct::How(sale.id, *method))]
    };
    hand::METHODS.iter().map(button).collect()
}

fn summary_rows(front: &Front, lang: Lang, sale: &HandSale) -> Vec<Vec<Button>> {
    let agree = if sale.method == Some(Method::Invoice) { "sale.agree_invoice" } else { "sale.agree" };
    let again = |ask: Ask| {
        let key = format!("sale.again.{}", ask.name());
        button(front, lang, &key, &SaleAct::Again(sale.id, ask))
    };
    vec![
        vec![button(front, lang, agree, &SaleAct::Agree(sale.id, sale.revision))],
        vec![again(Ask::Days), again(Ask::Amount)],
        vec![again(Ask::Method), again(Ask::Note)],
    ]
}
