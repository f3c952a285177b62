//! A bot is stopped for a reason: one of the usual ones, or in the operator's own words.

use anyhow::Result;
use shared::{
    slug::Slug,
    telegram::{Button, Screen, incoming::Message},
};

use super::{Tap, ask_in_private, button, card, cut, noted, wish};
use crate::{
    bot::{Front, callback::OperatorAct, operator::OperatorStep, steps::Step, visitor::Visitor},
    fleet::intent::Wished,
    registry::tenants::Intent,
};

/// Texts of the usual reasons, in the order of their buttons.
const USUAL: [&str; 3] = ["operator.reason.asked", "operator.reason.rules", "operator.reason.works"];
/// Characters of a reason.
const LONGEST: usize = 200;

/// Asks why.
pub(super) async fn ask(front: &Front, tap: &Tap<'_>, slug: &Slug) -> Result<()> {
    front.live.forget_card(tap.place());
    let Some(card) = front.fleet.card(slug).await? else {
        front.telegram.answer_press(&tap.press.id, None, false).await?;
        return card::show(front, tap, slug).await;
    };
    if tap.is_private() {
        let step = OperatorStep::Reason { slug: slug.clone(), generation: card.generation };
        front.steps.set(tap.press.from.id, &Step::Operator(step)).await?;
    }
    front.telegram.answer_press(&tap.press.id, None, false).await?;
    let mut rows: Vec<Vec<Button>> = (0_u8..)
        .zip(USUAL)
        .map(|(n, key)| vec![button(front, tap.lang, key, &OperatorAct::Hold(slug.clone(), card.generation, n))])
        .collect();
    rows.push(vec![button(front, tap.lang, "operator.to_card", &OperatorAct::Card(slug.clone()))]);
    let key = if tap.is_private() { "operator.stop_ask" } else { "operator.stop_ask_group" };
    let text = front.texts.say(tap.lang, key, &[("slug", slug), ("name", &card.business_name)]);
    front.show(tap.update_id, tap.press, &Screen::text(text).inline(rows)).await
}

/// One of the usual reasons.
pub(super) async fn hold(front: &Front, tap: &Tap<'_>, shown: (&Slug, i64), reason: u8) -> Result<()> {
    let Some(key) = USUAL.get(usize::from(reason)) else { return ask_in_private(front, tap, shown.0).await };
    let reason = front.texts.plain(tap.lang, key, &[]);
    wish(front, tap, shown, Intent::Hold(&reason)).await
}

/// Another one.
pub(super) async fn typed(
    front: &Front,
    update_id: i64,
    visitor: &Visitor,
    message: &Message,
    shown: (&Slug, i64),
) -> Result<()> {
    let lang = visitor.lang();
    let words: Vec<&str> = message.text.as_deref().unwrap_or_default().split_whitespace().collect();
    let reason: String = cut(&words.join(" "), LONGEST).chars().filter(|c| !c.is_control()).collect();
    if reason.is_empty() {
        let screen = Screen::text(front.texts.say(lang, "operator.stop_words", &[]));
        return front.reply(update_id, message.chat_id, &screen).await;
    }
    let (actor, cause) = (visitor.as_operator(), format!("update:{update_id}"));
    let wished = front.fleet.wish_as_shown(shown, Intent::Hold(&reason), &actor, &cause).await?;
    let key = noted(&wished, &actor, Intent::Hold(&reason));
    if matches!(wished, Wished::Noted(_)) {
        card::reply(front, update_id, visitor, message, shown.0).await?;
    } else {
        let to_card = button(front, lang, "operator.to_card", &OperatorAct::Card(shown.0.clone()));
        let screen = Screen::text(front.texts.say(lang, key, &[])).inline(vec![vec![to_card]]);
        front.reply(update_id, message.chat_id, &screen).await?;
    }
    front.steps.forget(message.from.id).await;
    Ok(())
}
