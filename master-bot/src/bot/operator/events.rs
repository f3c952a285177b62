//! What has happened to a tenant, in words, newest first.

use std::{collections::HashMap, fmt::Display};

use anyhow::Result;
use shared::{
    slug::Slug,
    telegram::Screen,
    texts::{Lang, Texts},
};

use super::{Tap, button, cut};
use crate::{
    bot::{Front, callback::OperatorAct, words::moment},
    registry::events::{EventRow, RECONCILER},
};

/// Events on a page.
const PAGE: i64 = 10;
/// Characters of what an event tells, and of a person's name.
const DETAIL: usize = 110;
const NAME: usize = 30;

pub(super) async fn show(front: &Front, tap: &Tap<'_>, slug: &Slug, page: u32) -> Result<()> {
    front.live.forget_card(tap.place());
    front.telegram.answer_press(&tap.press.id, None, false).await?;
    let lang = tap.lang;
    let b = |key: &str, act: OperatorAct| button(front, lang, key, &act);
    // One more than is shown tells whether there is another page.
    let Some((events, names)) = front.fleet.events(slug, (i64::from(page) * PAGE, PAGE + 1)).await? else {
        let back = vec![vec![b("operator.back", OperatorAct::List(0, None))]];
        let screen = Screen::text(front.texts.say(lang, "operator.gone", &[])).inline(back);
        return front.show(tap.update_id, tap.press, &screen).await;
    };
    let shown = usize::try_from(PAGE).unwrap_or_default();
    let lines: Vec<String> = events.iter().take(shown).map(|event| line(&front.texts, lang, event, &names)).collect();
    let mut turn = Vec::new();
    if page > 0 {
        turn.push(b("operator.earlier", OperatorAct::Events(slug.clone(), page - 1)));
    }
    if events.len() > shown {
        turn.push(b("operator.later", OperatorAct::Events(slug.clone(), page.saturating_add(1))));
    }
    let mut rows = Vec::new();
    rows.extend((!turn.is_empty()).then_some(turn));
    rows.push(vec![b("operator.to_card", OperatorAct::Card(slug.clone()))]);
    let all = if lines.is_empty() { "—".to_owned() } else { lines.join("\n") };
    let text = front.texts.say(lang, "operator.events_title", &[("slug", slug), ("lines", &all)]);
    let screen = Screen::text(text).inline(rows);
    front.show(tap.update_id, tap.press, &screen).await
}

fn line(texts: &Texts, lang: Lang, event: &EventRow, names: &HashMap<i64, String>) -> String {
    let key = format!("operator.event.{}", event.event);
    // One that a newer program has written is told by its own name.
    let what = if texts.has(&key) { texts.plain(lang, &key, &[]) } else { event.event.clone() };
    let part = event.part.as_ref().map(|part| {
        let key = format!("progress.part.{part}");
        if texts.has(&key) { texts.plain(lang, &key, &[]) } else { part.clone() }
    });
    let took = event.took_ms.map(|ms| texts.plain(lang, "operator.event_took", &[("ms", &ms)]));
    let detail = event.detail.as_ref().map(|detail| cut(detail, DETAIL));
    let more: Vec<String> = [part, detail, took].into_iter().flatten().collect();
    let more = if more.is_empty() { String::new() } else { format!(": {}", more.join(" · ")) };
    let who = match (event.actor.as_str(), event.person()) {
        (RECONCILER, _) => String::new(),
        (actor, person) => {
            let name = person.and_then(|person| names.get(&person)).map_or(actor, String::as_str);
            format!(" — {}", cut(name, NAME))
        }
    };
    let args: [(&str, &dyn Display); 4] = [("at", &moment(event.at)), ("what", &what), ("more", &more), ("who", &who)];
    texts.say(lang, "operator.event_line", &args)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_page_of_the_longest_events_is_a_message_of_telegrams() {
        let texts = Texts::load("master").unwrap();
        for letter in ['𝕏', '<', 'ש'] {
            let long: String = std::iter::repeat_n(letter, 5000).collect();
            let event = EventRow {
                at: DateTime::UNIX_EPOCH,
                actor: format!("cli:{long}"),
                event: "step_failed".into(),
                part: Some("container".into()),
                detail: Some(long),
                took_ms: Some(i32::MAX),
            };
            for lang in [Lang::Ru, Lang::En] {
                let line = line(&texts, lang, &event, &HashMap::new());
                let parsed = line.replace("&lt;", "<");
                assert!(parsed.encode_utf16().count() * 10 < 4000, "{}", parsed.encode_utf16().count());
            }
        }
    }
}
