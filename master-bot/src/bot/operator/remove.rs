//! A bot is taken away for good by whoever types its name.

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use shared::{
    slug::Slug,
    telegram::{Screen, incoming::Message},
};

use super::{Tap, ask_in_private, button, card, noted};
use crate::{
    bot::{Front, callback::OperatorAct, operator::OperatorStep, steps::Step, visitor::Visitor},
    fleet::{card::Card, intent::Wished},
    registry::tenants::Intent,
};

/// A question is forgotten after this: nobody removes a bot by an answer that was meant for something else.
const GOOD_FOR: TimeDelta = TimeDelta::minutes(10);

pub(super) async fn ask(front: &Front, tap: &Tap<'_>, slug: &Slug) -> Result<()> {
    front.live.forget_card(tap.place());
    if !tap.is_private() {
        front.telegram.answer_press(&tap.press.id, None, false).await?;
        return ask_in_private(front, tap, slug).await;
    }
    let Some(card) = front.fleet.card(slug).await? else {
        front.telegram.answer_press(&tap.press.id, None, false).await?;
        return card::show(front, tap, slug).await;
    };
    let until = front.clock.now() + GOOD_FOR;
    let step = OperatorStep::Remove { slug: slug.clone(), generation: card.generation, until };
    front.steps.set(tap.press.from.id, &Step::Operator(step)).await?;
    front.telegram.answer_press(&tap.press.id, None, false).await?;
    let kept = match front.fleet.kept_days().await? {
        0 => front.texts.say(tap.lang, "operator.kept_not", &[]),
        days => front.texts.count(tap.lang, "operator.kept_days", days, &[]),
    };
    let text = front.texts.say(
        tap.lang,
        "operator.remove_ask",
        &[("slug", slug), ("name", &card.business_name), ("kept", &kept)],
    );
    let screen = Screen::text(text).inline(vec![vec![button(
        front,
        tap.lang,
        "operator.remove_no",
        &OperatorAct::Card(slug.clone()),
    )]]);
    front.show(tap.update_id, tap.press, &screen).await
}

/// The name, or something else: then nothing is removed.
pub(super) async fn typed(
    front: &Front,
    update_id: i64,
    visitor: &Visitor,
    message: &Message,
    (slug, generation, until): (&Slug, i64, DateTime<Utc>),
) -> Result<()> {
    let lang = visitor.lang();
    let to_card = vec![vec![button(front, lang, "operator.to_card", &OperatorAct::Card(slug.clone()))]];
    let say = |key: &str| Screen::text(front.texts.say(lang, key, &[("slug", slug)])).inline(to_card.clone());
    if front.clock.now() >= until {
        front.reply(update_id, message.chat_id, &say("operator.remove_late")).await?;
        front.steps.forget(message.from.id).await;
        return Ok(());
    }
    let Some(card) = front.fleet.card(slug).await? else {
        front.reply(update_id, message.chat_id, &say("operator.gone")).await?;
        front.steps.forget(message.from.id).await;
        return Ok(());
    };
    if !is_its_name(message.text.as_deref().unwrap_or_default(), &card) {
        // It is still asked for: a slip of the finger is no reason to go all the way again.
        return front.reply(update_id, message.chat_id, &say("operator.remove_other")).await;
    }
    let (actor, cause) = (visitor.as_operator(), format!("update:{update_id}"));
    let wished = front.fleet.wish_as_shown((slug, generation), Intent::Remove, &actor, &cause).await?;
    let key = noted(&wished, &actor, Intent::Remove);
    if matches!(wished, Wished::Noted(_)) {
        card::reply(front, update_id, visitor, message, slug).await?;
    } else {
        front.reply(update_id, message.chat_id, &say(key)).await?;
    }
    front.steps.forget(message.from.id).await;
    Ok(())
}

/// The slug, or the name of the business, as a person types it.
fn is_its_name(typed: &str, card: &Card) -> bool {
    is_name(typed, card.slug.as_str()) || is_name(typed, &card.business_name)
}

fn is_name(typed: &str, name: &str) -> bool {
    let plain = |text: &str| {
        let text = text.trim().trim_matches(['«', '»', '"', '“', '”']).to_lowercase().replace('ё', "е");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let typed = plain(typed);
    !typed.is_empty() && typed == plain(name)
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn only_the_whole_name_is_a_name() {
        for typed in ["client_007", " CLIENT_007 ", "«client_007»"] {
            assert!(is_name(typed, "client_007"), "{typed}");
        }
        for typed in ["", " ", "да", "client_00", "client_0071", "007", "client 007"] {
            assert!(!is_name(typed, "client_007"), "{typed}");
        }
        assert!(is_name("чёрный  кот", "Черный Кот"));
        // A business whose name is nothing but marks is not removed by nothing.
        assert!(!is_name("", "«»") && !is_name("«»", "«»"));
    }
}
