//! The last look at an order before it is paid, what can be changed in it, and giving it up.

use anyhow::Result;
use shared::{
    telegram::{Button, Screen},
    texts::Lang,
};

use super::{
    button, greeting,
    questions::{bot_of, kind_title, zone_title},
    step::Stand,
    terms,
};
use crate::{
    bot::{Front, callback::BuyerAct, sale::claim},
    registry::{clients::Client, hand_sales::HandSale, orders::Order},
    sales::{
        price::Quote,
        signup::{Question, STEPS},
    },
};

/// Everything that was answered, what it costs today, and the next thing to do: to accept the terms, or to pay.
pub(super) async fn screen(front: &Front, client: &Client, order: &Order) -> Result<Screen> {
    let lang = client.lang();
    if let Some(sale) = front.hand.sale_of(order).await? {
        return by_hand(front, lang, order, &sale).await;
    }
    let (order, quote) = front.desk.priced(order, &front.plans).await?;
    if quote == Quote::Gone {
        // What was chosen is not sold any more.
        let stand = Stand { order, question: Question::Summary };
        let mut screen = greeting::plans(front, client, Some(&stand));
        screen.text = format!("{}\n\n{}", front.texts.say(lang, "buyer.plan_gone", &[]), screen.text);
        return Ok(screen);
    }
    let terms = &front.watch.billing.terms;
    let accepted = terms.accepted_for(&order);
    let key = if accepted { "buyer.summary_accepted" } else { "buyer.summary_terms" };
    let below = front.texts.say(lang, key, &[("version", &terms.version)]);
    let changed = match order.price_before_kopecks {
        Some(before) => {
            let args: [(&str, &dyn std::fmt::Display); 2] = [("before", &before), ("price", &order.price_kopecks)];
            format!("\n{}\n", front.texts.say(lang, "buyer.price_changed", &args))
        }
        None => String::new(),
    };
    let plan = front.plans.find(&order.plan).map_or(order.plan.as_str(), |p| p.title(lang));
    let kind = kind_title(front, lang, order.kind.as_deref().unwrap_or_default());
    let zone = zone_title(front, lang, order.zone.as_deref().unwrap_or_default());
    let bot = bot_of(front, &order).await?.unwrap_or_default();
    let text = front.texts.say(
        lang,
        "buyer.summary",
        &[
            ("n", &STEPS),
            ("name", &order.business_name.as_deref().unwrap_or_default()),
            ("kind", &kind),
            ("zone", &zone),
            ("contact", &order.contact.as_deref().unwrap_or_default()),
            ("bot", &bot),
            ("plan", &plan),
            ("price", &order.price_kopecks),
            ("changed", &changed),
            ("terms", &below),
        ],
    );
    let mut rows = Vec::new();
    if accepted {
        rows.push(vec![pay_button(front, lang, &order, "buyer.pay")]);
    } else {
        rows.extend(terms::links(front, lang));
        rows.push(vec![button(front, lang, "buyer.accept", &BuyerAct::Accept(order.id, terms.version.clone()))]);
    }
    rows.push(vec![
        button(front, lang, "buyer.edit", &BuyerAct::Edit),
        button(front, lang, "buyer.cancel", &BuyerAct::Drop(order.id)),
    ]);
    Ok(Screen::text(text).inline(rows))
}

/// The same for an order that a sale by hand pays for: there is nothing to pay, and no price of ours to tell.
async fn by_hand(front: &Front, lang: Lang, order: &Order, sale: &HandSale) -> Result<Screen> {
    let bot = bot_of(front, order).await?.unwrap_or_default();
    let terms = &front.watch.billing.terms;
    let accepted = terms.accepted_for(order);
    let key = if accepted { "buyer.summary_accepted" } else { "sale.summary_terms" };
    let below = front.texts.say(lang, key, &[("version", &terms.version)]);
    let (days, paid) = (claim::days(front, lang, sale), claim::paid(front, lang, sale));
    let kind = kind_title(front, lang, order.kind.as_deref().unwrap_or_default());
    let zone = zone_title(front, lang, order.zone.as_deref().unwrap_or_default());
    let args: [(&str, &dyn std::fmt::Display); 9] = [
        ("n", &STEPS),
        ("name", &order.business_name.as_deref().unwrap_or_default()),
        ("kind", &kind),
        ("zone", &zone),
        ("contact", &order.contact.as_deref().unwrap_or_default()),
        ("bot", &bot),
        ("days", &days),
        ("paid", &paid),
        ("terms", &below),
    ];
    let mut rows = Vec::new();
    if accepted {
        rows.push(vec![claim::connect_button(front, lang, order, sale)]);
    } else {
        rows.extend(terms::links(front, lang));
        rows.push(vec![button(front, lang, "buyer.accept", &BuyerAct::Accept(order.id, terms.version.clone()))]);
    }
    rows.push(vec![
        button(front, lang, "buyer.edit", &BuyerAct::Edit),
        button(front, lang, "buyer.cancel", &BuyerAct::Drop(order.id)),
    ]);
    Ok(Screen::text(front.texts.say(lang, "sale.summary_client", &args)).inline(rows))
}

/// A button that leads to a bill for this order.
pub(super) fn pay_button(front: &Front, lang: Lang, order: &Order, key: &str) -> Button {
    Button::press(front.texts.plain(lang, key, &[("price", &order.price_kopecks)]), BuyerAct::Pay(order.id).data())
}

/// Every answer, to be gone back to.
pub(super) fn edit(front: &Front, lang: Lang, order: &Order) -> Screen {
    let mut rows: Vec<Vec<Button>> = Question::asked()
        .map(|question| {
            let key = format!("buyer.edit_{}", question.code().unwrap_or_default());
            vec![button(front, lang, &key, &BuyerAct::Ask(question))]
        })
        .collect();
    // What a sale by hand pays for is as it was agreed with the owner.
    if order.hand_sale_id.is_none() {
        rows.push(vec![button(front, lang, "buyer.edit_plan", &BuyerAct::Plans)]);
    }
    rows.push(vec![button(front, lang, "buyer.to_order", &BuyerAct::GoOn)]);
    Screen::text(front.texts.say(lang, "buyer.edit_what", &[])).inline(rows)
}

/// Asks once more before everything that was answered is given up.
pub(super) fn ask_to_drop(front: &Front, lang: Lang, order: &Order) -> Screen {
    Screen::text(front.texts.say(lang, "buyer.drop", &[])).inline(vec![
        vec![button(front, lang, "buyer.drop_yes", &BuyerAct::StartOver(order.id))],
        vec![button(front, lang, "buyer.drop_no", &BuyerAct::GoOn)],
    ])
}

/// It was given up.
pub(super) fn dropped(front: &Front, lang: Lang) -> Screen {
    Screen::text(front.texts.say(lang, "buyer.cancelled", &[])).inline(vec![
        vec![button(front, lang, "buyer.connect", &BuyerAct::Plans)],
        vec![button(front, lang, "buyer.home", &BuyerAct::Home)],
    ])
}
