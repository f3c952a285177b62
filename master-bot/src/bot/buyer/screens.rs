//! What a buyer sees at each question.

use anyhow::Result;
use shared::{
    telegram::{Button, ReplyAction, ReplyButton, Screen},
    texts::Lang,
};

use crate::{
    bot::{Front, callback::BuyerAct, sale},
    registry::{clients::Client, orders::Order, payments::PaymentStatus},
    sales::{
        checkout::Checkout,
        signup::{self, Question},
    },
};

/// First words; a sign-up that is under way can be gone on with.
pub(super) fn greeting(front: &Front, client: &Client, under_way: bool) -> Screen {
    let lang = client.lang();
    let button = if under_way {
        press(front, lang, "buyer.go_on", &BuyerAct::GoOn)
    } else {
        press(front, lang, "buyer.connect", &BuyerAct::Plans)
    };
    Screen::text(front.texts.say(lang, "buyer.greeting", &[("name", &client.name)])).inline(vec![vec![button]])
}

pub(super) fn plans(front: &Front, client: &Client) -> Screen {
    let lang = client.lang();
    let rows = front.plans.all().iter().map(|plan| {
        let text =
            front.texts.plain(lang, "buyer.plan_button", &[("title", &plan.title(lang)), ("price", &plan.price())]);
        vec![Button::press(text, BuyerAct::Plan(plan.code.clone()).data())]
    });
    Screen::text(front.texts.say(lang, "buyer.plans", &[])).inline(rows.collect())
}

pub(super) fn cancelled(front: &Front, client: &Client) -> Screen {
    let lang = client.lang();
    let again = press(front, lang, "buyer.connect", &BuyerAct::Plans);
    Screen::text(front.texts.say(lang, "buyer.cancelled", &[])).inline(vec![vec![again]])
}

/// The question that the order waits for an answer to.
pub(super) async fn question(front: &Front, client: &Client, order: &Order) -> Result<Screen> {
    let lang = client.lang();
    let name = order.business_name.as_deref().unwrap_or_default();
    let say = |key: &str| front.texts.say(lang, key, &[("name", &name)]);
    let over = vec![press(front, lang, "buyer.start_over", &BuyerAct::StartOver(order.id))];
    Ok(match signup::next(order) {
        Question::BusinessName => Screen::text(say("buyer.ask_name")).inline(vec![over]),
        Question::Kind => {
            let button = |kind: &str| {
                let text = front.texts.plain(lang, &format!("buyer.kind.{kind}"), &[]);
                Button::press(text, BuyerAct::Kind(kind.to_owned()).data())
            };
            let mut rows: Vec<Vec<Button>> =
                signup::KINDS.chunks(2).map(|pair| pair.iter().map(|k| button(k)).collect()).collect();
            rows.push(over);
            Screen::text(say("buyer.ask_kind")).inline(rows)
        }
        Question::Zone => {
            let button = |(place, (_, city)): (usize, &(&str, &str))| {
                let text = front.texts.plain(lang, &format!("buyer.zone.{city}"), &[]);
                Button::press(text, BuyerAct::Zone(place.to_string()).data())
            };
            let buttons: Vec<Button> = signup::ZONES.iter().enumerate().map(button).collect();
            let mut rows: Vec<Vec<Button>> = buttons.chunks(2).map(<[Button]>::to_vec).collect();
            rows.push(over);
            Screen::text(say("buyer.ask_zone")).inline(rows)
        }
        Question::Contact => Screen::text(say("buyer.ask_contact")).inline(vec![over]),
        Question::Bot => {
            // The main way is a link: the button of the reply keyboard is broken on some phones.
            let link = format!(
                "https://t.me/newbot/{}/{}?name={}",
                front.me.username,
                signup::suggested_username(name, order.id.0.unsigned_abs()),
                url::form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20"),
            );
            let mut rows = vec![vec![Button::link(front.texts.plain(lang, "buyer.make_bot", &[]), link)]];
            for (id, username) in front.desk.free_bots(client).await? {
                let text = front.texts.plain(lang, "buyer.take_bot", &[("bot", &username)]);
                rows.push(vec![Button::press(text, BuyerAct::Take(id).data())]);
            }
            rows.push(vec![press(front, lang, "buyer.other_way", &BuyerAct::OtherWay)]);
            rows.push(over);
            Screen::text(say("buyer.ask_bot")).inline(rows)
        }
        Question::Summary | Question::Payment | Question::Over => summary(front, lang, order, over).await?,
    })
}

