//! Who let whom in and out, and when.

use std::fmt::Display;

use anyhow::Result;
use shared::telegram::Screen;

use super::{Tap, button, cut, post_name};
use crate::{
    bot::{Front, callback::TeamAct, words::moment},
    registry::operators::ActRow,
};

/// Lines on a page.
const PAGE: u32 = 12;

pub(super) async fn show(front: &Front, tap: &Tap<'_>, page: u32) -> Result<()> {
    tap.answer(front, None).await?;
    let (lang, size) = (tap.lang, i64::from(PAGE));
    // One more than is shown tells whether there is another page.
    let acts = front.access.team().history(i64::from(page) * size, size + 1).await?;
    let shown = usize::try_from(PAGE).unwrap_or_default();
    let lines: Vec<String> = acts.iter().take(shown).map(|act| line(front, tap, act)).collect();
    let mut turn = Vec::new();
    if page > 0 {
        turn.push(button(front, lang, "operator.earlier", &TeamAct::History(page - 1)));
    }
    if acts.len() > shown {
        turn.push(button(front, lang, "operator.later", &TeamAct::History(page.saturating_add(1))));
    }
    let mut rows = Vec::new();
    rows.extend((!turn.is_empty()).then_some(turn));
    rows.push(vec![button(front, lang, "team.back", &TeamAct::List(0))]);
    let all = if lines.is_empty() { front.texts.say(lang, "team.history_none", &[]) } else { lines.join("\n") };
    let text = front.texts.say(lang, "team.history_title", &[("lines", &all)]);
    tap.show(front, &Screen::text(text).inline(rows)).await
}

fn line(front: &Front, tap: &Tap<'_>, act: &ActRow) -> String {
    let name = |name: &Option<String>, id: i64| cut(&name.clone().unwrap_or_else(|| id.to_string()));
    let post = |post| post_name(front, tap.lang, post);
    let who = name(&act.actor_name, act.actor);
    let whom = act.subject.map(|id| name(&act.subject_name, id)).unwrap_or_default();
    let args: [(&str, &dyn Display); 5] = [
        ("at", &moment(act.at)),
        ("who", &who),
        ("whom", &whom),
        ("role", &post(act.role)),
        ("was", &act.was.map(post).unwrap_or_default()),
    ];
    front.texts.say(tap.lang, &format!("team.act.{}", act.act), &args)
}
