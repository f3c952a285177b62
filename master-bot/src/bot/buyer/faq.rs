//! Questions and answers: a list, and each answer in its place.

use shared::{telegram::Screen, texts::Lang};

use super::button;
use crate::bot::{Front, callback::BuyerAct};

/// What is asked most, in the order in which it is shown; the words stand in the texts.
pub(crate) const QUESTIONS: [&str; 8] = ["what", "fast", "token", "own_name", "pay", "receipt", "data", "over"];

/// The list.
pub(super) fn list(front: &Front, lang: Lang) -> Screen {
    let mut rows: Vec<_> = QUESTIONS
        .iter()
        .filter(|key| is_true_here(front, key))
        .map(|key| vec![button(front, lang, &format!("buyer.faq.{key}.q"), &BuyerAct::Answer((*key).to_owned()))])
        .collect();
    rows.push(vec![button(front, lang, "buyer.back", &BuyerAct::Home)]);
    Screen::text(front.texts.say(lang, "buyer.faq_title", &[])).inline(rows)
}

/// One answer; none for a question that is not asked any more.
pub(super) fn answer(front: &Front, lang: Lang, key: &str) -> Option<Screen> {
    let key = QUESTIONS.iter().find(|known| **known == key && is_true_here(front, known))?;
    let say = |what: &str| front.texts.say(lang, &format!("buyer.faq.{key}.{what}"), &[]);
    let text = format!("<b>{}</b>\n\n{}", say("q"), say("a"));
    let rows = vec![
        vec![button(front, lang, "buyer.faq_more", &BuyerAct::Questions)],
        vec![button(front, lang, "buyer.home", &BuyerAct::Home)],
    ];
    Some(Screen::text(text).inline(rows))
}

/// Not every shop sends receipts.
fn is_true_here(front: &Front, key: &str) -> bool {
    key != "receipt" || front.watch.billing.receipts.is_some()
}
