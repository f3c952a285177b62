//! The sales as a list, and for whom a new one is.

use std::fmt::Display;

use anyhow::Result;
use shared::{
    telegram::{Button, Screen},
    texts::Lang,
};

use super::{SaleStep, button, expect, home_row, say};
use crate::{
    bot::{Front, callback::SaleAct, visitor::Visitor, words::cut},
    registry::hand_sales::{HandSaleLine, HandSaleState},
};

/// Sales on a page, and tenants that a search shows.
const PAGE: u32 = 8;
/// Characters of a name on a button.
const NAME: usize = 32;

/// What was sold by hand, what waits first.
pub(super) async fn screen(front: &Front, visitor: &Visitor, page: u32) -> Result<Screen> {
    let lang = visitor.lang();
    let offset = i64::from(page) * i64::from(PAGE);
    let (lines, (all, open)) = front.hand.page(offset, PAGE.into()).await?;
    let mut rows = vec![vec![button(front, lang, "sale.new", &SaleAct::New)]];
    if front.hand.draft(visitor.client.telegram_id).await?.is_some() {
        rows.push(vec![button(front, lang, "sale.draft", &SaleAct::Draft)]);
    }
    rows.extend(lines.iter().map(|line| vec![row(front, lang, line)]));
    let mut turn = Vec::new();
    if page > 0 {
        turn.push(button(front, lang, "sale.earlier", &SaleAct::List(page - 1)));
    }
    if offset + i64::from(PAGE) < all {
        turn.push(button(front, lang, "sale.later", &SaleAct::List(page.saturating_add(1))));
    }
    rows.extend((!turn.is_empty()).then_some(turn));
    rows.push(vec![button(front, lang, "sale.stats", &SaleAct::Stats)]);
    Ok(Screen::text(front.texts.say(lang, "sale.home", &[("all", &all), ("open", &open)])).inline(rows))
}

fn row(front: &Front, lang: Lang, line: &HandSaleLine) -> Button {
    let amount = line.sale.amount_kopecks.map(|a| a.to_string()).unwrap_or_default();
    let who = match (&line.business_name, &line.client) {
        (Some(name), _) | (None, Some(name)) => cut(name, NAME),
        (None, None) => front.texts.plain(lang, "sale.nobody", &[]),
    };
    let args: [(&str, &dyn Display); 4] =
        [("icon", &icon(line.sale.state)), ("id", &line.sale.id), ("who", &who), ("price", &amount)];
    Button::press(front.texts.plain(lang, "sale.row", &args), SaleAct::Card(line.sale.id).data())
}

pub(super) fn icon(state: HandSaleState) -> &'static str {
    match state {
        HandSaleState::Draft | HandSaleState::Open => "⏳",
        HandSaleState::Settled => "✅",
        HandSaleState::Revoked => "✖️",
    }
}

/// For whom the new sale is.
pub(super) fn whom(front: &Front, lang: Lang) -> Screen {
    say(front, lang, "sale.whom").inline(vec![
        vec![button(front, lang, "sale.fresh", &SaleAct::Fresh)],
        vec![button(front, lang, "sale.find", &SaleAct::Find)],
        home_row(front, lang),
    ])
}

/// Asks which tenant.
pub(super) async fn find(front: &Front, visitor: &Visitor) -> Result<Screen> {
    expect(front, visitor, SaleStep::Find).await?;
    Ok(asked(front, visitor.lang(), say(front, visitor.lang(), "sale.find_ask")))
}

/// The tenants that these words may mean.
pub(super) async fn found(front: &Front, visitor: &Visitor, words: &str) -> Result<Screen> {
    let lang = visitor.lang();
    let words = words.trim();
    if words.chars().count() < 2 {
        return Ok(asked(front, lang, say(front, lang, "sale.find_wrong")));
    }
    // Postgres takes no zero bytes.
    let clean: String = words.chars().filter(|c| !c.is_control()).take(64).collect();
    let tenants = front.hand.search(&clean, PAGE.into()).await?;
    if tenants.is_empty() {
        let text = front.texts.say(lang, "sale.find_none", &[("words", &cut(&clean, NAME))]);
        return Ok(asked(front, lang, Screen::text(text)));
    }
    let mut rows: Vec<Vec<Button>> = tenants
        .into_iter()
        .map(|tenant| {
            let args: [(&str, &dyn Display); 2] =
                [("name", &cut(&tenant.business_name, NAME)), ("bot", &tenant.bot_username)];
            vec![Button::press(front.texts.plain(lang, "sale.found_row", &args), SaleAct::Renew(tenant.slug).data())]
        })
        .collect();
    rows.push(vec![button(front, lang, "sale.back", &SaleAct::New)]);
    Ok(say(front, lang, "sale.found").inline(rows))
}

fn asked(front: &Front, lang: Lang, screen: Screen) -> Screen {
    screen.inline(vec![vec![button(front, lang, "sale.back", &SaleAct::New)]])
}
