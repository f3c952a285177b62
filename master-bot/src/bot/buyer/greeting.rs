//! First words, what is sold, help, and whom to turn to.

use anyhow::Result;
use shared::{
    telegram::{Button, Screen},
    texts::{Lang, escape},
};

use super::{button, step::Stand};
use crate::{
    bot::{
        Front,
        access::Right,
        callback::{BuyerAct, ClientAct, TeamAct},
        sale::claim,
    },
    config::{Support, Username},
    registry::clients::Client,
};

/// So many own bots are named.
const NAMED: usize = 3;

/// First words; a sign-up that is under way can be gone on with, bots that work are named.
pub(super) async fn screen(front: &Front, client: &Client) -> Result<Screen> {
    let lang = client.lang();
    let stand = Stand::of(front, client).await?;
    let bots = front.desk.bots_at_work(client).await?;
    let mut text = front.texts.say(lang, "buyer.greeting", &[("name", &short(&client.name))]);
    if !bots.is_empty() {
        let mut named: Vec<String> = bots.iter().take(NAMED).map(|bot| format!("@{bot}")).collect();
        if bots.len() > NAMED {
            named.push("…".to_owned());
        }
        text.push_str("\n\n");
        text.push_str(&front.texts.say(lang, "buyer.greeting_bots", &[("bots", &named.join(", "))]));
    }
    let mut rows = Vec::new();
    match &stand {
        Some(Stand { order, .. }) => {
            let plan = match front.hand.sale_of(order).await? {
                Some(sale) => claim::days(front, lang, &sale),
                None => front.plans.find(&order.plan).map_or(order.plan.as_str(), |p| p.title(lang)).to_owned(),
            };
            let name = order.business_name.as_deref().map(|n| format!("<b>{}</b>, ", escape(n))).unwrap_or_default();
            text.push_str("\n\n");
            text.push_str(&front.texts.say(lang, "buyer.greeting_order", &[("name", &name), ("plan", &plan)]));
            rows.push(vec![button(front, lang, "buyer.go_on", &BuyerAct::GoOn)]);
            rows.push(vec![button(front, lang, "buyer.start_over", &BuyerAct::Drop(order.id))]);
        }
        None => rows.push(vec![button(front, lang, "buyer.connect", &BuyerAct::Plans)]),
    }
    if !bots.is_empty() {
        rows.push(vec![Button::press(front.texts.plain(lang, "buyer.own_bots", &[]), ClientAct::List.data())]);
    }
    if front.access.role(client.telegram_id).await?.may(Right::See) {
        rows.push(vec![Button::press(front.texts.plain(lang, "buyer.staff", &[]), TeamAct::Home.data())]);
    }
    let plans = button(front, lang, "buyer.plans_button", &BuyerAct::Plans);
    rows.push(match &front.shop.demo_bot {
        Some(Username(bot)) => {
            vec![Button::link(front.texts.plain(lang, "buyer.demo", &[]), format!("https://t.me/{bot}")), plans]
        }
        None => vec![plans],
    });
    rows.push(vec![
        button(front, lang, "buyer.faq_button", &BuyerAct::Questions),
        button(front, lang, "buyer.support_button", &BuyerAct::Support),
    ]);
    let other = match lang {
        Lang::Ru => Lang::En,
        Lang::En => Lang::Ru,
    };
    rows.push(vec![button(front, lang, "buyer.other_language", &BuyerAct::Language(other))]);
    Ok(Screen::text(text).inline(rows))
}

/// What is sold, each with its month's price and what it saves; a tap chooses.
pub(super) fn plans(front: &Front, client: &Client, stand: Option<&Stand>) -> Screen {
    let lang = client.lang();
    let chosen = stand.map(|stand| stand.order.plan.as_str());
    let mut lines = Vec::new();
    let mut rows = Vec::new();
    for plan in front.plans.all() {
        let (title, price, saving) = (plan.title(lang), plan.price(), front.plans.saving(plan));
        let key = if saving.0 > 0 { "buyer.plan_saving" } else { "buyer.plan_line" };
        let mut args: Vec<(&str, &dyn std::fmt::Display)> = vec![("title", &title), ("price", &price)];
        let month = plan.per_month();
        if saving.0 > 0 {
            args.extend::<[(&str, &dyn std::fmt::Display); 2]>([("month", &month), ("saving", &saving)]);
        }
        lines.push(front.texts.say(lang, key, &args));
        let key = if chosen == Some(&plan.code) { "buyer.plan_chosen" } else { "buyer.plan_button" };
        let text = front.texts.plain(lang, key, &[("title", &title), ("price", &price)]);
        rows.push(vec![Button::press(text, BuyerAct::Plan(plan.code.clone()).data())]);
    }
    rows.push(vec![match stand {
        Some(_) => button(front, lang, "buyer.to_order", &BuyerAct::GoOn),
        None => button(front, lang, "buyer.back", &BuyerAct::Home),
    }]);
    Screen::text(front.texts.say(lang, "buyer.plans", &[("lines", &lines.join("\n"))])).inline(rows)
}

/// What can be done here.
pub(super) fn help(front: &Front, client: &Client, key: &str) -> Screen {
    let lang = client.lang();
    let rows = vec![
        vec![button(front, lang, "buyer.home", &BuyerAct::Home)],
        vec![
            button(front, lang, "buyer.faq_button", &BuyerAct::Questions),
            button(front, lang, "buyer.support_button", &BuyerAct::Support),
        ],
    ];
    Screen::text(front.texts.say(lang, key, &[])).inline(rows)
}

/// Whom to turn to.
pub(super) fn support(front: &Front, client: &Client) -> Screen {
    let lang = client.lang();
    let mut rows = Vec::new();
    let to = match &front.shop.support {
        Some(Support::Telegram(Username(name))) => {
            rows.push(vec![Button::link(
                front.texts.plain(lang, "buyer.support_write", &[]),
                format!("https://t.me/{name}"),
            )]);
            format!("@{name}")
        }
        Some(Support::Email(address)) => escape(address),
        Some(Support::Phone(phone)) => escape(phone),
        None => {
            let who = front.texts.say(lang, "buyer.support_owner", &[]);
            match front.access.team().owners.first() {
                Some(owner) => format!("<a href=\"tg://user?id={owner}\">{who}</a>"),
                None => who,
            }
        }
    };
    rows.push(vec![button(front, lang, "buyer.back", &BuyerAct::Home)]);
    let id = client.telegram_id;
    Screen::text(front.texts.say(lang, "buyer.support", &[("to", &to), ("id", &id)])).inline(rows)
}

/// A person's name is whatever they call themselves.
fn short(name: &str) -> String {
    name.chars().take(64).collect()
}
