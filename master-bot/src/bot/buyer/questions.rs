//! The questions of a sign-up, each with a way back, its present answer, and a way out.

use anyhow::Result;
use shared::{
    telegram::{Button, ReplyAction, ReplyButton, Screen},
    texts::Lang,
};

use super::{button, step::Stand, summary};
use crate::{
    bot::{Front, callback::BuyerAct},
    registry::{clients::Client, orders::Order},
    sales::{
        cities::{self, Offered},
        signup::{self, Question, STEPS},
    },
};

/// The question that is before the buyer.
pub(super) async fn screen(front: &Front, client: &Client, stand: &Stand) -> Result<Screen> {
    let lang = client.lang();
    let order = &stand.order;
    let name = order.business_name.as_deref().unwrap_or_default();
    Ok(match stand.question {
        Question::BusinessName => asked(front, lang, stand, "buyer.ask_name", order.business_name.clone(), vec![]),
        Question::Kind => {
            let now = order.kind.as_deref().map(|kind| kind_title(front, lang, kind));
            let button = |kind: &shared::presets::Kind| {
                Button::press(kind.title.say(lang), BuyerAct::Kind(kind.code.clone()).data())
            };
            let rows = front.kinds.chunks(2).map(|pair| pair.iter().map(button).collect()).collect();
            asked(front, lang, stand, "buyer.ask_kind", now, rows)
        }
        Question::Zone => zones(front, lang, stand, 1),
        Question::Contact => {
            let rows = vec![vec![button(front, lang, "buyer.share", &BuyerAct::Share)]];
            let receipts = front.watch.billing.receipts.is_some();
            let key = if receipts { "buyer.ask_contact" } else { "buyer.ask_contact_plain" };
            asked(front, lang, stand, key, order.contact.clone(), rows)
        }
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
            rows.push(vec![button(front, lang, "buyer.other_way", &BuyerAct::OtherWay)]);
            asked(front, lang, stand, "buyer.ask_bot", bot_of(front, order).await?, rows)
        }
        Question::Summary | Question::Payment | Question::Over => summary::screen(front, client, order).await?,
    })
}

/// A page of cities to choose the zone by.
pub(super) fn zones(front: &Front, lang: Lang, stand: &Stand, page: usize) -> Screen {
    let pages = front.cities.pages();
    let page = page.clamp(1, pages);
    let mut rows = zone_buttons(front, lang, &front.cities.page(page, lang));
    let (other, key) = if page == 1 { (2, "buyer.zones_abroad") } else { (1, "buyer.zones_russia") };
    rows.push(vec![button(front, lang, key, &BuyerAct::Zones(other))]);
    let now = stand.order.zone.as_deref().map(|zone| zone_title(front, lang, zone));
    asked(front, lang, stand, "buyer.ask_zone", now, rows)
}

/// Zones that somebody's words may have meant.
pub(super) fn zones_found(front: &Front, lang: Lang, found: &[Offered]) -> Screen {
    let mut rows = zone_buttons(front, lang, found);
    rows.push(vec![button(front, lang, "buyer.zones_all", &BuyerAct::Zones(1))]);
    Screen::text(front.texts.say(lang, "buyer.zones_found", &[])).inline(rows)
}

fn zone_buttons(front: &Front, lang: Lang, offered: &[Offered]) -> Vec<Vec<Button>> {
    let now = front.clock.now();
    let button = |Offered { zone, name }: &Offered| {
        let offset = cities::offset(zone, now, lang);
        let text = front.texts.plain(lang, "buyer.zone_button", &[("city", name), ("offset", &offset)]);
        Button::press(text, BuyerAct::Zone(zone.clone()).data())
    };
    offered.chunks(2).map(|pair| pair.iter().map(button).collect()).collect()
}

/// A question with its number, the answer that it has already, and its buttons above the ways back and out.
fn asked(
    front: &Front,
    lang: Lang,
    stand: &Stand,
    key: &str,
    now: Option<String>,
    mut rows: Vec<Vec<Button>>,
) -> Screen {
    let order = &stand.order;
    let name = order.business_name.as_deref().unwrap_or_default();
    let number = stand.question.number();
    let mut text = front.texts.say(lang, "buyer.step", &[("n", &number), ("of", &STEPS)]);
    let hole: &[(&str, &dyn std::fmt::Display)] = if key == "buyer.ask_kind" { &[("name", &name)] } else { &[] };
    text.push('\n');
    text.push_str(&front.texts.say(lang, key, hole));
    if let Some(now) = now.filter(|_| stand.is_again()) {
        text.push_str("\n\n");
        text.push_str(&front.texts.say(lang, "buyer.now", &[("answer", &now)]));
        rows.push(vec![button(front, lang, "buyer.keep", &BuyerAct::GoOn)]);
    }
    let back = stand.question.before().map_or(BuyerAct::Plans, BuyerAct::Ask);
    rows.push(vec![
        button(front, lang, "buyer.back", &back),
        button(front, lang, "buyer.cancel", &BuyerAct::Drop(order.id)),
    ]);
    Screen::text(text).inline(rows)
}

/// The key below the chat that shares the person's own number.
pub(super) fn share(front: &Front, lang: Lang) -> Screen {
    let key = ReplyButton::contact(front.texts.plain(lang, "buyer.share_key", &[]));
    Screen::text(front.texts.say(lang, "buyer.share_text", &[])).reply(vec![vec![key]])
}

/// The contact was taken; the key below the chat is not needed any more.
pub(super) fn contact_taken(front: &Front, lang: Lang, contact: &str) -> Screen {
    Screen::text(front.texts.say(lang, "buyer.contact_taken", &[("contact", &contact)])).remove_keyboard()
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

/// What a kind of business is called; one whose preset is gone by its code.
pub(super) fn kind_title(front: &Front, lang: Lang, code: &str) -> String {
    front.kinds.iter().find(|kind| kind.code == code).map_or(code, |kind| kind.title.say(lang)).to_owned()
}

/// A zone by a city, with how it stands now.
pub(super) fn zone_title(front: &Front, lang: Lang, zone: &str) -> String {
    let (city, offset) = (front.cities.name(zone, lang), cities::offset(zone, front.clock.now(), lang));
    front.texts.plain(lang, "buyer.zone_button", &[("city", &city), ("offset", &offset)])
}

/// The bot of the order, as people write it.
pub(super) async fn bot_of(front: &Front, order: &Order) -> Result<Option<String>> {
    Ok(match order.bot_id {
        Some(id) => front.desk.bot_username(id).await?.map(|username| format!("@{username}")),
        None => None,
    })
}

/// A token may be pasted where a bot is asked for; this says so to who wrote something else.
pub(super) fn wrong(front: &Front, lang: Lang, key: &str) -> Screen {
    Screen::text(front.texts.say(lang, key, &[])).inline(vec![vec![button(
        front,
        lang,
        "buyer.show_again",
        &BuyerAct::GoOn,
    )]])
}