async fn summary(front: &Front, lang: Lang, order: &Order, over: Vec<Button>) -> Result<Screen> {
    let bot = match order.bot_id {
        Some(id) => front.desk.bot_username(id).await?.unwrap_or_default(),
        None => String::new(),
    };
    let by_hand = front.hand.sale_of(order).await?;
    let plan = front.plans.find(&order.plan).map_or(order.plan.as_str(), |p| p.title(lang));
    let kind =
        order.kind.as_deref().map(|k| front.texts.say(lang, &format!("buyer.kind.{k}"), &[])).unwrap_or_default();
    let zone = order.zone.as_deref().unwrap_or_default();
    let zone = match signup::ZONES.iter().find(|(name, _)| *name == zone) {
        Some((_, city)) => front.texts.say(lang, &format!("buyer.zone.{city}"), &[]),
        None => zone.to_owned(),
    };
    let (name, contact) =
        (order.business_name.as_deref().unwrap_or_default(), order.contact.as_deref().unwrap_or_default());
    let lines: [(&str, &dyn std::fmt::Display); 5] =
        [("name", &name), ("kind", &kind), ("zone", &zone), ("contact", &contact), ("bot", &bot)];
    if let Some(sale) = &by_hand {
        return Ok(sale::claim::summary(front, lang, (order, sale), &lines, over));
    }
    let paid: [(&str, &dyn std::fmt::Display); 3] =
        [("plan", &plan), ("price", &order.price_kopecks), ("terms", &signup::TERMS_VERSION)];
    let text = front.texts.say(lang, "buyer.summary", &[&lines[..], &paid[..]].concat());
    let pay = Button::press(
        front.texts.plain(lang, "buyer.pay", &[("price", &order.price_kopecks)]),
        BuyerAct::Pay(order.id).data(),
    );
    Ok(Screen::text(text).inline(vec![vec![pay], over]))
}

/// The two ways that are left when the link does not work: the keyboard's button and a pasted token.
pub(super) fn other_way(front: &Front, client: &Client, order: &Order, key: &str) -> Screen {
    let lang = client.lang();
    let name = order.business_name.clone().unwrap_or_default();
    let button = ReplyButton {
        text: front.texts.plain(lang, "buyer.make_bot", &[]),
        action: ReplyAction::ManagedBot {
            request_id: i32::try_from(order.id.0 % i64::from(i32::MAX)).unwrap_or(1),
            username: signup::suggested_username(&name, order.id.0.unsigned_abs()),
            name,
        },
    };
    Screen::text(front.texts.say(lang, key, &[])).reply(vec![vec![button]])
}

pub(super) fn pay_page(front: &Front, client: &Client, checkout: &Checkout) -> Screen {
    let lang = client.lang();
    let price = checkout.payment.amount_kopecks;
    let mut rows = Vec::new();
    if let Some(url) = &checkout.payment.confirmation_url {
        rows.push(vec![Button::link(front.texts.plain(lang, "buyer.pay_open", &[]), url)]);
    }
    rows.push(vec![press(front, lang, "buyer.pay_check", &BuyerAct::Check(checkout.payment.id))]);
    rows.push(vec![press(front, lang, "buyer.start_over", &BuyerAct::StartOver(checkout.order.id))]);
    Screen::text(front.texts.say(lang, "buyer.pay_page", &[("price", &price)])).inline(rows)
}

/// What to say of a payment that is settled.
pub(super) fn settled_key(status: PaymentStatus) -> &'static str {
    match status {
        PaymentStatus::Succeeded => "buyer.pay_done",
        PaymentStatus::Canceled => "buyer.pay_canceled",
        PaymentStatus::Mismatched => "buyer.pay_refund",
        PaymentStatus::Creating | PaymentStatus::Pending => "buyer.pay_wait",
    }
}

/// A way back to where the order stands.
pub(super) fn go_on(front: &Front, lang: Lang) -> Vec<Button> {
    vec![press(front, lang, "buyer.go_on", &BuyerAct::GoOn)]
}

fn press(front: &Front, lang: Lang, key: &str, act: &BuyerAct) -> Button {
    Button::press(front.texts.plain(lang, key, &[]), act.data())
}
